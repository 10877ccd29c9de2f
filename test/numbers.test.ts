// @module-tag page
// @module-tag slow
/**
 * Checks the numbers inside sentences against the results they come from: `experiments/numbers.mjs` fills every `<!--n:...-->`
 * mark of a page. `npx vitest run test/numbers.test.ts -u` fills them anew; read the difference, and the words around them.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";

interface Receipt {
  readonly command?: string;
  readonly seed?: number;
  readonly commit?: string;
  /** Measured one by one: rows of images, and networks by name. */
  readonly runs?: readonly Receipt[];
  readonly networks?: Readonly<Record<string, Receipt>>;
}

const root = join(import.meta.dirname, "..");
const read = (path: string) => readFileSync(join(root, path), "utf8");
// Through variables, because scripts have no types.
const load = (path: string) => import(join(root, path));
const { fillNumbers, RECORDS } = (await load("experiments/numbers.mjs")) as {
  fillNumbers: (page: string) => string;
  RECORDS: Readonly<Record<string, string>>;
};
const { pagesBelow } = (await load("scripts/words.mjs")) as { pagesBelow: (folder: string) => string[] };

const CLAIMS = ["README.md", "docs/claims.md"];
// readme.test.ts fills README, together with its printed blocks.
const marked = ["docs", "experiments", "site"].flatMap(pagesBelow).filter((page) => read(page).includes("<!--n:"));

test.each(marked)("the numbers of %s are those that were measured", async (page) => {
  await expect(fillNumbers(read(page))).toMatchFileSnapshot(join(root, page));
});

describe("the two pages of claims", () => {
  /** A page as a reader sees it: without code, printed blocks, link targets and numbers filled by marks. */
  const unmarked = (page: string) =>
    read(page)
      .replace(/<!-- measured: (\S+) -->[\s\S]*?<!-- end of \1 -->/g, "")
      .replace(/```[\s\S]*?```/g, "")
      .replace(/`[^`]*`/g, "")
      .replace(/<!--n:[^>]*-->[+−]?[\d.,]*\d( \([^)]* to [^)]*\))?/g, "")
      .replace(/\]\([^)]*\)/g, "]")
      .replace(/arXiv \d+\.\d+/g, "");
  /** Levels, tolerances and sizes of samples, which are not measurements. */
  const AGREED = new Set(["95 %", "5 %", "0.x", "18,000", "10,000", "2,048"]);

  test.each(CLAIMS)("%s holds no measured number without a mark", (page) => {
    const numbers = unmarked(page).match(/\d[\d,]*[.,][\dx]+|\d+ ?%/g) ?? [];
    expect(numbers.filter((number) => !AGREED.has(number))).toEqual([]);
  });

  const rowsOf = (page: string, head: string) => {
    const lines = read(page).split("\n");
    return lines.flatMap((line, at) => {
      if (!line.startsWith(head)) return [];
      const end = lines.findIndex((next, index) => index > at && !next.startsWith("|"));
      return lines.slice(at + 2, end).map((row) => row.split(" | ").map((cell) => cell.replace(/^\|? ?| ?\|$/g, "")));
    });
  };
  const wordsOf = (cell: string) =>
    cell
      .replace(/<!--.*?-->/g, "")
      .split(/\s+/)
      .filter(Boolean);

  test("README has ten rows, each with one number and its interval, a short verdict, and a link to its claim", () => {
    const rows = rowsOf("README.md", "| claim |");
    expect(rows).toHaveLength(10);
    for (const [claim, paper, ours, verdict, more] of rows) {
      expect(wordsOf(claim!).length, claim).toBeLessThanOrEqual(12);
      expect(wordsOf(verdict!).length, claim).toBeLessThanOrEqual(4);
      expect(paper!.match(/<!--n:/g)?.length ?? 0, claim).toBeLessThanOrEqual(1);
      // A range counts as one number with two ends.
      const marks = ours!.split(" to <!--").length === 2 ? 2 : 1;
      expect(ours!.match(/<!--n:/g), claim).toHaveLength(marks);
      expect(more).toMatch(/^\[[^\]]+\]\(docs\/claims\.md#[a-z0-9-]+\)$/);
    }
  });

  /** What a number was measured on: one network on one machine at one T, without the figure. The paper's are a record of their own. */
  const recordOf = (mark: string) => mark.slice(0, mark.indexOf("/"));

  test.each(CLAIMS)("every row of a table of %s takes its cells from one record", (page) => {
    const rows = read(page)
      .split("\n")
      .filter((line) => line.startsWith("|"));
    const mixed = rows.filter((row) => {
      const records = Array.from(row.matchAll(/<!--n:([^>;]+)/g), ([, mark]) => recordOf(mark!));
      return new Set(records.filter((record) => record !== "paper")).size > 1;
    });
    expect(rows.length).toBeGreaterThan(9);
    expect(mixed).toEqual([]);
  });

  test("no cell of docs/claims.md has more than twelve words, or more than one number", () => {
    const cells = ["| claim |", "| ratio |", "| network |", "| what is changed |"].flatMap((head) =>
      rowsOf("docs/claims.md", head).flat(),
    );
    expect(cells.length).toBeGreaterThan(150);
    expect(cells.filter((cell) => wordsOf(cell.replace(/\(.*? to .*?\)/, "")).length > 12)).toEqual([]);
    const marks = (cell: string) => cell.replace(/ to <!--n:/, " ").match(/<!--n:/g)?.length ?? 0;
    expect(cells.filter((cell) => marks(cell) > 1)).toEqual([]);
  });
});

test("a mark with a bar, which would end the cell of a table, is refused", () => {
  expect(() => fillNumbers("| 4 | <!--n:link/gap.ann|+-->+0.0054 |")).toThrow("Write a semicolon");
});

describe("the results behind them", () => {
  const records = Object.values(RECORDS);
  /** The receipts of a file: its own if it was measured at once, and those of its parts if they were measured one by one. */
  function receiptsOf(path: string): Receipt[] {
    const { command, seed, commit, runs, networks, ...others } = JSON.parse(read(path)) as Receipt;
    const parts = runs ?? Object.values(networks ?? (command === undefined ? (others as Record<string, Receipt>) : {}));
    const whole = { ...(command && { command }), ...(seed !== undefined && { seed }), ...(commit && { commit }) };
    return parts.length > 0 ? parts.map((part) => ({ ...whole, ...part })) : [whole];
  }

  test.each(records)("%s carries command, seed and commit", (path) => {
    const receipts = receiptsOf(path);
    expect(receipts.length).toBeGreaterThan(0);
    for (const { command, seed, commit } of receipts) {
      expect(command).toMatch(/^node experiments\/\S+/);
      expect(existsSync(join(root, command!.split(" ")[1]!))).toBe(true);
      expect(commit).toMatch(/^[0-9a-f]{40}$/);
      expect(Number.isInteger(seed)).toBe(true);
    }
  });

  // A tarball has no history, and a shallow clone only part of it.
  test("their commits are in the history", ({ skip }) => {
    skip(!hasHistory(), "Git or the whole history is missing");
    for (const commit of new Set(records.flatMap(receiptsOf).map((receipt) => receipt.commit!))) {
      const isAncestor = () => execFileSync("git", ["merge-base", "--is-ancestor", commit, "HEAD"], { cwd: root });
      expect(isAncestor, commit).not.toThrow();
    }
  });
});

function hasHistory(): boolean {
  try {
    const answer = execFileSync("git", ["rev-parse", "--is-shallow-repository"], { cwd: root, encoding: "utf8" });
    return answer.trim() === "false";
  } catch {
    return false;
  }
}
