// @module-tag page
// @module-tag slow
/**
 * Checks the pages of experiments/ against the cost model: the table under the comment `<!-- table: NAME -->` is the one with
 * that name in experiments/tables.mjs. After an intended change of numbers, `npx vitest run test/experiments.test.ts -u` writes
 * the new ones; read the difference, and the reasons next to it.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const folder = join(import.meta.dirname, "../experiments");
// Through a variable, because the programs of experiments/ have no types.
const program = join(folder, "tables.mjs");
const { tables, markdown } = (await import(program)) as {
  tables: Readonly<Record<string, () => Table>>;
  markdown: (table: Table) => string;
};
/** Holds measured errors that several experiments share, and no page. */
const SHARED = "errors";
const experiments = readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() && entry.name !== SHARED ? [entry.name] : [],
);
const pages = experiments.flatMap((name) =>
  readdirSync(join(folder, name)).flatMap((file) => (file.endsWith(".md") ? [join(name, file)] : [])),
);
const MARKER = /(<!-- table: (\S+) -->\n)\n*(?:\|.*\n)*\n*/g;

test.each(pages)("%s shows the cost model's results", async (page) => {
  const path = join(folder, page);
  const text = readFileSync(path, "utf8");
  const filled = text.replace(
    MARKER,
    (_, marker: string, name: string) => `${marker}\n${markdown(tables[name]())}\n\n`,
  );
  await expect(filled).toMatchFileSnapshot(path);
});

test("every table is shown, and every experiment has a claim, a table and a reason", () => {
  const texts = pages.map((page) => readFileSync(join(folder, page), "utf8"));
  const shown = texts.flatMap((text) => Array.from(text.matchAll(MARKER), ([, , name]) => name!));
  expect(shown.toSorted()).toEqual(Object.keys(tables).toSorted());
  for (const name of experiments) {
    const text = texts[pages.indexOf(join(name, "README.md"))];
    for (const part of ["**Claim.**", "**Reason.**", "<!-- table: "]) expect(text, name).toContain(part);
  }
});

test("an experiment reads a kept network only by naming the command that trains it", async () => {
  const programs = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".mjs"));
  const ignored = programs.filter((file) => {
    const code = readFileSync(join(folder, file), "utf8").replace(/^\s*(\/\/|\/?\*).*$/gm, "");
    return /["'`](\.\.\/)*(runs|dist-bench)\//.test(code) || /["'`](\.\.\/){2,}results\//.test(code);
  });
  expect(ignored).toEqual(["kept.mjs"]);
  const kept = join(folder, "kept.mjs");
  const { readKept } = (await import(kept)) as { readKept: (path: string, command: string) => Promise<Buffer> };
  await expect(readKept("nowhere/a.safetensors", "node train.mjs")).rejects.toThrow(
    "There is no runs/nowhere/a.safetensors, which the repository does not hold. To train it, run: node train.mjs",
  );
});

test("every row of a table has one cell per column", () => {
  for (const [name, table] of Object.entries(tables)) {
    const { head, rows } = table();
    for (const row of rows) expect(row.length, name).toBe(head.length);
  }
});
