/**
 * A design: one experiment, fields of it that vary, and what is wanted of the points. `src/sweep/` lists the points and runs them.
 *
 *   {
 *     "name": "converters",
 *     "experiment": "preset:wireless-2x2",
 *     "axes": { "hardware.adc.bits": [4, 5, 6], "hardware.readTime": { "from": 1, "to": 1e7, "scale": "log", "count": 4 } },
 *     "objectives": ["errorRate", "energy"]
 *   }
 */
import { z } from "zod";
import { overlapOf } from "./axes.ts";
import { explainIssues } from "./explain.ts";
import { parseJsonWithComments, plainValue } from "./json.ts";
import { onceValid } from "./once-valid.ts";
import type { JsonSchema } from "./schema.ts";

/** Values of one axis, and points of one design: more are a mistake rather than a study. */
export const MOST_AXIS_VALUES = 10_000;
export const MOST_POINTS = 1_000_000;

/** What a point is judged by, in SI units, of the machine and network that it describes. */
export const OBJECTIVES = [
  "errorRate",
  "yearLoss",
  "blockErrorRate",
  "codedEbN0",
  "energy",
  "latency",
  "throughput",
  "area",
] as const;
export type Objective = (typeof OBJECTIVES)[number];

const rangeSpec = z
  .strictObject({
    from: z.number(),
    to: z.number(),
    /** `log`: equal steps are equal ratios. */
    scale: z.enum(["linear", "log"]).default("linear"),
    /** Whole numbers only; of a linear range without `count` all of them. */
    whole: z.boolean().default(false),
    /** Values of a grid, both ends included. Left out, samples fall anywhere between the ends. */
    count: z.int().min(2).max(MOST_AXIS_VALUES).optional(),
  })
  .refine(({ from, to }) => from < to, {
    ...onceValid,
    path: ["to"],
    error: "the range is empty. Write the smaller number as `from`.",
  })
  .refine(({ from, scale }) => scale === "linear" || from > 0, {
    ...onceValid,
    path: ["from"],
    error: "a logarithmic range starts above 0. Raise `from`, or set `scale` to linear.",
  });

/** A list of values of the field, or a range of numbers. An object is laid over that of the experiment, so that fields vary together. */
const axisSpec = z.union([z.array(z.unknown()).min(1).max(MOST_AXIS_VALUES), rangeSpec]);

const points = z.int().min(1).max(MOST_POINTS);

const samplingSpec = z.discriminatedUnion("kind", [
  /** Every combination, the last axis first. */
  z.strictObject({ kind: z.literal("grid") }),
  /** Independent draws. */
  z.strictObject({ kind: z.literal("random"), points }),
  /** Every axis is cut in as many parts as there are points, and each part has one. */
  z.strictObject({ kind: z.literal("latin-hypercube"), points }),
  /** A Sobol sequence, which fills the space evenly at every length; best at a power of two. */
  z.strictObject({ kind: z.literal("sobol"), points }),
  /** A search for the front by NSGA-II, which breeds each generation from the best points so far. */
  z.strictObject({
    kind: z.literal("search"),
    /** Points that are measured at most. */
    points,
    /** Points of a generation, which are measured at the same time. */
    population: z.int().min(4).max(1000).default(24),
  }),
]);

/**
 * All points are measured on few chips and prompts; those that are not surely beaten on more, and so on up to the experiment's own, until
 * no comparison is open.
 */
const budgetSpec = z.strictObject({
  /** Chips to begin with. Intervals between two or three chips are too wide to decide anything. */
  chips: z.int().min(2).max(1000).default(4),
  /** Prompts to begin with. */
  prompts: z.int().min(8).max(10_000_000).default(64),
  /** How many times as many chips, and as many prompts, those have that go on. */
  growth: z.number().min(1.25).max(100).default(3),
});

const limitSpec = z
  .strictObject({ least: z.number().optional(), most: z.number().optional() })
  .refine(({ least, most }) => least === undefined || most === undefined || least <= most, {
    ...onceValid,
    path: ["least"],
    error: "no value is at least this and at most `most`. Write the smaller number as `least`.",
  });

const NO_FIELD = "this is no field. Write names joined by dots, such as hardware.adc.bits.";

export const designSpec = z.strictObject({
  /** For editors only; ignored. */
  $schema: z.string().optional(),
  name: z.string().min(1).max(80).default("sweep"),
  /** Seed of the sampling. Experiments keep their own, so that all points see the same prompts and chips. */
  seed: z.int().min(0).default(1),
  /** What all points have in common: a file relative to this one, `preset:NAME`, or the experiment itself. */
  experiment: z.union([z.string().min(1).max(4096), z.record(z.string(), z.unknown())]),
  /** By field of the experiment, such as `hardware.adc.bits` or `training.stages.0.steps`. */
  axes: z.record(z.string(), axisSpec).superRefine((axes, { addIssue }) => {
    for (const path of Object.keys(axes)) {
      if (!/^[A-Za-z]\w*(\.\w+)*$/.test(path)) addIssue({ code: "custom", path: [path], message: NO_FIELD });
    }
    const overlap = overlapOf(axes);
    if (overlap) addIssue({ code: "custom", path: [overlap.axis], message: overlap.message });
  }),
  sampling: samplingSpec.prefault({ kind: "grid" }),
  /** Left out, every point has all chips and prompts of its experiment. */
  budget: budgetSpec.optional(),
  /** What the front is drawn over. The first two are the axes of the drawing. */
  objectives: z.array(z.enum(OBJECTIVES)).min(1).max(OBJECTIVES.length).default(["errorRate", "energy"]),
  /** Of objectives: points outside are kept in the table and left out of the front. */
  constraints: z
    .strictObject(Object.fromEntries(OBJECTIVES.map((name) => [name, limitSpec.optional()])) as Constraints)
    .prefault({}),
});

type Constraints = Record<Objective, z.ZodOptional<typeof limitSpec>>;

/** With what holds between fields. What is not among the objectives is not measured, and a limit on it would let everything pass. */
const checkedDesign = designSpec.superRefine(({ objectives, constraints }, { addIssue }) => {
  for (const name of OBJECTIVES) {
    if (constraints[name] === undefined || objectives.includes(name)) continue;
    const message =
      `${name} is not among the objectives (${objectives.join(", ")}), so it is not measured and the limit would exclude ` +
      "nothing. Add it to `objectives`, or leave the limit out.";
    addIssue({ code: "custom", path: ["constraints", name], message });
  }
});

export type Design = z.infer<typeof designSpec>;
export type Axis = z.infer<typeof axisSpec>;
export type Range = z.infer<typeof rangeSpec>;
export type Budget = z.infer<typeof budgetSpec>;

/** Throws SpecError for anything that is no design; its message lists all problems. `name` is usually the file's. */
export function parseDesign(source: unknown, name = "design"): Design {
  const document = plainValue(typeof source === "string" ? parseJsonWithComments(source, name) : source, name);
  const result = checkedDesign.safeParse(document);
  if (result.success) return result.data;
  throw explainIssues(result.error.issues, document, name, z.toJSONSchema(designSpec, { io: "input" }) as JsonSchema);
}
