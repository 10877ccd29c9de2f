// @module-tag slow
import fc from "fast-check";
import { expect, test } from "vitest";
import { literalMachine } from "../../../test/support/literal-machine.ts";
import { ShapeError, ValueError } from "../../errors.ts";
import { drawsOf } from "../../experiment/by-attention.ts";
import type { HardwareSpec } from "../../experiment/hardware.ts";
import { type TransformerSpec, transformerSpec } from "../../experiment/model.ts";
import { emptyTally } from "../../hardware/actions.ts";
import { idealDraws, type TileDraws } from "../../hardware/draws.ts";
import { mapNetwork } from "../../mapping/mapping.ts";
import type { AttentionDraws } from "../../model/attention/draws.ts";
import { networkForward, spikeInput } from "../../model/forward.ts";
import type { Geometry } from "../../model/geometry.ts";
import { type Network, parameterLayout } from "../../model/network.ts";
import { stream } from "../../numeric/stream.ts";
import { packSpikes, type SpikeTrain, unpackSpikes } from "../../spike/train.ts";
import { programChip } from "../chip.ts";
import { clippedShare, meanLogits } from "../trace.ts";
import { calibrate, simulate } from "./simulate.ts";

const TOKENS = 5;
const geometry: Geometry = {
  inputs: 7,
  tokens: TOKENS,
  classes: 3,
  mask: Uint8Array.from({ length: TOKENS ** 2 }, (_, i) => (i % TOKENS <= Math.floor(i / TOKENS) ? 1 : 0)),
  queries: Int32Array.of(1, 4),
};

/**
 * A small network of parameters that are multiples of 1/64: four halvings of a membrane keep them exact in single
 * precision, so sums do not depend on their order and results compare exactly.
 */
function dyadicNetwork(model: object): Network<TransformerSpec> {
  const spec = transformerSpec.parse({
    kind: "spiking",
    normalisation: "none",
    width: 24,
    heads: 3,
    depth: 2,
    attention: { scoreGain: 1, valueGain: 1 },
    ...model,
  });
  const random = stream(6);
  const parameters = parameterLayout(spec, geometry).map(({ name, shape }) => {
    const draws = random.fork(name);
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1)).map(() => (draws.integer(65) - 26) / 64);
    return [name, { shape, data }];
  });
  return { model: spec, geometry, parameters: Object.fromEntries(parameters) };
}

function randomInput(prompts: number, steps = 4): SpikeTrain {
  const random = stream(7);
  const rows = prompts * TOKENS;
  const bits = Array.from({ length: steps * rows * geometry.inputs }, () => random.integer(2));
  return packSpikes(bits, steps, rows, geometry.inputs);
}

/** Crossbars of 16 x 12, so that every layer spans several, with row blocks that do not end at a word. */
const smallCrossbars = { rows: 12, columns: 16 };
const exactHardware = literalMachine({
  crossbar: { ...smallCrossbars, conductanceBits: null, device: { kind: "ideal" } },
  adc: { bits: null },
});
const noisyHardware = literalMachine({ crossbar: smallCrossbars });

const chipOf = (network: Network<TransformerSpec>, hardware: HardwareSpec, seed = 1) =>
  programChip(network, mapNetwork(network, hardware), hardware, stream(seed));

test.each([
  {},
  { outputProjection: false },
  { residual: "none" },
  { position: "learned" },
  { neuron: { reset: "soft" } },
  { neuron: { kind: "if" } },
  { attention: { scoreGain: 1, valueGain: 2, draws: "independent" } },
  { attention: { scoreGain: 2, valueGain: 4, draws: "ordered" } },
])("ideal devices and exact converters reproduce the digital network bit for bit: %j", (model) => {
  const network = dyadicNetwork(model);
  const input = randomInput(3);
  const { depth, heads, width, attention } = network.model;
  const shape = { steps: 4, tokens: TOKENS, dimension: width / heads };
  const draws = (block: number, prompt: number, head: number) =>
    idealDraws(shape, drawsOf(attention)!, { key: stream(8).key, block, prompt, head });
  const trace = simulate(chipOf(network, exactHardware), input, stream(9), { draws, rasters: 3 });

  const blocks = Array.from({ length: depth }, (_, block) => layerDraws(3, heads, shape, draws, block));
  const digital = networkForward(network, spikeInput(input, TOKENS), { mode: "eval", draws: blocks });
  for (const [name, bits] of Object.entries(digital.trace)) {
    if (name.endsWith(".scores")) continue;
    expect(unpackSpikes(trace.rasters[name]), name).toEqual(bits);
    expect(trace.densities[name], name).toBeGreaterThan(0);
  }
  expect([...trace.logits]).toEqual([...digital.logits]);
});

