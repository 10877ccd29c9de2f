// @module-tag slow
import { expect, test } from "vitest";
import { tinyNetwork } from "../../../test/support/tiny-network.ts";
import { hardwareSpec } from "../../experiment/hardware.ts";
import { transformerSpec } from "../../experiment/model.ts";
import { mapNetwork } from "../../mapping/mapping.ts";
import { stream } from "../../numeric/stream.ts";
import { programChip, readChip } from "../chip.ts";
import { partOfMapping } from "./part.ts";

const model = { kind: "spiking", normalisation: "none", width: 16, heads: 2, depth: 1, expansion: 2, steps: 3 };
const network = tinyNetwork(transformerSpec.parse(model), 4);

test.each([
  { scope: "none" },
  { scope: "crossbar" },
  { scope: "tile" },
  { scope: "column", readout: "one-hot", schedule: { kind: "interval", seconds: 100 } },
])("the parts of a chip are programmed and read as the whole is, and are all of it: %j", (compensation) => {
  const errors = { gainSpread: 0.1, offsetSpread: 0.5 };
  const crossbar = { rows: 13, columns: 10 };
  const hardware = hardwareSpec.parse({ crossbar, compensation, crossbars: 20, adc: { errors }, readTime: 1e4 });
  const mapping = mapNetwork(network, hardware);
  const whole = programChip(network, mapping, hardware, stream(1));
  const readings = readChip(whole, stream(2));
  for (const parts of [1, 3, 100]) {
    const seen: number[] = [];
    for (let part = 0; part < parts; part++) {
      const chip = programChip(network, partOfMapping(mapping, part, parts), hardware, stream(1));
      const partReadings = readChip(chip, stream(2));
      for (const { crossbar } of chip.mapping.layers.flatMap(({ blocks }) => blocks)) {
        seen.push(crossbar);
        expect(chip.crossbars[crossbar]).toEqual(whole.crossbars[crossbar]);
        expect(chip.converterErrors![crossbar]).toEqual(whole.converterErrors![crossbar]);
        expect(partReadings[crossbar]).toEqual(readings[crossbar]);
      }
      expect(Object.keys(chip.crossbars)).toHaveLength(chip.mapping.layers.flatMap(({ blocks }) => blocks).length);
    }
    expect(seen.sort((a, b) => a - b)).toEqual(readings.map((_, crossbar) => crossbar));
  }
});
