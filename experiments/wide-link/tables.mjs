// The tables of this folder's page, from what `measure.mjs` and `copies.mjs` wrote.
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
/** Each ANN once, as it was measured beside the first network that is compared with it. */
const anns = Object.values(ANNS).map((title) => runs.find(({ ann }) => ann === title));
/** All networks were measured on the same prompts. */
const [{ figures: same }] = runs;
const rest = ["", "", ...SNR.map(() => "")];

export const wideLinkTables = {
  "wide-link": () => ({
    head: [
      "2x2 link",
      "T",
      "copies",
      "bit error rate, five chips",
      "in exact arithmetic",
      "the ANN",
      "chips minus ANN, in pairs",
      ...SNR.map((snr) => `chips over ANN at ${snr} dB`),
    ],
    rows: [
      ...runs.map(({ title, count, copies, figures, ann }) => [
        title,
        String(count),
        String(copies),
        ...["ber.xpikeformer", "ber.digital"].map((id) => interval(4, figures[id])),
        ann,
        interval(4, figures["gap.ann"]),
        ...SNR.map((snr) => interval(2, figures[`ratio.ann.snr.${snr}`])),
      ]),
      ...anns.map(({ ann, figures }) => [
        `ANN, ${ann} of width 128`,
        "",
        "",
        "",
        interval(4, figures["ber.ann"]),
        ...rest,
      ]),
      ["maximum likelihood, channel from pilots", "", "", "", interval(4, same["ber.ml.pilots"]), ...rest],
      ["linear MMSE, channel from pilots", "", "", "", interval(4, same["ber.mmse.pilots"]), ...rest],
    ],
  }),
  "wide-link-copies": () => ({
    head: ["in exact arithmetic", "T", ...COPIES.map((count) => (count === 1 ? "1 copy" : `${count} copies`))],
    rows: COPIED.flatMap(({ title, name }) =>
      COPIED_STEPS.map((steps) => [
        title,
        String(steps),
        ...COPIES.map((count) => rates[name][count][steps - 1].toFixed(4)),
      ]),
    ),
  }),
};
