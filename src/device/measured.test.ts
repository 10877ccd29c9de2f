/** Measured curves: the example file against its equations, tables of the built-in device against that device, and what is refused. */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { XpikeError } from "../errors.ts";
import { deviceSpec } from "../experiment/device.ts";
import { stream } from "../numeric/stream.ts";
import { deviceOfSpec } from "./catalogue.ts";
import { measuredStatistics } from "./measured.ts";
import { readMeasuredCurves } from "./measured-csv.ts";
import { nandakumar } from "./nandakumar-icecs-2019.ts";

const example = readFileSync(new URL("../../examples/pcm-curves.csv", import.meta.url), "utf8");
const read = (...texts: string[]) => readMeasuredCurves(texts.map((text, i) => ({ name: `${"abc"[i]}.csv`, text })));

const built = nandakumar(25);
const { device: spec, notes } = read(example);
const tabled = measuredStatistics(spec);

test("every number of the example follows from the publication's equations, to the digits printed", () => {
  const { programming, table, amplitudes, maxConductance, referenceTime, readDuration } = spec;
  expect({ maxConductance, referenceTime, readDuration }).toEqual({
    maxConductance: built.maxConductance,
    referenceTime: built.referenceTime,
    readDuration: built.readDuration,
  });
  expect(notes).toEqual([]);
  expect(programming.means).toEqual(programming.conductances);
  programming.conductances.forEach((g, i) => {
    expect(programming.deviations[i]).toBeCloseTo(built.programmingDeviation(g / 25), 5);
  });
  table.conductances.forEach((g, i) => {
    const { mean, deviation } = built.driftExponent(g / 25);
    expect(table.means[i], `at ${g} uS`).toBeCloseTo(mean, 5);
    expect(table.deviations[i], `at ${g} uS`).toBeCloseTo(deviation, 5);
    expect(amplitudes![i], `at ${g} uS`).toBeCloseTo(built.readNoiseScale(g / 25), 5);
  });
});

/**
 * Between points h apart, a line is at most h^2 / 8 times the largest second derivative from its curve; each end has five decimals. With
 * x = g / 25 uS: |sigma''| = 2 1.1731 / 25^2; |nu''| <= 0.0155 / g^2 and 0.0125 / g^2; |Q''| = 0.65 1.65 Q / g^2. A bend of a clipped
 * curve is itself a point.
 */
test("between its points the example is the built-in device, within what lines explain", () => {
  const rounding = 0.5e-5;
  const { programming, table } = spec;
  let most = 0;
  for (let g = 0; g <= 25; g += 0.01) {
    const x = g / 25;
    const away = Math.abs(tabled.programmingDeviation(x) - built.programmingDeviation(x));
    expect(away, `sigma at ${g} uS`).toBeLessThan((1.25 ** 2 / 8) * ((2 * 1.1731) / 25 ** 2) + 2 * rounding);
    expect(tabled.programmingBias!(x)).toBeCloseTo(0, 12);
    const above = table.conductances.findIndex((point) => point > g);
    const [low, high] = [table.conductances[above - 1], table.conductances[above]];
    // Below the first bend all three are constant but for rounding.
    const bend = low === 0 ? 0 : (high - low) ** 2 / 8 / low ** 2;
    const [own, other] = [tabled.driftExponent(x), built.driftExponent(x)];
    expect(Math.abs(own.mean - other.mean), `nu at ${g} uS`).toBeLessThan(0.0155 * bend + 2 * rounding);
    expect(Math.abs(own.deviation - other.deviation), `its spread at ${g} uS`).toBeLessThan(
      0.0125 * bend + 2 * rounding,
    );
    const noise = Math.abs(tabled.readNoiseScale(x) - built.readNoiseScale(x));
    expect(noise, `Q at ${g} uS`).toBeLessThan(0.65 * 1.65 * built.readNoiseScale(low / 25) * bend + 2 * rounding);
    most = Math.max(most, away);
  }
  // The bound is not idle: lines do differ from the curve.
  expect(most).toBeGreaterThan(1e-4);
  expect(programming.conductances.length).toBe(21);
});

test("devices programmed from the example are those of the built-in device, draw by draw", () => {
  const [own, other] = [deviceOfSpec(spec), deviceOfSpec(deviceSpec.parse({ kind: "pcm" }))];
  const targets = Float64Array.from({ length: 20_000 }, (_, i) => (25 * (i % 500)) / 499);
  const [mine, theirs] = [own, other].map((device) => device.program(targets.slice(), stream(3)));
  // Five deviations at most, of 0.00076 uS at most between two sigmas.
  mine.conductances.forEach((g, i) => {
    expect(Math.abs(g - theirs.conductances[i])).toBeLessThan(5 * 7.6e-4);
  });
  const [mineLater, theirsLater] = [own, other].map((device, i) =>
    device.read([mine, theirs][i], 31_557_600, stream(4)),
  );
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(mean(mineLater) / mean(theirsLater)).toBeCloseTo(1, 3);
});

