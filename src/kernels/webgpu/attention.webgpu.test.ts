import { describe, expect } from "vitest";
import { gpu, testOnGpu } from "../../../test/support/gpu.ts";
import { expectWithin, largest, normals, onBoth, unset } from "../../../test/support/gpu-ops.ts";
import { packedSpikes } from "../../../test/support/packed-spikes.ts";
import { attentionSpec } from "../../experiment/attention.ts";
import { ATTENTION_PARTS } from "../../experiment/by-attention.ts";
import { neuronSpec } from "../../experiment/neuron.ts";
import { stream } from "../../numeric/stream.ts";
import { arena, type Place } from "../arena.ts";
import { bitMask, maskWords } from "../masks.ts";
import type { FiringSpec } from "../ops.ts";
import { expectedScratch, sampledScratch, stochasticBackwardScratch } from "../wasm/attention-ops.ts";
import { firingScratch } from "../wasm/firing-attention.ts";
import { attentionOps } from "./attention-ops.ts";
import { memoryOps } from "./memory.ts";
import { openRecorder } from "./recorder.ts";

const KEY = [3, -4] as const;
const FIRST = 5;

/** Heads that straddle words, one token, and a head that fills two words with more tokens than a word has bits. */
const SIZES = [
  { steps: 3, prompts: 2, tokens: 1, width: 24, heads: 1, density: 0.5 },
  { steps: 3, prompts: 2, tokens: 18, width: 40, heads: 8, density: 0.4 },
  { steps: 3, prompts: 1, tokens: 70, width: 128, heads: 2, density: 0.15 },
];
/** More steps than a word has bits. */
const LONG = { steps: 35, prompts: 1, tokens: 5, width: 36, heads: 3, density: 0.4 };
type Sizes = (typeof SIZES)[number];

const nameOf = ({ steps, prompts, tokens, width, heads, density }: Sizes) =>
  `T ${steps}, B ${prompts}, N ${tokens}, D ${width}, H ${heads}, ${100 * density} % ones`;

/** Tokens attend to two thirds of the tokens, and the last token to none; the second token is never a key. */
function maskOf(tokens: number): Uint32Array {
  const random = stream(7).fork(tokens);
  const mask = Uint8Array.from({ length: tokens * tokens }, (_, at) => {
    const [i, j] = [Math.floor(at / tokens), at % tokens];
    return random.uniform() < 2 / 3 && (i < tokens - 1 || tokens === 1) && j !== 1 ? 1 : 0;
  });
  return bitMask({ tokens, mask });
}

const arraysOf = ({ steps, prompts, tokens, width, density }: Sizes, parts: number) => {
  const rows = steps * prompts * tokens;
  return {
    qkv: packedSpikes(rows, parts * width, density, 1),
    mask: maskOf(tokens),
    dOut: normals(rows * width, 2),
    dQkv: unset(rows * parts * width),
  };
};

const attended = ({ steps, prompts, tokens, width, heads }: Sizes, at: { qkv: Place; mask: Place }, parts: number) => ({
  qkv: { at: at.qkv, words: Math.ceil((parts * width) / 32), features: parts * width },
  steps,
  prompts,
  tokens,
  width,
  heads,
  mask: at.mask,
});

describe.each([...SIZES, LONG])("stochastic attention", (sizes) => {
  const { steps, prompts, tokens, width, heads } = sizes;
  const rows = steps * prompts * tokens;
  const outWords = Math.ceil(width / 32);
  const dimension = width / heads;
  const scratchWords = Math.max(
    sampledScratch(tokens),
    expectedScratch(tokens, dimension),
    stochasticBackwardScratch(tokens, dimension),
  );
  const gains = { scoreGain: 4, valueGain: 8 };

  for (const draws of ["independent", "stratified", "ordered"] as const) {
    testOnGpu(`samples the scores and outputs of WebAssembly with ${draws} draws: ${nameOf(sizes)}`, async () => {
      const { wasm, gpu } = await onBoth(
        {
          ...arraysOf(sizes, 3),
          scores: unset(steps * prompts * heads * tokens * maskWords(tokens)),
          out: unset(rows * outWords),
        },
        ["scores", "out", "dQkv"],
        (ops, at, scratch) => {
          const of = { ...attended(sizes, at, 3), ...gains, scratch, scores: at.scores };
          const out = { at: at.out, words: outWords, features: width };
          const normalisers = { scoreNormaliser: dimension, valueNormaliser: tokens };
          ops.sampledAttention({ ...of, ...normalisers, draws, key: KEY, firstPrompt: FIRST, out });
          ops.stochasticAttentionBackward({ ...of, dOut: at.dOut, dQkv: at.dQkv });
        },
        scratchWords,
      );
      expect(gpu.words.scores).toEqual(wasm.words.scores);
      expect(gpu.words.out).toEqual(wasm.words.out);
      expectWithin(gpu.numbers.dQkv, wasm.numbers.dQkv, 1e-6 * largest(wasm.numbers.dQkv));
    });
  }

  testOnGpu(`expects the probabilities of WebAssembly, and passes gradients back: ${nameOf(sizes)}`, async () => {
    const { wasm, gpu } = await onBoth(
      { ...arraysOf(sizes, 3), values: unset(rows * width) },
      ["values", "dQkv"],
      (ops, at, scratch) => {
        const of = { ...attended(sizes, at, 3), ...gains, scratch };
        ops.expectedAttention({ ...of, out: at.values });
        ops.stochasticAttentionBackward({ ...of, scores: null, dOut: at.dOut, dQkv: at.dQkv });
      },
      scratchWords,
    );
    expectWithin(gpu.numbers.values, wasm.numbers.values, 4 * 2 ** -24);
    expectWithin(gpu.numbers.dQkv, wasm.numbers.dQkv, 1e-6 * largest(wasm.numbers.dQkv));
  });
});

