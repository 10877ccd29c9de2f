// The levers of the ablation: changes of the machine `recommended`, each alone and then together.
import { machineByName } from "xpikeformer";

const YEAR = 31_536_000;
const { readOut } = machineByName("charge");
const FOLLOWING = { transport: { code: "fewer" }, clocking: "gated" };
/** Of a crossbar. */
export const FLOORPLAN = "0.11mm2";
export const ERRING = "charge, with the preset's errors";

/** `change` is laid over `hardware`; `set` are price settings, which change no answer. Only `together` has several levers. */
export const LEVERS = {
  none: {},
  "charge, ideal": { change: { readOut: { attentionInput: "charge", feedForwardUp: "charge" } } },
  [ERRING]: { change: { readOut } },
  "the same, after a year": { change: { readOut, readTime: YEAR } },
  "scale in the threshold": { change: { scaling: "threshold" } },
  "wires and clocks that follow spikes": { change: FOLLOWING },
  "converters of 4 bits": { change: { adc: { bits: 4 } } },
  "crossbars of 256 rows": { change: { crossbar: { rows: 256 } } },
  "crossbars of .11 mm2 (price only)": { like: "none", set: { floorplan: FLOORPLAN } },
  "charge, following, .11 mm2 together": { change: { readOut, ...FOLLOWING }, set: { floorplan: FLOORPLAN } },
};

/** Networks whose front is compared with every lever that changes the machine, not its floorplan; their last step. */
export const FRONT_LEVER = "charge, following, .11 mm2 together";
export const FRONT = [
  { name: "wireless-2x2-deep-64", most: 4 },
  { name: "wireless-2x2-deep", most: 4 },
  { name: "mnist-64", most: 1 },
  { name: "mnist-one-step", most: 1 },
  { name: "mnist-two-steps-taught", most: 3 },
];

/** Most of such a network's energy is in convolutions, which keep their converters. */
const WITH_STEM = [
  "none",
  "charge, with the preset's errors",
  "scale in the threshold",
  "charge, following, .11 mm2 together",
];

/** Networks as they are in `../errors`, at one T each. */
export const SUBJECTS = [
  { name: "wireless-2x2-deep", steps: 2, prompts: 1000 },
  { name: "mnist-two-steps-taught", steps: 2, prompts: 1000 },
  { name: "fashion-fine", steps: 2, prompts: 500, only: WITH_STEM },
  { name: "cifar10-twice", steps: 2, prompts: 250, only: WITH_STEM },
];
export const CHIPS = 5;
/** Chose nothing. */
export const SEED = 71_129;

/** An experiment with a lever. */
export function withLever(experiment, { change = {} }) {
  const { hardware } = experiment;
  const merged = Object.entries(change).map(([field, value]) => [
    field,
    typeof value === "object" ? { ...hardware[field], ...value } : value,
  ]);
  return { ...experiment, hardware: { ...hardware, ...Object.fromEntries(merged) } };
}
