/** Both pair models, against an independent program given the same random numbers. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { golden, scriptedStream } from "../../test/support/golden-devices.ts";
import { crossbarSpec } from "../experiment/hardware.ts";
import { factorsByColumn, readOut, sharedFactor } from "../hardware/compensation.ts";
import { programCrossbar, readCrossbar, readProgrammed } from "../hardware/crossbar.ts";
import { stream } from "../numeric/stream.ts";
import { deviceOfCrossbar } from "./catalogue.ts";
import { pairWeights } from "./conversion.ts";
import { reconvertPairs } from "./pairs.ts";

const { replay } = golden;
const { rows, columns } = replay;
const weights = Float32Array.from(replay.weights);

function programmed(pairs: "physical" | "aihwkit") {
  const spec = crossbarSpec.parse({ conductanceBits: null, scaling: "crossbar", pairs });
  const device = deviceOfCrossbar(spec);
  const numbers = (sign: 0 | 1) =>
    scriptedStream({
      "programming noise": replay.normals.program[sign],
      "drift exponent": replay.normals.exponent[sign],
    });
  const random = scriptedStream({ plus: numbers(0), minus: numbers(1) });
  return { device, crossbar: programCrossbar(weights, rows, columns, spec, device, random) };
}

const readNumbers = scriptedStream({ plus: replay.normals.read[0], minus: replay.normals.read[1] });

/** Weights pass through single precision on our side: 2^-24 of weights up to 1.3, and the same of a factor up to 2. */
const SINGLE = 2.5e-7;

function expectClose(values: ArrayLike<number>, expected: readonly number[]): void {
  expect(values.length).toBe(expected.length);
  expected.forEach((value, i) => {
    expect(Math.abs(values[i] - value), `entry ${i}: ${values[i]}, expected ${value}`).toBeLessThan(SINGLE);
  });
}

test("the programming error flips a sign in this example, so an exponent of the other device is used", () => {
  expect(replay.turned).toBeGreaterThan(0);
});

describe("aihwkit", () => {
  const { device, crossbar } = programmed("aihwkit");

  test("converts the programmed weights to new pairs with their own scale", () => {
    expectClose(
      pairWeights(crossbar.plus.conductances, crossbar.minus.conductances, crossbar.scales),
      replay.programmed,
    );
    for (const scale of crossbar.scales) expect(scale).toBeCloseTo(replay.newScale, 5);
    for (let i = 0; i < weights.length; i++) {
      expect(Math.min(crossbar.plus.conductances[i], crossbar.minus.conductances[i])).toBe(0);
    }
    expect(Math.max(...crossbar.plus.conductances, ...crossbar.minus.conductances)).toBeCloseTo(25, 9);
  });

  test.each(replay.reads)("gives its weights and compensation factors $time s after programming", (expected) => {
    const reading = readCrossbar(crossbar, device, expected.time, readNumbers);
    expectClose(reading.weights, expected.aihwkit);
    const [reference, present] = [readOut(readProgrammed(crossbar), "one-hot"), readOut(reading, "one-hot")];
    expectClose([sharedFactor([reference], [present], 25)], [expected.factor]);
    expectClose(factorsByColumn(reference, present, 25), expected.columnFactors);
  });
});

describe("physical", () => {
  const { device, crossbar } = programmed("physical");

  test.each(replay.reads)("gives the weights of two independent devices $time s after programming", (expected) => {
    expectClose(readCrossbar(crossbar, device, expected.time, readNumbers).weights, expected.physical);
  });
});

test("on an ideal device both are the same", () => {
  const values = fc.array(fc.float({ min: -2, max: 2, noNaN: true }), { minLength: 6, maxLength: 6 });
  fc.assert(
    fc.property(values, (list) => {
      const read = (pairs: "physical" | "aihwkit") => {
        const spec = crossbarSpec.parse({ conductanceBits: null, pairs, device: { kind: "ideal" } });
        const device = deviceOfCrossbar(spec);
        const crossbar = programCrossbar(Float32Array.from(list), 2, 3, spec, device, stream(1));
        return readCrossbar(crossbar, device, 1, stream(2)).weights;
      };
      const physical = read("physical");
      // Two more divisions in double precision may turn the last bit of a single-precision weight: 2^-23 of 2.
      read("aihwkit").forEach((weight, i) => void expect(Math.abs(weight - physical[i])).toBeLessThanOrEqual(2 ** -22));
    }),
    { seed: 1, numRuns: 100 },
  );
});

test("a stuck device counts at programming and drifts as its difference does", () => {
  const spec = crossbarSpec.parse({ conductanceBits: null, pairs: "aihwkit", stuck: { atMaximum: 0.5 } });
  const device = deviceOfCrossbar(spec);
  const crossbar = programCrossbar(new Float32Array(64), 8, 8, spec, device, stream(1));
  expect(crossbar.plus.stuckAt).toBeUndefined();
  const carried = [...crossbar.plus.conductances].filter((g) => g > 20);
  expect(carried.length).toBeGreaterThan(5);
  const later = readCrossbar(crossbar, device, 1e7, stream(2));
  expect([...later.plus].filter((g) => g > 20)).toEqual([]);
});

test("resistive memory is redrawn at every read, around its targets", () => {
  const spec = crossbarSpec.parse({ conductanceBits: null, pairs: "aihwkit", device: { kind: "reram" } });
  const device = deviceOfCrossbar(spec);
  const crossbar = programCrossbar(weights, rows, columns, spec, device, stream(1));
  const at = (seed: number) => readCrossbar(crossbar, device, 86_400, stream(seed)).weights;
  expect(at(2)).toEqual(at(2));
  expect(at(2)).not.toEqual(at(3));
  const quiet = deviceOfCrossbar(crossbarSpec.parse({ ...spec, device: { kind: "reram", noise: 0 } }));
  const { plus } = readCrossbar(crossbar, quiet, 86_400, stream(2));
  plus.forEach((g, i) => void expect(g).toBeCloseTo(crossbar.plus.targets![i], 5));
});

test("programming is drawn once, and read noise at every read, also at time 0", () => {
  const spec = crossbarSpec.parse({ pairs: "aihwkit" });
  const device = deviceOfCrossbar(spec);
  const crossbar = programCrossbar(weights, rows, columns, spec, device, stream(1));
  const at = (seed: number) => readCrossbar(crossbar, device, 0, stream(seed)).weights;
  expect(at(2)).toEqual(at(2));
  expect(at(2)).not.toEqual(at(3));
  // A device at zero makes no noise after re-conversion.
  const { plus } = readCrossbar(crossbar, device, 0, stream(2));
  crossbar.plus.conductances.forEach((g, i) => {
    if (g === 0) expect(plus[i]).toBe(0);
  });
});

test("pairs of ideal zeros stay zeros at their scale", () => {
  const zeros = { conductances: new Float64Array(4) };
  const pairs = { plus: zeros, minus: zeros, scales: Float64Array.of(3, 5) };
  expect(reconvertPairs(pairs, 25)).toEqual(pairs);
});
