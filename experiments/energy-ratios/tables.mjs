// The table of networks and prices of this folder's page, from the result of `measure.mjs`, and its rows for ViT-8-768.
import { existsSync, readFileSync } from "node:fs";

const file = new URL("result.json", import.meta.url);
const networks = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).networks : {};

const TITLES = { link: "2x2 link", mnist: "MNIST", cifar10: "CIFAR-10", vit: "ViT-8-768" };

const short = (ratio) => (ratio >= 9.95 ? ratio.toFixed(0) : ratio >= 0.995 ? ratio.toFixed(1) : ratio.toFixed(2));
const withRange = ([ratio, low, high]) => `${short(ratio)} (${short(low)} to ${short(high)})`;

export const energyRatioTables = {
  "energy-ratios-networks": () => ({
    head: [
      "energy over ours",
      "int8, systolic",
      "digital SNN",
      "int8, adder trees",
      "conversion 1.78 pJ",
      "survey converter",
      "PCM silicon",
    ],
    rows: Object.entries(networks).map(([id, { steps, simulated, upper, survey, silicon }]) => [
      `${TITLES[id]}, T = ${steps}`,
      ...[simulated.annDigital, simulated.snnDigital].map(withRange),
      ...[simulated, upper, survey, silicon].map(({ annTrees }) => withRange(annTrees)),
    ]),
  }),
};
