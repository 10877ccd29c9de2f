/**
 * A network as tensors of another program: a mapping run backwards. Only operations that move numbers can be inverted: renaming,
 * transpose, reshape (if the mapping states the tensor's `shape`), concatenate, and scaling by a power of two. A constant is not
 * stored in the file, so the parameter must already have that value.
 *
 * The tensors are imported again before they are returned, and must give the same network bit for bit.
 */
import { SpecError, ValueError } from "../errors.ts";
import { formatPath, shorten } from "../experiment/json.ts";
import { depthOf } from "../experiment/model.ts";
import type { TensorExpression, TensorMapping, TensorStep } from "../experiment/tensor-mapping.ts";
import { type Network, parameterLayout } from "../model/network.ts";
import type { NamedArray } from "../model/safetensors.ts";
import type { SourceTensor } from "./elements.ts";
import { countOf, reshaped, slice, transpose, type Values } from "./expression.ts";
import { expandBlocks, importNetwork } from "./import.ts";

/**
 * The tensors from which `mapping` would fill the network, in the order of its parameters.
 * Throws  SpecError if the mapping cannot be inverted, or fits another network; ValueError if a number would change
 */
export function exportNetwork(
  network: Network,
  mapping: TensorMapping,
  options: { readonly name?: string } = {},
): Record<string, NamedArray> {
  const { model, geometry, parameters } = network;
  const written = new Map<string, Values>();
  const rules = new Map(
    Object.entries(mapping.parameters).flatMap(([pattern, expression]) =>
      expandBlocks(pattern, expression, depthOf(model)).map((rule) => [
        rule.name,
        { path: formatPath(["parameters", pattern]), expression: rule.expression },
      ]),
    ),
  );
  for (const { name, shape } of parameterLayout(model, geometry)) {
    const rule = rules.get(name);
    // The import below lists what is missing.
    if (rule) undo(rule.expression, { shape, data: Float64Array.from(parameters[name].data) }, written, rule.path);
  }
  const tensors: Record<string, NamedArray> = {};
  const read = new Map<string, SourceTensor>();
  for (const [name, { shape, data }] of written) {
    const tensor = { shape, data: Float32Array.from(data) };
    tensors[name] = tensor;
    read.set(name, { type: "float32", ...tensor });
  }
  const again = importNetwork(read, model, geometry, mapping, { approximate: true, ...options }).network.parameters;
  for (const [name, { data }] of Object.entries(parameters)) {
    const differs = data.findIndex((value, i) => !Object.is(value, again[name].data[i]));
    if (differs >= 0) {
      throw new ValueError(
        name,
        `Value ${differs} of ${name}, ${data[differs]}, would come back as ${again[name].data[differs]}: a scale of the mapping ` +
          "exceeds single precision. Use another mapping.",
      );
    }
  }
  return tensors;
}

/** Finds the tensors from which `expression` produces `values`. */
function undo(expression: TensorExpression, values: Values, written: Map<string, Values>, path: string): void {
  const fail = (problem: string): never => {
    throw new SpecError(path, `${path}: ${problem}`);
  };
  if (typeof expression === "string") {
    write(expression, values, written, fail);
    return;
  }
  const { tensor, concatenate, axis = 0, constant, shape, steps = [] } = expression;
  if (constant !== undefined) {
    const odd = values.data.findIndex((value) => !Object.is(value, Math.fround(constant)));
    if (odd >= 0) {
      fail(
        `value ${odd} is ${values.data[odd]}, but the layout has no place for anything but ${constant}. Use another mapping.`,
      );
    }
    return;
  }
  if (!tensor && !concatenate) {
    fail(`a ${expression.sum ? "sum" : "folded linear layer"} cannot be undone, so this mapping is for imports only.`);
  }
  const before = undoSteps(values, steps, tensor ? shape : undefined, fail);
  if (tensor) write(tensor, before, written, fail);
  const parts = concatenate ?? [];
  const length = before.shape[axis] / parts.length;
  if (concatenate && (axis >= before.shape.length || !Number.isInteger(length))) {
    fail(`${parts.length} parts of equal size do not make shape [${before.shape}] along axis ${axis}.`);
  }
  parts.forEach((part, i) => {
    undo(
      part,
      slice(before, { axis, begin: i * length, end: (i + 1) * length }, fail),
      written,
      `${path}.concatenate[${i}]`,
    );
  });
}

function write(name: string, values: Values, written: Map<string, Values>, fail: (problem: string) => never): void {
  if (written.has(name)) fail(`${shorten(name)} fills two parameters, so it cannot be written from one of them.`);
  written.set(name, values);
}

function undoSteps(
  values: Values,
  steps: readonly TensorStep[],
  shape: readonly number[] | undefined,
  fail: (problem: string) => never,
): Values {
  // Shapes before each step, as far as known.
  const shapes: (readonly number[] | undefined)[] = [shape];
  for (const step of steps) {
    const last = shapes.at(-1);
    shapes.push(last && shapeAfter(last, step, fail));
  }
  let result = values;
  steps.toReversed().forEach((step, i) => {
    result = undoStep(result, step, shapes[steps.length - 1 - i], fail);
  });
  return result;
}

function shapeAfter(shape: readonly number[], step: TensorStep, fail: (problem: string) => never): readonly number[] {
  if (step.transpose) return step.transpose.map((axis) => shape[axis]);
  return step.reshape ? reshaped(shape, step.reshape, fail) : shape;
}

function undoStep(
  values: Values,
  step: TensorStep,
  before: readonly number[] | undefined,
  fail: (problem: string) => never,
): Values {
  if (step.transpose) {
    const order = step.transpose;
    return transpose(
      values,
      order.map((_, axis) => order.indexOf(axis)),
      fail,
    );
  }
  if (step.reshape) {
    if (!before) return fail("a reshape can be undone only if the expression gives the `shape` of its tensor.");
    if (countOf(before) !== values.data.length) fail(`[${before}] does not hold the values of [${values.shape}].`);
    return { shape: before, data: values.data };
  }
  if (step.slice) return fail("a slice cannot be undone, so this mapping is for imports only.");
  if (!isPowerOfTwo(step.scale!))
    fail(`a scale by ${step.scale} cannot be undone without rounding. Use a power of two.`);
  return { shape: values.shape, data: values.data.map((x) => x / step.scale!) };
}

const isPowerOfTwo = (factor: number): boolean => Number.isInteger(Math.log2(Math.abs(factor)));
