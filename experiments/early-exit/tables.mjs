// The tables of this folder's page, from the results of `measure.mjs` and the current cost model.
import { readFileSync } from "node:fs";
import { experimentWorkload } from "xpikeformer";
import { exitEnergy, withSteps } from "xpikeformer/cost";
import { deviation, mean } from "xpikeformer/internal";
import { estimateOn, experimentOn, on } from "../two-machines.mjs";
import { MACHINE, NETWORKS, PROMISE } from "./rules.mjs";

const measured = JSON.parse(readFileSync(new URL("result.json", import.meta.url), "utf8"));

/** Student's t for 95 % intervals, by degrees of freedom. */
const STUDENT = { 1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776 };

const four = (value) => value.toFixed(4);
const two = (value) => value.toFixed(2);
const percent = (share) => `${(100 * share).toFixed(0)} %`;
const ofChips = ({ rates }) => {
  const half = (STUDENT[rates.length - 1] * deviation(rates)) / Math.sqrt(rates.length);
  return `${four(mean(rates))} ± ${four(half)}`;
};

function workloadOf(name, order) {
  const placed = experimentOn(MACHINE, name);
  const hardware = { ...placed.hardware, order };
  return { ...experimentWorkload({ ...placed, hardware }), ...measured[name].densities };
}

/** Energy per result in joules after a fixed number of steps, computed layer by layer, the cheapest order. */
function fixedEnergy(name, steps) {
  const { architectures, workload } = estimateOn(MACHINE, withSteps(workloadOf(name, "token-major"), steps));
  return architectures.xpikeformer.total / workload.result.perInference;
}

/** Energy per result in joules under a stopping rule, computed step by step. */
function energyOfExit(name, distribution) {
  const { workload, resolved } = on(MACHINE, workloadOf(name, "step-major"));
  return exitEnergy(workload, resolved, distribution) / workload.result.perInference;
}

const micro = (energy) => (1e6 * energy).toPrecision(3);

const BY_MARGIN = [4, 2.8, 1.4, 0.71].map((margin) => margin.toPrecision(2));

/** Rows of one network: fixed numbers of steps, then early exits. */
function rowsOf(name) {
  const { fixed, margins, agreement } = measured[name];
  const exit = (title, { meanSteps, distribution, ...one }) => [
    ...[name, title, two(meanSteps), ofChips(one), micro(energyOfExit(name, distribution))],
    percent(distribution[0]),
  ];
  return [
    ...[1, 2, 4, 8]
      .filter((count) => count <= fixed.length)
      .map((count) => [
        ...[name, `T = ${count}`, two(count), ofChips(fixed[count - 1]), micro(fixedEnergy(name, count))],
        "",
      ]),
    ...margins
      .filter(({ threshold }) => BY_MARGIN.includes(threshold.toPrecision(2)))
      .map((one) => exit(`margin ${one.threshold.toPrecision(2)}`, one)),
    exit("two equal answers", agreement),
  ];
}

export const earlyExitTables = {
  "early-exit": () => ({
    text: 2,
    head: ["network", "exit", "mean T", "error rate", "uJ per result", "done after one step"],
    rows: Object.keys(measured)
      .filter((name) => !NETWORKS[name].isBrief)
      .flatMap(rowsOf),
  }),
  "early-exit-promise": () => ({
    head: [
      `threshold at ${percent(1 - PROMISE.delta)} confidence`,
      "promised: worse, at most",
      "worse",
      "chips within promise",
      "mean T",
      "error rate",
      "at full T",
      "uJ per result",
      "at full T",
    ],
    rows: Object.entries(measured).flatMap(([name, { promised, fixed, chips }]) => {
      const whole = fixedEnergy(name, fixed.length);
      return promised.map(({ alpha, worse, kept, meanSteps, rate, distribution }) => [
        ...[name, percent(alpha), `${(100 * worse).toFixed(1)} %`, `${kept} of ${chips}`, two(meanSteps)],
        ...[four(rate), four(fixed.at(-1).rate), micro(energyOfExit(name, distribution)), micro(whole)],
      ]);
    }),
  }),
};
