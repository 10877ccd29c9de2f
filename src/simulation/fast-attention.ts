/**
 * The SSA engine on the WebAssembly kernels: fast twin of `attention.ts`, bit for bit, with ideal words and with LFSR bytes.
 *
 * The kernels hold a head's features in one 64-bit word, and know the default LFSRs only. Wider heads and other LFSRs, tiles that
 * serve their tokens in several passes and counters that saturate take the slow tile of `hardware/ssa-tile.ts`.
 */
import { emptyTally } from "../hardware/actions.ts";
import { LFSR_SETUP, lfsrSeeds, lfsrWiring } from "../hardware/draws.ts";
import { attentionScratch } from "../kernels/draws.ts";
import type { Arena, Kernels } from "../kernels/memory.ts";
import type { PackedBits } from "../kernels/spike-linear.ts";
import { ssaParametersOf } from "../mapping/mapping.ts";
import type { Stream } from "../numeric/stream.ts";
import { wordsPerRow } from "../spike/train.ts";
import { runAttention, seedStream, tileDraws } from "./attention.ts";
import type { Chip } from "./chip.ts";

/** What an attention stage ran on, and where its bits lie. */
export interface AttentionCall {
  readonly block: number;
  readonly steps: number;
  readonly prompts: number;
  readonly firstPrompt: number;
  readonly random: Stream;
}

export interface AttentionKernels {
  /** out [T][prompts tokens][D] from qkv [T][prompts tokens][3 D]. Returns ones in S, and counters that counted up. */
  run(qkv: PackedBits, out: PackedBits, call: AttentionCall): { readonly ones: number; readonly increments: number };
}

/** Bits of a head that the kernels can hold. */
const MAXIMUM_DIMENSION = 64;

export function planAttention(
  kernels: Kernels | null,
  arena: Arena,
  chip: Chip,
  sizes: { readonly steps: number; readonly maxPrompts: number },
): AttentionKernels {
  return kernelsServe(chip) ? planKernel(kernels, arena, chip, sizes) : slowTiles(kernels, chip);
}

function kernelsServe(chip: Chip): boolean {
  const { dimension, largestCount, lfsr, plan } = ssaParametersOf(chip.network, chip.hardware);
  if (dimension > MAXIMUM_DIMENSION || largestCount < dimension) return false;
  if (chip.hardware.ssa.random === "ideal") return true;
  const { mask, sharing, shiftsPerClock } = LFSR_SETUP;
  const standard = lfsr.mask === mask && lfsr.sharing === sharing && lfsr.shiftsPerClock === shiftsPerClock;
  return standard && plan.passes.length === 1;
}

function planKernel(
  kernels: Kernels | null,
  arena: Arena,
  chip: Chip,
  { steps: maxSteps, maxPrompts }: { readonly steps: number; readonly maxPrompts: number },
): AttentionKernels {
  const { model, geometry } = chip.network;
  const { tiles: heads, tokens } = chip.mapping.ssa;
  const { scoreGain, valueGain, scoreNormaliser, valueNormaliser } = ssaParametersOf(chip.network, chip.hardware);
  const maskWords = 2 * Math.ceil(tokens / 64);
  const lfsr = chip.hardware.ssa.random === "lfsr";
  const stratified = model.attention.draws === "stratified" ? 1 : 0;
  const registersPerTile = lfsrWiring(LFSR_SETUP.sharing, tokens).registers;
  const mask = arena.words(tokens * maskWords);
  const scores = arena.words(maxSteps * maxPrompts * heads * tokens * maskWords);
  const registers = lfsr ? arena.words(maxPrompts * heads * registersPerTile) : 0;
  const scratch = arena.words(attentionScratch(tokens));
  if (kernels) {
    const { u32 } = kernels;
    u32.fill(0, mask / 4, mask / 4 + tokens * maskWords);
    for (let i = 0; i < tokens; i++) {
      for (let j = 0; j < tokens; j++) {
        if (geometry.mask[i * tokens + j]) u32[mask / 4 + i * maskWords + (j >> 5)] |= 1 << (j & 31);
      }
    }
  }

  function attend(
    qkv: PackedBits,
    out: PackedBits,
    { block, steps, prompts, firstPrompt, random }: AttentionCall,
  ): number {
    const { run, u32 } = kernels!;
    const input = [
      qkv.at,
      qkv.words,
      steps,
      prompts,
      tokens,
      model.width,
      heads,
      mask,
      scoreNormaliser,
      scoreGain,
      valueNormaliser,
      valueGain,
    ] as const;
    const output = [stratified, scores, out.at, out.words, scratch] as const;
    if (!lfsr) {
      const [key0, key1] = random.fork("attention").key;
      return run.stochasticAttention(...input, key0, key1 + block, firstPrompt, ...output);
    }
    const seeds = seedStream(chip, random);
    let at = registers / 4;
    for (let prompt = firstPrompt; prompt < firstPrompt + prompts; prompt++) {
      for (let head = 0; head < heads; head++, at += registersPerTile) {
        u32.set(lfsrSeeds(registersPerTile, seeds(block, prompt, head)), at);
      }
    }
    return run.lfsrAttention(...input, registers, ...output);
  }

  return {
    run: (qkv, out, call) => {
      const increments = attend(qkv, out, call);
      const cells = call.steps * call.prompts * heads * tokens * maskWords;
      return { ones: kernels!.run.countBits(scores, cells), increments };
    },
  };
}

function slowTiles(kernels: Kernels | null, chip: Chip): AttentionKernels {
  const { geometry } = chip.network;
  const settings = ssaParametersOf(chip.network, chip.hardware);
  return {
    run: (qkv, out, { block, steps, prompts, firstPrompt, random }) => {
      const { u32 } = kernels!;
      const rows = prompts * geometry.tokens;
      const words = u32.slice(qkv.at / 4, qkv.at / 4 + steps * rows * wordsPerRow(qkv.features));
      const tally = emptyTally();
      const numbers = tileDraws(chip, steps, random);
      const { output, scores } = runAttention(
        { steps, rows, features: qkv.features, words },
        chip.mapping.ssa,
        settings,
        (prompt, head) => numbers(block, firstPrompt + prompt, head),
        tally,
      );
      u32.set(output.words, out.at / 4);
      return { ones: scores.ones, increments: tally.counterIncrements };
    },
  };
}
