// @module-tag page
// @module-tag slow
/**
 * Checks the gallery against the measured experiments: its blocks and images are those of scripts/gallery.mjs, and its links open
 * exactly the experiment above them. `npx vitest run test/gallery.test.ts -u` writes them; read the difference.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseExperiment } from "../src/experiment/parse.ts";
import { chartSvg } from "../src/report/chart-svg.ts";
import { chartSpec } from "../src/report/report.ts";
import { pack, unpack } from "../studio/src/state/packed.ts";

const root = join(import.meta.dirname, "..");
const page = join(root, "docs/gallery.md");
interface Entry {
  readonly experiment: object;
  readonly picture: string | (() => { id: string });
  readonly table: () => { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] };
}
// Through a variable, because the programs of scripts/ have no types.
const program = join(root, "scripts/gallery.mjs");
const { gallery, block, thumbnails } = (await import(program)) as {
  gallery: Readonly<Record<string, Entry>>;
  block: (name: string, open: string) => string;
  thumbnails: (page: string) => string;
};
const names = Object.keys(gallery);
const text = readFileSync(page, "utf8");
const sectionOf = (name: string) =>
  new RegExp(`(<!-- experiment: ${name} -->\n)([\\s\\S]*?)(<!-- end of ${name} -->)`).exec(text);

/** Keeps a section's link if it encodes this experiment: compressors on other platforms produce different bytes. */
async function openOf(name: string): Promise<string> {
  const wanted = JSON.stringify({ experiment: gallery[name]!.experiment });
  const found = /studio\.md#open=([\w-]+)/.exec(sectionOf(name)?.[2] ?? "")?.[1];
  const said = found === undefined ? "" : await unpack(found).catch(() => "");
  return said === wanted ? found! : pack(wanted);
}

test("the page has a section for every experiment, and shows the measured results", async () => {
  let filled = text.replace(
    /(<!-- thumbnails -->\n)[\s\S]*?(?=<!-- end of thumbnails -->)/,
    (_, start) => `${start}\n${thumbnails(text)}\n\n`,
  );
  for (const name of names) {
    const [whole, start, , end] = sectionOf(name)!;
    const open = await openOf(name);
    filled = filled.replace(whole, () => `${start}\n${block(name, open)}\n\n${end}`);
  }
  await expect(filled).toMatchFileSnapshot(page);
  expect(names).toHaveLength(7);
  expect(thumbnails(text).match(/!\[/g)).toHaveLength(names.length);
  expect(text.match(/<!-- experiment: /g)).toHaveLength(names.length);
});

test.each(names)("%s has a table with rows, each as long as its head, of numbers", (name) => {
  const { head, rows } = gallery[name]!.table();
  expect(rows.length).toBeGreaterThan(0);
  for (const row of rows) {
    expect(row).toHaveLength(head.length);
    expect(row.slice(1).join(), String(row)).toMatch(/\d/);
  }
});

test.each(names)("%s is an experiment with a bundled network, and its link opens it", async (name) => {
  const parsed = parseExperiment(JSON.stringify(gallery[name]!.experiment));
  expect(parsed.checkpoints.network).toMatch(/^bundled:/);
  const open = /studio\.md#open=([\w-]+)/.exec(sectionOf(name)![2]!)![1]!;
  const { experiment } = JSON.parse(await unpack(open)) as { experiment: object };
  expect(parseExperiment(JSON.stringify(experiment))).toEqual(parsed);
});

test.each(names.filter((name) => typeof gallery[name]!.picture !== "string"))(
  "%s has a picture of its numbers",
  async (name) => {
    const chart = chartSpec.parse((gallery[name]!.picture as () => object)());
    await expect(chartSvg(chart)).toMatchFileSnapshot(join(root, `docs/figures/${chart.id}.svg`));
  },
);
