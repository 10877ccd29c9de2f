/**
 * Attention on the WebAssembly kernels, unit by unit: fast twin of `reference/attention.ts`, bit for bit.
 *
 * The kernels hold a head's features in one 64-bit word and support only the default LFSRs. Wider heads, other LFSRs, tiles
 * that serve their tokens in several passes and saturating counters use the slow tile of `hardware/ssa-tile.ts`.
 *
 * Neurons of the kernels add in single precision, which is exact for whole numbers of up to 24 bits, and so is their use for units whose
 * membranes have no more. LIF attention has two groups of neurons, whose thresholds in counts differ, but the kernel takes one: currents of
 * each are multiplied by the threshold of the other. Other neurons use the slow units of `hardware/attention/`.
 */
import { invariant } from "../../errors.ts";
import type { AttentionOf } from "../../experiment/attention.ts";
import { ATTENTION_PARTS } from "../../experiment/by-attention.ts";
import type { NeuronSpec } from "../../experiment/neuron.ts";
import { type ActionTally, emptyTally } from "../../hardware/actions.ts";
import { type FiringUnit, unitIncrements } from "../../hardware/attention/catalogue.ts";
import { LFSR_SETUP, lfsrSeeds, lfsrWiring, usesLfsrs } from "../../hardware/draws.ts";
import type { SsaParameters } from "../../hardware/ssa-parameters.ts";
import type { Arena, PackedBits, Place } from "../../kernels/arena.ts";
import { bitMask, maskWords } from "../../kernels/masks.ts";
import type { FiringSpec } from "../../kernels/ops.ts";
import type { SimulationOps } from "../../kernels/simulation-ops.ts";
import { LARGEST_DIMENSION, sampledScratch } from "../../kernels/wasm/attention-ops.ts";
import { firingScratch } from "../../kernels/wasm/firing-attention.ts";
import { attentionParametersOf, type ServingMapping, stochasticOf } from "../../mapping/attention.ts";
import type { Stream } from "../../numeric/stream.ts";
import { type SpikeTrain, wordsPerRow } from "../../spike/train.ts";
import type { MappedNetwork } from "../chip.ts";
import { firingActions, ssaActions } from "../counts.ts";
import {
  blockAttention,
  engineCycles,
  headTrains,
  NO_SCORES,
  requireMembranes,
  seedStream,
} from "../reference/attention.ts";
import type { SpikeCount } from "../trace.ts";

/** Memory layout and inputs of an attention operation. */
export interface AttentionCall {
  readonly block: number;
  readonly steps: number;
  readonly prompts: number;
  readonly firstPrompt: number;
  readonly random: Stream;
}

/** What an operation counted; null where there is none, because a machine has no attention units. */
export interface AttentionCounts {
  readonly actions: ActionTally;
  readonly cycles: number;
}

export interface AttentionKernels {
  /** out [T][prompts tokens][D] from qkv [T][prompts tokens][parts D]. */
  run(
    qkv: PackedBits,
    out: PackedBits,
    call: AttentionCall,
  ): { readonly counts: AttentionCounts | null; readonly scores: SpikeCount };
}

/** Addresses of the kernels' arrays; null if the slow units are used, or none. */
export type AttentionPlan = SampledPlan | FiringPlan | null;

export interface SampledPlan {
  readonly of: "samples";
  readonly mask: Place;
  readonly scores: Place;
  /** LFSR states `[prompts][heads]`; null with ideal words. */
  readonly registers: Place | null;
  readonly scratch: Place;
}

interface FiringPlan {
  readonly of: "neurons";
  readonly mask: Place;
  readonly scratch: Place;
}

export function planAttention(
  arena: Arena,
  chip: MappedNetwork,
  { maxSteps, maxPrompts }: { readonly maxSteps: number; readonly maxPrompts: number },
): AttentionPlan {
  const unit = attentionParametersOf(chip.network, chip.hardware);
  if (unit.unit === "none") return null;
  const { tokens, dimension } = unit;
  const mask = () => arena.words(tokens * maskWords(tokens));
  if (unit.unit !== "ssa-tile") {
    if (!neuronKernelsServe(unit, maxSteps)) return null;
    return { of: "neurons", mask: mask(), scratch: arena.words(firingScratch(maxSteps, tokens, dimension)) };
  }
  if (!kernelsServe(unit, chip)) return null;
  const { heads } = chip.mapping.attention;
  return {
    of: "samples",
    mask: mask(),
    scores: arena.words(maxSteps * maxPrompts * heads * tokens * maskWords(tokens)),
    registers: hasLfsr(chip) ? arena.words(maxPrompts * heads * registersOf(tokens)) : null,
    scratch: arena.words(sampledScratch(tokens)),
  };
}

