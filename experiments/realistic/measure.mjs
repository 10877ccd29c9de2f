// Measures the benefit of converter trimming and of calibration by the chip's own codes on realistic chips: bit errors of bundled 2x2 link
// networks, on the same chips and prompts. Takes about ten minutes on one idle core. Writes result.json.
//
//   node experiments/realistic/measure.mjs [threads]
import { writeFile } from "node:fs/promises";
import { mean, runStudy, standardError } from "xpikeformer/internal";
import { nodeExecutor } from "xpikeformer/node";
import { rounded } from "../figures.mjs";
import { checkpointOf, experimentOf } from "../networks.mjs";
import { AGES, machineOf, OWN, UNCORRECTED, VARIANTS } from "./machines.mjs";

const CHIPS = 5;
const PROMPTS = 512;
const SEED = 31;
const BITS = 4;
/** The network shown on all variants. */
const ABLATED = "hardware-aware, with faults";

const load = async (name, role = "network") => {
  const { model, checkpoints } = await experimentOf(name);
  const { network } = await checkpointOf(checkpoints[role]);
  return { ...network, model: { ...model, normalisation: network.model.normalisation } };
};
const networks = {
  conventional: await load("wireless-2x2", "conventional"),
  "hardware-aware": await load("wireless-2x2"),
  "hardware-aware, with faults": await load("wireless-2x2-faults"),
  "for realistic chips": await load("wireless-2x2-realistic"),
  "for realistic chips, width 256, T = 4": await load("wireless-2x2-256-realistic"),
};
const experiment = { ...(await experimentOf("wireless-2x2")), seed: SEED };
const { embedRows } = experiment.hardware.crossbar;

const rows = Object.keys(networks).flatMap((network) =>
  Object.keys(VARIANTS)
    .filter((variant) => network === ABLATED || variant === OWN || variant === UNCORRECTED)
    .flatMap((variant) => Object.keys(AGES).map((age) => ({ network, variant, age }))),
);

/** Rows of one network, which answers after all of its own time steps, on the same chips and prompts as the others. */
async function measure(executor, name) {
  const own = rows.filter(({ network }) => network === name);
  const conditions = own.map(({ network, variant, age }) => ({
    network,
    hardware: machineOf(variant, age, embedRows),
  }));
  const options = { chips: CHIPS, reads: 1, prompts: PROMPTS };
  const results = await runStudy(executor, experiment, { [name]: networks[name] }, conditions, options);
  return own.map((row, i) => {
    const { values } = results[i].wrong[0];
    const share = (chip, prompt) => values[chip * PROMPTS + prompt] / BITS;
    const chips = Array.from({ length: CHIPS }, (_, chip) => chip);
    const prompts = Array.from({ length: PROMPTS }, (_, prompt) => prompt);
    return {
      ...row,
      /** The rate of each chip, and the standard error of their mean over prompts. */
      rates: chips.map((chip) => mean(prompts.map((prompt) => share(chip, prompt)))),
      promptError: standardError(prompts.map((prompt) => mean(chips.map((chip) => share(chip, prompt))))),
    };
  });
}

const executor = nodeExecutor(Number(process.argv[2] ?? 1));
try {
  const measured = [];
  for (const name of Object.keys(networks)) measured.push(...(await measure(executor, name)));
  const command = "node experiments/realistic/measure.mjs";
  const result = { command, seed: SEED, chips: CHIPS, prompts: PROMPTS, rows: measured };
  await writeFile(new URL("result.json", import.meta.url), `${JSON.stringify(result, rounded)}\n`);
} finally {
  await executor.close();
}
