// @module-tag slow
/** Every device model against its formulas written out for one device after another, and against bits kept from before. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { golden } from "../../test/support/golden-devices.ts";
import { type DeviceSpec, deviceSpec } from "../experiment/device.ts";
import { crossbarSpec } from "../experiment/hardware.ts";
import { programCrossbar, readCrossbar } from "../hardware/crossbar.ts";
import { kernelMath } from "../kernels/array-math.ts";
import { PIECE, scalarMath } from "../numeric/array-math.ts";
import { crc32 } from "../numeric/checksum.ts";
import { exponential } from "../numeric/exponential.ts";
import { naturalLog, type Stream, stream } from "../numeric/stream.ts";
import { deviceOfCrossbar, deviceOfSpec } from "./catalogue.ts";
import { customDriftStatistics } from "./custom-drift.ts";
import type { DeviceModel, ProgrammedDevices } from "./device.ts";
import { type DriftingStatistics, type NoiseFactors, readNoiseIntegral } from "./drifting.ts";
import { idealDevice } from "./ideal.ts";
import { hermesStatistics } from "./le-gallo-nature-electronics-2023.ts";
import { measuredStatistics } from "./measured.ts";
import { nandakumar } from "./nandakumar-icecs-2019.ts";
import { stateIndependentStatistics } from "./state-independent.ts";
import { relaxation } from "./wan-nature-2022.ts";

/** The same bits: -0 is not 0, and NaN is NaN. */
function expectSame(values: Float64Array, expected: Float64Array): void {
  expect(values.length).toBe(expected.length);
  const first = values.findIndex((value, i) => !Object.is(value, expected[i]));
  expect(first, `entry ${first}: ${values[first]}, expected ${expected[first]}`).toBe(-1);
}

type OneByOne = Omit<ProgrammedDevices, "parallel">;

function expectSameDevices(programmed: OneByOne, expected: OneByOne): void {
  expect(Object.keys(programmed).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, values] of Object.entries(programmed)) {
    expectSame(values, expected[name as keyof OneByOne]!);
  }
}

const YEAR = 31_557_600;
const DAY = 86_400;

/** Devices that miss their targets on average, and whose read noise is known. */
const MEASURED = {
  kind: "measured",
  maxConductance: 25,
  programming: { conductances: [0, 5, 30], means: [0.2, 5.1, 27], deviations: [0.3, 0.6, 1.1] },
  table: golden.table,
  amplitudes: golden.table.conductances.map((g) => 0.2 / (1 + g)),
} as const;

const kinds = [
  { kind: "ideal" },
  { kind: "pcm" },
  { kind: "pcm", maxConductance: 40, programmingNoise: 1.5, drift: 0.5, readNoise: 2 },
  { kind: "hermes" },
  { kind: "hermes", devices: 1 },
  { kind: "state-independent" },
  { kind: "custom-drift", table: golden.table },
  MEASURED,
  {
    ...MEASURED,
    maxConductance: 20,
    programmingNoise: 0.5,
    drift: 2,
    readNoise: 3,
    referenceTime: 1,
    readDuration: 1e-6,
  },
  { kind: "reram" },
  { kind: "reram", maxConductance: 20, noise: 0.5 },
] as const;

