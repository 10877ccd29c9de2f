/**
 * The errors of hardware on weights for hardware-aware training, on a GPU: twin of `../wasm/hardware-noise.ts`. Nothing is read back: the
 * host only draws which devices are stuck, and the errors of converters.
 */
import { quantileRank } from "../../numeric/quantile.ts";
import { gridOf } from "../../webgpu/kernel.ts";
import { THREEFRY } from "../../webgpu/threefry.ts";
import type { Fault, FoldedNorm, TrainingOps } from "../training-ops.ts";
import { eachItem, gpuKernel } from "./kernel.ts";
import type { Recorder } from "./recorder.ts";

const LANES = 256;

const BLOCK = {
  source: "place",
  rows: "u32",
  columns: "u32",
  stride: "u32",
  normed: "u32",
  gain: "place",
  variance: "place",
  epsilon: "f32",
  rank: "u32",
} as const;

/**
 * The value of a rank among the sizes that a group looks at, bit by bit: sizes are not negative, so they have the order of their bits. A
 * value of 0 gives way to the largest.
 */
const SELECT = `
var<workgroup> below: atomic<u32>;
var<workgroup> most: atomic<u32>;

fn foldOf(column: u32) -> f32 {
  if (call.normed == 0u) { return 1.0; }
  return abs(load(call.gain + column)) / sqrt(load(call.variance + column) + call.epsilon);
}

/** The size of a weight, times the factor of its column; \`alone\`, as it is where that is 0. */
fn sizeOf(row: u32, column: u32, alone: bool) -> u32 {
  let fold = foldOf(column);
  let size = abs(load(call.source + row * call.stride + column));
  return bitcast<u32>(select(size * fold, size, alone && !(fold > 0.0)));
}

fn selected(lane: u32, first: u32, columns: u32, alone: bool) -> u32 {
  var found = 0u;
  for (var bit = 31u; bit > call.zero; bit--) {
    let candidate = found | (1u << (bit - 1u));
    if (lane == 0u) { atomicStore(&below, 0u); }
    workgroupBarrier();
    var own = 0u;
    for (var i = lane; i < call.rows * columns; i += ${LANES}u) {
      own += select(0u, 1u, sizeOf(i / columns, first + i % columns, alone) < candidate);
    }
    atomicAdd(&below, own);
    workgroupBarrier();
    if (atomicLoad(&below) <= call.rank) { found = candidate; }
    workgroupBarrier();
  }
  var own = 0u;
  for (var i = lane; i < call.rows * columns; i += ${LANES}u) { own = max(own, sizeOf(i / columns, first + i % columns, alone)); }
  atomicMax(&most, own);
  workgroupBarrier();
  return select(found, atomicLoad(&most), found == 0u);
}
`;

/** The largest size that all columns share, left in the scratch memory. */
const SHARED_LARGEST = gpuKernel({
  name: "largest of a block",
  numbers: BLOCK,
  lanes: LANES,
  helpers: SELECT,
  body: `
  let value = selected(lane, 0u, call.columns, false);
  if (lane == 0u) { parts[0] = value; }`,
});

/** A group for each column. */
const COLUMN_LARGEST = gpuKernel({
  name: "largest of columns",
  numbers: { ...BLOCK, together: "u32", result: "place" },
  lanes: LANES,
  helpers: SELECT,
  body: `
  let column = group.x;
  let own = bitcast<f32>(selected(lane, column, 1u, true));
  if (lane != 0u) { return; }
  let fold = foldOf(column);
  let size = select(own, loadPart(0u), call.together != 0u && fold > 0.0);
  store(call.result + column, select(size, size / fold, fold > 0.0));`,
});

/** A lane for each weight with stuck devices: its index, and how many are stuck at zero and at the maximum, plus and minus, a byte each. */
const STUCK = eachItem(
  "stuck devices",
  { result: "place", columns: "u32", stride: "u32", parallel: "f32", largest: "place" },
  `
  let weight = parts[2u * at];
  let counts = unpack4xU8(parts[2u * at + 1u]);
  let column = weight % call.columns;
  let place = call.result + weight / call.columns * call.stride + column;
  let shown = load(place);
  let full = load(call.largest + column);
  let plus = f32(counts.y) * full - f32(counts.x + counts.y) * max(shown, 0.0);
  let minus = -f32(counts.w) * full - f32(counts.z + counts.w) * min(shown, 0.0);
  store(place, shown + (plus + minus) / call.parallel);`,
);

