/**
 * The SSA tile clock by clock: the registers behind `ssa-tile.ts` and their next state at every edge.
 *
 *   clock f of a window   count_ij += Q_i,f and K_j,f              A_i,f = encoder(sum_j S_ij and V_j,f of the window before)
 *                         FIFO_j takes V_j,f and hands out the V that entered d clocks ago
 *   its last clock        S_ij <= encoder(count_ij), held for the next window; count_ij <= 0
 *
 * A is registered once more, so a bit appears at the pins one clock later. The simulation is event-driven and bit-sliced: cells
 * of a column that share a 32-bit word count in parallel, with bit p of their counters in plane p, like ripple counters side by
 * side. Register toggles are counted as they happen. Random bytes come from registers that shift clock by clock, not from the
 * tables of `draws.ts`, so agreement with the functional tile is meaningful.
 */
import { emptySpikeTrain, popcount32, type SpikeTrain, wordsPerRow } from "../spike/train.ts";
import type { ActionTally } from "./actions.ts";
import { lfsrWiring, orderedDraws, stepOffset, type TileDraws } from "./draws.ts";
import { advanceRegisters, lfsrByte } from "./lfsr.ts";
import type { SsaParameters } from "./ssa-parameters.ts";
import {
  encoderFires,
  OUTPUT_REGISTERS,
  type SsaTileRun,
  ssaTileCycles,
  tileActions,
  transposeStep,
} from "./ssa-tile.ts";
import type { TilePass, TilePlan } from "./tile-plan.ts";

/** Register bits that changed, and gates that gave 1. Silent inputs cost nothing here. */
export interface TileActivity {
  /** Bits of the cells' counters, toggled by counting and by clearing. */
  counterToggles: number;
  /** Held score bits. */
  scoreToggles: number;
  /** Bits of the value FIFOs, over all FIFOs (per cell or per row). */
  fifoToggles: number;
  /** AND gates of S and V that gave 1. */
  valueAndOnes: number;
  /** Output registers. */
  outputToggles: number;
  /** Bits of the LFSRs; 0 when random numbers are ideal. */
  lfsrToggles: number;
}

export interface ClockedTileRun extends SsaTileRun {
  /** Clocks from the first column in to the last bit at the pins. */
  readonly latency: number;
  /** Clocks from the first column in to the first bit at the pins. */
  readonly firstOutput: number;
  readonly activity: TileActivity;
}

/** The signals of a tile during one clock, before its edge. Rows i and columns j are those of the tile. */
export interface TileClock {
  readonly clock: number;
  /** Whether a column of features enters, and the time step, pass and feature of what enters or drains. */
  readonly takes: boolean;
  readonly step: number;
  readonly pass: number;
  readonly feature: number;
  readonly query: (i: number) => number;
  readonly key: (j: number) => number;
  readonly value: (j: number) => number;
  /** The counter of a cell, and its held score. */
  readonly count: (i: number, j: number) => number;
  readonly score: (i: number, j: number) => number;
  /** The value that entered d clocks ago, and the AND of scores and such values, summed over a row. */
  readonly delayed: (j: number) => number;
  readonly sum: (i: number) => number;
  /** The registered output of a row, and what it is of; null where it is not valid. */
  readonly spike: (i: number) => number;
  readonly valid: { readonly step: number; readonly feature: number; readonly firstQuery: number } | null;
}

/** Seeds of the tile's registers, or draws by place. */
export type ClockedRandom = { readonly seeds: Uint32Array } | { readonly draws: TileDraws };

/**
 * Runs one head of one prompt.
 *
 * Shapes   query, key, value: [T][N][d]
 * Counts   as `runSsaTile`, and activity
 *
 * @param onClock  sees the signals of every clock, which change after the call
 */
