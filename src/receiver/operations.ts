/**
 * Operations of the receivers of this folder, as hardware would compute them: with the same results, but without work that can be done
 * once for all slots.
 *
 *   symbols        antenna a sends d s_a, where parts of s_a are odd numbers, and estimates are those of d H. A product with a part takes
 *                  one addition (3 = 2 + 1, 5 = 4 + 1, 7 = 8 - 1), and d costs nothing: it is in constants of the estimate
 *   least squares  y conj(s) at a pilot takes two additions, its scale two products. Then linearly over subcarriers, then over symbols: a
 *                  difference for each gap, a product and an addition for each place in it
 *   LMMSE          the statistics and the noise are known, so that its filter is a table: for each data element as many complex
 *                  products as an antenna has pilots. Computing the table is not counted
 *   joint          products of each element of H with all symbols; antenna by antenna, differences; squares and sums; then the nearest
 *                  of both values of a bit, after which the table is folded over this bit
 *   mmse           A = H^H H + v I = L D L^H, L^-1, the diagonal of A^-1, x; then each real part by itself (it has bits of its own)
 *   k-best         Gram-Schmidt once, products of R with all symbols, and a sorter that compares each candidate with the survivors so far
 *
 * `exact` ratios replace each minimum by min(a, b) - f(|a - b|), f(x) = ln(1 + e^-x) from a table. Each data element reads its channel,
 * sample and noise and writes its ratios. Left out: control, wires, leakage, and signs of pilots, which a generator makes again.
 */
import type { SlotGrid } from "../channel/grid.ts";
import { type Operations, operations, sumOperations, timesOperations } from "../numeric/operations.ts";
import type { LlrForm } from "./detect.ts";

/** How many antennas there are, and how each antenna's symbol is modulated. */
export interface DetectionSizes {
  readonly transmitAntennas: number;
  readonly receiveAntennas: number;
  /** 1: symbols are real; 2: they have an imaginary part, too. */
  readonly parts: 1 | 2;
  /** Bits of a part. */
  readonly bits: number;
}

/** Values of the complex numbers from which detectors read one element, and the ratios that they write. */
const WORDS = 2;

/** Estimates at all data elements by least squares, for a slot. */
export function leastSquaresOperations(grid: SlotGrid): Operations {
  const { symbols, subcarriers, comb, pilotSymbols, pilots, transmitAntennas: nt, receiveAntennas: nr } = grid;
  const rows = pilotSymbols.length;
  const overFrequency = pilots.map(({ length }) => interpolation(length / rows - 1, comb - 1));
  const gaps = pilotSymbols.slice(1).map((symbol, i) => symbol - pilotSymbols[i] - 1);
  const overTime = gaps.map((places) => interpolation(1, places));
  const rowWords = WORDS * subcarriers * rows;
  return timesOperations(
    nr,
    sumOperations(
      ...pilots.map(({ length }) =>
        timesOperations(length, operations({ additions: 2, multiplications: 2, reads: 2 })),
      ),
      ...overFrequency.map((one) => timesOperations(rows, one)),
      timesOperations(subcarriers * nt, sumOperations(...overTime)),
      // The rows with pilots are stored, then read along time; those of pilot symbols are the estimate there.
      timesOperations(nt, operations({ writes: rowWords, reads: rowWords })),
      timesOperations(nt * subcarriers * (symbols - rows), operations({ writes: WORDS })),
    ),
  );
}

/** Complex values at `places` places in each of so many gaps. */
const interpolation = (gaps: number, places: number): Operations =>
  places === 0
    ? operations({})
    : timesOperations(gaps, operations({ multiplications: 2 * places, additions: 2 + 2 * places }));

/** Estimates at all data elements by a stored LMMSE filter, for a slot. */
export function lmmseOperations({ pilots, data, receiveAntennas: nr }: SlotGrid): Operations {
  return sumOperations(
    ...pilots.flatMap(({ length: n }) => [
      timesOperations(nr * n, operations({ additions: 2, reads: 2, writes: WORDS })),
      timesOperations(nr * data.length, complexInner(n)),
      // A coefficient serves all receive antennas.
      timesOperations(data.length, operations({ reads: 2 * n + 2 * n * nr, writes: WORDS * nr })),
    ]),
  );
}

/** Coefficients of the LMMSE filter, in words. */
export const lmmseWords = ({ pilots, data }: SlotGrid): number =>
  pilots.reduce((words, { length }) => words + WORDS * length * data.length, 0);

/** Joint detection of one data element. */
export function jointOperations(sizes: DetectionSizes, form: LlrForm): Operations {
  const { transmitAntennas: nt, receiveAntennas: nr, parts, bits } = sizes;
  const digits = nt * parts * bits;
  const classes = 2 ** digits;
  let differences = 0;
  for (let decided = 1; decided <= nt; decided++) differences += 2 * nr * 2 ** (parts * bits * decided);
  return sumOperations(
    elementWords(sizes, 1),
    timesOperations(nr * nt, symbolProducts(sizes)),
    operations({ multiplications: 2 * nr * classes, additions: differences + (2 * nr - 1) * classes }),
    ratios(digits, form),
  );
}

