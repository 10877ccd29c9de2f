// Settings of the early-exit measurement: the networks with their maximum steps, the thresholds and the guarantees.

export const MACHINE = "recommended";

/** `isBrief`: only the promises are shown. */
export const NETWORKS = {
  "wireless-2x2-256": { steps: 4 },
  "fashion-tiny": { steps: 8 },
  "fashion-fine": { steps: 2, isBrief: true },
};

/** Margins of mean logits, descending, chosen before any prompt was seen. */
export const THRESHOLDS = Array.from({ length: 17 }, (_, k) => 16 * 2 ** (-k / 2));

/** The allowed share of prompts answered worse than after all steps, and the probability that this guarantee fails. */
export const PROMISE = { alphas: [0.01, 0.02, 0.05], delta: 0.1 };
