// @module-tag slow
import { expect, test } from "vitest";
import { delaySpread, expectComplexMean, expectMean, timesConjugate } from "../../test/support/sampling.ts";
import { channelSpec, type DrawnChannelSpec } from "../experiment/channel.ts";
import { stream } from "../numeric/stream.ts";
import { channelModel } from "./model.ts";
import { profileOf } from "./profiles.ts";
import { wavesFor } from "./tapped.ts";
import { dopplerShift } from "./taps.ts";

const specOf = (fields: object) => channelSpec.parse(fields) as DrawnChannelSpec;

/** J0 by its power series, for arguments below 10. */
function besselJ0(x: number): number {
  let [sum, term] = [1, 1];
  for (let n = 1; n < 60; n++) {
    term *= -(x * x) / (4 * n * n);
    sum += term;
  }
  return sum;
}

const LINES = (["tdl", "cdl"] as const).flatMap((kind) =>
  (["A", "B", "C", "D", "E"] as const).map((profile) => ({ kind, profile })),
);

test.each(LINES)(
  "$kind $profile has its power-delay profile, total power 1 and RMS delay spread",
  ({ kind, profile }) => {
    const spec = specOf({ kind, profile, delaySpreadNanoseconds: 300 });
    const model = channelModel(spec, 1, 2);
    const draws = 400;
    const powers = model.taps.map(() => new Float64Array(draws));
    for (let draw = 0; draw < draws; draw++) {
      const gains = model.gains([0], stream(1).fork(draw));
      model.taps.forEach((_, tap) => {
        for (let i = 4 * tap; i < 4 * tap + 4; i++) powers[tap][draw] += gains[i] ** 2 / 2;
      });
    }
    const { paths } = profileOf(kind, profile);
    powers.forEach((values, tap) => void expectMean(values, paths[tap].power, `tap ${tap}`));
    expectMean(
      powers[0].map((_, draw) => powers.reduce((sum, values) => sum + values[draw], 0)),
      1,
      "total",
    );
    // Of each of 20 batches, whose spread is the sampling error; 300 ns times the table's own spread.
    const batches = Array.from({ length: 20 }, (_, batch) =>
      delaySpread(
        model.taps.map(({ delay }, tap) => ({
          delay,
          power: powers[tap].subarray(20 * batch, 20 * batch + 20).reduce((sum, value) => sum + value, 0),
        })),
      ),
    );
    // A ratio of sums is biased by 1 / 20 of its variance, less than this margin of sigmas.
    expectMean(batches, 300e-9 * delaySpread(paths), "delay spread", 5);
  },
);

test("a Rayleigh tap's autocorrelation is J0(2 pi fD t)", () => {
  const spec = specOf({ kind: "iid", speedMetresPerSecond: 30 });
  const shift = dopplerShift(spec);
  // 30 m/s at 3.5 GHz, 350 Hz; up to 2 pi fD t = 5, beyond the first zero and the first minimum.
  expect(shift).toBeCloseTo(350.24, 2);
  const times = [0, 0.5, 1, 2, 2.405, 3.2, 3.83, 5].map((x) => x / (2 * Math.PI * shift));
  const model = channelModel(spec, 1, 1);
  const draws = Array.from({ length: 8000 }, (_, draw) => model.gains(times, stream(2).fork(draw)));
  times.forEach((time, i) => {
    const theory = besselJ0(2 * Math.PI * shift * time);
    const products = draws.map((gains) => timesConjugate(gains, i, gains, 0));
    expectComplexMean(products, [theory, 0], `after ${time} s`);
    expect(model.autocorrelation(0, time)[0]).toBeCloseTo(theory, 12);
  });
});

test("given its angles, a Rayleigh tap's autocorrelation misses J0 by less than 1e-12", () => {
  for (const x of [0, 0.1, 1, 3, 10, 40]) {
    const waves = wavesFor(x);
    for (const rotation of [0, 0.13, 0.5]) {
      let [re, im] = [0, 0];
      let mean = 0;
      for (let i = 0; i < waves; i++) {
        const phase = x * Math.cos((2 * Math.PI * (i + rotation)) / waves);
        re += Math.cos(phase) / waves;
        im += Math.sin(phase) / waves;
      }
      for (let i = 0; i < 400; i++) mean += Math.cos(x * Math.cos((Math.PI * (i + 0.5)) / 400)) / 400;
      expect(Math.hypot(re - mean, im)).toBeLessThan(2e-12);
    }
  }
  expect(wavesFor(0)).toBe(1);
});

