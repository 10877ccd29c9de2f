// @module-tag slow
/** Every kernel stays within the scratch size that its function returns: words after it do not change. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { neuronSpec } from "../../experiment/neuron.ts";
import { stream } from "../../numeric/stream.ts";
import { type Arena, reserveBits } from "../arena.ts";
import { bitMask, byteMask, maskStride, maskWords } from "../masks.ts";
import { type Kernels, standaloneKernels } from "../memory.ts";
import { expectedScratch, sampledScratch, stochasticBackwardScratch } from "./attention-ops.ts";
import { converterScratch } from "./crossbar-ops.ts";
import { productScratch, softmaxScratch } from "./dense-ops.ts";
import { firingScratch } from "./firing-attention.ts";
import { neuronKernels } from "./neuron-kernels.ts";
import { NOISE_SCRATCH, normalisationScratch } from "./neuron-ops.ts";
import { inputGradientScratch, SPIKE_SCRATCH, spikeGradientScratch } from "./spike-ops.ts";

const BEHIND = 4096;
const GUARD = 0x5eed5eed;
const bytes = 32 << 20;
const { kernels, arena } = standaloneKernels(bytes);
const start = arena.mark();

/** Runs `work` with a scratch of this many words, on memory that is random everywhere else. */
function keepsTo(words: number, work: (ops: Kernels, memory: Arena, scratch: number) => void): void {
  arena.rewind(start);
  const scratch = arena.words(words + BEHIND);
  kernels.u32.fill(GUARD, scratch / 4, scratch / 4 + words + BEHIND);
  work(kernels, arena, scratch);
  const behind = kernels.words(scratch + 4 * words, BEHIND);
  expect(behind.findIndex((word) => word !== GUARD)).toBe(-1);
}

const random = stream(1);
const floats = (memory: Arena, count: number) => {
  const at = memory.words(count);
  kernels.write(
    at,
    Float32Array.from({ length: count }, () => random.uniform() - 0.5),
  );
  return at;
};
const bits = (memory: Arena, rows: number, features: number) => {
  const packed = reserveBits(memory, rows, features);
  const last = features % 32 === 0 ? 0xffffffff : 2 ** (features % 32) - 1;
  const words = Uint32Array.from({ length: rows * packed.words }, (_, i) =>
    i % packed.words === packed.words - 1 ? random.word() & last : random.word(),
  );
  kernels.write(packed.at, words);
  return packed;
};

const count = (max: number) => fc.integer({ min: 1, max });
const fours = (max: number) => count(max).map((n) => 4 * n);
const each = { numRuns: 25, seed: 1 };
const neuron = { kind: "lif", beta: 0.5, threshold: 1, reset: "hard" } as const;
const surrogate = { kind: "sigmoid", alpha: 4 } as const;

test("dense products", () => {
  const sizes = fc.tuple(count(300), count(300), count(300), fc.boolean(), fc.boolean());
  fc.assert(
    fc.property(sizes, ([m, n, k, transposeA, transposeB]) => {
      keepsTo(productScratch(m, n, k), (ops, memory, scratch) => {
        const [a, b, out] = [floats(memory, m * k), floats(memory, k * n), floats(memory, m * n)];
        ops.product({ m, n, k, a, transposeA, b, transposeB, out, scratch });
      });
    }),
    each,
  );
});

test("softmax attention, forward and backward", () => {
  fc.assert(
    fc.property(count(70), count(20), count(3), (tokens, dimension, heads) => {
      keepsTo(softmaxScratch(tokens, dimension), (ops, memory, scratch) => {
        const width = heads * dimension;
        const mask = memory.words((tokens * maskStride(tokens)) / 4);
        ops.write(mask, byteMask({ tokens, mask: new Uint8Array(tokens * tokens).fill(1) }));
        const of = {
          qkv: floats(memory, 2 * tokens * 3 * width),
          prompts: 2,
          tokens,
          heads,
          width,
          probabilities: memory.words(2 * heads * tokens * maskStride(tokens)),
          scratch,
        };
        ops.softmaxAttention({ ...of, mask, target: memory.words(2 * tokens * width) });
        const [dTarget, dQkv] = [floats(memory, 2 * tokens * width), memory.words(2 * tokens * 3 * width)];
        ops.softmaxAttentionBackward({ ...of, dTarget, dQkv });
      });
    }),
    each,
  );
});

test("products and gradients of linear layers on spikes", () => {
  fc.assert(
    fc.property(count(400), fours(60), fours(60), fc.boolean(), (rows, inputs, outputs, gated) => {
      const spikes = (memory: Arena) => bits(memory, rows, inputs);
      keepsTo(SPIKE_SCRATCH, (ops, memory, scratch) => {
        const [weight, out] = [floats(memory, inputs * outputs), memory.words(rows * outputs)];
        ops.spikeProduct({ bits: spikes(memory), rows, weight, outputs, out, scratch });
      });
      keepsTo(spikeGradientScratch(inputs, rows), (ops, memory, scratch) => {
        const [dOut, dWeight] = [floats(memory, rows * outputs), floats(memory, inputs * outputs)];
        ops.spikeWeightGradient({ bits: spikes(memory), rows, dOut, outputs, dWeight, scratch });
      });
      keepsTo(inputGradientScratch(rows, inputs, outputs), (ops, memory, scratch) => {
        const [dOut, weight] = [floats(memory, rows * outputs), floats(memory, inputs * outputs)];
        const gate = gated ? spikes(memory) : null;
        ops.spikeInputGradient({
          dOut,
          rows,
          weight,
          inputs,
          outputs,
          dInput: memory.words(rows * inputs),
          gate,
          scratch,
        });
      });
    }),
    each,
  );
});

