import fc from "fast-check";
import { expect, test } from "vitest";
import { addReads, type IntegerCoding, readsFor, unfoldedBits, weightOfReads } from "./line-reads.ts";

const codings = ["unary", "bit-serial"] as const;

test("numbers up to 5 take five reads of a spike, or three of a bit", () => {
  expect(codings.map((coding) => [1, 2, 3, 4, 5].map((most) => readsFor(most, coding)))).toEqual([
    [1, 2, 3, 4, 5],
    [1, 2, 2, 3, 3],
  ]);
  expect([...unfoldedBits([0, 2, 5, 1], 2, 3, "bit-serial")]).toEqual([0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0]);
  expect([...unfoldedBits([0, 2, 3, 1], 2, 3, "unary")]).toEqual([0, 1, 0, 1, 0, 0, 1, 1, 1, 0, 1, 0]);
});

/** Numbers [images][size] up to `most`. */
const images = fc
  .record({
    most: fc.integer({ min: 1, max: 300 }),
    size: fc.integer({ min: 1, max: 5 }),
    count: fc.integer({ min: 1, max: 3 }),
  })
  .chain(({ most, size, count }) =>
    fc.record({
      most: fc.constant(most),
      size: fc.constant(size),
      numbers: fc.array(fc.nat(most), { minLength: size * count, maxLength: size * count }),
    }),
  );

test.each(codings)(
  "the %s reads of numbers add up to them, and of the largest ones to the weights",
  (coding: IntegerCoding) => {
    fc.assert(
      fc.property(images, ({ most, size, numbers }) => {
        const reads = readsFor(most, coding);
        const sums = (of: readonly number[]) =>
          addReads(Float32Array.from(unfoldedBits(of, size, reads, coding)), reads, size, coding);
        expect([...sums(numbers)]).toEqual(numbers);
        const ones = addReads(new Float32Array(reads * size).fill(1), reads, size, coding);
        expect([...ones]).toEqual(Array.from({ length: size }, () => weightOfReads(reads, coding)));
      }),
    );
  },
);
