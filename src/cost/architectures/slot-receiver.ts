/**
 * Energies of the classical receivers of a slot, and of the decoder that every receiver needs, whatever detects: counted operations
 * (`src/receiver/operations.ts`, `src/coding/operations.ts`) times published prices. A receiver is an estimate and a detector: add
 * their rows, and the decoder's.
 *
 *   numbers   16 bits in receivers, as in `receiver.ts`; 8 in the decoder, our choice, for messages and totals
 *   logic     as `receiver.ts` prices it: every result is written into flip-flops once; a rotation passes log2(lifting) multiplexers
 *   memory    one for each row that holds what it reads and writes, read in whole lines; 8 kB at least (`bufferByte`)
 *
 * All are told the noise variance, LMMSE the channel's statistics as well. Left out, as for the other receivers: control, wires,
 * leakage, analog parts and the Fourier transform, which learned receivers need alike.
 */
import { gridOf, type SlotGrid, slotRates } from "../../channel/grid.ts";
import { decoderOperations, decoderWords } from "../../coding/operations.ts";
import type { CheckRule } from "../../coding/reference-decode.ts";
import type { TransportBlock } from "../../coding/transport.ts";
import { ValueError } from "../../errors.ts";
import type { SlotDetectionSpec } from "../../experiment/slot-detection.ts";
import { type Operations, sumOperations, timesOperations } from "../../numeric/operations.ts";

import { type LlrForm, MOST_LISTED_BITS } from "../../receiver/detect.ts";
import { MOST_PILOTS } from "../../receiver/lmmse.ts";
import {
  jointOperations,
  kBestOperations,
  leastSquaresOperations,
  lmmseOperations,
  lmmseWords,
  mmseOperations,
} from "../../receiver/operations.ts";
import { modulationOf } from "../../task/link.ts";
import type { Technology } from "../parameters.ts";
import { shifter } from "../prices/logic.ts";
import { type Breakdown, bufferByte, totalOf } from "../unit-energies.ts";
import { arithmeticEnergy } from "./receiver.ts";

export type SlotReceiverId = "least-squares" | "lmmse" | "joint" | "mmse" | "k-best" | "decoder";

/** One part of a receiver. */
export interface SlotReceiverCost {
  readonly id: SlotReceiverId;
  readonly part: "estimate" | "detector" | "decoder";
  readonly name: string;
  /** For a slot. */
  readonly operations: Operations;
  /** Joules for a slot, by operation. */
  readonly parts: Breakdown;
  /** Joules for a slot. */
  readonly joules: number;
  /** Joules for an information bit. */
  readonly joulesPerBit: number;
}

export interface SlotReceiverOptions {
  /** How detectors combine symbols; default max-log. K-best is always max-log. */
  readonly form?: LlrForm;
  /** Vectors that K-best keeps; default 16. */
  readonly survivors?: number;
  /** The code of the data. Left out: uncoded, without a decoder. */
  readonly decoder?: {
    /** A slot carries its coded bits over those of the block of these blocks (`transportBlock`). */
    readonly block: TransportBlock;
    /** Mean iterations of a code block. */
    readonly iterations: number;
    /** Default: min-sum. */
    readonly rule?: CheckRule;
  };
}

const RECEIVER_BITS = 16;
const DECODER_BITS = 8;

/**
 * Both estimates, all detectors and the decoder, one row each. Joint detection and LMMSE have none beyond the sizes that
 * `src/receiver` computes: 2^12 classes, 512 pilots of an antenna.
 * Throws  ValueError for survivors or iterations that make no sense, or a comb that has no room for all antennas
 *
 * @example
 * const rows = slotReceiverCosts(task, resolveTechnology(preset).technology, { decoder: { block, iterations: 4.2 } });
 */
