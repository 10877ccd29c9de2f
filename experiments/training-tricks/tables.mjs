// The tables of this folder's page, from the results of `measure.mjs`, `link.mjs`, `grow.mjs` and `starts.mjs`.
import { readFileSync } from "node:fs";
import { linkVariants, variants } from "./variants.mjs";

const read = (file) => JSON.parse(readFileSync(new URL(file, import.meta.url), "utf8"));
const { rows } = read("result.json");
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const percent = (share) => (100 * share).toFixed(1);

const valuesOf = (name, field) => rows.filter((row) => row.name === name).map((row) => row[field]);
const of = (name, field) => mean(valuesOf(name, field));
const [{ name: whole }] = variants;
/** Table labels for names in `variants.mjs`. Other names stay as they are. */
const LABELS = {
  [whole]: "baseline",
  "labels instead of the ANN's answers": "labels, no distillation",
  "labels, smoothed by 0.1": "labels smoothed by 0.1, no distillation",
  "loss at each time step": "loss at every time step",
  "penalty on rates above 0.1": "penalty on spike rates above 0.1",
  "the 4 highest bits": "4 most significant bits instead of thresholds",
  "labels, and patches without their surroundings": "labels, no shifted-patch tokens",
  "labels, and a class token": "labels, class token",
  "no residual": "no shortcut",
  "gains of 1": "attention gains of 1",
  "LIF attention": "LIF neurons in attention",
  "surrogate 2 times as wide": "surrogate twice as wide",
  "surrogate 4 times as wide": "surrogate four times as wide",
  "two thirds at T = 2, then T = 4": "200 steps at T = 2, then 100 at T = 4",
};

const LINK_LABELS = {
  "surrogate of width 1": "surrogate width 1",
  "surrogate of width 2": "width 2",
  "of width 3": "width 3",
  "of width 3, twice the learning rate": "width 3, learning rate x 2",
  "the same, with ordered draws": "width 3, learning rate x 2, ordered draws",
  "of width 4": "width 4",
};

export const trainingTrickTables = {
  "training-tricks": () => ({
    head: [
      "300 steps at T = 4",
      "validation error, %",
      "change, points",
      "spikes per neuron and step",
      "relative CPU time",
    ],
    rows: variants.map(({ name }) => {
      const wrong = of(name, "errorRate");
      const more = wrong - of(whole, "errorRate");
      const wholeErrors = valuesOf(whole, "errorRate");
      const spread = `${percent(Math.min(...wholeErrors))} to ${percent(Math.max(...wholeErrors))}`;
      return [
        LABELS[name] ?? name,
        name === whole ? `${percent(wrong)} (${spread})` : percent(wrong),
        name === whole ? "" : `${more < 0 ? "−" : "+"}${percent(Math.abs(more))}`,
        valuesOf(name, "density").includes(null) ? "" : of(name, "density").toFixed(3),
        (of(name, "cpuSeconds") / of(whole, "cpuSeconds")).toFixed(2),
      ];
    }),
  }),

  "training-link": () => {
    const { steps, rows: links } = read("link.json");
    return {
      head: [`4x4 link, ${steps} steps at T = 2`, "validation loss", "bit error rate"],
      // Rows with other gains are omitted: they are no better.
      rows: linkVariants
        .filter(({ name }) => !name.includes("gain"))
        .map(({ name }) => {
          const { loss, bitErrorRate } = links.find((row) => row.name === name);
          return [LINK_LABELS[name] ?? name, loss.toFixed(2), bitErrorRate.toFixed(3)];
        }),
    };
  },

  "training-grow": () => {
    const { rows: trainings } = read("grow.json");
    const [{ cpuSeconds: whole }] = trainings;
    return {
      head: ["2x2 link, T = 2", "loss", "bit error rate", "relative CPU time"],
      rows: trainings.map(({ parts, loss, bitErrorRate, cpuSeconds }) => [
        parts.map(({ depth, steps }) => `${depth} blocks, ${steps.toLocaleString("en")} steps`).join(", then "),
        loss.toFixed(3),
        bitErrorRate.toFixed(4),
        (cpuSeconds / whole).toFixed(2),
      ]),
    };
  },

  "training-starts": () => {
    const { rows: starts } = read("starts.json");
    const [{ cpuSeconds: whole }] = starts;
    return {
      head: ["CIFAR-10, half an epoch at T = 1", "learning rate", "validation error, %", "relative CPU time"],
      rows: starts.map(({ channels, isFromAnn, learningRate, errorRate, cpuSeconds }) => [
        `${channels.join("-")} stem, ${isFromAnn ? "ANN's weights" : "random weights"}`,
        String(learningRate),
        percent(errorRate),
        (cpuSeconds / whole).toFixed(2),
      ]),
    };
  },
};
