/**
 * The LIF unit clock by clock: the registers behind `integer-lif.ts` and their next state at every edge (Xpikeformer, section
 * IV-A2: a carry-save adder for the row blocks, an adder with the membrane from a shift register, a comparator with a threshold
 * register).
 *
 *   accumulate   sum, carry <= carry-save adder (sum, carry, code); a column starts from (offset, 0) and takes R clocks
 *   resolve      current <= sum + carry, once per column
 *   fire         V = (membrane >> k) + current; spike <= V >= threshold; the membrane's register shifts in V, or 0
 *
 * The three stages overlap: a code may enter at every clock, and the bit of a column appears at the pins `LIF_LATENCY` clocks
 * after its last code. Offsets, thresholds and membranes of the C columns are held in registers that rotate by one place per
 * column, so columns must come in the same order at every time step. `rest`, given with the last code of a column, uses 0 as
 * its membrane: the first time step of a token.
 *
 * The paper's tile adds the codes of its row blocks in one clock. This unit takes them one after another, so with R row blocks
 * it keeps up with the converters only if their crossbars take turns.
 */
import { requireWindow } from "./integer-lif.ts";
import type { LifParameters, LifSettings } from "./lif-parameters.ts";

/** The inputs during one clock. */
export interface LifPins {
  /** Shifts `offset` and `threshold` into the columns' registers, column 0 first. Allowed only while no column is in progress. */
  readonly load: boolean;
  readonly offset: number;
  readonly threshold: number;
  /** Takes `code`; with the last code of a column, `rest` too. */
  readonly valid: boolean;
  readonly rest: boolean;
  readonly code: number;
}

/** The outputs during one clock. */
export interface LifOutputs {
  readonly valid: boolean;
  /** 0 unless `valid`. */
  readonly spike: boolean;
}

/** Clocks from the one that takes a column's last code to the one in which its bit appears. */
export const LIF_LATENCY = 3;

/** Adds three vectors of `width` bits without propagating carries: `a + b + c = sum + carry`, modulo 2^width. */
export function carrySave(a: number, b: number, c: number, width: number): { sum: number; carry: number } {
  const keep = width === 32 ? -1 : 2 ** width - 1;
  return { sum: (a ^ b ^ c) & keep, carry: (((a & b) | (a & c) | (b & c)) << 1) & keep };
}

/** The two's complement value of the low `width` bits. */
export const signed = (bits: number, width: number): number => (bits << (32 - width)) >> (32 - width);

/** A unit after reset. Each call of `clock` is one clock: it returns the outputs during that clock and ends with its edge. */
export function createClockedLif(parameters: LifParameters): { clock(pins: LifPins): LifOutputs } {
  const { columns, rowBlocks, fractionBits, leakShift, currentBits } = parameters;
  const offsets = new Array<number>(columns).fill(0);
  const thresholds = new Array<number>(columns).fill(0);
  const membranes = new Array<number>(columns).fill(0);
  let block = 0;
  let accumulated = { sum: 0, carry: 0, full: false, rest: false };
  let resolved = { current: 0, full: false, rest: false };
  let outputs: LifOutputs = { valid: false, spike: false };

  function fire(): LifOutputs {
    if (!resolved.full) return { valid: false, spike: false };
    const membrane = membranes.shift() as number;
    const v = (resolved.rest ? 0 : membrane >> leakShift) + resolved.current;
    const spike = v >= thresholds[0];
    membranes.push(spike ? 0 : v);
    turn(thresholds);
    return { valid: true, spike };
  }

  function resolve() {
    const { sum, carry, full, rest } = accumulated;
    return full ? { current: signed(sum + carry, currentBits), full, rest } : { ...resolved, full };
  }

  function accumulate({ valid, rest, code }: LifPins) {
    if (!valid) return { ...accumulated, full: false };
    const [a, b] = block === 0 ? [offsets[0], 0] : [accumulated.sum, accumulated.carry];
    const added = carrySave(a, b, code << fractionBits, currentBits);
    const full = block === rowBlocks - 1;
    block = full ? 0 : block + 1;
    if (full) turn(offsets);
    return { ...added, full, rest: full ? rest : accumulated.rest };
  }

  function clock(pins: LifPins): LifOutputs {
    const shown = outputs;
    // Last stage first, because each stage reads what the previous one held.
    outputs = fire();
    resolved = resolve();
    accumulated = accumulate(pins);
    if (pins.load) {
      offsets.shift();
      offsets.push(pins.offset);
      thresholds.shift();
      thresholds.push(pins.threshold);
    }
    return shown;
  }
  return { clock };
}

const turn = (register: number[]): void => {
  register.push(register.shift() as number);
};

export const IDLE: LifPins = { load: false, offset: 0, threshold: 0, valid: false, rest: false, code: 0 };

/**
 * The pins of a unit that is loaded, processes all tokens, and drains.
 *
 * Shapes   as `runIntegerLif`
 * @param waits whether to idle for a clock before the next code; by default a code enters at every clock
 */
export function lifPins(
  parameters: LifParameters,
  settings: readonly LifSettings[],
  codes: ArrayLike<number>,
  steps: number,
  waits: () => boolean = () => false,
): LifPins[] {
  requireWindow(parameters, settings, codes, steps);
  const perStep = parameters.columns * parameters.rowBlocks;
  const pins: LifPins[] = settings.map((registers) => ({ ...IDLE, load: true, ...registers }));
  for (let i = 0; i < codes.length; i++) {
    const rest = Math.floor(i / perStep) % steps === 0;
    // The other pins are ignored during an idle clock.
    while (waits()) pins.push({ ...IDLE, rest: !rest, code: codes[i] });
    pins.push({ ...IDLE, valid: true, rest, code: codes[i] });
  }
  for (let n = 0; n < LIF_LATENCY; n++) pins.push(IDLE);
  return pins;
}
