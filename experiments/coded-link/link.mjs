// Runs the example `coded-link` on five chips and more blocks, fresh, aged and with decision feedback, with a seed that chose nothing. Writes
// link.json.
//
//   node experiments/coded-link/link.mjs
//
// Feedback was chosen with another seed: 84 decided elements and 12 pilots are eight times the pilots, which the gain's shift matches exactly.
import { writeFileSync } from "node:fs";
import { parseExperiment, runExperiment } from "xpikeformer";
import { nodeExecutor } from "xpikeformer/node";
import { presentCommit, requireCommitted } from "../commit.mjs";
import { figuresOf, rounded } from "../figures.mjs";
import { documentOf, networksOf } from "../networks.mjs";

const [DAY, YEAR] = [86_400, 31_536_000];
const SEED = 81_020;
const EVALUATION = {
  ...{ prompts: 64, curvePrompts: 64, curveChips: 5, snrDecibels: [10] },
  coded: { ebN0Decibels: [4, 5.5, 7, 8.5, 10], errors: 60, blocks: 600, ages: [DAY, YEAR], feedback: 84 },
};
const KEPT = /^(bler\.(known|lmmse|ls|ann|digital|xpikeformer)|coded\.)/;

requireCommitted(["experiments/coded-link/link.mjs"]);
const document = await documentOf("coded-link");
const hardware = { ...document.hardware, chips: 5 };
const experiment = parseExperiment({ ...document, seed: SEED, hardware, evaluation: EVALUATION });
const executor = nodeExecutor();
const command = "node experiments/coded-link/link.mjs";
const report = await runExperiment(experiment, await networksOf(experiment), { executor, command, versions: {} });
await executor.close();
const record = { commit: presentCommit(), seed: SEED, command, figures: figuresOf(report, KEPT) };
writeFileSync(new URL("link.json", import.meta.url), `${JSON.stringify(record, rounded)}\n`);
