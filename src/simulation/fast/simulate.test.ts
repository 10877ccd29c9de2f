// @module-tag slow
import fc from "fast-check";
import { expect, test } from "vitest";
import { literalMachine } from "../../../test/support/literal-machine.ts";
import { tinyBits, tinyGeometry, tinyNetwork } from "../../../test/support/tiny-network.ts";
import { ShapeError, ValueError } from "../../errors.ts";
import { transformerSpec } from "../../experiment/model.ts";
import { mapNetwork } from "../../mapping/mapping.ts";
import { stream } from "../../numeric/stream.ts";
import { packSpikes, type SpikeTrain } from "../../spike/train.ts";
import { type Chip, programChip, readChip } from "../chip.ts";
import { fullScales } from "../compensation.ts";
import { calibrate, simulate } from "../reference/simulate.ts";
import { calibrateFast, createStandaloneSimulator, simulateFast } from "./simulate.ts";

const PROMPTS = 5;
const { tokens, inputs } = tinyGeometry;

function input(prompts = PROMPTS, steps = 3): SpikeTrain {
  return packSpikes(tinyBits(steps, prompts, 3), steps, prompts * tokens, inputs);
}

interface Setting {
  model?: { neuron?: object; attention?: object; [field: string]: unknown };
  hardware?: object;
}

/** A chip of a network with parameters that use all bits of single precision, so the order of every sum matters. */
function chipOf({ model = {}, hardware = {} }: Setting, seed = 1): Chip {
  const base = { kind: "spiking", normalisation: "none", width: 48, heads: 3, depth: 2, expansion: 2, steps: 3 };
  // A low threshold and a high gain keep every train of the untrained network busy.
  const neuron = { threshold: 0.4, ...model.neuron };
  const attention = { scoreGain: 16, ...model.attention };
  const network = tinyNetwork(transformerSpec.parse({ ...base, ...model, neuron, attention }), 4);
  const spec = literalMachine(hardware);
  return programChip(network, mapNetwork(network, spec), spec, stream(seed));
}

const calibrated = (chip: Chip) => calibrate(chip, input(), stream(2));

/** Crossbars so small that every layer spans several: in blocks that end at words, within words, and within vectors. */
const blocks = { rows: 16, columns: 16 };
const oddBlocks = { rows: 13, columns: 10 };
const ideal = { kind: "ideal" };
const erring = { gainSpread: 0.1, offsetSpread: 0.5, outputNoise: 0.4 };

