/**
 * The fast decoder. `reference-decode.ts` has the formulas and the schedules; layers are the rows of the base graph, whose checks share no
 * bit, so that their order does not matter. Layered decoding needs about half the iterations of flooding.
 *
 * Messages are single precision, the arithmetic between them double, and a decoder allocates no arrays after it is made.
 *
 * Belief propagation combines two messages at a time, from the left and from the right:
 *
 *   a [+] b = sign(a b) (min(x, y) + f(x + y) - f(|x - y|)),   x = |a|, y = |b|, f(z) = ln(1 + e^-z)
 *
 * f comes from a table with linear interpolation, within 8e-6, so that results are the same on every platform.
 *
 * Source  D. E. Hocevar, "A reduced complexity decoder architecture via layered decoding of LDPC codes", IEEE SiPS 2004, 107-112 (layers);
 *         X.-Y. Hu et al., "Efficient implementations of the sum-product algorithm for decoding LDPC codes", IEEE Globecom 2001 ([+])
 */
import { didYouMean, ValueError } from "../errors.ts";
import { exponential } from "../numeric/exponential.ts";
import { naturalLog } from "../numeric/stream.ts";
import type { LdpcCode } from "./code.ts";
import { recoverTotals } from "./rate-recovery.ts";
import type { CheckRule, Schedule } from "./reference-decode.ts";

export interface DecoderOptions {
  readonly rule: CheckRule;
  /** Default: layered. */
  readonly schedule?: Schedule;
  /** The most iterations, 1 to 1,000; the default is 20. The decoder stops when all checks are satisfied. */
  readonly iterations?: number;
  /** Factor on the answers of min-sum, above 0 and at most 1; the default is 0.75. Belief propagation needs none. */
  readonly scale?: number;
}

/** What one block took, for prices: all of it is proportional to the iterations. */
export interface DecoderWork {
  readonly iterations: number;
  /** Checks that answered all their bits. */
  readonly checkUpdates: number;
  /** Totals that a message changed. Each costs a subtraction before the check and an addition after it. */
  readonly bitUpdates: number;
  /** Bits whose sign was added to a parity, to know whether to stop. */
  readonly parityBits: number;
}

export interface DecodedBlock {
  /** Decided information bits, `[informationBits]`; valid until the next block. */
  readonly bits: Uint8Array;
  /** Whether all bits of the code word are decided and all checks satisfied. It may be the wrong code word; a CRC says more. */
  readonly satisfied: boolean;
  readonly work: DecoderWork;
}

export interface LdpcDecoder {
  /**
   * Decodes the log-likelihood ratios ln P(0) - ln P(1) of the transmitted bits, `[codedBits]`.
   * Throws ShapeError for another number of them, and ValueError for one that is not a number.
   */
  decode(llrs: ArrayLike<number>): DecodedBlock;
}

const MOST_ITERATIONS = 1000;
/** The checks of base graph 1 have at most 19 bits. */
const MOST_BITS = 19;

/** A decoder for blocks of one code. Throws ValueError for options that make no sense. */
export function ldpcDecoder(code: LdpcCode, options: DecoderOptions): LdpcDecoder {
  const { rule, schedule = "layered", iterations = 20, scale = 0.75 } = options;
  checkOptions(rule, schedule, iterations, scale);
  const { informationBits, rows, columns, lifting, firstEntry } = code;
  const entries = firstEntry[rows];
  const totals = new Float32Array(columns * lifting);
  const said = new Float32Array(entries * lifting);
  const bits = new Uint8Array(informationBits);
  const answer = RULES[rule](scale);
  const read = SCHEDULES[schedule](totals);
  return {
    decode: (llrs) => {
      recoverTotals(code, llrs, totals);
      said.fill(0);
      let done = 0;
      let satisfied = allEven(code, totals);
      while (!satisfied && done < iterations) {
        if (read !== totals) read.set(totals);
        for (let row = 0; row < rows; row++) updateRow(code, row, read, totals, said, answer);
        done++;
        satisfied = allEven(code, totals);
      }
      for (let i = 0; i < informationBits; i++) bits[i] = totals[i] < 0 ? 1 : 0;
      const work = {
        iterations: done,
        checkUpdates: done * rows * lifting,
        bitUpdates: done * entries * lifting,
        parityBits: (done + 1) * entries * lifting,
      };
      return { bits, satisfied, work };
    },
  };
}

/** Answers of a check to its first `count` bits, from what it hears from them. */
type Answer = (heard: Float64Array, count: number, answers: Float64Array) => void;

const RULES: Readonly<Record<CheckRule, (scale: number) => Answer>> = {
  "belief-propagation": () => beliefPropagation(),
  "min-sum": scaledMinSum,
};

/** The totals that checks read: the latest, or a copy from the start of the iteration. */
const SCHEDULES: Readonly<Record<Schedule, (totals: Float32Array) => Float32Array>> = {
  layered: (totals) => totals,
  flooding: (totals) => totals.slice(),
};

const heard = new Float64Array(MOST_BITS);
const answers = new Float64Array(MOST_BITS);

