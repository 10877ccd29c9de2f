/**
 * The recipes of CONTRIBUTING.md ask for exactly what the compiler asks for. A member of each kind is planted in the sources, in memory,
 * and one program is compiled: the records that lack an entry are those that the recipes name, in both directions.
 */
// @module-tag slow
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";
import { beforeAll, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const page = readFileSync(join(root, "CONTRIBUTING.md"), "utf8");

interface Plant {
  /** Heading of the recipe. */
  readonly recipe: string;
  readonly file: string;
  /** Text of the file, and what is put after it. */
  readonly after: string;
  readonly member: string;
}

const PLANTS: readonly Plant[] = [
  {
    recipe: "A neuron",
    file: "src/experiment/neuron.ts",
    after: 'export const neuronSpec = z.discriminatedUnion("kind", [',
    member: 'z.strictObject({ kind: z.literal("planted-neuron"), ...firing }),',
  },
  {
    recipe: "A kind of attention",
    file: "src/experiment/attention.ts",
    after: 'export const attentionSpec = z.discriminatedUnion("kind", [',
    member: 'z.strictObject({ kind: z.literal("planted-attention"), scale: shift() }),',
  },
  {
    recipe: "An operation of networks",
    file: "src/model/operations.ts",
    after: "export type Operation =",
    member: '| import("./operation.ts").OperationOf<"planted-operation">',
  },
  {
    recipe: "A column read-out",
    file: "src/experiment/read-out.ts",
    after: "const KINDS = [",
    member: '"planted-read-out",',
  },
  {
    recipe: "A column read-out",
    file: "src/experiment/by-read-out.ts",
    after: "export type ColumnReadOut =",
    member: '| { readonly kind: "planted-read-out"; readonly circuit: ColumnCircuit }',
  },
  {
    recipe: "A task",
    file: "src/experiment/task.ts",
    after: 'export const taskSpec = z.discriminatedUnion("kind", [',
    member: 'z.strictObject({ kind: z.literal("planted-task"), coding: z.literal("events").default("events") }),',
  },
  {
    recipe: "A device",
    file: "src/experiment/device.ts",
    after: 'export const deviceSpec = z.discriminatedUnion("kind", [',
    member: 'z.strictObject({ kind: z.literal("planted-device") }),',
  },
  {
    recipe: "A machine to compare with",
    file: "src/cost/architectures/catalogue.ts",
    after: "const architectures = {",
    member: '"planted-machine": digital("Planted", annDigital, int8),',
  },
];

/** What lacks an entry, as the recipes write it: `NAME` in `file`. */
let lacking: readonly { readonly record: string; readonly message: string }[];

beforeAll(() => {
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
  const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const read = host.readFile;
  host.readFile = (path) => {
    const text = read(path);
    const plant = PLANTS.find(({ file }) => file === relative(root, path).replaceAll("\\", "/"));
    return plant ? text?.replace(plant.after, `${plant.after}\n${plant.member}`) : text;
  };
  const program = ts.createProgram(fileNames, options, host);
  lacking = program.getSemanticDiagnostics().map(({ file, start, messageText }) => {
    const path = relative(root, file!.fileName).replaceAll("\\", "/");
    const message = ts.flattenDiagnosticMessageText(messageText, " ");
    return { record: `\`${declarationAt(file!, start!)}\`, in \`${path}\``, message };
  });
});

/** The name of the declaration at the top of a file that holds a position. */
function declarationAt(file: ts.SourceFile, position: number): string {
  const statement = file.statements.find(({ pos, end }) => pos <= position && position < end)!;
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations[0].name.getText(file);
  return (statement as ts.FunctionDeclaration).name!.text;
}

/** The records in the first column of a recipe's table, each written as `NAME`, in `file`. */
function namedBy(recipe: string): string[] {
  const section = page.split(/^### /m).find((text) => text.startsWith(`${recipe}\n`))!;
  return Array.from(section.matchAll(/^\| (`\w+`, in `src\/[^`]+`)/gm), ([, record]) => record).sort();
}

test("the recipes name the records that the compiler asks for, and no others", () => {
  const all = [...new Set(PLANTS.map(({ recipe }) => recipe))].flatMap(namedBy);
  expect(all.length).toBeGreaterThan(8);
  expect([...new Set(lacking.map(({ record }) => record))].sort()).toEqual([...all].sort());
});

test("each record stands in the recipe of the kind that it lacks", () => {
  for (const { recipe, member } of PLANTS) {
    const kind = /planted-\w+/.exec(member)![0];
    const asking = lacking.filter(({ message }) => message.includes(kind)).map(({ record }) => record);
    expect(namedBy(recipe), recipe).toEqual(expect.arrayContaining(asking));
  }
});

test("a machine to compare with needs its entry in the catalogue and nothing else", () => {
  expect(namedBy("A machine to compare with")).toEqual([]);
  expect(lacking.filter(({ message }) => message.includes("planted-machine"))).toEqual([]);
});
