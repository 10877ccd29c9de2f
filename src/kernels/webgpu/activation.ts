/**
 * GELU, in the tanh approximation of GPT-2 and exact, and ReLU on a GPU: twin of `../assembly/gelu.ts`, which has the equations and the
 * source of the coefficients.
 */
import type { Activation } from "../../experiment/model.ts";
import type { DenseOps } from "../ops.ts";
import { EXPONENTIAL } from "./elementary.ts";
import { eachItem } from "./kernel.ts";
import type { Recorder } from "./recorder.ts";

const TANH_GELU = `${EXPONENTIAL}
const A = 1.5957691216057308;
const B = 0.044715;
fn value(x: f32) -> f32 {
  let u2 = A * x * (1.0 + B * (x * x));
  return select(0.0, x * sigmoid(u2), matters(u2));
}
fn slope(x: f32) -> f32 {
  let bxx = B * (x * x);
  let u2 = A * x * (1.0 + bxx);
  let s = select(0.0, sigmoid(u2), matters(u2));
  return s + (s * (1.0 - s)) * (A * x * (1.0 + 3.0 * bxx));
}
`;

const GELU = `${EXPONENTIAL}
/** e^(-x^2 / 2), or 0 where it does not matter. */
fn bell(x: f32) -> f32 {
  let argument = -0.5 * (x * x);
  return select(0.0, exponential(argument), matters(argument));
}
/** Phi(x); 0.2828... is 0.4 / sqrt 2. */
fn distribution(x: f32, bellX: f32) -> f32 {
  let t = 1.0 / (1.0 + 0.28284271247461906 * abs(x));
  var r = 0.03551672026515007;
  r = r * t - 0.11170511692762375;
  r = r * t + 0.023141972720623016;
  r = r * t + 0.15984757244586945;
  r = r * t + 0.028264015913009644;
  r = r * t + 0.21624548733234406;
  r = r * t + 0.19576404988765717;
  r = r * t + 0.22734737396240234;
  r = r * t + 0.2255779653787613;
  let tail = 0.5 * bellX * (t * r);
  return select(1.0 - tail, tail, x < 0.0);
}
fn value(x: f32) -> f32 { return x * distribution(x, bell(x)); }
fn slope(x: f32) -> f32 {
  let bellX = bell(x);
  return distribution(x, bellX) + x * (0.3989422804014327 * bellX);
}
`;

const RELU = `
fn value(x: f32) -> f32 { return max(0.0, x); }
fn slope(x: f32) -> f32 { return select(0.0, 1.0, x > 0.0); }
`;

/** WGSL of value(x) and slope(x). */
const FUNCTIONS: Readonly<Record<Activation, string>> = { "gelu-tanh": TANH_GELU, gelu: GELU, relu: RELU };

const kernelsOf = (activation: Activation) => ({
  forward: eachItem(
    `${activation}`,
    { source: "place", result: "place" },
    "  store(call.result + at, value(load(call.source + at)));",
    FUNCTIONS[activation],
  ),
  backward: eachItem(
    `${activation}: backward`,
    { source: "place", dTarget: "place", dSource: "place" },
    "  store(call.dSource + at, load(call.dTarget + at) * slope(load(call.source + at)));",
    FUNCTIONS[activation],
  ),
});

const KERNELS: Readonly<Record<Activation, ReturnType<typeof kernelsOf>>> = {
  "gelu-tanh": kernelsOf("gelu-tanh"),
  gelu: kernelsOf("gelu"),
  relu: kernelsOf("relu"),
};

export const activationOps = ({ each }: Recorder): Pick<DenseOps, "activate" | "activateBackward"> => ({
  activate: ({ activation, source, count, target }) =>
    each(KERNELS[activation].forward, count, { source, result: target }),
  activateBackward: ({ activation, source, count, dTarget, dSource }) =>
    each(KERNELS[activation].backward, count, { source, dTarget, dSource }),
});
