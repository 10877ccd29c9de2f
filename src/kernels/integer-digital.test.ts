// @module-tag slow
import fc from "fast-check";
import { expect, test } from "vitest";
import { emptyTally } from "../hardware/actions.ts";
import { saturate } from "../hardware/integer-arithmetic.ts";
import { runIntegerLifUnits } from "../hardware/integer-lif.ts";
import { signedRange } from "../hardware/lif-parameters.ts";
import { stream } from "../numeric/stream.ts";
import { reserveBits } from "./arena.ts";
import { standaloneKernels } from "./memory.ts";

const bytes = 1 << 20;
/** Any 16 bits. */
const numbers = (count: number, seed: number): Int16Array => {
  const random = stream(seed);
  return Int16Array.from({ length: count }, () => random.integer(2 ** 16) - 2 ** 15);
};

/** Garbage everywhere, so that unwritten values show. */
function kernelsOn() {
  const { kernels, arena } = standaloneKernels(bytes);
  kernels.u32.fill(0xa5a5a5a5, arena.mark() / 4);
  return { kernels, arena };
}

const layers = fc.record({
  steps: fc.integer({ min: 1, max: 5 }),
  rows: fc.integer({ min: 1, max: 3 }),
  features: fc.integer({ min: 1, max: 12 }).map((n) => 8 * n),
  leakShift: fc.integer({ min: 0, max: 3 }),
  bits: fc.integer({ min: 2, max: 16 }),
  reset: fc.constantFrom("hard" as const, "soft" as const),
  seed: fc.nat(1000),
});

test("LIF units fire as in the reference, on any 16-bit numbers, and count saturated membranes", () => {
  fc.assert(
    fc.property(layers, ({ steps, rows, features, leakShift, bits, reset, seed }) => {
      const membrane = signedRange(bits);
      const threshold = 1 + stream(seed).fork("threshold").integer(membrane.high);
      const currents = numbers(steps * rows * features, seed).map((x) => x >> stream(seed).integer(14));
      const { kernels, arena } = kernelsOn();
      const at = arena.words(currents.length);
      const spikes = reserveBits(arena, steps * rows, features);
      kernels.write(at, currents);
      const constants = { leakShift, threshold, reset, membrane };
      const stopped = kernels.fireIntegers({ currents: at, steps, rows, ...constants, thresholds: null, spikes });
      const shape = { steps, rows, features };
      const { train, saturated } = runIntegerLifUnits(Float32Array.from(currents), shape, constants, emptyTally());
      expect(kernels.words(spikes.at, steps * rows * spikes.words)).toEqual(train.words);
      expect(stopped).toBe(saturated);
    }),
    { seed: 1, numRuns: 300 },
  );
});

test("LIF units with a threshold for each column fire as in the reference", () => {
  fc.assert(
    fc.property(layers, ({ steps, rows, features, leakShift, bits, reset, seed }) => {
      const membrane = signedRange(bits);
      const random = stream(seed).fork("threshold");
      const thresholds = Float32Array.from({ length: features }, () => 1 + random.integer(membrane.high));
      const currents = numbers(steps * rows * features, seed).map((x) => x >> stream(seed).integer(14));
      const { kernels, arena } = kernelsOn();
      const [at, levels] = [arena.words(currents.length), arena.words(features)];
      const spikes = reserveBits(arena, steps * rows, features);
      kernels.write(at, currents);
      kernels.write(levels, Int16Array.from(thresholds));
      const constants = { leakShift, threshold: 1, reset, membrane };
      const stopped = kernels.fireIntegers({ currents: at, steps, rows, ...constants, thresholds: levels, spikes });
      const shape = { steps, rows, features };
      const slow = runIntegerLifUnits(Float32Array.from(currents), shape, constants, emptyTally(), thresholds);
      expect(kernels.words(spikes.at, steps * rows * spikes.words)).toEqual(slow.train.words);
      expect(stopped).toBe(slow.saturated);
    }),
    { seed: 2, numRuns: 300 },
  );
});

test("a stream and its additions saturate at the limits of a register", () => {
  const cases = fc.record({
    rows: fc.integer({ min: 1, max: 5 }),
    columns: fc.integer({ min: 1, max: 6 }).map((n) => 8 * n),
    period: fc.integer({ min: 1, max: 3 }),
    bits: fc.integer({ min: 2, max: 16 }),
    seed: fc.nat(1000),
  });
  fc.assert(
    fc.property(cases, ({ rows, columns, period, bits, seed }) => {
      const register = signedRange(bits);
      const before = numbers(rows * columns, seed);
      const branch = numbers(rows * columns, seed + 1);
      const random = stream(seed).fork("spikes");
      const value = random.integer(2 ** 15);
      const words = Math.ceil(columns / 32);
      const spikes = Uint32Array.from({ length: rows * words }, () => random.word());
      const bitOf = (row: number, c: number) => (spikes[row * words + (c >> 5)] >>> (c & 31)) & 1;
      const { kernels, arena } = kernelsOn();
      const [target, source, packed] = [before.length, branch.length, spikes.length].map((count) => arena.words(count));
      kernels.write(source, branch);
      kernels.write(packed, spikes);
      const joined = (branchOf: (row: number, c: number) => number, join: () => number) => {
        kernels.write(target, before);
        const stopped = join();
        const expected = Float32Array.from(before, (x, i) => x + branchOf(Math.floor(i / columns), i % columns));
        expect(stopped).toBe(saturate(expected, register));
        expect(Array.from(kernels.integers(target, before.length))).toEqual([...expected]);
      };
      const count = before.length;
      joined(
        (row, c) => branch[row * columns + c],
        () => kernels.joinIntegers({ target, source, count, register }),
      );
      joined(
        () => 0,
        () => kernels.joinIntegers({ target, source: null, count, register }),
      );
      joined(
        (row, c) => branch[(row % Math.min(period, rows)) * columns + c],
        () =>
          kernels.joinPeriodicIntegers({
            target,
            table: source,
            period: Math.min(period, rows),
            rows,
            columns,
            register,
          }),
      );
      joined(
        (row, c) => value * bitOf(row, c),
        () =>
          kernels.joinBitsIntegers({ bits: { at: packed, words, features: columns }, rows, value, target, register }),
      );
    }),
    { seed: 1, numRuns: 200 },
  );
});
