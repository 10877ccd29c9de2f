/** Rounding of values to codes, and its straight-through gradient, on a GPU: twin of `../assembly/rounding.ts`, which has the equations. */
import type { DenseOps, RoundedBlock } from "../ops.ts";
import { eachItem, type NumberKind } from "./kernel.ts";
import type { Recorder } from "./recorder.ts";
import { sumKernel, talliesOf } from "./tally.ts";

const BLOCK = {
  source: "place",
  columns: "u32",
  stride: "u32",
  step: "place",
  shift: "place",
  low: "f32",
  high: "f32",
} as const satisfies Record<string, NumberKind>;

const CODES = `
/** Where item \`at\` of the block is in the matrix. */
fn placeOf(at: u32) -> u32 { return at / call.columns * call.stride + at % call.columns; }
fn codeOf(v: f32) -> f32 { return clamp(round(v), call.low, call.high); }
`;

const FORWARD = eachItem(
  "round to codes",
  { ...BLOCK, result: "place" },
  `
  let step = load(call.step);
  let shift = load(call.shift);
  let v = (load(call.source + placeOf(at)) - shift) / step;
  store(call.result + placeOf(at), step * codeOf(v) + shift);`,
  CODES,
);

/** Where low <= v <= high: dx = d, dstep += d (q - v); beyond: dx = 0, dstep += d q, dshift += d. */
const BACKWARD = sumKernel(
  "round to codes: backward",
  { ...BLOCK, d: "place" },
  {
    helpers: CODES,
    each: `
    let v = (load(call.source + placeOf(at)) - load(call.shift)) / load(call.step);
    let d = load(call.d + placeOf(at));
    let within = v >= call.low && v <= call.high;
    store(call.d + placeOf(at), select(0.0, d, within));`,
    terms: ["d * (codeOf(v) - select(0.0, v, within))", "select(d, 0.0, within)"],
  },
);

const numbersOf = ({ source, columns, stride, step, shift, low, high }: RoundedBlock) => {
  return { source, columns, stride, step, shift, low, high };
};

export function roundingOps(recorder: Recorder): Pick<DenseOps, "roundToCodes" | "roundToCodesBackward"> {
  const tallies = talliesOf(recorder);
  return {
    roundToCodes: ({ target, ...of }) =>
      recorder.each(FORWARD, of.rows * of.columns, { ...numbersOf(of), result: target }),
    roundToCodesBackward: ({ d, dStep, dShift, ...of }) =>
      tallies.numbers(BACKWARD, of.rows * of.columns, { ...numbersOf(of), d }, [dStep, dShift]),
  };
}
