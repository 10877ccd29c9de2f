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

/** Conductances of a curve; a schema of its own for each field, because each has its own description. */
const points = () => z.array(z.number().min(0).max(1000)).min(2).max(256);

const ascending = (list: readonly number[]): boolean => list.every((point, i) => i === 0 || point > list[i - 1]);

/** Half of all devices hold 0, and the rest anything up to the largest conductance. */
const covers = (list: readonly number[], maxConductance: number): boolean =>
  list[0] === 0 && list.at(-1)! >= maxConductance;

const programmingTable = z
  .strictObject({
    /** Targets. */
    conductances: points(),
    /** Means. */
    means: points(),
    /** Standard deviations. */
    deviations: points(),
  })
  .refine(({ conductances }) => ascending(conductances), {
    ...onceValid,
    error: "the targets must ascend. Sort the points, and remove duplicates.",
    path: ["conductances"],
  })
  .refine(
    ({ conductances, means, deviations }) =>
      means.length === conductances.length && deviations.length === conductances.length,
    {
      ...onceValid,
      error: "programming needs one mean and one deviation per target. Give three lists of the same length.",
      path: ["means"],
    },
  );

const driftTable = z
  .strictObject({
    /** Conductances of the points, microsiemens, ascending. */
    conductances: points(),
    /** Mean drift exponent at each point. */
    means: z.array(z.number().min(-1).max(1)).min(2).max(256),
    /** Standard deviation of the drift exponent at each point. */
    deviations: z.array(z.number().min(0).max(1)).min(2).max(256),
  })
  .refine(({ conductances }) => ascending(conductances), {
    ...onceValid,
    error: "the conductances of a drift table must ascend. Sort the points, and remove duplicates.",
    path: ["conductances"],
  })
  .refine(
    ({ conductances, means, deviations }) =>
      means.length === conductances.length && deviations.length === conductances.length,
    {
      ...onceValid,
      error: "a drift table needs one mean and one deviation per conductance. Give three lists of the same length.",
      path: ["means"],
    },
  );

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
    .refine(({ maxConductance, table: { conductances } }) => covers(conductances, maxConductance), {
      ...onceValid,
      error: "the drift table must reach from 0 to maxConductance. Add the missing points.",
      path: ["table", "conductances"],
    }),
  /** Your own measured curves. */
  z
    .strictObject({
      kind: z.literal("measured"),
      /** Largest programmed conductance, microsiemens. */
      maxConductance: z.number().positive().max(1000).default(25),
      /** Drift exponents from conductance 0 to `maxConductance`, interpolated linearly. */
      table: driftTable,
      /** Read noise Q at these conductances; left out: none. */
      amplitudes: z.array(z.number().min(0).max(10)).min(2).max(256).optional(),
      /** Programmed conductances, interpolated likewise. */
      programming: programmingTable,
      /** When drift begins, seconds after programming. */
      referenceTime: z.number().min(1e-6).max(1e6).default(20),
      /** Duration of a read, seconds. */
      readDuration: z.number().min(1e-12).max(1).default(250e-9),
      ...noiseFields,
    })
    .refine(({ maxConductance, programming: { conductances } }) => covers(conductances, maxConductance), {
      ...onceValid,
      error: "the targets must reach from 0 to maxConductance. Add the missing points.",
      path: ["programming", "conductances"],
    })
    .refine(({ maxConductance, table: { conductances } }) => covers(conductances, maxConductance), {
      ...onceValid,
      error: "the drift table must reach from 0 to maxConductance. Add the missing points.",
      path: ["table", "conductances"],
    })
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
    /** SHA-256 of the module; other contents are refused. Loading fills it in. */
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits in lower case")
      .optional(),
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
