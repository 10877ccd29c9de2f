/**
 * Compares a file with the table of a layout: which tensors are there, and what its sizes are.
 *
 * Every axis votes for the value of its letter, and most votes win. A damaged or transposed tensor is then outvoted by the others, so
 * that the error names it and not those that are right.
 */
import { SpecError, suggest } from "../../errors.ts";
import { shorten } from "../../experiment/json.ts";
import type { SourceTensor } from "../elements.ts";
import { matches } from "../import.ts";
import type { Layout, LayoutSizes, LayoutTable, Shapes } from "./layout.ts";

export interface Placed {
  readonly sizes: LayoutSizes;
  /** The tensors with a place, by their names in the table. */
  readonly placed: ReadonlyMap<string, SourceTensor>;
  /** Tensors that the table ignores. */
  readonly ignored: readonly string[];
}

const MOST_BLOCKS = 1024;
const MOST_PROBLEMS = 20;

/** One axis: `3 D` is three times the letter D; without a letter, the factor itself. */
interface Axis {
  readonly factor: number;
  readonly letter: string | null;
}

/** A tensor that the layout expects. */
interface Expected {
  readonly name: string;
  /** Its name in the file. */
  readonly source: string;
  readonly axes: readonly Axis[];
  readonly isOptional: boolean;
}

/** Throws SpecError that names every tensor that is missing, has no place, has another shape, or holds a number that is not finite. */
export function placeTensors(
  tensors: ReadonlyMap<string, SourceTensor>,
  table: LayoutTable,
  prefix: string,
  layout: string,
): Placed {
  const shapes: Shapes = new Map([...tensors].map(([name, { shape }]) => [name, shape]));
  const depth = depthOf(table, prefix, shapes);
  const expected = expectedTensors(table, prefix, depth);
  const places = new Set(expected.map(({ source }) => source));
  const homeless = [...shapes.keys()].filter((name) => !places.has(name));
  const ignored = homeless.filter((name) => (table.ignore ?? []).some((pattern) => matches(prefix + pattern, name)));
  const isIgnored = new Set(ignored);
  const left = homeless.filter((name) => !isIgnored.has(name));
  const values = vote(expected, shapes);

  const problems: string[] = [];
  const ofBlocks = Object.keys(table.required).find((name) => name.includes("{i}"));
  if (depth === 0 && ofBlocks !== undefined) {
    problems.push(`The file has no blocks: no tensor such as ${prefix}${ofBlocks.replace("{i}", "0")}.`);
  }
  for (const { source, axes, isOptional } of expected) {
    const tensor = tensors.get(source);
    if (tensor) {
      const wrong = wrongShape(tensor.shape, axes, values);
      if (wrong) problems.push(`${source} has shape [${tensor.shape}] instead of ${wrong}`);
      const at = tensor.data.findIndex((value) => !Number.isFinite(value));
      if (at >= 0) problems.push(`${source} is damaged: value ${at} of [${tensor.shape}] is ${tensor.data[at]}.`);
    } else if (!isOptional) {
      const near = problems.length < MOST_PROBLEMS ? suggest(source, left) : undefined;
      const help = near === undefined ? "" : ` Is ${near} meant?`;
      problems.push(`The file has no tensor ${source} ${written(axes, values)}.${help}`);
    }
  }
  for (const name of left) problems.push(`${shorten(name)} [${shapes.get(name)}] has no place in this layout.`);
  if (problems.length > 0) throw asError(problems, layout);

  const placed = new Map(
    expected.flatMap(({ name, source }) => (tensors.has(source) ? [[name, tensors.get(source)!] as const] : [])),
  );
  const size = (letter: string) => values.get(letter)!;
  return { placed, ignored, sizes: { depth, size, has: (name) => placed.has(name) } };
}

/** What precedes the names of a layout's table in the file; null if the file has no tensor of that layout. */
export function prefixIn({ anchor, prefix }: Pick<Layout, "anchor" | "prefix">, shapes: Shapes): string | null {
  const found = [...shapes.keys()].find((name) => name === anchor || name.endsWith(`.${anchor}`));
  if (found === undefined) return null;
  return prefix ?? found.slice(0, found.length - anchor.length);
}

