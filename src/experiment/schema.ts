/**
 * The JSON Schema (2020-12) of an experiment, for editors: completion, and a red line under a mistake while typing.
 *
 * It is made from the same zod schemas that `parse.ts` checks with, so the two agree field by field. Three things are
 * checked by the parser alone: limits across fields (heads divide the width), equal keys, and what a preset fills in.
 */
import { z } from "zod";
import { experimentSpec } from "./experiment.ts";
import { presets } from "./presets.ts";

/** The keywords that our schemas use. */
export interface JsonSchema {
  $schema?: string;
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  title?: string;
  description?: string;
  type?: "object" | "array" | "string" | "number" | "integer" | "boolean" | "null";
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  const?: unknown;
  enum?: unknown[];
  default?: unknown;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  minItems?: number;
  maxItems?: number;
}

/**
 * The schema as a fresh plain object.
 *
 * @param descriptions of fields, by their path (`DESCRIPTIONS`); explaining an error needs none, and pages load none
 */
export function experimentJsonSchema(descriptions: Readonly<Record<string, string>> = {}): JsonSchema {
  const preset = z.enum(presets().map(({ name }) => name));
  const document = z.strictObject({
    preset: z
      .union([preset, z.array(preset)])
      .optional()
      .describe("A named experiment that this one overrides; in a list, each overrides the one before."),
    ...experimentSpec.shape,
  });
  const schema = z.toJSONSchema(document, {
    io: "input",
    override: ({ jsonSchema, path }) => {
      const description = descriptions[fieldOf(path)];
      if (description !== undefined && path.at(-2) === "properties") jsonSchema.description = description;
      // Zod bounds every integer by the safe integers, which says nothing to a reader.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  return { title: "xpikeformer experiment", ...(JSON.parse(JSON.stringify(schema)) as JsonSchema) };
}

/** `properties/model/oneOf/1/properties/width` is `model[1].width`; entries of a list go by the list's name. */
function fieldOf(path: readonly (string | number)[]): string {
  const steps = path.map((step, i) => {
    if (path[i - 1] === "properties") return `.${step}`;
    return typeof step === "number" ? `[${step}]` : "";
  });
  return steps.join("").slice(1);
}
