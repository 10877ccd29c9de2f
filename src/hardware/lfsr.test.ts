import { expect, test } from "vitest";
import { advanceRegisters, isIdentityAfter, LFSR_MASK, lfsrByte, lfsrNext, requirePrimitive } from "./lfsr.ts";

const after = (shifts: number, state: number, mask: number) => {
  for (let i = 0; i < shifts; i++) state = lfsrNext(state, mask);
  return state;
};

test("the first words of the 32-bit register follow by hand", () => {
  // A 1 falls out of state 1 and leaves the mask, which ends in two zeros: two plain shifts follow, then a 1 falls out.
  //   B4BCD35C -> 5A5E69AE -> 2D2F34D7 -> 16979A6B ^ B4BCD35C = A22B4937
  const words = [1];
  for (let i = 0; i < 4; i++) words.push(lfsrNext(words[i]));
  expect(words).toEqual([1, 0xb4bcd35c, 0x5a5e69ae, 0x2d2f34d7, 0xa22b4937]);
  expect([0, 1, 2, 3].map((i) => lfsrByte(0xa22b4937, i))).toEqual([0x37, 0x49, 0x2b, 0xa2]);
});

test("a primitive mask visits every state but zero; another one does not", () => {
  const period = (mask: number) => {
    let state = lfsrNext(1, mask);
    let shifts = 1;
    for (; state !== 1; shifts++) state = lfsrNext(state, mask);
    return shifts;
  };
  expect(period(0xb8)).toBe(255); // x^8 + x^6 + x^5 + x^4 + 1
  expect(period(0xb400)).toBe(65535); // x^16 + x^14 + x^13 + x^11 + 1
  expect(period(0x80)).toBe(8); // x^8 + 1 only rotates
});

test("the period of the 32-bit register is 2^32 - 1", () => {
  // The period is 2^32 - 1 when that many shifts, but no proper divisor of it, are the identity.
  const full = 2 ** 32 - 1;
  expect(3 * 5 * 17 * 257 * 65537).toBe(full);
  expect(isIdentityAfter(LFSR_MASK, full)).toBe(true);
  const divisors = [3, 5, 17, 257, 65537].map((prime) => isIdentityAfter(LFSR_MASK, full / prime));
  expect(divisors).toEqual(new Array(5).fill(false));
  requirePrimitive(LFSR_MASK, "polynomial");
});

test("counting shifts by squaring agrees with shifting", () => {
  // x^32 + 1 only rotates: 32 shifts are the identity, 16 are not.
  expect([16, 32, 33].map((shifts) => isIdentityAfter(0x80000000, shifts))).toEqual([false, true, false]);
  const states = Uint32Array.of(1, 0xdeadbeef);
  advanceRegisters(states, LFSR_MASK, 40);
  expect([...states]).toEqual([after(40, 1, LFSR_MASK), after(40, 0xdeadbeef, LFSR_MASK)]);
});

test.each([
  [0x34bcd35c, "does not set bit 31"],
  [0x80000000, "not back at its seed after 2^32 - 1 shifts"],
  [0xb4bcd35d, "not a primitive polynomial"],
])("a mask that is not primitive is refused with the reason: %i", (mask, reason) => {
  expect(() => requirePrimitive(mask, "hardware.ssa.lfsr.polynomial")).toThrow(reason);
});

test("zero is the one state that stays", () => {
  expect(after(5, 0, LFSR_MASK)).toBe(0);
});
