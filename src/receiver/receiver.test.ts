// @module-tag slow
import fc from "fast-check";
import { expect, test } from "vitest";
import { expectMean } from "../../test/support/sampling.ts";
import { gridOf } from "../channel/grid.ts";
import { channelModel } from "../channel/model.ts";
import { responseCovariance } from "../channel/response.ts";
import { drawSlot } from "../channel/slot.ts";
import type { ChannelModel } from "../channel/taps.ts";
import { channelSpec, type DrawnChannelSpec } from "../experiment/channel.ts";
import { symbolDetectionSpec } from "../experiment/task.ts";
import { stream } from "../numeric/stream.ts";
import { antennaSymbols } from "../task/link.ts";
import { sphereDecoder } from "../task/sphere-decoder.ts";
import { detectSlot, jointDetector, type LlrForm, mmseDetector } from "./detect.ts";
import { knownChannel, leastSquares, pilotEstimates } from "./estimate.ts";
import { AGREED, kBestDetector } from "./k-best.ts";
import { lmmseEstimator } from "./lmmse.ts";

const drawn = (fields: object) => channelSpec.parse(fields) as DrawnChannelSpec;

type Complex = readonly [number, number];

const times = ([a, b]: Complex, [c, d]: Complex): Complex => [a * c - b * d, a * d + b * c];
const minus = ([a, b]: Complex, [c, d]: Complex): Complex => [a - c, b - d];
const conjugate = ([a, b]: Complex): Complex => [a, -b];
const over = (p: Complex, q: Complex): Complex => {
  const [re, im] = times(p, conjugate(q));
  const size = q[0] ** 2 + q[1] ** 2;
  return [re / size, im / size];
};

/** Solves A x = b by Gauss-Jordan elimination with pivots. */
function solve(matrix: readonly (readonly Complex[])[], right: readonly Complex[]): Complex[] {
  const rows = matrix.map((row, i) => [...row, right[i]]);
  rows.forEach((_, i) => {
    const size = ([re, im]: Complex) => Math.hypot(re, im);
    const pivot = rows.findIndex(
      (row, j) => j >= i && size(row[i]) === Math.max(...rows.slice(i).map((r) => size(r[i]))),
    );
    [rows[i], rows[pivot]] = [rows[pivot], rows[i]];
    rows[i] = rows[i].map((value, _, row) => over(value, row[i]));
    rows.forEach((row, j) => {
      if (j !== i) rows[j] = row.map((value, k) => minus(value, times(row[i], rows[i][k])));
    });
  });
  return rows.map((row) => row[row.length - 1]);
}

const at = (values: Float64Array, i: number): Complex => [values[2 * i], values[2 * i + 1]];
const normals = (count: number, seed: number): Float64Array => {
  const random = stream(seed);
  return Float64Array.from({ length: 2 * count }, () => Math.SQRT1_2 * random.normal());
};

const linkOf = (fields: object, nt = 2, nr = 2) => {
  const spec = drawn({ kind: "tdl", ...fields });
  return { grid: gridOf(spec, nt, nr), model: channelModel(spec, nt, nr) };
};
const sizesOf = (modulation: string, transmitAntennas = 2, receiveAntennas = 2) => {
  const spec = symbolDetectionSpec.parse({ modulation, transmitAntennas, receiveAntennas });
  return { spec, sizes: { transmitAntennas, receiveAntennas, points: antennaSymbols(spec) } };
};
const QPSK = sizesOf("qpsk").sizes.points;

test("without noise, least squares is exact on the pilots of every antenna, over any channel", () => {
  const cases = fc.record({
    kind: fc.constantFrom("iid", "tdl", "cdl"),
    nt: fc.integer({ min: 1, max: 4 }),
    nr: fc.integer({ min: 1, max: 3 }),
    seed: fc.integer({ min: 0, max: 1000 }),
  });
  fc.assert(
    fc.property(cases, ({ kind, nt, nr, seed }) => {
      const { grid, model } = linkOf({ kind, pilots: { comb: 4, boostDecibels: 3 }, speedMetresPerSecond: 30 }, nt, nr);
      const slot = drawSlot({ model, grid, points: QPSK, noiseVariance: 0 }, stream(seed), 0);
      const { channel } = leastSquares(slot, grid);
      for (let a = 0; a < nt; a++) {
        for (const element of grid.pilots[a]) {
          for (let r = 0; r < nr; r++) {
            const i = 2 * ((element * nr + r) * nt + a);
            expect(Math.hypot(channel[i] - slot.channel[i], channel[i + 1] - slot.channel[i + 1])).toBeLessThan(1e-12);
          }
        }
      }
    }),
    { numRuns: 25 },
  );
});

