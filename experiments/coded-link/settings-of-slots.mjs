// Runs the example `coded-link` in settings other than its own, on five chips, and keeps the figures of each in the program's record.
import { readFileSync, writeFileSync } from "node:fs";
import { parseExperiment, runExperiment } from "xpikeformer";
import { nodeExecutor } from "xpikeformer/node";
import { presentCommit, requireCommitted } from "../commit.mjs";
import { figuresOf, rounded } from "../figures.mjs";
import { documentOf, networksOf } from "../networks.mjs";

const EVALUATION = {
  ...{ prompts: 16, curvePrompts: 16, curveChips: 5, snrDecibels: [10] },
  coded: { ebN0Decibels: [4, 6.5, 9, 12], errors: 60, blocks: 500 },
};

/**
 * @param program its name, and that of its record
 * @param change  from the example's document and a setting to changed fields
 * @param kept    ids of figures
 */
export async function measureSettings({ program, seed, settings, only, change, kept }) {
  requireCommitted(["settings-of-slots", program].map((name) => `experiments/coded-link/${name}.mjs`));
  const file = new URL(`${program}.json`, import.meta.url);
  const document = await documentOf("coded-link");
  const executor = nodeExecutor();
  const commit = presentCommit();
  for (const [name, setting] of Object.entries(settings)) {
    if (only !== undefined && only !== name) continue;
    const started = process.cpuUsage();
    const fields = {
      ...change(document, setting),
      hardware: { ...document.hardware, chips: 5 },
      evaluation: EVALUATION,
    };
    const experiment = parseExperiment({ ...document, ...fields, seed });
    const command = `node experiments/coded-link/${program}.mjs --setting ${name}`;
    const report = await runExperiment(experiment, await networksOf(experiment), { executor, command, versions: {} });
    const { user, system } = process.cpuUsage(started);
    const record = { commit, seed, command, cpuSeconds: (user + system) / 1e6, figures: figuresOf(report, kept) };
    writeFileSync(file, `${JSON.stringify({ ...read(file), [name]: record }, rounded)}\n`);
    console.error(`${name}: ${record.cpuSeconds.toFixed(0)} s`);
  }
  await executor.close();
}

function read(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    if (error.code === "ENOENT") return {};
    throw error;
  }
}
