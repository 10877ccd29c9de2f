/** The attention kernels against `model/`, on sizes that the small networks of `spiking-suite.ts` do not reach. */

import { describe, expect } from "vitest";
import { ATTENTION_PARTS } from "../../src/experiment/by-attention.ts";
import { transformerSpec } from "../../src/experiment/model.ts";
import { reserveBits } from "../../src/kernels/arena.ts";
import { attentionScratch, bindAttention, planAttention } from "../../src/kernels/attention.ts";
import { attentionDraws } from "../../src/kernels/draws.ts";
import { bitMask, maskWords } from "../../src/kernels/masks.ts";
import type { TrainingOps } from "../../src/kernels/training-ops.ts";
import { initialise } from "../../src/model/network.ts";
import { stream } from "../../src/numeric/stream.ts";
import { packSpikes, unpackSpikes } from "../../src/spike/train.ts";
import { attend } from "./attend.ts";
import { type Backend, type BackendTest, wordsAt } from "./backends.ts";
import { expectClose, normals } from "./gradient.ts";

const PROMPTS = 2;
const STEPS = 2;
const KEY = [3, -4] as const;
const FIRST = 5;

const FIRING = [
  { kind: "spikformer" },
  { kind: "sdsa-1", scale: 0.5 },
  { kind: "sdsa-3", scale: 0.25 },
  { kind: "qk-token", scale: 0.25 },
  { kind: "qk-channel", scale: 0.125 },
  { kind: "alpha-xnor", scale: 0.0625 },
  { kind: "binary-map", cut: 2 },
  { kind: "random" },
  { kind: "none" },
] as const;

/** @param test  vitest's, or one that is skipped where the backend has no device */
export const attentionSuite = (backend: Backend<TrainingOps>, test: BackendTest) =>
  describe(`on ${backend.name}`, () => {
    // A head that fills its 64-bit word, more tokens than a word has bits, heads that straddle 32-bit words, one token, and
    // densities at which most probabilities are saturated and at which nothing fires.
    for (const { tokens, width, heads, density, attention, mode } of [
      { tokens: 70, width: 128, heads: 2, density: 0.15, attention: { kind: "stochastic" }, mode: "sampled" },
      { tokens: 70, width: 128, heads: 2, density: 0.6, attention: { kind: "stochastic" }, mode: "sampled" },
      { tokens: 70, width: 128, heads: 2, density: 0.3, attention: { kind: "stochastic" }, mode: "expected" },
      { tokens: 37, width: 40, heads: 8, density: 0.4, attention: { kind: "stochastic" }, mode: "sampled" },
      { tokens: 37, width: 40, heads: 8, density: 0.4, attention: { kind: "stochastic" }, mode: "expected" },
      { tokens: 1, width: 24, heads: 1, density: 0.5, attention: { kind: "stochastic" }, mode: "sampled" },
      { tokens: 6, width: 24, heads: 2, density: 0, attention: { kind: "stochastic" }, mode: "sampled" },
      { tokens: 18, width: 40, heads: 8, density: 0.4, attention: { kind: "lif" }, mode: "sampled" },
      ...FIRING.flatMap((attention) => [
        { tokens: 18, width: 40, heads: 8, density: 0.4, attention, mode: "sampled" } as const,
        { tokens: 70, width: 128, heads: 2, density: 0.1, attention, mode: "sampled" } as const,
      ]),
    ] as const) {
      const sizes = `${tokens} tokens, ${heads} heads of ${width / heads}, ${100 * density} % ones`;
      test(`${attention.kind} attention equals the reference (${mode}), forward and backward: ${sizes}`, async () => {
        const model = transformerSpec.parse({
          width,
          heads,
          depth: 1,
          steps: STEPS,
          attention: attention.kind === "stochastic" ? { ...attention, draws: "independent" } : attention,
        });
        // Tokens attend to earlier even tokens, as queries do to context tokens; odd tokens are never keys.
        const allowed = Uint8Array.from({ length: tokens * tokens }, (_, cell) => {
          const [i, j] = [Math.floor(cell / tokens), cell % tokens];
          return j <= i && j % 2 === 0 ? 1 : 0;
        });
        const parts = ATTENTION_PARTS[attention.kind].length;
        const geometry = { inputs: 1, tokens, classes: 2, mask: allowed, queries: Int32Array.of(tokens - 1) };
        const rows = PROMPTS * tokens;
        const random = stream(1).fork(tokens, width);
        const qkv = Uint8Array.from({ length: STEPS * rows * parts * width }, () =>
          random.uniform() < density ? 1 : 0,
        );
        const dA = normals(STEPS * rows * width, 2).map(Math.fround);

        const { ops, arena } = backend.create(16 << 20);
        const mask = arena.words(tokens * maskWords(tokens));
        const { neuron, surrogate } = model;
        const how = { attention: model.attention, neuron, surrogate };
        const shape = { how, heads, dimension: width / heads, tokens, steps: STEPS };
        const places = planAttention(arena, shape, { maxPrompts: PROMPTS, mode });
        const scratch = arena.words(attentionScratch(shape, true));
        const packed = reserveBits(arena, STEPS * rows, parts * width);
        const upstream = arena.words(STEPS * rows * width);
        const gradient = arena.words(STEPS * rows * parts * width);
        ops.write(mask, bitMask(geometry));
        const pass = bindAttention(ops, places, shape, { block: 0, mask, scratch });
        ops.write(packed.at, packSpikes(qkv, STEPS, rows, parts * width).words);
        pass.forward(packed, PROMPTS, { key: KEY, firstPrompt: FIRST });
        ops.write(upstream, Float32Array.from(dA));
        pass.backward(upstream, packed, PROMPTS, gradient);

        const layout = { steps: STEPS, prompts: PROMPTS, tokens, heads, dimension: width / heads };
        const draws =
          attention.kind === "stochastic" && mode === "sampled"
            ? attentionDraws(KEY, 0, FIRST, layout, "independent")
            : null;
        const network = initialise(model, geometry, stream(1));
        const reference = attend(network, 0, Float64Array.from(qkv), layout, draws);
        if (places.bits) {
          const { at, words } = places.bits;
          const bits = await wordsAt(ops, at, STEPS * rows * words);
          expect(unpackSpikes({ steps: STEPS, rows, features: width, words: bits })).toEqual(reference.attended!.fired);
        } else {
          // Products of counts and gains up to 16, divided once or twice: a few units of 2^-24.
          const values = await ops.read(places.values!, STEPS * rows * width);
          expectClose(values, reference.output, { absolute: 1e-6 }, "values");
        }
        const [expected] = reference.backward(Float64Array.from(dA), { gradients: {} });
        const largest = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
        const actual = await ops.read(gradient, expected.length);
        // Sums of at most a few thousand products, each rounded to 2^-24; the surrogate of LIF attention has an error of 3e-6.
        expectClose(actual, expected, { absolute: 5e-6 * largest }, "gradient");
      });
    }
  });
