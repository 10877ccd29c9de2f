import fc from "fast-check";
import { expect, test } from "vitest";
import { literalMachine } from "../../../test/support/literal-machine.ts";
import { tinyLayer } from "../../../test/support/tiny-layer.ts";
import { deviceOfSpec } from "../../device/catalogue.ts";
import { adcSpec } from "../../experiment/hardware.ts";
import { emptyTally } from "../../hardware/actions.ts";
import { converter } from "../../hardware/adc.ts";
import { programCrossbar, readCrossbar } from "../../hardware/crossbar.ts";
import { mapLayer, START } from "../../mapping/mapping.ts";
import { stream } from "../../numeric/stream.ts";
import { packSpikes } from "../../spike/train.ts";
import { type AnalogEngine, runLinear } from "./linear.ts";

const hardware = literalMachine({
  crossbar: { rows: 8, columns: 4, conductanceBits: null, device: { kind: "ideal" } },
});
const spec = hardware.crossbar;
const device = deviceOfSpec(spec.device);
const { layer } = mapLayer(tinyLayer("blocks.0.up", { inputs: 20, outputs: 6 }), hardware, START);
const random = stream(1);
const weights = new Float32Array(20 * 6).map(() => (random.integer(129) - 64) / 64);
const offset = new Float32Array(6).map(() => random.integer(64) / 64);

const readings = layer.blocks.map((block) => {
  const cut = new Float32Array(block.rows * block.columns).map((_, i) => {
    const row = block.rowStart + Math.floor(i / block.columns);
    return weights[row * 6 + block.columnStart + (i % block.columns)];
  });
  const chip = programCrossbar(cut, block.rows, block.columns, spec, device, stream(1));
  return readCrossbar(chip, device, 1, stream(1));
});

function engineOf(adc: object): AnalogEngine {
  const ranges = new Float64Array(readings.length);
  return {
    readings,
    adc: adcSpec.parse(adc),
    ranges,
    measure: true,
    byCodes: false,
    maxConductance: 25,
    prompts: 1,
    errors: null,
    arithmetic: null,
    integers: "unary",
  };
}

const inputs = fc
  .array(fc.integer({ min: 0, max: 1 }), { minLength: 6 * 20, maxLength: 6 * 20 })
  .map((bits) => packSpikes(bits, 2, 3, 20));

test("exact converters give spikes times weights plus offset", () => {
  fc.assert(
    fc.property(inputs, (input) => {
      const { currents, clipped } = runLinear(layer, offset, engineOf({ bits: null }), input, emptyTally());
      const dense = Array.from(currents, (_, i) => {
        let sum = offset[i % 6];
        for (let k = 0; k < 20; k++) if (input.words[Math.floor(i / 6)] & (1 << k)) sum += weights[k * 6 + (i % 6)];
        return sum;
      });
      expect([...currents]).toEqual(dense);
      expect(clipped).toBe(0);
    }),
    { seed: 1, numRuns: 50 },
  );
});

test.each([
  { mode: "pair", bits: 5, conversions: 2 },
  { mode: "differential", bits: 5, conversions: 1 },
  { mode: "pair", bits: 12, conversions: 2 },
] as const)("$bits-bit converters in mode $mode err by half a step per conversion at most", (setting) => {
  const { mode, bits, conversions } = setting;
  fc.assert(
    fc.property(inputs, (input) => {
      const exact = runLinear(layer, offset, engineOf({ bits: null }), input, emptyTally()).currents;
      const engine = engineOf({ bits, mode, rangeQuantile: 1 });
      const { currents, clipped } = runLinear(layer, offset, engine, input, emptyTally());
      expect(clipped).toBe(0);
      currents.forEach((current, i) => {
        const column = i % 6;
        const bound = layer.blocks
          .filter((block) => column >= block.columnStart && column < block.columnStart + block.columns)
          .map(({ crossbar }) => converter(mode, bits, engine.ranges[crossbar]).step / readings[crossbar].scales[0])
          .reduce((sum, step) => sum + (step / 2) * conversions, 0);
        // 1e-5 covers single-precision sums of 20 currents of 25 uS (25 uS is a weight of about 1).
        expect(Math.abs(current - exact[i])).toBeLessThanOrEqual(bound + 1e-5);
      });
    }),
    { seed: 1, numRuns: 30 },
  );
});

test("a crossbar that saw no spike in calibration gets the range of all its rows", () => {
  const engine = engineOf({ bits: 5 });
  runLinear(layer, offset, engine, packSpikes(new Uint8Array(20), 1, 1, 20), emptyTally());
  expect([...engine.ranges]).toEqual(layer.blocks.map((block) => block.rows * 25));
});

test("calibration sees every token of many prompts", () => {
  const [prompts, tokens] = [200, 16];
  for (let token = 0; token < tokens; token++) {
    const bits = Uint8Array.from({ length: prompts * tokens * 20 }, (_, i) =>
      Math.floor(i / 20) % tokens === token ? 1 : 0,
    );
    const engine = { ...engineOf({ bits: 5, mode: "pair", rangeQuantile: 1 }), prompts };
    runLinear(layer, offset, engine, packSpikes(bits, 1, prompts * tokens, 20), emptyTally());
    engine.ranges.forEach((range, c) => {
      const { plus, minus } = readings[c];
      const { rows, columns } = readings[c];
      const currents = [plus, minus].flatMap((line) =>
        Array.from({ length: columns }, (_, n) => {
          let sum = 0;
          for (let r = 0; r < rows; r++) sum += line[r * columns + n];
          return sum;
        }),
      );
      // Single-precision sums of at most 20 currents of 25 uS.
      expect(range).toBeCloseTo(Math.max(...currents), 3);
    });
  }
});
