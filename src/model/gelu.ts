/**
 * The Gaussian error linear unit (Hendrycks and Gimpel, arXiv 1606.08415), exact and in the tanh approximation of GPT-2. Used only by
 * the ANN; `activation.ts` has all of its activations.
 *
 *   exact   y = x Phi(x),              Phi the normal distribution function
 *   tanh    y = x (1 + tanh u) / 2,    u = sqrt(2 / pi) (x + 0.044715 x^3)
 *
 * The two differ by at most 4.8e-4.
 */
const SCALE = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

export function tanhGeluForward(input: Float64Array): Float64Array {
  return input.map((x) => (x * (1 + Math.tanh(SCALE * (x + CUBIC * x * x * x)))) / 2);
}

/** dx = dy ((1 + tanh u) + x (1 - tanh^2 u) du/dx) / 2, at the input of the forward pass. */
export function tanhGeluBackward(outputGradient: Float64Array, input: Float64Array): Float64Array {
  return outputGradient.map((dy, i) => {
    const x = input[i];
    const tanh = Math.tanh(SCALE * (x + CUBIC * x * x * x));
    const slope = SCALE * (1 + 3 * CUBIC * x ** 2);
    return (dy * (1 + tanh + x * (1 - tanh ** 2) * slope)) / 2;
  });
}

export function geluForward(input: Float64Array): Float64Array {
  return input.map((x) => x * normalDistribution(x));
}

/** dx = dy (Phi(x) + x phi(x)), phi the normal density. */
export function geluBackward(outputGradient: Float64Array, input: Float64Array): Float64Array {
  return outputGradient.map((dy, i) => dy * (normalDistribution(input[i]) + input[i] * normalDensity(input[i])));
}

const normalDensity = (x: number): number => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);

/** From here on, the continued fraction has 15 digits in few terms. */
const TAIL = 4;
const FRACTIONS = 60;

/**
 * Phi(x), relative error below 1e-13: near 0 a series of terms of one sign, beyond it a continued fraction of the tail (Abramowitz and
 * Stegun, 26.2.11 and 26.2.14).
 *
 *   Phi(x) - 1/2 = phi(x) (x + x^3 / 3 + x^5 / (3 5) + ...),   1 - Phi(x) = phi(x) / (x + 1 / (x + 2 / (x + 3 / ...)))
 */
function normalDistribution(x: number): number {
  const size = Math.abs(x);
  if (size > TAIL) {
    let fraction = size;
    for (let k = FRACTIONS; k >= 1; k--) fraction = size + k / fraction;
    const tail = normalDensity(x) / fraction;
    return x > 0 ? 1 - tail : tail;
  }
  let sum = 0;
  for (let term = x, odd = 1; sum + term !== sum; ) {
    sum += term;
    odd += 2;
    term *= (x * x) / odd;
  }
  return 0.5 + normalDensity(x) * sum;
}
