// The tables of this folder's page, from the results of `measure.mjs`.
import { upTo } from "../steps.mjs";
import { dataVectorTable } from "./data-vectors.mjs";
import { change, figure, ratioAt, results, value, withRange } from "./results.mjs";

const SNRS = results.link.chart.x.ticks;
const STEPS = upTo(results.steps.settings.steps);

const DETECTORS = [
  ["ml.perfect", "maximum likelihood, perfect channel"],
  ["ml.pilots", "maximum likelihood, channel from pilots"],
  ["mmse.pilots", "linear MMSE, channel from pilots"],
  ["ann", "ANN transformer"],
  ["spiking", "digital spiking transformer, LIF attention"],
  ["digital", "Xpikeformer's network, exact arithmetic"],
  ["xpikeformer", "Xpikeformer on chips"],
];

/** Table IV: 4-256 at T = 6, 8-512 at T = 4. */
const PRINTED = {
  ann: ["0.051", "0.049"],
  spiking: ["0.061", "0.058"],
  xpikeformer: ["0.067", "0.063"],
};

export const firstPageTables = {
  "first-page-link": () => ({
    head: ["bit error rate, 2x2 link, 0 to 30 dB", "paper, 4-256, T = 6", "paper, 8-512, T = 4", "ours, 4-128, T = 2"],
    rows: [
      ...DETECTORS.map(([id, name]) => [name, ...(PRINTED[id] ?? ["", ""]), withRange(figure("link", `ber.${id}`))]),
      ["chips minus ANN", "0.016", "0.014", change(figure("link", "gap.ann"))],
      ["chips minus digital spiking transformer", "0.006", "0.005", change(figure("link", "gap.spiking"))],
    ],
  }),

  "first-page-snr": () => ({
    head: ["SNR, dB", ...SNRS.map(String)],
    rows: [
      ...[
        ["maximum likelihood, channel from pilots", "ber.ml.pilots"],
        ["ANN", "ber.ann"],
        ["chips", "ber.xpikeformer"],
      ].map(([name, id]) => [name, ...SNRS.map((snr) => value(figure("link", `${id}.snr.${snr}`)))]),
      ...[
        ["chips / ANN", "ann"],
        ["chips / maximum likelihood", "ml.pilots"],
      ].map(([name, other]) => [name, ...SNRS.map((snr) => ratioAt(other, snr, withRange))]),
    ],
  }),

  "first-page-data-vectors": () => dataVectorTable(),

  "first-page-steps": () => ({
    head: ["time steps T", ...STEPS.map(String)],
    rows: [
      ["bit error rate on chips", ...STEPS.map((step) => value(figure("steps", `ber.xpikeformer.steps.${step}`)))],
    ],
  }),

  "first-page-drift": () => ({
    head: ["bit error rate, twenty chips", "one second", "one year", "change"],
    rows: [
      ...["compensated", "uncompensated"].flatMap((compensated) =>
        [
          ["hwat", "hardware-aware training"],
          ["ct", "conventional training"],
        ].map(([role, name]) => {
          const id = `ber.drift.${role}.${compensated}`;
          const [young, old] = ["1s", "1y"].map((age) => withRange(figure("drift", `${id}.${age}`)));
          return [`${name}, ${compensated}`, young, old, change(figure("drift", `${id}.1y.change`))];
        }),
      ),
      [
        "hardware-aware minus conventional, compensated",
        "",
        change(figure("drift", "ber.drift.gap.compensated.1y")),
        change(figure("drift", "ber.drift.gap.change.compensated.1y")),
      ],
    ],
  }),

  "first-page-realism": () => {
    const row = (name, id, withChange = true) => [
      name,
      withRange(figure("realism", id)),
      withChange ? change(figure("realism", `${id}.change`)) : "",
    ];
    return {
      head: ["2x2 link, ten chips", "bit error rate", "change"],
      rows: [
        row("as in the experiment", "converters.ber.sweep.adc.errors.offsetSpread.0.hwat", false),
        row("ADC offsets with a spread of 1 code step", "converters.ber.sweep.adc.errors.offsetSpread.1.hwat"),
        row("ADC offsets with a spread of 2 code steps", "converters.ber.sweep.adc.errors.offsetSpread.2.hwat"),
        row("one scale per crossbar instead of per column", "scales.ber.sweep.crossbar.scaling.crossbar.hwat"),
        row(
          "embedding on one crossbar (`embedRows` null)",
          "whole-embedding.ber.sweep.crossbar.scaling.column.hwat",
          false,
        ),
        row("both of these", "whole-embedding.ber.sweep.crossbar.scaling.crossbar.hwat", false),
        row(
          "after a year, drift compensated at use",
          "calibrated-at-use.ber.sweep.compensation.schedule.kind.at-use.hwat.1y",
          false,
        ),
        row(
          "after a year, drift compensated after a day only",
          "calibrated-once.ber.sweep.compensation.schedule.first.86400.hwat.1y",
          false,
        ),
      ],
    };
  },
};
