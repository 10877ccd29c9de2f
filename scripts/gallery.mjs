// Writes docs/gallery.md: thumbnails, then seven experiments, each with a picture, its numbers, a link that opens it in the studio, and its
// JSON, folded. Text between two comments,
//
//   <!-- experiment: NAME -->
//   ...
//   <!-- end of NAME -->
//
// and between `thumbnails` and `end of thumbnails`, comes from the results of experiments/, as do the pictures. `npx vitest run test/gallery.test.ts -u` writes them.
import { readFileSync } from "node:fs";
import { deviation, mean } from "xpikeformer/internal";
import { results, scaled, withRange } from "../experiments/first-page/results.mjs";
import { errorFrontTables } from "../experiments/fronts/tables.mjs";
import { experimentPath } from "../experiments/networks.mjs";
import { OWN } from "../experiments/realistic/machines.mjs";
import { realisticTables } from "../experiments/realistic/tables.mjs";
import { stuckDeviceTables } from "../experiments/stuck-devices/tables.mjs";
import { markdown } from "../experiments/tables.mjs";

const read = (path) => JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), "utf8"));
const { link, steps, drift } = results;
const clothes = results["images.accuracy"].runs.find(({ name }) => name === "fashion-tiny");
const stuck = read("experiments/stuck-devices/result.json");
const realistic = read("experiments/realistic/result.json");

/** A year in seconds, the unit of chip ages. */
const YEAR = 31_536_000;
const YEAR_OF_DRIFT = { "1s": "after a second", "1y": "after a year" };
const TRAINING = { hwat: "hardware-aware", ct: "conventional" };

/** A network's experiment without training and evaluation, with some fields of its parts changed. */
function experimentOf(name, changes = {}) {
  const { training: _, evaluation: __, ...document } = read(experimentPath(name));
  const changed = Object.entries(changes).map(([part, fields]) => [part, { ...document[part], ...fields }]);
  return { ...document, ...Object.fromEntries(changed) };
}

const point = (x, [value, low, high]) => ({ x, y: value, low, high });
const bar = (label, group, [value, low, high]) => ({ label, group, value, low, high });
const meanAndDeviation = (rates) => [mean(rates), mean(rates) - deviation(rates), mean(rates) + deviation(rates)];
const figures = (rows) => ({ head: ["", "95 % interval in brackets"], rows });
const errorRate = { label: "bit error rate" };

/** Points against the number of time steps, from the figures `ID.steps.T`. */
const overSteps = (all, id) =>
  Object.entries(all)
    .filter(([key]) => key.startsWith(`${id}.steps.`))
    .map(([key, found]) => point(Number(key.split(".").at(-1)), found));

