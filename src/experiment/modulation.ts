/** Bits of a channel use, for the schema and for the task alike: a worker of a browser loads no schema. */

/** Transmitted bits of one antenna's symbol. */
export const BITS_PER_ANTENNA = { bpsk: 1, qpsk: 2, "16qam": 4, "64qam": 6 } as const;

/** Bits of one channel use, over all antennas. A joint symbol is their word, and there are 2^16 at most. */
export const MOST_BITS = 16;

export interface Sender {
  readonly transmitAntennas: number;
  readonly modulation: keyof typeof BITS_PER_ANTENNA;
}

/** Transmitted bits of one channel use, over all antennas. */
export const bitsPerClass = ({ transmitAntennas, modulation }: Sender): number =>
  transmitAntennas * BITS_PER_ANTENNA[modulation];