export function runClockedTile(
  query: SpikeTrain,
  key: SpikeTrain,
  value: SpikeTrain,
  parameters: SsaParameters,
  random: ClockedRandom,
  tally: ActionTally,
  onClock?: (signals: TileClock) => void,
): ClockedTileRun {
  const { tokens, dimension, plan } = parameters;
  const { tileTokens, passes, drained } = plan;
  const { steps } = query;
  const words = wordsPerRow(tileTokens);
  const scores = emptySpikeTrain(steps, tokens, tokens);
  const output = emptySpikeTrain(steps, tokens, dimension);
  const registers = createRegisters(parameters, passes);
  const encoder = createEncoder(parameters, random);
  const windows = tileSequence(steps, plan);
  const none = new Uint32Array(dimension * words);
  const outputWords = wordsPerRow(dimension);
  let firstOutput = 0;
  let clock = 0;
  let valid: TileClock["valid"] = null;

  for (let window = 0; window < windows.length; window++) {
    const { step, pass, counting } = windows[window];
    const cut = (train: SpikeTrain, block: number) => transposeStep(train, step, block * tileTokens, tileTokens);
    const [q, k, v] = counting
      ? [cut(query, pass.queryBlock), cut(key, pass.keyBlock), cut(value, pass.keyBlock)]
      : [none, none, none];
    const before = window > 0 ? windows[window - 1] : null;
    const emitted = before?.counting ? before.pass : null;
    const emittedStep = before?.step ?? 0;
    for (let f = 0; f < dimension; f++, clock++) {
      if (onClock) {
        const bit = (column: Uint32Array) => (i: number) => (column[f * words + (i >> 5)] >>> (i & 31)) & 1;
        const entering = { query: bit(q), key: bit(k), value: bit(v) };
        const at = { clock, takes: counting, step, pass: passes.indexOf(pass), feature: f, valid };
        onClock({ ...at, ...entering, ...registers.signals(f) });
        valid = emitted?.last ? { step: emittedStep, feature: f, firstQuery: emitted.queryBlock * tileTokens } : null;
      }
      if (emitted) {
        const first = emitted.queryBlock * tileTokens;
        const bits = registers.emit(f, emitted, (i, sum) => encoder.output(emittedStep, first + i, f, sum));
        if (bits) {
          firstOutput ||= clock + OUTPUT_REGISTERS;
          for (let i = 0; i < Math.min(tileTokens, tokens - first); i++) {
            const bit = (bits[i >> 5] >>> (i & 31)) & 1;
            output.words[(emittedStep * tokens + first + i) * outputWords + (f >> 5)] |= bit << (f & 31);
          }
        }
      }
      registers.count(f, q, k, v, passes.indexOf(pass));
      if (f === dimension - 1) {
        const [firstQuery, firstKey] = [pass.queryBlock * tileTokens, pass.keyBlock * tileTokens];
        registers.sample((i, j, count) => encoder.score(step, firstQuery + i, firstKey + j, count));
        if (counting) registers.copyScores(scores, step, firstQuery, firstKey);
      }
      const stepEnds = pass === passes[passes.length - 1] || (!counting && drained === "step");
      encoder.clock(f === dimension - 1 && stepEnds);
    }
  }
  if (onClock) {
    const silent = { query: () => 0, key: () => 0, value: () => 0 };
    const at = { clock, takes: false, step: steps, pass: 0, feature: 0, valid };
    onClock({ ...at, ...silent, ...registers.signals(0) });
  }
  const shape = { steps, tokens, dimension };
  const counted = tileActions(shape, parameters, registers.increments(), encoder.shifts());
  for (const action of Object.keys(counted) as (keyof ActionTally)[]) tally[action] += counted[action];
  const activity = { ...registers.activity, lfsrToggles: encoder.toggles() };
  return { output, scores, latency: clock + OUTPUT_REGISTERS, firstOutput, activity };
}

/** The windows of a run in order. A window that does not count has the pass of another window and receives silence. */
function tileSequence(
  steps: number,
  { passes, drained }: TilePlan,
): { readonly step: number; readonly pass: TilePass; readonly counting: boolean }[] {
  const windows = [];
  for (let step = 0; step < steps; step++) {
    for (const pass of passes) windows.push({ step, pass, counting: true });
    if (drained === "step" || step === steps - 1) windows.push({ step: step + 1, pass: passes[0], counting: false });
  }
  return windows;
}

/** Clocks from the first column in to the last bit at the pins: `(T passes + 1) d` and the output register. */
export const ssaTileLatency = (steps: number, dimension: number, passes = 1): number =>
  ssaTileCycles(steps, dimension, passes) + OUTPUT_REGISTERS;