test("least squares is exact everywhere on a flat channel, and between pilots on one that is linear over the grid", () => {
  const flat = linkOf({ kind: "iid" });
  const slot = drawSlot({ ...flat, points: QPSK, noiseVariance: 0 }, stream(1), 0);
  leastSquares(slot, flat.grid).channel.forEach((value, i) => void expect(value).toBeCloseTo(slot.channel[i], 12));

  // H = k + 10 j l with one antenna: pilots of 1 on subcarriers 0, 2, ..., 10 of symbols 2 and 11.
  const { grid } = linkOf({}, 1, 1);
  const channel = new Float64Array(2 * 168);
  for (let i = 0; i < 168; i++) channel.set([i % 12, 10 * Math.floor(i / 12)], 2 * i);
  const sent = new Float64Array(2 * 168).map((_, i) => (i % 2 === 0 ? 1 : 0));
  const estimate = leastSquares({ sent, received: channel, noiseVariance: 0 }, grid).channel;
  for (let i = 0; i < 168; i++) {
    const [k, l] = [Math.min(i % 12, 10), Math.min(11, Math.max(2, Math.floor(i / 12)))];
    expect(estimate[2 * i]).toBeCloseTo(k, 12);
    expect(estimate[2 * i + 1]).toBeCloseTo(10 * l, 12);
  }
});

test("least squares tells the variance that its pilots' noise leaves", () => {
  // A channel of 0: what is estimated is the error, of both antennas.
  const { grid } = linkOf({ pilots: { boostDecibels: 3 } }, 2, 1);
  const still = linkOf({ kind: "iid" }, 2, 1);
  const noise = 0.4;
  const errors = Array.from({ length: 168 }, () => [] as number[]);
  for (let draw = 0; draw < 800; draw++) {
    const { sent } = drawSlot({ ...still, points: QPSK, noiseVariance: 0 }, stream(2), draw);
    const boosted = sent.map((x) => x * 10 ** 0.15);
    const received = normals(168, 100 + draw).map((x) => Math.sqrt(noise) * x);
    const { channel } = leastSquares({ sent: boosted, received, noiseVariance: noise }, grid);
    errors.forEach((own, i) => void own.push(channel.subarray(4 * i, 4 * i + 4).reduce((sum, h) => sum + h * h, 0)));
  }
  const slot = { sent: new Float64Array(672), received: new Float64Array(336), noiseVariance: noise };
  const told = leastSquares(slot, grid).noise;
  for (const element of [0, 7, 24, 25, 66, 78, 167])
    expectMean(errors[element], told[element] - noise, `element ${element}`);
});

test("LMMSE is the textbook's formula, worked densely from the taps", () => {
  for (const kind of ["tdl", "cdl"] as const) {
    const shape = { subcarriers: 4, symbols: 5, pilots: { symbols: [0, 3], boostDecibels: 2 } };
    const { grid, model } = linkOf({ kind, delaySpreadNanoseconds: 900, speedMetresPerSecond: 120, ...shape });
    const variance = 0.2;
    const slot = drawSlot({ model, grid, points: QPSK, noiseVariance: variance }, stream(3), 0);
    const estimate = lmmseEstimator(model, grid, variance)(slot);
    const covariance = (p: number, q: number): Complex => {
      const apart = grid.times[Math.floor(p / 4)] - grid.times[Math.floor(q / 4)];
      let sum: Complex = [0, 0];
      model.taps.forEach(({ delay, power }, tap) => {
        const phase = -2 * Math.PI * ((p % 4) - (q % 4)) * 30e3 * delay;
        const late = 1 - Math.max(0, delay - grid.prefix) * 30e3;
        const scale = power * late ** 2;
        sum = minus(
          sum,
          times([-scale * Math.cos(phase), -scale * Math.sin(phase)], model.autocorrelation(tap, apart)),
        );
      });
      return sum;
    };
    const errors = new Float64Array(20);
    for (const a of [0, 1]) {
      const pilots = [...grid.pilots[a]];
      const load = variance / 10 ** 0.2;
      const matrix = pilots.map((p) =>
        pilots.map((q) => (p === q ? minus(covariance(p, q), [-load, 0]) : covariance(p, q))),
      );
      for (const r of [0, 1]) {
        const seen = pilots.map((_, i) => at(pilotEstimates(slot, grid, r, a), i));
        const weights = solve(matrix, seen);
        for (let element = 0; element < 20; element++) {
          const terms = pilots.map((pilot, i) => times(covariance(element, pilot), weights[i]));
          const i = 2 * ((element * 2 + r) * 2 + a);
          expect(estimate.channel[i]).toBeCloseTo(
            terms.reduce((sum, [re]) => sum + re, 0),
            10,
          );
          expect(estimate.channel[i + 1]).toBeCloseTo(
            terms.reduce((sum, [, im]) => sum + im, 0),
            10,
          );
        }
      }
      for (let element = 0; element < 20; element++) {
        const row = pilots.map((pilot) => covariance(pilot, element));
        const solved = solve(matrix, row);
        errors[element] +=
          covariance(element, element)[0] - row.reduce((sum, p, i) => sum + times(conjugate(p), solved[i])[0], 0);
      }
    }
    errors.forEach((error, i) => void expect(estimate.noise[i]).toBeCloseTo(variance + error, 10));
  }
});

