// The tables of this folder's page: the results of `measure.mjs` next to the numbers printed in the paper.
import { readFileSync } from "node:fs";

const runsOf = (part) => JSON.parse(readFileSync(new URL(`results/${part}.json`, import.meta.url), "utf8")).runs;

/** Results on all test images, with the chips after each time step. */
const measuredRuns = [...runsOf("accuracy"), ...runsOf("stem")];

/** Validation results during training, for networks with a convolutional stem. */
const learned = () => JSON.parse(readFileSync(new URL("learning.json", import.meta.url), "utf8"));
/** Each network with an ANN of about its size, both trained from scratch. */
const CURVES = ["fashion-large", "fashion-large-ann", "cifar10-large", "cifar10-large-ann"];

/** Table III, accuracy in %. */
const PRINTED = [
  { network: "4-384, CIFAR-10", ann: 83.41, spiking: 82.83, xpikeformer: 82.66, steps: 11 },
  { network: "6-512, CIFAR-10", ann: 86.02, spiking: 85.68, xpikeformer: 84.74, steps: 10 },
  { network: "6-512, ImageNet", ann: 65.58, spiking: 65.42, xpikeformer: 63.36, steps: 8 },
  { network: "8-768, ImageNet", ann: 71.64, spiking: 71.13, xpikeformer: 70.5, steps: 7 },
];
/** Points of accuracy lost in a year: CT, HWAT, CT with compensation, HWAT with compensation. */
const PRINTED_DRIFT = [
  ["paper, Table V: 8-768, ImageNet", [64.4, 65.04, 7.7, 2.09]],
  ["paper, Table V: 6-512, ImageNet", [56.73, 55.04, 11.99, 2.95]],
  ["first author's results, 6-512, CIFAR-10", [59.95, 58.84, 14.27, 3.61]],
];
const DRIFT_CURVES = ["ct.uncompensated", "hwat.uncompensated", "ct.compensated", "hwat.compensated"];
/** The first author's 6-512 network on CIFAR-10: accuracy in % by T, from results/result_timesteps_acc.csv of the published code. */
const AUTHOR_STEPS = { 1: 30.35, 2: 43.55, 4: 59.65, 6: 72.71, 8: 82.58, 10: 84.74, 12: 84.76 };
const DATA_NAMES = { "fashion-mnist": "Fashion-MNIST", mnist: "MNIST", "cifar-10": "CIFAR-10" };

/** The name of a bundled network on this page. */
const quoted = (reference) => `\`${reference.replace(/^bundled:/, "").replace(/-xpikeformer$/, "")}\``;

const labelOf = ({ size, data }) => `${size}, ${DATA_NAMES[data]}`;
/** A share in percent with one decimal, and no sign at 0. */
const points = (share) => (Math.round(1000 * share) / 10 + 0).toFixed(1).replace("-", "−");
const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
/** A difference of accuracies in percentage points. */
function gap([value, ...ends]) {
  const range = ends.map((end) => (100 * end).toFixed(2).replace("-", "−")).join(" to ");
  return `${signed(100 * value)}${range && ` (${range})`}`;
}
const withInterval = (cell) => (cell ? `${points(cell[0])} (${points(cell[1])} to ${points(cell[2])})` : "");

/** The networks shown first on the page: each with its ANN, time steps and rows per input. */
const BEST = [
  { name: "cifar10-twice", ann: "cifar10-wide-ann", steps: 4, lines: 4 },
  { name: "cifar10-twice", ann: "cifar10-wide-ann", steps: 2, lines: 4 },
  { name: "fashion-fine", ann: "fashion-large-ann", steps: 2, lines: 4 },
  { name: "mnist-two-steps-taught", ann: "mnist-ann-128-taught", steps: 2 },
];

const bestRuns = () =>
  BEST.map(({ name, ann, steps, lines }) =>
    measuredRuns.find(
      (run) => run.name === name && run.ann === `bundled:${ann}` && run.steps === steps && run.lines === lines,
    ),
  );

