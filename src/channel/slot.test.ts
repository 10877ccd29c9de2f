// @module-tag slow
import fc from "fast-check";
import { expect, test } from "vitest";
import { expectComplexMean, expectMean, timesConjugate } from "../../test/support/sampling.ts";
import { channelSpec, type DrawnChannelSpec } from "../experiment/channel.ts";
import { stream } from "../numeric/stream.ts";
import { gridOf, noiseVarianceAt, slotRates } from "./grid.ts";
import { channelModel } from "./model.ts";
import { drawResponse, interferencePower, responseCovariance } from "./response.ts";
import { drawSlot } from "./slot.ts";
import type { ChannelModel } from "./taps.ts";

const QPSK = Float64Array.of(1, 1, 1, -1, -1, 1, -1, -1).map((x) => x * Math.SQRT1_2);
const specOf = (fields: object) => channelSpec.parse(fields) as DrawnChannelSpec;

function linkOf(fields: object, nt = 2, nr = 2) {
  const spec = specOf({ kind: "tdl", ...fields });
  return { spec, grid: gridOf(spec, nt, nr), model: channelModel(spec, nt, nr) };
}

test("every element carries data or the pilot of one antenna, and pilots of antennas are equally many", () => {
  const shapes = fc.record({
    nt: fc.integer({ min: 1, max: 4 }),
    extra: fc.integer({ min: 0, max: 2 }),
    blocks: fc.integer({ min: 1, max: 3 }),
    symbols: fc.uniqueArray(fc.integer({ min: 0, max: 13 }), { minLength: 1, maxLength: 4 }),
  });
  fc.assert(
    fc.property(shapes, ({ nt, extra, blocks, symbols }) => {
      const comb = nt + extra;
      const pilots = { comb, symbols: symbols.sort((a, b) => a - b) };
      const { grid } = linkOf({ subcarriers: comb * 4 * blocks, pilots }, nt, 1);
      const all = [...grid.data, ...grid.pilots.flatMap((elements) => [...elements])];
      expect(new Set(all).size).toBe(grid.symbols * grid.subcarriers);
      expect(all.length).toBe(grid.symbols * grid.subcarriers);
      expect(grid.pilots.map(({ length }) => length)).toEqual(Array(nt).fill(4 * blocks * symbols.length));
    }),
  );
});

test("in a pilot's element no other antenna sends, and its power is the boost", () => {
  const { grid, model } = linkOf({ pilots: { boostDecibels: 3 } });
  const { sent } = drawSlot({ model, grid, points: QPSK, noiseVariance: 0 }, stream(1), 0);
  grid.pilots.forEach((elements, a) => {
    for (const element of elements) {
      for (const b of [0, 1]) {
        const at = 2 * (2 * element + b);
        expect(sent[at] ** 2 + sent[at + 1] ** 2).toBeCloseTo(a === b ? 10 ** 0.3 : 0, 12);
      }
    }
  });
});

test("pilots are the four QPSK points, equally often", () => {
  const { grid, model } = linkOf({ subcarriers: 600 });
  const { sent } = drawSlot({ model, grid, points: QPSK, noiseVariance: 0 }, stream(1), 0);
  grid.pilots.forEach((elements, a) => {
    const points = Array.from(elements, (element) => {
      const at = 2 * (2 * element + a);
      return 2 * Number(sent[at] < 0) + Number(sent[at + 1] < 0);
    });
    for (const point of [0, 1, 2, 3]) {
      expectMean(
        points.map((own) => Number(own === point)),
        0.25,
        `antenna ${a}, point ${point}`,
      );
    }
  });
});

test("pilots and cyclic prefix count as overhead in the rate and in Eb/N0", () => {
  // 2 of 14 symbols are pilots; QPSK at rate 1/2 over 2 antennas: 144 elements, 288 bits in 14 symbols of 35.68 us and 360 kHz.
  const { grid } = linkOf({});
  const rates = slotRates(grid, 2, 0.5);
  expect(rates.codedBits).toBe(576);
  expect(rates.informationBits).toBe(288);
  expect(rates.pilotOverhead).toBeCloseTo(1 / 7, 14);
  expect(rates.prefixOverhead).toBeCloseTo(144 / 2192, 14);
  expect(rates.duration).toBeCloseTo(14 * (1 / 30e3) * (1 + 144 / 2048), 14);
  expect(rates.spectralEfficiency).toBeCloseTo(288 / (rates.duration * 360e3), 12);
  // Energy: 144 elements of 2 antennas and 24 pilots, times 1 + 144 / 2048.
  const energy = (288 + 24) * (1 + 144 / 2048);
  expect(noiseVarianceAt(10, grid, 2, 0.5)).toBeCloseTo(energy / 288 / 10, 12);
});

