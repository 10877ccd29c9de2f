import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { deviceOfCrossbar } from "../device/catalogue.ts";
import { crossbarSpec } from "../experiment/hardware.ts";
import { stream } from "../numeric/stream.ts";
import { calibrationHistory, compensateReading, factorsByColumn, readOut, sharedFactor } from "./compensation.ts";
import { type CrossbarReading, programCrossbar, readCrossbar, readProgrammed } from "./crossbar.ts";

/** Devices that all drift equally, with no spread and no noise. */
const alike = {
  kind: "custom-drift",
  programmingNoise: 0,
  readNoise: 0,
  table: { conductances: [0, 25], means: [0.06, 0.06], deviations: [0, 0] },
};

const weights = Float32Array.from({ length: 12 }, (_, i) => ((i * 7) % 12) / 6 - 0.9);

function readings(device: object, times: readonly number[], values = weights): CrossbarReading[] {
  const spec = crossbarSpec.parse({ conductanceBits: null, device });
  const model = deviceOfCrossbar(spec);
  const crossbar = programCrossbar(values, 4, 3, spec, model, stream(1));
  return times.map((time, i) => readCrossbar(crossbar, model, time, stream(10 + i)));
}

describe.each(["lines", "one-hot"] as const)("readout %s", (readout) => {
  const factorsOf = ([fresh, old]: readonly CrossbarReading[]) => {
    const [reference, present] = [readOut(fresh, readout), readOut(old, readout)];
    return { shared: sharedFactor([reference], [present], 25), columns: factorsByColumn(reference, present, 25) };
  };

  test("undoes a drift that all devices share, by crossbar and by column", () => {
    const [fresh, old] = readings(alike, [0, 1e6]);
    const { shared, columns } = factorsOf([fresh, old]);
    const drift = ((1e6 + 20) / 20) ** 0.06;
    // Conductances are single-precision numbers: 12 or 24 of them, each within 2^-24.
    expect(shared / drift).toBeCloseTo(1, 6);
    for (const factor of columns) expect(factor / drift).toBeCloseTo(1, 6);
    for (const compensated of [old.scales.map(() => shared), columns].map((factors) =>
      compensateReading(old, factors),
    )) {
      compensated.weights.forEach((weight, i) => void expect(weight).toBeCloseTo(fresh.weights[i], 6));
    }
  });

  test("values of codes follow the factors, and line currents stay the same", () => {
    const [, old] = readings({ kind: "pcm" }, [0, 1e5]);
    const factors = Float64Array.of(1.5, 2, 0.5);
    const compensated = compensateReading(old, factors);
    expect([compensated.plus, compensated.minus]).toEqual([old.plus, old.minus]);
    old.weights.forEach((weight, i) => {
      const factor = factors[i % 3];
      expect(compensated.weights[i]).toBe(Math.fround(factor * weight));
      // Line currents over the scale, in single precision.
      expect((old.plus[i] - old.minus[i]) / compensated.scales[i % 3]).toBeCloseTo(factor * weight, 5);
    });
  });

  test("several crossbars share the ratio of their sums", () => {
    const pairs = [weights, weights.map((w) => 3 * w)].map((values) => readings({ kind: "pcm" }, [0, 1e6], values));
    const sums = pairs.map(([fresh, old]) => [readOut(fresh, readout), readOut(old, readout)]);
    const total = (k: number) => sums.reduce((sum, pair) => sum + pair[k].sums.reduce((a, b) => a + b, 0), 0);
    const factor = sharedFactor(
      sums.map(([reference]) => reference),
      sums.map(([, present]) => present),
      25,
    );
    expect(factor).toBeCloseTo(total(0) / total(1), 12);
  });

  test("a crossbar of zeros keeps a finite factor", () => {
    const zeros = new Float32Array(12);
    for (const device of [{ kind: "ideal" }, { kind: "pcm" }]) {
      const { shared, columns } = factorsOf(readings(device, [0, 1e7], zeros));
      for (const factor of [shared, ...columns]) {
        expect(factor).toBeGreaterThan(0);
        expect(factor).toBeLessThan(1e5);
      }
    }
    expect(factorsOf(readings({ kind: "ideal" }, [0, 1], zeros)).shared).toBe(1);
  });
});

test("the reference of readout one-hot is the programmed weights, without read noise", () => {
  const spec = crossbarSpec.parse({ conductanceBits: null, device: { kind: "ideal" } });
  const device = deviceOfCrossbar(spec);
  const crossbar = programCrossbar(weights, 4, 3, spec, device, stream(1));
  const { sums } = readOut(readProgrammed(crossbar), "one-hot");
  sums.forEach((sum, c) => {
    const column = [0, 1, 2, 3].map((r) => Math.abs(weights[3 * r + c]) * crossbar.scales[c]);
    // Four single-precision conductances of 25 uS at most.
    expect(Math.abs(sum - column.reduce((a, b) => a + b, 0))).toBeLessThan(4 * 25 * 2 ** -24);
  });
});

describe("a schedule", () => {
  test("counts its calibrations and names the last", () => {
    expect(calibrationHistory({ kind: "at-use" }, 3600)).toEqual({ calibrations: 1, last: 3600 });
    const hourly = { kind: "interval", seconds: 3600 } as const;
    expect(calibrationHistory(hourly, 3599)).toEqual({ calibrations: 0, last: null });
    expect(calibrationHistory(hourly, 86_400)).toEqual({ calibrations: 24, last: 86_400 });
    const decades = { kind: "geometric", first: 1, ratio: 10 } as const;
    expect(calibrationHistory(decades, 0.5)).toEqual({ calibrations: 0, last: null });
    expect(calibrationHistory(decades, 31_536_000)).toEqual({ calibrations: 8, last: 1e7 });
  });

  test("counts the calibration that is due at the very time", () => {
    expect(calibrationHistory({ kind: "interval", seconds: 3600 }, 7200)).toEqual({ calibrations: 2, last: 7200 });
    const decades = { kind: "geometric", first: 1, ratio: 10 } as const;
    expect(calibrationHistory(decades, 1)).toEqual({ calibrations: 1, last: 1 });
    expect(calibrationHistory(decades, 100)).toEqual({ calibrations: 3, last: 100 });
  });

  test("never calibrates after use, and never less often with time", () => {
    const schedules = fc.oneof(
      fc.record({ kind: fc.constant("interval" as const), seconds: fc.double({ min: 1, max: 1e6, noNaN: true }) }),
      fc.record({
        kind: fc.constant("geometric" as const),
        first: fc.double({ min: 1, max: 1e3, noNaN: true }),
        ratio: fc.double({ min: 1.1, max: 100, noNaN: true }),
      }),
    );
    const time = fc.double({ min: 0, max: 1e8, noNaN: true });
    fc.assert(
      fc.property(schedules, time, time, (schedule, a, b) => {
        const [early, late] = [Math.min(a, b), Math.max(a, b)].map((t) => calibrationHistory(schedule, t));
        expect(late.calibrations).toBeGreaterThanOrEqual(early.calibrations);
        expect(late.last ?? 0).toBeLessThanOrEqual(Math.max(a, b));
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});