const printedRow = ({ network, ann, xpikeformer, steps }) => [
  `paper: ${network}`,
  ...[steps, ann, xpikeformer].map(String),
  signed(xpikeformer - ann),
];

const accuracyOf = (run, role) => withInterval(run.figures[`accuracy.${role}`]);

const bestRow = (run) => [
  `\`${run.name}\`, ${DATA_NAMES[run.data]}`,
  String(run.steps),
  accuracyOf(run, "ann"),
  accuracyOf(run, "xpikeformer"),
  gap(run.figures["gap.ann"]),
];

/** Networks on the way to those shown, which only the page about stems still compares. */
const isStep = (name) => /^cifar10-(large|wide|wide-strided|graded|four|eight)$/.test(name);

export const imageAccuracyTables = {
  "image-best": () => ({
    head: ["accuracy, %", "T", "ANN", "Xpikeformer", "difference, points"],
    rows: [...PRINTED.map(printedRow), ...bestRuns().map(bestRow)],
  }),

  "image-accuracy": () => ({
    head: ["network", "ANN", "lines per input", "T", "Xpikeformer, %", "ANN, %", "difference, points"],
    text: 2,
    // Two devices per conductance, and more time steps than a one-row network was trained for, made no visible difference.
    rows: measuredRuns
      .filter(({ name, devices, lines, steps }) => !isStep(name) && !devices && (lines || steps !== 4))
      .map((run) => [
        `\`${run.name}\``,
        quoted(run.ann),
        String(run.lines ?? 1),
        String(run.steps),
        accuracyOf(run, "xpikeformer"),
        points(run.figures["accuracy.ann"][0]),
        gap(run.figures["gap.ann"]),
      ]),
  }),

  "image-steps": () => {
    const steps = Object.keys(AUTHOR_STEPS).map(Number);
    // Keep one run per network: runs compared with different ANNs are the same, and the run with the largest T shows the most steps.
    const asBuilt = measuredRuns.filter(({ name, devices, lines }) => !isStep(name) && !devices && !lines);
    const networks = [...new Map(asBuilt.map((run) => [run.name, run])).values()];
    return {
      head: ["accuracy, %", ...steps.map((count) => `T = ${count}`)],
      rows: [
        ["first author's 6-512, CIFAR-10", ...steps.map((step) => AUTHOR_STEPS[step].toFixed(1))],
        ...networks.map((run) => {
          const after = (step) => run.figures[`accuracy.xpikeformer.steps.${step}`];
          return [`\`${run.name}\``, ...steps.map((step) => (after(step) ? points(after(step)[0]) : ""))];
        }),
      ],
    };
  },

  "image-learning": () => {
    const spans = [1, 2, 4, 8, 12, 20, 35];
    return {
      head: ["validation accuracy after epochs, %", ...spans.map(String)],
      // Validation ran once per epoch.
      rows: CURVES.map((name) => {
        const { validations } = learned().find((curve) => curve.name === name);
        return [
          `\`${name}\``,
          ...spans.map((span) => (span <= validations.length ? points(1 - validations[span - 1].errorRate) : "")),
        ];
      }),
    };
  },

  "image-lines": () => {
    const { runs } = JSON.parse(readFileSync(new URL("lines.json", import.meta.url), "utf8"));
    const cell = (run, role) => withInterval(run?.figures[`accuracy.${role}`]);
    return {
      head: [
        "validation accuracy, %",
        "exact arithmetic",
        "chips: input order, 32 rows",
        "input order, 128 rows",
        "strided, 128 rows",
      ],
      rows: [...new Set(runs.map(({ name }) => name))].map((name) => {
        const own = runs.filter((run) => run.name === name);
        const [plain, strided] = own.filter((run) => run.embedRows === undefined);
        const short = own.find((run) => run.embedRows === 32);
        return [
          `\`${name}\``,
          cell(plain, "digital"),
          ...[short, plain, strided].map((run) => cell(run, "xpikeformer")),
        ];
      }),
    };
  },

  "image-levels": () => {
    const { runs } = JSON.parse(readFileSync(new URL("levels.json", import.meta.url), "utf8"));
    const names = [...new Set(runs.map(({ name }) => name))];
    const levels = [...new Set(runs.map((run) => run.levels))];
    const rows = names.flatMap((name) => {
      const own = levels.map((count) => runs.find((run) => run.name === name && run.levels === count));
      return [
        [`\`${name}\``, ...own.map(({ asItIs }) => points(1 - asItIs.rate))],
        [`\`${name}\`, after a quarter of an epoch`, ...own.map(({ trained }) => points(1 - trained))],
      ];
    });
    return { head: ["validation accuracy, %", ...levels.map((count) => `${count} levels`)], rows };
  },

  "image-parts": () => {
    const { runs } = JSON.parse(readFileSync(new URL("parts.json", import.meta.url), "utf8"));
    const parts = [...new Set(runs.map(({ part }) => part))];
    const cell = ({ rates }) => {
      const right = rates.map((rate) => 1 - rate);
      const mean = right.reduce((sum, share) => sum + share, 0) / right.length;
      return `${points(mean)} (${points(Math.min(...right))} to ${points(Math.max(...right))})`;
    };
    return {
      head: [
        "validation accuracy, %",
        "exact arithmetic",
        "chips",
        "4 lines per input",
        "ideal devices",
        "8-bit ADCs",
        "ideal devices, 8-bit ADCs",
      ],
      rows: [...new Set(runs.map(({ name }) => name))].map((name) => [
        `\`${name}\``,
        ...parts.map((part) => cell(runs.find((run) => run.name === name && run.part === part))),
      ]),
    };
  },

  "image-spikes": () => {
    const { runs } = JSON.parse(readFileSync(new URL("spikes.json", import.meta.url), "utf8"));
    const lines = [...new Set(runs.map((run) => run.lines))].filter(Boolean);
    const layers = { "stem.0.map": "first convolution", "blocks.0.input": "input of first block" };
    const mean = (chosen, layer) => (100 * chosen.reduce((sum, { others }) => sum + others[layer], 0)) / chosen.length;
    const rowOf = (name, layer) => {
      const own = runs.filter((run) => run.name === name);
      const cell = (isChosen) => mean(own.filter(isChosen), layer).toFixed(0);
      return [
        `\`${name}\`, ${layers[layer]}`,
        cell(({ levels }) => levels),
        ...lines.map((count) => cell((run) => run.lines === count)),
      ];
    };
    return {
      head: [
        "spikes that differ, %",
        "weight levels only",
        ...lines.map((count) => `chips: ${count} ${count === 1 ? "line" : "lines"} per input`),
      ],
      rows: [...new Set(runs.map(({ name }) => name))].flatMap((name) =>
        Object.keys(layers).map((layer) => rowOf(name, layer)),
      ),
    };
  },

  "image-drift": () => ({
    head: ["accuracy lost in a year, points", "CT", "HWAT", "CT, compensated", "HWAT, compensated"],
    rows: [
      ...PRINTED_DRIFT.map(([network, lost]) => [network, ...lost.map((value) => value.toFixed(1))]),
      ...runsOf("drift").map((run) => [
        `ours: ${labelOf(run)}`,
        ...DRIFT_CURVES.map((curve) => withInterval(run.figures[`error.drift.${curve}.1y.change`])),
      ]),
    ],
  }),

  "image-converters": () => {
    const bits = [4, 5, 6, 7, 8];
    return {
      head: ["accuracy, %", ...bits.map((count) => `${count} bits`)],
      rows: runsOf("converters").map((run) => [
        `ours: ${labelOf(run)}`,
        ...bits.map((count) => points(1 - run.figures[`error.sweep.adc.bits.${count}.hwat`][0])),
      ]),
    };
  },
};
