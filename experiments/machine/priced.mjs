// What the networks of the ablation cost with a lever, and their error rates as samples.
import { existsSync, readFileSync } from "node:fs";
import { experimentWorkload, machineByName, ratioTo } from "xpikeformer";
import { withSteps } from "xpikeformer/cost";
import { ratesOf } from "../errors/errors.mjs";
import { estimateOn, experimentOn, vit } from "../two-machines.mjs";
import { LEVERS, withLever } from "./levers.mjs";

const MACHINE = "recommended";
const file = new URL("ablation.json", import.meta.url);

/** Records of the ablation by network. */
export const measured = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).networks : {};

/** Error rates of a lever, as a sample of chips and groups of prompts. */
export const sampleFor = ({ steps, levers }, lever) => {
  const { wrong, trials } = levers[LEVERS[lever].like ?? lever];
  return ratesOf({ wrong: { [steps]: wrong }, trials }, steps);
};

/** Joules per result, and the int8 ANN's as a multiple. `set` changes prices besides those of the lever. */
export function priceOf(name, { steps, levers }, lever, set = {}) {
  const { densities } = levers[LEVERS[lever].like ?? lever];
  const experiment = withLever(experimentOn(MACHINE, name), LEVERS[lever]);
  const workload = experimentWorkload({ ...experiment, model: { ...experiment.model, steps } });
  const estimate = estimateOn(MACHINE, { ...workload, ...densities }, { set: { ...LEVERS[lever].set, ...set } });
  const { total } = estimate.architectures.xpikeformer;
  return { energy: total / workload.result.perInference, ratio: ratioTo(estimate, "annDigital") };
}

/** How many times ViT-8-768's int8 ANN costs at T steps, on the machine with `change` and prices `set`. */
export function vitRatio(steps, { change, set }) {
  const { hardware } = withLever({ hardware: machineByName(MACHINE) }, { change });
  return ratioTo(estimateOn(MACHINE, { ...withSteps(vit, steps), hardware }, { set }), "annDigital");
}