test("LMMSE errs as much as it says, and less than least squares", () => {
  const { grid, model } = linkOf({ delaySpreadNanoseconds: 300, speedMetresPerSecond: 30 }, 2, 1);
  const estimator = lmmseEstimator(model, grid, 0.1);
  const errors: number[] = [];
  const others: number[] = [];
  for (let draw = 0; draw < 300; draw++) {
    const slot = drawSlot({ model, grid, points: QPSK, noiseVariance: 0.1 }, stream(4), draw);
    const squares = (estimate: Float64Array) =>
      estimate.reduce((sum, h, i) => sum + (h - slot.channel[i]) ** 2, 0) / 168;
    errors.push(squares(estimator(slot).channel));
    others.push(squares(leastSquares(slot, grid).channel));
  }
  const slot = drawSlot({ model, grid, points: QPSK, noiseVariance: 0.1 }, stream(4), 0);
  const told = estimator(slot).noise.reduce((sum, noise) => sum + noise - 0.1, 0) / 168;
  expectMean(errors, told, "error of both antennas");
  expect(others.reduce((sum, error) => sum + error) / 300).toBeGreaterThan(1.5 * told);
  expect(responseCovariance(model, grid)[2 * 11]).toBeGreaterThan(0.99);
});

test("LMMSE refuses a grid with too many pilots by name", () => {
  const { grid, model } = linkOf({ subcarriers: 600 });
  expect(() => lmmseEstimator(model, grid, 0.1)).toThrow("at most 512; this grid has 600");
});

test("MMSE ratios are those of a brute-force solution of (H H^H + v I)", () => {
  const { sizes } = sizesOf("16qam", 2, 3);
  const [channel, y, noise] = [normals(6, 5), normals(3, 6), 0.3];
  // w_a = (H H^H + v I)^-1 h_a: an equal filter in the other form; u = w_a^H h_a.
  const column = (a: number) => [0, 1, 2].map((r) => at(channel, 2 * r + a));
  const matrix = [0, 1, 2].map((r) =>
    [0, 1, 2].map((s): Complex => {
      const terms = [0, 1].map((a) => times(column(a)[r], conjugate(column(a)[s])));
      return [terms[0][0] + terms[1][0] + (r === s ? noise : 0), terms[0][1] + terms[1][1]];
    }),
  );
  for (const form of ["exact", "max-log"] as const) {
    const out = new Float64Array(8);
    mmseDetector(sizes, form)(channel, 0, y, 0, noise, out, 0);
    for (const a of [0, 1]) {
      const filter = solve(matrix, column(a));
      const dot = (v: readonly Complex[]) =>
        v.map((value, r) => times(conjugate(filter[r]), value)).reduce((p, q): Complex => [p[0] + q[0], p[1] + q[1]]);
      const gain = dot(column(a))[0];
      const heard = dot([0, 1, 2].map((r) => at(y, r)));
      const likelihoods = Array.from({ length: 16 }, (_, word) => {
        const [re, im] = minus([heard[0] / gain, heard[1] / gain], at(sizes.points, word));
        return Math.exp(-((re * re + im * im) * gain) / (1 - gain));
      });
      for (let bit = 0; bit < 4; bit++) {
        expect(out[4 * a + bit]).toBeCloseTo(ratioOf(likelihoods, 4, bit, form), 8);
      }
    }
  }
});

