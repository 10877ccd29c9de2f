// @module-tag slow
/**
 * Results are the same on every version of Node. `**` is not: V8 changed the last bits of `Math.pow` between Node 22 and 24.
 * Squares and powers of two did not change; every other power uses `power` of `src/numeric/power.ts`.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

const source = join(import.meta.dirname, "../src");
// Kernels are a separate language; WebAssembly computes their powers identically everywhere.
const files = (readdirSync(source, { recursive: true }) as string[]).filter(
  (path) => path.endsWith(".ts") && !/\.test\.ts$|\.generated\.ts$|^kernels\/assembly\//.test(path),
);

/** `line: text` of powers that depend on the platform. */
function platformPowers(text: string): string[] {
  const tree = ts.createSourceFile("file.ts", text, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const isTwo = (node: ts.Expression) => ts.isNumericLiteral(node) && node.text === "2";
  const visit = (node: ts.Node): void => {
    const isPower =
      ts.isBinaryExpression(node) &&
      (node.operatorToken.kind === ts.SyntaxKind.AsteriskAsteriskEqualsToken ||
        (node.operatorToken.kind === ts.SyntaxKind.AsteriskAsteriskToken && !isTwo(node.left) && !isTwo(node.right)));
    if (isPower || (ts.isPropertyAccessExpression(node) && node.getText() === "Math.pow")) {
      found.push(`${tree.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${node.getText()}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

test("the search finds powers, but not squares, powers of two or comments", () => {
  expect(platformPowers("const a = x ** 3; // y ** 3\nconst b = 2 ** n + x ** 2;\nconst c = Math.pow(x, y);")).toEqual([
    "1: x ** 3",
    "3: Math.pow",
  ]);
});

test("no source uses the platform's powers", () => {
  expect(files.length).toBeGreaterThan(200);
  const found = files.flatMap((path) =>
    platformPowers(readFileSync(join(source, path), "utf8")).map((place) => `${path}:${place}`),
  );
  expect(found).toEqual([]);
});
