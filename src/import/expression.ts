/**
 * Evaluates an expression of a mapping, and inverts it. All arithmetic is in double precision; a parameter is rounded once, when
 * it is filled.
 *
 * Moving numbers (transpose, reshape, slice, concatenate) and scaling by a power of two are exact. `linear` folds the normalisations
 * around a layer y = W x + c into it, with s = gain / sqrt(variance + epsilon) and t = offset - mean s for each of them:
 *
 *   y = s_after (W (s_before x + t_before) + c) + t_after
 *     = (s_after W s_before) x + s_after (W t_before + c) + t_after
 *
 * A normalisation without mean and variance is only its affine part: s = gain, t = offset.
 */
import { SpecError } from "../errors.ts";
import { shorten } from "../experiment/json.ts";
import type { FoldedLinear, TensorExpression, TensorNormalisation, TensorStep } from "../experiment/tensor-mapping.ts";

export interface Values {
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float64Array;
}

/** The tensor with a name; throws if there is none. */
export type Lookup = (name: string) => Values;

/** Most values of one intermediate result, 2 GiB. */
const MOST_VALUES = 2 ** 28;

/**
 * The value of an expression; `wanted` is the shape that its user needs, which a bare constant takes, and `path` the mapping's
 * field for error messages.
 * Throws  SpecError when shapes do not fit together; what `lookup` throws
 */
export function evaluate(
  expression: TensorExpression,
  lookup: Lookup,
  path: string,
  wanted?: readonly number[],
): Values {
  if (typeof expression === "string") return lookup(expression);
  const { tensor, concatenate, axis = 0, sum, constant, linear, shape, steps = [] } = expression;
  const part = (inner: TensorExpression, field: string) => evaluate(inner, lookup, `${path}.${field}`);
  const fail = refusal(path);
  let result: Values;
  if (tensor !== undefined) result = withShape(lookup(tensor), tensor, shape, fail);
  else if (concatenate) {
    const parts = concatenate.map((inner, i) => part(inner, `concatenate[${i}]`));
    result = join(parts, axis, fail);
  } else if (sum) {
    const parts = sum.map((inner, i) => part(inner, `sum[${i}]`));
    result = add(parts, fail);
  } else if (linear) result = fold(linear, part, fail);
  else result = repeat(constant!, shape ?? (steps.length === 0 ? wanted : undefined), fail);
  steps.forEach((step, i) => {
    result = applyStep(result, step, refusal(`${path}.steps[${i}]`));
  });
  return result;
}

type Fail = (problem: string) => never;

function refusal(path: string): Fail {
  return (problem) => {
    throw new SpecError(path, `${path}: ${problem}`);
  };
}

function withShape(values: Values, name: string, shape: readonly number[] | undefined, fail: Fail): Values {
  if (shape && shape.join() !== values.shape.join()) {
    fail(`${shorten(name)} has shape [${values.shape}] in the file instead of [${shape}].`);
  }
  return values;
}

function repeat(constant: number, shape: readonly number[] | undefined, fail: Fail): Values {
  if (!shape) return fail("a constant within another expression needs a `shape`.");
  const count = countOf(shape);
  if (count > MOST_VALUES) fail(`[${shape}] has ${count} values; at most ${MOST_VALUES} are made.`);
  return { shape, data: new Float64Array(count).fill(constant) };
}

/** Concatenates along an axis. */
function join(parts: readonly Values[], axis: number, fail: Fail): Values {
  const [first] = parts;
  if (axis >= first.shape.length) fail(`shape [${first.shape}] has no axis ${axis}; axes count from 0.`);
  const others = ({ shape }: Values) => shape.toSpliced(axis, 1).join();
  const odd = parts.find((part) => part.shape.length !== first.shape.length || others(part) !== others(first));
  if (odd) fail(`[${first.shape}] and [${odd.shape}] differ in more than axis ${axis}, along which they are joined.`);
  const length = parts.reduce((total, { shape }) => total + shape[axis], 0);
  const shape = first.shape.with(axis, length);
  const count = countOf(shape);
  if (count > MOST_VALUES) fail(`[${shape}] has ${count} values; at most ${MOST_VALUES} are made.`);
  const data = new Float64Array(count);
  const outer = countOf(shape.slice(0, axis));
  const inner = countOf(shape.slice(axis + 1));
  let start = 0;
  for (const part of parts) {
    const run = part.shape[axis] * inner;
    for (let o = 0; o < outer; o++) data.set(part.data.subarray(o * run, (o + 1) * run), o * length * inner + start);
    start += run;
  }
  return { shape, data };
}

function add(parts: readonly Values[], fail: Fail): Values {
  const [first, ...rest] = parts;
  const odd = rest.find(({ shape }) => shape.join() !== first.shape.join());
  if (odd) fail(`[${first.shape}] and [${odd.shape}] cannot be added; the shapes differ.`);
  const data = first.data.slice();
  for (const part of rest) for (let i = 0; i < data.length; i++) data[i] += part.data[i];
  return { shape: first.shape, data };
}

