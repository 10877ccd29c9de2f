import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { SpecError } from "../errors.ts";
import { parseTensorMapping } from "./tensor-mapping.ts";

function messageOf(source: unknown): string {
  try {
    parseTensorMapping(source, "m.json");
    return "accepted";
  } catch (error) {
    if (error instanceof SpecError) return `${error.path}: ${error.message}`;
    throw error;
  }
}

const withRule = (rule: unknown) => messageOf({ parameters: { a: rule } });

test("the mappings of the documentation are mappings", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/import.md"), "utf8");
  const shown = Array.from(page.matchAll(/^```json\n([\s\S]*?)\n```/gm), ([, json]) =>
    parseTensorMapping(json, "import.md"),
  );
  expect(shown.map(({ parameters }) => Object.keys(parameters).length)).toEqual([6, 1]);
});

describe("a mapping file", () => {
  test("gets its defaults", () => {
    expect(parseTensorMapping('{ "parameters": { "a": "b" } }')).toEqual({
      parameters: { a: "b" },
      ignore: [],
      approximations: [],
    });
  });

  test("may nest expressions within expressions", () => {
    const offset = { linear: { part: "offset", weight: "w", before: { gain: "g" } }, steps: [{ reshape: [1, -1] }] };
    expect(withRule({ concatenate: [{ sum: ["p", offset] }, "q"], axis: 0 })).toBe("accepted");
  });

  test.each([
    [{ paramters: {} }, "m.json"],
    [{ parameters: { a: 3 } }, "parameters.a is 3; allowed: a string of 1 to 512 characters or an object with tensor"],
    [{ parameters: {}, ignore: "*" }, 'ignore is "*"; allowed: a list of at most 1000 entries'],
  ])("%j is refused at the field at fault", (document, message) => {
    expect(messageOf(document)).toContain(message === "m.json" ? "did you mean `parameters`?" : message);
  });

  test.each([
    [{ tensor: "x", stesp: [] }, "parameters.a.stesp is not a known key; did you mean `steps`?"],
    [{ tensor: "x", sum: ["y"] }, "exactly one of tensor, concatenate, sum, constant, linear"],
    [{ steps: [] }, "exactly one of tensor, concatenate, sum, constant, linear"],
    [{ tensor: "x", steps: [{ scale: 2, reshape: [1] }] }, "parameters.a.steps[0]: A step needs exactly one of"],
    [{ sum: ["y", { tensr: "x" }] }, "parameters.a.sum[1].tensr is not a known key; did you mean `tensor`?"],
    [{ sum: "y" }, 'parameters.a.sum is "y"; allowed: a list of 1 to 64 entries, each a value like the one around it.'],
    [{ linear: { part: "weigth", weight: "w" } }, 'Did you mean "weight"?'],
    [{ linear: { part: "weight" } }, "parameters.a.linear.weight is missing"],
    [{ linear: { part: "weight", weight: "w", after: { varience: "v" } } }, "did you mean `variance`?"],
    [{ tensor: "x", steps: [{ slice: { axis: 0, begin: 0 } }] }, "parameters.a.steps[0].slice.end is missing"],
  ])("the rule %j is refused at the field at fault", (rule, message) => {
    expect(withRule(rule)).toContain(message);
  });
});