test.each<Setting>([
  {},
  { hardware: { crossbar: blocks } },
  { hardware: { crossbar: oddBlocks, adc: { rangeQuantile: 0.9 } } },
  { hardware: { crossbar: blocks, adc: { mode: "differential" } } },
  { hardware: { crossbar: { ...oddBlocks, inputStride: 3 } } },
  { hardware: { crossbar: { ...oddBlocks, embedRows: 7, linesPerInput: 5 } } },
  { hardware: { crossbar: { ...blocks, inputStride: 2, linesPerInput: 2, scaling: "column" }, adc: { bits: null } } },
  { hardware: { crossbar: { ...oddBlocks, scaling: "column" } } },
  { hardware: { crossbar: { ...blocks, scaling: "column" }, adc: { mode: "differential" } } },
  { hardware: { crossbar: oddBlocks, adc: { mode: "differential", bits: 3, rangeQuantile: 0.8 } } },
  { hardware: { crossbar: blocks, adc: { bits: null } } },
  { hardware: { crossbar: { ...oddBlocks, device: ideal, conductanceBits: null }, adc: { bits: null } } },
  { hardware: { crossbar: { ...blocks, device: ideal } } },
  { hardware: { crossbar: { device: ideal }, adc: { mode: "differential" } } },
  { hardware: { crossbar: { ...oddBlocks, parallelDevices: 3 }, adc: { fullScale: 6 }, readTime: 1e6 } },
  { hardware: { adc: { errors: erring } } },
  { hardware: { crossbar: oddBlocks, adc: { errors: erring, rangeQuantile: 0.9 } } },
  { hardware: { crossbar: oddBlocks, adc: { errors: erring, mode: "differential", bits: 4 } } },
  { hardware: { crossbar: blocks, adc: { errors: { gainSpread: 0.1, offsetSpread: 0.5 } } } },
  { hardware: { crossbar: oddBlocks, crossbars: 8, adc: { errors: { outputNoise: 0.7 }, sharing: 3 } } },
  { hardware: { crossbar: blocks, adc: { fullScale: 4, errors: erring } } },
  { hardware: { crossbar: blocks, adc: { fullScale: 6, mode: "differential" }, readTime: 1e6 } },
  { model: { attention: { draws: "independent" } } },
  { model: { outputProjection: false } },
  { model: { residual: "none" } },
  { model: { residual: "none", outputProjection: false, position: "learned" }, hardware: { crossbar: blocks } },
  { model: { position: "learned" } },
  { model: { neuron: { reset: "soft", beta: 0.9, threshold: 0.7 } } },
  { model: { neuron: { kind: "if", reset: "soft" } } },
  { model: { neuron: { kind: "plif" } } },
  { model: { neuron: { kind: "plif", beta: 0.75, reset: "soft" } }, hardware: { arithmetic: {} } },
  { model: { neuron: { kind: "alif" } }, hardware: { crossbar: oddBlocks } },
  { model: { neuron: { kind: "alif", reset: "soft", rise: 0.3, decay: 0.9 } }, hardware: { order: "step-major" } },
  { hardware: { ssa: { random: "lfsr" } } },
  { model: { attention: { draws: "independent" } }, hardware: { ssa: { random: "lfsr" } } },
  { hardware: { ssa: { random: "lfsr", lfsr: { scope: "engine" }, fifo: "row" } } },
  { hardware: { ssa: { random: "lfsr", normaliser: "power-of-two" } } },
  { hardware: { ssa: { normaliser: "power-of-two", tileTokens: 3 } } },
  { hardware: { ssa: { random: "lfsr", lfsr: { sharing: "row", shiftsPerClock: 8 } } } },
  { hardware: { ssa: { random: "lfsr", tileTokens: 2 } } },
  { hardware: { ssa: { counterBits: 2, counterOverflow: "saturate" } } },
  { model: { width: 72, heads: 1, attention: { draws: "independent" } } },
  { model: { width: 72, heads: 1 }, hardware: { ssa: { random: "lfsr" } } },
  { hardware: { arithmetic: {} } },
  { hardware: { arithmetic: { stepBits: 10, fractionBits: 7 }, crossbar: oddBlocks, adc: { rangeQuantile: 0.9 } } },
  { hardware: { arithmetic: { stepBits: 0, streamBits: 7, membraneBits: 8, logitBits: 6 }, crossbar: blocks } },
  { hardware: { arithmetic: { streamBits: 16 }, crossbar: { ...oddBlocks, scaling: "crossbar" }, readTime: 1e6 } },
  { hardware: { arithmetic: {}, adc: { mode: "differential" } } },
  { hardware: { arithmetic: { stepBits: 5 }, crossbar: oddBlocks, adc: { mode: "differential", bits: 3 } } },
  // Lines that ask for fewer bits of a code step.
  { hardware: { arithmetic: { stepBits: 11 }, adc: { mode: "differential" } } },
  { hardware: { arithmetic: { stepBits: 10 }, adc: { errors: { offsetSpread: 60 } } } },
  { hardware: { arithmetic: { stepBits: 10 }, adc: { bits: 8 } } },
  { hardware: { arithmetic: {}, crossbar: oddBlocks, adc: { errors: erring, rangeQuantile: 0.9 } } },
  { hardware: { arithmetic: {}, crossbar: blocks, adc: { errors: erring, mode: "differential", bits: 4 } } },
  { hardware: { arithmetic: {}, crossbar: oddBlocks, adc: { fullScale: 4, errors: { gainSpread: 0.1 } } } },
  { hardware: { arithmetic: {}, adc: { bits: 8 }, ssa: { random: "lfsr" } } },
  { model: { outputProjection: false }, hardware: { arithmetic: { streamBits: 9 } } },
  { model: { residual: "none" }, hardware: { arithmetic: { streamBits: 8 } } },
  { model: { residual: "none", outputProjection: false, position: "learned" }, hardware: { arithmetic: {} } },
  { model: { position: "learned", neuron: { reset: "soft", beta: 0.25 } }, hardware: { arithmetic: {} } },
  { model: { neuron: { kind: "if" } }, hardware: { arithmetic: { membraneBits: 9 }, crossbar: blocks } },
  { hardware: { arithmetic: {}, scaling: "threshold" } },
  { hardware: { arithmetic: {}, scaling: "threshold", crossbar: { rows: 50, columns: 10, scaling: "column" } } },
  { hardware: { arithmetic: {}, scaling: "threshold", adc: { mode: "differential", errors: erring }, readTime: 1e6 } },
  {
    model: { neuron: { kind: "if", reset: "soft" } },
    hardware: { arithmetic: { membraneBits: 9, offsetBits: 10 }, scaling: "threshold", adc: { mode: "differential" } },
  },
  { hardware: { transport: { code: "events", vector: null }, ssa: { tileTokens: 3 } } },
  { hardware: { transport: { code: "fewer", vector: 7 } } },
  { hardware: { arithmetic: {}, transport: { code: "fewer" }, order: "step-major" } },
])("the fast simulator's trace equals the slow one's, bit for bit: %j", (setting) => {
  const chip = calibrated(chipOf(setting));
  const options = { firstPrompt: 6, rasters: 2 };
  const slow = simulate(chip, input(), stream(5), options);
  const fast = simulateFast(chip, input(), stream(5), options);
  for (const name of Object.keys(slow.rasters)) expect(fast.rasters[name], name).toEqual(slow.rasters[name]);
  expect(fast).toEqual(slow);
  // The comparison is empty if the network is silent.
  for (const name of ["blocks.1.scores", "blocks.1.attention", "output"]) {
    expect(slow.densities[name], name).toBeGreaterThan(0);
  }
});

