// The tables of this folder's page, from what `measure.mjs`, `link.mjs`, `grow.mjs` and `starts.mjs` wrote.
import { readFileSync } from "node:fs";
import { linkVariants, variants } from "./variants.mjs";

const read = (file) => JSON.parse(readFileSync(new URL(file, import.meta.url), "utf8"));
const { rows } = read("result.json");
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const percent = (share) => (100 * share).toFixed(1);

const valuesOf = (name, field) => rows.filter((row) => row.name === name).map((row) => row[field]);
const of = (name, field) => mean(valuesOf(name, field));
const [{ name: whole }] = variants;

export const trainingTrickTables = {
  "training-tricks": () => ({
    head: [
      "300 steps at T = 4",
      "validation images wrong, %",
      "more than with all of it, points",
      "spikes a neuron and step",
      "CPU time, of all of it",
    ],
    rows: variants.map(({ name }) => {
      const wrong = of(name, "errorRate");
      const more = wrong - of(whole, "errorRate");
      const wholeErrors = valuesOf(whole, "errorRate");
      const spread = `${percent(Math.min(...wholeErrors))} to ${percent(Math.max(...wholeErrors))}`;
      return [
        name,
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
      rows: linkVariants.map(({ name }) => {
        const { loss, bitErrorRate } = links.find((row) => row.name === name);
        return [name, loss.toFixed(2), bitErrorRate.toFixed(3)];
      }),
    };
  },

  "training-grow": () => {
    const { rows: trainings } = read("grow.json");
    const [{ cpuSeconds: whole }] = trainings;
    return {
      head: ["2x2 link, T = 2", "loss", "bit error rate", "CPU time"],
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
      head: ["CIFAR-10, half a pass at T = 1", "learning rate", "validation images wrong, %", "CPU time"],
      rows: starts.map(({ channels, isFromAnn, learningRate, errorRate, cpuSeconds }) => [
        `${channels.join("-")} ${isFromAnn ? "from the weights of `cifar10-wide-ann`" : "from nothing"}`,
        String(learningRate),
        percent(errorRate),
        (cpuSeconds / whole).toFixed(2),
      ]),
    };
  },
};