/** State: writes the network's mask to memory. */
export function bindAttention(ops: SimulationOps, plan: AttentionPlan, chip: MappedNetwork): AttentionKernels {
  const { attention } = chip.mapping;
  const unit = attentionParametersOf(chip.network, chip.hardware);
  if (unit.unit === "none" || attention.unit === "none") return passValues(ops, chip);
  if (plan !== null) ops.write(plan.mask, bitMask(chip.network.geometry));
  if (unit.unit === "ssa-tile" && plan?.of === "samples") return sampleScores(ops, plan, chip, unit, attention);
  if (unit.unit !== "ssa-tile" && plan?.of === "neurons") return fireNeurons(ops, plan, chip, unit, attention);
  return slowUnits(ops, chip);
}

/** Without attention units, values are the output. */
const passValues = (ops: SimulationOps, { network }: MappedNetwork): AttentionKernels => ({
  run: (qkv, out, { steps, prompts }) => {
    ops.copy(qkv.at, out.at, steps * prompts * network.geometry.tokens * qkv.words);
    return { counts: null, scores: NO_SCORES };
  },
});

/** Whether the kernels compute such tiles. */
export function kernelsServe({ dimension, largestCount, lfsr, plan }: SsaParameters, chip: MappedNetwork): boolean {
  if (dimension > LARGEST_DIMENSION || largestCount < dimension) return false;
  if (!hasLfsr(chip)) return true;
  const { mask, sharing, shiftsPerClock } = LFSR_SETUP;
  const standard = lfsr.mask === mask && lfsr.sharing === sharing && lfsr.shiftsPerClock === shiftsPerClock;
  return standard && plan.passes.length === 1;
}

const hasLfsr = ({ hardware, network }: MappedNetwork): boolean =>
  usesLfsrs(hardware.ssa.random, stochasticOf(network.model).draws);
const registersOf = (tokens: number): number => lfsrWiring(LFSR_SETUP.sharing, tokens).registers;

/** What SSA tiles ask of a backend. */
export type SamplingOps = Pick<SimulationOps, "write" | "countBits" | "sampledAttention" | "lfsrAttention">;

/** The SSA tiles of a chip whose plan has them; the mask is in memory. */
export function sampleScores(
  ops: SamplingOps,
  plan: SampledPlan,
  chip: MappedNetwork,
  unit: SsaParameters,
  mapping: ServingMapping,
): AttentionKernels {
  const { mask, scores, registers, scratch } = plan;
  const { model } = chip.network;
  const { heads, tokens } = mapping;
  const { scoreGain, valueGain, scoreNormaliser, valueNormaliser, draws } = unit;
  const gains = { scoreGain, valueGain, scoreNormaliser, valueNormaliser };
  const fixed = { tokens, width: model.width, heads, mask, ...gains, draws, scores, scratch };

  function attend(qkv: PackedBits, out: PackedBits, { block, steps, prompts, firstPrompt, random }: AttentionCall) {
    const of = { ...fixed, qkv, out, steps, prompts };
    if (registers === null) {
      const [key0, key1] = random.fork("attention").key;
      return ops.sampledAttention({ ...of, key: [key0, key1 + block], firstPrompt });
    }
    const perTile = registersOf(tokens);
    const seeds = seedStream(chip, random);
    let at = registers;
    for (let prompt = firstPrompt; prompt < firstPrompt + prompts; prompt++) {
      for (let head = 0; head < heads; head++, at += 4 * perTile) {
        ops.write(at, lfsrSeeds(perTile, seeds(block, prompt, head)));
      }
    }
    return ops.lfsrAttention({ ...of, registers });
  }

  return {
    run: (qkv, out, call) => {
      const { steps, prompts } = call;
      const increments = attend(qkv, out, call);
      const rows = steps * prompts * heads * tokens;
      const ones = ops.countBits({ at: scores, words: maskWords(tokens), features: tokens }, rows);
      const actions = ssaActions(mapping, unit, chip.hardware.ssa.random, { steps, prompts, increments });
      const cycles = prompts * engineCycles(steps, mapping);
      return { counts: { actions, cycles }, scores: { ones, bits: rows * tokens } };
    },
  };
}

