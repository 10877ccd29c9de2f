/** Sizes and files of a layer's parts, for the layer's module and for those inside and next to it. */
import { meanReadOut } from "../../machine/network.ts";
import type { AccumulatorSize } from "./accumulators.ts";
import type { MemorySize } from "./memories.ts";
import type { NeuronSize } from "./neurons.ts";
import type { GroupPlan, LayerPlan, MachinePlan } from "./plan.ts";
import { SUM_BITS } from "./scaled-sums.ts";
import type { StreamAdderSize } from "./stream-adders.ts";

/** Layers with sums that join the residual stream. */
export const meetsStream = ({ ownNeurons, answers }: Pick<LayerPlan, "ownNeurons" | "answers">): boolean =>
  !ownNeurons && !answers;

/** Files with a layer's constants. */
export const constantFile = (layer: LayerPlan, what: "factors" | "offsets" | "positions" | "threshold"): string =>
  `${layer.module.replace(/^layer_/, "")}_${what}.hex`;

/** Contents of a crossbar's macro. */
export const cellFile = (crossbar: number): string => `crossbar_${crossbar}.hex`;

export const factorMemory = ({ arithmetic }: MachinePlan, { lanes, rowBlocks, multiplexerSteps }: LayerPlan) => ({
  width: lanes * rowBlocks * arithmetic.factorBits,
  entries: multiplexerSteps,
});
export const offsetMemory = ({ arithmetic }: MachinePlan, { lanes, multiplexerSteps }: LayerPlan): MemorySize => ({
  width: lanes * arithmetic.offsetBits,
  entries: multiplexerSteps,
});
export const positionMemory = (
  { arithmetic, tokens }: MachinePlan,
  { lanes, multiplexerSteps }: LayerPlan,
): MemorySize => ({ width: lanes * arithmetic.offsetBits, entries: tokens * multiplexerSteps });
/** A threshold that can be loaded: positive, so without a sign. */
export const thresholdMemory = ({ arithmetic }: MachinePlan): MemorySize => ({
  width: arithmetic.membraneBits - 1,
  entries: 1,
});
/** Words of the stream are those of a multiplexer step: for all vectors, or for as many as are held at once. */
export const streamWords = (
  { arithmetic, tokens, steps, stepMajor, inFlight }: MachinePlan,
  { lanes, multiplexerSteps }: LayerPlan,
): MemorySize => ({
  width: lanes * arithmetic.streamBits,
  entries: ((stepMajor ?? inFlight)?.streamVectors ?? tokens * steps) * multiplexerSteps,
});

/** What is added to the sum before the stream's register; null: nothing. */
export const joined = (plan: MachinePlan, layer: LayerPlan): "position" | "stream" | null =>
  layer.beginsStream ? (plan.hasPositions ? "position" : null) : plan.hasStream ? "stream" : null;

export const joinAdder = (plan: MachinePlan, layer: LayerPlan): StreamAdderSize => {
  const { offsetBits, streamBits } = plan.arithmetic;
  return {
    a: joined(plan, layer) === "stream" ? streamBits : offsetBits,
    b: SUM_BITS,
    sum: streamBits,
    lanes: layer.lanes,
  };
};

/** Head outputs per answer. */
export const addedOutputs = ({ machine, steps, tokens }: MachinePlan): number =>
  steps * (meanReadOut(machine.network.graph) ? tokens : 1);

export const macroSize = ({ lanes }: GroupPlan, multiplexerSteps: number, rows: number, columns: number) => ({
  rows,
  columns,
  lanes,
  multiplexerSteps,
});

/** After a layer's readout units; tokens are those with membranes kept. */
export const neuronSize = (plan: MachinePlan, layer: LayerPlan): NeuronSize => ({
  lanes: layer.lanes,
  multiplexerSteps: layer.multiplexerSteps,
  currentBits: meetsStream(layer) ? plan.arithmetic.streamBits : SUM_BITS,
  membraneBits: plan.arithmetic.membraneBits,
  tokens: plan.stepMajor ? layer.tokens.length : 1,
  hasThresholdPin: plan.fabric.loadable ?? false,
  ...(hasOwnLeaks(plan) && layer.neuron && { ownLeak: layer.neuron.leakShift }),
});

const hasOwnLeaks = ({ layers }: MachinePlan): boolean =>
  new Set(layers.flatMap(({ neuron }) => (neuron ? [neuron.leakShift] : []))).size > 1;

/** After the head; tokens are those with totals kept. */
export const accumulatorSize = (
  plan: MachinePlan,
  { lanes, multiplexerSteps, tokens }: LayerPlan,
): AccumulatorSize => ({
  lanes,
  multiplexerSteps,
  added: addedOutputs(plan),
  tokens: plan.stepMajor && !meanReadOut(plan.machine.network.graph) ? tokens.length : 1,
});

/**
 * A layer's access to the residual stream's memory. Nobody reads what the last layer adds: where other vectors take its place, it is
 * not written.
 */
export const streamAccess = (plan: MachinePlan, layer: LayerPlan): { reads: boolean; writes: boolean } => ({
  reads: joined(plan, layer) === "stream",
  writes:
    plan.hasStream &&
    meetsStream(layer) &&
    !((plan.stepMajor ?? plan.inFlight) !== null && layer.trainOut === plan.layers[plan.layers.length - 1].trainIn),
});
