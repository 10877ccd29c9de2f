/**
 * Tables of an experiment's fields for docs/experiment.md, made from the JSON Schema that editors use: path, allowed
 * values, default, meaning.
 *
 * A table includes the objects below its field, unless they, or the same ones, have their own table, which is then linked. If a field has several
 * kinds, a table may hold all of them, and say which fields belong to which, or one. A JSON Schema has no limits across fields;
 * the page's own text has them.
 */
import { DESCRIPTIONS } from "../../src/experiment/descriptions.ts";
import { describe } from "../../src/experiment/explain.ts";
import { experimentJsonSchema, type JsonSchema } from "../../src/experiment/schema.ts";

/** The subject of a table: a field such as `hardware.adc`, the empty path for the whole document, and one kind or all. */
export interface TableSubject {
  readonly path: string;
  readonly kind?: string;
}

interface Row {
  readonly path: string;
  readonly values: string;
  readonly initial: string;
  readonly meaning: string;
}

/** The table as Markdown. `others` are the subjects with their own tables. Throws an Error for a path that is not a field. */
export function fieldTable({ path, kind }: TableSubject, others: readonly TableSubject[]): string {
  const steps = path === "" ? [] : path.split(".");
  const experiment = experimentJsonSchema(DESCRIPTIONS);
  const schema = steps.reduce(fieldOf, experiment);
  const members = objectsIn(schema).filter((member) => kind === undefined || kindOf(member) === kind);
  if (members.length === 0)
    throw new Error(`There is no field ${path}${kind === undefined ? "" : ` of kind ${kind}`}.`);
  const elsewhere = new Map(
    others.flatMap((other) => {
      if (other.path === "") return [];
      const objects = objectsIn(other.path.split(".").reduce(fieldOf, experiment));
      return [[other.path, JSON.stringify(objects)]] as const;
    }),
  );
  const prefix = schema.type === "array" ? `${path}[]` : path;
  const rows = rowsOf(members, prefix, elsewhere).map(
    (row) => `| \`${row.path}\` | ${row.values} | ${row.initial} | ${row.meaning} |`,
  );
  return ["| field | values | default | meaning |", "|---|---|---|---|", ...rows].join("\n");
}

/** A table of selected fields: default and meaning. `[]` in a path means the entries of a list. */
export function shortTable(paths: readonly string[]): string {
  const rows = paths.map((path) => {
    const names = path.replaceAll("[]", "").split(".");
    const name = names.pop()!;
    const parent = names.reduce(fieldOf, experimentJsonSchema(DESCRIPTIONS));
    const { initial, meaning } = name === "kind" ? kindsRow(parent) : shortRow(parent, name);
    return `| \`${path}\` | ${initial} | ${meaning} |`;
  });
  return ["| field | default | what it does |", "|---|---|---|", ...rows].join("\n");
}

/** The field `kind` represents its object: its row has the object's meaning and the available kinds. */
function kindsRow(parent: JsonSchema): { initial: string; meaning: string } {
  const members = objectsIn(parent);
  const initial = members.map(({ properties }) => properties!.kind!.default).find((kind) => kind !== undefined);
  const kinds = members.map((member) => `\`${kindOf(member)}\``);
  const choice = `${kinds.slice(0, -1).join(", ")} or ${kinds.at(-1)}`;
  return { initial: `\`${JSON.stringify(initial)}\``, meaning: cell(`${parent.description} One of ${choice}.`) };
}

function shortRow(parent: JsonSchema, name: string): { initial: string; meaning: string } {
  const owner = objectsIn(parent).find(({ properties }) => properties && Object.hasOwn(properties, name));
  if (!owner) throw new Error(`There is no field ${name} in ${parent.description ?? "the experiment"}`);
  const schema = owner.properties![name];
  return {
    initial: initialOf(schema, owner.required?.includes(name) ?? false),
    meaning: cell(schema.description ?? ""),
  };
}

/** A text as a table cell. */
export const cell = (text: string): string => text.replaceAll("|", "\\|");

/** The subjects with their own tables: their objects, as text, by path. */
type Tables = ReadonlyMap<string, string>;