test("the response is the sum of the taps, delayed by each tap's phase over frequency", () => {
  const { model, grid } = linkOf({
    profile: "D",
    subcarriers: 5,
    symbols: 3,
    pilots: { symbols: [1] },
    speedMetresPerSecond: 50,
  });
  const response = drawResponse(model, grid, stream(2).fork(0));
  const gains = model.gains(grid.times, stream(2).fork(0));
  for (let symbol = 0; symbol < 3; symbol++) {
    for (let k = 0; k < 5; k++) {
      let [re, im] = [0, 0];
      model.taps.forEach(({ delay }, tap) => {
        const phase = -2 * Math.PI * (k - 2) * 30e3 * delay;
        const at = 2 * ((tap * 3 + symbol) * 4 + 1);
        re += gains[at] * Math.cos(phase) - gains[at + 1] * Math.sin(phase);
        im += gains[at] * Math.sin(phase) + gains[at + 1] * Math.cos(phase);
      });
      const at = 2 * ((symbol * 5 + k) * 4 + 1);
      expect(response[at]).toBeCloseTo(re, 12);
      expect(response[at + 1]).toBeCloseTo(im, 12);
    }
  }
});

test.each(["tdl", "cdl"])("the covariance over time and frequency is that of the responses: %s", (kind) => {
  const fields = { kind, profile: "C", delaySpreadNanoseconds: 1000, speedMetresPerSecond: 100 };
  const { model, grid } = linkOf({ ...fields, subcarriers: 6, symbols: 8, pilots: { symbols: [1] } }, 1, 1);
  const table = responseCovariance(model, grid);
  const draws = Array.from({ length: 600 }, (_, index) => drawResponse(model, grid, stream(3).fork(index)));
  for (const [later, k, i] of [
    [0, 0, 0],
    [0, 5, 0],
    [0, 0, 3],
    [7, 2, 2],
    [7, 0, 5],
  ]) {
    const at = 2 * (later * 11 + k - i + 5);
    const products = draws.map((response) => timesConjugate(response, later * 6 + k, response, i));
    expectComplexMean(products, [table[at], table[at + 1]], `${later}, ${k}, ${i}`);
  }
});

/** One tap of power 1 at a delay, the same at all times. */
const oneTap = (delay: number, nt = 1): ChannelModel => ({
  transmitAntennas: nt,
  receiveAntennas: 1,
  taps: [{ delay, power: 1 }],
  gains: (times) => Float64Array.from({ length: 2 * nt * times.length }, (_, i) => (i % 2 === 0 ? 1 : 0)),
  autocorrelation: () => [1, 0],
});

test("a tap later than the prefix leaves the share and the interference that a waveform in time shows", () => {
  // 64 samples a symbol, 16 of prefix, one tap 24 samples late: 8 samples, x = 1/8, hold the symbol before.
  const [size, prefix, late] = [64, 16, 24];
  const spec = specOf({ kind: "iid", spacingKilohertz: 1000 / size, cyclicPrefix: prefix / size, subcarriers: size });
  const grid = gridOf(spec, 1, 1);
  const model = oneTap(late * 1e-6);
  expect(interferencePower(model, grid)).toBeCloseTo(1 - (7 / 8) ** 2, 9);
  const response = drawResponse(model, grid, stream(0));
  expect(Math.hypot(response[0], response[1])).toBeCloseTo(7 / 8, 9);

  const random = stream(4);
  const symbolOf = () => {
    const x = Float64Array.from({ length: 2 * size }, () => (random.integer(2) === 0 ? 1 : -1) * Math.SQRT1_2);
    const wave = new Float64Array(2 * size);
    for (let n = 0; n < size; n++) addTurned(wave, n, x, (k) => (k * n) / size, 1 / Math.sqrt(size));
    return { x, wave };
  };
  const errors: number[] = [];
  for (let trial = 0; trial < 60; trial++) {
    const [before, own] = [symbolOf(), symbolOf()];
    const heard = new Float64Array(2 * size);
    for (let n = 0; n < size; n++) {
      // Sample n - late of the own symbol, whose prefix repeats its end; earlier ones are the end of the symbol before.
      const at = n - late;
      const [source, sample] = at >= -prefix ? [own.wave, (at + size) % size] : [before.wave, at + prefix + size];
      heard[2 * n] = source[2 * sample];
      heard[2 * n + 1] = source[2 * sample + 1];
    }
    const bins = new Float64Array(2 * size);
    for (let k = 0; k < size; k++) {
      addTurned(bins, k, heard, (n) => (-k * n) / size, 1 / Math.sqrt(size));
      const turn = (-2 * Math.PI * k * late) / size;
      const [re, im] = [0.875 * Math.cos(turn), 0.875 * Math.sin(turn)];
      const useful = [re * own.x[2 * k] - im * own.x[2 * k + 1], re * own.x[2 * k + 1] + im * own.x[2 * k]];
      errors.push((bins[2 * k] - useful[0]) ** 2 + (bins[2 * k + 1] - useful[1]) ** 2);
    }
  }
  expectMean(errors, 1 - (7 / 8) ** 2, "interference", 5);
});

