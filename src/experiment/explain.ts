/**
 * What is wrong with an experiment, in words: zod's issues become one `SpecError` that lists for every field what was
 * given, what is allowed (read from the JSON Schema, so it is always the whole truth), and the likely meaning of a typo.
 */
import type { z } from "zod";
import { SpecError, suggest } from "../errors.ts";
import { durationParts } from "./duration.ts";
import { formatPath, shorten } from "./json.ts";
import { experimentJsonSchema, type JsonSchema } from "./schema.ts";

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

interface Problem {
  readonly path: Path;
  readonly text: string;
}

/** More are not worked out: a hostile document may hold a hundred thousand. */
const MOST_PROBLEMS = 20;

/** Made once: a schema costs fifty times what parsing a document does. */
let ofExperiment: JsonSchema | undefined;
function schemaOfExperiment(): JsonSchema {
  ofExperiment ??= experimentJsonSchema();
  return ofExperiment;
}

/**
 * One error for all issues of `document`; its path is the first field at fault, or `name` for the document itself. `schema` says
 * what is allowed; an experiment's by default.
 */
export function explainIssues(
  issues: readonly Issue[],
  document: unknown,
  name: string,
  schema: JsonSchema = schemaOfExperiment(),
): SpecError {
  const problems = issues.slice(0, MOST_PROBLEMS + 1).flatMap((issue) => explainIssue(issue, [], document, schema));
  // A value that breaks two limits of its field is told once.
  const lines = [...new Set(problems.map(({ path, text }) => `${formatPath(path) || name}${text}`))];
  const count =
    lines.length > MOST_PROBLEMS
      ? `More than ${MOST_PROBLEMS} problems, of which the first`
      : `${lines.length} problems`;
  const message = lines.length === 1 ? lines[0] : `${count}:\n  ${lines.slice(0, MOST_PROBLEMS).join("\n  ")}`;
  return new SpecError(formatPath(problems[0].path) || name, message);
}

function explainIssue(issue: Issue, prefix: Path, document: unknown, schema: JsonSchema): Problem[] {
  const path = [...prefix, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.slice(0, MOST_PROBLEMS + 1).map((key) => explainUnknownKey(key, path, document, schema));
  }
  if (issue.code === "custom") return [{ path, text: `: ${issue.message}` }];
  // The pattern's own words: the schema has nothing but the regular expression.
  if (issue.code === "invalid_format") {
    return [{ path, text: ` is ${shorten(valueAt(document, path))}; allowed: ${issue.message}.` }];
  }
  if (issue.code === "invalid_union") {
    if (issue.errors.length === 0) return [explainKind(path, document, schema)];
    // The member of the union that was meant is the one that complains about parts, not about the whole.
    const meant = issue.errors.filter(
      (errors) => !errors.some(({ path, code }) => path.length === 0 && code === "invalid_type"),
    );
    if (meant.length === 1) return meant[0].flatMap((inner) => explainIssue(inner, path, document, schema));
  }
  return [explainValue(valueAt(document, path), path, schemaAt(schema, path, document))];
}

function explainValue(value: unknown, path: Path, schema: JsonSchema): Problem {
  const given = value === undefined ? "is missing" : `is ${shorten(value)}`;
  // Where no limit is written, the next one is that of numbers.
  const isBeyond = schema.type === "integer" && typeof value === "number" && value > Number.MAX_SAFE_INTEGER;
  const allowed = describe(isBeyond ? { maximum: Number.MAX_SAFE_INTEGER, ...schema } : schema);
  const help = didYouMean(value, wordsOf(schema)) || asNumber(value, path, schema);
  return { path, text: ` ${given}; allowed: ${allowed}.${help}` };
}

/** Units that stand in a field's name; other times are in seconds. */
const NAMED_UNIT = /(microseconds|nanoseconds|hertz|decibels|persecond)$/i;

/** What to write for a text such as "1h" in a field of numbers; empty for other fields. */
function asNumber(value: unknown, path: Path, schema: JsonSchema): string {
  const takesNumbers = [schema, ...variants(schema)].some(({ type }) => type === "number" || type === "integer");
  if (typeof value !== "string" || !takesNumbers || !/^[-+]?\.?\d/.test(value)) return "";
  if (Number.isFinite(Number(value))) return ` Write ${Number(value)}, without quotes.`;
  const parts = NAMED_UNIT.test(String(path.at(-1))) ? null : durationParts(value);
  if (parts === null) return " Write a number without a unit.";
  return ` Times are in seconds: ${value} is ${parts.digits} x ${parts.unit} s, so write ${Number(parts.digits) * parts.unit}.`;
}

/** A discriminator that names no member of the union. */
function explainKind(path: Path, document: unknown, schema: JsonSchema): Problem {
  const members = variants(schemaAt(schema, path.slice(0, -1), document));
  const kinds = members.map((member) => member.properties!.kind!.const as string);
  return explainValue(valueAt(document, path), path, { enum: kinds });
}

/** A key that is misspelt, or that belongs to another kind or part of the document. */
function explainUnknownKey(key: string, parent: Path, document: unknown, schema: JsonSchema): Problem {
  const whole = schemaAt(schema, parent, document);
  const known = Object.keys(memberFor(whole, valueAt(document, parent)).properties ?? {});
  const path = [...parent, key];
  const other = variants(whole).find(({ properties }) => properties && Object.hasOwn(properties, key));
  if (other) {
    const kind = shorten(other.properties?.kind?.const ?? null);
    return { path, text: ` is a field of kind ${kind} only; known keys here: ${known.join(", ")}.` };
  }
  const nearest = suggest(key, known) ?? fields(schema, "").find((field) => field.endsWith(`.${key}`));
  const help = nearest ? `did you mean \`${nearest}\`?` : `known keys here: ${known.join(", ")}.`;
  return { path, text: ` is not a known key; ${help}` };
}

