/** What all attention units have in common. `catalogue.ts` says which unit serves which kind of attention. */
import type { AttentionPart } from "../../experiment/by-attention.ts";
import type { HardwareSpec } from "../../experiment/hardware.ts";
import type { NeuronSpec } from "../../experiment/neuron.ts";
import type { SpikeTrain } from "../../spike/train.ts";
import type { ActionTally } from "../actions.ts";
import { type AttentionNeurons, attentionNeurons, type NeuronRequest } from "./neurons.ts";

/** What a network requires of its attention units, besides the kind of attention. */
export interface UnitRequest {
  readonly tokens: number;
  /** Head dimension d. */
  readonly dimension: number;
  /** `[N, N]`, 1 where query token i may attend to key token j. */
  readonly mask: Uint8Array;
  readonly neuron: NeuronSpec;
  /** Time steps T. */
  readonly steps: number;
}

/** The clocks of a unit for one head. T steps take T step + drain clocks, or T (step + drain) where blocks take turns after each step. */
export interface UnitClocks {
  /** From one time step to the next. */
  readonly step: number;
  /** From the end of the last step to its last bit of A. */
  readonly drain: number;
  /** From the start of a step to its first bit of A. */
  readonly first: number;
  /** From the end of a step until its inputs have all been read. */
  readonly late: number;
}

/** Membranes of one head, which `units` of a tile update in turn, each once per step. */
export interface NeuronGroup {
  readonly neurons: AttentionNeurons;
  readonly membranes: number;
  readonly units: number;
}

/** Sizes that every unit has, for one head. */
export interface UnitSizes {
  readonly tokens: number;
  readonly dimension: number;
  readonly clocks: UnitClocks;
  /** When a unit drains, and the membranes of a block give way to those of the next: after all steps, or after each. */
  readonly drained: "run" | "step";
  /** Vectors of d bits read per time step, and bits per access. */
  readonly vectors: number;
  readonly wordBits: number;
  /** Bits of a counter. */
  readonly counterBits: number;
  /** Neurons that decide scores, if a score is a bit that a neuron decides, and those that decide bits of A or their gates. */
  readonly scoreNeurons: NeuronGroup | null;
  readonly outputNeurons: NeuronGroup;
}

/** One head of one prompt, each `[T][N][d]`: the parts that the kind reads. */
export type HeadTrains = Readonly<Partial<Record<AttentionPart, SpikeTrain>>>;

/** Clocks in which units serve all heads of a prompt: units in parallel, one group of heads after another. */
export const unitCycles = (
  steps: number,
  groups: number,
  {
    clocks: { step, drain },
    drained,
  }: Pick<UnitSizes, "drained"> & { readonly clocks: Pick<UnitClocks, "step" | "drain"> },
): number => groups * (steps * step + (drained === "step" ? steps : 1) * drain);

/** Membranes of one head. Where blocks take turns, each is read at every step but the first and written at every step but the last. */
export const membranesOf = ({
  scoreNeurons,
  outputNeurons,
}: Pick<UnitSizes, "scoreNeurons" | "outputNeurons">): number =>
  (scoreNeurons?.membranes ?? 0) + outputNeurons.membranes;

/** Bits of the widest membrane. */
export const widestMembrane = ({
  scoreNeurons,
  outputNeurons,
}: Pick<UnitSizes, "scoreNeurons" | "outputNeurons">): number =>
  Math.max(scoreNeurons?.neurons.membraneBits ?? 0, outputNeurons.neurons.membraneBits);

/** Bits of a membrane on a machine in floating point, as of its LIF units. */
const FLOAT_BITS = 16;

export const neuronsFor = (
  { arithmetic }: Pick<HardwareSpec, "arithmetic">,
  { neuron, steps }: Pick<UnitRequest, "neuron" | "steps">,
  of: Pick<NeuronRequest, "gain" | "normaliser" | "largestCount">,
): AttentionNeurons => attentionNeurons({ neuron, steps, ...of, integers: arithmetic !== null, floatBits: FLOAT_BITS });

export const drainedOf = ({ order }: Pick<HardwareSpec, "order">): UnitSizes["drained"] =>
  order === "step-major" ? "step" : "run";

/** Accesses to membranes in SRAM of one head, where blocks take turns on its unit. */
export function stateActions(
  unit: Pick<UnitSizes, "drained" | "scoreNeurons" | "outputNeurons">,
  steps: number,
): { readonly stateReads: number; readonly stateWrites: number } {
  const stored = unit.drained === "step" ? (steps - 1) * membranesOf(unit) : 0;
  return { stateReads: stored, stateWrites: stored };
}

/** Adds `stateActions` to a tally. */
export function countStates(unit: UnitSizes, steps: number, tally: ActionTally): void {
  const { stateReads, stateWrites } = stateActions(unit, steps);
  tally.stateReads += stateReads;
  tally.stateWrites += stateWrites;
}
