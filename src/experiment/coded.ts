/** A coded link over the data of slots: what is sent, how it is received, and when a point has enough blocks. */
import { z } from "zod";

export const codedSpec = z.strictObject({
  /** Share of the coded bits of a slot that are payload and its CRC. */
  rate: z.number().min(0.05).max(0.93).default(0.5),
  /** How checks of the LDPC decoder answer. Scaled `min-sum` does not depend on the scale of soft bits. */
  decoder: z.enum(["min-sum", "belief-propagation"]).default("min-sum"),
  /** The most iterations of the decoder. */
  iterations: z.int().min(1).max(1000).default(20),
  /** Energy of a slot per bit of payload over noise density, dB. */
  ebN0Decibels: z.array(z.number().min(-50).max(100)).min(1).max(64).default([0, 2, 4, 6, 8, 10, 12, 14]),
  /** Block errors of a detector at which a point ends. */
  errors: z.int().min(1).max(1_000_000).default(50),
  /** Blocks at which a point ends in any case. */
  blocks: z.int().min(1).max(1_000_000).default(2000),
  /**
   * Ages at which chips receive the same blocks again, with drift compensation and without, seconds: 31536000 is a year.
   */
  ages: z.array(z.number().min(0).max(1e10)).max(16).default([]),
  /**
   * Data elements, those decided most surely, that networks and chips take as pilots when they detect the rest of a slot again. 0: none.
   */
  feedback: z.int().min(0).max(2047).default(0),
  /** Blocks on which a chip fits a scale of its soft bits at each point, for belief propagation. 0: none. */
  fitBlocks: z.int().min(0).max(10_000).default(16),
});

export type CodedSpec = z.infer<typeof codedSpec>;
