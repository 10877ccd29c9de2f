// What chips answer after each time step, on validation prompts and on others.
import { createTask, foldNetwork, mapNetwork, programChip, simulateFast, stream } from "xpikeformer";
import { asDescribed, calibrateFast, kitOf } from "xpikeformer/internal";
import { densitiesOf } from "../networks.mjs";

const CALIBRATION = 32;
const PIECE = 64;

/**
 * For each chip, `{ validation, evaluation }`: as many prompts of each, with margins, decisions and errors after every step (`exit.mjs`).
 * Spike densities are those of one slice of prompts on the first chip. `data` are the task's images, if it has any. Random: streams of the
 * experiment's seed.
 */
export function answersByStep(experiment, network, data, { chips, prompts }) {
  const task = createTask(experiment, data);
  const folded = foldNetwork(asDescribed(experiment, network, []));
  const root = stream(experiment.seed);
  const draw = (count, purpose, firstPrompt, part) =>
    task.draw(count, root.fork(purpose), { firstPrompt, values: false, ...(part && { from: { part } }) });
  const parts = { validation: data ? "validation" : undefined, evaluation: undefined };
  let densities = null;
  const byChip = Array.from({ length: chips }, (_, c) => {
    console.error(`${experiment.name}, chip ${c} ...`);
    const own = root.fork("chip", c);
    const mapping = mapNetwork(folded, experiment.hardware, experiment.task.coding);
    const blank = programChip(folded, mapping, experiment.hardware, own);
    const samples = draw(CALIBRATION, "calibration", 0, "calibration");
    const chip = calibrateFast(blank, samples.spikes, own.fork("calibration"));
    const rows = {};
    for (const [purpose, part] of Object.entries(parts)) {
      rows[purpose] = [];
      for (let first = 0; first < prompts; first += PIECE) {
        const batch = draw(Math.min(PIECE, prompts - first), purpose, first, part);
        const trace = simulateFast(chip, batch.spikes, own.fork("run", purpose), { firstPrompt: first });
        // Densities hardly differ.
        densities ??= densitiesOf(experiment, trace);
        rows[purpose].push(...promptsOf(folded, trace, batch.labels, experiment.task));
      }
    }
    return rows;
  });
  return { densities, byChip };
}

/** Margins, decisions and errors of every prompt after each step, at its last query. */
function promptsOf({ geometry: { queries, classes } }, { stepLogits, steps }, labels, task) {
  const count = queries.length;
  const prompts = labels.length / count;
  const size = stepLogits.length / steps;
  const kit = kitOf(task);
  const last = Array.from({ length: prompts }, (_, prompt) => (prompt + 1) * count - 1);
  const sums = last.map(() => new Float64Array(classes));
  const rows = last.map(() => ({ margins: [], decisions: [], wrong: [] }));
  for (let t = 0; t < steps; t++) {
    last.forEach((at, prompt) => {
      const sum = sums[prompt];
      for (let c = 0; c < classes; c++) sum[c] += stepLogits[t * size + at * classes + c];
      const [first, second] = Array.from(sum).sort((a, b) => b - a);
      rows[prompt].margins.push((first - second) / (t + 1));
      rows[prompt].decisions.push(sum.indexOf(first));
    });
    const errors = kit.errors(
      last.map((at) => labels[at]),
      rows.map(({ decisions }) => decisions[t]),
      task,
    );
    rows.forEach(({ wrong }, prompt) => {
      wrong.push(errors.wrong[prompt] / kit.trials(task));
    });
  }
  return rows;
}
