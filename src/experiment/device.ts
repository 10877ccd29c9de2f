/** Memory cells, each after one publication, and what a chip adds to them. */
import { z } from "zod";
import { onceValid } from "./once-valid.ts";

/** Factors on the published statistics of a device. */
const noiseFields = {
  /** Factor on the published programming noise; 0: off. */
  programmingNoise: z.number().min(0).max(10).default(1),
  /** Factor on the published drift exponent; 0: off. */
  drift: z.number().min(0).max(10).default(1),
  /** Factor on the published read noise; 0: off. */
  readNoise: z.number().min(0).max(10).default(1),
};

/** Least and largest of what a measured curve holds; tables that are read into curves have the same limits (`device/measured-csv.ts`). */
export const CURVE_LIMITS = {
  points: [2, 256],
  /** Microsiemens. */
  conductance: [0, 1000],
  driftExponent: [-1, 1],
  driftSpread: [0, 1],
  readNoise: [0, 10],
  /** Seconds. */
  referenceTime: [1e-6, 1e6],
  /** Seconds. */
  readDuration: [1e-12, 1],
} as const;

const within = ([least, most]: readonly [number, number]) => z.number().min(least).max(most);

/** A schema of its own for each field, because each has its own description. */
const curve = (range: readonly [number, number]) => {
  const [least, most] = CURVE_LIMITS.points;
  return z.array(within(range)).min(least).max(most);
};

interface Curves {
  readonly conductances: readonly number[];
  readonly means: readonly number[];
  readonly deviations: readonly number[];
}

const isAscending = ({ conductances }: Curves): boolean =>
  conductances.every((point, i) => i === 0 || point > conductances[i - 1]);
const mustAscend = (what: string) => ({
  ...onceValid,
  error: `${what} must ascend. Sort the points, and remove duplicates.`,
  path: ["conductances"],
});

const isComplete = ({ conductances, means, deviations }: Curves): boolean =>
  means.length === conductances.length && deviations.length === conductances.length;
const mustBeComplete = (what: string, each: string) => ({
  ...onceValid,
  error: `${what} needs one mean and one deviation per ${each}. Give three lists of the same length.`,
  path: ["means"],
});

/** Half of all devices hold 0, and the rest anything up to the largest conductance. */
const covers = ({ conductances }: Curves, maxConductance: number): boolean =>
  conductances[0] === 0 && conductances.at(-1)! >= maxConductance;
const mustCover = (what: string, field: string) => ({
  ...onceValid,
  error: `${what} must reach from 0 to maxConductance. Add the missing points.`,
  path: [field, "conductances"],
});

const programmingTable = z
  .strictObject({
    /** Targets. */
    conductances: curve(CURVE_LIMITS.conductance),
    /** Means. */
    means: curve(CURVE_LIMITS.conductance),
    /** Standard deviations. */
    deviations: curve(CURVE_LIMITS.conductance),
  })
  .refine(isAscending, mustAscend("the targets"))
  .refine(isComplete, mustBeComplete("programming", "target"));

const driftTable = z
  .strictObject({
    /** Conductances of the points, microsiemens, ascending. */
    conductances: curve(CURVE_LIMITS.conductance),
    /** Mean drift exponent at each point. */
    means: curve(CURVE_LIMITS.driftExponent),
    /** Standard deviation of the drift exponent at each point. */
    deviations: curve(CURVE_LIMITS.driftSpread),
  })
  .refine(isAscending, mustAscend("the conductances of a drift table"))
  .refine(isComplete, mustBeComplete("a drift table", "conductance"));

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits in lower case");

