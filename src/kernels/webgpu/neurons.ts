/**
 * WGSL of neurons by kind: one step forward, and one step back. Twins: `model/neuron/`; on the CPU `kernels/assembly/` `lif.ts`, `plif.ts`
 * and `alif.ts`.
 *
 *   leaky      V = beta V + I;  fires where V >= threshold;  then V = 0, or V - threshold where `soft`
 *   adaptive   V = beta V + I;  fires where V >= threshold + rise B;  then V as above, and B = decay B + spike
 *
 * Backward, from dS, the gradient of the spike, with the reset taken as a constant and x = V - threshold before the reset:
 *
 *   leaky      dV_t = dS_t s'(x_t) + beta dV_(t+1) (1 - S_t)              soft: without the last factor
 *   adaptive   dS_t + dB_(t+1) instead of dS_t;  dB_t = decay dB_(t+1) - rise (dS_t + dB_(t+1)) s'(x_t)
 */
import { type ByNeuron, forNeuron } from "../../experiment/by-neuron.ts";
import type { LifConstants, NeuronSpec } from "../../experiment/neuron.ts";
import type { Neurons } from "../ops.ts";
import { type GpuKernel, gpuKernel, type NumberKind } from "./kernel.ts";
import { treeSum } from "./tree-sum.ts";

/** The neurons of a kind, as kernels are made for them. */
export interface GpuNeuron {
  /** The kinds with one name share kernels. */
  readonly name: string;
  readonly numbers: Readonly<Record<string, NumberKind>>;
  /**
   * `struct Neuron`, all zeros before the first step; `distance(neuron, current)` integrates and returns V - threshold;
   * `reset(neuron, fired)`. `struct Later`, all zeros after the last step; `back(later, dSpike, slope, fired)` returns dV.
   * Both are written as `Neuron()` and `Later()`: drivers keep the value of a variable without one from the loop's last iteration.
   */
  readonly wgsl: string;
  /** Adds to the gradient of a learned leak what groups left (`fire.ts`); null where the leak is not learned. */
  readonly leakGradient: GpuKernel | null;
  /** The numbers of a call. */
  values(learned: Neurons["learned"]): Readonly<Record<string, number>>;
}

/**
 * WGSL of a lane that goes through all steps and back: it integrates again for the distances, then runs `each` from the last step to the
 * first, which sees `t`, `fired`, the surrogate's `slope`, and `later` for `back`. Needs the WGSL of a neuron and `SURROGATE`.
 *
 * @param before  runs before the neuron integrates step t
 */
export const backThroughSteps = (
  steps: number,
  { current, each, before = "" }: { readonly current: string; readonly each: string; readonly before?: string },
): string => `
  var neuron = Neuron();
  var distances: array<f32, ${steps}>;
  for (var t = 0u; t < ${steps}u; t++) {
    ${before}
    distances[t] = distance(&neuron, ${current});
    reset(&neuron, distances[t] >= 0.0);
  }
  var later = Later();
  for (var left = ${steps}u; left > 0u; left--) {
    let t = left - 1u;
    let fired = distances[t] >= 0.0;
    let slope = slopeAt(distances[t]);
    ${each}
  }
`;

const NEURONS: ByNeuron<GpuNeuron> = {
  lif: leaky,
  if: (neuron) => leaky({ ...neuron, beta: 1 }),
  plif: parametric,
  alif: (neuron) => ({
    name: "adaptive neurons",
    numbers: { ...FIRING, beta: "f32", rise: "f32", decay: "f32" },
    wgsl: `${ADAPTIVE}${FIXED_LEAK}`,
    leakGradient: null,
    values: () => ({ ...firingOf(neuron), beta: neuron.beta, rise: neuron.rise, decay: neuron.decay }),
  }),
};

export const gpuNeuron = (neuron: NeuronSpec): GpuNeuron => forNeuron(neuron, NEURONS);

