import { describe, expect, test } from "vitest";
import { describedWorkload, findWorkload } from "../cost/workloads.ts";
import { SpecError } from "../errors.ts";
import { parseWorkload, readWorkload } from "./workload.ts";

const large = {
  ...{ kind: "workload", name: "vit-8-768-imagenet", depth: 8, width: 768, heads: 12, tokens: 197 },
  ...{ inputs: 768, classes: 1000, result: "image" },
};

test("the sizes of a published network, written down, are its workload", () => {
  const { description: _, ...described } = describedWorkload(parseWorkload(large));
  const { description, ...published } = findWorkload("vit-8-768-imagenet");
  expect(described).toEqual(published);
  expect(description).not.toBe("");
});

test("a file is a workload's by its kind, with comments", () => {
  expect(readWorkload('{ "kind": "workload" /* of mine */ }', "a.json")).toEqual({ kind: "workload" });
  for (const text of ['{ "name": "An experiment" }', "[]", "3", "null"])
    expect(readWorkload(text, "a.json")).toBeNull();
});

test("densities are those of all blocks, or of each", () => {
  const one = describedWorkload(parseWorkload({ ...large, densities: { down: 0.2 } }));
  expect(one.blocks.map(({ down }) => down)).toEqual(Array(8).fill(0.2));
  expect(one.blocks[0].qkv).toBe(findWorkload("vit-8-768-imagenet").blocks[0].qkv);
  const shares = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8];
  const each = describedWorkload(parseWorkload({ ...large, densities: shares.map((up) => ({ up })) }));
  expect(each.blocks.map(({ up }) => up)).toEqual(shares);
});

describe("is refused, with the field", () => {
  test.each([
    [{ heads: 7 }, "heads", /do not divide the width/],
    [{ tokens: 0 }, "tokens", /tokens/],
    [{ tokens: 1e9 }, "tokens", /tokens/],
    [{ densities: { down: 1.5 } }, "densities", /densities/],
    [{ densities: [{}, {}] }, "densities", /must have one entry per block/],
    [{ widht: 768 }, "widht", /width/],
    [{ inputs: undefined }, "inputs", /inputs/],
  ])("%j", (fields, path, message) => {
    let error: unknown;
    try {
      parseWorkload({ ...large, ...fields });
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(SpecError);
    expect((error as SpecError).path).toMatch(path);
    expect((error as SpecError).message).toMatch(message);
  });
});