describe.each(kinds)("%j", (written) => {
  const spec = deviceSpec.parse(written);
  const formulas = oneByOne(spec);
  const { maxConductance } = formulas;
  /** Levels of a converter, the two ends more often, and anything between. */
  const target = fc.oneof(
    fc.constantFrom(0, maxConductance),
    fc.nat(15).map((level) => (level * maxConductance) / 15),
    fc.double({ min: 0, max: maxConductance, noNaN: true }),
  );
  const targets = fc.oneof(
    fc.array(target, { maxLength: 50 }),
    fc.array(target, { minLength: PIECE - 2, maxLength: PIECE + 60 }),
  );
  const last = spec.kind === "reram" ? 2 * DAY : 10 * YEAR;
  const time = fc.oneof(fc.constantFrom(0, 1, 3600, DAY, last), fc.double({ min: 0, max: last, noNaN: true }));

  test.each([
    ["kernels", kernelMath],
    ["scalars", scalarMath],
  ])("computed with %s has the bits of the formulas", (_, math) => {
    const device = deviceOfSpec(spec, math);
    fc.assert(
      fc.property(targets, time, fc.nat(), fc.nat(7), (list, seconds, seed, position) => {
        const asked = Float64Array.from(list);
        const [expected, programmed] = [formulas, device].map((model) => model.program(asked, stream(seed)));
        expectSameDevices(programmed, expected);
        const numbers = () => Object.assign(stream(seed).fork("read"), { position });
        const read = formulas.read(expected, seconds, numbers());
        expectSame(device.read(programmed, seconds, numbers()), read);
        // Into an array that held something else; and `programmed` stays as it is.
        const out = new Float64Array(list.length).fill(3);
        expect(device.read(programmed, seconds, numbers(), out)).toBe(out);
        expectSame(out, read);
        expectSameDevices(programmed, expected);
        // As pairs of aihwkit are read: devices that share the rest, or have none of it.
        const { conductances } = expected;
        const bare = spec.kind === "reram" ? { conductances, targets: asked } : { conductances };
        expectSame(device.read(bare, seconds, numbers()), formulas.read(bare, seconds, numbers()));
      }),
      { seed: 1, numRuns: 25 },
    );
  });
});

test("spread and stuck devices have the bits of their formulas", () => {
  const layers = { spread: 0.3, stuck: { atZero: 0.1, atMaximum: 0.05 } };
  const spec = crossbarSpec.parse({ device: { kind: "pcm" }, ...layers });
  const asked = Float64Array.from({ length: PIECE + 7 }, (_, i) => ((i % 16) * 25) / 15);
  const plain = oneByOne(spec.device).program(asked, stream(1));
  const [gains, draws] = [stream(1).fork("device spread"), stream(1).fork("stuck")];
  const stuckAt = asked.map(() => {
    const u = draws.uniform();
    return u < 0.1 ? 0 : u >= 1 - 0.05 ? 25 : Number.NaN;
  });
  const orStuck = (value: number, i: number) => (Number.isNaN(stuckAt[i]) ? value : stuckAt[i]);
  const gained = plain.conductances.map((g) => g * Math.max(0, 1 + 0.3 * gains.normal()));
  const device = deviceOfCrossbar(spec);
  const programmed = device.program(asked, stream(1));
  expectSameDevices(programmed, { ...plain, conductances: gained.map(orStuck), stuckAt });
  const read = oneByOne(spec.device).read(programmed, 1, stream(2)).map(orStuck);
  expectSame(device.read(programmed, 1, stream(2)), read);
});

// Checksums of conductances, exponents and readings in double and single precision, recorded in version 0.1.0 on Node 20, before
// devices were computed by kernels. Results in docs/ and README.md depend on these bits.
test.each([
  { fields: { device: { kind: "ideal" } }, checksum: 1141701206 },
  { fields: { device: { kind: "pcm" } }, checksum: 4142355716 },
  { fields: { device: { kind: "hermes" } }, checksum: 779772254 },
  { fields: { device: { kind: "state-independent" } }, checksum: 1459282306 },
  { fields: { device: { kind: "custom-drift", table: golden.table } }, checksum: 2947333333 },
  { fields: { device: { kind: "reram" } }, checksum: 1185655380 },
  { fields: { pairs: "aihwkit", scaling: "crossbar", conductanceBits: null }, checksum: 3267364256 },
  { fields: { clippingQuantile: 0.98, spread: 0.1, stuck: { atZero: 0.02, atMaximum: 0.01 } }, checksum: 4029910245 },
])("a crossbar of $fields keeps its bits", ({ fields, checksum }) => {
  const spec = crossbarSpec.parse(fields);
  const device = deviceOfCrossbar(spec);
  const random = stream(5);
  const weights = Float32Array.from({ length: 61 * 47 }, () => random.normal());
  const crossbar = programCrossbar(weights, 61, 47, spec, device, stream(6));
  let sum = 0;
  const add = (array: Float64Array | Float32Array) => {
    sum = crc32(new Uint8Array(array.buffer), sum);
  };
  for (const { conductances, driftExponents } of [crossbar.plus, crossbar.minus]) {
    add(conductances);
    if (driftExponents) add(driftExponents);
  }
  for (const time of [0, 1, 2 * DAY]) {
    const reading = readCrossbar(crossbar, device, time, stream(7));
    for (const array of [reading.plus, reading.minus, reading.weights]) add(array);
  }
  expect(sum).toBe(checksum);
});

