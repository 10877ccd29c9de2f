// Our networks and the ANNs that stand next to the chips, by their records in `../errors`. Accuracy and energy of a row come from one record:
// the error rate at one T, or at an ANN's bits, and the spike densities of the same chips. What is not measured yet is skipped.

export const MACHINE = "recommended";

export const OURS = [
  { data: "mnist", name: "mnist-64", steps: [1] },
  { data: "mnist", name: "mnist-one-step", steps: [1] },
  { data: "mnist", name: "mnist-two-steps-taught", steps: [2, 3] },
  { data: "cifar-10", name: "cifar10-twice", steps: [2, 4] },
];

/** ANNs by data set, and the network of ours whose task they share. */
export const ANNS = [
  { data: "mnist", like: "mnist-one-step", names: /^mnist-ann-/ },
  { data: "cifar-10", like: "cifar10-twice", names: /^cifar10-.*ann/ },
];

/** Bits to which an ANN is rounded after training, and the architecture that prices them. */
export const ROUNDED = [
  { bits: 8, id: "annDigital" },
  { bits: 4, id: "annInt4" },
];

/** Prices an ANN at the bits of its own training. */
export const TRAINED = "annTrained";
