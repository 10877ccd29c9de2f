/**
 * The best case of a digital spiking transformer: weights are added only where spikes arrive, membranes stay in registers
 * because time steps are the innermost loop, and every weight is fetched once for many token-steps. The paper's SNN-Digi-Opt is
 * such a projection.
 *
 *   accumulate   SOPs: N T sum(density inputs outputs) additions
 *   weights      (N T / B) (1 - (1 - density)^B) inputs outputs fetches, B token-steps sharing one; the ideal B is N T
 *   spikes       N T (inputs + outputs) / 8 bytes, and `addressBits` per spike
 *   membranes    2 bytes for each word of state, read and written per output and step, where they are stored
 *   lif          an update per output and step
 *   scores       q and k: an addition for each pair of spikes that meet, or an AND and an increment for all pairs of bits; a byte
 *                written and read per score and step
 *   values       an addition per spike of v
 *
 * Weights have `snnWeightBits` bits. Buffers hold the blocks' weights, the spikes of the widest layer's inputs and outputs at
 * all tokens and steps, and the membranes of its outputs. `digital-attention.ts` has what other kinds of attention count, add and update.
 */
import { blockRuns } from "../../machine/densities.ts";
import { attentionParts, stemBefore } from "../../machine/shape.ts";
import { pixels } from "../../model/stem.ts";
import { power } from "../../numeric/power.ts";
import { neuronPrices } from "../neurons.ts";
import type { Technology } from "../parameters.ts";
import { addInputs, additionEnergy, addStatic, type Breakdown, bufferByte } from "../unit-energies.ts";
import { blockLayers, countMacs, type Layer, outerLayers, type Workload } from "../workload.ts";
import { digitalAttention } from "./digital-attention.ts";

/** Fetches of a layer's weights per inference: a bundle of token-steps fetches the weights that any of them needs. */
export function weightFetches(layer: Layer, steps: number, technology: Technology): number {
  const { inputs, outputs, vectors, density, repeat } = layer;
  const bundle = technology.bundle || vectors * steps;
  return ((vectors * steps * repeat) / bundle) * (1 - power(1 - density, bundle)) * inputs * outputs;
}

/** Bytes of spikes alive at a time: the widest layer's inputs and outputs at all tokens and steps, or a stem's largest maps. */
export const spikesHeld = (workload: Workload): number => {
  const { tokens, snnSteps, width } = workload;
  const ofStem = stemBefore(workload).map(
    ({ grid, channels, windows, outputs }) => pixels(grid) * channels + pixels(windows) * outputs,
  );
  return (snnSteps * Math.max(tokens * (width + widestOutput(workload)), ...ofStem)) / 8;
};

/** Words of state of one layer. */
const mostMembranes = (workload: Workload): number =>
  (workload.stateWords ?? 1) *
  Math.max(
    workload.tokens * widestOutput(workload),
    ...stemBefore(workload).map(({ windows, outputs }) => pixels(windows) * outputs),
  );

/** Outputs of the widest layer: q, k and v, or the hidden layer. */
const widestOutput = (workload: Workload): number =>
  Math.max(attentionParts(workload).length, workload.expansion) * workload.width;

export function snnDigital(workload: Workload, technology: Technology): Breakdown {
  const { snnSteps: steps, depth, stateWords = 1 } = workload;
  const attention = digitalAttention(workload);
  const { sramWriteFactor: write, addressBits } = technology;
  const macs = countMacs(workload);
  const weightBytes = technology.snnWeightBits / 8;
  const spikeByte = bufferByte(technology, technology.spikeBuffer, spikesHeld(workload));
  const perWeight =
    technology.weightTraffic *
    weightBytes *
    bufferByte(technology, technology.weightBuffer, weightBytes * macs.weights);
  const membraneByte = bufferByte(technology, technology.partialSumBuffer, 2 * mostMembranes(workload));
  const add = additionEnergy(technology, technology.accumulateBits) * technology.snnAccumulateFactor;
  const neuron = neuronPrices(workload, technology);
  // The membrane's flip-flops are in `always-on.ts` if the whole of every machine is priced.
  const update = technology.wholeMachine === 1 ? neuron.logic : neuron.update;
  const parts = {
    accumulate: 0,
    registers: 0,
    weights: 0,
    spikes: 0,
    membranes: 0,
    lif: 0,
    scores: 0,
    values: 0,
    scoreBuffer: 0,
    embedding: 0,
    dram: 0,
  };
  const addLayer = (layer: Layer) => {
    const { answers, inputs, outputs, vectors, density, repeat } = layer;
    const visits = vectors * steps * repeat;
    const operations = visits * density * inputs * outputs;
    parts.accumulate += operations * add;
    parts.registers += operations * 2 * technology.accumulateBits * technology.snnRegisterBit;
    parts.weights += weightFetches(layer, steps, technology) * perWeight;
    parts.spikes += ((visits * (inputs + outputs * write) + visits * inputs * density * addressBits) / 8) * spikeByte;
    parts.membranes += technology.membraneTraffic * visits * outputs * stateWords * 2 * (1 + write) * membraneByte;
    // The head's sums are averaged and fire no spikes.
    if (!answers) parts.lif += visits * outputs * update;
  };
  for (const layer of blockLayers(workload)) addLayer(layer);
  for (const layer of outerLayers(workload)) addLayer(layer);
  for (const { repeat, densities } of blockRuns(workload)) {
    const pairs = steps * attention.counted * repeat;
    parts.scores += technology.snnSparseScores
      ? pairs * densities[attention.counts] * technology.add8
      : pairs * technology.sacOperation;
    parts.values += steps * attention.added * repeat * densities[attention.gatedBy] * technology.add16;
    parts.lif += steps * attention.updates * repeat * update;
  }
  parts.scoreBuffer = depth * steps * attention.stored * (1 + write) * spikeByte;
  if (workload.embedding === "values") parts.embedding = macs.embedding * (technology.multiply8 + technology.add8);
  if (!technology.snnWeightsOnChip) parts.dram = macs.weights * technology.snnWeightBits * technology.dramBit;
  return addInputs(addStatic(parts, technology.digitalStaticShare), workload, technology);
}
