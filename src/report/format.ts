/**
 * Numbers for people: as many digits as the interval supports, SI prefixes for units that take them.
 *
 * Only reports format numbers; all other code uses plain SI values.
 */

import { power } from "../numeric/power.ts";

export interface FormattedQuantity {
  readonly value: string;
  /** `0.0641 to 0.0703`, in the same unit as the value; left out if both ends print alike, as in `1 to 1`. */
  readonly interval?: string;
  /** Empty for a ratio or share. */
  readonly unit: string;
}

interface Quantity {
  readonly value: number;
  readonly unit: string;
  readonly interval?: { readonly low: number; readonly high: number } | undefined;
}

const PREFIXED = new Set(["J", "J s", "s", "S", "W", "Hz", "V", "A", "Ohm"]);
const PREFIXES = ["a", "f", "p", "n", "µ", "m", "", "k", "M", "G", "T", "P"];
const AREAS = [
  { unit: "m²", factor: 1 },
  { unit: "mm²", factor: 1e-6 },
  { unit: "µm²", factor: 1e-12 },
] as const;

/** Significant digits of a number without an interval, such as a model's energy. */
const SIGNIFICANT = 3;

/**
 * A value with its interval and unit, scaled by the same prefix.
 *
 * With an interval, digits end at the second one of its half width; without, `significant` digits are written, and whole
 * numbers in full.
 *
 * @example
 * formatQuantity({ value: 3.1e-7, unit: "J" }); // { value: "310", unit: "nJ" }
 */
export function formatQuantity(
  { value, unit, interval }: Quantity,
  significant: number = SIGNIFICANT,
): FormattedQuantity {
  const parts = formatParts({ value, unit, interval }, significant);
  const { low, high } = parts;
  return { value: parts.value, ...(low === undefined ? {} : { interval: `${low} to ${high}` }), unit: parts.unit };
}

/** Like `formatQuantity`, with the ends of the interval as separate texts, for the columns of a table. */
export function formatParts(
  { value, unit, interval }: Quantity,
  significant: number = SIGNIFICANT,
): { value: string; low?: string; high?: string; unit: string } {
  const scale = scaleOf(value, unit, significant);
  const decimals = interval && decimalsFor((interval.high - interval.low) / 2 / scale.factor);
  const write = (x: number) =>
    decimals === undefined
      ? trimZeros(formatRounded(x / scale.factor, significant))
      : formatNumber(x / scale.factor, decimals);
  const ends = interval && { low: write(interval.low), high: write(interval.high) };
  return { value: write(value), ...(ends?.low === ends?.high ? {} : ends), unit: scale.unit };
}

/** `0.0671`, `310 nJ`, `37 crossbars`. */
export function formatText(quantity: Quantity, significant: number = SIGNIFICANT): string {
  const { value, unit } = formatQuantity(quantity, significant);
  return withUnit(value, unit);
}

const withUnit = (value: string, unit: string): string => (unit ? `${value} ${unit}` : value);

/** A claim as text. */
export interface FormattedClaim {
  /** As printed: the same digits, up to four. */
  readonly paper: string;
  readonly ours: string;
  /** With the decimals of `ours`, and its sign. */
  readonly difference: string;
}

/**
 * The two sides of a claim and their difference, in one unit and with matching digits. The interval of its figure sets the digits of
 * `ours`; without one, `ours` has the paper's decimals, or one more within three significant digits.
 *
 * @example
 * const interval = { low: 0.0508, high: 0.0628 };
 * formatClaim({ paper: 0.067, ours: 0.05679, difference: -0.01021, unit: "1" }, interval); // 0.067, 0.0568, −0.0102
 */
