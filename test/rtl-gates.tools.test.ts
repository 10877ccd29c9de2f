/**
 * The gates of every block of a small machine, as listed in golden/rtl-gates.txt, so that a change to a generator shows its cost.
 * Generic gates are the same wherever this version of Yosys runs; the package pins it. `npx vitest run test/rtl-gates.tools.test.ts -u`
 * writes the table; read the difference.
 */
import { join } from "node:path";
import { expect, test } from "vitest";
import { synthesiseSources } from "../src/node/rtl-synthesis.ts";
import { machineFacts } from "../src/rtl/axi/register-map.ts";
import { axiModules } from "../src/rtl/axi/top.ts";
import { sourceFiles } from "../src/rtl/design.ts";
import { NIGHTLY } from "./support/nightly.ts";
import { madeInTests, tinyMachine } from "./support/tiny-machine.ts";

const path = join(import.meta.dirname, "golden/rtl-gates.txt");
/** Two heads of four features, five tokens, two steps. */
const SMALL = { steps: 2, model: { width: 8, heads: 2, depth: 1 } };

test("blocks of a small machine have the gates listed", NIGHTLY, async () => {
  const { design } = tinyMachine(SMALL, 1);
  const modules = [...design.modules, ...axiModules(machineFacts(design, madeInTests))];
  const { yosys, blocks } = await synthesiseSources(sourceFiles(modules), { yosys: "bundled" });
  const rows = blocks
    .toSorted((a, b) => a.module.localeCompare(b.module, "en"))
    .map(({ module, instances, gates, registers }) => `| \`${module}\` | ${instances} | ${gates} | ${registers} |`);
  const table = [`| ${yosys} | instances | gates each | flip-flops each |`, "|---|---|---|---|", ...rows].join("\n");
  await expect(`${table}\n`).toMatchFileSnapshot(path);
});
