/**
 * Digital units by their widths: energy per action, area, leakage.
 *
 * Widths between those that are published lie on straight lines; an adder, a comparator and a register grow with their bits, a
 * multiplier with the product of both widths.
 */
import { additionEnergy } from "../architectures/energy.ts";
import type { Technology } from "../parameters.ts";
import { logicUnit, type UnitPrice } from "./unit-price.ts";

/** Energy per addition of two numbers of `bits` bits. */
export const adder = ({ bits }: { readonly bits: number }, technology: Technology): UnitPrice =>
  logicUnit(additionEnergy(technology, bits), (technology.adderArea * bits) / 32, technology);

/** Energy per product of an `a`-bit and a `b`-bit number. */
export const multiplier = ({ a, b }: { readonly a: number; readonly b: number }, technology: Technology): UnitPrice =>
  logicUnit((technology.multiply8 * a * b) / 64, (technology.multiplierArea * a * b) / 1024, technology);

/** Energy per comparison of two numbers of `bits` bits. */
export const comparator = ({ bits }: { readonly bits: number }, technology: Technology): UnitPrice =>
  logicUnit((technology.comparison32 * bits) / 32, (technology.comparatorArea * bits) / 32, technology);

/** Energy per clock at which all `bits` flip-flops are written; the clock tree is apart, in `clockTree`. */
export const register = ({ bits }: { readonly bits: number }, technology: Technology): UnitPrice =>
  logicUnit(bits * technology.flipFlopClock, bits * technology.registerArea, technology);

/** Energy per one-bit move in a FIFO (the action `fifoShifts`); area of a FIFO of `bits` bits. */
export const fifoShift = ({ bits }: { readonly bits: number }, technology: Technology): UnitPrice =>
  logicUnit(technology.flipFlopClock, bits * technology.registerArea, technology);

/** Energy per one-bit shift of a 32-bit LFSR (the action `lfsrShifts`), feedback included. */
export const lfsr = (technology: Technology): UnitPrice =>
  logicUnit(technology.lfsrShift, 32 * technology.registerArea, technology);

/**
 * Energy per random number of `bits` bits: two registers' bytes are mixed, and the number is compared with a count. Where the largest
 * count is no power of two, the number is first multiplied by it, which has `factorBits` bits; 0 when left out.
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
 * Energy per AND of a stochastic attention cell (the actions `scoreAnds` and `valueAnds`): an addition to its counter, with its
 * clock and its share of the column's adder. Prices are those of 8 bits; registers of the counter and of the held score grow with it.
 */
export function attentionCell({ counterBits }: { readonly counterBits: number }, technology: Technology): UnitPrice {
  const bits = technology.structure === 0 ? 8 : counterBits;
  return logicUnit((technology.sacOperation * bits) / 8, (technology.sacArea * (bits + 1)) / 9, technology);
}

/** Energy per input vector of a row block: a tree of gates over its `rows` lines tells whether any is raised. */
export const zeroDetector = ({ rows }: { readonly rows: number }, technology: Technology): UnitPrice =>
  logicUnit(rows * technology.gate, (rows * technology.comparatorArea) / 32, technology);

/** Energy per clock of the tree that reaches `flipFlops` flip-flops. It is wires and buffers above them: no area of its own. */
export const clockTree = ({ flipFlops }: { readonly flipFlops: number }, technology: Technology): UnitPrice =>
  logicUnit(flipFlops * technology.clockTree, 0, technology);

/** Energy per clock of what starts and counts the jobs of `kinds` kinds of unit; its logic as large as its flip-flops. */
export function controller({ kinds }: { readonly kinds: number }, technology: Technology): UnitPrice {
  const flipFlops = kinds * technology.controllerFlipFlops;
  const energy = flipFlops * (technology.flipFlopClock + technology.clockTree);
  return logicUnit(energy, 2 * flipFlops * technology.registerArea, technology);
}
