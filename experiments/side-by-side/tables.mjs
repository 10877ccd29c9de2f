// Tables of networks measured side by side with an ANN. Every row takes its cells from one file in results/.
import { existsSync, readFileSync } from "node:fs";
import { change, grouped, scaled, value, withRange, write } from "../first-page/results.mjs";
import { FURTHER, manifest, ROWS } from "./rows.mjs";

const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));
const fileOf = (name) => new URL(`results/${name}.json`, import.meta.url);

/** Results by row, of those that were measured. */
export const sideBySide = Object.fromEntries(
  Object.keys(ROWS)
    .filter((name) => existsSync(fileOf(name)))
    .map((name) => [name, read(`results/${name}.json`)]),
);

const TITLES = { link: "2x2 link", mnist: "MNIST", fashion: "Fashion-MNIST", cifar10: "CIFAR-10" };

const millions = (number) => `${(number / 1e6).toFixed(2)} M`;
const three = (number) => (number >= 100 ? grouped(number) : number.toPrecision(3));

/** Error rates and their difference as `[value, low, high]`, in per cent for images. */
function errors({ figures }) {
  const isLink = "ber.ann" in figures;
  const scale = isLink ? 1 : 100;
  const rate = (id) => {
    if (isLink) return figures[`ber.${id}`];
    const [right, low, high] = figures[`accuracy.${id}`];
    return scaled(low === undefined ? [1 - right] : [1 - right, 1 - high, 1 - low], scale);
  };
  const [gap, low, high] = figures["gap.ann"];
  const more = isLink ? [gap, low, high] : scaled([-gap, -high, -low], scale);
  return { unit: isLink ? "" : " %", chips: rate("xpikeformer"), ann: rate("ann"), more };
}

/** What the test of non-inferiority says: the margin is 5 % of the ANN's error rate. */
export function verdictOf(record) {
  const { figures } = record;
  if (figures["equality.ann.shown"][0] === 1) return "shown";
  const { ann, more } = errors(record);
  if (more[1] > 0.05 * ann[0]) return "no";
  return "not shown";
}

const titleOf = (name) => `${TITLES[name]}, T = ${sideBySide[name].network.steps}`;
const rowsOf = (cells) => Object.entries(sideBySide).map(([name, record]) => [titleOf(name), ...cells(record)]);
/** The figure of the ANN in adder trees over ours. */
const over = ({ figures }, id) => figures[`cost.annTrees.${id}`][0] / figures[`cost.xpikeformer.${id}`][0];
const ratioOf = ({ figures }, id, at = "") => {
  const found = figures[`cost.${at}ratio.${id}`] ?? figures[`cost.ratio.${id}`];
  if (!found) return "–";
  const [ratio, low, high] = found;
  const text = write(ratio, 1);
  return low === undefined ? text : `${text} (${write(low, 1)} to ${write(high, 1)})`;
};

/** The table of the first page. */
export const shortTable = () => ({
  head: [
    "network",
    "ANN's error rate",
    "chips minus ANN",
    "at most 5 % more errors?",
    "energy: int8 ANN, adder trees, over ours",
    "systolic array",
    "energy-delay product: adder trees",
  ],
  rows: rowsOf((record) => {
    const { unit, ann, more } = errors(record);
    return [
      `${value(ann)}${unit}`,
      change(more),
      verdictOf(record),
      ratioOf(record, "annTrees"),
      ratioOf(record, "annDigital"),
      write(over(record, "energyDelay"), 2),
    ];
  }),
});

export const sideBySideTables = {
  "side-by-side-training": () => ({
    head: ["network", "blocks-width", "trained on", "ANN", "blocks-width", "trained on"],
    rows: rowsOf(({ network, rival }) => [
      ...[network.size, millions(network.trained)],
      ...[`\`${rival.name}\``, rival.size, millions(rival.trained)],
    ]),
  }),
  "side-by-side-learning": () => {
    const passes = [1, 2, 3, 4, 5];
    const curves = read("../image-accuracy/learning.json").filter(({ name }) => name in FURTHER);
    return {
      head: ["validation error, %", "began as", "before", ...passes.map((pass) => `pass ${pass}`)],
      rows: curves.map(({ name, validations }) => {
        const start = FURTHER[name];
        const [, before] = /([\d.]+) % wrong/.exec(manifest.networks.find((network) => network.name === start).result);
        const after = passes
          .map((pass) => validations[pass - 1])
          .map((one) => (one ? write(100 * one.errorRate, 1) : ""));
        return [`\`${name}\``, `\`${start}\``, before, ...after];
      }),
    };
  },
  "side-by-side-errors": () => ({
    head: ["network", "chips", "tested on", "chips' error rate", "ANN's error rate", "difference", "at most 5 % more?"],
    rows: rowsOf((record) => {
      const { unit, chips, ann, more } = errors(record);
      const both = [chips, ann].map((rate) => `${withRange(rate)}${unit}`);
      return [record.network.chips, grouped(record.tested), ...both, change(more), verdictOf(record)];
    }),
  }),
  "side-by-side-costs": () => ({
    head: [
      "network",
      "energy, uJ",
      "int8 ANN, adder trees, over it",
      "systolic array",
      "digital SNN",
      "latency, us",
      "per second, pipelined",
      "one at a time",
      "area, mm²",
      "int8 ANN: latency, us",
      "per second",
      "area, mm²",
      "energy-delay product, ANN over ours",
    ],
    rows: rowsOf((record) => {
      const cost = (id) => record.figures[`cost.${id}`][0];
      return [
        three(1e6 * cost("xpikeformer.energy")),
        ratioOf(record, "annTrees"),
        ratioOf(record, "annDigital"),
        ratioOf(record, "snnDigital", "equalSteps."),
        three(1e6 * cost("latency.alone")),
        grouped(cost("xpikeformer.inFlight")),
        grouped(cost("xpikeformer.oneAtATime")),
        three(1e6 * cost("area.xpikeformer")),
        three(1e6 * cost("latency.annDigital")),
        grouped(cost("annDigital.inFlight")),
        three(1e6 * cost("area.annDigital")),
        write(over(record, "energyDelay"), 2),
      ];
    }),
  }),
};
