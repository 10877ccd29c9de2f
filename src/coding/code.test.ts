import { expect, test } from "vitest";
import { crc32 } from "../numeric/checksum.ts";
import { BASE_GRAPHS, baseGraphFor, LIFTING_SIZES, liftingSetOf } from "./base-graph.ts";
import { type LdpcSizes, ldpcCode } from "./code.ts";
import { CERTAIN, recoverTotals } from "./rate-recovery.ts";

test("the base graphs have the size, the degrees and the structure of the standard", () => {
  const [one, two] = [BASE_GRAPHS[1], BASE_GRAPHS[2]];
  expect([one.rows.length, one.columns, one.rows.flat().length]).toEqual([46, 68, 316]);
  expect([two.rows.length, two.columns, two.rows.flat().length]).toEqual([42, 52, 197]);
  for (const { rows, informationColumns } of [one, two]) {
    rows.forEach((row, r) => {
      const columns = row.map(({ column }) => column);
      expect(columns).toEqual([...new Set(columns)].sort((a, b) => a - b));
      // The core's double diagonal, then one column of weight one for each row.
      const parity = columns
        .filter((column) => column > informationColumns)
        .map((column) => column - informationColumns);
      if (r < 4) expect(parity).toEqual([r, r + 1].filter((column) => column > 0 && column < 4));
      else expect(parity.filter((column) => column > 3)).toEqual([r]);
    });
  }
});

test("the shifts are those that were compared with 31 generator matrices", () => {
  const text = [1, 2].map((number) => JSON.stringify(BASE_GRAPHS[number as 1 | 2].rows)).join("");
  expect(crc32(new TextEncoder().encode(text)).toString(16)).toBe("7b241863");
});

test("there are 51 lifting sizes, each in the set of its odd factor, and other numbers are refused by name", () => {
  expect(LIFTING_SIZES.length).toBe(51);
  const odd = (size: number): number => (size % 2 === 0 && size > 2 ? odd(size / 2) : size);
  expect(LIFTING_SIZES.map((size) => [2, 3, 5, 7, 9, 11, 13, 15].indexOf(odd(size)))).toEqual(
    LIFTING_SIZES.map(liftingSetOf),
  );
  expect(() => liftingSetOf(100)).toThrow(/100 is not a lifting size .* The nearest: 96 and 104/);
  for (const size of [0, 1, 385, 2.5, Number.NaN, -8]) expect(() => liftingSetOf(size)).toThrow(/not a lifting size/);
});

test.each([
  [292, 0.9, 2],
  [293, 0.67, 2],
  [293, 0.68, 1],
  [3824, 0.67, 2],
  [3825, 0.67, 1],
  [100_000, 0.25, 2],
])("%d bits at a rate of %d get base graph %d", (bits, rate, graph) => {
  expect(baseGraphFor(bits, rate)).toBe(graph);
});

test("sizes are chosen as in the standard, by hand", () => {
  const sizes = (informationBits: number, codedBits: number) => {
    const { graph, lifting, fillerBits, rows } = ldpcCode({ informationBits, codedBits });
    return [graph.number, lifting, fillerBits, rows];
  };
  // 10 columns of 104 bits hold 1,000; 2,000 sent bits after 208 punctured and 40 filler bits end in column 21 of 0 to 21.
  expect(sizes(1000, 2000)).toEqual([2, 104, 40, 12]);
  // 8 filled columns of 64 bits, 2 whole columns of filler; 128 + 1,024 + 128 bits are 20 columns.
  expect(sizes(512, 1024)).toEqual([2, 64, 128, 10]);
  // 22 columns of 384 bits, all of them information; the first round of the buffer is not full.
  expect(sizes(8448, 8900)).toEqual([1, 384, 0, 4]);
});

const CASES: readonly LdpcSizes[] = [
  { informationBits: 12, codedBits: 16, bitsPerSymbol: 4 },
  { informationBits: 100, codedBits: 300, bitsPerSymbol: 6 },
  { informationBits: 40, codedBits: 1000, bitsPerSymbol: 2 },
  { informationBits: 700, codedBits: 800, bitsPerSymbol: 8 },
  { informationBits: 250, codedBits: 2500, bitsPerSymbol: 10, baseGraph: 1 },
];

