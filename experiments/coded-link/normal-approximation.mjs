// The block error rate that the best code of a length has, approximately, on a binary channel with Gaussian noise:
//
//   n (C - R) + log2(n) / 2 = Q^-1(e) sqrt(n V)
//
// C and V are mean and variance of the information density 1 - log2(1 + e^-L) of one bit, L its log-likelihood ratio.
// Y. Polyanskiy, H. V. Poor, S. Verdu, "Channel coding rate in the finite blocklength regime", IEEE Trans. Inf. Theory 56 (2010), (296)

/** Capacity and dispersion at a noise variance, for amplitude 1. */
function densityMoments(variance) {
  const [step, end] = [0.01, 9];
  let [weights, mean, square] = [0, 0, 0];
  for (let z = -end; z <= end; z += step) {
    const weight = Math.exp((-z * z) / 2);
    const density = 1 - Math.log2(1 + Math.exp((-2 * (1 + Math.sqrt(variance) * z)) / variance));
    weights += weight;
    mean += weight * density;
    square += weight * density * density;
  }
  const capacity = mean / weights;
  return { capacity, dispersion: square / weights - capacity ** 2 };
}

/** Eb/N0 (dB) at which `quantile`, Q^-1 of the block error rate, is reached: 2.326 for 1 %. */
export function normalApproximation(informationBits, codedBits, quantile) {
  const rate = informationBits / codedBits;
  let [low, high] = [-2, 12];
  while (high - low > 1e-4) {
    const middle = (low + high) / 2;
    const { capacity, dispersion } = densityMoments(1 / (2 * rate * 10 ** (middle / 10)));
    const reached =
      codedBits * (capacity - rate) + Math.log2(codedBits) / 2 > quantile * Math.sqrt(codedBits * dispersion);
    if (reached) high = middle;
    else low = middle;
  }
  return high;
}