/** Counters, held scores, FIFOs, partial sums and output registers of all cells and columns. */
function createRegisters(
  { tokens, dimension, mask, plan, counterBits, largestCount, fifo }: SsaParameters,
  passes: readonly TilePass[],
) {
  const size = plan.tileTokens;
  const words = wordsPerRow(size);
  const planes = new Uint32Array(size * counterBits * words);
  const held = new Uint32Array(size * words);
  const delayed = new Uint32Array(dimension * words);
  const partial = new Uint32Array(passes.length > 1 ? dimension * size : 0);
  const pins = new Uint32Array(words);
  const saturates = largestCount < dimension;
  const open = passes.map((pass) => openCells(mask, tokens, size, pass));
  const copies = fifoCopies(open, size, words, fifo);
  const activity = { counterToggles: 0, scoreToggles: 0, fifoToggles: 0, valueAndOnes: 0, outputToggles: 0 };
  let increments = 0;
  /** Neighbouring FIFO bits that differ: they toggle at the next shift. */
  let differences = 0;

  const ones = (f: number, i: number): number => {
    let sum = 0;
    for (let w = 0; w < words; w++) sum += popcount32(held[i * words + w] & delayed[f * words + w]);
    return sum;
  };

  function signals(f: number): Pick<TileClock, "count" | "score" | "delayed" | "sum" | "spike"> {
    const bit = (from: Uint32Array, row: number, j: number) => (from[row * words + (j >> 5)] >>> (j & 31)) & 1;
    return {
      count: (i, j) =>
        Array.from({ length: counterBits }, (_, p) => bit(planes, i * counterBits + p, j) << p).reduce((a, b) => a + b),
      score: (i, j) => bit(held, i, j),
      delayed: (j) => bit(delayed, f, j),
      sum: (i) => ones(f, i),
      spike: (i) => bit(pins, 0, i),
    };
  }

  function emit(f: number, { first, last }: TilePass, encode: (i: number, sum: number) => boolean): Uint32Array | null {
    let bits = 0;
    for (let i = 0; i < size; i++) {
      let sum = ones(f, i);
      activity.valueAndOnes += sum;
      if (!first) sum += partial[f * size + i];
      if (!last) partial[f * size + i] = sum;
      else {
        if (sum > 0 && encode(i, sum)) bits |= 1 << (i & 31);
        if ((i & 31) === 31 || i === size - 1) {
          activity.outputToggles += popcount32(pins[i >> 5] ^ bits);
          pins[i >> 5] = bits;
          bits = 0;
        }
      }
    }
    return last ? pins : null;
  }

  function count(f: number, q: Uint32Array, k: Uint32Array, v: Uint32Array, pass: number): void {
    const base = f * words;
    const openOfPass = open[pass];
    for (let i = 0; i < size; i++) {
      if (((q[base + (i >> 5)] >>> (i & 31)) & 1) === 0) continue;
      for (let w = 0; w < words; w++) {
        let carry = k[base + w] & openOfPass[i * words + w];
        const first = i * counterBits * words + w;
        if (saturates && carry !== 0) {
          let full = carry;
          for (let p = 0; p < counterBits; p++) full &= planes[first + p * words];
          carry &= ~full;
        }
        increments += popcount32(carry);
        for (let p = first; carry !== 0; p += words) {
          activity.counterToggles += popcount32(carry);
          const before = planes[p];
          planes[p] = before ^ carry;
          carry &= before;
        }
      }
    }
    const newest = ((f + dimension - 1) % dimension) * words;
    const second = ((f + 1) % dimension) * words;
    let [entering, leaving] = [0, 0];
    for (let w = 0; w < words; w++) {
      entering += copies(v[base + w] ^ delayed[newest + w], w);
      leaving += copies(delayed[base + w] ^ delayed[second + w], w);
    }
    activity.fifoToggles += differences + entering;
    if (dimension > 1) differences += entering - leaving;
    delayed.set(v.subarray(base, base + words), base);
  }

  function sample(encode: (i: number, j: number, count: number) => boolean): void {
    for (let i = 0; i < size; i++) {
      for (let w = 0; w < words; w++) {
        const first = i * counterBits * words + w;
        let busy = 0;
        for (let p = 0; p < counterBits; p++) busy |= planes[first + p * words];
        let bits = 0;
        for (let rest = busy; rest !== 0; rest &= rest - 1) {
          const lane = 31 - Math.clz32(rest & -rest);
          let counted = 0;
          for (let p = 0; p < counterBits; p++) counted |= ((planes[first + p * words] >>> lane) & 1) << p;
          if (encode(i, w * 32 + lane, counted)) bits |= 1 << lane;
        }
        for (let p = 0; p < counterBits; p++) {
          activity.counterToggles += popcount32(planes[first + p * words]);
          planes[first + p * words] = 0;
        }
        activity.scoreToggles += popcount32(held[i * words + w] ^ bits);
        held[i * words + w] = bits;
      }
    }
  }

  function copyScores(scores: SpikeTrain, step: number, firstQuery: number, firstKey: number): void {
    const stride = wordsPerRow(tokens);
    for (let i = 0; i < Math.min(size, tokens - firstQuery); i++) {
      for (let j = 0; j < Math.min(size, tokens - firstKey); j++) {
        const bit = (held[i * words + (j >> 5)] >>> (j & 31)) & 1;
        const at = firstKey + j;
        scores.words[(step * tokens + firstQuery + i) * stride + (at >> 5)] |= bit << (at & 31);
      }
    }
  }

  return { emit, count, sample, copyScores, signals, activity, increments: () => increments };
}

