// Our networks and the ANNs that stand next to the chips. Accuracy and energy of a row come from one record: the measured error rate and
// the spike densities of a network at one T, or an ANN's measured error rate at a number of bits.
//
//   ours   a record of `iso-accuracy`, or one of `fronts`
//   float  an ANN whose accuracy was measured in floating point alone: priced at 8 bits, and marked
//   anns   files of records `{ model, rates: { BITS: { rate } } }` by name, as `fronts` writes them; a file that does not exist yet is skipped,
//          and so are bits that a record does not have

export const MACHINE = "recommended";

export const OURS = [
  { data: "mnist", file: "fronts/result.json", name: "mnist-64", steps: [1] },
  { data: "mnist", file: "fronts/result.json", name: "mnist-one-step", steps: [1] },
  { data: "mnist", file: "fronts/result.json", name: "mnist-two-steps-taught", steps: [2, 3] },
  { data: "cifar-10", file: "iso-accuracy/result.json", name: "cifar10-twice", steps: [2, 4] },
];

/** Bits of an ANN's products, and the architecture that prices them. Bits without an architecture are skipped. */
export const ENGINES = [
  { bits: 8, id: "annDigital" },
  { bits: 4, id: "annInt4" },
  { bits: 2, id: "annInt2" },
  { bits: 1, id: "annBinary" },
];

export const FLOAT = [{ data: "cifar-10", file: "iso-accuracy/result.json", name: "cifar10-twice", bits: 8 }];

export const ANNS = [
  { data: "mnist", file: "fronts/result.json", like: "mnist-one-step", names: /^mnist-ann-.*-taught$/ },
  { data: "mnist", file: "quantised/result.json", like: "mnist-one-step", names: /^mnist-/ },
  { data: "cifar-10", file: "quantised/result.json", like: "cifar10-twice", names: /^cifar10-/ },
];
