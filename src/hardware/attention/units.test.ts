/** Units of attention against the model of each kind, on random spikes. */
import { describe, expect, test } from "vitest";
import { type AttentionKind, type AttentionSpec, attentionSpec } from "../../experiment/attention.ts";
import { ATTENTION_PARTS } from "../../experiment/by-attention.ts";
import { hardwareSpec } from "../../experiment/hardware.ts";
import { type NeuronSpec, neuronSpec } from "../../experiment/neuron.ts";
import { attentionModel } from "../../model/attention/catalogue.ts";
import type { HeadVectors } from "../../model/heads.ts";
import { stream } from "../../numeric/stream.ts";
import { packSpikes, unpackSpikes } from "../../spike/train.ts";
import { type ActionTally, emptyTally } from "../actions.ts";
import {
  attentionUnitFor,
  type FiringUnit,
  offeredBits,
  runUnit,
  type UnitKind,
  unitActions,
  unitIncrements,
  unitReadings,
} from "./catalogue.ts";
import { slotClocks } from "./column-counters.ts";
import { maskRows } from "./mask-rows.ts";
import type { HeadTrains } from "./unit.ts";

const N = 8;
const maskOf = (open: (i: number, j: number) => boolean, tokens = N) =>
  Uint8Array.from({ length: tokens ** 2 }, (_, ij) => (open(Math.floor(ij / tokens), ij % tokens) ? 1 : 0));
const MASKS = {
  full: maskOf(() => true),
  causal: maskOf((i, j) => j <= i),
  "queries and contexts": maskOf((i, j) => j % 2 === 1 && j < i),
  window: maskOf((i, j) => Math.abs(i - j) < 3),
};

/** Kinds with neurons, and settings in which scores and outputs fire. */
const KINDS: readonly object[] = [
  { kind: "lif", scoreGain: 4, valueGain: 8 },
  { kind: "spikformer", scale: 0.125 },
  { kind: "sdsa-1", scale: 0.5 },
  { kind: "sdsa-3", scale: 0.125 },
  { kind: "qk-token", scale: 0.125 },
  { kind: "qk-channel", scale: 0.25 },
  { kind: "alpha-xnor", alpha: 0.25, scale: 0.125 },
  { kind: "binary-map", cut: 2, scale: 0.5 },
  { kind: "random", scale: 0.125 },
];
const NEURONS = [{}, { beta: 0.25, threshold: 0.7 }, { reset: "soft", threshold: 0.75 }, { kind: "if" }, { beta: 0.9 }];

type Firing = Extract<AttentionSpec, { kind: Exclude<UnitKind, "none"> }>;
const parse = (document: object) => attentionSpec.parse(document) as Firing;

function headOf(kind: AttentionKind, steps: number, tokens: number, dimension: number) {
  const draws = stream(7);
  const bits = () => Float64Array.from({ length: steps * tokens * dimension }, () => (draws.uniform() < 0.45 ? 1 : 0));
  const vectors: Record<string, Float64Array> = {
    query: new Float64Array(0),
    key: new Float64Array(0),
    value: new Float64Array(0),
  };
  const trains: Record<string, ReturnType<typeof packSpikes>> = {};
  for (const part of ATTENTION_PARTS[kind]) {
    vectors[part] = bits();
    trains[part] = packSpikes(vectors[part], steps, tokens, dimension);
  }
  return { vectors: vectors as unknown as HeadVectors, trains: trains as HeadTrains };
}

function unitOf(
  attention: Firing,
  neuron: NeuronSpec,
  mask: Uint8Array,
  size: { steps: number; dimension: number },
  hardware = {},
) {
  const spec = hardwareSpec.parse({ arithmetic: null, ...hardware });
  const request = { tokens: Math.sqrt(mask.length), mask, neuron, ...size };
  return attentionUnitFor(attention, request, spec) as FiringUnit;
}

