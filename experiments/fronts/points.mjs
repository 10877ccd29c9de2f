// The networks of the 2x2 link whose fronts are compared, by the examples that train them.

/** Conventional transformers of two blocks, all of one recipe, the widest for four times as many steps as the others; and of four blocks, which went on from it. */
export const ANNS = ["wireless-2x2-ann-32", "wireless-2x2-ann-64", "wireless-2x2-ann-long", "wireless-2x2-ann-deep"];

/** Bits of both operands of every product, and whose price that is. */
export const ENGINES = [
  { bits: 8, id: "annDigital" },
  { bits: 5, id: "annInt5" },
  { bits: 4, id: "annInt4" },
];

/** Spiking networks on chips, with copies of their last query where it says so; of each one run, of which every number of time steps is read. */
export const SPIKING = [
  { name: "wireless-2x2", most: 8, steps: [2, 4, 8] },
  { name: "wireless-2x2-256-aware", most: 2, steps: [2] },
  { name: "wireless-2x2-256-if", most: 4, steps: [4] },
  { name: "wireless-2x2-deep-64", most: 4, steps: [1, 2, 4] },
  { name: "wireless-2x2-deep-two-steps", most: 2, steps: [2] },
  { name: "wireless-2x2-deep", most: 4, steps: [4] },
  { name: "wireless-2x2-ordered", most: 4, steps: [2, 4] },
  { name: "wireless-2x2-256-ordered", most: 4, steps: [4] },
  { name: "wireless-2x2-deep-256-two-steps", most: 2, steps: [2] },
  { name: "wireless-2x2-deep-256", most: 4, steps: [4] },
  { name: "wireless-2x2-one-step", copies: 8, most: 1, steps: [1] },
  { name: "wireless-2x2-deep-64", copies: 8, most: 4, steps: [1, 2, 4] },
  { name: "wireless-2x2-deep", copies: 8, most: 4, steps: [1, 2, 4] },
  { name: "wireless-2x2-deep-256", copies: 8, most: 4, steps: [1, 2, 4] },
];

export const MACHINE = "recommended";