/** Bits of a whole number that single precision holds. */
const EXACT_BITS = 24;

/** A leak adds fraction bits at every step, which the unit drops and the kernel keeps. */
function neuronKernelsServe({ dimension, scoreNeurons, outputNeurons }: FiringUnit, steps: number): boolean {
  if (dimension > LARGEST_DIMENSION) return false;
  const output = outputNeurons.neurons;
  const exact = EXACT_BITS - output.leakShift * (steps - 1);
  if (scoreNeurons === null) return output.whole && output.membraneBits <= exact;
  const score = scoreNeurons.neurons;
  const scaledBits = Math.max(
    score.membraneBits + significantBits(output.threshold),
    output.membraneBits + significantBits(score.threshold),
  );
  return score.whole && output.whole && scaledBits <= exact;
}

/** Bits of a whole number without its trailing zeros. */
function significantBits(whole: number): number {
  let odd = whole;
  while (odd > 1 && odd % 2 === 0) odd /= 2;
  return Math.floor(Math.log2(odd)) + 1;
}

function fireNeurons(
  ops: SimulationOps,
  { mask, scratch }: FiringPlan,
  chip: MappedNetwork,
  unit: FiringUnit,
  mapping: ServingMapping,
): AttentionKernels {
  const { model } = chip.network;
  const { heads, tokens } = mapping;
  const parts = ATTENTION_PARTS[model.attention.kind];
  const fixed = {
    tokens,
    width: model.width,
    heads,
    mask,
    scratch,
    ...kernelNeurons(model.attention as FiringSpec, model.neuron, unit),
  };
  return {
    run: (qkv, out, { steps, prompts }) => {
      requireMembranes(unit, steps);
      ops.firingAttention({ ...fixed, qkv, out, steps, prompts });
      const train = trainOf(ops, qkv, steps, prompts * tokens);
      let increments = 0;
      for (let prompt = 0; prompt < prompts; prompt++) {
        for (let head = 0; head < heads; head++)
          increments += unitIncrements(unit, headTrains(train, mapping, parts, prompt, head));
      }
      const actions = firingActions(mapping, unit, { steps, prompts, increments });
      return { counts: { actions, cycles: prompts * engineCycles(steps, mapping) }, scores: NO_SCORES };
    },
  };
}

/** Attention and neuron with which a kernel decides as the unit does. Only LIF attention has two groups of neurons. */
function kernelNeurons(
  attention: FiringSpec,
  neuron: NeuronSpec,
  { scoreNeurons, outputNeurons, dimension, tokens }: FiringUnit,
): { readonly attention: FiringSpec; readonly neuron: NeuronSpec } {
  const output = outputNeurons.neurons;
  if (scoreNeurons === null) {
    const threshold = (output.threshold / output.numerator) * output.unit;
    return { attention, neuron: { ...neuron, threshold } };
  }
  // One threshold for both: the product of their own.
  const score = scoreNeurons.neurons;
  const lif: AttentionOf<"lif"> = {
    kind: "lif",
    scoreGain: score.numerator * output.threshold * dimension,
    valueGain: output.numerator * score.threshold * tokens,
  };
  return { attention: lif, neuron: { ...neuron, threshold: score.threshold * output.threshold } };
}

/** Units without kernels, from spikes copied out of the kernels' memory. */
function slowUnits(ops: SimulationOps, chip: MappedNetwork): AttentionKernels {
  const { tokens } = chip.network.geometry;
  return {
    run: (qkv, out, { block, steps, prompts, firstPrompt, random }) => {
      const attend = blockAttention(chip, steps, random);
      invariant(attend !== null, "a chip without attention units passes its values on");
      const actions = emptyTally();
      const { output, scores, cycles } = attend(
        trainOf(ops, qkv, steps, prompts * tokens),
        block,
        firstPrompt,
        actions,
      );
      ops.write(out.at, output.words);
      return { counts: { actions, cycles }, scores };
    },
  };
}

/** A copy of a train. */
export function trainOf(
  ops: Pick<SimulationOps, "words">,
  { at, features }: PackedBits,
  steps: number,
  rows: number,
): SpikeTrain {
  return { steps, rows, features, words: ops.words(at, steps * rows * wordsPerRow(features)) };
}
