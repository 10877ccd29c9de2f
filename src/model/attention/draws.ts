/** The random words of stochastic attention. */
import type { DrawKind } from "../../experiment/attention.ts";
import type { Stream } from "../../numeric/stream.ts";
import type { HeadLayout } from "../heads.ts";
import { ORDERED_SCORE, orderedOutput, stratify } from "../neuron/bernoulli.ts";
import { expectShape } from "../shape.ts";

/** 32-bit words of one layer, or of one head (then without the dimensions B and H). */
export interface AttentionDraws {
  /** `[T][B][H][N][N]` */
  readonly scoreDraws: Uint32Array;
  /** `[T][B][H][N][d]` */
  readonly outputDraws: Uint32Array;
}

/**
 * Words for all heads of one layer: `independent` draws new words at every step, `stratified` draws one per bit and spreads it
 * over the steps, `ordered` uses the constants of `orderedWords`.
 *
 * Random   `random.fork("scores")` and `random.fork("outputs")`; ordered: none
 */
export function drawAttention(random: Stream, layout: HeadLayout, kind: DrawKind): AttentionDraws {
  const { steps, prompts, tokens, heads, dimension } = layout;
  if (kind === "ordered") return orderedWords(layout);
  const draw = (name: string, size: number) => {
    const stream = random.fork(name);
    const words = new Uint32Array(kind === "stratified" ? size : steps * size).map(() => stream.word());
    return kind === "stratified" ? stratify(words, steps) : words;
  };
  const rows = prompts * heads * tokens;
  return { scoreDraws: draw("scores", rows * tokens), outputDraws: draw("outputs", rows * dimension) };
}

/**
 * Deterministic words, the same for every prompt, head and token: a constant for scores and one for each output feature, spread
 * over the steps.
 */
export function orderedWords({ steps, prompts, tokens, heads, dimension }: HeadLayout): AttentionDraws {
  const rows = prompts * heads * tokens;
  const outputs = Uint32Array.from(
    { length: rows * dimension },
    (_, i) => orderedOutput(i % dimension, dimension) << 24,
  );
  return {
    scoreDraws: stratify(new Uint32Array(rows * tokens).fill(ORDERED_SCORE << 24), steps),
    outputDraws: stratify(outputs, steps),
  };
}

/** The words of head `index` of `prompt`. */
export function headDraws(draws: AttentionDraws, layout: HeadLayout, prompt: number, index: number): AttentionDraws {
  const { steps, prompts, tokens, heads, dimension } = layout;
  expectShape("scoreDraws", draws.scoreDraws.length, { steps, prompts, heads, queries: tokens, keys: tokens });
  expectShape("outputDraws", draws.outputDraws.length, { steps, prompts, heads, tokens, dimension });
  const pick = (words: Uint32Array, size: number) => {
    const picked = new Uint32Array(steps * size);
    for (let t = 0; t < steps; t++) {
      const from = ((t * prompts + prompt) * heads + index) * size;
      picked.set(words.subarray(from, from + size), t * size);
    }
    return picked;
  };
  return {
    scoreDraws: pick(draws.scoreDraws, tokens * tokens),
    outputDraws: pick(draws.outputDraws, tokens * dimension),
  };
}