const FIRING = [
  { kind: "lif", scoreGain: 16, valueGain: 16 },
  { kind: "spikformer" },
  { kind: "sdsa-1", scale: 0.5 },
  { kind: "sdsa-3", scale: 0.25 },
  { kind: "qk-token", scale: 0.25 },
  { kind: "qk-channel", scale: 0.125 },
  { kind: "alpha-xnor", scale: 0.0625 },
  { kind: "binary-map", cut: 2 },
  { kind: "random" },
].map((attention) => attentionSpec.parse(attention) as FiringSpec);

const NEURONS = [
  { neuron: neuronSpec.parse({ kind: "lif" }), surrogate: { kind: "atan", alpha: 2 } },
  { neuron: neuronSpec.parse({ kind: "if", reset: "soft" }), surrogate: { kind: "triangular", width: 1 } },
] as const;

describe.each(FIRING)("attention of kind $kind", (attention) => {
  const parts = ATTENTION_PARTS[attention.kind].length;
  for (const sizes of attention.kind === "lif" || attention.kind === "sdsa-1" ? [...SIZES, LONG] : SIZES.slice(1)) {
    testOnGpu(`fires like that in WebAssembly, and passes gradients back: ${nameOf(sizes)}`, async () => {
      const { steps, prompts, tokens, width, heads } = sizes;
      const outWords = Math.ceil(width / 32);
      const rows = steps * prompts * tokens;
      const results = NEURONS.flatMap(({ neuron }) => [`out of ${neuron.kind}`, `dQkv of ${neuron.kind}`]);
      const { qkv, mask, dOut, dQkv } = arraysOf(sizes, parts);
      const { wasm, gpu } = await onBoth<string>(
        {
          ...{ qkv, mask, dOut },
          ...Object.fromEntries(results.map((name) => [name, name.startsWith("out") ? unset(rows * outWords) : dQkv])),
        },
        results,
        (ops, at, scratch) => {
          for (const { neuron, surrogate } of NEURONS) {
            const of = { ...attended(sizes, { qkv: at.qkv, mask: at.mask }, parts), attention, neuron, scratch };
            ops.firingAttention({ ...of, out: { at: at[`out of ${neuron.kind}`], words: outWords, features: width } });
            ops.firingAttentionBackward({ ...of, surrogate, dOut: at.dOut, dQkv: at[`dQkv of ${neuron.kind}`] });
          }
        },
        firingScratch(steps, tokens, width / heads),
      );
      for (const { neuron } of NEURONS) {
        const [out, d] = [`out of ${neuron.kind}`, `dQkv of ${neuron.kind}`];
        // Sums are in the same order, of the same numbers.
        expect(gpu.words[out]).toEqual(wasm.words[out]);
        expectWithin(gpu.numbers[d], wasm.numbers[d], 2e-6 * largest(wasm.numbers[d]), d);
      }
    });
  }
});

testOnGpu("gradients do not depend on how many prompts are attended to at a time", async () => {
  const sizes = { steps: 2, prompts: 5, tokens: 9, width: 24, heads: 2, density: 0.4 };
  const { qkv, mask, dOut, dQkv } = arraysOf(sizes, 3);
  const gradientOf = async (attention: FiringSpec | null, mostPairWords: number) => {
    const recorder = openRecorder(gpu, 1 << 20);
    const memory = memoryOps(recorder);
    const places = arena(0, 1 << 20);
    const put = (array: Uint32Array | Float32Array) => {
      const at = places.words(array.length);
      memory.write(at, array);
      return at;
    };
    const at = { qkv: put(qkv), mask: put(mask) };
    const of = { ...attended(sizes, at, 3), scratch: 0, dOut: put(dOut), dQkv: put(dQkv) };
    const ops = attentionOps(recorder, mostPairWords);
    if (attention) ops.firingAttentionBackward({ ...of, attention, ...NEURONS[0] });
    else ops.stochasticAttentionBackward({ ...of, scoreGain: 4, valueGain: 8, scores: null });
    const gradient = await memory.words(of.dQkv, dQkv.length);
    recorder.close();
    return gradient;
  };
  const pairsOfAPrompt = sizes.steps * sizes.heads * sizes.tokens ** 2;
  for (const attention of [FIRING[0], FIRING[1], null]) {
    const whole = await gradientOf(attention, 1 << 20);
    // Two prompts at a time, then the last; and one even where its pairs do not fit.
    expect(await gradientOf(attention, 2 * pairsOfAPrompt)).toEqual(whole);
    expect(await gradientOf(attention, 1)).toEqual(whole);
  }
});