describe.each(KINDS)("the unit of %j", (document) => {
  const attention = parse(document);
  const size = { steps: 4, dimension: 8 };

  test.each(Object.entries(MASKS))(
    "gives the model's bits, bit for bit, with any neuron and a mask that is %s",
    (_, mask) => {
      let ones = 0;
      for (const fields of NEURONS) {
        const neuron = neuronSpec.parse(fields);
        const { vectors, trains } = headOf(attention.kind, size.steps, N, size.dimension);
        const surrogate = { kind: "sigmoid", alpha: 4 } as const;
        const run = { mask, neuron, surrogate, smooth: false, draws: null };
        const { output } = attentionModel(attention)(vectors, { ...size, tokens: N }, run);
        const train = runUnit(unitOf(attention, neuron, mask, size), trains, emptyTally());
        expect([...unpackSpikes(train)], JSON.stringify(fields)).toEqual([...output]);
        ones += output.reduce((sum, bit) => sum + bit, 0) / output.length;
      }
      // The comparison is empty if no neuron fires, or all do.
      expect(ones).toBeGreaterThan(0.1);
      expect(ones).toBeLessThan(NEURONS.length - 0.1);
    },
  );

  test.each([{}, { order: "step-major" }, { ssa: { tileTokens: 3 } }, { ssa: { fifo: "row", tileTokens: 5 } }])(
    "counts what its sizes say, and gives the same bits on hardware %j",
    (hardware) => {
      for (const mask of Object.values(MASKS)) {
        const { trains } = headOf(attention.kind, size.steps, N, size.dimension);
        const neuron = neuronSpec.parse({});
        const plain = runUnit(unitOf(attention, neuron, mask, size), trains, emptyTally());
        const unit = unitOf(attention, neuron, mask, size, hardware);
        const tally: ActionTally = emptyTally();
        expect(runUnit(unit, trains, tally)).toEqual(plain);
        const increments = unitIncrements(unit, trains);
        expect(tally).toEqual({ ...unitActions(unit, size.steps), counterIncrements: increments });
        expect(increments).toBeGreaterThan(0);
        expect(increments).toBeLessThan(offeredBits(tally));
        expect(tally.bitsWritten).toBe(size.steps * N * size.dimension);
        const readings = Object.values(unitReadings(unit)).flatMap((times) => Array.from(times));
        expect(tally.bitsRead).toBe(readings.reduce((sum, times) => sum + times, 0) * size.steps * size.dimension);
      }
    },
  );
});

test("rounding the leak down at each of 40 steps changes no bit", () => {
  const attention = parse({ kind: "sdsa-1", scale: 0.25 });
  for (const reset of ["hard", "soft"]) {
    const neuron = neuronSpec.parse({ reset, threshold: 0.75 });
    const { vectors, trains } = headOf("sdsa-1", 40, N, 8);
    const run = {
      mask: MASKS.causal,
      neuron,
      surrogate: { kind: "sigmoid", alpha: 4 },
      smooth: false,
      draws: null,
    } as const;
    const { output } = attentionModel(attention)(vectors, { steps: 40, dimension: 8, tokens: N }, run);
    const unit = unitOf(attention, neuron, MASKS.causal, { steps: 40, dimension: 8 });
    expect(unit.outputNeurons.neurons).toMatchObject({ whole: true, fractionBits: 0 });
    expect([...unpackSpikes(runUnit(unit, trains, emptyTally()))]).toEqual([...output]);
  }
});

test("membranes have the bits of their counts, and of the threshold's fraction", () => {
  const bitsOf = (neuron: object, hardware: object = { arithmetic: {} }) =>
    unitOf(
      parse({ kind: "sdsa-1", scale: 0.25 }),
      neuronSpec.parse(neuron),
      MASKS.full,
      { steps: 64, dimension: 8 },
      hardware,
    ).outputNeurons.neurons;
  // Up to 8 + 8 / 2 + ... = 15 counts; a threshold of 4, of 4.5, or of 1.6 rounded up to 2^-12.
  expect(bitsOf({})).toMatchObject({ membraneBits: 5, fractionBits: 0, threshold: 4, steps: null });
  expect(bitsOf({ threshold: 1.125 })).toMatchObject({ membraneBits: 6, fractionBits: 1, threshold: 9 });
  const rounded = { membraneBits: 17, fractionBits: 12, threshold: Math.ceil(1.6 * 4096) };
  expect(bitsOf({ threshold: 0.4 })).toMatchObject(rounded);
  expect(bitsOf({ threshold: 0.4, reset: "soft" })).toMatchObject({ ...rounded, whole: true });
  expect(bitsOf({ threshold: 0.4, reset: "soft" }, { arithmetic: null }).whole).toBe(false);
  expect(bitsOf({ kind: "if" })).toMatchObject({ membraneBits: 10, steps: 64 });
});

