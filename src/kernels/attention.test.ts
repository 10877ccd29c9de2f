/** The attention kernels against `model/`, on sizes that the small networks of `spiking.test.ts` do not reach. */
import { expect, test } from "vitest";
import { expectClose, normals } from "../../test/support/gradient.ts";
import { initialise } from "../model/network.ts";
import { spikingAttentionBackward, spikingAttentionForward } from "../model/spiking-attention.ts";
import { stream } from "../numeric/stream.ts";
import { spikingSpec } from "../spec/model.ts";
import { packSpikes, unpackSpikes } from "../spike/train.ts";
import { createAttention } from "./attention.ts";
import { attentionDraws } from "./draws.ts";
import { standaloneKernels } from "./memory.ts";
import { reserveBits } from "./spike-linear.ts";

const PROMPTS = 2;
const STEPS = 2;
const KEY = [3, -4] as const;
const FIRST = 5;

// A head that fills its 64-bit word, more tokens than a word has bits, heads that straddle 32-bit words, one token, and
// densities at which most probabilities are saturated and at which nothing fires.
test.each([
  { tokens: 70, width: 128, heads: 2, density: 0.15, neuron: "stochastic", mode: "sampled" },
  { tokens: 70, width: 128, heads: 2, density: 0.6, neuron: "stochastic", mode: "sampled" },
  { tokens: 70, width: 128, heads: 2, density: 0.3, neuron: "stochastic", mode: "expected" },
  { tokens: 37, width: 40, heads: 8, density: 0.4, neuron: "stochastic", mode: "sampled" },
  { tokens: 37, width: 40, heads: 8, density: 0.4, neuron: "stochastic", mode: "expected" },
  { tokens: 1, width: 24, heads: 1, density: 0.5, neuron: "stochastic", mode: "sampled" },
  { tokens: 6, width: 24, heads: 2, density: 0, neuron: "stochastic", mode: "sampled" },
  { tokens: 18, width: 40, heads: 8, density: 0.4, neuron: "lif", mode: "sampled" },
] as const)(
  "attention equals the reference, forward and backward: %o",
  ({ tokens, width, heads, density, neuron, mode }) => {
    const model = spikingSpec.parse({
      width,
      heads,
      depth: 1,
      steps: STEPS,
      attention: { neuron, draws: "independent" },
    });
    // Tokens attend to earlier even ones, as queries do to context tokens; odd tokens are nobody's key.
    const mask = Uint8Array.from({ length: tokens * tokens }, (_, cell) => {
      const [i, j] = [Math.floor(cell / tokens), cell % tokens];
      return j <= i && j % 2 === 0 ? 1 : 0;
    });
    const geometry = { inputs: 1, tokens, classes: 2, mask, queries: Int32Array.of(tokens - 1) };
    const rows = PROMPTS * tokens;
    const random = stream(1).fork(tokens, width);
    const qkv = Uint8Array.from({ length: STEPS * rows * 3 * width }, () => (random.uniform() < density ? 1 : 0));
    const dA = normals(STEPS * rows * width, 2).map(Math.fround);

    const { kernels, arena } = standaloneKernels(16 << 20);
    kernels.f32.fill(Number.NaN, arena.mark() / 4);
    const options = { maxPrompts: PROMPTS, training: true, mode, block: 0 };
    const pass = createAttention(kernels, arena, { model, geometry }, options);
    const packed = reserveBits(arena, STEPS * rows, 3 * width);
    const gradient = arena.words(STEPS * rows * 3 * width);
    kernels.u32.set(packSpikes(qkv, STEPS, rows, 3 * width).words, packed.at / 4);
    pass.forward(packed, PROMPTS, { key: KEY, firstPrompt: FIRST });
    kernels.f32.set(dA, gradient / 4);
    pass.backward(gradient, packed, PROMPTS, gradient);

    const layout = { steps: STEPS, prompts: PROMPTS, tokens, heads, dimension: width / heads };
    const draws =
      neuron === "stochastic" && mode === "sampled" ? attentionDraws(KEY, 0, FIRST, layout, "independent") : null;
    const network = initialise(model, geometry, stream(1));
    const reference = spikingAttentionForward(Float64Array.from(qkv), layout, network, { draws, smooth: false });
    if (pass.bits) {
      const { at, words } = pass.bits;
      const bits = kernels.u32.slice(at / 4, at / 4 + STEPS * rows * words);
      expect(unpackSpikes({ steps: STEPS, rows, features: width, words: bits })).toEqual(reference.fired);
    } else {
      // Products of counts and gains up to 16, divided once or twice: a few units of 2^-24.
      const values = kernels.f32.slice(pass.values / 4, pass.values / 4 + STEPS * rows * width);
      expectClose(values, reference.output, { absolute: 1e-6 }, "values");
    }
    const expected = spikingAttentionBackward(dA, layout, reference.cache);
    const largest = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    const actual = kernels.f32.slice(gradient / 4, gradient / 4 + expected.length);
    // Sums of at most a few thousand products, each rounded to 2^-24; the surrogate of LIF attention is 3e-6 off.
    expectClose(actual, expected, { absolute: 5e-6 * largest }, "gradient");
  },
);