test.each([
  { adc: {} },
  { adc: { bits: null } },
  { adc: { fullScale: 6 } },
  { adc: { rangeQuantile: 0.9 }, arithmetic: {} },
])("four ideal devices in parallel equal one of four times the conductance: %j", (hardware) => {
  const answerOf = (crossbar: object) => {
    const chip = calibrated(chipOf({ hardware: { ...hardware, crossbar: { ...oddBlocks, ...crossbar } } }));
    return { trace: simulateFast(chip, input(), stream(5)), scales: fullScales(chip, readChip(chip, stream(5))) };
  };
  const one = answerOf({ device: ideal });
  const four = answerOf({ device: ideal, parallelDevices: 4 });
  // Powers of two round nothing.
  expect(four.trace).toEqual(one.trace);
  expect(four.scales).toEqual(one.scales.map((scale) => 4 * scale));
  expect(four).toEqual(answerOf({ device: { ...ideal, maxConductance: 100 } }));
});

test("the comparison includes clipped conversions", () => {
  const adc = { rangeQuantile: 0.9 };
  const trace = simulateFast(calibrated(chipOf({ hardware: { crossbar: oddBlocks, adc } })), input(), stream(5));
  expect(trace.operations.filter(({ clipped }) => clipped > 0).length).toBeGreaterThan(3);
});

test.each([
  { crossbar: oddBlocks, adc: { rangeQuantile: 0.9 } },
  { crossbar: blocks, adc: { mode: "differential" } },
  { adc: { bits: null } },
  { crossbar: oddBlocks, adc: { errors: erring } },
  { arithmetic: {}, crossbar: oddBlocks, adc: { rangeQuantile: 0.9 } },
  { arithmetic: { stepBits: 3 }, crossbar: blocks, adc: { mode: "differential", errors: erring } },
])("fast calibration finds the ranges of the slow one, also where it skips vectors: %j", (hardware) => {
  // 70 prompts of 5 tokens and 3 steps are 1050 vectors, of which 1024 at most are looked at: every second one.
  const chip = chipOf({ hardware });
  expect(calibrateFast(chip, input(70), stream(2)).ranges).toEqual(calibrate(chip, input(70), stream(2)).ranges);
});

