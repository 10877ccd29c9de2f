/** Global drift compensation: how far one factor reaches, how it is measured, and when. */
import { z } from "zod";

export const compensationSchedule = z.discriminatedUnion("kind", [
  /** Right before use, in the same read: the best case. */
  z.strictObject({ kind: z.literal("at-use").optional().default("at-use") }),
  /** At a fixed interval after programming. */
  z.strictObject({
    kind: z.literal("interval"),
    /** Seconds between calibrations. */
    seconds: z.number().min(1e-3).max(1e10).default(86_400),
  }),
  /** At ages that grow by a constant factor, because drift is linear in log time. */
  z.strictObject({
    kind: z.literal("geometric"),
    /** Seconds from programming to the first calibration. */
    first: z.number().min(1e-3).max(1e10).default(1),
    /** Ratio of the ages at successive calibrations. */
    ratio: z.number().min(1.001).max(1e6).default(10),
  }),
]);

export const compensationSpec = z.strictObject({
  /** What shares one factor: a crossbar, all crossbars of a tile, or a column. `none`: no compensation. */
  scope: z.enum(["none", "crossbar", "tile", "column"]).default("crossbar"),
  /**
   * How factors are measured with `calibration` `currents`. `lines`: drives all lines at once and sums their currents;
   * `one-hot`: drives one line at a time and averages pair differences, as in aihwkit.
   */
  readout: z.enum(["lines", "one-hot"]).default("lines"),
  /** When the factors are measured. */
  schedule: compensationSchedule.prefault({}),
});

export type CompensationSpec = z.infer<typeof compensationSpec>;
export type CompensationSchedule = z.infer<typeof compensationSchedule>;