test("a device that misses its targets on average is programmed to the measured means", () => {
  const { device } = read("g_uS,mean_uS,sigma_uS\n0,0.5,0.1\n10,9,0.1\n");
  const targets = new Float64Array(10_000).fill(5);
  const { conductances } = deviceOfSpec(device).program(targets, stream(1));
  const mean = conductances.reduce((sum, g) => sum + g, 0) / conductances.length;
  // Half way between 0.5 and 9, within four standard errors.
  expect(Math.abs(mean - 4.75)).toBeLessThan((4 * 0.1) / 100);
});

describe("tables", () => {
  const programming = "g_uS,mean_uS,sigma_uS\n0,0,0.2\n20,20,1\n";
  const drift = "g_uS,nu_mean,nu_sigma\n0,0.1,0.04\n20,0.05,0.01\n";

  test("may be one file or several, in any unit, with comments, semicolons and quotes", () => {
    const { device } = read(programming, drift);
    const inNano = '\ufeff# in nS\r\n"g_nS";"mean_nS";"sigma_nS"\r\n0;0;200\r\n20000;20000;1000\r\n\r\n';
    const together =
      "g_\u00b5S\tmean_uS\tsigma_S\tnu_mean\tnu_sigma\n0\t0\t2e-7\t0.1\t0.04\n20\t20\t1e-6\t0.05\t0.01\n";
    expect(read(`${inNano}${drift}`).device).toEqual(device);
    expect(read(together).device).toEqual(device);
  });

  test("say what they leave out, and what stands in its place", () => {
    const { device, notes } = read("g_uS,sigma_uS\n0,0.2\n20,1\n");
    expect(notes.map((note) => note.split(":")[0])).toEqual(["No mean_uS", "No nu_mean", "No read_noise"]);
    expect(device.programming.means).toEqual([0, 20]);
    expect(device.table).toEqual({ conductances: [0, 20], means: [0, 0], deviations: [0, 0] });
    expect(read(programming, drift).notes).toEqual([
      "No read_noise: reads are exact.",
      "No t0_s: drift begins 20 s after programming.",
    ]);
  });

  const rows = (count: number) => Array.from({ length: count }, (_, i) => `${i / 100},0.1`).join("\n");
  test.each([
    ["g_uS,sigma_uS\n0,0.2\n10,0.3\n10,0.4\n", "a.csv:4", "10 uS stands after 10 uS, and 10 <= 10"],
    [
      "g_uS,sigma_uS\n0,0.2\n10,-0.3\n",
      "a.csv:3",
      "sigma_uS is -0.3; allowed: 0 to 1000 uS. A standard deviation is not",
    ],
    ["g_nS,sigma_nS\n0,0.2\n2e6,1\n", "a.csv:3", "g_nS is 2e6 = 2000 uS; allowed: 0 to 1000 uS"],
    [`g_uS,sigma_uS\n${rows(600)}\n`, "a.csv:1", "600 rows; at most 256 are read. Keep one row in 3"],
    ["g_uS,sigma_uS\n2,0.2\n10,0.3\n", "a.csv:2", "begins at 2 uS, but one device of every pair holds 0"],
    [
      `${programming}g_uS,nu_mean,nu_sigma\n0,0.1,0\n15,0.1,0\n`,
      "a.csv:4",
      "ends at 15 uS, below the largest target, 20 uS",
    ],
    ["g_uS,sigma_uS\n0,0.2\n", "a.csv:1", "1 row; a curve needs at least 2"],
    ["g_uS,sigma_uS\n0,0.2\n10,many\n", "a.csv:3", 'sigma_uS is "many", which is no number'],
    ["g_uS,sigma_uS\n0,0,2\n", "a.csv:2", "3 cells, but the header in a.csv:1 has 2"],
    ["g_uS,spread_uS\n0,0.2\n", "a.csv:1", 'There is no column "spread_uS"'],
    ["0,0.2\n", "a.csv:1", "A header must come first"],
    [drift, "a.csv", "no table has a column sigma_uS"],
    [programming + programming, "a.csv:4", "sigma is in a second table, after that of a.csv:1"],
    [`${programming}g_uS,nu_mean\n0,0.1\n20,0.1\n`, "a.csv:4", "no nu_sigma"],
    [`${programming}g_uS,read_noise\n0,0.1\n20,0.1\n`, "a.csv:4", "read_noise stands in the table of nu_mean"],
    ["\n# nothing\n", "a.csv", "The file has no table"],
  ])("%j is refused", (text, path, message) => {
    let thrown: unknown;
    try {
      read(text);
    } catch (error) {
      thrown = error;
    }
    expect((thrown as XpikeError).path).toBe(path);
    expect((thrown as XpikeError).message).toContain(message);
  });
});

test("an experiment refuses curves that do not fit together", () => {
  const { kind, ...rest } = spec;
  const message = (change: object) => deviceSpec.safeParse({ kind, ...rest, ...change }).error?.issues[0].message;
  expect(message({})).toBeUndefined();
  expect(message({ maxConductance: 26 })).toMatch("targets must reach from 0 to maxConductance");
  expect(message({ amplitudes: [0, 0] })).toMatch("one amplitude per conductance");
  expect(message({ programming: { ...spec.programming, deviations: [0, 0] } })).toMatch("one deviation per target");
  const { conductances, means, deviations } = spec.programming;
  expect(message({ programming: { conductances: conductances.toReversed(), means, deviations } })).toMatch("ascend");
});