test("normalisation and its backward pass, sums of many rows, noise", () => {
  fc.assert(
    fc.property(count(300), fours(40), (rows, columns) => {
      keepsTo(normalisationScratch(columns), (ops, memory, scratch) => {
        const row = () => floats(memory, columns);
        const [source, d] = [floats(memory, rows * columns), floats(memory, rows * columns)];
        const fixed = { source, rows, columns, epsilon: 1e-5, scratch };
        const [moments, map] = [
          { mean: row(), variance: row() },
          { scale: row(), shift: row() },
        ];
        ops.normaliseColumns({ ...fixed, gain: row(), offset: row(), moments, map });
        ops.normaliseColumnsBackward({ ...fixed, d, moments, map, dGain: row(), dOffset: row(), dSource: d });
        ops.sumManyRows({ source, rows, columns, target: row(), scratch });
      });
      keepsTo(NOISE_SCRATCH, (ops, memory, scratch) => {
        const [source, target, deviations] = [
          floats(memory, rows * columns),
          floats(memory, rows * columns),
          floats(memory, columns),
        ];
        ops.addOutputNoise({ target, rows, columns, deviations, key: [1, 2], counter: 3, scratch });
        ops.addNoise({ source, rows, columns, deviations, key: [1, 2], target, scratch });
        const devices = { stride: columns, largest: deviations, levels: floats(memory, 16), top: 7, exact: true };
        ops.addDeviceNoise({ source, rows, columns, key: [1, 2], target, scratch, ...devices, counter: 0 });
      });
    }),
    each,
  );
});

test.each(["lif", "if", "plif", "alif"])("backward pass of %s neurons", (kind) => {
  const neuron = neuronSpec.parse({ kind });
  fc.assert(
    fc.property(count(16), count(5), fours(30), (steps, rows, features) => {
      keepsTo(neuronKernels(neuron).scratch(steps), (ops, memory, scratch) => {
        const [currents, dSpikes] = [1, 2].map(() => floats(memory, steps * rows * features));
        ops.fireBackward({
          currents,
          steps,
          rows,
          map: null,
          neuron,
          surrogate,
          features,
          dSpikes,
          target: dSpikes,
          dLearned: { leak: floats(memory, 1) },
          scratch,
        });
      });
    }),
    each,
  );
});

test("attention on spikes: sampled, expected and LIF, forward and backward", () => {
  fc.assert(
    fc.property(count(140), count(16), count(2), count(3), (tokens, quarter, heads, steps) => {
      const dimension = 4 * quarter;
      const width = heads * dimension;
      const of = (ops: Kernels, memory: Arena, scratch: number) => {
        const mask = memory.words(tokens * maskWords(tokens));
        ops.write(mask, bitMask({ tokens, mask: new Uint8Array(tokens * tokens).fill(1) }));
        const qkv = bits(memory, steps * tokens, 3 * width);
        return { qkv, steps, prompts: 1, tokens, width, heads, mask, scoreGain: 4, valueGain: 8, scratch };
      };
      const gradients = (memory: Arena) => ({
        dOut: floats(memory, steps * tokens * width),
        dQkv: memory.words(steps * tokens * 3 * width),
      });
      const scoresOf = (memory: Arena) => memory.words(steps * heads * tokens * maskWords(tokens));
      keepsTo(sampledScratch(tokens), (ops, memory, scratch) => {
        const normalisers = { scoreNormaliser: dimension, valueNormaliser: tokens, draws: "stratified" as const };
        const out = reserveBits(memory, steps * tokens, width);
        const drawn = { ...normalisers, scores: scoresOf(memory), out, key: [1, 2] as const, firstPrompt: 0 };
        ops.sampledAttention({ ...of(ops, memory, scratch), ...drawn });
      });
      keepsTo(expectedScratch(tokens, dimension), (ops, memory, scratch) =>
        ops.expectedAttention({ ...of(ops, memory, scratch), out: memory.words(steps * tokens * width) }),
      );
      keepsTo(stochasticBackwardScratch(tokens, dimension), (ops, memory, scratch) => {
        const scores = scoresOf(memory);
        ops.fill(scores, steps * heads * tokens * maskWords(tokens), 0);
        ops.stochasticAttentionBackward({ ...of(ops, memory, scratch), ...gradients(memory), scores });
      });
      keepsTo(firingScratch(steps, tokens, dimension), (ops, memory, scratch) => {
        for (const attention of [
          { kind: "alpha-xnor", alpha: 0.5, scale: 1 } as const,
          { kind: "sdsa-1", scale: 1 } as const,
        ]) {
          const shared = { ...of(ops, memory, scratch), neuron, attention };
          ops.firingAttention({ ...shared, out: reserveBits(memory, steps * tokens, width) });
          ops.firingAttentionBackward({ ...shared, surrogate, ...gradients(memory) });
        }
      });
    }),
    each,
  );
});

test("converter errors", () => {
  fc.assert(
    fc.property(count(256), (vectors) => {
      keepsTo(converterScratch(vectors), (ops, memory, scratch) => {
        const lines = floats(memory, 16 * vectors);
        const errors = { gains: floats(memory, 16), offsets: floats(memory, 16), deviations: floats(memory, 8) };
        const noise = { key: [1, 2] as const, normals: floats(memory, 4096) };
        const place = { strip: 0, first: 0, perStep: vectors, perPrompt: 7, firstPrompt: 0 };
        ops.addConverterErrors({ lines, vectors, mode: "pair", step: 0.1, errors, noise, ...place, scratch });
      });
    }),
    each,
  );
});