/** ln of the likelihoods with bit 0 over those with bit 1: sums or the largest. */
function ratioOf(likelihoods: readonly number[], bits: number, bit: number, form: LlrForm): number {
  const sideOf = (value: number) => likelihoods.filter((_, c) => Math.floor(c / 2 ** (bits - 1 - bit)) % 2 === value);
  const merge = (side: number[]) => (form === "exact" ? side.reduce((sum, p) => sum + p) : Math.max(...side));
  return Math.log(merge(sideOf(0)) / merge(sideOf(1)));
}

test("joint ratios are those of an enumeration of all classes", () => {
  for (const modulation of ["bpsk", "qpsk", "16qam"]) {
    const { sizes } = sizesOf(modulation, 2, 2);
    const [channel, y, noise] = [normals(4, 7), normals(2, 8), 0.7];
    const symbols = sizes.points.length / 2;
    const likelihoods = Array.from({ length: symbols ** 2 }, (_, c) => {
      const x = [at(sizes.points, Math.floor(c / symbols)), at(sizes.points, c % symbols)];
      const distance = [0, 1].reduce((sum, r) => {
        const rest = [0, 1].reduce((left, a) => minus(left, times(at(channel, 2 * r + a), x[a])), at(y, r));
        return sum + rest[0] ** 2 + rest[1] ** 2;
      }, 0);
      return Math.exp(-distance / noise);
    });
    const bits = Math.log2(likelihoods.length);
    for (const form of ["exact", "max-log"] as const) {
      const out = new Float64Array(bits);
      jointDetector(sizes, form)(channel, 0, y, 0, noise, out, 0);
      out.forEach((ratio, bit) => void expect(ratio).toBeCloseTo(ratioOf(likelihoods, bits, bit, form), 9));
    }
  }
});

test("K-best with all classes has the ratios of all classes, and their signs are the sphere decoder's decision", () => {
  const cases = fc.record({
    modulation: fc.constantFrom("qpsk", "16qam"),
    nr: fc.integer({ min: 1, max: 3 }),
    seed: fc.integer({ min: 0, max: 1e6 }),
    noise: fc.double({ min: 0.01, max: 2, noNaN: true }),
  });
  fc.assert(
    fc.property(cases, ({ modulation, nr, seed, noise }) => {
      const { spec, sizes } = sizesOf(modulation, 2, nr);
      const [channel, y] = [normals(2 * nr, seed), normals(nr, seed + 1).map((x) => 2 * x)];
      const bits = Math.log2((sizes.points.length / 2) ** 2);
      const [best, joint] = [new Float64Array(bits), new Float64Array(bits)];
      kBestDetector(sizes, 2 ** bits)(channel, 0, y, 0, noise, best, 0);
      jointDetector(sizes, "max-log")(channel, 0, y, 0, noise, joint, 0);
      best.forEach((ratio, bit) => void expect(Math.abs(ratio - joint[bit])).toBeLessThan(1e-9 * (1 + 1 / noise)));
      const word = joint.reduce((left, ratio) => 2 * left + (ratio < 0 ? 1 : 0), 0);
      if (joint.every((ratio) => Math.abs(ratio) > 1e-9)) expect(word).toBe(sphereDecoder(spec)(channel, 0, y, 0));
    }),
  );
});

test("K-best with one survivor is decision feedback, and says nothing of other values", () => {
  const { sizes } = sizesOf("qpsk", 2, 2);
  // An orthogonal channel of gain 2: each antenna's own sign.
  const channel = Float64Array.of(2, 0, 0, 0, 0, 0, 2, 0);
  const out = new Float64Array(4);
  kBestDetector(sizes, 1)(channel, 0, Float64Array.of(1, -1, -1, 1), 0, 0.1, out, 0);
  expect([...out]).toEqual([AGREED, -AGREED, -AGREED, AGREED]);
});

test("the ratio of a bit without a counterexample is that of one error in 3000", () => {
  expect((1 + Math.exp(AGREED)) / 3000).toBeCloseTo(1, 1);
});

