import { expect, test } from "vitest";
import { stream } from "../numeric/stream.ts";
import { idealDraws, lfsrDraws, type TileDraws } from "./draws.ts";
import { lfsrNext } from "./lfsr.ts";

const shape = { steps: 4, tokens: 5, dimension: 6 };
const all = (draws: TileDraws, step: number) => {
  const values: number[] = [];
  for (let i = 0; i < shape.tokens; i++) {
    for (let j = 0; j < shape.tokens; j++) values.push(draws.score(step, i, j));
    for (let f = 0; f < shape.dimension; f++) values.push(draws.output(step, i, f));
  }
  return values;
};

test.each([idealDraws, lfsrDraws])("draws are functions of their place, whatever was asked before", (make) => {
  for (const kind of ["independent", "stratified"] as const) {
    const a = make(shape, kind, stream(1));
    const b = make(shape, kind, stream(1));
    const forwards = [0, 1, 2, 3].map((step) => all(a, step));
    expect([3, 2, 1, 0].map((step) => all(b, step)).reverse()).toEqual(forwards);
    expect(all(make(shape, kind, stream(2)), 0)).not.toEqual(forwards[0]);
  }
});

test.each([
  ["ideal", idealDraws],
  ["lfsr", lfsrDraws],
] as const)("%s stratified draws of four steps are a quarter of the range apart", (_name, make) => {
  const draws = make(shape, "stratified", stream(3));
  const range = 2 ** draws.bits;
  const steps = [0, 1, 2, 3].map((step) => all(draws, step));
  for (let n = 0; n < steps[0].length; n++) {
    const offsets = steps.map((values) => (values[n] - steps[0][n] + range) % range);
    expect(offsets).toEqual([0, range / 2, range / 4, (3 * range) / 4]);
  }
});

test("LFSR bytes are those of the registers, clock by clock", () => {
  // 5 tokens need two LFSRs a side; seeds are the stream's first four words, columns before rows.
  const random = stream(4);
  const draws = lfsrDraws(shape, "independent", stream(4));
  let states = [0, 1, 2, 3].map(() => random.word());
  const byte = (side: number, n: number) => (states[2 * side + (n >> 2)] >>> (8 * (n & 3))) & 255;
  for (let clock = 0; clock < 5 * 6; clock++) {
    const [window, f] = [Math.floor(clock / 6), clock % 6];
    for (let i = 0; i < 5; i++) {
      if (window > 0) expect(draws.output(window - 1, i, f)).toBe(byte(0, i));
      if (f === 5 && window < 4) expect(draws.score(window, i, 4 - i)).toBe(byte(0, i) ^ byte(1, 4 - i));
    }
    states = states.map((state) => lfsrNext(state));
  }
  expect(draws.lfsrShifts).toBe(4 * 30);
});
