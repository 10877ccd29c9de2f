/** Sizes and files of what a layer is made of, for the layer's module and for those inside and beside it. */
import type { AccumulatorSize } from "./accumulators.ts";
import type { MemorySize } from "./memories.ts";
import type { NeuronSize } from "./neurons.ts";
import type { GroupPlan, LayerPlan, LayerRole, MachinePlan } from "./plan.ts";
import { SUM_BITS } from "./scaled-sums.ts";
import type { StreamAdderSize } from "./stream-adders.ts";

/** Layers whose sums meet the residual stream. */
export const meetsStream = (role: LayerRole): boolean => role === "embed" || role === "projection" || role === "down";

/** Files with a layer's constants. */
export const constantFile = (layer: LayerPlan, what: "factors" | "offsets" | "positions"): string =>
  `${layer.module.replace(/^layer_/, "")}_${what}.hex`;

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
/** Words of the stream are those of a step of the multiplexers: of all vectors, or of as many as are held at once. */
export const streamWords = (
  { arithmetic, tokens, steps, stepMajor }: MachinePlan,
  { lanes, multiplexerSteps }: LayerPlan,
): MemorySize => ({
  width: lanes * arithmetic.streamBits,
  entries: (stepMajor?.streamVectors ?? tokens * steps) * multiplexerSteps,
});

/** What is added to the sum in front of the stream's register; null: nothing. */
export const joined = (plan: MachinePlan, { role }: LayerPlan): "position" | "stream" | null =>
  role === "embed" ? (plan.hasPositions ? "position" : null) : plan.hasStream ? "stream" : null;

export const joinAdder = (plan: MachinePlan, layer: LayerPlan): StreamAdderSize => {
  const { offsetBits, streamBits } = plan.arithmetic;
  return {
    a: joined(plan, layer) === "stream" ? streamBits : offsetBits,
    b: SUM_BITS,
    sum: streamBits,
    lanes: layer.lanes,
  };
};

/** Outputs of the head that make one answer. */
export const addedOutputs = ({ machine, steps, tokens }: MachinePlan): number =>
  steps * (machine.shape.meanReadOut ? tokens : 1);

export const macroSize = ({ lanes }: GroupPlan, multiplexerSteps: number, rows: number, columns: number) => ({
  ...{ rows, columns, lanes, multiplexerSteps },
});

/** Behind a layer's readout units; tokens are those whose membranes are kept. */
export const neuronSize = (plan: MachinePlan, { lanes, multiplexerSteps, role, tokens }: LayerPlan): NeuronSize => ({
  ...{ lanes, multiplexerSteps },
  currentBits: meetsStream(role) ? plan.arithmetic.streamBits : SUM_BITS,
  membraneBits: plan.arithmetic.membraneBits,
  tokens: plan.stepMajor ? tokens.length : 1,
});

/** Behind the head; tokens are those whose totals are kept. */
export const accumulatorSize = (
  plan: MachinePlan,
  { lanes, multiplexerSteps, tokens }: LayerPlan,
): AccumulatorSize => ({
  ...{ lanes, multiplexerSteps },
  added: addedOutputs(plan),
  tokens: plan.stepMajor && !plan.machine.shape.meanReadOut ? tokens.length : 1,
});

/**
 * How a layer works on the residual stream's memory. What the last layer of all adds nobody reads: in step-major order it is not written.
 */
export const streamAccess = (plan: MachinePlan, layer: LayerPlan): { reads: boolean; writes: boolean } => ({
  reads: joined(plan, layer) === "stream",
  writes:
    plan.hasStream &&
    meetsStream(layer.role) &&
    !(plan.stepMajor !== null && layer.name === `blocks.${plan.depth - 1}.down`),
});
