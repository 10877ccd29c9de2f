// @module-tag page
/**
 * Holds networks/README.md to the manifest: the table under the comment `<!-- table: NAME -->` is the one of that name in
 * scripts/networks-page.mjs. `npx vitest run test/networks-page.test.ts -u` writes the tables.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const root = join(import.meta.dirname, "..");
const path = join(root, "networks/README.md");
// Through variables, because scripts have no types.
const programs = ["scripts/networks-page.mjs", "experiments/markdown.mjs"].map((file) => join(root, file));
const { networkTables } = (await import(programs[0]!)) as { networkTables: Readonly<Record<string, () => Table>> };
const { markdown } = (await import(programs[1]!)) as { markdown: (table: Table) => string };

const MARKER = /(<!-- table: (\S+) -->\n)\n*(?:\|.*\n)*\n*/g;

test("networks/README.md shows the networks of the manifest", async () => {
  const text = readFileSync(path, "utf8");
  const shown = Array.from(text.matchAll(MARKER), ([, , name]) => name!);
  expect(shown.toSorted()).toEqual(Object.keys(networkTables).toSorted());
  const filled = text.replace(
    MARKER,
    (_, marker: string, name: string) => `${marker}\n${markdown(networkTables[name]!())}\n\n`,
  );
  await expect(filled).toMatchFileSnapshot(path);
});

test("its line that brings a network back is the one of the manifest", () => {
  const { networks } = JSON.parse(readFileSync(join(root, "networks/manifest.json"), "utf8")) as {
    networks: readonly { readonly name: string; readonly commit?: string }[];
  };
  const [, commit, name] = /git show (\w+):checkpoints\/([\w-]+)\.safetensors > networks\/\2\.safetensors/.exec(
    readFileSync(path, "utf8"),
  )!;
  expect(networks.find((network) => network.name === name)?.commit).toBe(commit);
});
