/**
 * Stochastic attention, forward. Twin: `model/attention/stochastic.ts`; on the CPU `kernels/assembly/stochastic-attention.ts`.
 *
 *   S_ij ~ Bern(min(1, scoreGain |Q_i and K_j| / d)) where the mask allows,  A_ic ~ Bern(min(1, valueGain |S_i and V_c| / N))
 *
 * In whole numbers with the same random words, so that the same bits are sampled on every device (`attention-draws.ts`). A lane makes all
 * steps, because stratified draws are the same at each.
 *
 * Shapes: scores [steps][prompts][heads][tokens][maskWords]; out [steps][prompts tokens][outWords].
 */
import type { DrawKind } from "../../experiment/attention.ts";
import { DRAW_NUMBERS, GPU_DRAWS } from "./attention-draws.ts";
import { FEATURE_OF_GROUP, HEAD_NUMBERS, HEADS, STORE_SPIKES } from "./heads.ts";
import { eachItem, gpuKernel } from "./kernel.ts";
import { PACKED_STEPS, packing } from "./packing.ts";

/** Scores: a lane makes the words of 32 keys of one token, at all steps. Lanes next to each other read the same keys. */
export function scoresKernel(kind: DrawKind, steps: number) {
  const { helpers, score } = GPU_DRAWS[kind];
  return eachItem(
    `${kind} scores at ${steps} steps`,
    { ...HEAD_NUMBERS, ...DRAW_NUMBERS, scores: "place" },
    `
  let i = at % call.tokens;
  let w = at / call.tokens % call.maskWords;
  let head = at / (call.tokens * call.maskWords) % call.heads;
  let prompt = at / (call.tokens * call.maskWords * call.heads);
  var queries: array<vec2u, ${steps}>;
  var fired: array<u32, ${steps}>;
  for (var t = 0u; t < ${steps}u; t++) { queries[t] = headAt(rowAt(t, prompt, i), head * call.dimension); }
  var open = openKeys(i, w);
  while (open != 0u) {
    let bit = firstTrailingBit(open);
    let j = 32u * w + bit;
    open &= open - 1u;
    ${score.once}
    for (var t = 0u; t < ${steps}u; t++) {
      let count = onesOf(queries[t] & headAt(rowAt(t, prompt, j), widthOf() + head * call.dimension));
      if (count == 0u) { continue; }
      if (count > levelOf(${score.word})) { fired[t] |= 1u << bit; }
    }
  }
  for (var t = 0u; t < ${steps}u; t++) {
    storeWord(call.scores + (((t * call.prompts + prompt) * call.heads + head) * call.tokens + i) * call.maskWords + w, fired[t]);
  }
`,
    `${HEADS}${helpers}`,
  );
}

/** Outputs: a lane is a feature of one token, and a group makes two words of every step. */
export function outputsKernel(kind: DrawKind) {
  const { helpers, output } = GPU_DRAWS[kind];
  return gpuKernel({
    name: `${kind} outputs`,
    numbers: { ...HEAD_NUMBERS, ...DRAW_NUMBERS, scores: "place", out: "place", outWords: "u32" },
    lanes: 64,
    helpers: `${HEADS}${helpers}${packing("fired", 64)}
fn sumOf(t: u32, prompt: u32, head: u32, i: u32, bit: u32) -> u32 {
  let row = call.scores + (((t * call.prompts + prompt) * call.heads + head) * call.tokens + i) * call.maskWords;
  var sum = 0u;
  for (var w = 0u; w < call.maskWords; w++) {
    var chosen = loadWord(row + w);
    while (chosen != 0u) {
      sum += u32(bitAt(rowAt(t, prompt, 32u * w + firstTrailingBit(chosen)), bit));
      chosen &= chosen - 1u;
    }
  }
  return sum;
}
`,
    body: `${FEATURE_OF_GROUP}  let head = feature / call.dimension;
  let c = feature % call.dimension;
  let isNeuron = feature < widthOf() && prompt < call.prompts;
  ${output.once}
  for (var first = 0u; first < call.steps; first += ${PACKED_STEPS}u) {
    let count = min(${PACKED_STEPS}u, call.steps - first);
    var spikes = 0u;
    for (var t = first; t < first + count && isNeuron; t++) {
      let sum = sumOf(t, prompt, head, i, 2u * widthOf() + feature);
      if (sum == 0u) { continue; }
      if (sum > levelOf(${output.word})) { spikes |= 1u << (t - first); }
    }
    ${STORE_SPIKES}
  }
`,
  });
}
