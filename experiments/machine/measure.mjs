// Runs the networks of this page on five chips of the machine `recommended`, and those of the front with all levers too, on the prompts of
// `../errors`. Adds each to points.json or front.json in the form of the results there. Run: node measure.mjs [threads] [name ...]
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { decodeCheckpoint, evaluateChips, openExperiment, parseExperiment } from "xpikeformer";
import { asDescribed } from "xpikeformer/internal";
import { nodeExecutor, writeFileAtomic } from "xpikeformer/node";
import { presentCommit } from "../commit.mjs";
import { commonOf, groupSums } from "../errors/common.mjs";
import { CHIP_COUNT, GROUP, PROMPTS, SEED } from "../errors/list.mjs";
import { rounded } from "../figures.mjs";
import { densitiesOf, imagesOf } from "../networks.mjs";
import { placedOn } from "../two-machines.mjs";
import { FRONT, FRONT_LEVER, LEVERS, withLever } from "./levers.mjs";
import { EARLIER, MACHINE, RUNS } from "./plan.mjs";
import { bytesNamed, documentNamed } from "./subjects.mjs";

const COMMAND = "node experiments/machine/measure.mjs";
const [threads = "1", ...names] = process.argv.slice(2);

const asked = [
  ...[...RUNS.map(({ document: { name, model } }) => ({ name, most: model.steps })), ...EARLIER].map((one) => ({
    ...one,
    file: "points.json",
    lever: {},
  })),
  ...FRONT.map((one) => ({ ...one, file: "front.json", lever: LEVERS[FRONT_LEVER] })),
];
const executor = nodeExecutor(Number(threads));
try {
  for (const one of asked) {
    if (names.length > 0 && !names.includes(one.name)) continue;
    const output = fileURLToPath(new URL(one.file, import.meta.url));
    const bytes = await bytesNamed(one.name);
    if (!bytes) continue;
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const before = await readFile(output, "utf8").then(JSON.parse, () => ({}));
    if (before.networks?.[one.name]?.sha256 === sha256) continue;
    const found = { commit: presentCommit(), sha256, ...(await measure(documentNamed(one.name), one, bytes)) };
    const sizes = { command: COMMAND, seed: SEED, prompts: PROMPTS, group: GROUP, chips: CHIP_COUNT };
    const networks = { ...before.networks, [one.name]: found };
    await writeFileAtomic(output, `${JSON.stringify({ ...sizes, networks }, rounded)}\n`);
  }
} finally {
  await executor.close();
}

/** The network's model, densities and errors by T, chip and group of prompts. */
async function measure(document, { most, lever }, bytes) {
  const { name } = document;
  const placed = parseExperiment(withLever(placedOn(MACHINE, document), lever));
  const experiment = { ...placed, seed: SEED, model: { ...placed.model, steps: most } };
  const network = asDescribed(experiment, decodeCheckpoint(bytes, name).network, []);
  const data = await imagesOf(experiment.task);
  const subject = data ? openExperiment(experiment, data) : experiment;
  const started = process.cpuUsage();
  const ran = await evaluateChips(executor, subject, network, { chips: CHIP_COUNT, prompts: PROMPTS });
  const { user, system } = process.cpuUsage(started);
  const wrong = Object.fromEntries(
    ran[0].bySteps.map((_, t) => [t + 1, ran.map((chip) => groupSums(chip.bySteps[t].wrong))]),
  );
  const { model } = network;
  const { trials, labels } = commonOf(experiment, data, PROMPTS);
  console.log(`${name}: ${Math.round((user + system) / 1e6)} s, ${rates(wrong, trials).join(" ")}`);
  return { model, densities: densitiesOf(experiment, ran[0]), trials, labels, wrong };
}

function rates(wrong, trials) {
  return Object.values(wrong).map((chips) => {
    const total = chips.flat().reduce((sum, count) => sum + count, 0);
    return (total / (trials * chips.length * PROMPTS)).toFixed(4);
  });
}
