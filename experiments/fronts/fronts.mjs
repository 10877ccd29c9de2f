// The fronts: error rate, energy and throughput of every measured network on each kind of machine, by the current cost model.
import { readFileSync } from "node:fs";
import { comparedWith, deviation, experimentWorkload, mean, withSteps } from "xpikeformer";
import { keyOf } from "../networks.mjs";
import { answersOf, estimateOn, experimentOn } from "../two-machines.mjs";
import { ENGINES, FRONTS, MACHINE } from "./points.mjs";

export const measured = JSON.parse(readFileSync(new URL("result.json", import.meta.url), "utf8"));

/** For 95 % intervals: Student's t for five chips, and the normal quantile for prompts. */
const [STUDENT, NORMAL] = [2.776, 1.96];

const present = (name) => measured[name] !== undefined;
function workloadOf(network) {
  const experiment = experimentOn(MACHINE, network.name, network.copies);
  return { experiment, workload: { ...experimentWorkload(experiment), ...measured[keyOf(network)].densities } };
}

/** Energy per result in joules, and results per second pipelined and one at a time. */
function priceOf(estimate, id) {
  const { perInference } = estimate.workload.result;
  const { inFlight, alone } = answersOf(estimate, id);
  return { energy: estimate.architectures[id].total / perInference, inFlight, alone };
}

function annPoints({ anns, spiking }, { bits, id }) {
  // Pricing needs one of our networks on the machine; the cost of an ANN does not depend on which.
  const { experiment, workload } = workloadOf(spiking.find((one) => present(keyOf(one))));
  return anns.filter(present).map((name) => {
    const { model, rates } = measured[name];
    const { rate, promptError } = rates[bits];
    const price = priceOf(estimateOn(MACHINE, comparedWith(workload, experiment, { ann: model })), id);
    return { name, label: `ANN, ${sizeOf(model)}`, rate, half: NORMAL * promptError, exact: rates.exact, ...price };
  });
}

function ownPoints(network) {
  const { name, copies, steps } = network;
  const { experiment, workload } = workloadOf(network);
  const { model, rates } = measured[keyOf(network)];
  const draws = experiment.model.attention.draws === "ordered" ? ", ordered draws" : "";
  const pixels = experiment.task.remainderBits ? ", finer pixels" : "";
  const size = `ours, ${sizeOf(model)}${draws}${pixels}${copies > 1 ? `, ${copies} copies` : ""}`;
  return steps.map((count) => {
    const { rates: chips, promptError } = rates[count];
    const half = Math.hypot((STUDENT * deviation(chips)) / Math.sqrt(chips.length), NORMAL * promptError);
    const price = priceOf(estimateOn(MACHINE, withSteps(workload, count)), "xpikeformer");
    return { name, size, steps: count, label: `${size}, T = ${count}`, rate: mean(chips), half, ...price };
  });
}

/** Number and width of blocks, and the channels of the convolutional stem. */
function sizeOf({ depth, width, stem }) {
  const blocks = `${depth} ${depth === 1 ? "block" : "blocks"} of width ${width}`;
  return stem ? `${blocks}, stem ${stem.layers.map(({ channels }) => channels).join("-")}` : blocks;
}

/** The points of a task by kind of machine. `ours` holds our networks of all widths. */
export const points = (task) => ({
  ours: FRONTS[task].spiking.filter((network) => present(keyOf(network))).flatMap(ownPoints),
  ...Object.fromEntries(ENGINES.map((engine) => [`int${engine.bits}`, annPoints(FRONTS[task], engine)])),
});

/** ANN points as if few bits cost no accuracy: the best that quantization-aware training could achieve. */
export const hoped = (annPoints) => annPoints.map((point) => ({ ...point, rate: point.exact.rate }));