test("detectors refuse what they cannot list, by name", () => {
  expect(() => jointDetector(sizesOf("16qam", 4, 4).sizes, "exact")).toThrow("2^16 classes");
  expect(() => kBestDetector(sizesOf("qpsk").sizes, 0)).toThrow("K-best keeps 1 to 65536 vectors, not 0");
  const three = { transmitAntennas: 1, receiveAntennas: 1, points: new Float64Array(6) };
  expect(() => mmseDetector(three, "exact")).toThrow("3 have no binary digits");
  const { grid } = linkOf({});
  const short = { sent: new Float64Array(2), received: new Float64Array(2), noiseVariance: 1 };
  expect(() => leastSquares(short, grid)).toThrow("this slot has 2 and 2");
});

/** Errors of every bit of a slot. */
function bitErrors(words: Int32Array, ratios: Float64Array): number[] {
  return Array.from(ratios, (ratio, i) => (((words[i >> 1] >> (1 - (i & 1))) & 1) === (ratio < 0 ? 1 : 0) ? 0 : 1));
}

/** Gain 1 at all times. */
const AWGN: ChannelModel = {
  transmitAntennas: 1,
  receiveAntennas: 1,
  taps: [{ delay: 0, power: 1 }],
  gains: ({ length }) => Float64Array.from({ length: 2 * length }, (_, i) => 1 - (i % 2)),
  autocorrelation: () => [1, 0],
};

/** Q by the integral of Craig's formula. */
const tail = (x: number): number => {
  let sum = 0;
  for (let i = 0; i < 4000; i++) sum += Math.exp(-(x * x) / (2 * Math.sin((Math.PI * (i + 0.5)) / 8000) ** 2)) / 4000;
  return sum / 2;
};

test("uncoded QPSK has the closed forms' bit error rates: Q(sqrt(g)) on AWGN, (1 - sqrt(g / (2 + g))) / 2 on flat Rayleigh", () => {
  const { sizes } = sizesOf("qpsk", 1, 1);
  const { grid, model } = linkOf({ kind: "iid", subcarriers: 1, symbols: 2, pilots: { symbols: [0], comb: 1 } }, 1, 1);
  const wide = linkOf({ kind: "iid", subcarriers: 600 }, 1, 1).grid;
  const detectors = [jointDetector(sizes, "exact"), mmseDetector(sizes, "max-log"), kBestDetector(sizes, 4)];
  for (const decibels of [2, 6]) {
    const snr = 10 ** (decibels / 10);
    const awgn = drawSlot({ model: AWGN, grid: wide, points: QPSK, noiseVariance: 1 / snr }, stream(9), 0);
    const fades = Array.from({ length: 6000 }, (_, index) =>
      drawSlot({ model, grid, points: QPSK, noiseVariance: 1 / snr }, stream(10), index),
    );
    for (const detector of detectors) {
      const ratios = detectSlot(knownChannel(awgn, wide), awgn.received, wide, detector, 2);
      expectMean(bitErrors(awgn.words, ratios), tail(Math.sqrt(snr)), `AWGN, ${decibels} dB`);
      const rates = fades.map((slot) => {
        const errors = bitErrors(slot.words, detectSlot(knownChannel(slot, grid), slot.received, grid, detector, 2));
        return (errors[0] + errors[1]) / 2;
      });
      expectMean(rates, (1 - Math.sqrt(snr / (2 + snr))) / 2, `Rayleigh, ${decibels} dB`);
    }
  }
});

test("on a fading slot, a known channel errs least, then LMMSE, then least squares", () => {
  const { sizes } = sizesOf("16qam", 2, 2);
  const { grid, model } = linkOf({ delaySpreadNanoseconds: 300, speedMetresPerSecond: 30, subcarriers: 24 });
  const variance = 0.03;
  const lmmse = lmmseEstimator(model, grid, variance);
  const detector = mmseDetector(sizes, "max-log");
  const wrong = [0, 0, 0];
  for (let index = 0; index < 40; index++) {
    const slot = drawSlot({ model, grid, points: sizes.points, noiseVariance: variance }, stream(11), index);
    [knownChannel(slot, grid), lmmse(slot), leastSquares(slot, grid)].forEach((estimate, i) => {
      const ratios = detectSlot(estimate, slot.received, grid, detector, 4);
      ratios.forEach((ratio, j) => {
        if (((slot.words[j >> 2] >> (3 - (j & 3))) & 1) !== (ratio < 0 ? 1 : 0)) wrong[i]++;
      });
    });
  }
  expect(wrong[0]).toBeGreaterThan(100);
  expect(wrong[1]).toBeGreaterThan(1.02 * wrong[0]);
  expect(wrong[2]).toBeGreaterThan(1.1 * wrong[1]);
});