test("the first tap of D and E has its Ricean factor and a line of sight that turns at 0.7 fD", () => {
  for (const profile of ["D", "E"] as const) {
    const spec = specOf({ kind: "tdl", profile, speedMetresPerSecond: 30 });
    const model = channelModel(spec, 1, 1);
    const times = [0, 1e-3];
    const [sight, scattered] = model.taps.map(({ power }) => power);
    const draws = Array.from({ length: 3000 }, (_, draw) => model.gains(times, stream(3).fork(draw)));
    const firsts = draws.map((gains) => (gains[0] + gains[4]) ** 2 + (gains[1] + gains[5]) ** 2);
    const total = sight + scattered;
    const factor = sight / scattered;
    expectMean(firsts, total, `power of ${profile}`);
    // E|g|^4 of a Ricean amplitude: total^2 (1 + (1 + 2 K) / (1 + K)^2).
    const fourth = total ** 2 * (1 + (1 + 2 * factor) / (1 + factor) ** 2);
    expectMean(
      firsts.map((power) => power ** 2),
      fourth,
      `fourth moment of ${profile}`,
    );
    const [re, im] = timesConjugate(draws[0], 1, draws[0], 0);
    const turned = 2 * Math.PI * 0.7 * dopplerShift(spec) * 1e-3;
    expect(re).toBeCloseTo(sight * Math.cos(turned), 9);
    expect(im).toBeCloseTo(sight * Math.sin(turned), 9);
  }
});

test("antennas are correlated as the Kronecker product says, by name and by matrices", () => {
  const complex = {
    transmit: [
      [1, [0.3, 0.4]],
      [[0.3, -0.4], 1],
    ],
    receive: [
      [1, 0.6, [0, 0.2]],
      [0.6, 1, 0.6],
      [[0, -0.2], 0.6, 1],
    ],
  };
  const cases = [
    { correlation: "low", nt: 2, nr: 2, transmit: [1, 0, 0, 1], receive: [1, 0, 0, 1] },
    { correlation: "medium", nt: 2, nr: 2, transmit: [1, 0.3, 0.3, 1], receive: [1, 0.9, 0.9, 1] },
    // TS 36.101, B.2.3.1: four antennas have a^(1/9), a^(4/9) and a.
    {
      correlation: "high",
      nt: 1,
      nr: 4,
      transmit: [1],
      receive: [0, 1, 2, 3].flatMap((i) => [0, 1, 2, 3].map((j) => 0.9 ** ((i - j) ** 2 / 9))),
    },
    { correlation: complex, nt: 2, nr: 3, transmit: complex.transmit.flat(), receive: complex.receive.flat() },
  ];
  for (const { correlation, nt, nr, transmit, receive } of cases) {
    const model = channelModel(specOf({ kind: "iid", correlation }), nt, nr);
    const draws = Array.from({ length: 3000 }, (_, draw) => model.gains([0], stream(4).fork(draw)));
    const part = (entry: unknown): [number, number] =>
      typeof entry === "number" ? [entry, 0] : (entry as [number, number]);
    for (let i = 0; i < nr * nt; i++) {
      for (let j = 0; j < nr * nt; j++) {
        const [p, q] = part(receive[Math.floor(i / nt) * nr + Math.floor(j / nt)]);
        const [u, v] = part(transmit[(i % nt) * nt + (j % nt)]);
        const products = draws.map((gains) => timesConjugate(gains, i, gains, j));
        expectComplexMean(products, [p * u - q * v, p * v + q * u], `antennas ${i}, ${j}`);
      }
    }
  }
});

test("matrices that are no correlation are refused by name", () => {
  const refused =
    (transmit: unknown, receive: unknown = [[1]]) =>
    () =>
      channelModel(specOf({ kind: "iid", correlation: { transmit, receive } }), 2, 1);
  expect(refused([[1]])).toThrow("2 antennas need 2 rows of 2, but this matrix has rows of 1.");
  expect(
    refused([
      [1, 0.5],
      [0.4, 1],
    ]),
  ).toThrow("Entries (1, 0) and (0, 1) must be complex conjugates");
  expect(
    refused([
      [0.9, 0],
      [0, 1],
    ]),
  ).toThrow("Entry (0, 0) is 0.9");
  expect(
    refused([
      [1, [1, 1]],
      [[1, -1], 1],
    ]),
  ).toThrow("negative eigenvalue");
  expect(
    refused(
      [
        [1, 0.5],
        [0.5, 1],
      ],
      [
        [1, 0],
        [0, 1],
      ],
    ),
  ).toThrow("1 antennas need 1 rows of 1");
});

const radians = (degrees: number): number => (degrees * Math.PI) / 180;
const OFFSETS = [0.0447, 0.1413, 0.2492, 0.3715, 0.5129, 0.6797, 0.8844, 1.1481, 1.5195, 2.1551].flatMap((x) => [
  x,
  -x,
]);

/** Mean of e^(j phase(azimuth, zenith)) over the rays of all clusters, coupled at random, weighted by power. */
function rayMean(
  side: "arrival" | "departure",
  profile: "A" | "C",
  phase: (azimuth: number, zenith: number) => number,
) {
  const { paths, raySpreads } = profileOf("cdl", profile);
  const [azimuthSpread, zenithSpread] =
    side === "departure" ? [raySpreads[0], raySpreads[2]] : [raySpreads[1], raySpreads[3]];
  let [re, im] = [0, 0];
  for (const { power, aod, aoa, zod, zoa } of paths) {
    const [azimuth, zenith] = side === "departure" ? [aod, zod] : [aoa, zoa];
    for (const p of OFFSETS) {
      for (const q of OFFSETS) {
        const turn = phase(radians(azimuth + azimuthSpread * p), radians(zenith + zenithSpread * q));
        re += (power * Math.cos(turn)) / 400;
        im += (power * Math.sin(turn)) / 400;
      }
    }
  }
  return [re, im] as const;
}