/** Linear MMSE detection of one data element. */
export function mmseOperations(sizes: DetectionSizes, form: LlrForm): Operations {
  const { transmitAntennas: nt, receiveAntennas: nr, parts, bits } = sizes;
  const pairs = pairsOf(nt);
  const levels = 2 ** bits;
  const squares = operations({ multiplications: levels, additions: levels });
  return sumOperations(
    elementWords(sizes, 2),
    // A and H^H y.
    timesOperations(pairs + nt, complexInner(nr)),
    timesOperations(nt, operations({ multiplications: 2 * nr, additions: 2 * nr })),
    inverseOperations(nt),
    // With two levels a ratio is x over a quarter of its noise; with more, gain and noise, multiples of the gain, then distances.
    bits === 1
      ? timesOperations(nt, operations({ multiplications: 1 + parts, divisions: 1 }))
      : timesOperations(
          nt,
          sumOperations(
            operations({ multiplications: 3, additions: 1 + levels / 2 - 1, divisions: 1 }),
            timesOperations(parts, sumOperations(squares, ratios(bits, form))),
          ),
        ),
  );
}

/** Of a Hermitian A, n x n: L and D, L^-1, the diagonal of A^-1, and x = A^-1 b. */
function inverseOperations(n: number): Operations {
  const pairs = pairsOf(n);
  const triples = (n * (n - 1) * (n - 2)) / 6;
  const product = operations({ multiplications: 4, additions: 4 });
  return sumOperations(
    // Off the diagonal: products of L and U = L D for each column before, then U over D; on it, the real part of one.
    timesOperations(triples, product),
    timesOperations(pairs, operations({ multiplications: 4, additions: 2 })),
    operations({ divisions: n }),
    // L^-1.
    timesOperations(triples, product),
    // Squares of its columns over D.
    timesOperations(pairs, operations({ multiplications: 3, additions: 2 })),
    // L^-1 b, over D, and back.
    timesOperations(2 * pairs, product),
    operations({ multiplications: 2 * n }),
  );
}

/** K-best detection of one data element. */
export function kBestOperations(sizes: DetectionSizes, survivors: number): Operations {
  const { transmitAntennas: nt, receiveAntennas: nr, parts, bits } = sizes;
  const pairs = pairsOf(nt);
  const levels = 2 ** bits;
  const stages: Operations[] = [];
  let kept = 1;
  for (let a = nt - 1; a >= 0; a--) {
    const candidates = kept * 2 ** (bits * parts);
    const sorted = candidates > survivors || a === 0;
    const sums = parts === 2 ? levels + levels ** 2 : 1 + levels;
    stages.push(
      timesOperations(
        kept,
        operations({
          multiplications: parts === 2 ? 2 * levels : levels + 1,
          additions: 2 * (nt - 1 - a) + parts * levels + sums,
        }),
      ),
      operations({ comparisons: sorted ? comparisonsOfSorter(candidates, survivors) : 0 }),
    );
    kept = Math.min(survivors, candidates);
  }
  const digits = nt * parts * bits;
  return sumOperations(
    elementWords(sizes, 1),
    // Each column minus those before it; its length; Q^H y.
    timesOperations(pairs, sumOperations(complexInner(nr), operations({ multiplications: 4 * nr, additions: 4 * nr }))),
    timesOperations(nt, operations({ multiplications: 4 * nr, additions: 2 * nr - 1, divisions: 2 })),
    timesOperations(nt, complexInner(nr)),
    timesOperations(pairs, symbolProducts(sizes)),
    operations({ additions: nt * (levels / 2 - 1) }),
    ...stages,
    operations({ multiplications: digits, additions: digits }),
  );
}

/** Each candidate is compared with the survivors before it, at most K. */
const comparisonsOfSorter = (candidates: number, survivors: number): number => {
  const filling = Math.min(candidates, survivors);
  return pairsOf(filling) + (candidates - filling) * survivors;
};

/** What an element reads, with so many words of noise, and writes. */
function elementWords(sizes: DetectionSizes, noiseWords: number): Operations {
  const { transmitAntennas: nt, receiveAntennas: nr, parts, bits } = sizes;
  return operations({ reads: WORDS * nr * (nt + 1) + noiseWords, writes: nt * parts * bits });
}

/** One element of H times all symbols: odd multiples of both parts, then their sums, half of which are the other half with a minus. */
function symbolProducts({ parts, bits }: DetectionSizes): Operations {
  const levels = 2 ** bits;
  return operations({ additions: 2 * (levels / 2 - 1) + (parts === 2 ? levels ** 2 / 2 : 0) });
}

/**
 * Ratios of all `digits` of a table of distances. Half of the table has either value of a digit: the least of each half, their
 * difference, and the table folded over the digit for those that follow. Exact ratios weigh all distances, max-log ratios the result.
 */
function ratios(digits: number, form: LlrForm): Operations {
  const entries = 2 ** digits;
  const minima = 2 * entries - 2 - 2 * digits + (entries - 2);
  return form === "exact"
    ? sumOperations(timesOperations(minima, SOFT_MINIMUM), operations({ multiplications: entries, additions: digits }))
    : operations({ comparisons: minima, multiplications: digits, additions: digits });
}

/** -ln(e^-a + e^-b): the difference, whose sign tells the smaller; f of it, interpolated; a subtraction. */
const SOFT_MINIMUM = operations({ multiplications: 1, additions: 4, lookups: 1 });

const complexInner = (length: number): Operations =>
  operations({ multiplications: 4 * length, additions: 4 * length - 2 });

const pairsOf = (n: number): number => (n * (n - 1)) / 2;
