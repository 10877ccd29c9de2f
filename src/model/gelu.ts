/**
 * The Gaussian error linear unit, in the tanh approximation of GPT-2 (Hendrycks and Gimpel, arXiv 1606.08415). Used only by the ANN:
 *
 *   y = x (1 + tanh u) / 2,   u = sqrt(2 / pi) (x + 0.044715 x^3)
 */
const SCALE = Math.sqrt(2 / Math.PI);
const CUBIC = 0.044715;

export function geluForward(input: Float64Array): Float64Array {
  return input.map((x) => (x * (1 + Math.tanh(SCALE * (x + CUBIC * x * x * x)))) / 2);
}

/** dx = dy ((1 + tanh u) + x (1 - tanh^2 u) du/dx) / 2, at the input of the forward pass. */
export function geluBackward(outputGradient: Float64Array, input: Float64Array): Float64Array {
  return outputGradient.map((dy, i) => {
    const x = input[i];
    const tanh = Math.tanh(SCALE * (x + CUBIC * x * x * x));
    const slope = SCALE * (1 + 3 * CUBIC * x ** 2);
    return (dy * (1 + tanh + x * (1 - tanh ** 2) * slope)) / 2;
  });
}
