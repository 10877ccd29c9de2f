// Runs the bundled networks of `coded-link` over channels that they were not trained on, with a seed that chose nothing. Writes mismatch.json.
//
//   node experiments/coded-link/mismatch.mjs [--setting NAME]
//
// Each setting changes one thing of the training's channel. LMMSE is told the statistics of each channel. A point stops at 60 block errors or
// 500 blocks, which is within a quarter at 95 %.
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { parseExperiment, runExperiment } from "xpikeformer";
import { nodeExecutor } from "xpikeformer/node";
import { presentCommit, requireCommitted } from "../commit.mjs";
import { figuresOf, rounded } from "../figures.mjs";
import { documentOf, networksOf } from "../networks.mjs";

const SEED = 81_021;
const EVALUATION = {
  ...{ prompts: 16, curvePrompts: 16, curveChips: 5, snrDecibels: [10] },
  coded: { ebN0Decibels: [4, 6.5, 9, 12], errors: 60, blocks: 500 },
};
const KEPT = /^(bler|coded\.(ebn0|gap))\.(known|lmmse|ls|ann|digital|xpikeformer)/;

/** What differs from the channel of the training. */
const SETTINGS = {
  training: {},
  "speed-1": { speedMetresPerSecond: 1 },
  "speed-8": { speedMetresPerSecond: 8.3 },
  "speed-33": { speedMetresPerSecond: 33.3 },
  "delay-30": { delaySpreadNanoseconds: 30 },
  "delay-300": { delaySpreadNanoseconds: 300 },
  "tdl-a": { profile: "A" },
  "cdl-c": { kind: "cdl" },
};

requireCommitted(["experiments/coded-link/mismatch.mjs"]);
const { values } = parseArgs({ options: { setting: { type: "string" } } });
const file = new URL("mismatch.json", import.meta.url);
const document = await documentOf("coded-link");
const executor = nodeExecutor();
const commit = presentCommit();
for (const [name, change] of Object.entries(SETTINGS)) {
  if (values.setting !== undefined && values.setting !== name) continue;
  const started = process.cpuUsage();
  const experiment = parseExperiment({
    ...document,
    seed: SEED,
    task: { ...document.task, channel: { ...document.task.channel, ...change } },
    hardware: { ...document.hardware, chips: 5 },
    evaluation: EVALUATION,
  });
  const command = `node experiments/coded-link/mismatch.mjs --setting ${name}`;
  const report = await runExperiment(experiment, await networksOf(experiment), { executor, command, versions: {} });
  const { user, system } = process.cpuUsage(started);
  const record = { commit, seed: SEED, command, cpuSeconds: (user + system) / 1e6, figures: figuresOf(report, KEPT) };
  let before = {};
  try {
    before = JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  writeFileSync(file, `${JSON.stringify({ ...before, [name]: record }, rounded)}\n`);
  console.error(`${name}: ${record.cpuSeconds.toFixed(0)} s`);
}
await executor.close();
