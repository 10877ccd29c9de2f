/** Whole numbers: the grid of currents, and the registers behind the converters. `hardware/integer-arithmetic.ts` has the equations. */
import { z } from "zod";

export const arithmeticSpec = z.strictObject({
  /**
   * A code step is 2^stepBits units of current, and conductances are rounded to whole units as lines add them: what a line carries is then
   * a whole number, whatever the order of the sum. With the bits of a code they make 15 at most.
   */
  stepBits: z.int().min(0).max(13).default(7),
  /**
   * All numbers behind the converters count in 2^-fractionBits of the unit of weights and thresholds: one binary point for all, so that
   * nothing is shifted but the leak.
   */
  fractionBits: z.int().min(0).max(14).default(8),
  /** Bits of a factor, what a code step of a column is worth; it has no sign. One that does not fit is refused. */
  factorBits: z.int().min(1).max(16).default(12),
  /** Bits of an offset and of a position vector's numbers, in two's complement. One that does not fit is refused. */
  offsetBits: z.int().min(2).max(16).default(14),
  /** Bits of the residual stream, in two's complement. */
  streamBits: z.int().min(2).max(16).default(14),
  /** Bits of a membrane, in two's complement. */
  membraneBits: z.int().min(2).max(16).default(14),
  /** Bits of an output of the head, in two's complement. Means over tokens and steps are taken of these. */
  logitBits: z.int().min(2).max(16).default(14),
  /**
   * What stream, membranes and logits do with a sum that does not fit: `saturate` stops at the largest number and counts it; `refuse`
   * ends the run, and calibration tries the format on its prompts.
   */
  overflow: z.enum(["saturate", "refuse"]).default("saturate"),
});

export type ArithmeticSpec = z.infer<typeof arithmeticSpec>;

/** The formats of `{}`. */
export const RECOMMENDED_FORMATS: ArithmeticSpec = arithmeticSpec.parse({});
