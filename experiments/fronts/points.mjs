// The networks whose fronts are compared, named by the experiments that train them.

/** Bits of both operands of every product, and the architecture whose prices apply. */
export const ENGINES = [
  { bits: 8, id: "annDigital" },
  { bits: 5, id: "annInt5" },
  { bits: 4, id: "annInt4" },
];

/**
 * For each task, the conventional transformers, and the spiking networks on chips, some with copies of their last query. Each network is
 * one training run, measured at every number of time steps listed.
 *
 *   link      ANNs of two blocks share one recipe; the widest was trained for four times as many steps, and the ANN of four blocks
 *             continued from it
 *   mnist     ANNs have two blocks
 *   fashion   ANNs have two convolutions and a block
 *
 * The image ANNs share one recipe. Those called "long" went through it twice, the second time at a lower learning rate. Those called
 * "taught" went through it a third time, by knowledge distillation.
 */
export const FRONTS = {
  link: {
    seed: 77,
    prompts: 1024,
    anns: ["wireless-2x2-ann-32", "wireless-2x2-ann-64", "wireless-2x2-ann-long", "wireless-2x2-ann-deep"],
    spiking: [
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
    ].map((network) => ({ copies: 1, ...network })),
  },
  mnist: {
    seed: 1,
    prompts: 10000,
    anns: ["mnist-ann-16-taught", "mnist-ann-32-taught", "mnist-ann-64-taught", "mnist-ann-128-taught"],
    spiking: [
      { name: "mnist-64", most: 1, steps: [1] },
      { name: "mnist-one-step", most: 1, steps: [1] },
      { name: "mnist-two-steps-taught", most: 3, steps: [2, 3] },
    ],
  },
  fashion: {
    seed: 1,
    prompts: 5000,
    anns: ["fashion-ann-8-long", "fashion-ann-16-long", "fashion-ann-32"],
    spiking: [
      { name: "fashion-stem", most: 2, steps: [1, 2] },
      { name: "fashion-large", most: 2, steps: [1, 2] },
      { name: "fashion-fine", most: 2, steps: [1, 2] },
    ],
  },
};

export const MACHINE = "recommended";
