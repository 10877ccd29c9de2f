// What is measured, and shown.

/** Networks of one size, by their neurons: those of the paper, with a leak and a hard reset, and without a leak and with a soft one. */
export const NETWORKS = [
  { neurons: "LIF", name: "wireless-2x2-256-aware", steps: [1, 2, 4] },
  { neurons: "IF", name: "wireless-2x2-256-if", steps: [2, 4] },
];
export const SNR = [5, 15, 25];
/** The ANN that other pages compare with, of fewer training steps. */
export const EARLIER_ANN = "bundled:wireless-2x2-ann";
