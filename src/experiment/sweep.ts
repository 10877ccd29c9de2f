/**
 * One field of an experiment at several values: `adc.bits=4..8`, `crossbar.clippingQuantile=0.99,0.998,1`, `steps=1..8`.
 *
 * A field is one of `hardware`, with or without that word in front, or `steps` for the time steps of the model. Values are whole
 * numbers from a to b (`a..b`), numbers, `null`, and the words of a choice; several are joined by commas. Each value gives an
 * experiment of its own, which is checked as if it had been written by hand.
 */

import { SpecError } from "../errors.ts";
import { durationParts } from "./duration.ts";
import type { Experiment } from "./experiment.ts";
import { shorten } from "./json.ts";
import { parseExperiment, withField } from "./parse.ts";

export type SweepValue = number | string | boolean | null;

export interface Sweep {
  /** `model.steps`, or a field of `hardware` from the top: `hardware.adc.bits`. */
  readonly field: string;
  readonly points: readonly { readonly value: SweepValue; readonly experiment: Experiment }[];
}

export const STEPS_FIELD = "model.steps";

/** How many chips there are is no property of one, and all values have the same ones. */
const CHIPS_FIELD = "hardware.chips";
const TIME_FIELD = "hardware.readTime";

/** More are a mistake rather than a study. */
const MOST_VALUES = 100;

/** Throws SpecError when the text is no sweep, or when the experiment refuses one of the values. */
export function parseSweep(text: string, experiment: Experiment): Sweep {
  const [name, list, ...rest] = text.split("=");
  if (!name.trim() || !list?.trim() || rest.length > 0) {
    throw new SpecError(
      "sweep",
      `${shorten(text)} is not a sweep. Write field=values, such as adc.bits=4..8, crossbar.clippingQuantile=0.99,1 or steps=1..8.`,
    );
  }
  const field = fieldOf(name.trim());
  if (field === CHIPS_FIELD) {
    throw new SpecError(
      "sweep",
      "All values are compared on the same chips, so chips cannot be swept. Set their number with --chips; more chips leave the " +
        "first ones unchanged.",
    );
  }
  const values = list.split(",").flatMap((part) => parseValues(part.trim()));
  if (values.length > MOST_VALUES) {
    throw new SpecError(
      "sweep",
      `${shorten(text)} has ${values.length} values, more than the limit of ${MOST_VALUES}.`,
    );
  }
  const twice = values.find((value, i) => values.indexOf(value) !== i);
  if (twice !== undefined) throw new SpecError("sweep", `${shorten(twice)} is listed twice. Keep one.`);
  return {
    field,
    points: values.map((value) => ({
      value,
      experiment: parseExperiment(withField(experiment, field.split("."), value), "sweep"),
    })),
  };
}

/** Throws SpecError for ages beside a sweep of the time of reading, which is what they would set. */
export function requireOneAge({ field }: Sweep, ages: readonly unknown[]): void {
  if (field !== TIME_FIELD || ages.length === 0) return;
  throw new SpecError(
    "sweep",
    "--sweep readTime and --drift both set when chips are read. Keep one: --drift for ages with and " +
      "without compensation, --sweep readTime for the compensation of the experiment.",
  );
}

function fieldOf(name: string): string {
  if (!/^[A-Za-z]\w*(\.[A-Za-z]\w*)*$/.test(name)) {
    throw new SpecError("sweep", `${shorten(name)} is not the name of a field, such as adc.bits or steps.`);
  }
  if (name === "steps") return STEPS_FIELD;
  return name === STEPS_FIELD || name.startsWith("hardware.") ? name : `hardware.${name}`;
}

function parseValues(part: string): SweepValue[] {
  const [, first, last] = /^(-?\d+)\.\.(-?\d+)$/.exec(part) ?? [];
  if (first !== undefined) {
    const count = Number(last) - Number(first) + 1;
    if (count < 1) throw new SpecError("sweep", `${part} is empty: write the smaller number first.`);
    // One more than allowed is enough to be refused.
    return Array.from({ length: Math.min(count, MOST_VALUES + 1) }, (_, i) => Number(first) + i);
  }
  if (/^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(part)) return [Number(part)];
  if (part === "null") return [null];
  if (part === "true" || part === "false") return [part === "true"];
  // A duration such as 1h is no number, which the field's own error explains.
  if (/^[A-Za-z][A-Za-z0-9-]*$/.test(part) || durationParts(part)) return [part];
  throw new SpecError(
    "sweep",
    `${shorten(part)} is not a value. Write whole numbers as 4..8, or numbers, null and allowed words, separated by commas.`,
  );
}