test("LIF attention of five tokens and heads of six features compares whole counts, and ties fire", () => {
  // One key is shared in all six features: 6 x 1/6 = 1, whatever the rounding of 1/6.
  const attention = parse({ kind: "lif", scoreGain: 1, valueGain: 1 });
  const ones = packSpikes(new Float64Array(30).fill(1), 1, 5, 6);
  const unit = unitOf(
    attention,
    neuronSpec.parse({}),
    maskOf(() => true, 5),
    { steps: 1, dimension: 6 },
  );
  expect(unit.outputNeurons.neurons).toMatchObject({ whole: true, threshold: 5, membraneBits: 4 });
  expect(unit.scoreNeurons?.neurons).toMatchObject({ whole: true, threshold: 6, membraneBits: 4 });
  const train = runUnit(unit, { query: ones, key: ones, value: ones }, emptyTally());
  expect([...unpackSpikes(train)]).toEqual(new Array(30).fill(1));
});

describe("distinct rows of a mask", () => {
  test("are one for all tokens, one for each, or one for each context", () => {
    const sizes = (mask: Uint8Array) =>
      maskRows(mask, N).rows.map(({ added, served }) => [added.length, served.length]);
    expect(sizes(MASKS.full)).toEqual([[8, 8]]);
    expect(sizes(MASKS.causal)).toEqual(new Array(8).fill([1, 1]));
    expect(sizes(MASKS["queries and contexts"])).toEqual([
      [0, 2],
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
    expect(maskRows(MASKS["queries and contexts"], N)).toMatchObject({ kept: 3, added: 3, largest: 3 });
  });

  test("start again where one does not contain the one before", () => {
    const { rows, added } = maskRows(MASKS.window, N);
    expect(rows.some(({ restarts }) => restarts)).toBe(true);
    expect(added).toBeGreaterThan(N);
  });

  test("take N clocks of column counters for the masks of the tasks, and more for others", () => {
    const step = (mask: Uint8Array) => slotClocks(maskRows(mask, N)).reduce((sum, clocks) => sum + clocks, 0);
    for (const name of ["full", "causal", "queries and contexts"] as const) expect(step(MASKS[name]), name).toBe(N);
    expect(step(MASKS.window)).toBeGreaterThan(N);
  });
});

test("an outer product takes N clocks a step for a causal mask, and 2 N - 1 for a full one", () => {
  const attention = parse({ kind: "sdsa-3" });
  const clocks = (mask: Uint8Array) => unitOf(attention, neuronSpec.parse({}), mask, { steps: 2, dimension: 4 }).clocks;
  expect(clocks(MASKS.causal)).toMatchObject({ step: N, drain: 1 });
  expect(clocks(MASKS.full)).toMatchObject({ step: 2 * N - 1, drain: 1, first: N });
});

describe("refused", () => {
  const build = (neuron: object, hardware: object, steps = 4) =>
    unitOf(parse({ kind: "sdsa-1" }), neuronSpec.parse(neuron), MASKS.full, { steps, dimension: 8 }, hardware);

  test("are a leak that is no shift, and too many bits, in whole numbers", () => {
    expect(() => build({ beta: 0.9 }, { arithmetic: {} })).toThrow("leaks by a shift");
    const long = { kind: "if", threshold: 0.4 };
    expect(() => build(long, { arithmetic: {} }, 1e6)).toThrow("but units are built up to 31");
    expect(build(long, { arithmetic: null }, 1e6).outputNeurons.neurons.whole).toBe(false);
  });

  test("is a counter too narrow for what it counts", () => {
    expect(() => build({}, { ssa: { counterBits: 3 } })).toThrow("counts to 8");
    expect(build({}, { ssa: { counterBits: 6 } }).counterBits).toBe(6);
  });
});
