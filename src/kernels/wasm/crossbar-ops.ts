/**
 * Crossbars strip by strip, with the WebAssembly kernels of `assembly/byte-product.ts`, `assembly/largest.ts` and `assembly/adc.ts`.
 */
import type { KernelExports } from "../binary.generated.ts";
import { type SimulationOps, STRIP_COLUMNS, STRIP_LINES } from "../simulation-ops.ts";

/** Words of the look-up table of 8 rows of a strip. */
export const STRIP_TABLE = 256 * STRIP_LINES;

/**
 * Whether tables pay off for this many vectors with this many ones. In nanoseconds on one core, tabulating takes 35 per row, and
 * looking up 0.1 per row and vector; a gather takes 0.02 per row and vector, and 4 per one.
 */
export const tablesPay = (ones: number, vectors: number, features: number): boolean =>
  ones > features * (0.02 * vectors + 9);

/** Words of a sample of the `kept` largest values, with room to gather more before the smaller ones are dropped. */
export const sampleRoom = (kept: number): number => Math.max(2 * kept, 1024);
export const sampleWords = (kept: number): number => 16 + sampleRoom(kept);

/** Words of scratch for the noise of this many vectors. */
export const converterScratch = (vectors: number): number => vectors * STRIP_COLUMNS;

type CrossbarOps = Pick<
  SimulationOps,
  | "placeStrip"
  | "tabulateStrip"
  | "stripCurrents"
  | "keepLargest"
  | "smallestKept"
  | "addConverterErrors"
  | "convertStrip"
  | "passStrip"
>;

export function crossbarOps(run: KernelExports): CrossbarOps {
  return {
    placeStrip: ({ matrix, rows, stride, columns, strip }) => run.placeStrip(matrix, rows, stride, columns, strip),
    tabulateStrip: ({ matrix, rows, tables }) => run.tabulateBytes(matrix, rows / 8, tables),
    stripCurrents: ({ bits, first, vectors, firstRow, matrix, rows, tables, lines }) => {
      const row = 4 * bits.words;
      const at = bits.at + first * row + firstRow / 8;
      if (tables === null) run.gatherBytes(at, row, vectors, rows / 8, matrix, lines);
      else run.byteProduct(at, row, vectors, rows / 8, tables, lines);
    },
    addConverterErrors: (of) => {
      const { lines, vectors, step, noise } = of;
      const { gains, offsets, deviations } = of.errors;
      const [key0, key1] = noise ? noise.key : [0, 0];
      const { strip, first, perStep, perPrompt, firstPrompt, scratch } = of;
      // biome-ignore format: one line for each group of arguments
      return run.applyConverterErrors(
        lines, vectors, isDifferential(of.mode), step, gains, offsets, deviations,
        noise?.normals ?? 0, key0, key1,
        strip, first, perStep, perPrompt, firstPrompt, scratch,
      );
    },
    keepLargest: ({ lines, vectors, mode, kept, room, sample }) =>
      run.keepLargest(lines, vectors, isDifferential(mode), kept, room, sample),
    smallestKept: ({ kept, sample }) => run.smallestKept(sample, kept),
    convertStrip: ({ lines, vectors, columns, mode, step, largest, factors, sums, offset, out, outputs }) =>
      // biome-ignore format: one line for each group of arguments
      run.convertLines(
        lines, vectors, columns, isDifferential(mode), step, largest,
        factors, sums ?? 0, offset ?? 0, out, outputs,
      ),
    passStrip: ({ lines, vectors, columns, sums, offset, out, outputs }) =>
      run.passCurrents(lines, vectors, columns, sums ?? 0, offset ?? 0, out, outputs),
  };
}

const isDifferential = (mode: "pair" | "differential"): number => (mode === "differential" ? 1 : 0);
