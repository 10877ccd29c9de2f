// Measures the README's numbers part by part, through the public API: `node experiments/first-page/measure.mjs [part...]`.
//
// Each part writes results/PART.json with its command, seed, commit and figures. Parts already measured at the current commit are
// skipped, so an interrupted run resumes. Everything a result depends on must be committed. All parts take about 25 minutes on two
// cores. `--threads N` sets the number of threads; `--prompts N` sets fewer prompts for a quick look.
//
// Images are measured by ../image-accuracy/measure.mjs, which needs data sets that this package does not include.
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { presentCommit, requireCommitted } from "../commit.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { threads: { type: "string" }, prompts: { type: "string" } },
});
const root = fileURLToPath(new URL("../../", import.meta.url));
execFileSync("npm", ["run", "build", "--silent"], { cwd: root, stdio: "inherit" });
const { PARTS, SEED } = await import("./parts.mjs");
const { nodeExecutor, writeFileAtomic } = await import("xpikeformer/node");

const asked = positionals.length > 0 ? positionals : Object.keys(PARTS);
for (const name of asked) {
  if (!Object.hasOwn(PARTS, name))
    throw new Error(`There is no part "${name}". There are: ${Object.keys(PARTS).join(", ")}.`);
}
requireCommitted(["experiments/first-page/measure.mjs", "experiments/first-page/parts.mjs"]);
const commit = presentCommit();
const { version } = JSON.parse(await readFile(new URL("../../package.json", import.meta.url), "utf8"));

const executor = nodeExecutor(Number(values.threads ?? 2));
try {
  for (const name of asked) {
    const path = fileURLToPath(new URL(`results/${name}.json`, import.meta.url));
    const before = await readFile(path, "utf8").then(JSON.parse, () => null);
    if (before?.commit === commit) {
      console.log(`${name}: measured at this commit`);
      continue;
    }
    console.log(`${name} ...`);
    const start = performance.now();
    const measured = await PARTS[name](executor, values.prompts && Number(values.prompts));
    const seconds = Math.round((performance.now() - start) / 1000);
    const result = {
      command: `node experiments/first-page/measure.mjs ${name}${values.prompts ? ` --prompts ${values.prompts}` : ""}`,
      seed: SEED,
      commit,
      date: new Date().toISOString().slice(0, 10),
      seconds,
      versions: { xpikeformer: version, node: process.versions.node },
      ...measured,
    };
    await writeFileAtomic(path, `${JSON.stringify(result, null, 2)}\n`);
    console.log(`${name}: ${seconds} s`);
  }
} finally {
  await executor.close();
}
