/** Global drift compensation: how far one factor reaches, how it is measured, and when. */
import { z } from "zod";

export const compensationSchedule = z.discriminatedUnion("kind", [
  /** Right before use, in the same read: the best that calibration can do. */
  z.strictObject({ kind: z.literal("at-use").optional().default("at-use") }),
  /** At a fixed interval after programming. */
  z.strictObject({
    kind: z.literal("interval"),
    /** Seconds from one calibration to the next. */
    seconds: z.number().min(1e-3).max(1e10).default(86_400),
  }),
  /** At ages that grow by a factor: drift is a straight line in the logarithm of time. */
  z.strictObject({
    kind: z.literal("geometric"),
    /** Seconds from programming to the first calibration. */
    first: z.number().min(1e-3).max(1e10).default(1),
    /** Age at a calibration, divided by that at the one before. */
    ratio: z.number().min(1.001).max(1e6).default(10),
  }),
]);

export const compensationSpec = z.strictObject({
  /** What shares one factor: a crossbar, the crossbars of a tile, or a column of a crossbar. `none`: drift is left alone. */
  scope: z.enum(["none", "crossbar", "tile", "column"]).default("crossbar"),
  /**
   * `lines`: all lines driven at once, sum of all line currents (1 input vector); `one-hot`: one line at a time, mean size of the
   * differences of pairs, as IBM's aihwkit does.
   */
  readout: z.enum(["lines", "one-hot"]).default("lines"),
  /** When factors are measured. */
  schedule: compensationSchedule.prefault({}),
});

export type CompensationSpec = z.infer<typeof compensationSpec>;
export type CompensationSchedule = z.infer<typeof compensationSchedule>;
