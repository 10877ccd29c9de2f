/**
 * Prices of digital units from their widths: energy per action, area, leakage.
 *
 * Between published widths, interpolation is linear. An adder, a comparator and a register grow with their bits, a multiplier
 * with the product of both widths.
 *
 * Energies of arithmetic contain no flip-flops. One rule covers those of every machine: a flip-flop written in a clock pays its own
 * energy and its leaf of the clock tree, once, in `register`; one that holds its value is gated off and pays nothing. Gates are free where
 * a schedule alone opens them, and pay (`clockGate`) where spikes do.
 */
import type { Technology } from "../parameters.ts";
import { additionEnergy } from "../unit-energies.ts";
import { logicUnit, type UnitPrice } from "./unit-price.ts";

/** Energy per addition of two numbers of `bits` bits. */
export const adder = ({ bits }: { readonly bits: number }, technology: Technology): UnitPrice =>
  logicUnit(additionEnergy(technology, bits), (technology.adderArea * bits) / 32, technology);

/** Energy per product of an `a`-bit and a `b`-bit number. */
export const multiplier = ({ a, b }: { readonly a: number; readonly b: number }, technology: Technology): UnitPrice =>
  logicUnit((technology.multiply8 * a * b) / 64, (technology.multiplierArea * a * b) / 1024, technology);

/**
 * Energy per number of `bits` bits shifted by one of `shifts` fixed numbers of bits, into `width` bits: a layer of multiplexers halves
 * the choice, and as many gates of each switch as the number has bits.
 */
export function shifter(
  { bits, width, shifts }: { readonly bits: number; readonly width: number; readonly shifts: number },
  technology: Technology,
): UnitPrice {
  const levels = shifts > 1 ? Math.ceil(Math.log2(shifts)) : 0;
  const area = (levels * width * technology.comparatorArea) / 32;
  return logicUnit(levels * bits * technology.gate, area, technology);
}

/** Energy per comparison of two numbers of `bits` bits. */
export const comparator = ({ bits }: { readonly bits: number }, technology: Technology): UnitPrice =>
  logicUnit((technology.comparison32 * bits) / 32, (technology.comparatorArea * bits) / 32, technology);

/** Energy per clock at which all `bits` flip-flops are written: their own and that of their leaves of the clock tree. */
export const register = ({ bits }: { readonly bits: number }, technology: Technology): UnitPrice =>
  logicUnit(bits * (technology.flipFlopClock + technology.clockTree), bits * technology.registerArea, technology);

/**
 * Energy of a clock gate per clock that reaches it, whether or not it passes. An assumption: a latch, which is half a flip-flop, an AND
 * gate and a leaf of the clock tree; the area likewise.
 */
export const clockGate = (technology: Technology): UnitPrice =>
  logicUnit(
    technology.flipFlopClock / 2 + technology.gate + technology.clockTree,
    technology.registerArea / 2 + technology.comparatorArea / 32,
    technology,
  );

/** Energy per one-bit move in a FIFO (the action `fifoShifts`), which is one flip-flop written; area of a FIFO of `bits` bits. */
export const fifoShift = ({ bits }: { readonly bits: number }, technology: Technology): UnitPrice => ({
  ...register({ bits }, technology),
  energy: register({ bits: 1 }, technology).energy,
});

/** Bits of an LFSR. */
export const LFSR_BITS = 32;

/** Energy per one-bit shift of an LFSR (the action `lfsrShifts`): toggling bits and feedback, without the clock; area with its bits. */
export const lfsr = (technology: Technology): UnitPrice =>
  logicUnit(technology.lfsrShift, LFSR_BITS * technology.registerArea, technology);

/**
 * Energy per random number of `bits` bits: bytes of two registers are mixed, and the number is compared with a count. If the
 * largest count is not a power of two, the number is first multiplied by it, with `factorBits` bits; default 0.
 */
export function draw(
  { bits, factorBits = 0 }: { readonly bits: number; readonly factorBits?: number },
  technology: Technology,
): UnitPrice {
  const compare = comparator({ bits }, technology);
  const scale = multiplier({ a: bits, b: factorBits }, technology);
  return logicUnit(compare.energy + scale.energy + bits * technology.gate, compare.area + scale.area, technology);
}

/**
 * Energy per AND of a stochastic attention cell (the actions `scoreAnds` and `valueAnds`): an addition to its counter, or its share
 * of the column's adder. Prices are for 8 bits; the area contains the registers of the counter and of the held score.
 */
export function attentionCell({ counterBits }: { readonly counterBits: number }, technology: Technology): UnitPrice {
  const bits = technology.structure === 0 ? 8 : counterBits;
  return logicUnit((technology.sacOperation * bits) / 8, (technology.sacArea * (bits + 1)) / 9, technology);
}

/** Energy per input vector of a row block: a tree of gates over its `rows` lines detects whether any is raised. */
export const zeroDetector = ({ rows }: { readonly rows: number }, technology: Technology): UnitPrice =>
  logicUnit(rows * technology.gate, (rows * technology.comparatorArea) / 32, technology);

/** Energy per clock of the control that starts and counts the jobs of `kinds` kinds of unit; its logic is as large as its flip-flops. */
export function controller({ kinds }: { readonly kinds: number }, technology: Technology): UnitPrice {
  const { energy, area } = register({ bits: kinds * technology.controllerFlipFlops }, technology);
  return logicUnit(energy, 2 * area, technology);
}
