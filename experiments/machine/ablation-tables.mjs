// The tables of the ablation, from ablation.json and the current cost model.
import { readFileSync } from "node:fs";
import { stream } from "xpikeformer";
import { pairedDifference, sampleMean } from "xpikeformer/internal";
import { frontOf, ratiosWithIntervals, readOff } from "../fronts/front.mjs";
import { points } from "../fronts/fronts.mjs";
import { ERRING, FLOORPLAN, LEVERS, SEED, SUBJECTS } from "./levers.mjs";
import { frontPoints } from "./points.mjs";
import { measured, priceOf, sampleFor, vitRatio } from "./priced.mjs";
import { sensitivityTable } from "./waterfall.mjs";

/** A ratio with its interval: – where ours does not reach the rate, ∞ where the rival does not. */
const interval = (found) => {
  if (found === null) return "–";
  const [ratio, low, high] = found.map((value) =>
    value === 0 ? "–" : Number.isFinite(value) ? value.toFixed(2) : "∞",
  );
  return `${ratio} (${low} to ${high})`;
};

const sameSize = JSON.parse(readFileSync(new URL("same-size.json", import.meta.url), "utf8"));

const four = (value) => value.toFixed(4);
const signed = (value) => `${value < 0 ? "−" : "+"}${four(Math.abs(value))}`;

/** Error rates at which fronts are compared. */
const RATES = { link: [0.06, 0.065, 0.07, 0.08, 0.1], mnist: [0.0085, 0.0095, 0.0125, 0.0175, 0.022] };
const TASKS = { link: "2x2 link", mnist: "MNIST" };

export const ablationTables = {
  "machine-fronts": () => ({
    head: ["equal error rate", "uJ, charge", "8-bit ANN / converters", "/ charge", "4-bit, trained / charge"],
    rows: Object.keys(TASKS).flatMap((task) => {
      const { ours, int8, trained4 } = points(task);
      const charge = frontPoints(task);
      const all = RATES[task];
      const [before, now, trained] = [
        [ours, int8],
        [charge, int8],
        [charge, trained4],
      ].map(([own, other]) => ratiosWithIntervals(own, other, all, stream(SEED)));
      const columns = frontOf(charge);
      const micro = (front, rate) => {
        const found = readOff(front, rate);
        return found ? (1e6 * found.energy).toPrecision(3) : "–";
      };
      return all.map((rate, i) => [
        `${TASKS[task]}, ${rate.toFixed(4)}`,
        micro(columns, rate),
        before[i] === null || before[i][0] === 0 ? "–" : before[i][0].toFixed(2),
        ...[now[i], trained[i]].map(interval),
      ]);
    }),
  }),
  "machine-vit": () => ({
    head: ["int8 ANN / ViT-8-768", "converters", "charge", "and .11 mm2"],
    rows: [4, 2, 1].map((steps) => [
      `T = ${steps}`,
      ...[LEVERS.none, LEVERS[ERRING], { ...LEVERS[ERRING], set: { floorplan: FLOORPLAN } }].map((lever) =>
        vitRatio(steps, lever).toFixed(1),
      ),
    ]),
  }),
  "machine-same-size": () => ({
    head: ["T", "error rate", "the ANN's", "minus the ANN's", "uJ", "ANN / this, systolic", "adder trees"],
    rows: Object.entries(sameSize.atSteps).map(([steps, figures]) => {
      const [gap, low, high] = figures["gap.ann"];
      return [
        ...[steps, four(figures["ber.xpikeformer"][0]), four(figures["ber.ann"][0])],
        `${signed(gap)} (${signed(low)} to ${signed(high)})`,
        (1e6 * figures["cost.xpikeformer.symbol"][0]).toPrecision(3),
        ...["Digital", "Trees"].map((kind) => figures[`cost.ratio.ann${kind}`][0].toPrecision(3)),
      ];
    }),
  }),
  "machine-sensitivity": sensitivityTable,
  "machine-ablation": () => ({
    text: 2,
    head: ["network", "lever", "error rate", "minus none, paired", "uJ", "saved", "int8 ANN of its size / this"],
    rows: SUBJECTS.filter(({ name }) => measured[name]).flatMap(({ name, only = Object.keys(LEVERS) }) => {
      const record = measured[name];
      const none = sampleFor(record, "none");
      const base = priceOf(name, record, "none").energy;
      return only
        .filter((lever) => record.levers[LEVERS[lever].like ?? lever])
        .map((lever, i) => {
          const sample = sampleFor(record, lever);
          const { mean, high } = sampleMean(sample);
          const change = sampleMean(pairedDifference(sample, none));
          const { energy, ratio } = priceOf(name, record, lever);
          const isSame = sample.values.every((value, i) => value === none.values[i]);
          return [
            ...[i === 0 ? `\`${name}\`, T = ${record.steps}` : "", lever, `${four(mean)} ± ${four(high - mean)}`],
            isSame ? "" : `${signed(change.mean)} (${signed(change.low)} to ${signed(change.high)})`,
            ...[(1e6 * energy).toPrecision(3), `${Math.round(100 * (1 - energy / base))} %`, ratio.toPrecision(3)],
          ];
        });
    }),
  }),
};
