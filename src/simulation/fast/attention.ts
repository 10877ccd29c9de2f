/**
 * The SSA engine on the WebAssembly kernels: fast twin of `reference/attention.ts`, bit for bit, with ideal words and with LFSR bytes.
 *
 * The kernels hold a head's features in one 64-bit word and support only the default LFSRs. Wider heads, other LFSRs, tiles
 * that serve their tokens in several passes and saturating counters use the slow tile of `hardware/ssa-tile.ts`.
 */
import { emptyTally } from "../../hardware/actions.ts";
import { LFSR_SETUP, lfsrSeeds, lfsrWiring, usesLfsrs } from "../../hardware/draws.ts";
import type { Arena, PackedBits, Place } from "../../kernels/arena.ts";
import { bitMask, maskWords } from "../../kernels/masks.ts";
import type { SimulationOps } from "../../kernels/simulation-ops.ts";
import { LARGEST_DIMENSION, sampledScratch } from "../../kernels/wasm/attention-ops.ts";
import { ssaParametersOf, stochasticOf } from "../../mapping/mapping.ts";
import type { Stream } from "../../numeric/stream.ts";
import { wordsPerRow } from "../../spike/train.ts";
import type { MappedNetwork } from "../chip.ts";
import { runAttention, seedStream, tileDraws } from "../reference/attention.ts";

/** Memory layout and inputs of an attention operation. */
export interface AttentionCall {
  readonly block: number;
  readonly steps: number;
  readonly prompts: number;
  readonly firstPrompt: number;
  readonly random: Stream;
}

export interface AttentionKernels {
  /** out [T][prompts tokens][D] from qkv [T][prompts tokens][3 D]. Returns the number of ones in S, and the counter increments. */
  run(qkv: PackedBits, out: PackedBits, call: AttentionCall): { readonly ones: number; readonly increments: number };
}

/** Addresses of the kernels' arrays; null if the slow tile is used. */
export interface AttentionPlan {
  readonly mask: Place;
  readonly scores: Place;
  /** LFSR states `[prompts][heads]`; null with ideal words. */
  readonly registers: Place | null;
  readonly scratch: Place;
}

export function planAttention(
  arena: Arena,
  chip: MappedNetwork,
  { maxSteps, maxPrompts }: { readonly maxSteps: number; readonly maxPrompts: number },
): AttentionPlan | null {
  if (!kernelsServe(chip)) return null;
  const { heads, tokens } = chip.mapping.ssa;
  return {
    mask: arena.words(tokens * maskWords(tokens)),
    scores: arena.words(maxSteps * maxPrompts * heads * tokens * maskWords(tokens)),
    registers: hasLfsr(chip) ? arena.words(maxPrompts * heads * registersOf(tokens)) : null,
    scratch: arena.words(sampledScratch(tokens)),
  };
}

/** State: writes the network's mask to memory. */
export function bindAttention(ops: SimulationOps, plan: AttentionPlan | null, chip: MappedNetwork): AttentionKernels {
  return plan ? bindKernels(ops, plan, chip) : slowTiles(ops, chip);
}

function kernelsServe(chip: MappedNetwork): boolean {
  const { dimension, largestCount, lfsr, plan } = ssaParametersOf(chip.network, chip.hardware);
  if (dimension > LARGEST_DIMENSION || largestCount < dimension) return false;
  if (!hasLfsr(chip)) return true;
  const { mask, sharing, shiftsPerClock } = LFSR_SETUP;
  const standard = lfsr.mask === mask && lfsr.sharing === sharing && lfsr.shiftsPerClock === shiftsPerClock;
  return standard && plan.passes.length === 1;
}

const hasLfsr = ({ hardware, network }: MappedNetwork): boolean =>
  usesLfsrs(hardware.ssa.random, stochasticOf(network.model).draws);
const registersOf = (tokens: number): number => lfsrWiring(LFSR_SETUP.sharing, tokens).registers;

function bindKernels(ops: SimulationOps, plan: AttentionPlan, chip: MappedNetwork): AttentionKernels {
  const { mask, scores, registers, scratch } = plan;
  const { model, geometry } = chip.network;
  const { heads, tokens } = chip.mapping.ssa;
  const { scoreGain, valueGain, scoreNormaliser, valueNormaliser } = ssaParametersOf(chip.network, chip.hardware);
  const gains = { scoreGain, valueGain, scoreNormaliser, valueNormaliser };
  const { draws } = stochasticOf(model);
  const fixed = { tokens, width: model.width, heads, mask, ...gains, draws, scores, scratch };
  ops.write(mask, bitMask(geometry));

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
      const increments = attend(qkv, out, call);
      const rows = call.steps * call.prompts * heads * tokens;
      const ones = ops.countBits({ at: scores, words: maskWords(tokens), features: tokens }, rows);
      return { ones, increments };
    },
  };
}

function slowTiles(ops: SimulationOps, chip: MappedNetwork): AttentionKernels {
  const { geometry } = chip.network;
  const settings = ssaParametersOf(chip.network, chip.hardware);
  return {
    run: (qkv, out, { block, steps, prompts, firstPrompt, random }) => {
      const rows = prompts * geometry.tokens;
      const words = ops.words(qkv.at, steps * rows * wordsPerRow(qkv.features));
      const tally = emptyTally();
      const numbers = tileDraws(chip, steps, random);
      const { output, scores } = runAttention(
        { steps, rows, features: qkv.features, words },
        chip.mapping.ssa,
        settings,
        (prompt, head) => numbers(block, firstPrompt + prompt, head),
        tally,
      );
      ops.write(out.at, output.words);
      return { ones: scores.ones, increments: tally.counterIncrements };
    },
  };
}
