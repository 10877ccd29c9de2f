// Statistics of random bits: firing probabilities, product moments, and standard errors over independent clusters.
import { encoderFires, mean, standardError } from "xpikeformer/internal";

/** Mean and standard error over independent clusters (tiles, prompts). Values within a cluster may be dependent. */
export const clusteredMean = (values) => ({ mean: mean(values), error: standardError(values) });

/**
 * The ratio sum a / sum b over clusters, with its standard error: that of the mean of (a_k - ratio b_k) / mean(b).
 * Source: W. G. Cochran, "Sampling Techniques" (1977), section 6.3.
 */
export function clusteredRatio(a, b) {
  const centre = mean(b);
  const ratio = mean(a) / centre;
  return { mean: ratio, error: standardError(a.map((value, k) => value - ratio * b[k])) / centre };
}

/** The share of draws on which an encoder with this I_max fires, by count 0 .. I_max. */
export function firingRates(draws, bits, normaliser) {
  return Float64Array.from({ length: normaliser + 1 }, (_, count) => {
    let fired = 0;
    for (const draw of draws) if (encoderFires(draw, bits, count, normaliser)) fired++;
    return fired / draws.length;
  });
}

/** The probability that an encoder fires on a uniform draw: ceil(2^bits count / I_max) / 2^bits, at most 1. */
export const exactChance = (bits, count, normaliser) =>
  Math.min(1, Math.ceil((2 ** bits * count) / normaliser) / 2 ** bits);

/**
 * The sum over groups of (x_1 - p) ... (x_k - p) / (p (1 - p))^(k / 2), for the bits at the places of each group, and the number of groups.
 * The sum divided by that number is the correlation for k = 2, and has expectation 0 for independent bits at any k.
 */
export function productMoment(bits, p, groups) {
  let sum = 0;
  for (const group of groups) {
    let product = 1;
    for (const place of group) product *= bits[place] - p;
    sum += product / (p * (1 - p)) ** (group.length / 2);
  }
  return { sum, groups: groups.length };
}

/** The mean over groups of (sum of bits - n p)^2 / (n p (1 - p)): the variance of a sum, relative to independent bits. */
export function varianceOfSums(bits, p, groups) {
  let total = 0;
  for (const group of groups) {
    let sum = 0;
    for (const place of group) sum += bits[place] - p;
    total += sum ** 2 / (group.length * p * (1 - p));
  }
  return total / groups.length;
}

/** The number of two-input XOR gates per register: for each shift, one per bit of the mask below bit 31. */
export function xorGates({ mask, shiftsPerClock }) {
  let taps = 0;
  for (let bit = 0; bit < 31; bit++) taps += (mask >>> bit) & 1;
  return shiftsPerClock * taps;
}
