import { expect, test } from "vitest";
import { answer, decide } from "./answers.ts";

test("of equal logits the first class is decided, and a bit whose logit is 0 is 0", () => {
  expect([...decide(Float32Array.of(1, 3, 3, 2, 0, 0, 0, 0, -5, -5, -5, -4), 4)]).toEqual([1, 0, 3]);
  expect([...decide(Float32Array.of(0, 0, 0.1, 0, -0.1, 0.2), 4, "bits")]).toEqual([0b00, 0b10, 0b01]);
});

test("by hand: losses of a class and of two bits", () => {
  const labels = Int32Array.of(1, 2);
  // Class 1 of logits 0 and ln 3 has probability 3/4; class 0 of the same has 1/4.
  const joint = answer(Float32Array.of(0, Math.log(3), Math.log(3), 0), Int32Array.of(1, 1), 2);
  expect([...joint.decisions]).toEqual([1, 0]);
  expect(joint.losses[0]).toBeCloseTo(-Math.log(3 / 4), 6);
  expect(joint.losses[1]).toBeCloseTo(-Math.log(1 / 4), 6);
  // Bits 01 with probabilities of a one of 1/4 and 3/4; bits 10 with the same probabilities are both unlikely.
  const bits = answer(Float32Array.of(-Math.log(3), Math.log(3), -Math.log(3), Math.log(3)), labels, 4, "bits");
  expect([...bits.decisions]).toEqual([1, 1]);
  expect(bits.losses[0]).toBeCloseTo(-2 * Math.log(3 / 4), 6);
  expect(bits.losses[1]).toBeCloseTo(-2 * Math.log(1 / 4), 6);
});
