/**
 * Symbol detection on a slot: pilots of an OFDM grid are the context, and all data symbols are queries. `src/task/slot-detection.ts`
 * draws its prompts.
 */
import { z } from "zod";
import { channelSpec } from "./channel.ts";
import { bitsPerClass, MOST_BITS } from "./modulation.ts";
import { onceValid } from "./once-valid.ts";

export const slotDetectionSpec = z
  .strictObject({
    /** Symbol detection on a slot: many data symbols share its pilots. */
    kind: z.literal("slot-detection"),
    /** Transmit antennas, at most 16 bits per element together. */
    transmitAntennas: z.int().min(1).max(16).default(1),
    /** Receive antennas. */
    receiveAntennas: z.int().min(1).max(16).default(2),
    /** Constellation of each antenna's data; pilots are QPSK. */
    modulation: z.enum(["bpsk", "qpsk", "16qam", "64qam"]).default("qpsk"),
    /** Radio channel and grid of a prompt. */
    channel: channelSpec.prefault({ kind: "tdl" }),
    /** Signal-to-noise ratio of an antenna's data symbol, dB, drawn per prompt. */
    snrDecibels: z
      .strictObject({
        /** Lowest ratio. */
        min: z.number().min(-50).max(100),
        /** Highest ratio. */
        max: z.number().min(-50).max(100),
      })
      .default({ min: 0, max: 20 }),
    /** Bits of the receive quantiser, for each part. */
    receiverBits: z.int().min(1).max(8).default(4),
    /** Full scale of the quantiser. */
    receiverRange: z.number().positive().max(1000).default(4),
    /** How a receive sample enters a spiking network: the quantiser's bits, or a line per threshold exceeded. */
    coding: z.enum(["bits", "thermometer"]).default("bits"),
    /** Lines of a token's place, each with its opposite: one per step (`thermometer`: near places share lines) or per bit (`binary`). */
    positions: z.enum(["thermometer", "binary"]).default("thermometer"),
  })
  .refine((task) => bitsPerClass(task) <= MOST_BITS, {
    ...onceValid,
    error: `one channel use sends more than ${MOST_BITS} bits. Use fewer antennas, or a modulation with fewer bits.`,
    path: ["transmitAntennas"],
  })
  .refine(({ snrDecibels }) => snrDecibels.min <= snrDecibels.max, {
    ...onceValid,
    error: "the lowest ratio is above the highest. Swap `min` and `max`.",
    path: ["snrDecibels", "min"],
  });

export type SlotDetectionSpec = z.infer<typeof slotDetectionSpec>;