test.each(["A", "C"] as const)("antennas of CDL-%s are correlated as the angles of its rays say", (profile) => {
  // A short spacing measures the spread of directions: 1 - |mean| is half the variance of 2 pi d sin sin.
  for (const spacing of [0.05, 0.5]) {
    const spec = specOf({ kind: "cdl", profile, transmitSpacing: spacing, receiveSpacing: spacing });
    const model = channelModel(spec, 2, 2);
    const draws = Array.from({ length: 800 }, (_, draw) => {
      const gains = model.gains([0], stream(5).fork(draw));
      return { transmit: pairMean(gains, model.taps.length, 1), receive: pairMean(gains, model.taps.length, 2) };
    });
    const phase = (azimuth: number, zenith: number) => 2 * Math.PI * spacing * Math.sin(zenith) * Math.sin(azimuth);
    expectComplexMean(
      draws.map(({ transmit }) => transmit),
      rayMean("departure", profile, phase),
      "departure",
    );
    expectComplexMean(
      draws.map(({ receive }) => receive),
      rayMean("arrival", profile, phase),
      "arrival",
    );
  }
});

/** Sum over taps of g_(0 + step) conj(g_0) in a 2x2 link. */
function pairMean(gains: Float64Array, taps: number, step: number): [number, number] {
  let [re, im] = [0, 0];
  for (let tap = 0; tap < taps; tap++) {
    const [p, q] = timesConjugate(gains, 4 * tap + step, gains, 4 * tap);
    re += p;
    im += q;
  }
  return [re, im];
}

test("a receiver that moves sees the Doppler spectrum of the rays that arrive", () => {
  for (const directionDegrees of [0, 70]) {
    const spec = specOf({ kind: "cdl", profile: "C", speedMetresPerSecond: 40, directionDegrees });
    const shift = dopplerShift(spec);
    const times = [0, 0.3, 0.8].map((turns) => turns / shift);
    const model = channelModel(spec, 1, 1);
    const draws = Array.from({ length: 800 }, (_, draw) => model.gains(times, stream(6).fork(draw)));
    times.forEach((time, i) => {
      const phase = (azimuth: number, zenith: number) =>
        2 * Math.PI * shift * time * Math.sin(zenith) * Math.cos(azimuth - radians(directionDegrees));
      const theory = rayMean("arrival", "C", phase);
      const products = draws.map((gains) => {
        const sum: [number, number] = [0, 0];
        for (let tap = 0; tap < model.taps.length; tap++) {
          const [re, im] = timesConjugate(gains, 3 * tap + i, gains, 3 * tap);
          sum[0] += re;
          sum[1] += im;
        }
        return sum;
      });
      expectComplexMean(products, theory, `after ${time} s`);
      const stated = model.taps.map(({ power }, tap) => model.autocorrelation(tap, time).map((part) => power * part));
      for (const part of [0, 1]) {
        expect(stated.reduce((sum, tap) => sum + tap[part], 0)).toBeCloseTo(theory[part], 10);
      }
    });
  }
});

test("crossed antennas have mean power 1, and their slants are correlated by the cross-polarisation ratio", () => {
  for (const profile of ["A", "D"] as const) {
    const model = channelModel(specOf({ kind: "cdl", profile, polarisation: "cross" }), 2, 2);
    const draws = Array.from({ length: 1000 }, (_, draw) => model.gains([0], stream(7).fork(draw)));
    const powers = draws.map((gains) => gains.reduce((sum, value) => sum + value ** 2, 0) / 4);
    expectMean(powers, 1, "power");
    if (profile !== "A") continue;
    // E[g++ conj(g--)] = (1 - 1 / XPR) / (1 + 1 / XPR): 10 dB give 0.9 / 1.1.
    const slants = draws.map((gains) => {
      let sum = 0;
      for (let tap = 0; tap < model.taps.length; tap++) sum += timesConjugate(gains, 4 * tap + 3, gains, 4 * tap)[0];
      return sum;
    });
    expectMean(slants, 0.9 / 1.1, "slants");
  }
  expect(() => channelModel(specOf({ kind: "cdl", polarisation: "cross" }), 1, 2)).toThrow("come in pairs");
});

test("a realisation depends on its stream and times only", () => {
  for (const kind of ["iid", "tdl", "cdl"] as const) {
    const model = channelModel(specOf({ kind, speedMetresPerSecond: 3 }), 2, 2);
    const random = stream(8);
    const later = model.gains([0, 1e-4], random.fork(5));
    model.gains([0, 1e-4], random.fork(4));
    random.word();
    expect(model.gains([0, 1e-4], random.fork(5))).toEqual(later);
    expect(model.gains([0, 1e-4], random.fork(6))).not.toEqual(later);
  }
});
