// The kinds of attention that this folder compares, with the scales among which validation chooses.

const scaled = (kind, scales, rest = {}) => scales.map((scale) => ({ kind, scale, ...rest }));
const gained = (kind, gains, rest = {}) =>
  gains.map(([scoreGain, valueGain]) => ({ kind, scoreGain, valueGain, ...rest }));

const GAINS = [
  [4, 16],
  [8, 32],
  [16, 64],
];

/**
 * By name, with the scales tried, or another name whose choice it takes over. The first of `tried` is what the literature uses, or what our
 * networks use. sdsa-3 computes spikformer's numbers, so its networks are those of spikformer.
 */
export const KINDS = [
  { name: "stochastic", tried: gained("stochastic", [GAINS[1], GAINS[0], GAINS[2]]) },
  { name: "stochastic, ordered draws", like: "stochastic", change: { draws: "ordered" } },
  { name: "lif", tried: gained("lif", [GAINS[1], GAINS[0], GAINS[2]]) },
  { name: "spikformer", tried: scaled("spikformer", [0.125, 0.0625, 0.03125]) },
  { name: "alpha-xnor", tried: scaled("alpha-xnor", [0.125, 0.0625, 0.03125], { alpha: 0.25 }) },
  { name: "binary-map", tried: scaled("binary-map", [0.5, 0.25, 0.125], { cut: 3 }) },
  { name: "sdsa-1", tried: scaled("sdsa-1", [1, 0.5, 0.25]) },
  { name: "qk-channel", tried: scaled("qk-channel", [1, 0.5, 0.25]) },
  { name: "qk-token", tried: scaled("qk-token", [1]) },
  { name: "random", like: "spikformer", change: { kind: "random" } },
  { name: "none", tried: [{ kind: "none" }] },
];

/** Seeds of the initial weights, the draws of training data and all randomness of training. */
export const SEEDS = [1, 2, 3];
