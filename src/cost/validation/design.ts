/**
 * A published design as data: what was measured, and the units of this cost model that do the same work.
 *
 * A design is priced from what its paper prints: sizes, precision, node and supply. Nothing is fitted. All designs follow the
 * same rules:
 *
 *   - half of the lines of an array are raised per read, as with random bits
 *   - inputs of several bits take one read per bit, and each read one conversion per column, as in the hybrid ANN of this model
 *   - converters have the printed bits, and a full scale that grows with the rows, as in the machine of this model
 *   - units are charged only if the measurement includes them
 *   - energies that scale with the node also scale with the square of the supply, relative to that of the node in
 *     `stillmaker-integration-2017`; reads of cells do neither
 */
import type { Technology } from "../parameters.ts";
import { converter, fullScaleOf, REFERENCE_CONDUCTANCE } from "../prices/converter.ts";
import { crossbar, lineDrive } from "../prices/crossbar.ts";
import { layerWires } from "../prices/floorplan.ts";
import { adder, comparator, register } from "../prices/logic.ts";
import { sram } from "../prices/memory.ts";

/** A kind of action of one unit, and how often the measured quantity needs it. */
export interface PricedAction {
  readonly part: string;
  readonly count: number;
  /** Joules per action at the node of the technology. */
  readonly price: (technology: Technology) => number;
  /** True if the energy follows neither node nor supply. */
  readonly fixed?: boolean;
}

/** What was measured, in joules; a range if the source prints one. */
export interface DesignMeasurement {
  /** One of what the energy is for: `a column of 2,304 products`. */
  readonly of: string;
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
  /** What is printed, and the arithmetic from there. */
  readonly printed: string;
  readonly arithmetic: string;
  readonly includes: string;
}

/** Where the figures of a design were read. */
export type ReadIn = "paper" | "abstract" | "excerpt" | "repository";

export interface SiliconDesign {
  readonly id: string;
  /** A short name for tables. */
  readonly name: string;
  /** Sizes and precision as printed. */
  readonly geometry: string;
  readonly node: number;
  /** Supply in volts; null if it is not printed, or if the node's own is not known. */
  readonly supply: number | null;
  readonly measured: DesignMeasurement;
  readonly actions: readonly PricedAction[];
  readonly reference: string;
  readonly url: string;
  readonly readIn: readonly ReadIn[];
  /** Why the model differs from the measurement, and what was assumed because it is not printed. */
  readonly why: string;
}

/** Lines raised per read, as a share. */
const RAISED = 0.5;

export interface ArraySize {
  readonly rows: number;
  readonly columns: number;
  /** Conversions per read; default one per column. */
  readonly converted?: number;
  /** Bits of a conversion. */
  readonly bits: number;
  /** Reads; default 1. */
  readonly reads?: number;
  /** Digital sums after the converters. */
  readonly sums?: boolean;
  /** Wires and buffers around the array. */
  readonly moves?: boolean;
}

/** Reads of an array that computes in its cells. */
export function inMemory({ rows, columns, converted = columns, bits, reads = 1, ...rest }: ArraySize): PricedAction[] {
  const { sums = false, moves = false } = rest;
  const raised = reads * rows * RAISED;
  const conversions = reads * converted;
  const size = { rows, columns, converters: converted, bits };
  const fullScale = (technology: Technology) =>
    fullScaleOf({ rows, lines: null, maxConductance: REFERENCE_CONDUCTANCE }, technology);
  return [
    { part: "cells", count: raised * columns, price: (own) => crossbar(size, own).energy, fixed: true },
    { part: "lines", count: raised, price: (own) => lineDrive(size, own) },
    {
      part: "converters",
      count: conversions,
      price: (own) => converter({ bits, fullScale: fullScale(own) }, own).energy,
    },
    { part: "multiplexers", count: conversions, price: ({ periphery }) => periphery },
    ...(sums ? [{ part: "sums", count: conversions, price: ({ accumulation }: Technology) => accumulation }] : []),
    ...(moves
      ? [
          {
            part: "wires and buffers",
            count: conversions,
            price: (own: Technology) =>
              layerWires({ inputs: rows, outputs: columns, area: crossbar(size, own).area }, own).energy + own.buffer,
          },
        ]
      : []),
  ];
}

/** Flip-flops that are written once, with their leaves of the clock tree. */
export const flipFlops = (count: number): PricedAction => ({
  part: "flip-flops",
  count,
  price: (own) => register({ bits: 1 }, own).energy,
});

export const gates = (count: number): PricedAction => ({ part: "gates", count, price: ({ gate }) => gate });

/** Additions of `bits` bits. */
export const additions = (count: number, bits: number): PricedAction => ({
  part: "adders",
  count,
  price: (own) => adder({ bits }, own).energy,
});

export const comparisons = (count: number, bits: number): PricedAction => ({
  part: "comparators",
  count,
  price: (own) => comparator({ bits }, own).energy,
});

/** `count` trees that each count the ones among `inputs` bits: a level of sums of k bits halves what it counts. */
export function popcounts(count: number, inputs: number): PricedAction[] {
  const levels: PricedAction[] = [];
  for (let left = inputs, bits = 1; left > 1; left = Math.ceil(left / 2), bits++) {
    levels.push(additions(count * Math.floor(left / 2), bits));
  }
  return levels;
}

/** Bytes read and written in a memory of `size` bytes, in words of `wordBits`. */
export const memory = (
  part: string,
  { size, wordBits, reads, writes = 0 }: { size: number; wordBits: number; reads: number; writes?: number },
): PricedAction[] => {
  const word = { bytes: size, wordBits };
  const words = (bytes: number) => (8 * bytes) / wordBits;
  return [
    { part, count: words(reads), price: (own) => sram(word, own).energy },
    ...(writes > 0 ? [{ part, count: words(writes), price: (own: Technology) => sram(word, own).write }] : []),
  ];
};

/** Leakage of a memory of `bytes` bytes for `seconds`. */
export const memoryLeakage = (bytes: number, seconds: number): PricedAction => ({
  part: "leakage",
  count: seconds,
  price: (own) => sram({ bytes, wordBits: 128 }, own).leakage,
});