const DROP = eachItem(
  "drop",
  { result: "place", key0: "u32", key1: "u32", below: "u32" },
  `
  let block = threefry(vec2u(call.key0, call.key1), vec2u(at >> 1u, 0u));
  if (select(block.x, block.y, (at & 1u) != 0u) < call.below) { storeWord(call.result + at, 0u); }`,
  THREEFRY,
);

/** From the scratch memory: errors of offsets, then of gains. */
const COLUMN_ERRORS = eachItem(
  "column errors",
  {
    ...{ offset: "place", normed: "u32", exact: "place", mean: "place", variance: "place", epsilon: "f32" },
    ...{ gain: "place", threshold: "f32" },
  },
  `
  let moved = loadPart(at);
  let scaled = loadPart(call.count + at);
  let before = load(call.offset + at);
  if (call.normed == 0u) {
    store(call.offset + at, before + call.threshold * moved);
    return;
  }
  let exact = load(call.exact + at);
  let share = load(call.mean + at) / sqrt(load(call.variance + at) + call.epsilon);
  store(call.gain + at, exact * (1.0 + scaled));
  store(call.offset + at, before + abs(exact) * moved + exact * scaled * share);`,
);

const SCALE_COLUMNS = eachItem(
  "scale columns",
  { result: "place", columns: "u32" },
  `
  let scaled = loadPart(call.columns + at % call.columns);
  store(call.result + at, load(call.result + at) * (1.0 + scaled));`,
);

type HardwareNoiseOps = Pick<TrainingOps, "largestShown" | "stickDevices" | "drop" | "addColumnErrors">;

/** The numbers of a BatchNorm, if there is one. */
const foldNumbers = (norm: FoldedNorm | null) => ({
  ...{ normed: norm ? 1 : 0, gain: norm?.gain ?? 0, variance: norm?.variance ?? 0, epsilon: norm?.epsilon ?? 0 },
});

export const hardwareNoiseOps = ({ call, each, reserve, writeParts }: Recorder): HardwareNoiseOps => ({
  largestShown: ({ source, rows, columns, stride, norm, shared, quantile, target }) => {
    const block = { source, rows, columns, stride, ...foldNumbers(norm) };
    reserve(1);
    if (shared) call(SHARED_LARGEST, { ...block, rank: quantileRank(rows * columns, quantile) }, [1, 1, 1]);
    const rank = quantileRank(rows, quantile);
    call(COLUMN_LARGEST, { ...block, rank, together: shared ? 1 : 0, result: target }, gridOf(columns, 1));
  },
  stickDevices: ({ target, columns, stride, faults, parallel, largest }) => {
    const stuck = stuckWeights(faults);
    writeParts(stuck);
    each(STUCK, stuck.length / 2, { result: target, columns, stride, parallel, largest });
  },
  drop: ({ target, count, share, key: [key0, key1] }) =>
    each(DROP, count, { result: target, key0, key1, below: Math.ceil(2 ** 32 * share) }),
  addColumnErrors: ({ columns, offsets, gains, offset, on }) => {
    writeParts(new Uint32Array(Float32Array.of(...offsets, ...gains).buffer));
    const [normed, plain] = on.norm ? [on, null] : [null, on];
    each(COLUMN_ERRORS, columns, {
      ...{ offset, normed: normed ? 1 : 0, threshold: plain?.threshold ?? 0, gain: normed?.gain ?? 0 },
      ...{ exact: normed?.norm.gain ?? 0, mean: normed?.norm.mean ?? 0, variance: normed?.norm.variance ?? 0 },
      epsilon: normed?.norm.epsilon ?? 0,
    });
    if (plain) each(SCALE_COLUMNS, plain.rows * columns, { result: plain.weight, columns });
  },
});

/** Two words for each weight: its index, and its stuck devices by sign and place. */
export function stuckWeights(faults: readonly Fault[]): Uint32Array {
  const stuck: number[] = [];
  for (const { weight, sign, at } of faults) {
    if (stuck.at(-2) !== weight) stuck.push(weight, 0);
    stuck[stuck.length - 1] += 2 ** (8 * ((sign > 0 ? 0 : 2) + (at === "maximum" ? 1 : 0)));
  }
  return Uint32Array.from(stuck);
}
