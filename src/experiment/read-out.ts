/**
 * What reads a crossbar's columns, by the role of its layer. `by-read-out.ts` lists what each kind means, `hardware/read-out.ts` has
 * the equations.
 *
 * Without converters, a column's current becomes charge, and a comparator decides whether its neuron fires. A chip has one circuit
 * for this. Its errors are in physical units; by default there are none.
 */
import { z } from "zod";

const circuitSpec = z.strictObject({
  /** Volts on the capacitor of a column that a weight of 1, or a membrane of 1, stands for. */
  swing: z.number().min(1e-3).max(10).default(0.3),
  /** This capacitor, femtofarads. Its thermal noise (kT/C at 300 K) enters at every step. `null`: none. */
  capacitor: z.number().min(0.01).max(1e6).nullable().default(null),
  /** Standard deviation of comparator offsets, millivolts, drawn once per chip. */
  offset: z.number().min(0).max(1000).default(0),
  /** Standard deviation of a comparator's noise per decision, millivolts. */
  noise: z.number().min(0).max(1000).default(0),
  /** Relative standard deviation of capacitors that share a column: of its row blocks, and of its leak. */
  mismatch: z.number().min(0).max(0.2).default(0),
  /** Time constant of a membrane's leakage between steps, seconds. `null`: none. */
  leakage: z.number().min(1e-12).max(1e6).nullable().default(null),
  /** Time constants for which lines settle; n lose a share exp(-n). `null`: nothing is lost, in the clocks of a converter. */
  settling: z.number().min(0.5).max(40).nullable().default(null),
  /** Offset correction: every comparator decides along a ramp and is trimmed by the result. `null`: none. */
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

const kindSpec = z.enum(["converter", "comparator", "charge"]).default("converter");

export const readOutSpec = z.strictObject({
  /**
   * Of the layer that computes q, k and v. `comparator`: one decision per column and step, for one row block and one step;
   * `charge`: the charge of all row blocks on a membrane, which holds one token at a time.
   */
  attentionInput: kindSpec,
  /** Likewise of the first layer of a feed-forward pair. Other layers do not feed neurons alone, and keep converters. */
  feedForwardUp: kindSpec,
  /** Columns without converters. */
  circuit: circuitSpec.prefault({}),
});

export type ColumnCircuit = z.infer<typeof circuitSpec>;
export type ReadOutSpec = z.infer<typeof readOutSpec>;
export type ReadOutKind = ReadOutSpec["attentionInput"];
