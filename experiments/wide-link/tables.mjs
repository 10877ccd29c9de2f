// The table of this folder's page, from what `measure.mjs` wrote.
import { readFileSync } from "node:fs";
import { NETWORKS, SNR } from "./points.mjs";

const { networks } = JSON.parse(readFileSync(new URL("result.json", import.meta.url), "utf8"));

const minus = (text) => text.replaceAll("-", "−");
const interval = (digits, [value, low, high]) =>
  minus(`${value.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`);
const columns = NETWORKS.flatMap(({ title, name, steps }) => steps.map((count) => ({ title, name, count })));
const row = (label, at) => [label, ...columns.map(({ name, count }) => at(networks[name].steps[count]))];

export const wideLinkTables = {
  "wide-link": () => ({
    head: ["2x2 link", ...columns.map(({ title, count }) => `${title}, T = ${count}`)],
    rows: [
      row("bit error rate, five chips", (figures) => interval(4, figures["ber.xpikeformer"])),
      row("the same network in exact arithmetic", (figures) => interval(4, figures["ber.digital"])),
      row("ANN of width 128", (figures) => interval(4, figures["ber.ann"])),
      row("chips minus ANN, in pairs", (figures) => interval(4, figures["gap.ann"])),
      ...SNR.map((snr) =>
        row(`chips over ANN at ${snr} dB`, (figures) => interval(2, figures[`ratio.ann.snr.${snr}`])),
      ),
      row("linear MMSE, channel from pilots", (figures) => interval(4, figures["ber.mmse.pilots"])),
      row("maximum likelihood, channel from pilots", (figures) => interval(4, figures["ber.ml.pilots"])),
    ],
  }),
};
