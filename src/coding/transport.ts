/**
 * A transport block: payload and CRC, cut into code blocks that fit the base graph, each encoded, and one after the other.
 *
 *   payload + CRC --cut--> C equal code blocks, with a CRC each if C > 1 --encode--> coded bits of all blocks
 *
 * Left out: code block groups and retransmissions.
 *
 * Source  3GPP TS 38.212, sections 5.2.2 (segmentation), 5.4.2.1 (coded bits of each block), 5.5, 6.2.1 and 7.2.1 (CRC)
 */
import { ShapeError, ValueError } from "../errors.ts";
import { type BaseGraphNumber, baseGraphFor, largestBlock } from "./base-graph.ts";
import { checkSizes, type LdpcCode, ldpcCode } from "./code.ts";
import { type CrcName, crcLength, passesCrc, withCrc } from "./crc.ts";
import { type DecoderOptions, type DecoderWork, ldpcDecoder } from "./decode.ts";
import { checkBits, encodeBlock } from "./encode.ts";

export interface TransportSizes {
  readonly payloadBits: number;
  /** Bits that are transmitted, of all code blocks. */
  readonly codedBits: number;
  /** Bits of one symbol: 1 (the default), 2, 4, 6, 8 or 10. */
  readonly bitsPerSymbol?: number;
  /** Nominal code rate, which chooses the base graph. Default: payload divided by coded bits. */
  readonly rate?: number;
}

export interface TransportBlock {
  readonly payloadBits: number;
  readonly codedBits: number;
  readonly crc: CrcName;
  /** The code of each block, in order. */
  readonly codes: readonly LdpcCode[];
}

/** What the code blocks of one transport block end with, if there are several. */
const BLOCK_CRC: CrcName = "24B";

/** Longer payloads have the longer CRC. */
const LONGEST_SHORT = 3824;
const crcFor = (payloadBits: number): CrcName => (payloadBits > LONGEST_SHORT ? "24A" : "16");

/** TS 38.214 has none larger than 1,277,992 bits. */
const MOST_PAYLOAD = 2 ** 21;

/** How a payload of this size is coded. Throws ValueError at the size that does not fit. */
export function transportBlock({ payloadBits, codedBits, bitsPerSymbol = 1, rate }: TransportSizes): TransportBlock {
  if (!Number.isInteger(payloadBits) || payloadBits < 1 || payloadBits > MOST_PAYLOAD) {
    throw new ValueError(
      "payloadBits",
      `A payload has a whole number of bits, 1 to ${MOST_PAYLOAD}, not ${payloadBits}.`,
    );
  }
  const crc = crcFor(payloadBits);
  const baseGraph = baseGraphFor(payloadBits, rate ?? payloadBits / codedBits);
  const { blocks, informationBits } = cut(baseGraph, payloadBits, crc);
  checkSizes(informationBits * blocks, codedBits, bitsPerSymbol);
  const symbols = codedBits / bitsPerSymbol;
  const longer = symbols % blocks;
  const lengths = Array.from(
    { length: blocks },
    (_, block) => bitsPerSymbol * (Math.floor(symbols / blocks) + (block < blocks - longer ? 0 : 1)),
  );
  const codes = new Map(
    lengths.map((length) => [length, ldpcCode({ informationBits, codedBits: length, bitsPerSymbol, baseGraph })]),
  );
  return { payloadBits, codedBits, crc, codes: lengths.map((length) => codes.get(length)!) };
}

/**
 * Bits of the longest payload that, with its CRC, takes at most this share of the coded bits, and that code blocks share equally; below 1
 * if the CRC leaves nothing.
 */
export function longestPayload(codedBits: number, rate: number): number {
  const bits = Math.floor(codedBits * rate + 1e-9);
  const short = bits - crcLength("16");
  if (short <= LONGEST_SHORT) return short;
  // In between, the longer CRC alone would need more bits than there are.
  const payload = Math.max(LONGEST_SHORT, bits - crcLength("24A"));
  const most = largestBlock(baseGraphFor(payload, rate));
  const whole = payload + crcLength(crcFor(payload));
  const blocks = whole <= most ? 1 : Math.ceil(whole / (most - crcLength(BLOCK_CRC)));
  return payload - (whole % blocks);
}

/** Number and length of the code blocks. Throws ValueError if they cannot be equally long. */
function cut(baseGraph: BaseGraphNumber, payloadBits: number, crc: CrcName) {
  const bits = payloadBits + crcLength(crc);
  const most = largestBlock(baseGraph);
  if (bits <= most) return { blocks: 1, informationBits: bits };
  const own = crcLength(BLOCK_CRC);
  const blocks = Math.ceil(bits / (most - own));
  const left = bits % blocks;
  if (left > 0) {
    throw new ValueError(
      "payloadBits",
      `${payloadBits} bits and a CRC of ${crcLength(crc)} are ${bits}, which ${blocks} code blocks cannot share equally: ${left} are left. Give ${payloadBits - left} or ${payloadBits + blocks - left} bits.`,
    );
  }
  return { blocks, informationBits: bits / blocks + own };
}

/** The transmitted bits, `[codedBits]`. Throws ShapeError or ValueError unless the payload is `payloadBits` zeros and ones. */
export function encodeTransport(
  { payloadBits, codedBits, crc, codes }: TransportBlock,
  payload: Uint8Array,
): Uint8Array {
  checkBits(payloadBits, payload);
  const whole = withCrc(crc, payload);
  const length = whole.length / codes.length;
  const sent = new Uint8Array(codedBits);
  let at = 0;
  codes.forEach((code, block) => {
    const part = whole.subarray(block * length, (block + 1) * length);
    sent.set(encodeBlock(code, codes.length > 1 ? withCrc(BLOCK_CRC, part) : part), at);
    at += code.codedBits;
  });
  return sent;
}

export interface DecodedTransport {
  readonly payload: Uint8Array;
  /** Whether all code blocks are code words, and their CRC and that of the whole block are right. */
  readonly passes: boolean;
  /** What each code block took. */
  readonly work: readonly DecoderWork[];
}

/** A function from the log-likelihood ratios of all coded bits, `[codedBits]`, to the payload. */
export function transportDecoder({ payloadBits, codedBits, crc, codes }: TransportBlock, options: DecoderOptions) {
  const decoders = new Map([...new Set(codes)].map((code) => [code, ldpcDecoder(code, options)]));
  const several = codes.length > 1;
  const length = (payloadBits + crcLength(crc)) / codes.length;
  return (llrs: Float32Array): DecodedTransport => {
    if (llrs.length !== codedBits) {
      throw new ShapeError(
        "llrs",
        `The block has ${codedBits} coded bits, but ${llrs.length} log-likelihood ratios were given.`,
      );
    }
    const whole = new Uint8Array(codes.length * length);
    let passes = true;
    let at = 0;
    const work = codes.map((code, block) => {
      const decoded = decoders.get(code)!.decode(llrs.subarray(at, at + code.codedBits));
      at += code.codedBits;
      whole.set(decoded.bits.subarray(0, length), block * length);
      passes &&= decoded.satisfied && (!several || passesCrc(BLOCK_CRC, decoded.bits));
      return decoded.work;
    });
    return { payload: whole.subarray(0, payloadBits), passes: passes && passesCrc(crc, whole), work };
  };
}
