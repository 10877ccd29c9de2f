/**
 * The actions counted by the hardware blocks; the cost model multiplies them by prices.
 *
 * An action is an event on the chip that costs energy. Each is named once here, so that block, simulator and price list mean
 * the same event. Counts are exact for the run at hand (they depend on its spikes), not estimates.
 */

export const ACTIONS = {
  lineDrives: "Input lines of a crossbar raised for one spike; one vector drives each row block of each column group.",
  cellReads: "Cells (pairs of devices) that pass current in a read: driven lines x columns read.",
  conversions: "Conversions by an ADC: one per line, so two per column in `pair` mode.",
  subtractions: "Digital subtractions of the two codes of a pair (`pair` mode only).",
  scalings: "Scalings of local sums to the layer's unit, because each crossbar has its own range.",
  accumulations: "Additions of a local sum to those of the other row blocks, by the tile's adder.",
  offsetAdditions:
    "Digital additions of a layer's offset, or of a position vector, to a pre-activation; in neurons that take codes, theirs.",
  residualAdditions: "Additions of a block's output to the residual stream, per feature.",
  streamReads: "Words of the residual stream read, to be added to: one per feature and addition.",
  streamWrites: "Words of the residual stream written: by the embedding, and the sums that a later addition reads.",
  chargeTransfers:
    "Charges of a row block's column moved onto a membrane, where no converters read it: one per vector.",
  chargeSharings:
    "Membranes that leak by sharing their charge with a capacitor: one per column and step after the first.",
  decisions: "Decisions of a column's comparator, where no converters read it: one per vector.",
  membraneResets: "Membranes discharged: one per column before a token's first step, and one per spike.",
  lifUpdates: "Membrane updates of LIF neurons: leak, add, compare, reset.",
  membraneReads:
    "Words of neurons' state read from SRAM, at every time step except the first; 0 if they are kept in registers.",
  membraneWrites:
    "Words of neurons' state written to SRAM, at every time step except the last; 0 if they are kept in registers.",
  bitsRead: "Spikes or silences read from a buffer: each input vector once per layer, q, k and v once per attention.",
  bitsWritten: "Spikes or silences written to a buffer by LIF units and attention units.",
  bitsSent:
    "Bits sent between units for spikes that neurons write, or that attention reads and writes; 0 where every spike and silence is sent.",
  scoreAnds: "AND gates of Q and K evaluated, in the cells enabled by the mask.",
  counterIncrements: "Increments of the cells' counters: the ANDs of Q and K that gave 1.",
  scoreComparisons: "Comparisons of a count with a random number in a cell, one per step.",
  valueAnds: "AND gates of S and V evaluated, in the cells enabled by the mask.",
  columnAdditions: "Evaluations of a column's adder, which sums one bit per row of the tile.",
  partialSums: "Updates of a column's stored partial sum; 0 unless a tile serves more tokens than it holds.",
  fifoShifts: "One-bit shifts in the FIFOs that delay V: every FIFO shifts all of its d bits at every clock.",
  outputComparisons: "Comparisons of a column's sum with a random number.",
  randomNumbers: "Random numbers used in comparisons: one per comparison.",
  lfsrShifts: "One-bit shifts of a 32-bit LFSR; 0 with ideal random numbers.",
  scoreNors: "NOR gates of Q and K evaluated, in the cells enabled by the mask of a tile in which two zeros count.",
  countComparisons: "Comparisons of a cell's count with a constant, one per step.",
  scoreUpdates: "Membrane updates of the neurons in the cells of a tile.",
  outputUpdates: "Membrane updates of the neurons that decide bits of A, or bits that gate Q or K.",
  gatedAdditions: "Additions of a cell's count in its column's adder, gated by a bit of V or Q.",
  outerAnds: "AND gates of K and V evaluated, in cells that count for a pair of channels.",
  channelCounts: "Bits of a token offered to the counters of channels.",
  treeBits: "Bits of a token summed by a tree of adders.",
  tokenAnds:
    "AND gates of two bits of a token evaluated outside cells: K and V before a counter, Q or K with the bit that gates it.",
  stateReads:
    "Membranes of attention read from SRAM, where blocks take turns on a unit: at every time step except the first.",
  stateWrites:
    "Membranes of attention written to SRAM, where blocks take turns on a unit: at every time step except the last.",
} as const;

export type Action = keyof typeof ACTIONS;
export type ActionCounts = Readonly<Record<Action, number>>;

/** Counts accumulated by a block while it works. */
export type ActionTally = Record<Action, number>;

export const ACTION_NAMES = Object.keys(ACTIONS) as Action[];

/** A copy of one object is made ten times as fast as an object of pairs, and searches make millions. */
const NO_ACTIONS = Object.freeze(Object.fromEntries(ACTION_NAMES.map((action) => [action, 0])) as ActionTally);

export const emptyTally = (): ActionTally => ({ ...NO_ACTIONS });

/** The sum of several counts. */
export function sumActions(parts: readonly ActionCounts[]): ActionCounts {
  const sum = emptyTally();
  for (const part of parts) for (const action of ACTION_NAMES) sum[action] += part[action];
  return sum;
}
