/** Slots by name. */
import { type SlotDetectionSpec, slotDetectionSpec } from "./slot-detection.ts";

/**
 * `sionna-neural-receiver` is a resource block of Sionna's tutorial "Neural Receiver for OFDM SIMO Systems": one antenna sends QPSK over
 * CDL-C to a crossed pair at 10 m/s, with pilots on all subcarriers of symbols 2 and 11. There, 128 subcarriers with 12 silent ones are
 * one block of rate 1/2 at Eb/N0 of -5 to 10 dB, which at one information bit per element is the ratio here. Its antennas are vertical
 * and horizontal with a pattern, ours slanted by 45 degrees without one; over its own channels (`readSlots`) that does not matter.
 */
export const SLOT_PRESETS = {
  "sionna-neural-receiver": slotDetectionSpec.parse({
    kind: "slot-detection",
    channel: {
      kind: "cdl",
      profile: "C",
      delaySpreadNanoseconds: 100,
      carrierGigahertz: 3.5,
      speedMetresPerSecond: 10,
      subcarriers: 12,
      spacingKilohertz: 30,
      symbols: 14,
      pilots: { symbols: [2, 11], comb: 1 },
      polarisation: "cross",
    },
    modulation: "qpsk",
    snrDecibels: { min: -5, max: 10 },
  }),
} as const satisfies Readonly<Record<string, SlotDetectionSpec>>;

export type SlotPreset = keyof typeof SLOT_PRESETS;
