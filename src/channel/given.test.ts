/** Channels of arrays on the grid: closed forms, windows, parts, and what is refused. */
import { expect, test } from "vitest";
import { channelSpec } from "../experiment/channel.ts";
import { stream } from "../numeric/stream.ts";
import { frequencyResponses, impulseResponses, responsePart } from "./given.ts";
import { gridOf } from "./grid.ts";

const gridFor = (fields: object, nt: number, nr: number) =>
  gridOf(
    channelSpec.parse({ kind: "iid", subcarriers: 5, symbols: 3, pilots: { symbols: [0], comb: 4 }, ...fields }),
    nt,
    nr,
  );
const random = stream(4);
const normals = (count: number) => Float64Array.from({ length: count }, () => random.normal());

test("two paths give their closed form, and one time holds for all symbols", () => {
  const grid = gridFor({}, 1, 1);
  // 1 at delay 0, and j/2 at 5 us: turns by 0.15 of a circle from one subcarrier of 30 kHz to the next.
  const a = { shape: [1, 1, 1, 1, 1, 2, 1], values: Float64Array.of(1, 0, 0, 0.5) };
  const { at } = impulseResponses(a, { shape: [1, 1, 1, 2], values: Float64Array.of(0, 5e-6) }, grid);
  const response = at(0);
  for (let l = 0; l < 3; l++) {
    for (let k = 0; k < 5; k++) {
      const angle = -2 * Math.PI * 0.15 * (k - 2);
      expect(response[2 * (5 * l + k)]).toBeCloseTo(1 - 0.5 * Math.sin(angle), 12);
      expect(response[2 * (5 * l + k) + 1]).toBeCloseTo(0.5 * Math.cos(angle), 12);
    }
  }
});

test("every pair of antennas of several terminals has its own paths, with delays shared or apart", () => {
  const grid = gridFor({ subcarriers: 4 }, 4, 2);
  const [batch, receivers, nr, transmitters, nt, paths, times] = [2, 2, 1, 2, 2, 3, 3];
  const shape = [batch, receivers, nr, transmitters, nt, paths, times];
  const a = { shape, values: normals(2 * 2 * 2 * 4 * 3 * 3) };
  const tau = { shape: [batch, receivers, transmitters, paths], values: normals(24).map((t) => Math.abs(t) * 1e-6) };
  const apart = { shape: shape.slice(0, 6), values: new Float64Array(48) };
  const shared = impulseResponses(a, tau, grid);
  for (let b = 0; b < 2; b++) {
    const response = shared.at(b);
    for (let r = 0; r < 2; r++) {
      for (let t = 0; t < 4; t++) {
        for (let l = 0; l < 3; l++) {
          for (let k = 0; k < 4; k++) {
            let [re, im] = [0, 0];
            for (let p = 0; p < 3; p++) {
              const delay = tau.values[((b * 2 + r) * 2 + (t >> 1)) * 3 + p];
              apart.values[(((b * 2 + r) * 2 + (t >> 1)) * 2 + (t & 1)) * 3 + p] = delay;
              const gain = 2 * (((((b * 2 + r) * 2 + (t >> 1)) * 2 + (t & 1)) * 3 + p) * 3 + l);
              const angle = -2 * Math.PI * (k - 2) * 30e3 * delay;
              re += a.values[gain] * Math.cos(angle) - a.values[gain + 1] * Math.sin(angle);
              im += a.values[gain] * Math.sin(angle) + a.values[gain + 1] * Math.cos(angle);
            }
            const i = 2 * (((l * 4 + k) * 2 + r) * 4 + t);
            expect(response[i]).toBeCloseTo(re, 10);
            expect(response[i + 1]).toBeCloseTo(im, 10);
          }
        }
      }
    }
  }
  const other = impulseResponses(a, apart, grid);
  expect([other.at(0), other.at(1)]).toEqual([shared.at(0), shared.at(1)]);
});

test("frequency responses are reordered, and a narrower grid takes a window", () => {
  const grid = gridFor({}, 2, 2);
  const h = { shape: [2, 1, 2, 1, 2, 3, 9], values: normals(2 * 2 * 4 * 27) };
  const { count, at } = frequencyResponses(h, grid, 3);
  expect(count).toBe(2);
  const response = at(1);
  for (let i = 0; i < response.length / 2; i++) {
    const [l, k, r, a] = [Math.floor(i / 20), Math.floor(i / 4) % 5, (i >> 1) & 1, i & 1];
    const from = 2 * ((((2 + r) * 2 + a) * 3 + l) * 9 + 3 + k);
    expect(response.subarray(2 * i, 2 * i + 2)).toEqual(h.values.subarray(from, from + 2));
  }
});

test("parts of a file have nothing in common and make up all of it", () => {
  const responses = { count: 23, at: (i: number) => Float64Array.of(i) };
  const parts = (["training", "validation", "test"] as const).map((part) => responsePart(responses, part));
  expect(parts.map(({ count }) => count)).toEqual([18, 3, 2]);
  const seen = parts.flatMap(({ count, at }) => Array.from({ length: count }, (_, i) => at(i)[0]));
  expect(seen).toEqual(Array.from({ length: 23 }, (_, i) => i));
  expect(() => parts[1].at(3)).toThrow("0 to 2, but no 3");
  expect(() => responsePart({ ...responses, count: 4 }, "test")).toThrow("none is for test");
});

test("arrays that do not fit are refused by name", () => {
  const grid = gridFor({}, 1, 1);
  const h = (shape: number[], values = new Float64Array(2 * shape.reduce((p, q) => p * q, 1))) => ({ shape, values });
  const fits = [1, 1, 1, 1, 1, 3, 5];
  expect(() => frequencyResponses(h([3, 5]), grid)).toThrow("seven dimensions");
  expect(() => frequencyResponses(h([0, 1, 1, 1, 1, 3, 5]), grid)).toThrow("seven dimensions");
  expect(() => frequencyResponses(h([1, 1, 2, 1, 1, 3, 5]), grid)).toThrow(
    "1 x 2 receive antennas, but the task has 1 and 1",
  );
  expect(() => frequencyResponses(h([1, 1, 1, 1, 1, 4, 5]), grid)).toThrow("4 symbols, but the slot has 3");
  expect(() => frequencyResponses(h(fits), grid, 1)).toThrow("from 0 to 0");
  expect(() => frequencyResponses(h(fits, new Float64Array(15)), grid)).toThrow(
    "has 30 real and imaginary parts, not 15",
  );
  expect(() => frequencyResponses(h(fits, new Float64Array(30).fill(Number.NaN)), grid)).toThrow(
    "Number 0 of h_freq is NaN",
  );
  expect(() => frequencyResponses(h(fits), grid).at(1)).toThrow("0 to 0, but no 1");
  const a = h([1, 1, 1, 1, 1, 2, 3]);
  expect(() => impulseResponses(h([1, 1, 1, 1, 1, 2, 4]), h([1]), grid)).toThrow("4 times, but the slot has 3 symbols");
  expect(() => impulseResponses(a, { shape: [1, 2], values: new Float64Array(2) }, grid)).toThrow("(1, 1, 1, 2)");
  expect(() => impulseResponses(a, { shape: [1, 1, 1, 2], values: new Float64Array(3) }, grid)).toThrow(
    "2 values, not 3",
  );
});
