// Measures soft bits of chips before and after their own fit, beside the ANN, the network in exact arithmetic, receivers and the capacity of
// the uncoded link. One run of four steps also answers for two. Writes result.json.
//
//   node experiments/soft-bits/measure.mjs [--copies 8] [--chips 5] [--fit 256] [--prompts 1024] [--snr 5,10,15] [--logits DIRECTORY]
//
// Besides the scale, a chip fits a table of eight entries: the log-odds with which decisions were right, by the soft bit's magnitude.
// --fit is the number of prompts from which a chip fits a scale for one SNR, --prompts that of the prompts judged. A chip answers 40 prompts
// a second on an idle core; DIRECTORY keeps its logits, and a run reads those that it finds there. `--copies` measures one part again.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  createTask,
  evaluateNetwork,
  foldNetwork,
  mapNetwork,
  programChip,
  simulateFast,
  softBits,
  stream,
} from "xpikeformer";
import {
  agreements,
  asDescribed,
  bestScale,
  calibrateFast,
  calibration,
  detectSoft,
  informationByRow,
  mean,
  mutualInformation,
  pairedDifference,
  sampleMean,
  sampleOf,
} from "xpikeformer/internal";
import { nodeExecutor } from "xpikeformer/node";
import { presentCommit } from "../commit.mjs";
import { rounded } from "../figures.mjs";
import { networksOf } from "../networks.mjs";
import { experimentOn } from "../two-machines.mjs";

/** Nothing was chosen with this seed: neither fit, T nor copies. */
const SEED = 60_223;
const STEPS = [2, 4];
const BITS = 4;
const CLASSES = 16;
const CALIBRATION = 32;
const PIECE = 64;

const { values } = parseArgs({
  options: {
    copies: { type: "string", default: "8" },
    chips: { type: "string", default: "5" },
    fit: { type: "string", default: "256" },
    prompts: { type: "string", default: "1024" },
    snr: { type: "string", default: "5,10,15" },
    logits: { type: "string" },
  },
});
const [copies, chips, fit, prompts] = [values.copies, values.chips, values.fit, values.prompts].map(Number);
const SNR = values.snr.split(",").map(Number);
const placed = experimentOn("recommended", "wireless-2x2-deep", copies);
const experiment = {
  ...placed,
  ...{ seed: SEED, model: { ...placed.model, steps: 4 }, hardware: { ...placed.hardware, chips } },
};
const task = createTask(experiment);
const root = stream(SEED);
const { ann, network } = await networksOf(experiment);
const spiking = asDescribed(experiment, network, []);
const folded = foldNetwork(spiking);
const COUNTS = { "soft bits": fit, evaluation: prompts };

/** Soft bits of a chip against what was sent, `[prompts, bits]` after each of STEPS, at the last query. */
async function agreedOnChip(chip, own, purpose, snr) {
  const name = `${SEED}c${copies}-${chip}-${purpose.replace(" ", "")}-${snr}`;
  const labels = lastLabels(purpose, snr);
  const steps = {};
  const kept = values.logits && join(values.logits, name);
  const found = kept && (await Promise.all(STEPS.map((t) => readFile(`${kept}.t${t}`).catch(() => null))));
  if (!found || found.some((one) => one === null || one.length < 4 * labels.length * CLASSES)) {
    const device = await own();
    const rows = Object.fromEntries(STEPS.map((t) => [t, []]));
    for (let first = 0; first < labels.length; first += PIECE) {
      const count = Math.min(PIECE, labels.length - first);
      const { spikes } = draw(count, purpose, snr, first);
      const { stepLogits } = simulateFast(device.chip, spikes, device.stream.fork("run", purpose), {
        firstPrompt: first,
      });
      for (const t of STEPS) rows[t].push(...lastMeans(stepLogits, count, t));
    }
    for (const t of STEPS) steps[t] = Float32Array.from(rows[t]);
    if (kept) for (const t of STEPS) await writeFile(`${kept}.t${t}`, steps[t]);
  } else {
    STEPS.forEach((t, i) => {
      steps[t] = new Float32Array(new Uint8Array(found[i]).buffer, 0, labels.length * CLASSES);
    });
  }
  return Object.fromEntries(STEPS.map((t) => [t, agreements(softBits(steps[t], CLASSES), labels, BITS)]));
}

function draw(count, purpose, snrDecibels, firstPrompt, options = {}) {
  return task.draw(count, root.fork(purpose), { firstPrompt, values: false, snrDecibels, ...options });
}

function lastLabels(purpose, snr) {
  const { labels } = draw(COUNTS[purpose], purpose, snr, 0, { spikes: false });
  const asked = labels.length / COUNTS[purpose];
  return labels.filter((_, i) => i % asked === asked - 1);
}

/** Mean logits over the first `t` steps at the last query of each prompt. */
function lastMeans(stepLogits, count, t) {
  const size = stepLogits.length / experiment.model.steps;
  const asked = size / count / CLASSES;
  return Array.from({ length: count * CLASSES }, (_, i) => {
    const at = (Math.floor(i / CLASSES) * asked + asked - 1) * CLASSES + (i % CLASSES);
    let sum = 0;
    for (let step = 0; step < t; step++) sum += stepLogits[step * size + at];
    return sum / t;
  });
}

