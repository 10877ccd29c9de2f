/**
 * The optimiser's arithmetic on a GPU: twin of `../wasm/training-ops.ts` and `../assembly/adamw.ts`. Norms and limits of columns stay on
 * the GPU, so that a step is recorded without waiting for a number.
 */
import type { TrainingOps } from "../training-ops.ts";
import { columnReduction, reduceColumns } from "./column-sums.ts";
import { eachItem, gpuKernel } from "./kernel.ts";
import type { Recorder } from "./recorder.ts";
import { SUM_LANES } from "./tally.ts";
import { treeSumAndMost } from "./tree-sum.ts";

const NORM = "fn norm() -> f32 { return sqrt(load(call.squares) + load(call.squares + 1u)); }";

const CLIP_NORM = eachItem(
  "clip norm",
  { result: "place", squares: "place", clipNorm: "f32" },
  `
  let own = norm();
  if (own > call.clipNorm) { store(call.result + at, load(call.result + at) * (call.clipNorm / own)); }`,
  NORM,
);

const DIVIDE_BY_NORM = eachItem(
  "divide by norm",
  { result: "place", squares: "place", epsilon: "f32" },
  "  store(call.result + at, load(call.result + at) * (1.0 / (norm() + call.epsilon)));",
  NORM,
);

/** Loshchilov and Hutter, ICLR 2019, algorithm 2. */
const ADAMW = eachItem(
  "adamw",
  {
    parameter: "place",
    gradient: "place",
    first: "place",
    second: "place",
    learningRate: "f32",
    beta1: "f32",
    beta2: "f32",
    epsilon: "f32",
    decay: "f32",
    inverse1: "f32",
    inverse2: "f32",
  },
  `
  let g = load(call.gradient + at);
  let p = load(call.parameter + at);
  let m = call.beta1 * load(call.first + at) + (1.0 - call.beta1) * g;
  let v = call.beta2 * load(call.second + at) + (1.0 - call.beta2) * (g * g);
  let root = sqrt(v * call.inverse2) + call.epsilon;
  store(call.first + at, m);
  store(call.second + at, v);
  store(call.parameter + at, p - call.learningRate * (m * call.inverse1 / root + call.decay * p));`,
);

/** The sum of the sources is in the scratch memory. */
const ADD_MEANS = eachItem(
  "add means",
  { source: "place", isFirst: "u32" },
  "  storePart(at, select(loadPart(at), 0.0, call.isFirst != 0u) + load(call.source + at));",
);
const MOVE_MEANS = eachItem(
  "move means",
  { running: "place", sources: "f32", momentum: "f32" },
  `
  let running = load(call.running + at);
  store(call.running + at, running + call.momentum * (loadPart(at) / call.sources - running));`,
);

const LIMITS = columnReduction(
  "limits of columns",
  { source: "place", deviations: "f32" },
  {
    each: "      let x = load(call.source + at);",
    terms: ["x * x"],
    finish: "  storePart(keptAt(0u, column), call.deviations * sqrt(sum0 / f32(call.rows)));",
    kept: 1,
  },
);
const CLIP_COLUMNS = eachItem(
  "clip columns",
  { result: "place", columns: "u32", limits: "u32" },
  `
  let limit = loadPart(call.limits + at % call.columns);
  store(call.result + at, clamp(load(call.result + at), -limit, limit));`,
);

const LARGEST = columnReduction(
  "largest of columns",
  { source: "place" },
  { terms: ["abs(load(call.source + at))"], most: true, finish: "  storePart(keptAt(0u, column), sum0);", kept: 1 },
);

/** One group, because columns of a layer share the largest weight times its fold. */
const WEIGHT_DEVIATIONS = gpuKernel({
  name: "weight deviations",
  numbers: {
    columns: "u32",
    largest: "u32",
    share: "f32",
    most: "f32",
    isFolded: "u32",
    isNormalised: "u32",
    gain: "place",
    variance: "place",
    epsilon: "f32",
    result: "place",
  },
  lanes: SUM_LANES,
  helpers: `${treeSumAndMost(SUM_LANES)}
fn foldOf(column: u32) -> f32 {
  if (call.isNormalised == 0u) { return 1.0; }
  return abs(load(call.gain + column)) / sqrt(load(call.variance + column) + call.epsilon);
}
`,
  body: `
  var full = 0.0;
  for (var i = lane; i < call.columns; i += ${SUM_LANES}u) { full = max(full, loadPart(call.largest + i) * foldOf(i)); }
  full = treeMost(lane, full);
  for (var i = lane; i < call.columns; i += ${SUM_LANES}u) {
    let own = loadPart(call.largest + i);
    let fold = foldOf(i);
    var deviation = min(call.share, call.most) * own;
    if (call.isFolded != 0u && fold > 0.0) { deviation = min(call.share * full / fold, call.most * own); }
    store(call.result + i, deviation);
  }
`,
});

export type OptimiserOps = Pick<
  TrainingOps,
  "clipNorm" | "divideByNorm" | "adamw" | "moveMeans" | "clipColumns" | "weightDeviations"
>;

export function optimiserOps(recorder: Recorder): OptimiserOps {
  const { each, reserve, call } = recorder;
  return {
    clipNorm: ({ target, count, squares, clipNorm }) => each(CLIP_NORM, count, { result: target, squares, clipNorm }),
    divideByNorm: ({ target, count, squares, epsilon }) =>
      each(DIVIDE_BY_NORM, count, { result: target, squares, epsilon }),
    adamw: ({ count, correction1, correction2, ...of }) =>
      each(ADAMW, count, { ...of, inverse1: 1 / correction1, inverse2: 1 / correction2 }),
    moveMeans: ({ running, sources, columns, momentum }) => {
      reserve(columns);
      for (const [i, source] of sources.entries()) each(ADD_MEANS, columns, { source, isFirst: i === 0 ? 1 : 0 });
      each(MOVE_MEANS, columns, { running, sources: sources.length, momentum });
    },
    clipColumns: ({ target, rows, columns, deviations }) => {
      const limits = reduceColumns(recorder, LIMITS, { rows, columns }, { source: target, deviations });
      each(CLIP_COLUMNS, rows * columns, { result: target, columns, limits });
    },
    weightDeviations: ({ weight, rows, columns, share, most, fold, target }) => {
      const largest = reduceColumns(recorder, LARGEST, { rows, columns }, { source: weight });
      const norm = fold?.norm;
      const folded = { isFolded: fold ? 1 : 0, isNormalised: norm ? 1 : 0 };
      const { gain = 0, variance = 0, epsilon = 0 } = norm ?? {};
      const sizes = { columns, largest, share, most, result: target };
      call(WEIGHT_DEVIATIONS, { ...sizes, ...folded, gain, variance, epsilon }, [1, 1, 1]);
    },
  };
}
