/**
 * A network as the cost model sees it, written down: its sizes, and how dense its spikes are. For what was never trained here, or
 * never will be.
 *
 * Values enter once per inference, 8 bits each, and the head is a single small product, as published models are accounted for.
 */
import { z } from "zod";
import { explainIssues } from "./explain.ts";
import { parseJsonWithComments, plainValue } from "./json.ts";
import { onceValid } from "./once-valid.ts";
import type { JsonSchema } from "./schema.ts";

const share = z.number().min(0).max(1).optional();

const densities = z.strictObject({
  /** Shares of ones at the inputs of q, k and v, of the output projection, and of the two feed-forward layers. */
  qkv: share,
  projection: share,
  up: share,
  down: share,
  /** Of the spikes of q, k and v themselves, and of the scores of attention. */
  query: share,
  key: share,
  value: share,
  scores: share,
});

const count = (most: number) => z.int().min(1).max(most);

export const workloadSpec = z
  .strictObject({
    /** Tells the file from an experiment. */
    kind: z.literal("workload"),
    name: z.string().min(1).max(80).default("workload"),
    depth: count(1024),
    width: count(65_536),
    heads: count(1024),
    /** Feed-forward width as a multiple of the width. */
    expansion: count(64).default(4),
    tokens: count(65_536),
    /** Values per token at the embedding. */
    inputs: count(1_000_000),
    classes: count(1_000_000),
    /** Tokens see those before them only. */
    causal: z.boolean().default(false),
    /** Time steps of Xpikeformer, and of the digital spiking network: the same where they are left out. */
    steps: count(1024).default(4),
    snnSteps: count(1024).optional(),
    /** What one inference delivers. */
    result: z.string().min(1).max(40).default("result"),
    /** Of all blocks, or a list with an entry for each. What is left out is Spikingformer's on ImageNet. */
    densities: z.union([densities, z.array(densities).max(1024)]).default({}),
  })
  .refine(({ width, heads }) => width % heads === 0, {
    ...onceValid,
    path: ["heads"],
    error: "the heads do not divide the width, but each head needs an equal share of it.",
  })
  .refine(({ densities: given, depth }) => !Array.isArray(given) || given.length === depth, {
    ...onceValid,
    path: ["densities"],
    error: "the list must have one entry per block. Give as many entries as blocks, or one object for all.",
  });

export type WorkloadSpec = z.infer<typeof workloadSpec>;

/** The value in a text, where it is a workload's; null where it is something else. Throws SpecError for text that is not JSON. */
export function readWorkload(text: string, name: string): unknown {
  const value = plainValue(parseJsonWithComments(text, name), name);
  const isObject = typeof value === "object" && value !== null;
  return isObject && "kind" in value && value.kind === "workload" ? value : null;
}

/** Throws SpecError for anything that is no workload; its message lists all problems. */
export function parseWorkload(source: unknown, name = "workload"): WorkloadSpec {
  const result = workloadSpec.safeParse(source);
  if (result.success) return result.data;
  throw explainIssues(result.error.issues, source, name, z.toJSONSchema(workloadSpec, { io: "input" }) as JsonSchema);
}
