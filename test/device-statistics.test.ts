// @module-tag slow
/** A 64 x 64 matrix on many chips, compared with the same study by a separate program (test/golden/devices.py). */
import { expect, test } from "vitest";
import { evenMatrix, programmingStatistics } from "../bench/programming-statistics.ts";
import { crossbarSpec } from "../src/experiment/hardware.ts";
import { golden } from "./support/golden-devices.ts";

const { size, times, chips: expectedChips, modes } = golden.statistics;
const CHIPS = 150;

test.each([
  { pairs: "aihwkit", readout: "one-hot" },
  { pairs: "physical", readout: "lines" },
] as const)("error and compensation factor with pairs $pairs have the other program's means and spreads", (setting) => {
  const spec = crossbarSpec.parse({ conductanceBits: null, scaling: "crossbar", pairs: setting.pairs });
  const options = { spec, readout: setting.readout, times, chips: CHIPS, seed: 1 };
  programmingStatistics(evenMatrix(size, size), options).forEach((statistics, i) => {
    for (const name of ["error", "compensatedError", "factor"] as const) {
      const [ours, theirs] = [statistics[name], modes[setting.pairs][i][name]];
      // Both are samples: four standard errors of a difference of means, SD sqrt(1/n + 1/m), and of approximately normal SDs.
      const perSample = Math.sqrt(1 / CHIPS + 1 / expectedChips);
      expect(Math.abs(ours.mean - theirs.mean), `${name} at ${times[i]} s`).toBeLessThan(
        4 * theirs.deviation * perSample,
      );
      const spreadError = (theirs.deviation * perSample) / Math.SQRT2;
      expect(Math.abs(ours.deviation - theirs.deviation), `${name} at ${times[i]} s`).toBeLessThan(4 * spreadError);
    }
  });
});
