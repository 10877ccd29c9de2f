/**
 * Reads tensors of another program as a network: every parameter is filled exactly once, in the right shape, and every tensor is
 * used or explicitly skipped. All mismatches are reported at once, with suggestions for misspelt names.
 */
import { SpecError, suggest, XpikeError } from "../errors.ts";
import { formatPath, shorten } from "../experiment/json.ts";
import { depthOf, type ModelSpec } from "../experiment/model.ts";
import type { TensorExpression, TensorMapping } from "../experiment/tensor-mapping.ts";
import type { Geometry } from "../model/geometry.ts";
import { type Network, parameterLayout, type Tensor } from "../model/network.ts";
import type { SourceTensor } from "./elements.ts";
import { evaluate, type Values } from "./expression.ts";

export interface ImportOptions {
  /** Accepts losses that the mapping reports. Default false. */
  readonly approximate?: boolean;
  /** Names the mapping in error messages. */
  readonly name?: string;
}

export interface ImportedNetwork<M extends ModelSpec = ModelSpec> {
  readonly network: Network<M>;
  /** What a user should know: skipped tensors, rounding, approximations. */
  readonly notes: readonly string[];
}

const MOST_PROBLEMS = 20;

/**
 * The network of `model` on `geometry`, filled from `tensors` as `mapping` says.
 *
 * Parameters are rounded to single precision once, after all arithmetic in double precision.
 * Throws  SpecError when the mapping, the tensors and the model do not fit together; its message lists all problems
 */
export function importNetwork<M extends ModelSpec>(
  tensors: ReadonlyMap<string, SourceTensor>,
  model: M,
  geometry: Geometry,
  mapping: TensorMapping,
  options: ImportOptions = {},
): ImportedNetwork<M> {
  const { name = "mapping", approximate = false } = options;
  const problems: { readonly path: string; readonly text: string }[] = [];
  const layout = parameterLayout(model, geometry);
  const known = new Map(layout.map((parameter) => [parameter.name, parameter]));
  const rules = new Map<string, { readonly path: string; readonly expression: TensorExpression }>();
  const used = new Set<string>();

  for (const [pattern, expression] of Object.entries(mapping.parameters)) {
    const path = formatPath(["parameters", pattern]);
    for (const rule of expandBlocks(pattern, expression, depthOf(model))) {
      if (rules.has(rule.name)) problems.push({ path, text: `${path} fills ${rule.name}, which another rule fills.` });
      else if (known.has(rule.name)) rules.set(rule.name, { path, expression: rule.expression });
      else {
        const near = nearest(rule.name, known.keys());
        const help = near ? ` Did you mean ${near}?` : "";
        problems.push({
          path,
          text: `${path}: ${shorten(rule.name)} is not a parameter of this ${model.kind} network.${help}`,
        });
      }
    }
  }

  const lookup =
    (path: string) =>
    (source: string): Values => {
      const tensor = tensors.get(source);
      if (tensor) {
        used.add(source);
        return { shape: tensor.shape, data: Float64Array.from(tensor.data) };
      }
      const near = nearest(source, tensors.keys());
      const help = near ? ` Did you mean ${near}?` : "";
      throw new SpecError(path, `${path}: the file has no tensor ${shorten(source)}.${help}`);
    };
  const parameters: Record<string, Tensor> = {};
  for (const { name: parameter, shape } of layout) {
    const rule = rules.get(parameter);
    if (!rule) {
      const near = nearest(parameter, unusedNames());
      const help = near ? ` Did you mean to fill it from ${near}?` : "";
      problems.push({ path: name, text: `No rule fills ${parameter} [${shape}].${help}` });
      continue;
    }
    try {
      const values = evaluate(rule.expression, lookup(rule.path), rule.path, shape);
      parameters[parameter] = asParameter(values, parameter, shape, rule.path);
    } catch (error) {
      if (!(error instanceof XpikeError)) throw error;
      problems.push({ path: error.path, text: error.message });
    }
  }

  const unused = unusedNames();
  const ignored = unused.filter((source) => mapping.ignore.some((pattern) => matches(pattern, source)));
  const expected = new Set(ignored);
  for (const source of unused) {
    if (expected.has(source)) continue;
    problems.push({
      path: name,
      text: `Nothing uses the tensor ${shorten(source)} [${tensors.get(source)!.shape}]. Name it in a rule or in \`ignore\`.`,
    });
  }
  if (problems.length > 0) throw asError(problems);
  if (mapping.approximations.length > 0 && !approximate) throw refuseApproximations(mapping.approximations, name);
  return { network: { model, geometry, parameters }, notes: notesOf(tensors, used, ignored, mapping.approximations) };

  /** Only for problems that are shown: a file may have many names. */
  function nearest(word: string, names: Iterable<string>): string | undefined {
    return problems.length < MOST_PROBLEMS ? suggest(word, names) : undefined;
  }

  function unusedNames(): string[] {
    return [...tensors.keys()].filter((source) => !used.has(source));
  }
}

