// @module-tag page
/**
 * Keeps `descriptions.ts` equal to the doc comments of the schemas: the comment is written once, where a reader of the code
 * looks for it, and editors show the same words. After changing a comment run `npx vitest run src/experiment/descriptions -u`.
 */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { DESCRIPTIONS } from "./descriptions.ts";
import { experimentJsonSchema, type JsonSchema } from "./schema.ts";

test("descriptions.ts holds the doc comments of the schemas", async () => {
  const file = join(import.meta.dirname, "experiment.ts");
  const entries = describeFields(constant("experimentSpec", file), file, "");
  const lines = entries.map(([field, comment]) => {
    const key = /^[a-z$]\w*$/.test(field) ? field : JSON.stringify(field);
    const value = comment.includes('"') ? `'${comment}'` : JSON.stringify(comment);
    const line = `  ${key}: ${value},`;
    return line.length <= 120 ? line : `  ${key}:\n    ${value},`;
  });
  const header = "/** What each field means: the doc comments of the schemas, collected by `descriptions.test.ts`. */";
  const text = `${header}\nexport const DESCRIPTIONS: Readonly<Record<string, string>> = {\n${lines.join("\n")}\n};\n`;
  await expect(text).toMatchFileSnapshot("descriptions.ts");
});

test("every field of the JSON Schema has a description", () => {
  const bare: string[] = [];
  const visit = (schema: JsonSchema, path: string): void => {
    for (const member of [...(schema.oneOf ?? []), ...(schema.anyOf ?? []), ...(schema.items ? [schema.items] : [])]) {
      visit(member, path);
    }
    for (const [key, field] of Object.entries(schema.properties ?? {})) {
      if (!field.description) bare.push(`${path}.${key}`);
      visit(field, `${path}.${key}`);
    }
  };
  visit(experimentJsonSchema(DESCRIPTIONS), "");
  expect(bare).toEqual([]);
});

/** `[field, comment]` for every field below a schema expression such as `z.strictObject({ ... }).prefault({})`. */
function describeFields(node: ts.Expression, file: string, path: string): [string, string][] {
  if (ts.isIdentifier(node)) {
    const home = fileOf(node.text, file);
    return describeFields(constant(node.text, home), home, path);
  }
  if (ts.isObjectLiteralExpression(node)) {
    return node.properties.flatMap((property): [string, string][] => {
      if (ts.isSpreadAssignment(property)) return describeFields(property.expression, file, path);
      if (!ts.isPropertyAssignment(property)) return [];
      const field = path ? `${path}.${property.name.getText()}` : property.name.getText();
      const comment = ts.getTextOfJSDocComment(ts.getJSDocCommentsAndTags(property)[0]?.comment as string | undefined);
      const inner = describeFields(property.initializer, file, field);
      return comment ? [[field, comment.replace(/\s+/g, " ")], ...inner] : inner;
    });
  }
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return [];
  const { expression: owner, name: method } = node.expression;
  if (owner.getText() !== "z") return describeFields(owner, file, path);
  if (method.text === "strictObject") return describeFields(node.arguments[0], file, path);
  if (method.text === "array") return describeFields(node.arguments[0], file, path);
  const members = node.arguments.find(ts.isArrayLiteralExpression)?.elements ?? [];
  if (method.text !== "union" && method.text !== "discriminatedUnion") return [];
  return members.flatMap((member, i) => {
    const kind = `${path}[${i}].kind`;
    const inner = describeFields(member, file, `${path}[${i}]`);
    const comment = inner.some(([field]) => field === kind) ? undefined : commentBefore(member);
    return comment ? [[kind, comment], ...inner] : inner;
  });
}

/** The comment in front of a member of a union says what its `kind` stands for, unless the field has its own. */
function commentBefore(member: ts.Expression): string | undefined {
  const text = member.getSourceFile().text;
  const range = ts.getLeadingCommentRanges(text, member.pos)?.at(-1);
  return (
    range &&
    text
      .slice(range.pos + 3, range.end - 2)
      .replace(/\s*\n\s*\* ?/g, " ")
      .trim()
  );
}

function constant(name: string, file: string): ts.Expression {
  for (const statement of parse(file).statements) {
    if (!ts.isVariableStatement(statement)) continue;
    const [declaration] = statement.declarationList.declarations;
    if (declaration!.name.getText() === name) return declaration!.initializer!;
  }
  throw new Error(`${file} has no constant ${name}`);
}

/** The file that declares an identifier used in `file`. */
function fileOf(name: string, file: string): string {
  for (const statement of parse(file).statements) {
    if (!ts.isImportDeclaration(statement)) continue;
    const bindings = statement.importClause?.namedBindings;
    if (!bindings || !ts.isNamedImports(bindings)) continue;
    const specifier = (statement.moduleSpecifier as ts.StringLiteral).text;
    if (bindings.elements.some((element) => element.name.text === name)) return join(dirname(file), specifier);
  }
  return file;
}

function parse(file: string): ts.SourceFile {
  return ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
}