test("a simulator keeps no state of earlier runs, whatever their size, stream and length", () => {
  const chip = calibrated(chipOf({ hardware: { crossbar: oddBlocks } }));
  const simulator = createStandaloneSimulator(chip, { maxPrompts: 6, maxSteps: 4 });
  const runs = fc.array(
    fc.record({
      prompts: fc.integer({ min: 1, max: 6 }),
      steps: fc.integer({ min: 1, max: 4 }),
      seed: fc.integer({ min: 1, max: 2 }),
    }),
    { minLength: 2, maxLength: 4 },
  );
  fc.assert(
    fc.property(runs, (list) => {
      for (const { prompts, steps, seed } of list) {
        const trace = simulator.run(input(prompts, steps), stream(seed));
        expect(trace).toEqual(simulate(chip, input(prompts, steps), stream(seed)));
      }
    }),
    { seed: 1, numRuns: 5 },
  );
});

test.each(["pair", "differential"] as const)(
  "answers with conversion noise do not depend on how prompts are cut into runs: %s",
  (mode) => {
    const chip = calibrated(chipOf({ hardware: { crossbar: oddBlocks, adc: { mode, errors: erring } } }));
    const simulator = createStandaloneSimulator(chip, { maxPrompts: PROMPTS });
    const whole = input();
    const perPrompt = chip.network.geometry.queries.length * chip.network.geometry.classes;
    const { stepLogits } = simulator.run(whole, stream(5));
    for (const [first, count] of [
      [0, 2],
      [2, 1],
      [3, 2],
    ]) {
      const stride = whole.words.length / (whole.steps * PROMPTS);
      const words = Uint32Array.from({ length: whole.steps * count * stride }, (_, i) => {
        const step = Math.floor(i / (count * stride));
        return whole.words[(step * PROMPTS + first) * stride + (i % (count * stride))];
      });
      const cut = { ...whole, rows: count * tokens, words };
      const part = simulator.run(cut, stream(5), { firstPrompt: first }).stepLogits;
      for (let step = 0; step < whole.steps; step++) {
        const from = (step * PROMPTS + first) * perPrompt;
        const expected = stepLogits.subarray(from, from + count * perPrompt);
        expect(part.subarray(step * count * perPrompt, (step + 1) * count * perPrompt)).toEqual(expected);
      }
    }
  },
);

test("noise of conversions differs from run to run, gains and offsets from chip to chip only", () => {
  const logits = (errors: object, chip: number, run: number) => {
    const hardware = { crossbar: { device: ideal }, adc: { errors, fullScale: 6 } };
    return simulateFast(chipOf({ hardware }, chip), input(), stream(run)).operations[0].clipped;
  };
  // The embedding's clipped conversions: no attention before it, whose bits differ from run to run.
  const fixed = { gainSpread: 0.3, offsetSpread: 1 };
  expect(logits(fixed, 1, 1)).toBe(logits(fixed, 1, 2));
  expect(logits(fixed, 1, 1)).not.toBe(logits(fixed, 2, 1));
  expect(logits({ outputNoise: 1 }, 1, 1)).not.toBe(logits({ outputNoise: 1 }, 1, 2));
  expect(logits({ outputNoise: 1 }, 1, 1)).toBe(logits({ outputNoise: 1 }, 2, 1));
});

test("blocks that take turns on a crossbar share its converters", () => {
  const chip = chipOf({ hardware: { crossbar: blocks, crossbars: 7, adc: { errors: erring } } });
  const placed = chip.mapping.layers.flatMap((layer) => layer.blocks);
  expect(chip.mapping.totals.loads).toBeGreaterThan(1);
  for (const { crossbar, site, columns } of placed) {
    const first = chip.converterErrors![placed.find((other) => other.site === site)!.crossbar].plus.gains;
    const shared = Math.min(columns, first.length);
    expect(chip.converterErrors![crossbar].plus.gains.subarray(0, shared)).toEqual(first.subarray(0, shared));
  }
});

