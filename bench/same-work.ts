/**
 * Times of two sides are printed next to each other only if both did the same work. Each side reports sizes, checksums and answers as it
 * finds them in the arrays that it computed with, not as it was asked; figures without a tolerance must be equal.
 */

/** By name: sizes and checksums, or answers in an order that both sides share. */
export type Work = Readonly<Record<string, number | ArrayLike<number>>>;

export interface Side {
  readonly name: string;
  readonly work: Work;
}

/** Largest difference of two numbers that may be put down to `because`. */
export interface Tolerance {
  readonly within: number;
  /** Differences are divided by the largest magnitude of the figure. */
  readonly relative?: boolean;
  readonly because: string;
}

export type Tolerances = Readonly<Record<string, Tolerance>>;

/** Sides that may not be compared; the message names every figure that differs, with both values. */
export class UnlikeWork extends Error {}

/** Throws UnlikeWork unless all figures of both sides agree. */
export function requireSameWork(title: string, one: Side, other: Side, tolerances: Tolerances = {}): void {
  const names = new Set([...Object.keys(one.work), ...Object.keys(other.work)]);
  const differences = [...names].flatMap((name) => {
    const text = difference(one, other, name, tolerances[name]);
    return text === null ? [] : [`  ${name}: ${text}`];
  });
  if (differences.length === 0) return;
  throw new UnlikeWork(
    `${title}: ${one.name} and ${other.name} did unlike work, so their times cannot be compared and are not printed.\n` +
      `${differences.join("\n")}\nGive both sides the same description of the work, then measure again.`,
  );
}

/** Null where the figure agrees. */
function difference(one: Side, other: Side, name: string, tolerance?: Tolerance): string | null {
  const [a, b] = [one, other].map(({ work }) => work[name]);
  const missing = [one, other].find(({ work }) => work[name] === undefined);
  if (missing) return `${missing.name} does not report it`;
  const [ours, others] = [a, b].map((figure) => (typeof figure === "number" ? [figure] : figure));
  if (ours.length !== others.length) return `${ours.length} numbers in ${one.name}, ${others.length} in ${other.name}`;
  const unit = tolerance?.relative ? Math.max(largest(ours), largest(others)) || 1 : 1;
  const apart = Array.from(ours, (x, i) => Math.abs(x - others[i]) / unit);
  const within = tolerance?.within ?? 0;
  // A comparison with NaN is false.
  const wrong = apart.filter((by) => !(by <= within));
  if (wrong.length === 0) return null;
  const most = apart.reduce((at, by, i) => (Number.isNaN(apart[at]) || by <= apart[at] ? at : i), 0);
  const where = ours.length === 1 ? "" : ` (number ${most + 1}; ${wrong.length} of ${ours.length} differ)`;
  const limit = tolerance
    ? `, ${write(apart[most])} apart${tolerance.relative ? " of the largest" : ""} where ${write(within)} is allowed because ${tolerance.because}`
    : "";
  return `${write(ours[most])} in ${one.name}, ${write(others[most])} in ${other.name}${where}${limit}`;
}

function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]));
  return most;
}

const write = (value: number): string => (Number.isInteger(value) ? String(value) : value.toPrecision(6));

/** Answers in float32 of two ways to sum the same products. */
export const ROUNDED: Tolerance = {
  within: 1e-5,
  relative: true,
  because: "float32 rounds sums in another order",
};

/**
 * Two numbers that tell arrays apart: the sum of the elements, and the sum of each times its place, counted from 1. Exact for
 * whole numbers. `place` says where an element stands in the array as both sides see it.
 */
export function checksum(values: ArrayLike<number>, place: (index: number) => number = (i) => i): [number, number] {
  let [sum, placed] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    sum += values[i];
    placed += values[i] * (place(i) + 1);
  }
  return [sum, placed];
}
