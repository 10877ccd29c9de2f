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
import type { NeuronSpec } from "../../experiment/neuron.ts";
import { emptyTally } from "../../hardware/actions.ts";
import { type FiringUnit, unitIncrements } from "../../hardware/attention/catalogue.ts";
import { LFSR_SETUP, lfsrSeeds, lfsrWiring, usesLfsrs } from "../../hardware/draws.ts";
import type { SsaParameters } from "../../hardware/ssa-parameters.ts";
import type { Arena, PackedBits, Place } from "../../kernels/arena.ts";
import { bitMask, maskWords } from "../../kernels/masks.ts";
import type { FiringSpec } from "../../kernels/ops.ts";
import type { SimulationOps } from "../../kernels/simulation-ops.ts";
import { LARGEST_DIMENSION, sampledScratch } from "../../kernels/wasm/attention-ops.ts";
import { firingScratch } from "../../kernels/wasm/firing-attention.ts";
import type { AttentionOperation, SpikingAttention } from "../../model/attention/operation.ts";
import type { Stream } from "../../numeric/stream.ts";
import { type SpikeTrain, wordsPerRow } from "../../spike/train.ts";
import type { MappedNetwork } from "../chip.ts";
import { firingActions, ssaActions } from "../counts.ts";
import type { Attended } from "../pass.ts";
import {
  blockAttention,
  engineCycles,
  headTrains,
  NO_SCORES,
  requireMembranes,
  seedStream,
} from "../reference/attention.ts";
import { hasTiles, isServed, type Served, type ServingUnit, servedAttention, type TileUnit } from "../served.ts";

/** A call of an attention operation, which is given by its place among them. */
export interface AttentionCall {
  readonly block: number;
  readonly steps: number;
  readonly prompts: number;
  readonly firstPrompt: number;
  readonly random: Stream;
}

export interface AttentionKernels {
  /** out [T][prompts tokens][D] from qkv [T][prompts tokens][parts D]. */
  run(qkv: PackedBits, out: PackedBits, call: AttentionCall): Attended;
}

/** Addresses of the kernels' arrays; null if the slow units are used, or none. */
export type UnitPlan = SampledPlan | FiringPlan | null;

/** By operation, in the order of the graph. Operations of the same sizes share their arrays. */
export type AttentionPlan = readonly UnitPlan[];

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

type Sizes = { readonly maxSteps: number; readonly maxPrompts: number };

export function planAttention(arena: Arena, chip: MappedNetwork, sizes: Sizes): AttentionPlan {
  const plans: { readonly operation: AttentionOperation; readonly plan: UnitPlan }[] = [];
  return servedAttention(chip).map((served) => {
    const { operation } = served;
    const same = plans.find((one) => fits(one.operation, operation));
    if (same) return same.plan;
    const plan = isServed(served) ? planUnit(arena, chip, served, sizes) : null;
    plans.push({ operation, plan });
    return plan;
  });
}

const fits = (one: AttentionOperation, other: AttentionOperation): boolean =>
  (["heads", "dimension", "tokens", "mask"] as const).every((size) => one[size] === other[size]);

function planUnit(
  arena: Arena,
  chip: MappedNetwork,
  { unit, operation: { heads } }: Served<ServingUnit>,
  { maxSteps, maxPrompts }: Sizes,
): UnitPlan {
  const { tokens, dimension } = unit;
  const mask = () => arena.words(tokens * maskWords(tokens));
  if (unit.unit !== "ssa-tile") {
    if (!neuronKernelsServe(unit, maxSteps)) return null;
    return { of: "neurons", mask: mask(), scratch: arena.words(firingScratch(maxSteps, tokens, dimension)) };
  }
  if (!kernelsServe(unit, chip)) return null;
  return {
    of: "samples",
    mask: mask(),
    scores: arena.words(maxSteps * maxPrompts * heads * tokens * maskWords(tokens)),
    registers: hasLfsr(unit, chip) ? arena.words(maxPrompts * heads * registersOf(tokens)) : null,
    scratch: arena.words(sampledScratch(tokens)),
  };
}

