import fc from "fast-check";
import { expect, test } from "vitest";
import { expectClose } from "../../test/support/gradient.ts";
import { answer, decide } from "./answers.ts";
import { bitOf, bitProbabilities, bitsOf, classProbabilities, softBits } from "./bits.ts";

const BITS = 3;
const CLASSES = 8;
const LABELS = Array.from({ length: CLASSES }, (_, label) => label);

/** Logits of three bits. */
const odds = fc.array(fc.float({ min: -20, max: 20, noNaN: true }), { minLength: BITS, maxLength: BITS });
/** Class logits that are sums over the 1 bits of a class, as for independent bits. */
const jointOf = (z: readonly number[]) =>
  Float32Array.from(LABELS, (c) => z.reduce((sum, x, b) => sum + x * bitOf(c, b, BITS), 0));

test("bits of a class come most significant first, as the link sends them", () => {
  expect(bitsOf(16)).toBe(4);
  expect([0, 1, 2, 3].map((b) => bitOf(0b1101, b, 4))).toEqual([1, 1, 0, 1]);
});

test("by hand: classes 00, 01, 10, 11 of probability 0.1, 0.2, 0.3, 0.4", () => {
  const distribution = Float32Array.of(0.1, 0.2, 0.3, 0.4);
  expectClose(bitProbabilities(distribution, 4), [0.7, 0.6], { absolute: 1e-7 });
  const ratios = softBits(distribution.map(Math.log), 4);
  expectClose(ratios, [Math.log(0.3 / 0.7), Math.log(0.4 / 0.6)], { absolute: 1e-6 });
  // The product ignores how bits are correlated.
  expectClose(classProbabilities(Float32Array.of(0.7, 0.6), 4), [0.12, 0.18, 0.28, 0.42], { absolute: 1e-7 });
});

test("independent bits survive a round trip through classes: same probabilities, soft bits, decision and loss", () => {
  fc.assert(
    fc.property(odds, fc.integer({ min: 0, max: CLASSES - 1 }), (z, label) => {
      const logits = Float32Array.from(z);
      const ones = logits.map((x) => 1 / (1 + Math.exp(-x)));
      expectClose(bitProbabilities(classProbabilities(ones, CLASSES), CLASSES), ones, { absolute: 1e-6 });
      // Sums of up to 60, in single precision.
      expectClose(
        softBits(jointOf(z), CLASSES),
        z.map((x) => -x),
        { absolute: 1e-5 },
      );
      expect([...softBits(logits, CLASSES, "bits")]).toEqual([...logits].map((x) => 0 - x));
      const labels = Int32Array.of(label);
      const bits = answer(logits, labels, CLASSES, "bits");
      expect(bits.losses[0]).toBeCloseTo(answer(jointOf(z), labels, CLASSES).losses[0], 4);
      expect([...bits.decisions]).toEqual([z.reduce((sum, x, b) => sum + (x > 0 ? 1 << (BITS - 1 - b) : 0), 0)]);
    }),
  );
});

test("undecided bits are 0, like the first of equal classes; confident bits cost the size of their logit", () => {
  expect([...decide(Float32Array.of(0, 0, 0, 0, -0, 1), CLASSES, "bits")]).toEqual([0, 1]);
  const { losses } = answer(Float32Array.of(900, -900, 1e-3), Int32Array.of(0b010), CLASSES, "bits");
  expect(losses[0]).toBeCloseTo(1800 + Math.log(1 + Math.exp(1e-3)), 9);
});
