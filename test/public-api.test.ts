// @module-tag page
// @module-tag slow
/**
 * Keeps docs/public-api/ equal to what the entry points export, one page for each, from the declarations that users get. Types stand by
 * name: a line for every value, a block with a line for every member of a type. Of `xpikeformer/internal`, which promises nothing, the
 * page has names only. A change of the public interface is a change of these pages; `npx vitest run test/public-api.test.ts -u` writes
 * them. Run `npm run build` first, as `npm test` does.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const dist = join(root, "dist/");
const ENTRIES = ["index", "cost", "rtl", "report", "node", "internal"];
const PUBLIC = ENTRIES.filter((entry) => entry !== "internal");

const program = ts.createProgram(
  ENTRIES.map((entry) => `${dist}${entry}.d.ts`),
  { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.NodeNext, strict: true, types: [] },
);
const checker = program.getTypeChecker();
const printer = ts.createPrinter({ removeComments: true, newLine: ts.NewLineKind.LineFeed });
const nameOf = (entry: string) => (entry === "index" ? "xpikeformer" : `xpikeformer/${entry}`);

/** The exports of each entry, by name. */
const exported = new Map(
  ENTRIES.map((entry) => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(`${dist}${entry}.d.ts`)!)!;
    return [entry, new Map(checker.getExportsOfModule(module).map((symbol) => [symbol.name, aliased(symbol)]))];
  }),
);

/** Names of the types that the compiler computes from schemas, by their members: inside another it no longer knows the name. */
const named = new Map<string, string>();
for (const [name, symbol] of [...exported.values()].flatMap((symbols) => [...symbols])) {
  if (!symbol.declarations!.some(isComputed)) continue;
  const type = checker.getDeclaredTypeOfSymbol(symbol);
  if (type.flags & (ts.TypeFlags.Object | ts.TypeFlags.UnionOrIntersection)) named.set(unrolled(type), name);
}

describe.each(ENTRIES)("%s.ts", (entry) => {
  test("is described in docs/public-api", async () => {
    const page = `docs/public-api/${nameOf(entry).split("/").at(-1)}.txt`;
    const groups = groupsOf(entry).map(({ heading, names }) => {
      const symbols = names.map((name) => [name, exported.get(entry)!.get(name)!] as const);
      const text = PUBLIC.includes(entry) ? symbols.map(([name, symbol]) => describeExport(name, symbol)) : names;
      return [`--- ${heading}`, ...text].join("\n");
    });
    const text = [`What ${nameOf(entry)} exports. Written by test/public-api.test.ts.`, ...groups].join("\n\n");
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThan(300);
    await expect(`${text}\n`).toMatchFileSnapshot(join(root, page));
  });

  test("has a heading above its first export", () => {
    const [first] = groupsOf(entry);
    expect(first!.heading, `${entry}.ts exports ${first!.names[0]} above its first heading`).not.toBe("");
  });
});

test("no name is exported by two entry points", () => {
  const names = [...exported.values()].flatMap((symbols) => [...symbols.keys()]);
  expect(names.filter((name, i) => names.indexOf(name) < i)).toEqual([]);
});

function aliased(symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
}

/** The exports of an entry's source in order, by the separate comment above them. */
function groupsOf(entry: string): { readonly heading: string; readonly names: string[] }[] {
  const text = readFileSync(join(root, `src/${entry}.ts`), "utf8");
  const source = ts.createSourceFile(entry, text, ts.ScriptTarget.ES2023, true);
  const groups: { heading: string; names: string[] }[] = [{ heading: "", names: [] }];
  for (const statement of source.statements) {
    const heading = /^\/\/ (.+)$/m.exec(text.slice(statement.pos, statement.getStart()))?.[1];
    if (heading) groups.push({ heading, names: [] });
    if (!ts.isExportDeclaration(statement) || !statement.exportClause || !ts.isNamedExports(statement.exportClause)) {
      throw new Error(`${entry}.ts holds more than named exports: ${statement.getText()}`);
    }
    groups.at(-1)!.names.push(...statement.exportClause.elements.map(({ name }) => name.text));
  }
  return groups.filter(({ names }) => names.length > 0);
}

