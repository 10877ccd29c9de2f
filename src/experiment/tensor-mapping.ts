/**
 * The mapping file: how the tensors of another program become the parameters of a network here, as JSON.
 *
 *   { "parameters": { "blocks.{i}.up.weight": { "tensor": "h.{i}.fc1.weight", "steps": [{ "transpose": [1, 0] }] } },
 *     "ignore": ["*.num_batches_tracked"] }
 *
 * `{i}` stands for every block, 0 .. depth - 1. What the parts compute is said in `docs/import.md` and done by
 * `src/import/expression.ts`.
 */
import { z } from "zod";
import { explainIssues } from "./explain.ts";
import { parseJsonWithComments, plainValue } from "./json.ts";
import { onceValid } from "./once-valid.ts";
import type { JsonSchema } from "./schema.ts";

const name = z.string().min(1).max(512);
const axis = z.int().min(0).max(7);
const shape = z
  .array(
    z
      .int()
      .min(1)
      .max(2 ** 31),
  )
  .max(8);

/** One of the keys, where the others are details. */
function exactlyOne(keys: readonly string[], what: string) {
  return {
    check: (value: object) => keys.filter((key) => key in value).length === 1,
    options: { ...onceValid, error: `${what} needs exactly one of ${keys.join(", ")}.` },
  };
}

const oneStep = exactlyOne(["transpose", "reshape", "slice", "scale"], "A step");

const step = z
  .strictObject({
    /** Order of the axes: `[1, 0]` for a matrix. */
    transpose: z.array(axis).max(8).optional(),
    /** New sizes with the same number of values in the same order; one of them may be -1. */
    reshape: z
      .array(
        z
          .int()
          .min(-1)
          .max(2 ** 31),
      )
      .max(8)
      .optional(),
    /** Entries `begin` to `end` - 1 along an axis. */
    slice: z
      .strictObject({
        axis,
        begin: z
          .int()
          .min(0)
          .max(2 ** 31),
        end: z
          .int()
          .min(1)
          .max(2 ** 31),
      })
      .optional(),
    /** A factor. */
    scale: z.number().optional(),
  })
  .refine(oneStep.check, oneStep.options);

const oneSource = exactlyOne(["tensor", "concatenate", "sum", "constant", "linear"], "An expression");

const expression: z.ZodType<TensorExpression> = z.union([
  name,
  z
    .strictObject({
      /** A tensor of the file. */
      tensor: name.optional(),
      /** Parts one after the other along `axis`. */
      get concatenate() {
        return z.array(expression).min(1).max(64).optional();
      },
      /** Axis of `concatenate`; 0 by default. */
      axis: axis.optional(),
      /** Parts of the same shape, added. */
      get sum() {
        return z.array(expression).min(1).max(64).optional();
      },
      /** The same number everywhere, in `shape`. */
      constant: z.number().optional(),
      /** The weight or offset of a linear layer with the normalisations around it folded in. */
      get linear() {
        return linear.optional();
      },
      /** Shape of `tensor` in the file, or of `constant`. Needed to undo a `reshape` on export, checked on import. */
      shape: shape.optional(),
      /** What is done to the result, in this order. */
      steps: z.array(step).max(16).optional(),
    })
    .refine(oneSource.check, oneSource.options),
]) as z.ZodType<TensorExpression>;

const normalisation = z.strictObject({
  get gain() {
    return expression.optional();
  },
  get offset() {
    return expression.optional();
  },
  get mean() {
    return expression.optional();
  },
  get variance() {
    return expression.optional();
  },
  /** Added to the variance; 1e-5 as in PyTorch. */
  epsilon: z.number().min(0).max(1).default(1e-5),
});

const linear = z.strictObject({
  /** Which of the two is meant. */
  part: z.enum(["weight", "offset"]),
  /** `[outputs, inputs]`, as nn.Linear has it. */
  get weight() {
    return expression;
  },
  /** `[outputs]`; none by default. */
  get bias() {
    return expression.optional();
  },
  /** Normalisation of the inputs. */
  before: normalisation.optional(),
  /** Normalisation of the outputs. */
  after: normalisation.optional(),
});

const tensorMappingSpec = z.strictObject({
  /** For people; ignored. */
  description: z.string().max(10_000).optional(),
  /** What fills each parameter of the network. */
  parameters: z.record(name, expression),
  /** Tensors of the file that are left out; `*` stands for any text. */
  ignore: z.array(name).max(1000).default([]),
  /** What the result does not keep of the source. Where there are any, an import must be asked to accept them. */
  approximations: z.array(z.string().min(1).max(2000)).max(100).default([]),
});

export type TensorStep = z.infer<typeof step>;

export interface TensorNormalisation {
  gain?: TensorExpression | undefined;
  offset?: TensorExpression | undefined;
  mean?: TensorExpression | undefined;
  variance?: TensorExpression | undefined;
  epsilon: number;
}

export interface FoldedLinear {
  part: "weight" | "offset";
  weight: TensorExpression;
  bias?: TensorExpression | undefined;
  before?: TensorNormalisation | undefined;
  after?: TensorNormalisation | undefined;
}

/** The name of a tensor, or exactly one of `tensor`, `concatenate`, `sum`, `constant` and `linear` with its details. */
export type TensorExpression =
  | string
  | {
      tensor?: string | undefined;
      concatenate?: TensorExpression[] | undefined;
      axis?: number | undefined;
      sum?: TensorExpression[] | undefined;
      constant?: number | undefined;
      linear?: FoldedLinear | undefined;
      shape?: number[] | undefined;
      steps?: TensorStep[] | undefined;
    };

export interface TensorMapping {
  description?: string | undefined;
  parameters: Record<string, TensorExpression>;
  ignore: string[];
  approximations: string[];
}

/**
 * Checks a mapping and fills in its defaults; `name` stands for the document in error messages.
 * Throws  SpecError at the first field at fault; its message lists all problems
 */
export function parseTensorMapping(source: unknown, name = "mapping"): TensorMapping {
  const written = typeof source === "string" ? parseJsonWithComments(source, name) : source;
  const document = plainValue(written, name);
  const result = tensorMappingSpec.safeParse(document);
  if (result.success) return result.data;
  throw explainIssues(
    result.error.issues,
    document,
    name,
    z.toJSONSchema(tensorMappingSpec, { io: "input" }) as JsonSchema,
  );
}
