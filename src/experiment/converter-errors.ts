/** What real converters add: spread from converter to converter, and noise. */
import { z } from "zod";

export const converterErrorSpec = z.strictObject({
  /** Relative standard deviation of converter gains, drawn once per chip. */
  gainSpread: z.number().min(0).max(1).default(0),
  /** Standard deviation of converter offsets, in code steps, drawn once per chip. */
  offsetSpread: z.number().min(0).max(100).default(0),
  /** Standard deviation of the noise per conversion, in code steps. */
  outputNoise: z.number().min(0).max(100).default(0),
});

export type ConverterErrorSpec = z.infer<typeof converterErrorSpec>;