/** A value in one line for each of its declarations, and a type with its members in lines of their own. */
function describeExport(name: string, symbol: ts.Symbol): string {
  const lines = symbol.declarations!.map((declaration) => {
    if (isComputed(declaration)) {
      const parameters = declaration.typeParameters?.map((parameter) => parameter.getText()).join(", ");
      const left = parameters ? `${name}<${parameters}>` : name;
      return `type ${left} = ${membersOf(checker.getDeclaredTypeOfSymbol(symbol), "")}`;
    }
    const statement = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
    const text = printer
      .printNode(ts.EmitHint.Unspecified, statement, declaration.getSourceFile())
      .replace(/^export (declare )?/, "")
      .replace(new RegExp(`\\b${symbol.name}\\b`), name)
      .replace(/;$/, "");
    if (ts.isFunctionDeclaration(declaration) || ts.isVariableDeclaration(declaration)) return inOneLine(text);
    const members = text.replaceAll("readonly ", "").replaceAll(";\n", "\n").replaceAll("    ", "  ");
    return ts.isTypeAliasDeclaration(declaration) && members.length > 120
      ? members.replaceAll(" | ", "\n  | ")
      : members;
  });
  return lines.join("\n");
}

const inOneLine = (text: string): string => text.replaceAll(/\s+/g, " ").replaceAll(/[;,] }/g, " }");

/** The members of a type that the compiler computes from a schema; exported types in it stand by name. */
function membersOf(type: ts.Type, indent: string): string {
  const inside = `${indent}  `;
  if (type.isUnion() && !(type.flags & ts.TypeFlags.EnumLike)) {
    // The compiler's own order depends on which file it reads first.
    const parts = type.types.map((part) => nestedType(part, inside)).toSorted();
    const line = parts.join(" | ");
    return line.includes("\n") || line.length > 100 ? parts.map((part) => `\n${inside}| ${part}`).join("") : line;
  }
  if (!isPlainObject(type)) return checker.typeToString(type);
  const members = type.getProperties().map((property) => {
    const optional = property.flags & ts.SymbolFlags.Optional ? "?" : "";
    return `${inside}${property.name}${optional}: ${nestedType(checker.getTypeOfSymbol(property), inside)}\n`;
  });
  return `{\n${members.join("")}${indent}}`;
}

function unrolled(type: ts.Type): string {
  return checker.typeToString(type, undefined, ts.TypeFormatFlags.NoTruncation | ts.TypeFormatFlags.InTypeAlias);
}

function isComputed(declaration: ts.Declaration): declaration is ts.TypeAliasDeclaration {
  return ts.isTypeAliasDeclaration(declaration) && /\bz\.(infer|input)</.test(declaration.getText());
}

function nestedType(type: ts.Type, indent: string): string {
  const name = named.get(unrolled(type));
  if (name !== undefined) return name;
  if (checker.isArrayType(type)) {
    const [element] = checker.getTypeArguments(type as ts.TypeReference);
    const text = nestedType(element!, indent);
    return /[|\n ]/.test(text) ? `Array<${text}>` : `${text}[]`;
  }
  return membersOf(type, indent);
}

/** An object of its own members, as a schema gives. */
function isPlainObject(type: ts.Type): boolean {
  const isDeclared = (declaration: ts.Declaration) =>
    ts.isInterfaceDeclaration(declaration) || ts.isClassDeclaration(declaration);
  return (
    (type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) !== 0 &&
    type.getProperties().length > 0 &&
    type.getCallSignatures().length === 0 &&
    !checker.isTupleType(type) &&
    !checker.isArrayType(type) &&
    !type.symbol?.declarations?.some(isDeclared)
  );
}
