// The fronts: error rate, energy and throughput of every measured network on each kind of machine, from the errors of `../errors` and the
// current cost model.
import { experimentWorkload } from "xpikeformer";
import { comparedWith, withSteps } from "xpikeformer/cost";
import { sampleMean } from "xpikeformer/internal";
import { measured, ratesOf } from "../errors/errors.mjs";
import { chipsKey } from "../errors/list.mjs";
import { keyOf } from "../networks.mjs";
import { answersOf, estimateOn, experimentOn } from "../two-machines.mjs";
import { ENGINES, FRONTS, MACHINE } from "./points.mjs";
import { annPrice, TRAINED, TRAINED_BITS } from "./trained.mjs";

const recordOf = (network) => measured[chipsKey(keyOf(network), MACHINE)];

function workloadOf(network) {
  const experiment = experimentOn(MACHINE, network.name, network.copies);
  return { experiment, workload: { ...experimentWorkload(experiment), ...recordOf(network).densities } };
}

/** Energy per result in joules, and results per second pipelined and one at a time. */
function priceOf(estimate, id) {
  const { perInference } = estimate.workload.result;
  const { inFlight, alone } = answersOf(estimate, id);
  return { energy: estimate.architectures[id].total / perInference, inFlight, alone };
}

/** The error rate of a sample, half of its 95 % interval, and the sample. */
export function rated(sample) {
  const { mean, high } = sampleMean(sample);
  return { rate: mean, half: high - mean, sample };
}

function annPoints({ spiking }, anns, { bits, id }) {
  // Pricing needs one of our networks on the machine; the cost of an ANN does not depend on which.
  const { experiment, workload } = workloadOf(spiking.find(recordOf));
  return anns
    .filter((name) => measured[name])
    .map((name) => {
      const { model } = measured[name];
      const price = annPrice(estimateOn(MACHINE, comparedWith(workload, experiment, { ann: model })), id);
      const exact = rated(ratesOf(measured[name], "exact"));
      const own = model.quantization ? exact : rated(ratesOf(measured[name], bits));
      return { name, label: `ANN, ${sizeOf(model)}`, ...own, exact, ...price };
    });
}

function ownPoints(network) {
  return pointsOn(experimentOn(MACHINE, network.name, network.copies), network, recordOf(network));
}

/** The points of a network of ours after `steps` of its time steps, from its experiment on the machine and its measured record. */
export function pointsOn(experiment, { name, copies = 1, steps }, record) {
  const workload = { ...experimentWorkload(experiment), ...record.densities };
  const draws = experiment.model.attention.draws === "ordered" ? ", ordered draws" : "";
  const pixels = experiment.task.remainderBits ? ", finer pixels" : "";
  const size = `ours, ${sizeOf(record.model)}${draws}${pixels}${copies > 1 ? `, ${copies} copies` : ""}`;
  return steps.map((count) => {
    const price = priceOf(estimateOn(MACHINE, withSteps(workload, count)), "xpikeformer");
    return { name, size, steps: count, label: `${size}, T = ${count}`, ...rated(ratesOf(record, count)), ...price };
  });
}

/** Number and width of blocks, and the channels of the convolutional stem. */
function sizeOf({ depth, width, stem }) {
  const blocks = `${depth} ${depth === 1 ? "block" : "blocks"} of width ${width}`;
  return stem ? `${blocks}, stem ${stem.layers.map(({ channels }) => channels).join("-")}` : blocks;
}

/**
 * The points of a task by kind of machine, without networks that are not measured. `ours` holds our networks of all widths, `trained4` the
 * ANNs trained for 4 bits.
 */
export function points(task) {
  const front = FRONTS[task];
  const ours = front.spiking.filter(recordOf);
  return {
    ours: ours.flatMap(ownPoints),
    ...Object.fromEntries(
      ENGINES.map((engine) => [`int${engine.bits}`, ours.length === 0 ? [] : annPoints(front, front.anns, engine)]),
    ),
    ...Object.fromEntries(
      TRAINED_BITS.map((bits) => [
        `trained${bits}`,
        ours.length === 0 ? [] : annPoints(front, TRAINED[task][bits], { bits, id: null }),
      ]),
    ),
  };
}

/** ANN points as if few bits cost no accuracy: the best that quantization-aware training could achieve. */
export const hoped = (annPoints) =>
  annPoints.map((point) => ({ ...point, rate: point.exact.rate, sample: point.exact.sample }));
