/** The rounding kernel against its plain version, on blocks of a wider matrix, with a remainder after the last four columns. */
import { describe, expect, test } from "vitest";
import { BACKENDS } from "../../test/support/backends.ts";
import type { BitWidth } from "../experiment/model.ts";
import { codesOf } from "../model/bit-widths.ts";
import { roundingBackward, roundingForward } from "../model/rounding.ts";
import { stream } from "../numeric/stream.ts";

const [ROWS, STRIDE, FIRST, COLUMNS] = [5, 20, 3, 11];
const [STEP, SHIFT] = [Math.fround(0.3), Math.fround(-0.7)];

describe.each(BACKENDS)("on $name", (backend) => {
  test.each<BitWidth>([8, 4, 2, "ternary", "binary"])(
    "a block is rounded to %s, and back; its neighbours stay",
    (width) => {
      const { ops, arena } = backend.create(1 << 20);
      const random = stream(1);
      const spread = width === 8 ? 30 : 2;
      const x = Float32Array.from({ length: ROWS * STRIDE }, () => spread * random.normal());
      const d = Float32Array.from({ length: ROWS * STRIDE }, () => random.normal());
      const put = (values: Float32Array) => {
        const at = arena.words(values.length);
        ops.write(at, values);
        return at;
      };
      const [source, target, gradient] = [put(x), put(x), put(d)];
      const block = { rows: ROWS, columns: COLUMNS, stride: STRIDE, ...codesOf(width) };
      const of = { ...block, step: put(Float32Array.of(STEP)), shift: put(Float32Array.of(SHIFT)) };
      const [dStep, dShift] = [put(Float32Array.of(10)), put(Float32Array.of(20))];
      ops.roundToCodes({ ...of, source: source + 4 * FIRST, target: target + 4 * FIRST });
      ops.roundToCodesBackward({ ...of, source: source + 4 * FIRST, d: gradient + 4 * FIRST, dStep, dShift });

      const isInside = (i: number) => i % STRIDE >= FIRST && i % STRIDE < FIRST + COLUMNS;
      const inside = (values: Float32Array) => Float64Array.from(values.filter((_, i) => isInside(i)));
      const rounding = { ...codesOf(width), columns: COLUMNS, steps: [STEP], shifts: [SHIFT] };
      const expected = roundingForward(inside(x), rounding);
      const back = roundingBackward(inside(d), inside(x), rounding);
      let inner = 0;
      const [rounded, passed] = [target, gradient].map((at) => ops.floats(at, ROWS * STRIDE));
      for (let i = 0; i < ROWS * STRIDE; i++) {
        if (!isInside(i)) expect([rounded[i], passed[i]]).toEqual([x[i], d[i]]);
        else {
          // One product and one sum of numbers up to 40, each rounded: 2 x 40 x 2^-24.
          expect(Math.abs(rounded[i] - expected[inner])).toBeLessThan(5e-6);
          expect(passed[i]).toBe(back.input[inner++]);
        }
      }
      expect(inner).toBe(ROWS * COLUMNS);
      // Sums of 55 terms up to 400.
      expect(Math.abs(ops.floats(dStep, 1)[0] - 10 - back.steps[0])).toBeLessThan(2e-3);
      expect(Math.abs(ops.floats(dShift, 1)[0] - 20 - back.shifts[0])).toBeLessThan(2e-5);
    },
  );
});
