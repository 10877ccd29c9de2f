import fc from "fast-check";
import { expect, test } from "vitest";
import { quantile, quantileRank } from "../numeric/quantile.ts";
import { stream } from "../numeric/stream.ts";
import { standaloneKernels } from "./memory.ts";
import { STRIP_COLUMNS, STRIP_LINES } from "./simulation-ops.ts";
import { sampleRoom, sampleWords } from "./wasm/crossbar-ops.ts";

const { kernels, arena } = standaloneKernels(2 ** 22);
const start = arena.mark();

/** The quantile of strips [vectors, 16], with this many columns in use. */
function measured(strips: Float32Array[], columns: number, mode: "pair" | "differential", q: number): number {
  arena.rewind(start);
  const vectors = strips[0].length / STRIP_LINES;
  const count = (mode === "pair" ? 2 : 1) * columns * vectors * strips.length;
  const kept = count - quantileRank(count, q);
  const sample = arena.words(sampleWords(kept));
  const lines = arena.words(vectors * STRIP_LINES);
  kernels.fill(sample, 2, 0);
  for (const strip of strips) {
    kernels.write(lines, strip);
    kernels.keepLargest({ lines, vectors, mode, kept, room: sampleRoom(kept), sample });
  }
  return kernels.smallestKept({ kept, sample });
}

/** The values of which the reference takes the quantile. */
function currents(strips: Float32Array[], columns: number, mode: "pair" | "differential"): Float32Array {
  const seen: number[] = [];
  for (const strip of strips) {
    for (let row = 0; row < strip.length; row += STRIP_LINES) {
      for (let c = row; c < row + columns; c++) {
        if (mode === "pair") seen.push(strip[c], strip[c + STRIP_COLUMNS]);
        else seen.push(Math.abs(strip[c] - strip[c + STRIP_COLUMNS]));
      }
    }
  }
  return Float32Array.from(seen);
}

const shape = fc.record({
  strips: fc.integer({ min: 1, max: 5 }),
  vectors: fc.integer({ min: 1, max: 150 }),
  columns: fc.integer({ min: 1, max: STRIP_COLUMNS }),
  mode: fc.constantFrom("pair" as const, "differential" as const),
  q: fc.oneof(fc.constantFrom(1, 0.9995, 0.99), fc.double({ min: 0.01, max: 1, noNaN: true })),
  // Silent lines, many ties, and values of all sizes.
  value: fc.constantFrom(
    (x: number) => Math.max(0, x - 0.7),
    (x: number) => Math.floor(4 * x),
    (x: number) => x,
    () => 0,
  ),
  order: fc.constantFrom("random", "ascending", "descending"),
  seed: fc.integer({ min: 1, max: 1e6 }),
});

test("the smallest of the largest kept currents is the quantile of all", () => {
  fc.assert(
    fc.property(shape, ({ strips, vectors, columns, mode, q, value, order, seed }) => {
      const random = stream(seed);
      const uniforms = Float64Array.from({ length: strips * vectors * STRIP_LINES }, () => random.uniform());
      if (order !== "random") uniforms.sort();
      if (order === "descending") uniforms.reverse();
      const list = Array.from({ length: strips }, (_, s) => {
        const from = s * vectors * STRIP_LINES;
        const unused = (i: number) => i % STRIP_COLUMNS >= columns;
        return Float32Array.from({ length: vectors * STRIP_LINES }, (_, i) =>
          unused(i) ? 0 : value(uniforms[from + i]),
        );
      });
      expect(measured(list, columns, mode, q)).toBe(quantile(currents(list, columns, mode), q));
    }),
    { seed: 1, numRuns: 300 },
  );
});