/** The content of each section. A picture is a chart to draw, or the file of another page's chart. */
export const gallery = {
  link: {
    experiment: experimentOf(link.settings.experiment),
    picture: "ber-snr",
    alt: "Bit error rate over SNR: simulated chips, classical receivers and an ANN",
    table: () =>
      figures([
        [
          `bit error rate of ${link.settings.chips} chips, T = ${link.settings.steps}`,
          withRange(link.figures["ber.xpikeformer"]),
        ],
        ["bit error rate of the ANN", withRange(link.figures["ber.ann"])],
        ["bit error rate of maximum likelihood, channel from pilots", withRange(link.figures["ber.ml.pilots"])],
        [
          "energy of an int8 ANN (systolic array) divided by that of the chips",
          withRange(link.figures["cost.ratio.annDigital"]),
        ],
      ]),
    source: link,
  },
  steps: {
    experiment: experimentOf(steps.settings.experiment, { model: { steps: steps.settings.steps } }),
    picture: () => ({
      ...{ kind: "lines", id: "gallery-steps", title: "Bit error rate over time steps, 2x2 link" },
      caption: "Simulated chips; the line is the ANN in exact arithmetic.",
      x: { label: "time steps T" },
      y: errorRate,
      series: [{ name: "chips", dashed: false, points: overSteps(steps.figures, "ber.xpikeformer") }],
      rules: [{ label: "ANN", y: steps.figures["ber.ann"][0] }],
    }),
    alt: "Bit error rate falls with time steps towards that of the ANN",
    table: () =>
      figures(
        overSteps(steps.figures, "ber.xpikeformer").map(({ x, y, low, high }) => [
          `T = ${x}`,
          withRange([y, low, high]),
        ]),
      ),
    source: steps,
  },
  drift: {
    experiment: experimentOf(drift.settings.experiment, { hardware: { readTime: YEAR } }),
    picture: () => ({
      ...{ kind: "bars", id: "gallery-drift", title: "Bit error rate after a second and a year, 2x2 link" },
      caption: "Simulated chips, with their columns rescaled daily (compensated) and without.",
      value: errorRate,
      bars: Object.entries(TRAINING).flatMap(([id, training]) =>
        ["compensated", "uncompensated"].flatMap((compensation) =>
          Object.entries(YEAR_OF_DRIFT).map(([age, words]) =>
            bar(`${compensation}, ${words}`, training, drift.figures[`ber.drift.${id}.${compensation}.${age}`]),
          ),
        ),
      ),
    }),
    alt: "Compensated chips hardly change in a year; uncompensated chips get half of the bits wrong",
    table: () =>
      figures(
        ["compensated", "uncompensated"].flatMap((compensation) =>
          Object.entries(YEAR_OF_DRIFT).map(([age, words]) => [
            `${compensation}, ${words}`,
            withRange(drift.figures[`ber.drift.hwat.${compensation}.${age}`]),
          ]),
        ),
      ),
    source: drift,
  },
  stuck: {
    experiment: experimentOf("wireless-2x2-faults"),
    picture: () => ({
      ...{ kind: "bars", id: "gallery-stuck", title: "Bit error rate with stuck devices, 2x2 link" },
      caption: `Mean and standard deviation of ${stuck.chips} simulated chips.`,
      value: errorRate,
      bars: stuck.rows.map(({ training, stuck: { atZero, atMaximum }, rates }) =>
        bar(`${(100 * (atZero + atMaximum)).toFixed(0)} % stuck`, training, meanAndDeviation(rates)),
      ),
    }),
    alt: "Stuck devices hurt networks that were not trained for faults",
    table: stuckDeviceTables["stuck-devices"],
    source: stuck,
  },
  realistic: {
    experiment: experimentOf("wireless-2x2-realistic"),
    picture: () => ({
      ...{ kind: "bars", id: "gallery-realistic", title: "Bit error rate of realistic chips by training, 2x2 link" },
      caption: `Mean and standard deviation of ${realistic.chips} simulated chips, trimmed and calibrated by their own codes.`,
      value: errorRate,
      bars: realistic.rows
        .filter(({ variant }) => variant === OWN)
        .map(({ network, age, rates }) => bar(age, network, meanAndDeviation(rates))),
    }),
    alt: "Networks trained for faults keep their bit error rate for a year",
    table: () => {
      const { head, rows } = realisticTables.realistic();
      return { head, rows: rows.filter(([, calibration]) => calibration === OWN) };
    },
    source: realistic,
  },
  front: {
    experiment: experimentOf("wireless-2x2-deep"),
    picture: "fronts",
    alt: "Energy per symbol over bit error rate, ANNs in 8, 5 and 4 bits and spiking networks",
    table: () => {
      const { head, rows } = errorFrontTables["fronts-ratios"]();
      const cells = (row) => [...row.slice(0, 4), row[head.indexOf("ours, uJ per symbol")]];
      return { head: cells(head), rows: rows.map(cells) };
    },
    source: { command: "node experiments/errors/measure.mjs" },
  },
  clothes: {
    experiment: experimentOf("fashion-tiny"),
    picture: () => ({
      ...{ kind: "lines", id: "gallery-clothes", title: "Accuracy over time steps, Fashion-MNIST" },
      caption: "Simulated chips; the line is the ANN of the same size in exact arithmetic.",
      x: { label: "time steps T" },
      y: { label: "accuracy" },
      series: [{ name: "chips", dashed: false, points: overSteps(clothes.figures, "accuracy.xpikeformer") }],
      rules: [{ label: "ANN", y: clothes.figures["accuracy.ann"][0] }],
    }),
    alt: "Accuracy rises with time steps towards that of the ANN",
    table: () =>
      figures([
        [
          `accuracy of ${clothes.chips} chips, T = ${clothes.steps}, per cent`,
          withRange(scaled(clothes.figures["accuracy.xpikeformer"], 100)),
        ],
        ["of the same network in exact arithmetic", withRange(scaled(clothes.figures["accuracy.digital"], 100))],
        ["of an ANN of the same size", withRange(scaled(clothes.figures["accuracy.ann"], 100))],
      ]),
    source: results["images.accuracy"],
  },
};

/** The block of a section. `open` is the address in its studio link. */
export function block(name, open) {
  const { experiment, alt, table, source } = gallery[name];
  const seed = source.seed === undefined ? "" : `, seed ${source.seed}`;
  return [
    `![${alt}](${fileOf(gallery[name])})`,
    markdown(table()).trimEnd(),
    `Measured by \`${source.command}\`${seed}.`,
    `[Open in the studio](studio.md#open=${open})`,
    `<details><summary>JSON</summary>`,
    `\`\`\`json\n${JSON.stringify(experiment, null, 2)}\n\`\`\``,
    "</details>",
  ].join("\n\n");
}

const fileOf = ({ picture }) => `figures/${typeof picture === "string" ? picture : picture().id}.svg`;

/** Pictures per row of the thumbnails. */
const ACROSS = 4;

/** The pictures of all sections, small, in the order of the page; each leads to its section. */
export function thumbnails(page) {
  const sections = Array.from(page.matchAll(/^## (.+)\n[\s\S]*?^<!-- experiment: (\S+) -->/gm), ([, title, name]) => {
    const anchor = title.toLowerCase().replaceAll(" ", "-");
    return `[![${title}](${fileOf(gallery[name])})](#${anchor})`;
  });
  const rows = Array.from({ length: Math.ceil(sections.length / ACROSS) }, (_, row) =>
    sections.slice(ACROSS * row, ACROSS * (row + 1)),
  );
  const [head, ...others] = rows.map((row) => `| ${row.join(" | ")} |`);
  return [head, `|${" --- |".repeat(ACROSS)}`, ...others].join("\n");
}