/** The fields of an object, or of all its kinds. */
function rowsOf(members: readonly JsonSchema[], prefix: string, elsewhere: Tables): Row[] {
  const names = [...new Set(members.flatMap((member) => Object.keys(member.properties ?? {})))];
  return names.flatMap((name): Row[] => {
    const path = prefix === "" ? name : `${prefix}.${name}`;
    const owners = members.filter((member) => member.properties && Object.hasOwn(member.properties, name));
    if (name === "kind") return owners.map((owner) => kindRow(path, owner));
    // Kinds with the same field of this name share a row.
    const forms = [...new Set(owners.map((owner) => JSON.stringify(owner.properties![name])))];
    return forms.flatMap((form) => {
      const group = owners.filter((owner) => JSON.stringify(owner.properties![name]) === form);
      const of =
        group.length === members.length ? "" : `For ${group.map((owner) => `\`${kindOf(owner)}\``).join(", ")}. `;
      return fieldRows(path, group[0], name, of, elsewhere);
    });
  });
}

function kindRow(path: string, owner: JsonSchema): Row {
  const { description, default: initial } = owner.properties!.kind;
  return {
    path,
    values: `\`${kindOf(owner)}\``,
    initial: initial === undefined ? "" : "default",
    meaning: cell(description ?? ""),
  };
}

function fieldRows(path: string, owner: JsonSchema, name: string, of: string, elsewhere: Tables): Row[] {
  const schema = owner.properties![name];
  const inside = objectsIn(schema);
  const content = JSON.stringify(inside);
  const isSame = inside.length > 1 ? [...elsewhere].find(([, objects]) => objects === content)?.[0] : undefined;
  const table = elsewhere.has(path) ? path : isSame;
  const row: Row = {
    path,
    values: table
      ? `[${isList(schema) ? listOf(schema) : "object"}](#${table.replaceAll(".", "").toLowerCase()})`
      : valuesOf(schema),
    initial: initialOf(schema, owner.required?.includes(name) ?? false),
    meaning: of + cell(schema.description ?? ""),
  };
  return [row, ...(table || inside.length === 0 ? [] : rowsOf(inside, path, elsewhere))];
}

function valuesOf(schema: JsonSchema): string {
  if (schema.type === "object" || schema.oneOf) return "object";
  if (isList(schema) && schema.items?.oneOf) return listOf(schema);
  const { default: _, ...rest } = schema;
  const [one, several] = schema.anyOf ?? [];
  const isOneOrMany = several?.items !== undefined && JSON.stringify(several.items) === JSON.stringify(one);
  const text = isOneOrMany ? `${describe(one)}, or a list of these` : describe(rest);
  const brief = text
    .replace(/^a list of (\d+) to (\d+) entries, each an? (number|integer)(?= )/, "$1–$2 $3s")
    .replace(/(^|[ ,])an? (?=integer|number|string|list|object)/g, "$1")
    .replace(/object with [\w, ]+?(?= or null|$)/g, "object")
    .replace(/ of at most (?=\d)/g, ", at most ")
    .replace(/(?<![\w.-])(\d[\d.]*) to (\d[\d.]*)/g, "$1–$2")
    .replace(/ from (?=[\d.]+–)/g, " ")
    .replace(/( from [\d.]+) below/g, "$1, below")
    .replace(/ above ([\d.]+)–([\d.]+)/g, " above $1, at most $2");
  return cell(brief.replace(/"([^"]+)"|\bnull\b/g, (word, name) => `\`${name ?? word}\``));
}

const listOf = ({ minItems, maxItems }: JsonSchema): string => `list of ${minItems ?? 0} to ${maxItems} objects`;

function initialOf(schema: JsonSchema, isRequired: boolean): string {
  if (isRequired) return "required";
  if (schema.default === undefined) return "none";
  if (isList(schema) && objectsIn(schema).length > 0) return "one stage";
  const text = JSON.stringify(schema.default);
  return text === "{}" ? "" : `\`${text.replaceAll(",", ", ").replaceAll(":", ": ")}\``;
}

/** A field of an object, of the entries of a list, or of any kind that has it. */
function fieldOf(schema: JsonSchema, name: string): JsonSchema {
  const owner = objectsIn(schema).find(({ properties }) => properties && Object.hasOwn(properties, name));
  if (!owner) throw new Error(`There is no field ${name} in ${schema.description ?? "the experiment"}`);
  return owner.properties![name];
}

/** The objects that a value may be, or hold as entries. */
function objectsIn(schema: JsonSchema): JsonSchema[] {
  if (schema.properties) return [schema];
  return [...(schema.oneOf ?? schema.anyOf ?? []), ...(schema.items ? [schema.items] : [])].flatMap(objectsIn);
}

const isList = (schema: JsonSchema): boolean => schema.type === "array";
const kindOf = (member: JsonSchema): unknown => member.properties?.kind?.const;
