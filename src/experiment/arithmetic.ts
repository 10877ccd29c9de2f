/** Whole numbers: the grid of currents, and the registers behind the converters. `hardware/integer-arithmetic.ts` has the equations. */
import { z } from "zod";

export const arithmeticSpec = z.strictObject({
  /**
   * A code step is 2^stepBits units of current, and conductances are rounded to whole units. With the ADC bits, 15 at
   * most.
   */
  stepBits: z.int().min(0).max(13).default(7),
  /** Binary point of all numbers behind the converters: they count in 2^-fractionBits of the weight unit. */
  fractionBits: z.int().min(0).max(14).default(8),
  /** Bits of a column's factor (the worth of a code step), unsigned. Larger factors are refused. */
  factorBits: z.int().min(1).max(16).default(12),
  /** Bits of offsets and position vectors, two's complement. Larger values are refused. */
  offsetBits: z.int().min(2).max(16).default(14),
  /** Bits of the residual stream, two's complement. */
  streamBits: z.int().min(2).max(16).default(14),
  /** Bits of a membrane, two's complement. */
  membraneBits: z.int().min(2).max(16).default(14),
  /** Bits of a logit before averaging over tokens and steps, two's complement. */
  logitBits: z.int().min(2).max(16).default(14),
  /**
   * If a sum in the stream, a membrane or a logit does not fit: `saturate` clips and counts it; `refuse` ends the run,
   * and calibration tests the formats first.
   */
  overflow: z.enum(["saturate", "refuse"]).default("saturate"),
});

export type ArithmeticSpec = z.infer<typeof arithmeticSpec>;

/** The formats of `{}`. */
export const RECOMMENDED_FORMATS: ArithmeticSpec = arithmeticSpec.parse({});
