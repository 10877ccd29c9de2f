/** A report with every kind of chart, shaped like that of `xpike run`; its numbers are invented. */
import { parseExperiment } from "../../src/experiment/parse.ts";
import { stream } from "../../src/numeric/stream.ts";
import type { ReportDraft } from "../../src/report/build-report.ts";
import { rasterLayer } from "../../src/report/measured.ts";
import { packSpikes } from "../../src/spike/train.ts";

const SNRS = [0, 5, 10, 15, 20, 25, 30];

/** Seeded, so that tests and screenshots see the same report. */
export function sampleDraft(): ReportDraft {
  const random = stream(1).fork("sample-report");
  const experiment = parseExperiment({ preset: "wireless-2x2" });
  const curve = (start: number, floor: number) =>
    SNRS.map((x) => {
      const y = start * Math.exp(-x / 6) + floor;
      return { x, y, low: 0.85 * y, high: 1.15 * y };
    });
  const layer = (name: string, features: number, rate: number) => {
    const bits = Array.from({ length: 4 * 37 * features }, () => (random.uniform() < rate ? 1 : 0));
    return rasterLayer(name, packSpikes(bits, 4, 37, features));
  };
  const crossbars = (inputs: number, outputs: number, firstTile: number) => {
    const blocks = [];
    for (let rowBlock = 0; rowBlock * 128 < inputs; rowBlock++) {
      for (let columnBlock = 0; columnBlock * 128 < outputs; columnBlock++) {
        const usedRows = Math.min(128, inputs - 128 * rowBlock);
        const usedColumns = Math.min(128, outputs - 128 * columnBlock);
        blocks.push({ rowBlock, columnBlock, usedRows, usedColumns, tile: firstTile + rowBlock });
      }
    }
    return { inputs, outputs, crossbars: blocks };
  };
  const rate = (value: number) => ({ value, unit: "1", trials: 16384 });
  const interval = (low: number, high: number) => ({ low, high, kind: "95 % prompt-clustered" });
  return {
    title: "Wireless 2x2, QPSK, 4 blocks of width 64",
    summary:
      "On ten noisy chips Xpikeformer detects symbols with a bit error rate of 0.058, 0.005 above the conventional transformer.",
    description:
      "A decoder of four blocks detects QPSK symbols of a 2x2 link in context, from 18 pilots and a 4-bit receiver, on simulated phase-change crossbars with 5-bit converters.",
    experiment,
    command: "xpike run examples/wireless-2x2.json --seed 1",
    seed: 1,
    versions: { xpikeformer: "0.1.0", node: "20.19.0" },
    notes: ["0.2 % of the weights of blocks.1.down are clipped to the largest conductance."],
    sources: [
      {
        text: "Z. Song, P. Katti, O. Simeone, B. Rajendran, Xpikeformer: Hybrid Analog-Digital Hardware Acceleration for Spiking Transformers, IEEE TVLSI 33(6), 2025.",
        usedFor: "The machine and the numbers compared with.",
        url: "https://doi.org/10.1109/TVLSI.2025.3552534",
      },
    ],
    highlights: ["ber.xpikeformer", "ber.spiking", "ber.ann", "crossbars.count"],
    figures: [
      {
        id: "ber.xpikeformer",
        label: "BER, Xpikeformer, 10 chips",
        ...rate(0.0581),
        interval: { low: 0.0563, high: 0.0599, kind: "95 % Student, 10 chips" },
      },
      { id: "ber.spiking", label: "BER, digital spiking", ...rate(0.0556), interval: interval(0.0519, 0.0595) },
      { id: "ber.ann", label: "BER, ANN", ...rate(0.0531), interval: interval(0.0495, 0.0569) },
      {
        id: "ber.mmse.pilots",
        label: "BER, linear MMSE, channel from pilots",
        ...rate(0.0874),
        interval: interval(0.0828, 0.0922),
      },
      { id: "crossbars.count", label: "Crossbars", value: 38, unit: "crossbars" },
      { id: "energy.inference", label: "Energy of one inference", value: 3.17e-7, unit: "J" },
      { id: "area.total", label: "Area", value: 4.2e-6, unit: "m2" },
    ],
    charts: [
      {
        kind: "lines",
        id: "ber.snr",
        title: "Bit error rate against signal-to-noise ratio",
        caption: "Bars are 95 % intervals, clustered by prompt.",
        x: { label: "SNR, dB", ticks: SNRS },
        y: { label: "bit error rate", scale: "log" },
        series: [
          {
            name: "maximum likelihood, known channel",
            dashed: true,
            points: [...curve(0.18, 0).slice(0, 6), { x: 30, y: 0, low: 0, high: 0.0008 }],
          },
          { name: "linear MMSE, channel from pilots", dashed: true, points: curve(0.3, 0.012) },
          { name: "ANN", points: curve(0.21, 0.004) },
          { name: "digital spiking", points: curve(0.22, 0.006) },
          { name: "Xpikeformer", points: curve(0.23, 0.007) },
        ],
      },
      {
        kind: "lines",
        id: "ber.steps",
        title: "Bit error rate against time steps",
        caption: "More steps average more random draws. Dotted: Table IV, 2x2, 4-256.",
        x: { label: "time steps T", ticks: [1, 2, 3, 4, 6, 8] },
        y: { label: "bit error rate" },
        series: [
          { name: "digital spiking", points: [1, 2, 3, 4, 6, 8].map((x) => ({ x, y: 0.052 + 0.06 / x })) },
          {
            name: "Xpikeformer",
            points: [1, 2, 3, 4, 6, 8].map((x) => ({
              x,
              y: 0.054 + 0.09 / x,
              low: 0.051 + 0.09 / x,
              high: 0.057 + 0.09 / x,
            })),
          },
        ],
        rules: [
          { label: "paper, ANN 0.051", y: 0.051 },
          { label: "paper, spiking 0.061", y: 0.061 },
          { label: "paper, Xpikeformer 0.067", y: 0.067 },
        ],
      },
      {
        kind: "bars",
        id: "density.layers",
        title: "Share of spikes per layer",
        caption: "Fewer spikes read fewer rows.",
        value: { label: "share of bits that are spikes" },
        bars: [0, 1].flatMap((block) =>
          ["qkv", "attention", "up", "down"].map((name, i) => ({
            label: `blocks.${block}.${name}`,
            value: 0.05 + 0.04 * i + 0.02 * block,
            low: 0.04 + 0.04 * i + 0.02 * block,
            high: 0.06 + 0.04 * i + 0.02 * block,
            group: name === "attention" ? "SSA engine" : "crossbars",
          })),
        ),
      },
      {
        kind: "heat",
        id: "attention.first",
        title: "Attention of one head",
        caption: "Queries attend to earlier context tokens.",
        x: { label: "key token", ticks: Array.from({ length: 37 }, (_, i) => String(i)) },
        y: { label: "query token", ticks: Array.from({ length: 37 }, (_, i) => String(i)) },
        label: "mean attention bit",
        values: Array.from({ length: 37 }, (_, i) =>
          Array.from({ length: 37 }, (_, j) => (j <= i && (j % 2 === 1 || i === j) ? random.uniform() : 0)),
        ),
      },
      {
        kind: "raster",
        id: "raster",
        title: "Spikes of one prompt",
        caption: "One prompt at 15 dB; time runs to the right within each token.",
        layers: [
          layer("embed", 64, 0.22),
          layer("blocks.0.qkv", 192, 0.11),
          layer("blocks.0.attention", 64, 0.07),
          layer("blocks.0.up", 256, 0.09),
        ],
      },
      {
        kind: "layout",
        id: "crossbars.layout",
        title: "Where the weights are",
        caption: "Each square is one crossbar, inputs down, outputs to the right.",
        crossbar: { rows: 128, columns: 128 },
        layers: [
          { name: "embed", ...crossbars(40, 64, 0) },
          ...[0, 1, 2, 3].flatMap((block) => [
            { name: `blocks.${block}.qkv`, ...crossbars(64, 192, 1 + 4 * block) },
            { name: `blocks.${block}.projection`, ...crossbars(64, 64, 2 + 4 * block) },
            { name: `blocks.${block}.up`, ...crossbars(64, 256, 3 + 4 * block) },
            { name: `blocks.${block}.down`, ...crossbars(256, 64, 4 + 4 * block) },
          ]),
          { name: "head", ...crossbars(64, 16, 20) },
        ],
      },
    ],
    claims: [
      {
        id: "ber.xpikeformer.2x2",
        source: "Table IV, 2x2, 4-256",
        claim: "Bit error rate of Xpikeformer",
        paper: 0.067,
        figure: "ber.xpikeformer",
        why: "Stratified draws remove most of the sampling noise; the paper does not print its range of SNR.",
      },
      {
        id: "ber.ann.2x2",
        source: "Table IV, 2x2, 4-256",
        claim: "Bit error rate of the conventional transformer",
        paper: 0.051,
        figure: "ber.ann",
        why: "A network of a fifth of the width.",
      },
    ],
  };
}
