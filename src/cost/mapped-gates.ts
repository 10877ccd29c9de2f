/**
 * Energy of mapped gates over the price of the same action, in three open libraries at their typical corners: what
 * experiments/ssa-gates/joules.mjs measured of the generated machine, clock pins of its flip-flops included. Ratios beyond a factor
 * of 2 stand as notes with the prices.
 */

export const GATE_LIBRARIES = ["Nangate 45", "IHP SG13G2", "SKY130 HD"] as const;

export const GATE_RATIOS = {
  attention: [8, 2.8, 4.1],
  attentionDrawn: [1.1, 0.45, 0.69],
  random: [9.6, 4.1, 4.6],
  randomDrawn: [1.5, 0.67, 0.89],
  fifos: [1.1, 0.54, 0.81],
  scaling: [2.4, 0.97, 1.3],
  stream: [10, 4.1, 5.1],
  neurons: [3.5, 1.4, 1.9],
  flipFlopClock: [0.94, 0.47, 0.75],
  leakage: [9.4, 0.0054, 0.00017],
} as const satisfies Readonly<Record<string, readonly [number, number, number]>>;

/** The note of a price that is most of `action`'s, with why the gates differ. */
export const gateNote = (part: keyof typeof GATE_RATIOS, action: string, why: string): string =>
  `in mapped gates, ${action} is ${GATE_RATIOS[part].join(", ")} times the price (${GATE_LIBRARIES.join(", ")}; experiments/ssa-gates): ${why}`;
