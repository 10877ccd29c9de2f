// The networks to measure and show.

/**
 * Networks by size, neuron and draws. LIF is the paper's neuron, with a leak and a hard reset; IF has no leak and a soft reset. Attention
 * compares with random numbers, or with constants ("ordered draws"). `copies` repeats the last query.
 */
export const NETWORKS = [
  { title: "2 blocks of 256, LIF", name: "wireless-2x2-256-aware", steps: [2, 4] },
  { title: "2 blocks of 256, IF", name: "wireless-2x2-256-if", steps: [2, 4] },
  { title: "4 blocks of 128, IF", name: "wireless-2x2-deep-two-steps", steps: [2] },
  { title: "4 blocks of 128, IF", name: "wireless-2x2-deep", steps: [4] },
  { title: "4 blocks of 128, IF, ordered draws", name: "wireless-2x2-ordered", steps: [2, 4] },
  { title: "2 blocks of 256, IF, ordered draws", name: "wireless-2x2-256-ordered", steps: [2, 4] },
  { title: "4 blocks of 256, IF", name: "wireless-2x2-deep-256-two-steps", steps: [2] },
  { title: "4 blocks of 256, IF", name: "wireless-2x2-deep-256", steps: [4] },
  { title: "4 blocks of 128, IF", name: "wireless-2x2-deep", copies: 8, steps: [2, 4] },
  { title: "4 blocks of 256, IF", name: "wireless-2x2-deep-256", copies: 8, steps: [2, 4] },
  { title: "4 blocks of 256, IF", name: "wireless-2x2-deep-256", copies: 16, steps: [2, 3, 4] },
  { title: "6 blocks of 256, IF", name: "wireless-2x2-deep-256-six-blocks", copies: 16, steps: [2] },
];
/** The ANNs, all of width 128, by the reference in the networks' experiments. */
export const ANNS = {
  "bundled:wireless-2x2-ann-long": "2 blocks",
  "bundled:wireless-2x2-ann-deep": "4 blocks",
};
export const SNR = [5, 15, 25];
/** The ANN that other pages compare with, trained for fewer steps. */
export const EARLIER_ANN = "bundled:wireless-2x2-ann";

/** Networks measured in exact arithmetic by copies of the query and time steps. */
export const COPIED = [
  { title: "2x2, 4 blocks of 128", name: "wireless-2x2-deep" },
  { title: "2x2, 4 blocks of 256", name: "wireless-2x2-deep-256" },
  { title: "4x4, 4 blocks of 128", name: "wireless-4x4-bits" },
  { title: "4x4, 4 blocks of 256", name: "wireless-4x4-256" },
];
export const COPIES = [1, 2, 4, 8, 16];
export const COPIED_STEPS = [1, 2, 4];
