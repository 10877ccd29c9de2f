/**
 * The Mackey-Glass series, whose chaos comes from a delay:
 *
 *   dx/dt = beta x(t - tau) / (1 + x(t - tau)^n) - gamma x(t),   tau = 17, beta = 0.2, gamma = 0.1, n = 10
 *
 * It starts from x(t) = 1.2 for t <= 0 and is sampled at every unit of time, after the first 500. It is integrated by the classical
 * Runge-Kutta method with ten steps per unit; between steps, the delayed value is the cubic Hermite interpolation of values and slopes,
 * so that the error of a step is of the same order. Only basic operations are used: the series is the same on every platform.
 *
 * Source: M. C. Mackey, L. Glass, Science 197 (1977) 287-289; parameters as in NeuroBench (J. Yik et al., arXiv 2304.04640), which
 * takes other initial values and samples 75 times per Lyapunov time.
 */
const TAU = 17;
const BETA = 0.2;
const GAMMA = 0.1;
const START = 1.2;
const SKIPPED = 500;

export const MACKEY_GLASS_SAMPLES = 40_000;

/** `count` samples; `skip` units of time pass before the first. `perUnit` steps per unit of time, a whole number. */
export function mackeyGlass(count = MACKEY_GLASS_SAMPLES, skip = SKIPPED, perUnit = 10): Float64Array {
  const step = 1 / perUnit;
  const delay = TAU * perUnit;
  const steps = (skip + count - 1) * perUnit;
  const values = new Float64Array(steps + 1).fill(START, 0, 1);
  const slopes = new Float64Array(steps + 1);
  const slope = (x: number, delayed: number) => {
    const square = delayed * delayed;
    const fourth = square * square;
    return (BETA * delayed) / (1 + fourth * fourth * square) - GAMMA * x;
  };
  /** The value at step i, or half a step later. */
  const at = (i: number) => (i <= 0 ? START : values[i]);
  const halfwayFrom = (i: number) =>
    i < 0 ? START : (values[i] + values[i + 1]) / 2 + (step * (slopes[i] - slopes[i + 1])) / 8;
  slopes[0] = slope(START, START);
  for (let i = 0; i < steps; i++) {
    const x = values[i];
    const [middle, end] = [halfwayFrom(i - delay), at(i + 1 - delay)];
    const k1 = slopes[i];
    const k2 = slope(x + (step / 2) * k1, middle);
    const k3 = slope(x + (step / 2) * k2, middle);
    const k4 = slope(x + step * k3, end);
    values[i + 1] = x + (step / 6) * (k1 + 2 * k2 + 2 * k3 + k4);
    slopes[i + 1] = slope(values[i + 1], end);
  }
  return Float64Array.from({ length: count }, (_, k) => values[(skip + k) * perUnit]);
}
