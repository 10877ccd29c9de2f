// @module-tag slow
import fc from "fast-check";
import { expect, test } from "vitest";
import { lineTotals, wholeConductances } from "../hardware/integer-arithmetic.ts";
import { stream } from "../numeric/stream.ts";
import { INTEGER_LINES, INTEGER_PAIRS } from "./integer-ops.ts";
import { standaloneKernels } from "./memory.ts";
import { STRIP_COLUMNS, STRIP_LINES } from "./simulation-ops.ts";

const cases = fc.record({
  mode: fc.constantFrom("pair" as const, "differential" as const),
  rows: fc.integer({ min: 1, max: 40 }),
  widest: fc.integer({ min: 1, max: INTEGER_LINES }),
  /** With the second, conductances lie halfway between units; with the third, lines of pairs saturate. */
  unit: fc.constantFrom(0.0137, 0.5, 1e-4),
  inPlace: fc.boolean(),
  seed: fc.nat(1000),
});

test("strips of conductances give the same integer lines and totals as the reference", () => {
  const seen = { ties: 0, stopped: 0 };
  fc.assert(
    fc.property(cases, ({ mode, rows, widest, unit, inPlace, seed }) => {
      const random = stream(seed);
      const pair = mode === "pair";
      const columns = pair ? Math.ceil(widest / 2) : widest;
      const most = pair || unit > 1e-4 ? 25 : 3;
      const conductances = () =>
        Float32Array.from({ length: rows * columns }, () =>
          unit === 0.5 ? random.integer(100) / 4 : most * random.uniform(),
        );
      const [plus, minus] = [conductances(), conductances()];
      const whole = [plus, minus].map((of) => {
        const out = new Float32Array(of.length);
        wholeConductances(of, unit, out);
        return out;
      });
      const totals = lineTotals(mode, whole[0], whole[1], columns);
      seen.ties += [...plus].filter((g) => (g / unit) % 1 === 0.5).length;
      seen.stopped += whole[0].filter((units) => units > 65_535).length;

      const { kernels, arena } = standaloneKernels(1 << 20);
      const strips: number[] = [];
      for (let column = 0; column < columns; column += STRIP_COLUMNS) {
        const strip = new Float32Array(rows * STRIP_LINES);
        for (let r = 0; r < rows; r++) {
          for (let c = 0; c < Math.min(STRIP_COLUMNS, columns - column); c++) {
            strip[r * STRIP_LINES + c] = plus[r * columns + column + c];
            strip[r * STRIP_LINES + STRIP_COLUMNS + c] = minus[r * columns + column + c];
          }
        }
        const at = arena.words(strip.length);
        kernels.write(at, strip);
        strips.push(at);
      }
      const at = arena.words(2 * STRIP_LINES);
      for (const [i, strip] of strips.entries()) {
        kernels.totalLines({ strip, rows, unit, mode, totals: at });
        const found = new Float64Array(kernels.words(at, 2 * STRIP_LINES).buffer);
        for (let c = 0; c < Math.min(STRIP_COLUMNS, columns - i * STRIP_COLUMNS); c++) {
          expect(found[c]).toBe(totals.plus[i * STRIP_COLUMNS + c]);
          expect(found[STRIP_COLUMNS + c]).toBe(totals.minus[i * STRIP_COLUMNS + c]);
        }
      }

      const target = inPlace ? strips[0] : arena.words((rows * INTEGER_LINES) / 2);
      kernels.wholeStrip({ strips, rows, unit, mode, target });
      const expected = new Int16Array(rows * INTEGER_LINES);
      for (let i = 0; i < rows * columns; i++) {
        const to = Math.floor(i / columns) * INTEGER_LINES + (i % columns);
        if (pair) {
          expected[to] = Math.min(65_535, whole[0][i]);
          expected[to + INTEGER_PAIRS] = Math.min(65_535, whole[1][i]);
        } else expected[to] = whole[0][i] - whole[1][i];
      }
      expect(kernels.integers(target, expected.length)).toEqual(expected);
    }),
    { seed: 1, numRuns: 200 },
  );
  expect(Math.min(seen.ties, seen.stopped)).toBeGreaterThan(100);
});
