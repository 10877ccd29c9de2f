// What is measured: the networks, with the steps that an answer may take, and the thresholds and promises of the exit.

export const MACHINE = "recommended";

export const NETWORKS = { "wireless-2x2-256": { steps: 4 }, "fashion-tiny": { steps: 8 } };

/** Of the margin of mean logits, falling; chosen before any prompt was seen. */
export const THRESHOLDS = Array.from({ length: 17 }, (_, k) => 16 * 2 ** (-k / 2));

/** Share of prompts that may be answered worse than after all steps, and the probability that the promise is broken. */
export const PROMISE = { alphas: [0.01, 0.02, 0.05], delta: 0.1 };
