// Searches for the Pareto front of machines for the bundled 2x2 networks, and measures the recommended machine on the same chips and
// prompts. Takes about 15 minutes on one idle core; an interrupted run resumes. Writes result.json.
//
//   node experiments/front/measure.mjs [threads] [folder]
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { lastRows } from "xpikeformer";
import { effortOf, parseDesign } from "xpikeformer/internal";
import { planSweep, runSweep, SWEEP_FILES, threadsEngine } from "xpikeformer/node";
import { rounded } from "../figures.mjs";

const NETWORKS = ["wireless-2x2", "wireless-2x2-256"];
const threads = Number(process.argv[2] ?? 1);
const folder = process.argv[3] ?? "results/front";
const here = dirname(fileURLToPath(import.meta.url));

async function sweep(design, name) {
  const to = join(folder, name);
  const engine = threadsEngine(threads);
  try {
    const plan = await planSweep(design, { directory: here });
    const resume = existsSync(join(to, SWEEP_FILES.question));
    const onProgress = (done, total) => process.stderr.write(`\r${name}: ${done} of ${total} points `);
    return await runSweep(plan, to, { engine, threads, resume, onProgress });
  } finally {
    await engine.close();
  }
}

const machines = {};
for (const name of NETWORKS) {
  const design = parseDesign(await readFile(join(here, `${name}.json`), "utf8"), name);
  const raced = await sweep(design, name);
  const { "model.steps": steps } = design.axes;
  // The fields that the axes set keep the defaults of the recommended machine.
  const recommended = { ...design, axes: { "model.steps": steps }, sampling: { kind: "grid" }, budget: undefined };
  const beside = await sweep(recommended, `${name}-recommended`);
  const rowsOf = (rows) =>
    rows.flatMap(({ values, measures }) => (measures ? [{ values, ...measures, latency: undefined }] : []));
  machines[name] = {
    effort: effortOf(raced, design),
    searched: rowsOf(lastRows(raced, design)),
    recommended: rowsOf(beside),
  };
}
const { seed, experiment } = parseDesign(await readFile(join(here, `${NETWORKS[0]}.json`), "utf8"));
const result = {
  command: "node experiments/front/measure.mjs",
  seed,
  ...{ chips: experiment.hardware.chips, prompts: experiment.evaluation.prompts, machines },
};
await writeFile(join(here, "result.json"), `${JSON.stringify(result, rounded)}\n`);
