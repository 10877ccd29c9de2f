import fc from "fast-check";
import { expect, test } from "vitest";
import { stream } from "../numeric/stream.ts";
import { packSpikes } from "../spike/train.ts";
import { expectedBits, sentBits, type Transport, trainBits } from "./spike-code.ts";

const codes = fc.record({
  code: fc.constantFrom("bits" as const, "events" as const, "fewer" as const),
  vector: fc.option(fc.integer({ min: 2, max: 40 })),
});

/** Bits of one vector, written out: the header as a number in binary, then addresses or the bits themselves. */
function encoded({ code }: Transport, bits: readonly number[]): string {
  const text = bits.join("");
  if (code === "bits") return text;
  const binary = (value: number, largest: number) => value.toString(2).padStart(largest.toString(2).length, "0");
  const addresses = bits.flatMap((bit, i) => (bit ? [binary(i, bits.length - 1)] : []));
  if (code === "events") return binary(addresses.length, bits.length) + addresses.join("");
  const most = Math.floor(bits.length / binary(0, bits.length - 1).length);
  const listed = addresses.join("");
  return listed.length < text.length ? binary(addresses.length, most + 1) + listed : binary(most + 1, most + 1) + text;
}

test("bits of a train are those of its vectors written out, part by part and as often as each is sent", () => {
  fc.assert(
    fc.property(
      codes,
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 2, max: 50 }),
      fc.integer({ min: 0, max: 10 }),
      fc.nat(1000),
      (transport, parts, width, tenths, seed) => {
        const random = stream(seed);
        const [steps, rows, features] = [2, 3, parts * width];
        const bits = Array.from({ length: steps * rows * features }, () => Number(random.uniform() < tenths / 10));
        const times = (part: number, row: number) => (part + row) % 3;
        let expected = 0;
        for (let r = 0; r < steps * rows; r++) {
          for (let part = 0; part < parts; part++) {
            const of = bits.slice(r * features + part * width, r * features + (part + 1) * width);
            const size = transport.vector ?? width;
            for (let i = 0; i < width; i += size) {
              expected += times(part, r % rows) * encoded(transport, of.slice(i, i + size)).length;
            }
          }
        }
        expect(trainBits(transport, packSpikes(bits, steps, rows, features), parts, times)).toBe(expected);
      },
    ),
    { seed: 1, numRuns: 300 },
  );
});

test.each([
  [{ code: "fewer", vector: 8 }, 64, 0.1],
  [{ code: "fewer", vector: 16 }, 40, 0.25],
  [{ code: "fewer", vector: null }, 128, 0.13],
  [{ code: "events", vector: null }, 200, 0.4],
  [{ code: "fewer", vector: null }, 3072, 0.9],
] as const)(
  "the expectation %j of %d features at density %d is the mean of random vectors",
  (transport, features, p) => {
    const random = stream(7);
    const rows = Math.ceil(60_000 / features);
    const bits = Uint8Array.from({ length: rows * features }, () => Number(random.uniform() < p));
    const mean = trainBits(transport, packSpikes(bits, 1, rows, features)) / rows;
    // Four standard errors: a spike more or less changes a vector by at most an address of 12 bits.
    const bound = (4 * 12 * Math.sqrt(features * p * (1 - p))) / Math.sqrt(rows);
    expect(Math.abs(mean - expectedBits(transport, features, p))).toBeLessThan(bound);
  },
);

test("the expectation is the sum over all vectors of a few bits, and linear in the density for events", () => {
  for (const p of [0, 0.05, 0.3, 1]) {
    const transport = { code: "fewer", vector: null } as const;
    let sum = 0;
    for (let word = 0; word < 2 ** 9; word++) {
      const spikes = word.toString(2).replaceAll("0", "").length;
      sum += p ** spikes * (1 - p) ** (9 - spikes) * sentBits(transport, 9, spikes);
    }
    expect(expectedBits(transport, 9, p)).toBeCloseTo(sum, 10);
    // A header of 4 bits and addresses of 4.
    expect(expectedBits({ code: "events", vector: null }, 9, p)).toBeCloseTo(4 + 4 * 9 * p, 10);
  }
});

test("fewer takes at most a header more than bits, and nothing but the header for silence", () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 5000 }), fc.integer({ min: 0, max: 5000 }), (size, most) => {
      const fewer = { code: "fewer", vector: null } as const;
      const silent = sentBits(fewer, size, 0);
      expect(sentBits(fewer, size, Math.min(size, most))).toBeLessThanOrEqual(size + silent);
      expect(silent).toBe((Math.floor(size / (size - 1).toString(2).length) + 1).toString(2).length);
    }),
    { seed: 1 },
  );
});
