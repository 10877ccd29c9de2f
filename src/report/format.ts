/**
 * Numbers for people: as many digits as the interval supports, SI prefixes for units that take them.
 *
 * Only reports format; every other stage hands over plain SI numbers.
 */

export interface FormattedQuantity {
  readonly value: string;
  /** `0.0641 to 0.0703`, in the same unit as the value. */
  readonly interval?: string;
  /** Empty for a ratio or share. */
  readonly unit: string;
}

interface Quantity {
  readonly value: number;
  readonly unit: string;
  readonly interval?: { readonly low: number; readonly high: number } | undefined;
}

const PREFIXED = new Set(["J", "s", "S", "W", "Hz", "V", "A", "Ohm"]);
const PREFIXES = ["a", "f", "p", "n", "µ", "m", "", "k", "M", "G", "T", "P"];
const AREAS = [
  { unit: "m²", factor: 1 },
  { unit: "mm²", factor: 1e-6 },
  { unit: "µm²", factor: 1e-12 },
] as const;

/**
 * A value with its interval and unit, all three scaled alike.
 *
 * With an interval, digits end at the second one of its half width; without, four digits are significant, and whole numbers
 * are written out.
 *
 * @example
 * formatQuantity({ value: 3.1e-7, unit: "J" }); // { value: "310", unit: "nJ" }
 */
export function formatQuantity({ value, unit, interval }: Quantity): FormattedQuantity {
  const scale = scaleOf(value, unit);
  const digits = interval ? decimalsFor((interval.high - interval.low) / 2 / scale.factor) : undefined;
  const write = (x: number) => formatNumber(x / scale.factor, digits);
  return {
    value: write(value),
    ...(interval ? { interval: `${write(interval.low)} to ${write(interval.high)}` } : {}),
    unit: scale.unit,
  };
}

/** `0.0671`, `310 nJ`, `37 crossbars`. */
export function formatText(quantity: Quantity): string {
  const { value, unit } = formatQuantity(quantity);
  return unit ? `${value} ${unit}` : value;
}

/** What stands in a claim: a number in its unit, or words. */
export function formatClaimed(value: number | string, unit: string, signed = false): string {
  if (typeof value === "string") return value;
  const sign = signed && value > 0 ? "+" : "";
  return `${sign}${formatText({ value, unit })}`;
}

/** A number with the given decimals, or with four significant digits. */
export function formatNumber(value: number, decimals?: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const sign = value < 0 ? "−" : "";
  if (decimals !== undefined) return sign + group(size.toFixed(decimals));
  if (Number.isInteger(value) && size < 1e15) return sign + group(String(size));
  if (size < 1e-4 || size >= 1e15) return sign + scientific(size);
  const decimalsNeeded = Math.max(0, 3 - Math.floor(Math.log10(size)));
  return sign + group(trimZeros(size.toFixed(decimalsNeeded)));
}

/** Decimals up to the second digit of `halfWidth`: 0.0031 gives 4. */
function decimalsFor(halfWidth: number): number | undefined {
  if (!(halfWidth > 0)) return undefined;
  const decimals = 1 - Math.floor(Math.log10(halfWidth));
  return decimals > 8 ? undefined : Math.max(0, decimals);
}

function scaleOf(value: number, unit: string): { unit: string; factor: number } {
  const size = Math.abs(value);
  if (unit === "1") return { unit: "", factor: 1 };
  if (unit === "m2") {
    if (size === 0) return AREAS[1];
    // Rounding at four digits must not decide the unit, hence the half digit.
    return AREAS.find(({ factor }) => size >= 0.99995 * factor) ?? AREAS.at(-1)!;
  }
  if (!PREFIXED.has(unit) || size === 0) return { unit, factor: 1 };
  const power = Math.floor((Math.log10(size) + 0.00002) / 3);
  const step = Math.min(Math.max(power, -6), 5);
  return { unit: `${PREFIXES[step + 6]}${unit}`, factor: Number(`1e${3 * step}`) };
}

/** `1.2 × 10⁻⁷`. */
function scientific(size: number): string {
  const [mantissa, exponent] = size.toExponential(3).split("e") as [string, string];
  const digits = [...String(Number(exponent))].map((character) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(character)] ?? "⁻");
  return `${trimZeros(mantissa)} × 10${digits.join("")}`;
}

function trimZeros(digits: string): string {
  return digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits;
}

/** Thousands in the whole part, from five digits on. */
function group(digits: string): string {
  const [whole, fraction] = digits.split(".") as [string, string?];
  const grouped = whole.length < 5 ? whole : whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}