/** The two steps of section 5.4.2 as the standard writes them, with NULL for filler. */
function transmittedPlaces(sizes: LdpcSizes): number[] {
  const { informationBits, codedBits, bitsPerSymbol = 1 } = sizes;
  const { graph, lifting } = ldpcCode(sizes);
  const filler = (place: number) => place >= informationBits && place < graph.informationColumns * lifting;
  const buffer = Array.from({ length: (graph.columns - 2) * lifting }, (_, k) => k + 2 * lifting);
  const e: number[] = [];
  for (let j = 0; e.length < codedBits; j++) {
    const place = buffer[j % buffer.length];
    if (!filler(place)) e.push(place);
  }
  const f: number[] = [];
  for (let j = 0; j < codedBits / bitsPerSymbol; j++) {
    for (let i = 0; i < bitsPerSymbol; i++) f[i + j * bitsPerSymbol] = e[(i * codedBits) / bitsPerSymbol + j];
  }
  return f;
}

test.each(CASES)("bits are selected and interleaved as the standard writes it: %o", (sizes) => {
  expect([...ldpcCode(sizes).places]).toEqual(transmittedPlaces(sizes));
});

test.each(CASES)("recovery is the inverse: each place has the sum of what was sent for it: %o", (sizes) => {
  const code = ldpcCode(sizes);
  const llrs = Float64Array.from({ length: code.codedBits }, (_, i) => i - 7);
  const totals = recoverTotals(code, llrs, new Float64Array(code.columns * code.lifting));
  const expected = new Map<number, number>();
  code.places.forEach((place, i) => {
    expected.set(place, (expected.get(place) ?? 0) + llrs[i]);
  });
  const parity = code.graph.informationColumns * code.lifting;
  totals.forEach((total, place) => {
    const filler = place >= code.informationBits && place < parity;
    expect(total).toBe(filler ? CERTAIN : (expected.get(place) ?? 0));
  });
});

test("infinite ratios that contradict each other cancel", () => {
  const code = ldpcCode({ informationBits: 12, codedBits: 400 });
  const llrs = Float64Array.from(code.places, (place, i) =>
    code.places.indexOf(place) === i ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY,
  );
  const totals = recoverTotals(code, llrs, new Float64Array(code.columns * code.lifting));
  const copies = (place: number) => code.places.filter((other) => other === place).length;
  code.places.forEach((place) => {
    expect(totals[place]).toBe(CERTAIN * (2 - copies(place)));
  });
});

test.each<[string, LdpcSizes, string, RegExp]>([
  ["few bits", { informationBits: 11, codedBits: 40 }, "informationBits", /12 or more, not 11/],
  ["half a bit", { informationBits: 20.5, codedBits: 40 }, "informationBits", /whole number/],
  ["no coded bits", { informationBits: 20, codedBits: 0 }, "codedBits", /not 0/],
  ["more than a slot", { informationBits: 20, codedBits: 1e9 }, "codedBits", /1 to 2097152, not 1000000000/],
  ["a high rate", { informationBits: 1000, codedBits: 1020 }, "codedBits", /0\.980.*at least 1053 coded.*at most 969/],
  ["odd symbols", { informationBits: 500, codedBits: 1001, bitsPerSymbol: 4 }, "codedBits", /1000, 251 carry 1004/],
  ["no modulation", { informationBits: 500, codedBits: 999, bitsPerSymbol: 3 }, "bitsPerSymbol", /1, 2, 4, 6, 8 or 10/],
  ["a third graph", { informationBits: 500, codedBits: 999, baseGraph: 3 as 1 }, "baseGraph", /no 3/],
  ["a long block", { informationBits: 9000, codedBits: 18_000 }, "informationBits", /at most 8448 .*transportBlock/],
  ["a long block", { informationBits: 4000, codedBits: 18_000 }, "informationBits", /at most 3840 .*base graph 1/],
  ["no lifting", { informationBits: 500, codedBits: 999, lifting: 100 }, "lifting", /96 and 104/],
  ["a small lifting", { informationBits: 500, codedBits: 999, lifting: 48 }, "lifting", /480, fewer .* at least 52/],
])("%s are refused by name, with the arithmetic", (_, sizes, path, message) => {
  expect(() => ldpcCode(sizes)).toThrow(expect.objectContaining({ path, message: expect.stringMatching(message) }));
});
