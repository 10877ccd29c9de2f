/**
 * The energy table of the SSA paper (Song et al., AICAS 2024), rebuilt: one attention block, arithmetic and memory.
 *
 *   SSA      T (N^2 H (d - 1) + N D (N - 1)) 8-bit additions; T (4 N^2 D + N^2 H + N D) bits moved
 *   ANN      2 N^2 D multiplications and, per sum, one addition fewer than products; the same words moved once, of `bits` bits
 *
 * Every 32-bit word is a 32 kB access of Horowitz's table, without reuse. Neither machine would be built like that, but with
 * this rule the SSA row is reproduced within 1 %. An ANN matches its printed row only in 16-bit floating point.
 */
import { horowitz } from "./sources/horowitz-isscc-2014.ts";

export interface AttentionBlock {
  readonly tokens: number;
  readonly width: number;
  readonly heads: number;
  readonly steps: number;
}

/** Joules. */
export interface BlockEnergy {
  readonly processing: number;
  readonly memory: number;
}

/** The block of the paper's table. */
export const SSA_BLOCK: AttentionBlock = { tokens: 64, width: 512, heads: 8, steps: 10 };

const { add8, addFp16, multiplyFp16, sram32k } = horowitz.prices;
// 20 pJ per 32 bits: the printed 64-bit access is charged for each word.
const perBit = (8 * sram32k.value) / 32;

const additions = ({ tokens, width, heads }: AttentionBlock): number =>
  tokens ** 2 * heads * (width / heads - 1) + tokens * width * (tokens - 1);
const words = ({ tokens, width, heads }: AttentionBlock): number =>
  4 * tokens ** 2 * width + tokens ** 2 * heads + tokens * width;

export const ssaBlock = (block: AttentionBlock): BlockEnergy => ({
  processing: block.steps * additions(block) * add8.value,
  memory: block.steps * words(block) * perBit,
});

/** In 16-bit floating point, without softmax. */
export const annBlock = (block: AttentionBlock): BlockEnergy => ({
  processing: 2 * block.tokens ** 2 * block.width * multiplyFp16.value + additions(block) * addFp16.value,
  memory: 16 * words(block) * perBit,
});
