// What `measure.mjs` measures: errors of networks on the same prompts, for comparisons at equal accuracy and for fronts.

/** Nothing was chosen with this seed: no network, T, machine or margin. */
export const SEED = 60_221;

/** The first of 10,000 test images, or as many prompts of the link. */
export const PROMPTS = 2000;

/** Errors are kept by chip and group of prompts, which suffices for intervals and bootstraps. */
export const GROUP = 50;

/** Prompts of rounded ANNs, which are computed slowly: of images on patches, and of others, with many tokens or a stem. */
export const LOW_BIT_PROMPTS = { patches: 2000, others: 500 };

/** Prompts and chips on machine `paper`, where only densities are taken. */
export const DENSITY_PROMPTS = 256;

/** Spiking networks on chips, at 1 .. `most` time steps; `copies` of the last query if they differ from the experiment's. */
export const CHIPS = [
  { name: "mnist-two-steps-taught", most: 3 },
  { name: "mnist-one-step", most: 1 },
  { name: "mnist-64", most: 1 },
  { name: "wireless-2x2-deep", most: 4 },
  { name: "wireless-2x2-deep", copies: 1, most: 4 },
  { name: "wireless-2x2-deep-64", copies: 8, most: 4 },
  { name: "wireless-2x2-deep-64", copies: 1, most: 4 },
  { name: "wireless-2x2", most: 8 },
  { name: "fashion-fine", most: 2 },
  { name: "fashion-tiny", most: 8 },
  { name: "cifar10-small", most: 8 },
  { name: "cifar10-twice", most: 4, chips: 3 },
];
export const CHIP_COUNT = 5;

/** Conventional transformers whose 8, 5 and 4 bits are on a front. Others, which the experiments name, are computed exactly. */
export const LOW_BIT = [
  ...["wireless-2x2-ann-32", "wireless-2x2-ann-64", "wireless-2x2-ann-long"],
  ...["mnist-ann-16-taught", "mnist-ann-32-taught", "mnist-ann-64-taught", "mnist-ann-128-taught"],
  ...["fashion-ann-8-long", "fashion-ann-16-long", "fashion-ann-32"],
];

/** Names of networks as keys of results. */
export const chipsKey = (key, machine) => `${key} on ${machine}`;
export const exactKey = (key) => `${key}, exact`;