function fold(
  { part, weight, bias, before, after }: FoldedLinear,
  read: (inner: TensorExpression, field: string) => Values,
  fail: Fail,
): Values {
  const { shape, data } = read(weight, "linear.weight");
  if (shape.length !== 2) fail(`the weight of a linear layer has shape [${shape}] instead of [outputs, inputs].`);
  const [outputs, inputs] = shape;
  const vector = (inner: TensorExpression, field: string, length: number): Float64Array => {
    const values = read(inner, field);
    if (values.shape.join() !== `${length}`) fail(`${field} has shape [${values.shape}] instead of [${length}].`);
    return values.data;
  };
  const affine = (norm: TensorNormalisation | undefined, side: "before" | "after", length: number) => {
    const field = (key: "gain" | "offset" | "mean" | "variance", neutral: number): Float64Array =>
      norm?.[key] === undefined
        ? new Float64Array(length).fill(neutral)
        : vector(norm[key], `linear.${side}.${key}`, length);
    const [gain, offset, mean] = [field("gain", 1), field("offset", 0), field("mean", 0)];
    const variance = norm?.variance === undefined ? undefined : field("variance", 1);
    const scale = variance ? gain.map((g, n) => g / Math.sqrt(variance[n] + norm!.epsilon)) : gain;
    return { scale, shift: offset.map((t, n) => t - mean[n] * scale[n]) };
  };
  const first = affine(before, "before", inputs);
  const last = affine(after, "after", outputs);
  if (part === "weight") {
    return {
      shape,
      data: data.map((w, i) => last.scale[Math.floor(i / inputs)] * w * first.scale[i % inputs]),
    };
  }
  const constant = bias === undefined ? new Float64Array(outputs) : vector(bias, "linear.bias", outputs);
  const offset = constant.map((c, n) => {
    let total = c;
    for (let k = 0; k < inputs; k++) total += data[n * inputs + k] * first.shift[k];
    return last.scale[n] * total + last.shift[n];
  });
  return { shape: [outputs], data: offset };
}

function applyStep(values: Values, step: TensorStep, fail: Fail): Values {
  if (step.transpose) return transpose(values, step.transpose, fail);
  if (step.reshape) return { shape: reshaped(values.shape, step.reshape, fail), data: values.data };
  if (step.slice) return slice(values, step.slice, fail);
  return { shape: values.shape, data: values.data.map((x) => x * step.scale!) };
}

/** Axis i of the result is axis `order[i]` of `values`. Throws SpecError when the order does not name every axis once. */
export function transpose({ shape, data }: Values, order: readonly number[], fail: Fail): Values {
  if (order.toSorted().join() !== shape.map((_, i) => i).join()) {
    fail(`[${order}] does not name each of the ${shape.length} axes of shape [${shape}] once.`);
  }
  const strides = shape.map((_, i) => countOf(shape.slice(i + 1)));
  const result = order.map((axis) => shape[axis]);
  const steps = order.map((axis) => strides[axis]);
  const moved = new Float64Array(data.length);
  const index = result.map(() => 0);
  for (let i = 0, from = 0; i < moved.length; i++) {
    moved[i] = data[from];
    for (let axis = index.length - 1; axis >= 0; axis--) {
      from += steps[axis];
      if (++index[axis] < result[axis]) break;
      from -= steps[axis] * result[axis];
      index[axis] = 0;
    }
  }
  return { shape: result, data: moved };
}

/** The sizes, with -1 replaced by the remainder. */
export function reshaped(shape: readonly number[], wanted: readonly number[], fail: Fail): number[] {
  const count = countOf(shape);
  const known = countOf(wanted.filter((size) => size !== -1));
  const open = wanted.filter((size) => size === -1).length;
  const result = wanted.map((size) => (size === -1 ? count / known : size));
  if (open > 1 || wanted.includes(0) || countOf(result) !== count || !result.every(Number.isInteger)) {
    fail(`[${shape}] has ${count} values, which [${wanted}] does not hold.`);
  }
  return result;
}

/** Entries `begin` .. `end - 1` along an axis. */
export function slice(
  { shape, data }: Values,
  { axis, begin, end }: NonNullable<TensorStep["slice"]>,
  fail: Fail,
): Values {
  if (axis >= shape.length) fail(`shape [${shape}] has no axis ${axis}; axes count from 0.`);
  if (begin >= end || end > shape[axis]) fail(`${begin} to ${end} is not a range of axis ${axis} of shape [${shape}].`);
  const outer = countOf(shape.slice(0, axis));
  const inner = countOf(shape.slice(axis + 1));
  const result = shape.with(axis, end - begin);
  const kept = new Float64Array(countOf(result));
  const run = (end - begin) * inner;
  for (let o = 0; o < outer; o++) {
    const from = (o * shape[axis] + begin) * inner;
    kept.set(data.subarray(from, from + run), o * run);
  }
  return { shape: result, data: kept };
}

export const countOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);
