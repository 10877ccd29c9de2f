// From spikes to attention bits: one query of one head in the second time step, and the random bytes that decide.
// Told in docs/guide.md. Run: node examples/06-inside-a-tile.mjs
import { lfsrDraws } from "xpikeformer";
import { bitsOf, experiment, fixed, mapping, random, row, section } from "./tiny-machine.mjs";

const [step, query, contexts] = [1, 6, [1, 3, 5]];
const [{ tokens, dimension }] = mapping.attention;
const { steps, width, attention } = experiment.model;
// The bytes that the simulator's tile drew: block 0, prompt 0, head 0.
const draws = lfsrDraws({ steps, tokens, dimension }, attention.draws, random.fork("attention", 0, 0, 0));
/** Part 0, 1, 2 of a row are q, k, v of all heads; head 0 owns the first bits of each. */
const head = (token, part) => bitsOf("blocks.0.qkv", step, token).slice(part * width, part * width + dimension);
const encode = (count, gain, normaliser, byte) => ({
  count,
  byte,
  probability: fixed(Math.min(1, (gain * count) / normaliser), 3),
  bit: byte * normaliser < gain * count * 256 ? 1 : 0,
});

section(
  "spikes",
  `q of q4   ${head(query, 0).join("")}`,
  contexts.map(
    (token, j) => `k of c${j + 1}   ${head(token, 1).join("")}    v of c${j + 1}   ${head(token, 2).join("")}`,
  ),
);

const scores = contexts.map((token) => {
  const count = head(token, 1).filter((bit, d) => bit && head(query, 0)[d]).length;
  return encode(count, attention.scoreGain, dimension, draws.score(step, query, token));
});
section(
  "scores",
  row([4, 8, 8, 8, 10, 17, 5], "", "count", "P", "byte", "8 x byte", "256 x 2 x count", "S"),
  scores.map(({ count, probability, byte, bit }, j) =>
    row([4, 8, 8, 8, 10, 17, 5], `c${j + 1}`, count, probability, byte, 8 * byte, 512 * count, bit),
  ),
);

const outputs = Array.from({ length: dimension }, (_, d) => {
  const sum = contexts.filter((token, j) => scores[j].bit && head(token, 2)[d]).length;
  return encode(sum, attention.valueGain, tokens, draws.output(step, query, d));
});
section(
  "outputs",
  row([8, 6, 8], "feature", "sum", "P", "byte", "A"),
  outputs.map(({ count, probability, byte, bit }, d) => row([8, 6, 8], d, count, probability, byte, bit)),
  `the simulator's bits: ${bitsOf("blocks.0.attention", step, query).slice(0, dimension).join("")}`,
);

section(
  "bytes",
  row([16, 5], "step", [1, 2, 3, 4]),
  contexts.map((token, j) =>
    row(
      [16, 5],
      `score with c${j + 1}`,
      [0, 1, 2, 3].map((t) => draws.score(t, query, token)),
    ),
  ),
);
