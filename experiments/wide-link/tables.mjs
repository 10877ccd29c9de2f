// The table of this folder's page, from what `measure.mjs` wrote.
import { readFileSync } from "node:fs";
import { NETWORKS, SNR } from "./points.mjs";

const { networks } = JSON.parse(readFileSync(new URL("result.json", import.meta.url), "utf8"));

const minus = (text) => text.replaceAll("-", "−");
const interval = (digits, [value, low, high]) =>
  minus(`${value.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`);
const runs = NETWORKS.flatMap(({ title, name, steps }) =>
  steps.map((count) => ({ title, count, figures: networks[name].steps[count] })),
);
/** All networks were measured on the same prompts. */
const [{ figures: same }] = runs;
const rest = ["", ...SNR.map(() => "")];

export const wideLinkTables = {
  "wide-link": () => ({
    head: [
      "2x2 link",
      "T",
      "bit error rate, five chips",
      "in exact arithmetic",
      "chips minus ANN, in pairs",
      ...SNR.map((snr) => `chips over ANN at ${snr} dB`),
    ],
    rows: [
      ...runs.map(({ title, count, figures }) => [
        title,
        String(count),
        ...["ber.xpikeformer", "ber.digital", "gap.ann"].map((id) => interval(4, figures[id])),
        ...SNR.map((snr) => interval(2, figures[`ratio.ann.snr.${snr}`])),
      ]),
      ["ANN of width 128", "", "", interval(4, same["ber.ann"]), ...rest],
      ["maximum likelihood, channel from pilots", "", "", interval(4, same["ber.ml.pilots"]), ...rest],
      ["linear MMSE, channel from pilots", "", "", interval(4, same["ber.mmse.pilots"]), ...rest],
    ],
  }),
};