/** One rule per block if the name contains `{i}`, otherwise one rule. */
export function expandBlocks(
  pattern: string,
  expression: TensorExpression,
  depth: number,
): { name: string; expression: TensorExpression }[] {
  if (!pattern.includes("{i}")) return [{ name: pattern, expression }];
  return Array.from({ length: depth }, (_, i) => ({
    name: pattern.replaceAll("{i}", String(i)),
    expression: replaceTexts(expression, (text) => text.replaceAll("{i}", String(i))),
  }));
}

/** A copy with every string replaced; the only strings in an expression are names and `linear.part`. */
function replaceTexts<T>(value: T, replace: (text: string) => string): T {
  if (typeof value === "string") return replace(value) as T;
  if (Array.isArray(value)) return value.map((entry) => replaceTexts(entry, replace)) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, replaceTexts(entry, replace)])) as T;
}

/** `*` matches any text. Greedy from left to right, so the time is at most the product of the lengths. */
export function matches(pattern: string, name: string): boolean {
  const parts = pattern.split("*");
  const [first, last] = [parts[0], parts.at(-1)!];
  if (parts.length === 1) return pattern === name;
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  let at = first.length;
  const end = name.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at);
    if (found < 0 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

function asParameter(values: Values, name: string, shape: readonly number[], path: string): Tensor {
  if (values.shape.join() !== shape.join()) {
    const reversed = values.shape.toReversed().join() === shape.join() && shape.length === 2;
    const help = reversed ? ' Weights here are [inputs, outputs]: add "steps": [{ "transpose": [1, 0] }].' : "";
    throw new SpecError(path, `${path}: ${name} would have shape [${values.shape}] instead of [${shape}].${help}`);
  }
  const data = Float32Array.from(values.data);
  const wrong = data.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) {
    throw new SpecError(
      path,
      `${path}: value ${wrong} of ${name} would be ${values.data[wrong]}, which is not a finite number in single precision.`,
    );
  }
  return { shape, data };
}

function asError(problems: readonly { readonly path: string; readonly text: string }[]): SpecError {
  const lines = [...new Set(problems.map(({ text }) => text))];
  if (lines.length === 1) return new SpecError(problems[0].path, lines[0]);
  const shown = lines.slice(0, MOST_PROBLEMS);
  const count =
    lines.length > MOST_PROBLEMS ? `${lines.length} problems, of which the first` : `${lines.length} problems`;
  return new SpecError(problems[0].path, `${count}:\n  ${shown.join("\n  ")}`);
}

function refuseApproximations(approximations: readonly string[], name: string): SpecError {
  return new SpecError(
    name,
    `The network here cannot compute what the source computes:\n  ${approximations.join("\n  ")}\n` +
      "To use it as a starting point for training, import it with --approximate (in code: approximate: true).",
  );
}

function notesOf(
  tensors: ReadonlyMap<string, SourceTensor>,
  used: ReadonlySet<string>,
  ignored: readonly string[],
  approximations: readonly string[],
): string[] {
  const notes = approximations.map((text) => `Not kept: ${text}`);
  const rounded = [...used].filter((name) => ["float64", "int64", "int32"].includes(tensors.get(name)!.type));
  if (rounded.length > 0) notes.push(`Rounded to single precision: ${listNames(rounded)}.`);
  if (ignored.length > 0) notes.push(`Left out as the mapping says: ${listNames(ignored)}.`);
  return notes;
}

/** The first names of a file, each cut to a readable length. */
export function listNames(names: readonly string[]): string {
  const shown = names.slice(0, 6).map((name) => (name.length <= 80 ? name : `${name.slice(0, 76)} ...`));
  return shown.join(", ") + (names.length > 6 ? ` and ${names.length - 6} more` : "");
}