/** out[at] += scale sum over i of values[i] e^(j 2 pi turns(i)). */
function addTurned(out: Float64Array, at: number, values: Float64Array, turns: (i: number) => number, scale: number) {
  for (let i = 0; i < values.length / 2; i++) {
    const [c, s] = [Math.cos(2 * Math.PI * turns(i)), Math.sin(2 * Math.PI * turns(i))];
    out[2 * at] += scale * (values[2 * i] * c - values[2 * i + 1] * s);
    out[2 * at + 1] += scale * (values[2 * i] * s + values[2 * i + 1] * c);
  }
}

test("delays within the prefix do not interfere, and a delay of a whole symbol is refused", () => {
  const { model, grid } = linkOf({ profile: "C", delaySpreadNanoseconds: 100 });
  expect(interferencePower(model, grid)).toBe(0);
  const late = linkOf({ profile: "E", delaySpreadNanoseconds: 10_000 });
  expect(() => interferencePower(late.model, late.grid)).toThrow(
    "more than a symbol of 33.33 us and its prefix of 2.34 us",
  );
});

test("what arrives is the channel times what was sent, plus noise of the given variance", () => {
  const { model, grid } = linkOf({ subcarriers: 48 }, 2, 3);
  const quiet = drawSlot({ model, grid, points: QPSK, noiseVariance: 0 }, stream(5), 7);
  const slot = drawSlot({ model, grid, points: QPSK, noiseVariance: 0.3 }, stream(5), 7);
  for (const part of ["channel", "sent", "words"] as const) expect(slot[part]).toEqual(quiet[part]);
  const { channel, sent, received } = quiet;
  for (const element of [0, 100, 671]) {
    let re = 0;
    for (const a of [0, 1]) {
      const [h, x] = [2 * ((element * 3 + 2) * 2 + a), 2 * (element * 2 + a)];
      re += channel[h] * sent[x] - channel[h + 1] * sent[x + 1];
    }
    expect(received[2 * (element * 3 + 2)]).toBeCloseTo(re, 12);
  }
  expectMean(
    slot.received.map((value, i) => (value - received[i]) ** 2),
    0.15,
    "noise of a part",
  );
});

test("a slot depends on the seed and its index only", () => {
  const { model, grid } = linkOf({ speedMetresPerSecond: 10 });
  const request = { model, grid, points: QPSK, noiseVariance: 0.1 };
  const later = drawSlot(request, stream(6), 3);
  const random = stream(6);
  for (const index of [5, 0]) drawSlot(request, random, index);
  expect(drawSlot(request, random, 3)).toEqual(later);
  expect(drawSlot(request, random, 4).received).not.toEqual(later.received);
  expect(drawSlot(request, stream(7), 3).received).not.toEqual(later.received);
});

test("given words are sent, and wrong ones refused", () => {
  const { model, grid } = linkOf({});
  const request = { model, grid, points: QPSK, noiseVariance: 0 };
  const words = Array.from({ length: 288 }, (_, i) => i % 4);
  const { sent } = drawSlot({ ...request, words }, stream(1), 0);
  expect(sent.subarray(2 * 2 * grid.data[5], 2 * 2 * grid.data[5] + 2)).toEqual(QPSK.subarray(4, 6));
  expect(() => drawSlot({ ...request, words: [0] }, stream(1), 0)).toThrow("carry 288 words, but 1 were given");
  expect(() => drawSlot({ ...request, words: words.fill(4, 9, 10) }, stream(1), 0)).toThrow("Word 9 is 4");
  expect(() => drawSlot({ ...request, noiseVariance: Number.NaN }, stream(1), 0)).toThrow("not NaN");
});

test("specs that make no grid are refused by field", () => {
  const fieldsOf = (fields: object) =>
    channelSpec.safeParse({ kind: "tdl", ...fields }).error?.issues.map(({ path }) => path.join("."));
  expect(fieldsOf({ pilots: { symbols: [14] } })).toEqual(["pilots.symbols"]);
  expect(fieldsOf({ pilots: { symbols: [3, 3] } })).toEqual(["pilots.symbols"]);
  expect(fieldsOf({ subcarriers: 1 })).toEqual(["pilots.comb"]);
  expect(fieldsOf({ profile: "F" })).toEqual(["profile"]);
  expect(fieldsOf({ delaySpreadNanoseconds: -1 })).toEqual(["delaySpreadNanoseconds"]);
  expect(fieldsOf({ speedMetresPerSecond: Number.POSITIVE_INFINITY })).toEqual(["speedMetresPerSecond"]);
  expect(fieldsOf({})).toBeUndefined();
  expect(() => linkOf({}, 3, 1)).toThrow("keeps the pilots of 2 antennas apart, but there are 3 transmit antennas");
});