/** A chip, programmed and calibrated when it is first asked for. */
function chipNumber(c) {
  let made = null;
  return () => {
    made ??= (async () => {
      const own = root.fork("chip", c);
      const mapping = mapNetwork(folded, experiment.hardware, experiment.task.coding);
      const blank = programChip(folded, mapping, experiment.hardware, own);
      const samples = task.draw(CALIBRATION, root.fork("calibration"), {
        values: false,
        from: { part: "calibration" },
      });
      return { chip: calibrateFast(blank, samples.spikes, own.fork("calibration")), stream: own };
    })();
    return made;
  };
}

/** Value, then the ends of a 95 % interval over chips and prompts. */
const interval = (sample) => {
  const { mean, low, high } = sampleMean(sample);
  return [mean, low, high];
};

const information = (rows) => sampleOf(rows.map((row) => informationByRow(row, BITS)));

/** A map of agreements: magnitudes by eighths of those that the fit saw, each with the log-odds of a right decision there. */
function tableOf(fitted) {
  const sorted = fitted.map(Math.abs).sort();
  const ends = Array.from({ length: 7 }, (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / 8)]);
  const entryOf = (a) => ends.filter((end) => Math.abs(a) >= end).length;
  const counts = Array.from({ length: 8 }, () => [0.5, 0.5]);
  for (const a of fitted) counts[entryOf(a)][a > 0 ? 1 : 0]++;
  const odds = counts.map(([wrong, right]) => Math.log(right / wrong));
  return (a) => Math.sign(a) * odds[entryOf(a)];
}

function figuresOf(rows) {
  return {
    ber: mean(rows.map((row) => row.filter((a) => a < 0).length / row.length)),
    gmi: interval(information(rows)),
    scaled: mean(rows.map((row) => mutualInformation(row, bestScale(row)))),
    error: mean(rows.map((row) => calibration(row).error)),
  };
}

const agreed = Object.fromEntries(SNR.map((snr) => [snr, { fit: [], evaluation: [] }]));
for (let c = 0; c < chips; c++) {
  console.error(`chip ${c} ...`);
  const own = chipNumber(c);
  for (const snr of SNR) {
    agreed[snr].fit.push(await agreedOnChip(c, own, "soft bits", snr));
    agreed[snr].evaluation.push(await agreedOnChip(c, own, "evaluation", snr));
  }
}

const executor = nodeExecutor(1);
const asking = { ...experiment, evaluation: { ...experiment.evaluation, softBits: { fit: "none", prompts: fit } } };
const points = {};
for (const snr of SNR) {
  const others = {};
  for (const [name, one] of Object.entries({ ann, exact: spiking })) {
    others[name] = (await evaluateNetwork(executor, asking, one, { prompts, snrDecibels: snr })).agreed;
  }
  const batch = draw(prompts, "evaluation", snr, 0, { spikes: false });
  const labels = lastLabels("evaluation", snr);
  const receive = (kind, channel, sees = "quantised") =>
    agreements(detectSoft(batch, { kind, channel, sees }), labels, BITS);
  for (const kind of ["exact", "max-log", "mmse"]) {
    for (const channel of ["perfect", "pilots"]) others[`${kind}.${channel}`] = receive(kind, channel);
  }
  others.capacity = receive("exact", "perfect", "received");
  const onChips = Object.fromEntries(
    STEPS.map((t) => {
      const raw = agreed[snr].evaluation.map((one) => one[t]);
      const scales = agreed[snr].fit.map((one) => bestScale(one[t]));
      const fitted = raw.map((row, c) => row.map((a) => scales[c] * a));
      const tabled = raw.map((row, c) => row.map(tableOf(agreed[snr].fit[c][t])));
      const rival = information(fitted.map(() => others.ann));
      const gap = interval(pairedDifference(information(fitted), rival));
      const table = figuresOf(tabled);
      return [t, { scales, raw: figuresOf(raw), fitted: figuresOf(fitted), table, gap }];
    }),
  );
  const rest = Object.entries(others).map(([name, row]) => [name, figuresOf([row])]);
  points[snr] = { chips: onChips, ...Object.fromEntries(rest) };
}
await executor.close();

const file = new URL("result.json", import.meta.url);
const before = JSON.parse(await readFile(file, "utf8").catch(() => "{}"));
const all = values.snr === "5,10,15" ? "" : ` --snr ${values.snr}`;
const command = `node experiments/soft-bits/measure.mjs --copies ${copies} --chips ${chips} --fit ${fit} --prompts ${prompts}${all}`;
const name = all === "" ? copies : `${copies} at ${values.snr} dB`;
const after = { ...before, [name]: { command, commit: presentCommit(), seed: SEED, chips, fit, prompts, points } };
await writeFile(file, `${JSON.stringify(after, rounded)}\n`);
