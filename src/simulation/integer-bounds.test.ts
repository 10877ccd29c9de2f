// @module-tag slow
/** Formats and networks at their extremes: whatever a machine in whole numbers accepts, it computes without unnoticed overflow. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { tinyGeometry, tinyNetwork } from "../../test/support/tiny-network.ts";
import { isXpikeError } from "../errors.ts";
import { hardwareSpec } from "../experiment/hardware.ts";
import { type SpikingSpec, transformerSpec } from "../experiment/model.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import type { Network, Tensor } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { packSpikes } from "../spike/train.ts";
import { programChip } from "./chip.ts";
import { calibrateFast, simulateFast } from "./fast/simulate.ts";
import type { CodeRecord } from "./reference/linear.ts";
import { simulate } from "./reference/simulate.ts";

const PROMPTS = 2;
const STEPS = 3;
const { tokens, inputs } = tinyGeometry;

const bits = (min: number, max: number) => fc.integer({ min, max });
const arithmetic = fc.record({
  stepBits: bits(0, 10),
  fractionBits: bits(0, 12),
  factorBits: bits(10, 16),
  offsetBits: bits(10, 16),
  streamBits: bits(8, 16),
  membraneBits: bits(10, 16),
  logitBits: bits(8, 16),
});
const machines = fc.record({
  mode: fc.constantFrom("pair" as const, "differential" as const),
  bits: bits(2, 8),
  /** In lines at the largest conductance: with few of them every conversion clips, with many hardly a code is not 0. */
  fullScale: fc.constantFrom(null, 0.002, 0.1, 3, 100),
  errors: fc.constantFrom({}, { gainSpread: 0.3, offsetSpread: 2, outputNoise: 1 }),
  rows: bits(5, 40),
  columns: bits(5, 40),
});
const networks = fc.record({
  /** Scales of the weights, with column factors in proportion, and of offsets and positions. */
  weightGain: fc.constantFrom(0.1, 1, 10, 100),
  offsetGain: fc.constantFrom(0, 1, 30),
  position: fc.constantFrom("none" as const, "learned" as const),
  residual: fc.constantFrom("membrane" as const, "none" as const),
  outputProjection: fc.boolean(),
  neuron: fc.constantFrom({}, { beta: 0.25, reset: "soft" }, { kind: "if", reset: "soft" }, { kind: "if" }),
});
const inputDensity = fc.constantFrom(0, 0.5, 1);

/** Parameters multiplied by a factor. */
function amplified(network: Network<SpikingSpec>, weightGain: number, offsetGain: number): Network<SpikingSpec> {
  const amplify = ([name, { shape, data }]: [string, Tensor]) => {
    const gain = name.endsWith(".weight") ? weightGain : offsetGain;
    return [name, { shape, data: data.map((value) => gain * value) }];
  };
  return { ...network, parameters: Object.fromEntries(Object.entries(network.parameters).map(amplify)) };
}

/**
 * Sums of all layers in unbounded integers: codes times factors over row blocks, and the offset. Returns the largest size that one passes
 * through.
 */
function sumsOf(
  records: readonly CodeRecord[],
  offsets: (layer: string) => ArrayLike<number>,
  fractionBits: number,
): number {
  let most = 0;
  const layers = new Map<string, CodeRecord[]>();
  for (const record of records) layers.set(record.layer, [...(layers.get(record.layer) ?? []), record]);
  for (const [layer, blocks] of layers) {
    const sums = new Map<string, bigint>();
    for (const { block, codes, factors } of blocks) {
      codes.forEach((code, i) => {
        const c = i % block.columns;
        const column = block.columnStart + c;
        const at = `${(i - c) / block.columns} ${column}`;
        const start = sums.get(at) ?? BigInt(Math.round(offsets(layer)[column] * 2 ** fractionBits));
        const sum = start + BigInt(code) * BigInt(factors[c] * 2 ** fractionBits);
        sums.set(at, sum);
        most = Math.max(most, Number(sum < 0n ? -sum - 1n : sum));
      });
    }
  }
  return most;
}

test("accepted machines overflow nowhere: the kernels' 16 bits equal unbounded integers", () => {
  const seen = { refused: new Map<string, number>(), accepted: 0, stopped: 0, clipped: 0, most: 0 };
  fc.assert(
    fc.property(arithmetic, machines, networks, inputDensity, fc.nat(1000), (format, machine, shape, density, seed) => {
      const { weightGain, offsetGain, ...model } = shape;
      const size = {
        kind: "spiking",
        normalisation: "none",
        width: 16,
        heads: 2,
        depth: 1,
        expansion: 2,
        steps: STEPS,
      };
      const spec = transformerSpec.parse({ ...size, ...model, attention: { scoreGain: 8, valueGain: 8 } });
      const network = amplified(tinyNetwork(spec, seed), weightGain, offsetGain);
      const { rows, columns, ...adc } = machine;
      const hardware = hardwareSpec.parse({ crossbar: { rows, columns }, adc, arithmetic: format });
      const random = stream(seed);
      const spikes = Uint8Array.from({ length: STEPS * PROMPTS * tokens * inputs }, () =>
        random.uniform() < density ? 1 : 0,
      );
      const input = packSpikes(spikes, STEPS, PROMPTS * tokens, inputs);
      const run = () => {
        const blank = programChip(network, mapNetwork(network, hardware), hardware, stream(seed));
        const chip = calibrateFast(blank, input, stream(seed).fork("calibration"));
        return { chip, fast: simulateFast(chip, input, stream(seed).fork("run"), { rasters: PROMPTS }) };
      };
      let accepted: ReturnType<typeof run>;
      try {
        accepted = run();
      } catch (error) {
        if (!isXpikeError(error)) throw error;
        seen.refused.set(error.path, (seen.refused.get(error.path) ?? 0) + 1);
        return;
      }
      const { chip, fast } = accepted;
      const records: CodeRecord[] = [];
      const slow = simulate(chip, input, stream(seed).fork("run"), {
        rasters: PROMPTS,
        onCodes: (record) => records.push(record),
      });
      expect(fast).toEqual(slow);
      const most = sumsOf(records, (layer) => network.parameters[`${layer}.offset`].data, format.fractionBits);
      expect(most).toBeLessThan(2 ** 15);
      seen.accepted++;
      seen.most = Math.max(seen.most, most);
      seen.stopped += Object.keys(slow.saturated).length;
      seen.clipped += slow.operations.reduce((sum, { clipped }) => sum + clipped, 0);
    }),
    { seed: 1, numRuns: 80 },
  );
  // Much is refused, for several reasons; what is not clips, stops, and comes near the ends of 16 bits.
  expect(seen.refused.size).toBeGreaterThan(3);
  expect(seen.accepted).toBeGreaterThan(30);
  expect(Math.min(seen.stopped, seen.clipped)).toBeGreaterThan(20);
  expect(seen.most).toBeGreaterThan(2 ** 13);
});
