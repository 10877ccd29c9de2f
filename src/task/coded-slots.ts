/**
 * Coded blocks over slots: one transport block of 5G NR fills the data elements of one slot.
 *
 *   payload --CRC, LDPC, rate matching, interleaving (src/coding)--> coded bits --> words of the antennas, element after element
 *
 * Coded bit (i Nt + a) B + b is bit b of antenna a in data element i: antennas first, then subcarriers, then symbols, as TS 38.211
 * (6.3.1.3, 6.3.1.6) maps them. Block k is the same, up to the strength of its noise, at every Eb/N0 and for every detector: it depends on
 * the seed's stream and k only. Eb is the energy of the whole slot over its payload, so that pilots, cyclic prefix and CRC are overhead.
 *
 * Left out: scrambling, which changes nothing for random payloads, and retransmissions.
 */
import { gridOf, noiseVarianceAt, type SlotGrid, type SlotRates, slotRates } from "../channel/grid.ts";
import type { Slot } from "../channel/slot.ts";
import { type GivenChannels, slotSource } from "../channel/source.ts";
import { encodeTransport, longestPayload, type TransportBlock, transportBlock } from "../coding/transport.ts";
import { SpecError } from "../errors.ts";
import type { CodedSpec } from "../experiment/coded.ts";
import { BITS_PER_ANTENNA } from "../experiment/modulation.ts";
import type { SlotDetectionSpec } from "../experiment/slot-detection.ts";
import { fromDecibels } from "../numeric/exponential.ts";
import { naturalLog, type Stream } from "../numeric/stream.ts";
import { antennaSymbols } from "./link.ts";

export interface CodedBlock {
  /** One byte, 0 or 1, per bit: `[payload bits]`. */
  readonly payload: Uint8Array;
  /** `[coded bits]`. */
  readonly sent: Uint8Array;
  /** Before the receiver's quantiser. */
  readonly slot: Slot;
}

export interface CodedLink {
  readonly spec: SlotDetectionSpec;
  readonly grid: SlotGrid;
  readonly block: TransportBlock;
  /** Bits of one antenna's symbol. */
  readonly bitsPerSymbol: number;
  /** Information bits are those of the payload. */
  readonly rates: SlotRates;
  /** Signal-to-noise ratio of an antenna's data symbol at an Eb/N0, both in dB. */
  snrDecibels(ebN0Decibels: number): number;
  /** Block number `index`. Random: forks of `random` by purpose and index; `random` itself is not advanced */
  draw(snrDecibels: number, random: Stream, index: number): CodedBlock;
}

/**
 * The coded link of a task.
 * Throws  SpecError when the data of a slot are too few for a CRC and a payload; ValueError for a channel that does not fit its antennas
 */
export function codedLink(
  spec: SlotDetectionSpec,
  { rate }: Pick<CodedSpec, "rate">,
  channels: GivenChannels | null = null,
): CodedLink {
  const { transmitAntennas: nt, receiveAntennas: nr } = spec;
  const grid = gridOf(spec.channel, nt, nr);
  const slotOver = slotSource(spec.channel, grid, channels);
  const points = antennaSymbols(spec);
  const bitsPerSymbol = BITS_PER_ANTENNA[spec.modulation];
  const codedBits = grid.data.length * nt * bitsPerSymbol;
  const payloadBits = longestPayload(codedBits, rate);
  if (payloadBits < 1) {
    throw new SpecError(
      "evaluation.coded.rate",
      `${grid.data.length} data elements x ${nt} antennas x ${bitsPerSymbol} bits are ${codedBits} coded bits. At rate ${rate} these carry ${Math.floor(codedBits * rate)}, ` +
        `which ${payloadBits === 0 ? "are all CRC" : "do not even hold the CRC of 16"}. Raise the rate, or send more subcarriers (task.channel.subcarriers).`,
    );
  }
  const block = transportBlock({ payloadBits, codedBits, bitsPerSymbol, rate });
  const own = payloadBits / codedBits;
  return {
    spec,
    grid,
    block,
    bitsPerSymbol,
    rates: slotRates(grid, bitsPerSymbol, own),
    snrDecibels: (ebN0Decibels) =>
      (-10 / Math.LN10) * naturalLog(noiseVarianceAt(ebN0Decibels, grid, bitsPerSymbol, own)),
    draw: (snrDecibels, random, index) => {
      const source = random.fork("payload", index);
      const payload = Uint8Array.from({ length: payloadBits }, () => source.word() >>> 31);
      const sent = encodeTransport(block, payload);
      const words = wordsOf(sent, bitsPerSymbol);
      const noiseVariance = fromDecibels(-snrDecibels);
      return { payload, sent, slot: slotOver({ grid, points, noiseVariance, words }, random, index, "test") };
    },
  };
}

/** Each group of bits as a number, the first bit the most significant. */
function wordsOf(bits: Uint8Array, size: number): Int32Array {
  const words = new Int32Array(bits.length / size);
  for (let i = 0; i < bits.length; i++) words[Math.floor(i / size)] = 2 * words[Math.floor(i / size)] + bits[i];
  return words;
}
