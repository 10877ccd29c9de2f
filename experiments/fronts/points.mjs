// The networks whose fronts are compared, named by the experiments that train them.

/** Bits of both operands of every product, and the architecture whose prices apply. */
export const ENGINES = [
  { bits: 8, id: "annDigital" },
  { bits: 5, id: "annInt5" },
  { bits: 4, id: "annInt4" },
];

/**
 * For each task, the conventional transformers, and the spiking networks on chips, some with copies of their last query. Each network is
 * one training run, at every number of time steps listed.
 *
 *   link      ANNs of two blocks share one recipe; the widest was trained for four times as many steps
 *   mnist     ANNs have two blocks
 *   fashion   ANNs have two convolutions and a block
 *
 * The image ANNs share one recipe. Those called "long" went through it twice, the second time at a lower learning rate. Those called
 * "taught" went through it a third time, by knowledge distillation. `../errors/list.mjs` has what is measured of each.
 */
export const FRONTS = {
  link: {
    anns: ["wireless-2x2-ann-32", "wireless-2x2-ann-64", "wireless-2x2-ann-long"],
    spiking: [
      { name: "wireless-2x2", steps: [2, 4, 8] },
      { name: "wireless-2x2-deep-64", steps: [1, 2, 4] },
      { name: "wireless-2x2-deep", steps: [4] },
      { name: "wireless-2x2-deep-64", copies: 8, steps: [1, 2, 4] },
      { name: "wireless-2x2-deep", copies: 8, steps: [1, 2, 4] },
    ].map((network) => ({ copies: 1, ...network })),
  },
  mnist: {
    anns: ["mnist-ann-16-taught", "mnist-ann-32-taught", "mnist-ann-64-taught", "mnist-ann-128-taught"],
    spiking: [
      { name: "mnist-64", steps: [1] },
      { name: "mnist-one-step", steps: [1] },
      { name: "mnist-two-steps-taught", steps: [2, 3] },
    ],
  },
  fashion: {
    anns: ["fashion-ann-8-long", "fashion-ann-16-long", "fashion-ann-32"],
    spiking: [{ name: "fashion-fine", steps: [1, 2] }],
  },
};

export const MACHINE = "recommended";