/** The draws of all tiles of a block in the layout of the digital model, `[T][B][H][N][...]`, as words whose top bits they are. */
function layerDraws(
  prompts: number,
  heads: number,
  { steps, tokens, dimension }: { steps: number; tokens: number; dimension: number },
  draws: (block: number, prompt: number, head: number) => TileDraws,
  block: number,
): AttentionDraws {
  const scores: number[] = [];
  const outputs: number[] = [];
  for (let t = 0; t < steps; t++) {
    for (let b = 0; b < prompts; b++) {
      for (let h = 0; h < heads; h++) {
        const tile = draws(block, b, h);
        const unit = 2 ** (32 - tile.bits);
        for (let i = 0; i < tokens; i++) {
          for (let j = 0; j < tokens; j++) scores.push(tile.score(t, i, j) * unit);
          for (let f = 0; f < dimension; f++) outputs.push(tile.output(t, i, f) * unit);
        }
      }
    }
  }
  return { scoreDraws: Uint32Array.from(scores), outputDraws: Uint32Array.from(outputs) };
}

test("prompts give the same answer alone and in any batch", () => {
  const network = dyadicNetwork({});
  const chip = calibrate(chipOf(network, noisyHardware), randomInput(6), stream(1));
  const whole = simulate(chip, randomInput(6), stream(2));
  const perPrompt = whole.logits.length / 6;
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 1, max: 6 }), (first, count) => {
      fc.pre(first + count <= 6);
      const part = simulate(chip, cutPrompts(randomInput(6), first, count), stream(2), { firstPrompt: first });
      expect(part.logits).toEqual(whole.logits.slice(first * perPrompt, (first + count) * perPrompt));
    }),
    { seed: 1, numRuns: 15 },
  );
});

function cutPrompts(train: SpikeTrain, first: number, count: number): SpikeTrain {
  const bits = unpackSpikes(train);
  const size = TOKENS * train.features;
  const kept: number[] = [];
  for (let t = 0; t < train.steps; t++) {
    const start = t * train.rows * train.features + first * size;
    kept.push(...bits.subarray(start, start + count * size));
  }
  return packSpikes(kept, train.steps, count * TOKENS, train.features);
}

test("chips differ from each other, as do reads of a chip, and both repeat with their streams", () => {
  const network = dyadicNetwork({});
  const input = randomInput(4);
  const chips = [1, 2].map((seed) => chipOf(network, noisyHardware, seed));
  expect(chips[0].crossbars[0].plus.conductances).not.toEqual(chips[1].crossbars[0].plus.conductances);
  const mapping = mapNetwork(network, noisyHardware);
  const backwards = { ...mapping, layers: mapping.layers.toReversed() };
  expect(programChip(network, backwards, noisyHardware, stream(1)).crossbars).toEqual(chips[0].crossbars);
  const [a, b] = chips.map((chip) => calibrate(chip, input, stream(3)));
  expect(simulate(a, input, stream(4)).logits).toEqual(simulate(a, input, stream(4)).logits);
  expect(simulate(a, input, stream(4)).logits).not.toEqual(simulate(a, input, stream(5)).logits);
  expect(simulate(a, input, stream(4)).logits).not.toEqual(simulate(b, input, stream(4)).logits);
});

test("a run of T steps answers for every shorter run", () => {
  const network = dyadicNetwork({});
  const chip = calibrate(chipOf(network, noisyHardware), randomInput(4), stream(1));
  const long = simulate(chip, randomInput(4, 4), stream(2));
  // The first two steps of the longer input are the shorter input: bits are drawn step by step.
  const short = simulate(chip, randomInput(4, 2), stream(2));
  expect(meanLogits(long.stepLogits, 4, 2)).toEqual(short.logits);
});

