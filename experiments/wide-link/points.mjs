// What is measured, and shown.
export const EXPERIMENT = "wireless-2x2-256-aware";
export const STEPS = [1, 2, 4];
export const SNR = [5, 15, 25];
/** The ANN that other pages compare with, of fewer training steps. */
export const EARLIER_ANN = "bundled:wireless-2x2-ann";