export const deviceSpec = z.discriminatedUnion("kind", [
  /** Phase-change memory with published programming, drift and 1/f read statistics (ICECS 2019). */
  z.strictObject({
    kind: z.literal("pcm").optional().default("pcm"),
    /** Largest programmed conductance, microsiemens. */
    maxConductance: z.number().positive().max(1000).default(25),
    ...noiseFields,
  }),
  /** Phase-change memory of the 14 nm HERMES chip (Nature Electronics 2023). */
  z
    .strictObject({
      kind: z.literal("hermes"),
      /** Parallel devices per conductance. */
      devices: z.literal([1, 2]).default(2),
      /**
       * Largest programmed conductance, microsiemens. `null`: the characterised limit, 10.35 for one device, 20.7 for
       * two.
       */
      maxConductance: z.number().positive().max(20.7).nullable().default(null),
      ...noiseFields,
    })
    .refine(({ devices, maxConductance }) => devices === 2 || (maxConductance ?? 0) <= 10.35, {
      ...onceValid,
      error: "one device of the HERMES chip was characterised up to 10.35 uS. Lower it, or set devices to 2.",
      path: ["maxConductance"],
    }),
  /** Noise and drift that do not depend on the conductance. */
  z.strictObject({
    kind: z.literal("state-independent"),
    /** Largest programmed conductance, microsiemens. */
    maxConductance: z.number().positive().max(1000).default(25),
    ...noiseFields,
  }),
  /** Phase-change memory with your own table of drift exponents. */
  z
    .strictObject({
      kind: z.literal("custom-drift"),
      /** Largest programmed conductance, microsiemens. */
      maxConductance: z.number().positive().max(1000).default(25),
      /** Drift exponents from conductance 0 to `maxConductance`, interpolated linearly. */
      table: driftTable,
      ...noiseFields,
    })
    .refine(({ maxConductance, table }) => covers(table, maxConductance), mustCover("the drift table", "table")),
  /** Your own measured curves. */
  z
    .strictObject({
      kind: z.literal("measured"),
      /** Largest programmed conductance, microsiemens. */
      maxConductance: z.number().positive().max(1000).default(25),
      /** Drift exponents from conductance 0 to `maxConductance`, interpolated linearly. */
      table: driftTable,
      /** Read noise Q at these conductances; left out: none. */
      amplitudes: curve(CURVE_LIMITS.readNoise).optional(),
      /** Programmed conductances, interpolated likewise. */
      programming: programmingTable,
      /** When drift begins, seconds after programming. */
      referenceTime: within(CURVE_LIMITS.referenceTime).default(20),
      /** Duration of a read, seconds. */
      readDuration: within(CURVE_LIMITS.readDuration).default(250e-9),
      ...noiseFields,
    })
    .refine(
      ({ maxConductance, programming }) => covers(programming, maxConductance),
      mustCover("the targets", "programming"),
    )
    .refine(({ maxConductance, table }) => covers(table, maxConductance), mustCover("the drift table", "table"))
    .refine(({ table, amplitudes }) => amplitudes === undefined || amplitudes.length === table.conductances.length, {
      ...onceValid,
      error: "read noise needs one amplitude per conductance of the table. Give lists of the same length.",
      path: ["amplitudes"],
    }),
  /** Resistive memory of the NeuRRAM chip (Nature 2022): no drift, but noise that grows for two days. */
  z.strictObject({
    kind: z.literal("reram"),
    /** Largest programmed conductance, microsiemens. */
    maxConductance: z.number().positive().max(1000).default(40),
    /** Factor on the published noise; 0: off. */
    noise: z.number().min(0).max(10).default(1),
  }),
  /** Your own device, the default export of an ES module. Running the experiment executes the module. */
  z.strictObject({
    kind: z.literal("module"),
    /** Path of the module, relative to this file; in a browser, its URL. */
    path: z.string().min(1).max(4096),
    /** SHA-256 of each imported file, by its path from the module. */
    imports: z.record(z.string().max(4096), sha256).optional(),
    /** SHA-256 of the module and its imports; other contents are refused. Loading fills it in. */
    sha256: sha256.optional(),
    /** Likewise, as the module states it. */
    maxConductance: z.number().positive().optional(),
    /** Likewise: parallel devices per conductance. */
    devices: z.int().min(1).optional(),
  }),
  /** Exact conductances without noise. */
  z.strictObject({
    kind: z.literal("ideal"),
    /** Largest programmed conductance, microsiemens. */
    maxConductance: z.number().positive().max(1000).default(25),
  }),
]);

/** Fields of a crossbar: what it adds to any device (see `device/layers.ts`). */
export const layerFields = {
  /** Parallel devices per conductance, programmed to the same level so that their errors average. Table II: 1. */
  parallelDevices: z.int().min(1).max(8).default(1),
  /**
   * Device-to-device variation: relative standard deviation of a constant gain per device, on top of the published
   * noise.
   */
  spread: z.number().min(0).max(1).default(0),
  /** Devices that do not respond to programming, drawn once per chip. */
  stuck: z
    .strictObject({
      /** Share of devices stuck at zero. */
      atZero: z.number().min(0).max(0.5).default(0),
      /** Share of devices stuck at the largest conductance. */
      atMaximum: z.number().min(0).max(0.5).default(0),
    })
    .prefault({}),
};

export type DeviceSpec = z.infer<typeof deviceSpec>;

export interface DeviceLayers {
  readonly parallelDevices: number;
  readonly spread: number;
  readonly stuck: { readonly atZero: number; readonly atMaximum: number };
}
