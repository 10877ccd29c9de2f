/**
 * Integer machines, with the WebAssembly kernels of `assembly/whole-lines.ts`, `assembly/integer-strip.ts` and
 * `assembly/integer-digital.ts`.
 */
import type { KernelExports } from "../binary.generated.ts";
import type { IntegerOps } from "../integer-ops.ts";

/** Words in which columns are decided: noise and membranes of 64 rows of 8 columns. */
export const COLUMN_SCRATCH = 1024;

/** Words of the look-up table of 8 rows of a strip. */
export const INTEGER_TABLE = 4096;

export function integerOps(run: KernelExports, buffer: ArrayBufferLike): IntegerOps {
  const numbers = new Int16Array(buffer);
  return {
    totalLines: ({ strip, rows, unit, mode, totals }) => run.totalLines(strip, rows, unit, signed(mode), totals),
    wholeStrip: ({ strips: [s0, s1 = 0, s2 = 0, s3 = 0], rows, unit, mode, target }) => {
      if (mode === "pair") run.wholePairs(s0, s1, rows, unit, target);
      else run.wholeDifferences(s0, s1, s2, s3, rows, unit, target);
    },
    tabulateIntegers: ({ matrix, rows, bias, mode, tables }) =>
      run.tabulateIntegers(matrix, rows / 8, bias, signed(mode), tables),
    integerCurrents: ({ bits, first, vectors, firstRow, rows, mode, tables, lines }) => {
      const row = 4 * bits.words;
      const at = bits.at + first * row + firstRow / 8;
      run.integerProduct(at, row, vectors, rows / 8, tables, signed(mode), lines);
    },
    errIntegers: (of) => {
      const { lines, vectors, unit, largest, noise } = of;
      const { gains, offsets, deviations } = of.errors;
      const [key0, key1] = noise ? noise.key : [0, 0];
      const { strip, first, perStep, perPrompt, firstPrompt, scratch } = of;
      // biome-ignore format: one line for each group of arguments
      return run.errIntegers(
        lines, vectors, signed(of.mode), unit, largest, gains, offsets, deviations,
        noise?.normals ?? 0, key0, key1,
        strip, first, perStep, perPrompt, firstPrompt, scratch,
      );
    },
    convertIntegers: ({ lines, vectors, columns, mode, shift, largest, factors, sums, offset, out, outputs }) =>
      // biome-ignore format: one line for each group of arguments
      run.convertIntegers(
        lines, vectors, columns, signed(mode), shift, largest,
        factors, sums ?? 0, offset ?? 0, out, outputs,
      ),
    fireIntegers: ({ currents, steps, rows, leakShift, threshold, thresholds, reset, membrane, spikes }) => {
      const { at, words, features } = spikes;
      const soft = reset === "soft" ? 1 : 0;
      const { low, high } = membrane;
      // biome-ignore format: one line for each group of arguments
      return run.fireIntegers(
        currents, steps, rows, features, leakShift, threshold, thresholds ?? 0, soft, low, high,
        at, words,
      );
    },
    decideColumns: ({ charges, steps, rows, constants, reset, noise, perPrompt, firstPrompt, spikes, scratch }) => {
      const { leaks, thresholds, levels, thermal, deciding } = constants;
      const { at, words, features } = spikes;
      const [key0, key1] = noise ? noise.key : [0, 0];
      // biome-ignore format: one line for each group of arguments
      return run.decideColumns(
        charges, steps, rows, features, leaks, thresholds, levels, thermal, deciding, reset === "soft" ? 1 : 0,
        noise?.normals ?? 0, key0, key1, perPrompt, firstPrompt, at, words, scratch,
      );
    },
    joinIntegers: ({ target, source, count, register: { low, high } }) =>
      run.joinIntegers(target, source ?? 0, count, low, high),
    joinPeriodicIntegers: ({ target, table, period, rows, columns, register: { low, high } }) =>
      run.joinPeriodicIntegers(target, rows, period, columns, table, low, high),
    joinBitsIntegers: ({ bits, rows, value, target, register: { low, high } }) =>
      run.joinBitsIntegers(bits.at, bits.words, rows, bits.features, value, target, low, high),
    integers: (at, count) => numbers.slice(at / 2, at / 2 + count),
  };
}

/** Lines of pairs are unsigned; differences are signed. */
const signed = (mode: "pair" | "differential"): number => (mode === "pair" ? 0 : 1);