/** "an integer from 1 to 64, a multiple of 8 (default 64)". */
export function describe(schema: JsonSchema): string {
  const initial =
    schema.default === undefined || typeof schema.default === "object" ? "" : ` (default ${shorten(schema.default)})`;
  return describeType(schema) + initial;
}

function describeType(schema: JsonSchema): string {
  if (schema.const !== undefined) return shorten(schema.const);
  if (schema.enum) return alternatives(schema.enum.map(shorten));
  const members = variants(schema);
  if (members.length > 0) return alternatives(members.map(describeType));
  if (schema.type === "integer") return `an integer${describeRange(schema)}`;
  if (schema.type === "number") return `a number${describeRange(schema)}`;
  if (schema.type === "string") return `a string${describeCount(schema.minLength, schema.maxLength, "character")}`;
  if (schema.type === "boolean") return "true or false";
  if (schema.type === "array") {
    return `a list${describeCount(schema.minItems, schema.maxItems, "entry")}, each ${describeType(schema.items!)}`;
  }
  if (schema.type === "null") return "null";
  if (schema.$ref) return "a value like the one around it";
  if (entryOf(schema)) return "an object with names as keys";
  const kind = schema.properties?.kind?.const;
  if (kind !== undefined) return `an object of kind ${shorten(kind)}`;
  if (schema.properties === undefined) return "any value";
  return `an object with ${Object.keys(schema.properties).join(", ")}`;
}

function describeRange({ minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf }: JsonSchema): string {
  const low =
    exclusiveMinimum !== undefined ? ` above ${exclusiveMinimum}` : minimum !== undefined ? ` from ${minimum}` : "";
  const high =
    exclusiveMaximum !== undefined ? ` below ${exclusiveMaximum}` : maximum !== undefined ? ` to ${maximum}` : "";
  return low + high + (multipleOf === undefined ? "" : `, a multiple of ${multipleOf}`);
}

function describeCount(least: number | undefined, most: number | undefined, unit: "character" | "entry"): string {
  const plural = unit === "entry" ? "entries" : "characters";
  if (most === undefined) return "";
  return least === undefined ? ` of at most ${most} ${plural}` : ` of ${least} to ${most} ${plural}`;
}

function alternatives(texts: readonly string[]): string {
  return texts.length < 2 ? texts.join() : `${texts.slice(0, -1).join(", ")} or ${texts.at(-1)}`;
}

function didYouMean(value: unknown, words: readonly string[]): string {
  const nearest = typeof value === "string" ? suggest(value, words) : undefined;
  return nearest === undefined ? "" : ` Did you mean "${nearest}"?`;
}

function wordsOf(schema: JsonSchema): string[] {
  return [schema.const, ...(schema.enum ?? [])].filter((word) => typeof word === "string");
}

const variants = (schema: JsonSchema): JsonSchema[] => schema.oneOf ?? schema.anyOf ?? [];

function valueAt(document: unknown, path: Path): unknown {
  let value = document;
  for (const key of path) value = (value as Record<PropertyKey, unknown> | null | undefined)?.[key];
  return value;
}

/** The schema of a field; on the way there, a union is taken as the member that the document's value belongs to. */
function schemaAt(root: JsonSchema, path: Path, document: unknown): JsonSchema {
  let schema = root;
  path.forEach((key, i) => {
    const owner = memberFor(schema, valueAt(document, path.slice(0, i)));
    const field = typeof key === "number" ? owner.items : (owner.properties?.[String(key)] ?? entryOf(owner));
    schema = resolve(root, field ?? {});
  });
  return schema;
}

/** The schema of every entry of an object whose keys are free. */
function entryOf({ additionalProperties }: JsonSchema): JsonSchema | undefined {
  return typeof additionalProperties === "object" ? additionalProperties : undefined;
}

/** A schema that contains itself is written once, under a name. */
function resolve(root: JsonSchema, schema: JsonSchema): JsonSchema {
  const name = /^#\/\$defs\/(.+)$/.exec(schema.$ref ?? "")?.[1];
  return (name === undefined ? undefined : root.$defs?.[name]) ?? schema;
}

/** Of a union, the list for a list, and else the member with the kind of `value`; the whole union when there is none. */
function memberFor(schema: JsonSchema, value: unknown): JsonSchema {
  const list = Array.isArray(value) ? variants(schema).find(({ items }) => items) : undefined;
  if (list) return list;
  const members = variants(schema).filter((member) => member.properties);
  if (members.length < 2) return members[0] ?? schema;
  const given = (value as { kind?: unknown } | null | undefined)?.kind;
  const matches = ({ properties }: JsonSchema) => properties!.kind!.const === (given ?? properties!.kind!.default);
  return members.find(matches) ?? schema;
}

/** Dotted names of all fields. */
function fields(schema: JsonSchema, prefix: string): string[] {
  const inner = [schema, ...variants(schema)].flatMap(({ properties }) => Object.entries(properties ?? {}));
  return inner.flatMap(([key, field]) => {
    const name = prefix ? `${prefix}.${key}` : key;
    return [name, ...fields(field, name), ...(field.items ? fields(field.items, `${name}[0]`) : [])];
  });
}
