/** Validates rows, field by field, that another program may have written or sent. */
import { z } from "zod";
import { OBJECTIVES } from "../../experiment/design.ts";
import { ACTION_NAMES } from "../../hardware/actions.ts";

const count = z.int().min(0);

/** The answers and counts of a point's chips. */
export const samplesSpec = z.object({
  trials: z.int().min(1),
  now: z.array(z.string()),
  later: z.array(z.string()).nullable(),
  losses: z.array(z.number()),
  operations: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(["linear", "neurons", "attention", "residual"]),
      cycles: count,
      clipped: count,
      actions: z.partialRecord(z.enum(ACTION_NAMES), count),
    }),
  ),
  spikes: z.array(z.record(z.string(), z.object({ ones: count, bits: count }))),
});

const measured = z.object({ value: z.number(), low: z.number(), high: z.number() }).nullable();

export const rowSpec = z.object({
  point: count,
  hash: z.string(),
  values: z.record(z.string(), z.unknown()),
  measures: z
    .object({
      ...(Object.fromEntries(OBJECTIVES.map((name) => [name, measured])) as Record<
        (typeof OBJECTIVES)[number],
        typeof measured
      >),
      // Rows of earlier versions lack these.
      blockErrorRate: measured.default(null),
      codedEbN0: measured.default(null),
      blocks: z.array(z.object({ ebN0Decibels: z.number(), blocks: count, errors: count })).exactOptional(),
      chips: count,
      prompts: count,
    })
    .nullable(),
  refused: z.string().nullable(),
  samples: samplesSpec.exactOptional(),
  build: z.string().exactOptional(),
});
