/**
 * Packed spikes as numbers: added to the stream, and as rates that the head reads. Twins: `model/read-out.ts` and `spike/train.ts`; on the
 * CPU `kernels/assembly/` `elementwise.ts` and `read-out.ts`.
 */
import { eachItem, gpuKernel } from "./kernel.ts";
import { countKernel, PAIRS, SUM_LANES } from "./tally.ts";

/** target [rows, features] += bits [rows][bitWords] as 0 and 1. */
export const ADD_BITS = eachItem(
  "add bits",
  { bits: "place", result: "place", bitWords: "u32", features: "u32" },
  `
  let feature = at % call.features;
  let word = loadWord(call.bits + at / call.features * call.bitWords + feature / 32u);
  store(call.result + at, load(call.result + at) + f32((word >> (feature % 32u)) & 1u));
`,
);

const SIZES = {
  steps: "u32",
  prompts: "u32",
  tokens: "u32",
  chosen: "place",
  chosenTokens: "u32",
  features: "u32",
} as const;

/** The row at the first step of item `at` of [prompts, chosen, features]. */
const CHOSEN_ROW = `
fn chosenRow(at: u32) -> u32 {
  let answer = at / call.features;
  return answer / call.chosenTokens * call.tokens + loadWord(call.chosen + answer % call.chosenTokens);
}
`;

/** rates [prompts, chosen, features] = the share of the steps in which a neuron fired. Shapes: bits [steps][prompts tokens][bitWords]. */
export const SPIKE_RATES = eachItem(
  "spike rates",
  { ...SIZES, bits: "place", bitWords: "u32", rates: "place" },
  `
  let feature = at % call.features;
  let place = call.bits + chosenRow(at) * call.bitWords + feature / 32u;
  var fired = 0u;
  for (var t = 0u; t < call.steps; t++) {
    fired += (loadWord(place + t * call.prompts * call.tokens * call.bitWords) >> (feature % 32u)) & 1u;
  }
  store(call.rates + at, f32(fired) / f32(call.steps));
`,
  CHOSEN_ROW,
);

/** dSpikes [steps, prompts tokens, features] = dRates / steps at the chosen tokens; the rest is 0 already. */
export const SPIKE_RATES_BACKWARD = eachItem(
  "spike rates backward",
  { ...SIZES, dRates: "place", dSpikes: "place" },
  `
  let share = load(call.dRates + at) / f32(call.steps);
  let place = call.dSpikes + chosenRow(at) * call.features + at % call.features;
  for (var t = 0u; t < call.steps; t++) { store(place + t * call.prompts * call.tokens * call.features, share); }
`,
  CHOSEN_ROW,
);

/** Counts set bits of an array of words. */
export const COUNT_BITS = countKernel("count bits", { bits: "place" }, "countOneBits(loadWord(call.bits + at))");

/**
 * The penalty on a firing rate, from the counts [count] that groups of `COUNT_BITS` left. Twin: `model/spike-rate.ts`.
 *
 *   e = max(0, ones / neurons - rate);   tally += weight e^2;   slope = scale 2 weight e / neurons, the first word of the scratch memory
 */
export const RATE_PENALTY = gpuKernel({
  name: "rate penalty",
  numbers: { count: "u32", neurons: "f32", rate: "f32", weight: "f32", scale: "f32", tally: "place" },
  lanes: SUM_LANES,
  helpers: `${PAIRS}
var<workgroup> ones: atomic<u32>;
`,
  body: `
  var own = 0u;
  for (var i = lane; i < call.count; i += ${SUM_LANES}u) { own += parts[i]; }
  atomicAdd(&ones, own);
  workgroupBarrier();
  if (lane == 0u) {
    let excess = max(0.0, f32(atomicLoad(&ones)) / call.neurons - call.rate);
    let next = plus(vec2f(load(call.tally), load(call.tally + 1u)), vec2f(call.weight * excess * excess, 0.0));
    store(call.tally, next.x);
    store(call.tally + 1u, next.y);
    storePart(0u, call.scale * 2.0 * call.weight * excess / call.neurons);
  }
`,
});

/** target [count] += the first word of the scratch memory. */
export const ADD_PART = eachItem(
  "add part",
  { result: "place" },
  "  store(call.result + at, load(call.result + at) + loadPart(0u));",
);