test("LFSR tiles run, count their shifts, and draw other bits than ideal ones", () => {
  const network = dyadicNetwork({});
  const runs = (["ideal", "lfsr"] as const).map((random) => {
    const chip = chipOf(network, { ...exactHardware, ssa: { ...exactHardware.ssa, random } });
    return simulate(chip, randomInput(2), stream(1));
  });
  expect(runs[0].actions.lfsrShifts).toBe(0);
  // 2 blocks x 2 prompts x 3 heads, 4 LFSRs each (two a side for 5 tokens), 5 windows of 8 clocks.
  expect(runs[1].actions.lfsrShifts).toBe(2 * 2 * 3 * 4 * 5 * 8);
  expect(runs[1].logits).not.toEqual(runs[0].logits);
});

test("ranges below the largest current clip, and the clipped fraction shows it", () => {
  const network = dyadicNetwork({});
  const input = randomInput(4);
  const share = (rangeQuantile: number) => {
    const hardware = literalMachine({ ...exactHardware, adc: { bits: 5, rangeQuantile } });
    return clippedShare(simulate(calibrate(chipOf(network, hardware), input, stream(1)), input, stream(1)));
  };
  expect(share(1)).toBe(0);
  // At most 10 % of the currents exceed the 90 % quantile; those within half a step above it do not clip.
  expect(share(0.9)).toBeGreaterThan(0);
  expect(share(0.9)).toBeLessThanOrEqual(0.1);
});

test("actions of a layer with two row blocks and two column groups, counted by hand", () => {
  // embed: 7 lines to 24 columns on crossbars of 4 x 16: blocks of 4 and 3 rows times 16 and 8 columns.
  const network = dyadicNetwork({ depth: 1 });
  const hardware = literalMachine({ crossbar: { rows: 4, columns: 16 }, adc: { bits: 5, sharing: 4 } });
  // One prompt of 5 rows, one step; row 0 has lines 0, 1 and 6 on, row 3 has line 4, the others are silent.
  const bits = new Uint8Array(5 * 7);
  for (const line of [0, 1, 6, 3 * 7 + 4]) bits[line] = 1;
  const input = packSpikes(bits, 1, 5, 7);
  const trace = simulate(calibrate(chipOf(network, hardware), input, stream(1)), input, stream(1));
  const [embed, neurons] = trace.operations;
  expect([embed.name, neurons.name]).toEqual(["embed", "blocks.0.input"]);
  expect(embed.actions).toEqual({
    ...emptyTally(),
    lineDrives: 2 * 4, // four spikes, each on the crossbars of two column groups
    cellReads: 4 * 24,
    conversions: 5 * 24 * 2 * 2, // five vectors, 24 columns, two row blocks, two lines
    subtractions: 5 * 24 * 2,
    scalings: 5 * 24 * 2,
    accumulations: 5 * 24, // the second row block
    offsetAdditions: 5 * 24,
    streamWrites: 5 * 24,
    bitsRead: 5 * 7,
  });
  expect(embed.cycles).toBe(5 * (2 + 4 * 2)); // 16 columns on 4 readout units; lines settle in 2 clocks, a conversion takes 2
  expect(neurons.actions).toEqual({ ...emptyTally(), lifUpdates: 5 * 24, bitsWritten: 5 * 24 });
  // The head runs at the two query tokens only.
  expect(trace.operations.at(-1)).toMatchObject({ name: "head", actions: { bitsRead: 2 * 24 } });
  expect(trace.actions.residualAdditions).toBe(2 * 5 * 24);
});

test("a chip without ranges and an input of another size are refused with a remedy", () => {
  const chip = chipOf(dyadicNetwork({}), noisyHardware);
  expect(() => simulate(chip, randomInput(1), stream(1))).toThrow(ValueError);
  expect(() => simulate(chip, randomInput(1), stream(1))).toThrow(/calibrate/);
  expect(() => calibrate(chip, packSpikes(new Uint8Array(6), 1, 1, 6), stream(1))).toThrow(ShapeError);
});
