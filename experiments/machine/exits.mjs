// Early exit on five chips of the machine `recommended`: margins chosen on validation prompts as in `../early-exit`, errors on prompts of
// `../errors`, so that exits are points of the same fronts. Writes exits.json. Networks come from where `measure.mjs` finds them.
// Run: node exits.mjs [name ...]
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { decodeCheckpoint } from "xpikeformer";
import { kitOf, mean } from "xpikeformer/internal";
import { writeFileAtomic } from "xpikeformer/node";
import { presentCommit } from "../commit.mjs";
import { answersByStep } from "../early-exit/answers.mjs";
import { chooseThreshold, outcome, stepsByMargin } from "../early-exit/exit.mjs";
import { PROMISE, THRESHOLDS } from "../early-exit/rules.mjs";
import { groupSums } from "../errors/common.mjs";
import { CHIP_COUNT, GROUP, PROMPTS, SEED } from "../errors/list.mjs";
import { rounded } from "../figures.mjs";
import { imagesOf } from "../networks.mjs";
import { placedOn } from "../two-machines.mjs";
import { EXITS, MACHINE } from "./plan.mjs";
import { bytesNamed, documentNamed } from "./subjects.mjs";

const output = fileURLToPath(new URL("exits.json", import.meta.url));
const names = process.argv.slice(2);
for (const { name, most, alphas } of EXITS) {
  if (names.length > 0 && !names.includes(name)) continue;
  const bytes = await bytesNamed(name);
  if (!bytes) continue;
  const found = await measure(documentNamed(name), { most, alphas }, decodeCheckpoint(bytes, name).network);
  const before = await readFile(output, "utf8").then(JSON.parse, () => ({}));
  const sizes = { command: "node experiments/machine/exits.mjs", seed: SEED, prompts: PROMPTS, group: GROUP };
  const networks = { ...before.networks, [name]: { commit: presentCommit(), ...found } };
  await writeFileAtomic(output, `${JSON.stringify({ ...sizes, chips: CHIP_COUNT, networks }, rounded)}\n`);
}

/** Errors by T, and by promise: the chips' thresholds, the share of prompts that took 1 .. T steps, and the share answered worse. */
async function measure(document, { most, alphas }, network) {
  const placed = placedOn(MACHINE, document);
  const experiment = { ...placed, seed: SEED, model: { ...placed.model, steps: most } };
  const data = await imagesOf(experiment.task);
  const { densities, byChip } = answersByStep(experiment, network, data, { chips: CHIP_COUNT, prompts: PROMPTS });
  const trials = kitOf(experiment.task).trials(experiment.task);
  const grouped = (rows, stepsOf) => groupSums(rows.map((row) => trials * row.wrong[stepsOf(row) - 1])).map(Math.round);
  const fixed = Object.fromEntries(
    Array.from({ length: most }, (_, t) => [t + 1, byChip.map((chip) => grouped(chip.evaluation, () => t + 1))]),
  );
  const promised = alphas.map((alpha) => {
    const chosen = byChip.map(({ validation, evaluation }) => {
      const threshold = chooseThreshold(validation, THRESHOLDS, { alpha, delta: PROMISE.delta });
      const stepsOf = (row) => stepsByMargin(row, threshold ?? Number.POSITIVE_INFINITY);
      return { threshold, ...outcome(evaluation, stepsOf), wrong: grouped(evaluation, stepsOf) };
    });
    const worse = chosen.map((one) => one.worse);
    const distribution = Array.from({ length: most }, (_, t) => mean(chosen.map((one) => one.distribution[t])));
    console.log(
      `${document.name}, ${alpha}: mean T ${mean(chosen.map((one) => one.meanSteps))}, ${mean(chosen.map((one) => one.rate))}`,
    );
    return {
      ...{ alpha, thresholds: chosen.map(({ threshold }) => threshold), distribution, worse },
      wrong: chosen.map(({ wrong }) => wrong),
    };
  });
  return { model: experiment.model, densities, trials, fixed, promised };
}