/** State: writes masks to memory. */
export function bindAttention(ops: SimulationOps, plans: AttentionPlan, chip: MappedNetwork): AttentionKernels {
  const kernels = servedAttention(chip).map((served, i): AttentionKernels => {
    const { operation } = served;
    const plan = plans[i];
    if (!isServed(served)) return passValues(ops, operation);
    if (plan !== null) ops.write(plan.mask, bitMask(operation));
    if (hasTiles(served) && plan?.of === "samples") return sampleScores(ops, plan, chip, served);
    if (plan?.of === "neurons") return fireNeurons(ops, plan, served as Served<FiringUnit>);
    return slowUnits(ops, chip, operation);
  });
  return { run: (qkv, out, call) => kernels[call.block].run(qkv, out, call) };
}

/** Without attention units, values are the output. */
const passValues = (ops: SimulationOps, { tokens }: AttentionOperation): AttentionKernels => ({
  run: (qkv, out, { steps, prompts }) => {
    ops.copy(qkv.at, out.at, steps * prompts * tokens * qkv.words);
    return { counts: null, scores: NO_SCORES };
  },
});

/** Whether the kernels compute such tiles. */
export function kernelsServe(unit: SsaParameters, chip: Pick<MappedNetwork, "hardware">): boolean {
  const { dimension, largestCount, lfsr, plan } = unit;
  if (dimension > LARGEST_DIMENSION || largestCount < dimension) return false;
  if (!hasLfsr(unit, chip)) return true;
  const { mask, sharing, shiftsPerClock } = LFSR_SETUP;
  const standard = lfsr.mask === mask && lfsr.sharing === sharing && lfsr.shiftsPerClock === shiftsPerClock;
  return standard && plan.passes.length === 1;
}

const hasLfsr = ({ draws }: SsaParameters, { hardware }: Pick<MappedNetwork, "hardware">): boolean =>
  usesLfsrs(hardware.ssa.random, draws);
const registersOf = (tokens: number): number => lfsrWiring(LFSR_SETUP.sharing, tokens).registers;

/** What SSA tiles ask of a backend. */
export type SamplingOps = Pick<SimulationOps, "write" | "countBits" | "sampledAttention" | "lfsrAttention">;

/** The SSA tiles of an operation whose plan has them; the mask is in memory. */
export function sampleScores(
  ops: SamplingOps,
  plan: SampledPlan,
  chip: MappedNetwork,
  { unit, placed }: Served<TileUnit>,
): AttentionKernels {
  const { mask, scores, registers, scratch } = plan;
  const { heads, tokens, dimension } = placed;
  const { scoreGain, valueGain, scoreNormaliser, valueNormaliser, draws } = unit;
  const gains = { scoreGain, valueGain, scoreNormaliser, valueNormaliser };
  const fixed = { tokens, width: heads * dimension, heads, mask, ...gains, draws, scores, scratch };

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
      const actions = ssaActions(placed, unit, chip.hardware.ssa.random, { steps, prompts, increments });
      const cycles = prompts * engineCycles(steps, placed);
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
  { operation: { how }, parts, unit, placed }: Served<FiringUnit>,
): AttentionKernels {
  const { heads, tokens, dimension } = placed;
  const { attention, neuron } = how as SpikingAttention;
  const decided = kernelNeurons(attention as FiringSpec, neuron, unit);
  const fixed = { tokens, width: heads * dimension, heads, mask, scratch, ...decided };
  return {
    run: (qkv, out, { steps, prompts }) => {
      requireMembranes(unit, steps);
      ops.firingAttention({ ...fixed, qkv, out, steps, prompts });
      const train = trainOf(ops, qkv, steps, prompts * tokens);
      let increments = 0;
      for (let prompt = 0; prompt < prompts; prompt++) {
        for (let head = 0; head < heads; head++)
          increments += unitIncrements(unit, headTrains(train, placed, parts, prompt, head));
      }
      const actions = firingActions(placed, unit, { steps, prompts, increments });
      return { counts: { actions, cycles: prompts * engineCycles(steps, placed) }, scores: NO_SCORES };
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
function slowUnits(ops: SimulationOps, chip: MappedNetwork, { tokens }: AttentionOperation): AttentionKernels {
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
