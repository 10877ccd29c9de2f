// Shared by measuring programs: error rates of bundled networks on several machines, with the same chips, reads and prompts.
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { isXpikeError, openExperiment } from "xpikeformer";
import { mean, runStudy, standardError } from "xpikeformer/internal";
import { loadTaskData, nodeExecutor } from "xpikeformer/node";
import { rounded } from "./figures.mjs";
import { checkpointOf, experimentOf, experimentPath } from "./networks.mjs";

/** For each network: the number of chips, of prompts or images, and of bits per answer. */
const PARTS = {
  "wireless-2x2": { chips: 4, prompts: 640, bits: 4 },
  "fashion-tiny": { chips: 4, prompts: 500, bits: 1 },
};

/**
 * Measures the part named on the command line and writes it into result.json of the folder, keeping the other part:
 *
 *   --part wireless-2x2|fashion-tiny [--data DIRECTORY] [--threads 1] [--scale 1]
 *
 * --data is the folder of Fashion-MNIST, if it is not in the usual place. --scale multiplies prompts and images: 0.05 for a quick test.
 *
 * @param folder  below experiments/
 * @param measure maps `{ experiment, network, opened, executor, wrongOn }` to results; `wrongOn(hardware)` returns the shares of
 *                wrong answers on a machine
 */
export async function measurePart(folder, measure) {
  const { values } = parseArgs({
    options: {
      part: { type: "string" },
      data: { type: "string" },
      threads: { type: "string", default: "1" },
      scale: { type: "string", default: "1" },
      out: { type: "string", default: "result.json" },
    },
  });
  const name = values.part;
  if (!(name in PARTS)) throw new Error(`Name a part: ${Object.keys(PARTS).join(" or ")}.`);
  const scale = Number(values.scale);
  const asked = { ...PARTS[name], prompts: Math.round(PARTS[name].prompts * scale) };
  const experiment = await experimentOf(name);
  const { network } = await checkpointOf(experiment.checkpoints.network);
  const { data } = await loadTaskData(experiment, { folder: values.data });
  const opened = openExperiment(experiment, data);
  const executor = nodeExecutor(Number(values.threads));
  const started = process.cpuUsage();
  try {
    const wrongOn = (hardware) => wrongShares(executor, opened, network, hardware, asked);
    const found = await measure({ experiment, network, opened, executor, wrongOn });
    const { user, system } = process.cpuUsage(started);
    await save(new URL(`${folder}/${values.out}`, import.meta.url), name, {
      command: `node experiments/${folder}/measure.mjs --part ${name}${scale === 1 ? "" : ` --scale ${scale}`}`,
      experiment: experimentPath(name),
      seed: experiment.seed,
      chips: asked.chips,
      prompts: asked.prompts,
      processorSeconds: Math.round((user + system) / 1e6),
      ...found,
    });
  } finally {
    await executor.close();
  }
}

/** Writes one part and leaves the others unchanged. */
async function save(file, name, part) {
  const before = JSON.parse(await readFile(file, "utf8").catch(() => "{}"));
  const after = { ...before, [name]: part };
  const kept = Object.fromEntries(Object.keys(PARTS).flatMap((key) => (after[key] ? [[key, after[key]]] : [])));
  await writeFile(file, `${JSON.stringify(kept, rounded)}\n`);
}

/**
 * For each prompt, the share of wrong answers over all chips. If the machine is rejected, the path of the offending field.
 */
async function wrongShares(executor, opened, network, hardware, { chips, prompts, bits }) {
  try {
    const options = { chips, reads: 1, prompts };
    const [{ wrong }] = await runStudy(executor, opened, { network }, [{ network: "network", hardware }], options);
    const counts = wrong[0].values;
    return Array.from({ length: prompts }, (_, prompt) => {
      let sum = 0;
      for (let chip = 0; chip < chips; chip++) sum += counts[chip * prompts + prompt];
      return sum / (bits * chips);
    });
  } catch (error) {
    if (isXpikeError(error)) return error.path;
    throw error;
  }
}

/** Error rate and paired difference from the reference, with standard errors over prompts; or the field that was rejected. */
export function summary(shares, reference) {
  if (typeof shares === "string") return { refused: shares };
  const changes = shares.map((share, prompt) => share - reference[prompt]);
  return {
    rate: { mean: mean(shares), error: standardError(shares) },
    change: { mean: mean(changes), error: standardError(changes) },
  };
}
