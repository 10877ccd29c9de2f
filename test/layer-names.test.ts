// @module-tag slow
/**
 * Nothing takes a layer's name apart: what a layer is stands in its description (`src/model/layers.ts`). The test reads the syntax
 * of every source file outside `src/import/`, which maps names of other programs.
 *
 * It finds string methods and regular expressions on something that is called a layer's or a parameter's name, or with a piece
 * of such a name as argument, and comparisons with such a name. Left out: names that travel under other words and meet no literal.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

/** Ways to look into a string, or to ask a regular expression. */
const METHODS = new Set([
  ...["startsWith", "endsWith", "includes", "indexOf", "lastIndexOf", "search", "split", "match", "matchAll"],
  ...["replace", "replaceAll", "slice", "substring", "charAt", "at", "test", "exec"],
]);

/** `layer.name`, `unit?.name`, `parameter.name`, `layerName`, `trainOut` */
const NAME =
  /\b(\w*[lL]ayer|unit|linear|parameter|operation|embed|embedding|head|projection)[?!]?\.name$|\b(\w*[lL]ayerName|trainIn|trainOut)$/;
/** A variable that holds the name of a layer. */
const VARIABLE = /^(layer|name|parameter|train)$/;
/** Pieces of names, in a string or a regular expression: `.weight`, `blocks.`, `qkv`. */
const PIECE =
  /\bblocks?\b.*[.\\]|\bstem[.\\]|\bqkv\b|\.(projection|up|down|weight|offset|gain|mean|variance)\b|\b(mean|variance)\|/;
const WHOLE = /^(embed|qkv|projection|up|down|stem\.\d+|blocks\.\d+\.\w+)$/;

test("no code takes a layer's name apart", () => {
  const files = ["src", "studio/src", "bench", "experiments", "scripts", "examples"].flatMap((folder) =>
    (readdirSync(join(root, folder), { recursive: true }) as string[]).map(
      (file) => `${folder}/${file.replaceAll("\\", "/")}`,
    ),
  );
  const read = files.filter(
    (file) =>
      /\.(tsx?|mjs)$/.test(file) && !file.endsWith(".test.ts") && !/^src\/(import|kernels\/assembly)\//.test(file),
  );
  expect(read.length).toBeGreaterThan(300);
  expect(read.flatMap((file) => partings(file, readFileSync(join(root, file), "utf8")))).toEqual([]);
});

test.each([
  'layer.name.startsWith("x")',
  'unit.name.split(".")',
  "/^b/.exec(layer?.name)",
  'name.endsWith(".weight")',
  'name.slice(0, -".weight".length)',
  "/\\.(qkv|up)$/.test(name)",
  'name.replace(/^blocks\\.\\d+\\./, "")',
  "trainOut.includes(word)",
  'name === "embed"',
  'layer.name !== "head"',
])("finds %s", (code) => {
  expect(partings("planted.ts", `const found = ${code};`)).toEqual([`planted.ts:1: ${code}`]);
});

test.each(['kind === "head"', 'names.includes("head")', "layer.blocks.slice(1)", "`$" + "{layer.name}.weight`"])(
  "leaves alone %s",
  (code) => expect(partings("planted.ts", `const found = ${code};`)).toEqual([]),
);

/** Where a source text takes the name of a layer apart. */
function partings(file: string, code: string): string[] {
  const source = ts.createSourceFile(file, code, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (looksInside(node) || compares(node)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart());
      found.push(`${file}:${line + 1}: ${node.getText()}`);
    } else ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

function looksInside(node: ts.Node): boolean {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false;
  const { name, expression } = node.expression;
  if (!METHODS.has(name.text)) return false;
  const texts = [expression, ...node.arguments].map((part) => part.getText());
  if (texts.some((text) => NAME.test(text))) return true;
  const strings = [expression, ...node.arguments].filter(
    (part) => !ts.isArrowFunction(part) && !ts.isArrayLiteralExpression(part),
  );
  return texts.some((text) => VARIABLE.test(text)) && strings.some((part) => PIECE.test(part.getText()));
}

function compares(node: ts.Node): boolean {
  if (!ts.isBinaryExpression(node) || !/^[!=]==$/.test(node.operatorToken.getText())) return false;
  const [left, right] = [node.left, node.right].map((side) => (ts.isStringLiteral(side) ? side.text : null));
  const literal = right ?? left;
  if (literal === null) return false;
  const other = (right === null ? node.right : node.left).getText();
  return (NAME.test(other) || VARIABLE.test(other)) && (WHOLE.test(literal) || literal === "head");
}