test("a fixed full scale needs no calibration, and is the same at every age", () => {
  const hardware = { crossbar: blocks, adc: { fullScale: 5 }, readTime: 1e7 };
  const chip = chipOf({ hardware });
  expect(calibrate(chip, input(), stream(2))).toBe(chip);
  expect(calibrateFast(chip, input(), stream(2))).toBe(chip);
  const scales = fullScales(chip, readChip(chip, stream(5)));
  expect(new Set(scales)).toEqual(new Set([5 * chip.device.maxConductance]));
});

test("a simulator runs with the ranges that it measured", () => {
  const chip = chipOf({});
  const simulator = createStandaloneSimulator(chip, { maxPrompts: PROMPTS });
  expect(() => simulator.run(input(), stream(5))).toThrow(ValueError);
  const measured = simulator.calibrate(input(), stream(2));
  expect(simulator.run(input(), stream(5))).toEqual(simulate(measured, input(), stream(5)));
  expect(simulator.run(input(), stream(2))).toEqual(simulate(measured, input(), stream(2)));
});

test("an input larger than planned is refused with a remedy", () => {
  const simulator = createStandaloneSimulator(calibrated(chipOf({})), { maxPrompts: 2 });
  expect(() => simulator.run(input(3), stream(1))).toThrow(ShapeError);
  expect(() => simulator.run(input(3), stream(1))).toThrow(/planned for 2 prompts of 3 steps/);
  expect(() => simulator.run(input(1, 4), stream(1))).toThrow(ShapeError);
});

test.each([
  { arithmetic: { fractionBits: 13, membraneBits: 16, offsetBits: 16, factorBits: 16 } },
  { arithmetic: { factorBits: 2 } },
  { arithmetic: { offsetBits: 3 } },
  { arithmetic: { streamBits: 7, overflow: "refuse" } },
  { arithmetic: { membraneBits: 8, overflow: "refuse" } },
  { arithmetic: { logitBits: 6, overflow: "refuse" } },
  { arithmetic: {}, adc: { mode: "differential", fullScale: 0.001 } },
])("numbers that do not fit are refused as the slow simulator refuses them: %j", (hardware) => {
  const chip = chipOf({ hardware });
  const messageOf = (run: () => unknown): string => {
    try {
      run();
    } catch (error) {
      if (error instanceof ValueError) return `${error.path}: ${error.message}`;
      throw error;
    }
    throw new Error("nothing was refused");
  };
  const slow = messageOf(() => simulate(calibrate(chip, input(), stream(2)), input(), stream(5)));
  expect(messageOf(() => simulateFast(calibrateFast(chip, input(), stream(2)), input(), stream(5)))).toBe(slow);
});

test.each([{ kind: "stochastic", valueGain: 2 }, { kind: "lif" }])(
  "with attention units set to another mask and gain, both twins agree, and the next run is the chip's own again: %j",
  (attention) => {
    const chip = calibrated(chipOf({ model: { attention: { ...attention, scoreGain: 4 } } }));
    const mask = Uint8Array.from({ length: tokens ** 2 }, (_, i) => (i % tokens < 2 ? 1 : 0));
    const { network, hardware } = chip;
    const other = {
      ...network,
      geometry: { ...network.geometry, mask },
      model: { ...network.model, attention: { ...network.model.attention, valueGain: 1 } },
    };
    const asked = { attention: { network: other, mapping: mapNetwork(other, hardware), hardware } };
    const simulator = createStandaloneSimulator(chip, { maxPrompts: PROMPTS });
    const own = simulator.run(input(), stream(5));
    const changed = simulator.run(input(), stream(5), asked);
    expect(changed).toEqual(simulate(chip, input(), stream(5), asked));
    expect(changed.spikes["blocks.0.attention"]).not.toEqual(own.spikes["blocks.0.attention"]);
    expect(changed.spikes["blocks.0.input"]).toEqual(own.spikes["blocks.0.input"]);
    expect(simulator.run(input(), stream(5))).toEqual(own);
  },
);
