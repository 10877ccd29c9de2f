// The tables of this folder's page, from the results of `measure.mjs` and `copies.mjs`.
import { readFileSync } from "node:fs";
import { experimentFile, keyOf } from "../networks.mjs";
import { ANNS, COPIED, COPIED_STEPS, COPIES, NETWORKS, SNR } from "./points.mjs";

const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));
const { networks } = read("result.json");
const { rates } = read("copies.json");

const minus = (text) => text.replaceAll("-", "−");
const interval = (digits, [value, low, high]) =>
  minus(`${value.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`);
const runs = NETWORKS.flatMap((network) =>
  network.steps.map((count) => ({
    ...{ title: network.title, copies: network.copies ?? 1, count },
    figures: networks[keyOf(network)].steps[count],
    ann: ANNS[read(experimentFile(network.name)).checkpoints.ann],
  })),
);
/** One run per ANN: the first network compared with it. */
const anns = Object.values(ANNS).map((title) => runs.find(({ ann }) => ann === title));
/** All networks were measured on the same prompts. */
const [{ figures: same }] = runs;
/** Rows shown: without ordered draws, which change nothing at T = 4, and without rows that the page covers with more prompts. */
const shown = runs.filter(({ title, copies }) => !title.includes("ordered") && (copies < 16 || title.startsWith("6")));
const highest = SNR.at(-1);
const rest = ["", "", ""];

export const wideLinkTables = {
  "wide-link": () => ({
    head: [
      "2x2 link",
      "T",
      "copies",
      "bit error rate, five chips",
      "exact arithmetic",
      "blocks of ANN",
      "chips minus ANN",
      `chips / ANN at ${highest} dB`,
    ],
    rows: [
      ...shown.map(({ title, count, copies, figures, ann }) => [
        title,
        String(count),
        String(copies),
        interval(4, figures["ber.xpikeformer"]),
        figures["ber.digital"][0].toFixed(4),
        ann.replace(" blocks", ""),
        interval(4, figures["gap.ann"]),
        interval(2, figures[`ratio.ann.snr.${highest}`]),
      ]),
      ...[
        ...anns.map(({ ann, figures }) => [`ANN, ${ann} of 128`, figures["ber.ann"]]),
        ["maximum likelihood, channel from pilots", same["ber.ml.pilots"]],
        ["linear MMSE, channel from pilots", same["ber.mmse.pilots"]],
      ].map(([name, figure]) => [name, "", "", "", interval(4, figure), ...rest]),
    ],
  }),
  "wide-link-copies": () => ({
    head: ["exact arithmetic", "T", ...COPIES.map((count) => (count === 1 ? "1 copy" : `${count} copies`))],
    rows: COPIED.flatMap(({ title, name }) =>
      COPIED_STEPS.map((steps) => [
        title,
        String(steps),
        ...COPIES.map((count) => rates[name][count][steps - 1].toFixed(4)),
      ]),
    ),
  }),
};
