// @module-tag page
// @module-tag slow
/**
 * Keeps docs/public-api.txt equal to what the package exports: every name with its type, under the headings of src/index.ts and
 * src/node.ts, from the declarations that users get; each entry ends with the types that these refer to but that cannot be
 * imported by name. A change of the public interface is a change of that page; `npx vitest run test/public-api.test.ts -u` writes
 * it. Run `npm run build` first, as `npm test` does.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist/");
const ENTRIES = { xpikeformer: "index", "xpikeformer/node": "node" };

const program = ts.createProgram(
  Object.values(ENTRIES).map((file) => `${dist}${file}.d.ts`),
  { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.NodeNext, strict: true, types: [] },
);
const checker = program.getTypeChecker();
const printer = ts.createPrinter({ removeComments: true, newLine: ts.NewLineKind.LineFeed });
const { NoTruncation, InTypeAlias, MultilineObjectLiterals } = ts.TypeFormatFlags;

test("docs/public-api.txt holds every export with its type", async () => {
  const parts = Object.entries(ENTRIES).map(([name, file]) => [title(name), ...describeEntry(file)].join("\n\n"));
  const head =
    "What can be imported, with its type. Written by test/public-api.test.ts; what things mean is said in the code.";
  await expect(`${[head, ...parts].join("\n\n")}\n`).toMatchFileSnapshot(join(root, "docs/public-api.txt"));
});

test("every export of an entry stands under a heading", () => {
  for (const file of Object.values(ENTRIES)) {
    const [before] = groupsOf(file);
    expect(before!.heading, `${file}.ts exports ${before!.names[0]} above its first heading`).not.toBe("");
  }
});

const title = (name: string) => `${"=".repeat(name.length)}\n${name}\n${"=".repeat(name.length)}`;

/** For an entry's file: its exports, by name. */
function exportsOf(file: string): Map<string, ts.Symbol> {
  const module = checker.getSymbolAtLocation(program.getSourceFile(`${dist}${file}.d.ts`)!)!;
  return new Map(checker.getExportsOfModule(module).map((symbol) => [symbol.name, checker.getAliasedSymbol(symbol)]));
}

/** The groups of one entry: its heading, then a declaration for every name. */
function describeEntry(file: string): string[] {
  const symbols = exportsOf(file);
  const groups = groupsOf(file).flatMap(({ heading, names }) => [
    `--- ${heading}`,
    ...names.map((name) => describe(symbols.get(name)!)),
  ]);
  const exported = new Set(Object.values(ENTRIES).flatMap((entry) => [...exportsOf(entry).values()]));
  // A set iterates over elements that are added during the iteration.
  const met = new Set(symbols.values());
  for (const symbol of met) for (const named of namedBy(symbol)) if (!exported.has(named)) met.add(named);
  const unnamed = [...met].slice(symbols.size).map(describe).sort();
  return [...groups, "--- Named above, not to be imported.", ...unnamed];
}

/** The package's own types to which the declarations of a symbol refer. */
function namedBy(symbol: ts.Symbol): ts.Symbol[] {
  const found: ts.Symbol[] = [];
  const visit = (node: ts.Node): void => {
    const name = ts.isTypeReferenceNode(node)
      ? node.typeName
      : ts.isExpressionWithTypeArguments(node) && node.expression;
    const local = name && checker.getSymbolAtLocation(name);
    if (local) {
      const target = local.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(local) : local;
      const isOwn = target.declarations?.every(
        (declaration) =>
          !ts.isTypeParameterDeclaration(declaration) && declaration.getSourceFile().fileName.startsWith(dist),
      );
      if (isOwn) found.push(target);
    }
    ts.forEachChild(node, visit);
  };
  for (const declaration of symbol.declarations!) visit(declaration);
  return found;
}

/** The exports of an entry's source in order, by the separate comment above them. */
function groupsOf(file: string): { readonly heading: string; readonly names: string[] }[] {
  const text = readFileSync(join(root, `src/${file}.ts`), "utf8");
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true);
  const groups: { heading: string; names: string[] }[] = [{ heading: "", names: [] }];
  for (const statement of source.statements) {
    const heading = /^\/\/ (.+)$/m.exec(text.slice(statement.pos, statement.getStart()))?.[1];
    if (heading) groups.push({ heading, names: [] });
    if (!ts.isExportDeclaration(statement) || !statement.exportClause || !ts.isNamedExports(statement.exportClause)) {
      throw new Error(`${file}.ts holds more than named exports: ${statement.getText()}`);
    }
    groups.at(-1)!.names.push(...statement.exportClause.elements.map(({ name }) => name.text));
  }
  return groups.filter(({ names }) => names.length > 0);
}

/** All declarations of a name, without comments. Types computed from a schema are expanded. */
function describe(symbol: ts.Symbol): string {
  const lines = symbol.declarations!.map((declaration) => {
    const statement = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
    const text = printer.printNode(ts.EmitHint.Unspecified, statement, declaration.getSourceFile());
    if (!ts.isTypeAliasDeclaration(declaration) || !/= z\.(infer|input)</.test(text)) return text;
    const type = checker.getDeclaredTypeOfSymbol(symbol);
    const flags = NoTruncation | InTypeAlias | MultilineObjectLiterals;
    return `type ${symbol.name} = ${checker.typeToString(type, declaration, flags)};`;
  });
  return lines.map((line) => line.replace(/^export (declare )?/, "")).join("\n");
}
