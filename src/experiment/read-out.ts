/**
 * What reads a crossbar's columns, by the role of its layer. `by-read-out.ts` lists what each kind means, `hardware/read-out.ts` has
 * the equations.
 *
 * Without converters, a column's current becomes charge, and a comparator decides whether its neuron fires. A chip has one circuit
 * for this. Its errors are in physical units; by default there are none.
 */
import { z } from "zod";

const circuitSpec = z.strictObject({
  /** Volts on a column's capacitor for a membrane of 1. */
  swing: z.number().min(1e-3).max(10).default(0.3),
  /** This capacitor, femtofarads, whose thermal noise enters at every step. `null`: none. */
  capacitor: z.number().min(0.01).max(1e6).nullable().default(null),
  /** Spread of comparator offsets, millivolts, drawn once per chip. */
  offset: z.number().min(0).max(1000).default(0),
  /** Comparator noise per decision, millivolts. */
  noise: z.number().min(0).max(1000).default(0),
  /** Relative spread of a column's capacitors: of row blocks, and of the leak. */
  mismatch: z.number().min(0).max(0.2).default(0),
  /** Time constant of leakage between steps, seconds. `null`: none. */
  leakage: z.number().min(1e-12).max(1e6).nullable().default(null),
  /** Time constants for which lines settle; n lose exp(-n). `null`: none lost, in a converter's clocks. */
  settling: z.number().min(0.5).max(40).nullable().default(null),
  /** Offset correction, by decisions along a ramp. `null`: none. */
  trim: z
    .strictObject({
      /** Bits of a trim with its sign; it reaches four times `offset`. */
      bits: z.int().min(2).max(12).default(6),
      /** Decisions along the ramp. */
      reads: z.int().min(8).max(65_536).default(256),
    })
    .nullable()
    .default(null),
});

const KINDS = ["converter", "comparator", "charge"] as const;

export const readOutSpec = z.strictObject({
  /**
   * Of q, k and v. `comparator`: a decision per column, for one row block and T = 1; `charge`: on a membrane, one token at a
   * time.
   */
  attentionInput: z.enum(KINDS).default("converter"),
  /** Likewise of the first feed-forward layer. Other layers keep converters. */
  feedForwardUp: z.enum(KINDS).default("converter"),
  /** Columns without converters. */
  circuit: circuitSpec.prefault({}),
});

export type ColumnCircuit = z.infer<typeof circuitSpec>;
export type ReadOutSpec = z.infer<typeof readOutSpec>;
export type ReadOutKind = ReadOutSpec["attentionInput"];