/** A device model as its file's header has it, one device after another, with the functions of single numbers. */
function oneByOne(spec: DeviceSpec): DeviceModel {
  switch (spec.kind) {
    case "ideal":
      return idealDevice(spec.maxConductance);
    case "pcm":
      return drifting(nandakumar(spec.maxConductance), spec);
    case "hermes":
      return drifting(hermesStatistics(spec), spec);
    case "state-independent":
      return drifting(stateIndependentStatistics(spec.maxConductance), spec);
    case "custom-drift":
      return drifting(customDriftStatistics(spec), spec);
    case "measured":
      return drifting(measuredStatistics(spec), spec);
    case "reram":
      return relaxing(spec);
    case "module":
      throw new Error("a module has its own formulas");
  }
}

function drifting(statistics: DriftingStatistics, { programmingNoise, drift, readNoise }: NoiseFactors): DeviceModel {
  const { maxConductance, referenceTime, readDuration } = statistics;
  return {
    name: "",
    source: "",
    maxConductance,
    program: (targets, random) => {
      const [noise, spread] = [random.fork("programming noise"), random.fork("drift exponent")];
      return {
        conductances: targets.map((target) => {
          const x = target / maxConductance;
          const bias = programmingNoise * (statistics.programmingBias?.(x) ?? 0);
          const sigma = programmingNoise * statistics.programmingDeviation(x);
          return Math.max(0, target + bias + sigma * noise.normal());
        }),
        driftExponents: targets.map((target) => {
          const { mean, deviation } = statistics.driftExponent(target / maxConductance);
          return drift * Math.abs(mean + deviation * spread.normal());
        }),
      };
    },
    read: ({ conductances, driftExponents }, time, random) => {
      const integration = readNoiseIntegral(time, referenceTime, readDuration);
      return conductances.map((programmed, i) => {
        const noise = random.normal();
        if (programmed === 0) return 0;
        const drifted = programmed * driftFactor(driftExponents?.[i] ?? 0, time, referenceTime);
        const relative = readNoise * statistics.readNoiseScale(programmed / maxConductance) * integration;
        return Math.max(0, drifted * (1 + relative * noise));
      });
    },
  };
}

function driftFactor(exponent: number, time: number, referenceTime: number): number {
  return time > 0 ? exponential(-exponent * naturalLog((time + referenceTime) / referenceTime)) : 1;
}

function relaxing({ maxConductance, noise }: Extract<DeviceSpec, { kind: "reram" }>): DeviceModel {
  const first = relaxation(0, maxConductance);
  return {
    name: "",
    source: "",
    maxConductance,
    program: (targets, random) => {
      const draws = random.fork("deviation");
      const deviates = targets.map(() => noise * draws.normal());
      const conductance = (target: number, i: number) =>
        Math.max(0, target + first(target / maxConductance) * deviates[i]);
      return { conductances: targets.map(conductance), targets, deviates };
    },
    read: ({ conductances, targets = conductances, deviates }: ProgrammedDevices, time: number, random: Stream) => {
      const later = relaxation(time, maxConductance);
      return conductances.map((programmed, i) => {
        const x = targets[i] / maxConductance;
        return deviates
          ? Math.max(0, programmed + (later(x) - first(x)) * deviates[i])
          : Math.max(0, targets[i] + later(x) * noise * random.normal());
      });
    },
  };
}
