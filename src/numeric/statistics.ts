/**
 * Means, spreads and intervals for results measured on a sample of chips, prompts or seeds.
 *
 * Two intervals, both at 95 %: Wilson's for a proportion (bit errors), Student's for the mean of a few values (chips).
 * Values are summed in order, in double precision.
 */
import { ValueError } from "../errors.ts";
import { power } from "./power.ts";

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Arithmetic mean. Throws ValueError when there are no values. */
export function mean(values: ArrayLike<number>): number {
  requireValues(values, 1, "A mean");
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

/** Sample standard deviation, sqrt(sum (x - mean)^2 / (n - 1)). Throws ValueError below two values. */
export function deviation(values: ArrayLike<number>): number {
  requireValues(values, 2, "A standard deviation");
  const centre = mean(values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] - centre) ** 2;
  return Math.sqrt(sum / (values.length - 1));
}

/** Standard error of the mean, deviation / sqrt(n). Throws ValueError below two values. */
export function standardError(values: ArrayLike<number>): number {
  return deviation(values) / Math.sqrt(values.length);
}

/**
 * Wilson's score interval for a proportion: the proportions p whose z-test does not reject `successes` of `trials`.
 *
 *   centre = (s + z^2/2) / (n + z^2),  half width = z sqrt(s (n - s) / n + z^2/4) / (n + z^2)
 *
 * Unlike the textbook (Wald) interval, it stays within [0, 1] and does not collapse at 0 or n successes.
 *
 * Throws  ValueError unless successes and trials are integers with 0 <= successes <= trials and trials >= 1
 * Source  E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209-212; Brown, Cai, DasGupta, Statist. Sci. 16 (2001), equation (4)
 */
export function wilson(successes: number, trials: number, z = 1.96): Interval {
  if (!Number.isInteger(successes) || !Number.isInteger(trials) || trials < 1 || successes < 0 || successes > trials) {
    throw new ValueError(
      "wilson",
      `${successes} successes of ${trials} trials are not a proportion: give 0 <= s <= n, n >= 1.`,
    );
  }
  const denominator = trials + z * z;
  const centre = (successes + (z * z) / 2) / denominator;
  const half = (z * Math.sqrt((successes * (trials - successes)) / trials + (z * z) / 4)) / denominator;
  // At 0 and n successes one bound is exactly 0 or 1, which rounding may miss in the last digit.
  return {
    low: successes === 0 ? 0 : Math.max(0, centre - half),
    high: successes === trials ? 1 : Math.min(1, centre + half),
  };
}

/**
 * The mean with Student's 95 % interval, mean -+ t(0.975, n - 1) standardError: valid for approximately normal values.
 * Throws ValueError below two values, which say nothing about the spread.
 */
export function meanInterval(values: ArrayLike<number>): Interval & { readonly mean: number } {
  const half = studentQuantile(values.length - 1) * standardError(values);
  const centre = mean(values);
  return { mean: centre, low: centre - half, high: centre + half };
}

/**
 * The 97.5 % quantile of Student's t with an integer number of degrees of freedom.
 *
 * Up to 200 degrees the distribution function is a finite sum (`studentShare`), inverted by bisection to 1e-12; above, the
 * expansion around the normal quantile (`studentExpansion`), which is exact to 1e-11 there.
 */
export function studentQuantile(degrees: number): number {
  if (!Number.isInteger(degrees) || degrees < 1) {
    throw new ValueError(
      "degrees",
      `Student's t needs a whole number of degrees of freedom from 1 on, not ${degrees}.`,
    );
  }
  if (degrees > 200) return studentExpansion(degrees);
  // t(0.975) falls from 12.7 at one degree to 1.96. Grid points are fixed, so that engines with different Math.atan agree on the
  // result.
  let [low, high] = [1, 16];
  while (high - low > 1e-12) {
    const middle = (low + high) / 2;
    if (studentShare(middle, degrees) < 0.95) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * P(|T| <= t) for n degrees of freedom, with c = cos(theta), theta = atan(t / sqrt(n)):
 *
 *   n odd    2/pi (theta + sin(theta) (c + 2/3 c^3 + (2 4)/(3 5) c^5 + ... up to c^(n-2)))
 *   n even   sin(theta) (1 + 1/2 c^2 + (1 3)/(2 4) c^4 + ... up to c^(n-2))
 *
 * Source  Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 26.7.3 and 26.7.4
 */
export function studentShare(t: number, degrees: number): number {
  const odd = degrees % 2 === 1;
  const cosine2 = degrees / (degrees + t * t);
  const sine = t / Math.sqrt(degrees + t * t);
  let term = odd ? Math.sqrt(cosine2) : 1;
  let sum = 0;
  for (let power = odd ? 1 : 0; power <= degrees - 2; power += 2) {
    sum += term;
    term *= (cosine2 * (power + 1)) / (power + 2);
  }
  return odd ? (2 / Math.PI) * (Math.atan(t / Math.sqrt(degrees)) + sine * sum) : sine * sum;
}

/** Four-term Cornish-Fisher expansion of the 97.5 % quantile. Source: Abramowitz and Stegun (1964), 26.7.5. */
export function studentExpansion(degrees: number): number {
  const x = 1.959963984540054;
  const [x3, x5, x7, x9] = [3, 5, 7, 9].map((exponent) => power(x, exponent));
  const g1 = (x3 + x) / 4;
  const g2 = (5 * x5 + 16 * x3 + 3 * x) / 96;
  const g3 = (3 * x7 + 19 * x5 + 17 * x3 - 15 * x) / 384;
  const g4 = (79 * x9 + 776 * x7 + 1482 * x5 - 1920 * x3 - 945 * x) / 92160;
  return x + (g1 + (g2 + (g3 + g4 / degrees) / degrees) / degrees) / degrees;
}

function requireValues(values: ArrayLike<number>, least: number, what: string): void {
  if (values.length >= least) return;
  throw new ValueError(
    "values",
    `${what} needs at least ${least} ${least === 1 ? "value" : "values"}, not ${values.length}.`,
  );
}

/** Means and standard deviations (population, not sample) of the columns of a matrix, `[rows, columns]`. */
export function columnMoments(
  values: ArrayLike<number>,
  columns: number,
): { readonly means: Float64Array; readonly deviations: Float64Array } {
  const sums = new Float64Array(columns);
  const squares = new Float64Array(columns);
  for (let i = 0; i < values.length; i++) {
    sums[i % columns] += values[i];
    squares[i % columns] += values[i] ** 2;
  }
  const rows = values.length / columns;
  const means = sums.map((sum) => sum / rows);
  return { means, deviations: squares.map((square, c) => Math.sqrt(Math.max(0, square / rows - means[c] ** 2))) };
}
