// Trains the networks of this folder: for each kind of attention its scales for a quarter of the steps with one seed, then the scale with the
// lowest validation loss with three seeds. Keeps the networks in `runs/attention-zoo/` and writes TASK.json; an interrupted run resumes.
// Takes hours on two cores. Run: node train.mjs [link|images] [threads]
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { encodeTrained, openExperiment, parseExperiment } from "xpikeformer";
import { loadImageData, nodeExecutor, writeFileAtomic } from "xpikeformer/node";
import { keptAt } from "../kept.mjs";
import { trainValidated } from "../training-tricks/validated.mjs";
import { KINDS, SEEDS } from "./kinds.mjs";
import { documentOf, TASKS } from "./tasks.mjs";

const here = new URL(".", import.meta.url);
const folder = fileURLToPath(keptAt("attention-zoo/"));
const [name = "link", threads = "2"] = process.argv.slice(2);
const task = TASKS[name];
const output = fileURLToPath(new URL(`${name}.json`, here));
const images = task.data && (await loadImageData(task.data)).data;
await mkdir(folder, { recursive: true });

const result = await readFile(output, "utf8").then(JSON.parse, () => ({
  command: `node experiments/attention-zoo/train.mjs ${name}`,
  steps: task.steps,
  searched: [],
  trained: [],
}));
const executor = nodeExecutor(Number(threads));
try {
  for (const { name: kind, tried = [] } of KINDS) {
    for (const attention of tried) await once(result.searched, { kind, seed: SEEDS[0], attention }, task.steps.search);
  }
  for (const seed of SEEDS) {
    for (const { name: kind, like = kind, change } of KINDS) {
      const candidates = result.searched.filter((row) => row.kind === like);
      const { attention } = candidates.reduce((a, b) => (b.loss < a.loss ? b : a));
      await once(result.trained, { kind, seed, attention: { ...attention, ...change } }, task.steps.full);
    }
  }
} finally {
  await executor.close();
}

/** Trains and keeps a row, unless it and its network are there. A clone has the rows only. */
async function once(rows, row, steps) {
  const same = ({ kind, seed, attention }) =>
    kind === row.kind && seed === row.seed && JSON.stringify(attention) === JSON.stringify(row.attention);
  const file = `${folder}${name}-${row.kind.replaceAll(/\W+/g, "-")}-${row.seed}.safetensors`;
  const at = rows.findIndex(same);
  if (at >= 0 && (rows !== result.trained || existsSync(file))) return;
  const experiment = parseExperiment(documentOf(task, row.attention, row.seed, steps));
  const subject = images ? openExperiment(experiment, images) : experiment;
  const { network, state, validation, cpuSeconds } = await trainValidated(subject, { executor });
  const { loss, bitErrorRate, errorRate } = validation;
  const found = { ...row, loss, error: bitErrorRate ?? errorRate, cpuSeconds: Math.round(cpuSeconds) };
  rows.splice(at < 0 ? rows.length : at, 1, found);
  if (rows === result.trained)
    await writeFileAtomic(file, encodeTrained({ network, state }, experiment, result.command));
  await writeFileAtomic(output, `${JSON.stringify(result, null, 1)}\n`);
  console.log(JSON.stringify(found));
}