/** Share of a file's tensors that have a place in a layout. */
export function shareOfPlaces(table: LayoutTable, prefix: string, shapes: Shapes): number {
  const places = new Set(expectedTensors(table, prefix, depthOf(table, prefix, shapes)).map(({ source }) => source));
  return [...shapes.keys()].filter((name) => places.has(name)).length / shapes.size;
}

/** Blocks up to the last with a tensor of the table. */
function depthOf({ required }: LayoutTable, prefix: string, shapes: Shapes): number {
  let depth = 0;
  for (const pattern of Object.keys(required)) {
    const [before, after] = (prefix + pattern).split("{i}");
    if (after === undefined) continue;
    for (const name of shapes.keys()) {
      if (!name.startsWith(before) || !name.endsWith(after)) continue;
      const index = name.slice(before.length, name.length - after.length);
      if (/^\d{1,4}$/.test(index)) depth = Math.max(depth, Math.min(Number(index) + 1, MOST_BLOCKS));
    }
  }
  return depth;
}

function expectedTensors({ required, optional = {} }: LayoutTable, prefix: string, depth: number): Expected[] {
  const expand = (table: Readonly<Record<string, string>>, isOptional: boolean) =>
    Object.entries(table).flatMap(([pattern, shape]) => {
      const names = pattern.includes("{i}")
        ? Array.from({ length: depth }, (_, i) => pattern.replace("{i}", String(i)))
        : [pattern];
      const axes = shape.split(",").map(readAxis);
      return names.map((name) => ({ name, source: prefix + name, axes, isOptional }));
    });
  return [...expand(required, false), ...expand(optional, true)];
}

function readAxis(text: string): Axis {
  const [, factor, letter] = /^\s*(\d*)\s*([A-Za-z]\w*)?\s*$/.exec(text)!;
  return { factor: factor === "" ? 1 : Number(factor), letter: letter ?? null };
}

/** The value of each letter that most axes agree on; the first of equals. */
function vote(expected: readonly Expected[], shapes: Shapes): ReadonlyMap<string, number> {
  const votes = new Map<string, Map<number, number>>();
  for (const { source, axes } of expected) {
    const shape = shapes.get(source);
    if (shape?.length !== axes.length) continue;
    axes.forEach(({ factor, letter }, i) => {
      const value = shape[i] / factor;
      if (letter === null || !Number.isInteger(value) || value === 0) return;
      const counts = votes.get(letter) ?? new Map<number, number>();
      counts.set(value, (counts.get(value) ?? 0) + 1);
      votes.set(letter, counts);
    });
  }
  return new Map(
    [...votes].map(([letter, counts]) => [letter, [...counts].reduce((a, b) => (b[1] > a[1] ? b : a))[0]]),
  );
}

/** What the shape should be, with the reason; null where it fits. */
function wrongShape(
  shape: readonly number[],
  axes: readonly Axis[],
  values: ReadonlyMap<string, number>,
): string | null {
  const wanted = axes.map((axis) => lengthOf(axis, values));
  if (shape.length === axes.length && wanted.every((value, i) => value === null || value === shape[i])) return null;
  const isTransposed = shape.length > 1 && !wanted.includes(null) && shape.toReversed().join() === wanted.join();
  return `${written(axes, values)}${isTransposed ? ": it is transposed." : "."}`;
}

const lengthOf = ({ factor, letter }: Axis, values: ReadonlyMap<string, number>): number | null => {
  const value = letter === null ? 1 : values.get(letter);
  return value === undefined ? null : factor * value;
};

/** `[3 D, D] = [48, 16]`. */
function written(axes: readonly Axis[], values: ReadonlyMap<string, number>): string {
  const letters = axes.map(({ factor, letter }) =>
    letter === null ? factor : factor === 1 ? letter : `${factor} ${letter}`,
  );
  const numbers = axes.map((axis, i) => lengthOf(axis, values) ?? letters[i]);
  const [formula, known] = [letters.join(", "), numbers.join(", ")];
  return formula === known ? `[${formula}]` : `[${formula}] = [${known}]`;
}

function asError(problems: readonly string[], layout: string): SpecError {
  const [first] = problems;
  if (problems.length === 1) return new SpecError(layout, first);
  const more = problems.length > MOST_PROBLEMS ? ", of which the first" : "";
  return new SpecError(
    layout,
    `${problems.length} tensors do not fit the layout ${layout}${more}:\n  ${problems.slice(0, MOST_PROBLEMS).join("\n  ")}`,
  );
}
