/**
 * What each node of a NIR graph computes, over all time steps of one sample, in double precision. NIR gives equations in continuous time
 * and leaves steps and resets to programs; here, with a time step dt,
 *
 *   LIF   v <- (1 - dt / tau) v + dt / tau (v_leak + r I)     forward Euler
 *   IF    v <- v + dt r I
 *   both  z = 1 where v > v_threshold; then v = v_reset (hard reset), or v <- v - v_threshold (soft)
 *
 * from v = 0, and the spikes z leave in the same step. LI and I pass on v. Windows of convolutions and pools are PyTorch's, as NIR says.
 * Delay, CubaLI and CubaLIF are refused: NIR does not say how their two states or fractions of a step follow each other.
 */
import { ShapeError, SpecError } from "../../errors.ts";
import { shorten } from "../../experiment/json.ts";
import type { NirLeaf, NirPrimitive } from "./graph.ts";
import { numbersOf, textOf } from "./tree.ts";
import { gridOf, type NirSignal, pairOf, slide } from "./windows.ts";

/** What NIR leaves to the program. */
export interface NirRules {
  /** Seconds, or whatever unit the time constants have. */
  readonly timeStep: number;
  /** `hard` sets the membrane to `v_reset`, `soft` subtracts the threshold. */
  readonly reset: "hard" | "soft";
  /** Whether a membrane that equals the threshold fires: NIR's equation says no. */
  readonly fires: ">" | ">=";
}

/** A node with its fields as numbers; `at` names it in errors. */
export interface RunNode {
  readonly at: string;
  readonly node: NirLeaf;
  readonly rules: NirRules;
}

type Forward = (node: RunNode, input: NirSignal) => NirSignal;

/** How each node runs, or why not. */
const FORWARD: Readonly<Record<NirPrimitive, Forward | string>> = {
  Input: (node, input) => shaped(node, input, field(node, "shape")),
  // A file may hold the shape with a batch of one in front.
  Output: (_, input) => input,
  Affine: (node, input) => matrix(node, input, field(node, "bias")),
  Linear: (node, input) => matrix(node, input, null),
  Scale: (node, input) => each(node, input, "scale", (x, scale) => x * scale),
  Threshold: (node, input) => each(node, input, "threshold", (x, threshold) => (x > threshold ? 1 : 0)),
  Conv1d: convolution,
  Conv2d: convolution,
  SumPool2d: (node, input) => pool(node, input, false),
  AvgPool2d: (node, input) => pool(node, input, true),
  Flatten: flatten,
  I: (node, input) => integrate(node, input, { tau: null, fires: false }),
  IF: (node, input) => integrate(node, input, { tau: null, fires: true }),
  LI: (node, input) => integrate(node, input, { tau: "tau", fires: false }),
  LIF: (node, input) => integrate(node, input, { tau: "tau", fires: true }),
  Delay: "NIR does not say how a delay of a fraction of a step is rounded",
  CubaLI: "NIR does not say in which order a step updates its current and its membrane",
  CubaLIF: "NIR does not say in which order a step updates its current and its membrane",
};

/**
 * The output of a node.
 * Throws  SpecError for a node that cannot be run; ShapeError when its arrays and its input do not fit together
 */
export function runNode(node: RunNode, input: NirSignal): NirSignal {
  return requireForward(node.node.type, node.at)(node, input);
}

/** How a node of this type runs. Throws SpecError if it does not. */
export function requireForward(type: NirPrimitive, at: string): Forward {
  const forward = FORWARD[type];
  if (typeof forward !== "string") return forward;
  throw new SpecError(at, `The node ${shorten(at)} is a ${type}, which is not run: ${forward}.`);
}

const sizeOf = (shape: ArrayLike<number>): number => Array.from(shape).reduce((all, side) => all * side, 1);

/** The numbers of a field. */
function field({ at, node }: RunNode, name: string): Float64Array {
  const numbers = numbersOf(node.fields.get(name));
  if (numbers) return numbers;
  throw new SpecError(`${at}.${name}`, `The field ${name} of the ${node.type} ${shorten(at)} does not hold numbers.`);
}

function mismatch({ at, node }: RunNode, input: NirSignal, wanted: string): never {
  throw new ShapeError(at, `The ${node.type} ${shorten(at)} takes ${wanted}, but gets [${input.shape}].`);
}

/** The input, of as many values as the shape. */
function shaped(node: RunNode, input: NirSignal, shape: ArrayLike<number>): NirSignal {
  if (sizeOf(shape) !== sizeOf(input.shape)) mismatch(node, input, `[${Array.from(shape)}]`);
  return { ...input, shape: Array.from(shape) };
}

/** y = W x + b, for every leading index of W [..., n, K]. */
function matrix(node: RunNode, input: NirSignal, bias: Float64Array | null): NirSignal {
  const weight = field(node, "weight");
  const { shape } = node.node.fields.get("weight")!;
  if (shape.length < 2) throw new ShapeError(node.at, `The weight [${shape}] of ${shorten(node.at)} is not a matrix.`);
  const [outputs, inputs] = shape.slice(-2);
  const parts = sizeOf(shape.slice(0, -2));
  if (sizeOf(input.shape) !== parts * inputs) mismatch(node, input, `${parts * inputs} values`);
  if (bias && bias.length !== parts * outputs && bias.length !== outputs) {
    throw new ShapeError(node.at, `The Affine ${shorten(node.at)} has ${outputs} outputs, but ${bias.length} biases.`);
  }
  const { steps, values } = input;
  const result = new Float64Array(steps * parts * outputs);
  for (let row = 0; row < steps * parts; row++) {
    const part = row % parts;
    for (let n = 0; n < outputs; n++) {
      let sum = 0;
      for (let k = 0; k < inputs; k++) sum += weight[(part * outputs + n) * inputs + k] * values[row * inputs + k];
      result[row * outputs + n] = bias ? sum + bias[(part * outputs + n) % bias.length] : sum;
    }
  }
  return { steps, shape: [...shape.slice(0, -2), outputs], values: result };
}

