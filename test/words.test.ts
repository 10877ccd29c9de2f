/** Limits the length of the pages. `node scripts/words.mjs` counts. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
// Through a variable, because scripts have no types.
const program = join(root, "scripts/words.mjs");
const { countWords, wordsBelow } = (await import(program)) as {
  countWords: (markdown: string) => number;
  wordsBelow: (folder: string) => number;
};
const wordsOf = (page: string) => countWords(readFileSync(join(root, page), "utf8"));

test("README has at most 1,000 words, and the changelog 1,500", () => {
  expect(wordsOf("README.md")).toBeLessThanOrEqual(1000);
  expect(wordsOf("CHANGELOG.md")).toBeLessThanOrEqual(1500);
});

test("docs/ has at most 40,400 words, and experiments/ 20,000", () => {
  expect(wordsBelow("docs")).toBeLessThanOrEqual(40_400);
  expect(wordsBelow("experiments")).toBeLessThanOrEqual(20_000);
});

test("words are counted outside code blocks, comments and link targets", () => {
  expect(countWords("# Two words\n\n```sh\nnot counted\n```\n\nand [a link](to/no/page.md) <!-- no -->")).toBe(5);
  expect(countWords("| cell | 3.5 |\n|---|---:|\n| – | b |")).toBe(3);
  expect(countWords("````md\n```\nnot counted\n```\n````\nonce")).toBe(1);
});