export function slotReceiverCosts(
  spec: Pick<SlotDetectionSpec, "transmitAntennas" | "receiveAntennas" | "modulation" | "channel">,
  technology: Technology,
  { form = "max-log", survivors = 16, decoder }: SlotReceiverOptions = {},
): SlotReceiverCost[] {
  if (!(Number.isInteger(survivors) && survivors >= 1)) {
    throw new ValueError("survivors", `K-best keeps a whole number of vectors, 1 or more, not ${survivors}.`);
  }
  const { transmitAntennas, receiveAntennas } = spec;
  const grid = gridOf(spec.channel, transmitAntennas, receiveAntennas);
  const { parts, bits } = modulationOf(spec);
  const sizes = { transmitAntennas, receiveAntennas, parts, bits };
  const { codedBits } = slotRates(grid, parts * bits, 1);
  const rate = decoder ? decoder.block.payloadBits / decoder.block.codedBits : 1;
  const row = (
    id: SlotReceiverId,
    part: SlotReceiverCost["part"],
    name: string,
    operations: Operations,
    energy: Breakdown,
  ): SlotReceiverCost => {
    const joules = totalOf(energy);
    return { id, part, name, operations, parts: energy, joules, joulesPerBit: joules / (rate * codedBits) };
  };
  const held = slotWords(grid, parts * bits);
  const estimate = (id: SlotReceiverId, name: string, counted: Operations, words = 0) =>
    row(id, "estimate", name, counted, energyOf(counted, { bits: RECEIVER_BITS, words: held + words }, technology));
  const detector = (id: SlotReceiverId, name: string, perElement: Operations) => {
    const counted = timesOperations(grid.data.length, perElement);
    return row(id, "detector", name, counted, energyOf(counted, { bits: RECEIVER_BITS, words: held }, technology));
  };
  const ratios = form === "exact" ? "exact" : "max-log";
  const isJoint = transmitAntennas * parts * bits <= MOST_LISTED_BITS;
  const isLmmse = grid.pilots.every(({ length }) => length <= MOST_PILOTS);
  return [
    estimate("least-squares", "Least-squares estimate, interpolated linearly", leastSquaresOperations(grid)),
    ...(isLmmse
      ? [estimate("lmmse", "LMMSE estimate, known statistics", lmmseOperations(grid), lmmseWords(grid))]
      : []),
    ...(isJoint ? [detector("joint", `Joint detection, ${ratios}`, jointOperations(sizes, form))] : []),
    detector("mmse", `MMSE detection, ${ratios}`, mmseOperations(sizes, form)),
    detector("k-best", `K-best detection, ${survivors} survivors`, kBestOperations(sizes, survivors)),
    ...(decoder ? [decoderRow(decoder)] : []),
  ];

  function decoderRow({ block, iterations, rule = "min-sum" }: NonNullable<SlotReceiverOptions["decoder"]>) {
    if (!(iterations >= 0 && iterations < Number.POSITIVE_INFINITY)) {
      throw new ValueError("decoder.iterations", `A block takes 0 or more iterations, not ${iterations}.`);
    }
    const blocks = codedBits / block.codedBits;
    const each = block.codes.map((code) => {
      const counted = timesOperations(blocks, decoderOperations(code, rule, iterations));
      const memory = { bits: DECODER_BITS, words: decoderWords(code), lifting: code.lifting };
      return { counted, energy: energyOf(counted, memory, technology) };
    });
    const energy: Record<string, number> = {};
    for (const one of each) for (const name in one.energy) energy[name] = (energy[name] ?? 0) + one.energy[name];
    const name = `LDPC decoder, ${rule === "min-sum" ? "layered min-sum" : "layered belief propagation"}`;
    return row("decoder", "decoder", name, sumOperations(...each.map(({ counted }) => counted)), energy);
  }
}

/** Samples, estimate and ratios of a slot. */
function slotWords({ symbols, subcarriers, receiveAntennas: nr, transmitAntennas: nt, data }: SlotGrid, bits: number) {
  return symbols * subcarriers * (2 * nr + 2 * nr * nt) + data.length * nt * bits;
}

/** Joules by operation, for numbers of `bits` bits next to a memory of so many words. */
function energyOf(
  counted: Operations,
  { bits, words, lifting = 1 }: { readonly bits: number; readonly words: number; readonly lifting?: number },
  technology: Technology,
): Breakdown {
  const bytes = bits / 8;
  const word = bytes * bufferByte(technology, technology.activationBuffer, words * bytes);
  const pair = 2 * bytes * bufferByte(technology, technology.activationBuffer, 0);
  return {
    ...arithmeticEnergy(counted, bits, technology),
    tables: counted.lookups * pair,
    rotations: counted.rotations * shifter({ bits, width: bits, shifts: lifting }, technology).energy,
    gates: counted.gates * technology.gate,
    memory: (counted.reads + counted.writes * technology.sramWriteFactor) * word,
  };
}