/** The same function of every value and the value of a field. */
function each(node: RunNode, input: NirSignal, name: string, of: (x: number, value: number) => number): NirSignal {
  const values = field(node, name);
  const size = sizeOf(input.shape);
  if (values.length !== size) mismatch(node, input, `[${node.node.fields.get(name)!.shape}]`);
  return { ...input, values: input.values.map((x, i) => of(x, values[i % size])) };
}

function convolution(node: RunNode, input: NirSignal): NirSignal {
  const { fields } = node.node;
  const weight = field(node, "weight");
  const { shape } = fields.get("weight")!;
  const bias = field(node, "bias");
  const [groups] = field(node, "groups");
  const flat = node.node.type === "Conv1d";
  const kernel = flat ? [1, shape[2]] : shape.slice(2);
  const [outputs, channels] = shape;
  const grid = gridOf(input.shape, flat);
  const fits = shape.length === (flat ? 3 : 4) && grid?.channels === channels * groups && outputs % groups === 0;
  if (!grid || !fits || bias.length !== outputs) {
    return mismatch(node, input, `[${channels * groups}, ${flat ? "N" : "height, width"}] for its weight [${shape}]`);
  }
  const dilation = pairOf(field(node, "dilation"), flat ? 1 : null);
  const padding = paddingOf(node, kernel, dilation, flat);
  const window = { kernel, stride: pairOf(field(node, "stride"), flat ? 1 : null), dilation, ...padding };
  const result = slide(grid, window, outputs, input, node.at, (from, o, offsets) => {
    let sum = 0;
    const first = Math.floor(o / (outputs / groups)) * channels;
    for (const [tap, offset] of offsets) {
      for (let c = 0; c < channels; c++) {
        sum +=
          weight[(o * channels + c) * kernel[0] * kernel[1] + tap] *
          input.values[from + (first + c) * grid.size + offset];
      }
    }
    return sum + bias[o];
  });
  return flat ? { ...result, shape: [outputs, result.shape[2]] } : result;
}

/** Zeros before and after each axis: a number, or PyTorch's words. */
function paddingOf(node: RunNode, kernel: readonly number[], dilation: readonly number[], flat: boolean) {
  const word = textOf(node.node.fields.get("padding"));
  const none = [0, 0];
  if (word === "valid") return { before: none, after: none };
  if (word === "same") {
    const all = kernel.map((side, i) => dilation[i] * (side - 1));
    return { before: all.map((side) => side >> 1), after: all.map((side) => side - (side >> 1)) };
  }
  const sides = pairOf(field(node, "padding"), flat ? 0 : null);
  return { before: sides, after: sides };
}

function pool(node: RunNode, input: NirSignal, mean: boolean): NirSignal {
  const grid = gridOf(input.shape, false);
  if (!grid) return mismatch(node, input, "[channels, height, width]");
  const kernel = pairOf(field(node, "kernel_size"), null);
  const sides = pairOf(field(node, "padding"), null);
  const window = { kernel, stride: pairOf(field(node, "stride"), null), dilation: [1, 1], before: sides, after: sides };
  const divisor = mean ? kernel[0] * kernel[1] : 1;
  return slide(grid, window, grid.channels, input, node.at, (from, channel, offsets) => {
    let sum = 0;
    for (const [, offset] of offsets) sum += input.values[from + channel * grid.size + offset];
    return sum / divisor;
  });
}

function flatten(node: RunNode, input: NirSignal): NirSignal {
  const { length } = input.shape;
  const [start] = field(node, "start_dim");
  const [end] = field(node, "end_dim");
  const last = end < 0 ? end + length : end;
  if (!(start >= 0 && start <= last && last < length)) mismatch(node, input, `dimensions ${start} to ${end}`);
  const { shape } = input;
  return {
    ...input,
    shape: [...shape.slice(0, start), sizeOf(shape.slice(start, last + 1)), ...shape.slice(last + 1)],
  };
}

/** All neurons with one state; without `tau`, nothing leaks. */
function integrate(node: RunNode, input: NirSignal, kind: { tau: string | null; fires: boolean }): NirSignal {
  const { timeStep, reset, fires } = node.rules;
  const size = sizeOf(input.shape);
  const parameter = (name: string): Float64Array => {
    const values = field(node, name);
    return values.length === size ? values : mismatch(node, input, `[${node.node.fields.get(name)!.shape}]`);
  };
  const r = parameter("r");
  const rate = kind.tau === null ? null : parameter(kind.tau).map((tau) => timeStep / tau);
  const rest = kind.tau === null ? null : parameter("v_leak");
  const threshold = kind.fires ? parameter("v_threshold") : null;
  const start = kind.fires && node.node.fields.has("v_reset") ? parameter("v_reset") : null;
  const membrane = new Float64Array(size);
  const values = new Float64Array(input.values.length);
  for (let at = 0; at < values.length; at++) {
    const i = at % size;
    const current = input.values[at];
    const v = rate
      ? (1 - rate[i]) * membrane[i] + (rate[i] * rest![i] + rate[i] * r[i] * current)
      : membrane[i] + timeStep * r[i] * current;
    const fired = threshold !== null && (fires === ">" ? v > threshold[i] : v >= threshold[i]);
    membrane[i] = fired ? (reset === "hard" ? (start?.[i] ?? 0) : v - threshold[i]) : v;
    values[at] = threshold ? Number(fired) : v;
  }
  return { ...input, values };
}
