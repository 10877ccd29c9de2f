/** Ages of a chip as a person writes them: `1s`, `90s`, `1m`, `12h`, `1d`, `1mo`, `1y`. */
import { SpecError } from "../errors.ts";
import { shorten } from "./json.ts";

export interface Duration {
  /** As written: names curves, and figures by their id. */
  readonly text: string;
  readonly seconds: number;
}

/** Months have 30 days and years 365, so a year is not twelve months. */
const UNITS: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  mo: 30 * 86_400,
  y: 365 * 86_400,
};

/** As far as `hardware.readTime` goes, some 317 years. */
const LONGEST = 1e10;

/** A number and the seconds of its unit; null for anything that is no duration. */
export function durationParts(text: string): { readonly digits: string; readonly unit: number } | null {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)(s|m|h|d|mo|y)$/.exec(text) ?? [];
  return digits === undefined ? null : { digits, unit: UNITS[unit] };
}

/** Throws SpecError, with `path` as the field at fault, for anything that is no duration. */
export function parseDuration(text: string, path: string): Duration {
  const parts = durationParts(text);
  if (parts === null) {
    throw new SpecError(
      path,
      `${shorten(text)} is not a duration. Write a number with a unit: s, m (minutes), h, d, mo (30 days) or y (365 days), such ` +
        "as 1s, 90s, 12h, 1mo.",
    );
  }
  const { digits, unit } = parts;
  const seconds = Number(digits) * unit;
  if (seconds === 0) throw new SpecError(path, `${shorten(text)} is zero, which a logarithmic time axis cannot show.`);
  if (seconds > LONGEST) {
    throw new SpecError(path, `${shorten(text)} is ${digits} x ${unit} s = ${seconds} s; the longest is ${LONGEST} s.`);
  }
  return { text, seconds };
}

/** Ages that a study reads at most. */
export const MOST_AGES = 100;

/** A list such as `1s,1m,1h`. Throws SpecError also when one age appears twice, and when there are too many. */
export function parseDurations(text: string, path: string): Duration[] {
  const all = text.split(",").map((part) => parseDuration(part.trim(), path));
  if (all.length > MOST_AGES) {
    throw new SpecError(path, `These are ${all.length} ages, but a study takes at most ${MOST_AGES}. Leave some out.`);
  }
  all.forEach(({ text, seconds }, i) => {
    const same = all.findIndex((other) => other.seconds === seconds);
    if (same !== i) throw new SpecError(path, `${all[same].text} and ${text} are the same age. Keep one.`);
  });
  return all;
}
