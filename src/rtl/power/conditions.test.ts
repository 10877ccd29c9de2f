import { expect, test } from "vitest";
import { parseCondition } from "./conditions.ts";

const names = ["A", "B", "C"];
const table = (text: string) => {
  const of = parseCondition(text);
  return Array.from({ length: 8 }, (_, n) =>
    of(Object.fromEntries(names.map((name, bit) => [name, ((n >> bit) & 1) === 1]))) ? 1 : 0,
  ).join("");
};

test.each([
  // A is the fastest bit of the columns.
  ["A", "01010101"],
  ["!A", "10101010"],
  ["A'", "10101010"],
  ["A & B", "00010001"],
  ["A B", "00010001"],
  ["A*!B", "01000100"],
  ["A + B C", "01010111"],
  ["(A + B) C", "00000111"],
  ["A | B ^ C", "01111101"],
  ["(A * B)'", "11101110"],
  ["!(A & B) & 1", "11101110"],
  ["(!A) | (!B)", "11101110"],
])("%s", (text, expected) => {
  expect(table(text)).toBe(expected);
});

test.each(["", "A &", "(A", "A)", "& A"])("%s is refused", (text) => {
  expect(() => parseCondition(text)).toThrow("is no condition");
});