const FIRING = { threshold: "f32", soft: "u32" } as const;
const firingOf = ({ threshold, reset }: Pick<LifConstants, "threshold" | "reset">) => ({
  threshold,
  soft: reset === "soft" ? 1 : 0,
});

const FIXED_LEAK = `
fn leak() -> f32 { return call.beta; }
`;

/** beta = sigmoid(w) keeps a learned leak between 0 and 1. */
const LEARNED_LEAK = `
fn leak() -> f32 {
  if (call.learned == 0u) { return call.beta; }
  return 1.0 / (1.0 + exp(-load(call.leak)));
}
`;

const LEAKY = `
struct Neuron { v: f32 }
fn distance(neuron: ptr<function, Neuron>, current: f32) -> f32 {
  (*neuron).v = leak() * (*neuron).v + current;
  return (*neuron).v - call.threshold;
}
fn reset(neuron: ptr<function, Neuron>, fired: bool) {
  if (fired) { (*neuron).v = select(0.0, (*neuron).v - call.threshold, call.soft != 0u); }
}

struct Later { dV: f32 }
fn back(later: ptr<function, Later>, dSpike: f32, slope: f32, fired: bool) -> f32 {
  let kept = select((*later).dV, 0.0, fired && call.soft == 0u);
  (*later).dV = dSpike * slope + leak() * kept;
  return (*later).dV;
}
`;

const ADAPTIVE = `
struct Neuron { v: f32, b: f32 }
fn distance(neuron: ptr<function, Neuron>, current: f32) -> f32 {
  (*neuron).v = leak() * (*neuron).v + current;
  return (*neuron).v - (call.threshold + call.rise * (*neuron).b);
}
fn reset(neuron: ptr<function, Neuron>, fired: bool) {
  if (fired) { (*neuron).v = select(0.0, (*neuron).v - call.threshold, call.soft != 0u); }
  (*neuron).b = call.decay * (*neuron).b + select(0.0, 1.0, fired);
}

struct Later { dV: f32, dB: f32 }
fn back(later: ptr<function, Later>, dSpike: f32, slope: f32, fired: bool) -> f32 {
  let kept = select((*later).dV, 0.0, fired && call.soft == 0u);
  let ofSpike = (dSpike + (*later).dB) * slope;
  (*later).dV = ofSpike + leak() * kept;
  (*later).dB = call.decay * (*later).dB - call.rise * ofSpike;
  return (*later).dV;
}
`;

const LEARNED_NUMBERS = { beta: "f32", learned: "u32", leak: "place" } as const;

/** dLeak += beta (1 - beta) times the sum of the parts [count]: 256 sums of every 256th part, then a tree. */
const LEAK_GRADIENT = gpuKernel({
  name: "leak gradient",
  numbers: { ...LEARNED_NUMBERS, count: "u32", dLeak: "place" },
  lanes: 256,
  helpers: `${LEARNED_LEAK}${treeSum(256)}`,
  body: `
  var own = 0.0;
  for (var i = lane; i < call.count; i += 256u) { own += loadPart(i); }
  let sum = treeSum(lane, own);
  if (lane == 0u) { store(call.dLeak, load(call.dLeak) + leak() * (1.0 - leak()) * sum); }
`,
});

function leaky(neuron: LifConstants): GpuNeuron {
  return {
    name: "leaky neurons",
    numbers: { ...FIRING, beta: "f32" },
    wgsl: `${FIXED_LEAK}${LEAKY}`,
    leakGradient: null,
    values: () => ({ ...firingOf(neuron), beta: neuron.beta }),
  };
}

function parametric(neuron: LifConstants): GpuNeuron {
  return {
    name: "leaky neurons with a learned leak",
    numbers: { ...FIRING, ...LEARNED_NUMBERS },
    wgsl: `${LEARNED_LEAK}${LEAKY}`,
    leakGradient: LEAK_GRADIENT,
    values: (learned) => ({
      ...firingOf(neuron),
      beta: neuron.beta,
      learned: learned ? 1 : 0,
      leak: learned?.leak ?? 0,
    }),
  };
}
