/** Memory cells, each after one publication, and what a chip adds to them. */
import { z } from "zod";
import { onceValid } from "./once-valid.ts";

/** Factors on the published statistics of a device. */
const noiseFields = {
  /** Multiplies the published programming spread; 0 switches it off. */
  programmingNoise: z.number().min(0).max(10).default(1),
  /** Multiplies the published drift exponent; 0 switches drift off. */
  drift: z.number().min(0).max(10).default(1),
  /** Multiplies the published read spread; 0 switches it off. */
  readNoise: z.number().min(0).max(10).default(1),
};

const driftTable = z
  .strictObject({
    /** Conductances of the points, microsiemens, ascending. */
    conductances: z.array(z.number().min(0).max(1000)).min(2).max(256),
    /** Mean drift exponent at each point. */
    means: z.array(z.number().min(-1).max(1)).min(2).max(256),
    /** Standard deviation of the drift exponent at each point. */
    deviations: z.array(z.number().min(0).max(1)).min(2).max(256),
  })
  .refine(({ conductances }) => conductances.every((point, i) => i === 0 || point > conductances[i - 1]), {
    ...onceValid,
    error: "the conductances of a drift table must ascend. Sort the points, and keep one of equal ones.",
    path: ["conductances"],
  })
  .refine(
    ({ conductances, means, deviations }) =>
      means.length === conductances.length && deviations.length === conductances.length,
    {
      ...onceValid,
      error: "a drift table has one mean and one deviation for each conductance. Give three lists of one length.",
      path: ["means"],
    },
  );

export const deviceSpec = z.discriminatedUnion("kind", [
  /** Phase-change memory with published programming, drift and 1/f read statistics (see `device/nandakumar-icecs-2019.ts`). */
  z.strictObject({
    kind: z.literal("pcm").optional().default("pcm"),
    /** Largest programmed conductance, microsiemens. */
    maxConductance: z.number().positive().max(1000).default(25),
    ...noiseFields,
  }),
  /** Phase-change memory of the 14 nm HERMES chip (see `device/le-gallo-nature-electronics-2023.ts`). */
  z
    .strictObject({
      kind: z.literal("hermes"),
      /** Devices side by side that make one conductance. */
      devices: z.literal([1, 2]).default(2),
      /** Largest programmed conductance, microsiemens. `null`: as far as characterised, 10.35 for one device, 20.7 for two. */
      maxConductance: z.number().positive().max(20.7).nullable().default(null),
      ...noiseFields,
    })
    .refine(({ devices, maxConductance }) => devices === 2 || (maxConductance ?? 0) <= 10.35, {
      ...onceValid,
      error: "one device of the HERMES chip was characterised up to 10.35 uS. Ask for less, or set devices to 2.",
      path: ["maxConductance"],
    }),
  /** Spreads and drift that do not depend on the conductance (see `device/state-independent.ts`). */
  z.strictObject({
    kind: z.literal("state-independent"),
    /** Largest programmed conductance, microsiemens. */
    maxConductance: z.number().positive().max(1000).default(25),
    ...noiseFields,
  }),
  /** Phase-change memory with drift exponents from a table of one's own (see `device/custom-drift.ts`). */
  z
    .strictObject({
      kind: z.literal("custom-drift"),
      /** Largest programmed conductance, microsiemens. */
      maxConductance: z.number().positive().max(1000).default(25),
      /** Drift exponents over the conductance, from 0 to `maxConductance`; straight lines between points. */
      table: driftTable,
      ...noiseFields,
    })
    .refine(
      ({ maxConductance, table: { conductances } }) => conductances.at(-1)! >= maxConductance && !conductances[0],
      {
        ...onceValid,
        error: "the drift table must reach from 0 to maxConductance. Add the points that are missing.",
        path: ["table", "conductances"],
      },
    ),
  /** Resistive memory of the NeuRRAM chip: no drift, but a spread that grows for two days (see `device/wan-nature-2022.ts`). */
  z.strictObject({
    kind: z.literal("reram"),
    /** Largest programmed conductance, microsiemens. */
    maxConductance: z.number().positive().max(1000).default(40),
    /** Multiplies the published spread; 0 switches it off. */
    noise: z.number().min(0).max(10).default(1),
  }),
  /** A device of one's own, the default export of an ES module (see `device/module.ts`). Running the experiment runs the module. */
  z.strictObject({
    kind: z.literal("module"),
    /** Path of the module, relative to this file; in a browser its URL. */
    path: z.string().min(1).max(4096),
    /** SHA-256 of the module, hexadecimal: another content is refused. The commands record it in reports. Left out: any content. */
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, "64 hexadecimal digits in lower case")
      .optional(),
  }),
  /** Exact conductances: no noise. */
  z.strictObject({
    kind: z.literal("ideal"),
    /** Largest programmed conductance, microsiemens. */
    maxConductance: z.number().positive().max(1000).default(25),
  }),
]);

/** Fields of a crossbar: what it adds to any device (see `device/layers.ts`). */
export const layerFields = {
  /**
   * Devices side by side that hold each conductance of a pair, all programmed to the same level: their errors average, for as many
   * times the cells. 1: as in Table II.
   */
  parallelDevices: z.int().min(1).max(8).default(1),
  /** Device-to-device spread: relative standard deviation of a constant gain of each device, on top of the published spreads. */
  spread: z.number().min(0).max(1).default(0),
  /** Devices that do not answer to programming, drawn once per chip. */
  stuck: z
    .strictObject({
      /** Share of devices that stay at zero. */
      atZero: z.number().min(0).max(0.5).default(0),
      /** Share of devices that stay at the largest conductance. */
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