export function formatClaim(
  { paper, ours, difference, unit }: Record<"paper" | "ours" | "difference", number | string> & { unit: string },
  interval?: Quantity["interval"],
): FormattedClaim {
  const scale = scaleOf([ours, paper].find((side) => typeof side === "number") ?? 0, unit, SIGNIFICANT);
  const printed = typeof paper === "number" ? formatNumber(paper / scale.factor) : paper;
  const known = interval && decimalsFor((interval.high - interval.low) / 2 / scale.factor);
  const supported = typeof ours === "number" ? significantDecimals(ours / scale.factor, SIGNIFICANT) : 0;
  const first = typeof paper === "number" ? (printed.split(".")[1]?.length ?? 0) : supported;
  const decimals = known ?? Math.max(first, Math.min(first + 1, supported));
  const write = (value: number) => formatNumber(value / scale.factor, decimals);
  const text = (value: number | string, write: (value: number) => string) =>
    typeof value === "number" ? withUnit(write(value), scale.unit) : value;
  return {
    paper: text(paper, () => printed),
    ours: text(ours, write),
    difference: text(difference, (value) => `${value > 0 ? "+" : ""}${write(value)}`),
  };
}

/** A number with the given decimals, or with four significant digits: a tick, or a printed number. */
export function formatNumber(value: number, decimals?: number): string {
  if (decimals === undefined || value === 0) return trimZeros(formatRounded(value, 4));
  const digits = Math.abs(value).toFixed(decimals);
  // A number that rounds to zero has no sign.
  return (value < 0 && Number(digits) > 0 ? "−" : "") + group(digits);
}

/** A number with the given significant digits, including trailing zeros; whole numbers in full. */
export function formatRounded(value: number, significant: number = SIGNIFICANT): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const sign = value < 0 ? "−" : "";
  if (Number.isInteger(value) && size < 1e15) return sign + group(String(size));
  if (size < 1e-4 || size >= 1e15) return sign + scientific(size, significant);
  return sign + group(size.toFixed(significantDecimals(size, significant)));
}

/** Decimals of a number with the given significant digits: 0.067 with three has 4. */
function significantDecimals(value: number, significant: number): number {
  return value === 0 ? 0 : Math.min(20, Math.max(0, significant - 1 - Math.floor(Math.log10(Math.abs(value)))));
}

/** Decimals up to the second digit of `halfWidth`: 0.0031 gives 4. */
function decimalsFor(halfWidth: number): number | undefined {
  if (!(halfWidth > 0)) return undefined;
  const decimals = 1 - Math.floor(Math.log10(halfWidth));
  return decimals > 8 ? undefined : Math.max(0, decimals);
}

function scaleOf(value: number, unit: string, significant: number): { unit: string; factor: number } {
  const size = Math.abs(value);
  if (unit === "1") return { unit: "", factor: 1 };
  // A value that rounds up to 1000 of a unit becomes 1 of the next.
  const least = 1 - 0.5 * power(10, -significant);
  if (unit === "m2") {
    if (size === 0) return AREAS[1];
    return AREAS.find(({ factor }) => size >= least * factor) ?? AREAS.at(-1)!;
  }
  if (!PREFIXED.has(unit) || size === 0) return { unit, factor: 1 };
  const thousands = Math.floor(Math.log10(size / least) / 3);
  const step = Math.min(Math.max(thousands, -6), 5);
  return { unit: `${PREFIXES[step + 6]}${unit}`, factor: Number(`1e${3 * step}`) };
}

/** `1.2 × 10⁻⁷`. */
function scientific(size: number, significant: number): string {
  const [mantissa, exponent] = size.toExponential(significant - 1).split("e") as [string, string];
  const digits = [...String(Number(exponent))].map((character) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(character)] ?? "⁻");
  return `${mantissa} × 10${digits.join("")}`;
}

/** `1.2` for `1.20`, also before a power of ten. */
const trimZeros = (text: string): string => text.replace(/\.0+(?=$| )|(?<=\.\d*[1-9])0+(?=$| )/, "");

/** Thousands in the whole part, from five digits on. */
function group(digits: string): string {
  const [whole, fraction] = digits.split(".") as [string, string?];
  const grouped = whole.length < 5 ? whole : whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** Micro- or nanojoules, whichever keeps the numbers of an axis short. */
export function energyAxis(joules: readonly number[]): {
  readonly unit: string;
  readonly of: (value: number) => number;
} {
  return Math.max(...joules) < 1e-8
    ? { unit: "Nanojoules", of: (value) => value * 1e9 }
    : { unit: "Microjoules", of: (value) => value * 1e6 };
}
