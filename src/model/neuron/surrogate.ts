/**
 * Surrogate gradients: what training uses instead of the derivative of a spike.
 *
 * A spike is the step function H(x) of x = V - threshold, whose derivative is 0 almost everywhere. Training replaces that
 * derivative by a bump s'(x) of unit area around x = 0. Its integral s(x), rising from 0 to 1, is the spike of a *smooth*
 * network; the surrogate gradient is the true gradient of that network. Gradient checks run the smooth network.
 *
 * The paper trains with the default surrogate of its simulator, SpikingJelly: a sigmoid with alpha 4. The arctangent is that of W. Fang
 * et al., ICCV 2021, and of later spiking transformers. The other two have compact support, so most entries of a backward pass are 0.
 */
import type { SurrogateSpec } from "../../experiment/model.ts";

/** s'(x) at x = V - threshold; it has unit area for every kind. */
export function surrogateDerivative(surrogate: SurrogateSpec, x: number): number {
  switch (surrogate.kind) {
    case "sigmoid": {
      const s = sigmoid(surrogate.alpha * x);
      return surrogate.alpha * s * (1 - s);
    }
    case "triangular":
      return Math.max(0, 1 - Math.abs(x) / surrogate.width) / surrogate.width;
    case "rectangular":
      return Math.abs(x) < surrogate.width ? 1 / (2 * surrogate.width) : 0;
    case "atan":
      return surrogate.alpha / 2 / (1 + ((Math.PI / 2) * surrogate.alpha * x) ** 2);
  }
}

/** s(x), the integral of s' from minus infinity: the spike of the smooth network, in [0, 1] and 0.5 at the threshold. */
export function surrogateIntegral(surrogate: SurrogateSpec, x: number): number {
  switch (surrogate.kind) {
    case "sigmoid":
      return sigmoid(surrogate.alpha * x);
    case "triangular": {
      const rest = Math.max(0, 1 - Math.abs(x) / surrogate.width);
      return x < 0 ? (rest * rest) / 2 : 1 - (rest * rest) / 2;
    }
    case "rectangular":
      return Math.min(1, Math.max(0, (x / surrogate.width + 1) / 2));
    case "atan":
      return Math.atan((Math.PI / 2) * surrogate.alpha * x) / Math.PI + 1 / 2;
  }
}

/** The distance from the threshold beyond which the derivative is 0; null if it is 0 nowhere. */
export function surrogateReach(surrogate: SurrogateSpec): number | null {
  switch (surrogate.kind) {
    case "sigmoid":
    case "atan":
      return null;
    case "triangular":
    case "rectangular":
      return surrogate.width;
  }
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
