/**
 * Operations as an experiment lists them (`model.kind` `graph`). Each writes one value, under its own name, and reads the values that
 * other operations write, or `input`. `model/listed.ts` builds the graph.
 */
import { z } from "zod";
import { attentionSpec } from "./attention.ts";
import { convolution, pooling } from "./convolution.ts";

const written = z
  .string()
  .max(80)
  .regex(/^(?!.*\.(weight|offset|gain|mean|variance|leak)$)[a-zA-Z][a-zA-Z0-9_-]*(\.[a-zA-Z0-9_-]+)*$/, {
    error: (issue) =>
      `"${String(issue.input).slice(0, 80)}" cannot name an operation. Use letters, digits, \`-\`, \`_\` and dots, such as \`block.0.up\`; \`.weight\` and the like end names of parameters.`,
  });

const named = {
  /** Names the operation and what it writes. */
  name: written,
};

const unary = {
  ...named,
  /** The operation whose result it reads, or `input`. Left out: the one before. */
  reads: written.exactOptional(),
};

const weighted = {
  /** Initial gain of its BatchNorm. Less than 1 lets a residual branch start weak. */
  gain: z.number().min(0).max(16).default(1),
};

const features = () => z.int().min(8).max(16_384).multipleOf(8);

export const operationSpec = z.discriminatedUnion("kind", [
  z.strictObject({
    /** Weights on a crossbar: currents from spikes. */
    kind: z.literal("linear"),
    ...unary,
    /** Outputs, a multiple of 8 because spikes are packed into bytes. */
    features: features(),
    ...weighted,
  }),
  z.strictObject({
    /** A linear layer on windows of a map. */
    kind: z.literal("convolution"),
    ...unary,
    /** Output channels, a multiple of 8. */
    channels: features(),
    ...convolution,
    ...weighted,
  }),
  z.strictObject({
    /** Neurons of the model's kind: spikes from currents. */
    kind: z.literal("neurons"),
    ...unary,
  }),
  z.strictObject({
    /** Attention over spikes of queries, keys and values, next to each other in a row. */
    kind: z.literal("attention"),
    ...unary,
    /** Heads H, which share the features of a query equally. */
    heads: z.int().min(1).max(64).default(4),
    /** How it attends. Left out: as `model.attention` says. */
    attention: attentionSpec.exactOptional(),
  }),
  z.strictObject({
    /** Maximum over squares of a map; of spikes, 1 if any of them is 1. */
    kind: z.literal("pool"),
    ...unary,
    /** Side of the squares, and pixels between them. */
    pool: z.int().min(1).max(4).default(2),
    ...pooling,
  }),
  z.strictObject({
    /** Sum of two values, such as a stream and a branch. */
    kind: z.literal("add"),
    ...named,
    /** Both operations. */
    reads: z.tuple([written, written]),
  }),
  z.strictObject({
    /** Adds a learned vector to each token. */
    kind: z.literal("position"),
    ...unary,
  }),
  z.strictObject({
    /** Mean over all tokens; needs `task.readOut` `stream-mean`. */
    kind: z.literal("token-mean"),
    ...unary,
  }),
  z.strictObject({
    /** The head, a linear layer with one output per logit, and the mean of its outputs over time. */
    kind: z.literal("read-out"),
    ...unary,
  }),
]);

export type OperationSpec = z.infer<typeof operationSpec>;