/** Encoders with their random numbers, shifted clock by clock. */
function createEncoder(parameters: SsaParameters, random: ClockedRandom) {
  const { scoreGain, valueGain, scoreNormaliser, valueNormaliser, draws: kind, lfsr, plan } = parameters;
  const size = plan.tileTokens;
  if ("draws" in random || kind === "ordered") {
    const draws = "draws" in random ? random.draws : orderedDraws(parameters);
    return {
      score: (step: number, i: number, j: number, count: number) =>
        encoderFires(draws.score(step, i, j), draws.bits, scoreGain * count, scoreNormaliser),
      output: (step: number, i: number, f: number, sum: number) =>
        encoderFires(draws.output(step, i, f), draws.bits, valueGain * sum, valueNormaliser),
      clock: () => {},
      shifts: () => 0,
      toggles: () => 0,
    };
  }
  const wiring = lfsrWiring(lfsr.sharing, size);
  const states = random.seeds.slice();
  const before = new Uint32Array(states.length);
  let [shifts, toggles] = [0, 0];
  const byte = (n: number) => lfsrByte(states[n >> 2], n & 3);
  const offset = (step: number) => (kind === "stratified" ? stepOffset(step) : 0);
  return {
    score: (step: number, i: number, j: number, count: number) => {
      const [a, b] = wiring.cell(i % size, j % size);
      const draw = ((byte(a) + offset(step)) & 0xff) ^ (b === undefined ? 0 : byte(b));
      return encoderFires(draw, 8, scoreGain * count, scoreNormaliser);
    },
    output: (step: number, i: number, _f: number, sum: number) => {
      const draw = (byte(wiring.foot(i % size)) + offset(step)) & 0xff;
      return encoderFires(draw, 8, valueGain * sum, valueNormaliser);
    },
    clock: (stepEnds: boolean) => {
      before.set(states);
      if (stepEnds && kind === "stratified") states.set(random.seeds);
      else advanceRegisters(states, lfsr.mask, lfsr.shiftsPerClock);
      shifts += states.length * lfsr.shiftsPerClock;
      for (let r = 0; r < states.length; r++) toggles += popcount32(before[r] ^ states[r]);
    },
    shifts: () => shifts,
    toggles: () => toggles,
  };
}

/** The cells that a pass leaves enabled, `[P][words]`. */
function openCells(mask: Uint8Array, tokens: number, size: number, { queryBlock, keyBlock }: TilePass): Uint32Array {
  const words = wordsPerRow(size);
  const open = new Uint32Array(size * words);
  for (let i = 0; i < Math.min(size, tokens - queryBlock * size); i++) {
    for (let j = 0; j < Math.min(size, tokens - keyBlock * size); j++) {
      if (mask[(queryBlock * size + i) * tokens + keyBlock * size + j]) open[i * words + (j >> 5)] |= 1 << (j & 31);
    }
  }
  return open;
}

/** Counts the ones in a word of row bits, each weighted by the number of FIFOs of its row. */
function fifoCopies(
  open: readonly Uint32Array[],
  size: number,
  words: number,
  fifo: "cell" | "row",
): (bits: number, word: number) => number {
  if (fifo === "row") return (bits) => popcount32(bits);
  const weights = Uint32Array.from({ length: size }, (_, j) => {
    if (open.length > 1) return size;
    let cells = 0;
    for (let i = 0; i < size; i++) cells += (open[0][i * words + (j >> 5)] >>> (j & 31)) & 1;
    return cells;
  });
  return (bits, word) => {
    let copies = 0;
    for (let rest = bits; rest !== 0; rest &= rest - 1) copies += weights[word * 32 + 31 - Math.clz32(rest & -rest)];
    return copies;
  };
}