/** All checks of one row of the base graph. `said` holds the answers of a check next to each other, in the order of its entries. */
function updateRow(
  { lifting, firstEntry, entryColumn, entryShift }: LdpcCode,
  row: number,
  read: Float32Array,
  totals: Float32Array,
  said: Float32Array,
  answer: Answer,
): void {
  const first = firstEntry[row];
  const count = firstEntry[row + 1] - first;
  for (let i = 0, message = first * lifting; i < lifting; i++, message += count) {
    for (let k = 0; k < count; k++) {
      heard[k] = read[bitOf(entryColumn[first + k], entryShift[first + k] + i, lifting)] - said[message + k];
    }
    answer(heard, count, answers);
    for (let k = 0; k < count; k++) {
      totals[bitOf(entryColumn[first + k], entryShift[first + k] + i, lifting)] += answers[k] - said[message + k];
      said[message + k] = answers[k];
    }
  }
}

/** The bit of a column after a rotation below 2 * lifting. */
const bitOf = (column: number, turned: number, lifting: number): number =>
  column * lifting + (turned < lifting ? turned : turned - lifting);

/** Whether all checks are even. A total of exactly 0 decides nothing: without it, a block of zeros would pass for a code word. */
function allEven({ rows, lifting, firstEntry, entryColumn, entryShift }: LdpcCode, totals: Float32Array): boolean {
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < lifting; i++) {
      let odd = false;
      for (let entry = firstEntry[row]; entry < firstEntry[row + 1]; entry++) {
        const total = totals[bitOf(entryColumn[entry], entryShift[entry] + i, lifting)];
        if (total === 0) return false;
        if (total < 0) odd = !odd;
      }
      if (odd) return false;
    }
  }
  return true;
}

/** The answer to each bit is `scale` times the smallest magnitude among the others, with the product of their signs. */
function scaledMinSum(scale: number): Answer {
  return (heard, count, answers) => {
    let least = Number.POSITIVE_INFINITY;
    let second = Number.POSITIVE_INFINITY;
    let at = 0;
    let odd = false;
    for (let k = 0; k < count; k++) {
      const magnitude = Math.abs(heard[k]);
      if (heard[k] < 0) odd = !odd;
      if (magnitude < least) {
        second = least;
        least = magnitude;
        at = k;
      } else if (magnitude < second) second = magnitude;
    }
    for (let k = 0; k < count; k++) {
      const magnitude = scale * (k === at ? second : least);
      answers[k] = odd !== heard[k] < 0 ? -magnitude : magnitude;
    }
  };
}

/** The answer to each bit is [+] of all others: of those before it and of those after it. */
function beliefPropagation(): Answer {
  const table = correctionTable();
  const after = new Float64Array(MOST_BITS);
  const before = new Float64Array(MOST_BITS);
  return (heard, count, answers) => {
    const last = count - 1;
    before[0] = heard[0];
    after[last] = heard[last];
    for (let k = last - 1; k > 0; k--) combine(table, heard, k, after, k + 1, after, k);
    for (let k = 1; k < last; k++) {
      combine(table, before, k - 1, after, k + 1, answers, k);
      combine(table, before, k - 1, heard, k, before, k);
    }
    answers[0] = after[1];
    answers[last] = before[last - 1];
  };
}

/** c[k] = a[i] [+] b[j]. Through arrays, because engines allocate numbers that functions pass, and this is the innermost of all. */
function combine(
  table: Float64Array,
  a: Float64Array,
  i: number,
  b: Float64Array,
  j: number,
  c: Float64Array,
  k: number,
) {
  const x = Math.abs(a[i]);
  const y = Math.abs(b[j]);
  let combined = Math.min(x, y);
  const apart = Math.abs(x - y) * STEPS;
  if (apart < LAST) {
    const at = apart | 0;
    combined -= table[at] + (apart - at) * (table[at + 1] - table[at]);
    const together = (x + y) * STEPS;
    if (together < LAST) {
      const at = together | 0;
      combined += table[at] + (together - at) * (table[at + 1] - table[at]);
    }
  }
  c[k] = a[i] < 0 === b[j] < 0 ? combined : -combined;
}

/** Steps of the table per unit, and its length: f(20) is 2e-9. */
const STEPS = 64;
const LAST = 20 * STEPS;

/** f(x) = ln(1 + e^-x) at multiples of 1 / STEPS, and 0 at the end. */
function correctionTable(): Float64Array {
  const table = new Float64Array(LAST + 1);
  for (let i = 0; i < LAST; i++) table[i] = naturalLog(1 + exponential(-i / STEPS));
  return table;
}

function checkOptions(rule: CheckRule, schedule: Schedule, iterations: number, scale: number): void {
  if (!Object.hasOwn(RULES, rule)) {
    const rules = Object.keys(RULES);
    throw new ValueError("rule", `There is no rule "${rule}". Rules: ${rules.join(", ")}.${didYouMean(rule, rules)}`);
  }
  if (!Object.hasOwn(SCHEDULES, schedule)) {
    const schedules = Object.keys(SCHEDULES);
    throw new ValueError(
      "schedule",
      `There is no schedule "${schedule}". Schedules: ${schedules.join(", ")}.${didYouMean(schedule, schedules)}`,
    );
  }
  if (!Number.isInteger(iterations) || iterations < 1 || iterations > MOST_ITERATIONS) {
    throw new ValueError(
      "iterations",
      `Give a whole number of iterations from 1 to ${MOST_ITERATIONS}, not ${iterations}.`,
    );
  }
  if (!(scale > 0 && scale <= 1)) {
    throw new ValueError(
      "scale",
      `The scale of min-sum is above 0 and at most 1, not ${scale}. Usual values: 0.7 to 0.85.`,
    );
  }
}
