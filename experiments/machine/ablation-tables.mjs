// The tables of the ablation, from ablation.json and the current cost model.
import { existsSync, readFileSync } from "node:fs";
import { experimentWorkload, ratioTo } from "xpikeformer";
import { pairedDifference, sampleMean } from "xpikeformer/internal";
import { ratesOf } from "../errors/errors.mjs";
import { estimateOn, experimentOn } from "../two-machines.mjs";
import { LEVERS, SUBJECTS, withLever } from "./levers.mjs";

const MACHINE = "recommended";
const file = new URL("ablation.json", import.meta.url);
const measured = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).networks : {};

const four = (value) => value.toFixed(4);
const signed = (value) => `${value < 0 ? "−" : "+"}${four(Math.abs(value))}`;

/** Error rates of a lever, as a sample of chips and groups of prompts. */
const sampleFor = ({ steps, levers }, lever) => {
  const { wrong, trials } = levers[LEVERS[lever].like ?? lever];
  return ratesOf({ wrong: { [steps]: wrong }, trials }, steps);
};

/** Joules per result, and the int8 ANN's as a multiple. */
function priceOf(name, { steps, levers }, lever) {
  const { densities } = levers[LEVERS[lever].like ?? lever];
  const experiment = withLever(experimentOn(MACHINE, name), LEVERS[lever]);
  const workload = experimentWorkload({ ...experiment, model: { ...experiment.model, steps } });
  const estimate = estimateOn(MACHINE, { ...workload, ...densities }, { set: LEVERS[lever].set });
  const { total } = estimate.architectures.xpikeformer;
  return { energy: total / workload.result.perInference, ratio: ratioTo(estimate, "annDigital") };
}

export const ablationTables = {
  "machine-ablation": () => ({
    text: 2,
    head: ["network", "lever", "error rate", "minus none, paired", "uJ", "saved", "int8 ANN of its size / this"],
    rows: SUBJECTS.filter(({ name }) => measured[name]).flatMap(({ name }) => {
      const record = measured[name];
      const none = sampleFor(record, "none");
      const base = priceOf(name, record, "none").energy;
      return Object.keys(LEVERS)
        .filter((lever) => record.levers[LEVERS[lever].like ?? lever])
        .map((lever) => {
          const sample = sampleFor(record, lever);
          const { mean, high } = sampleMean(sample);
          const change = sampleMean(pairedDifference(sample, none));
          const { energy, ratio } = priceOf(name, record, lever);
          const isNone = lever === "none" || LEVERS[lever].like === "none";
          return [
            ...[`\`${name}\`, T = ${record.steps}`, lever, `${four(mean)} ± ${four(high - mean)}`],
            isNone ? "" : `${signed(change.mean)} (${signed(change.low)} to ${signed(change.high)})`,
            ...[(1e6 * energy).toPrecision(3), `${Math.round(100 * (1 - energy / base))} %`, ratio.toPrecision(3)],
          ];
        });
    }),
  }),
};
