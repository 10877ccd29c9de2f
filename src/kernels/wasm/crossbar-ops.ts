/** Crossbars strip by strip, with the WebAssembly kernels: `assembly/byte-product.ts` and `assembly/adc.ts`. */
import type { KernelExports } from "../binary.generated.ts";
import { type SimulationOps, STRIP_COLUMNS, STRIP_LINES } from "../simulation-ops.ts";

/** Words of the look-up table of 8 rows of a strip. */
export const STRIP_TABLE = 256 * STRIP_LINES;

/** Words of scratch for the noise of so many vectors. */
export const converterScratch = (vectors: number): number => vectors * STRIP_COLUMNS;

type CrossbarOps = Pick<
  SimulationOps,
  "tabulateStrip" | "stripCurrents" | "addConverterErrors" | "convertStrip" | "passStrip"
>;

export function crossbarOps(run: KernelExports): CrossbarOps {
  return {
    tabulateStrip: ({ matrix, rows, tables }) => run.tabulateBytes(matrix, rows / 8, tables),
    stripCurrents: ({ bits, first, every, vectors, firstRow, rows, tables, lines }) => {
      const row = 4 * bits.words;
      const at = bits.at + first * row + firstRow / 8;
      run.byteProduct(at, every * row, vectors, rows / 8, tables, lines);
    },
    addConverterErrors: (of) => {
      const { lines, vectors, step, gains, offsets, deviations, noise } = of;
      const differential = of.mode === "differential" ? 1 : 0;
      const [key0, key1] = noise ? noise.key : [0, 0];
      const { strip, first, perStep, perPrompt, firstPrompt, scratch } = of;
      // biome-ignore format: one line for each group of arguments
      return run.applyConverterErrors(
        lines, vectors, differential, step, gains, offsets, deviations,
        noise?.normals ?? 0, key0, key1,
        strip, first, perStep, perPrompt, firstPrompt, scratch,
      );
    },
    convertStrip: ({ lines, vectors, columns, mode, step, largest, factors, fresh, offset, out, outputs }) => {
      const convert = mode === "pair" ? run.convertPairs : run.convertDifferences;
      const first = fresh ? 1 : 0;
      return convert(
        lines,
        vectors,
        STRIP_LINES,
        STRIP_COLUMNS,
        columns,
        step,
        largest,
        factors,
        first,
        offset ?? 0,
        out,
        outputs,
      );
    },
    passStrip: ({ lines, vectors, columns, fresh, offset, out, outputs }) =>
      run.passCurrents(lines, vectors, STRIP_LINES, columns, fresh ? 1 : 0, offset ?? 0, out, outputs),
  };
}
