// The tables of this folder's page: what `measure.mjs` wrote, beside what the paper prints.
import { readFileSync } from "node:fs";
import { experimentFile } from "../networks.mjs";

const runsOf = (part) => JSON.parse(readFileSync(new URL(`results/${part}.json`, import.meta.url), "utf8")).runs;

/** All test images, and the chips after each time step. */
const measuredRuns = [...runsOf("accuracy"), ...runsOf("stem")];

/** Validations of networks behind a stem as they learned. */
const learned = () => JSON.parse(readFileSync(new URL("learning.json", import.meta.url), "utf8"));

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
/** Accuracy in % by T of the first author's network of 6-512 on CIFAR-10: results/result_timesteps_acc.csv of its code. */
const AUTHOR_STEPS = { 1: 30.35, 2: 43.55, 4: 59.65, 6: 72.71, 8: 82.58, 10: 84.74, 12: 84.76 };
const DATA_NAMES = { "fashion-mnist": "Fashion-MNIST", mnist: "MNIST", "cifar-10": "CIFAR-10" };

const OPTIMISER_NAMES = { adamw: "AdamW", muon: "Muon" };

/** A bundled network, as this page calls it. */
const quoted = (reference) => `\`${reference.replace(/^bundled:/, "").replace(/-xpikeformer$/, "")}\``;

const labelOf = ({ size, data }) => `${size}, ${DATA_NAMES[data]}`;
/** With its name, where another network has the same size, and the devices of a conductance and the lines of an input, where these are several. */
const nameOf = (run) =>
  labelOf(run) +
  (measuredRuns.some((other) => other.name !== run.name && labelOf(other) === labelOf(run))
    ? ` (\`${run.name}\`)`
    : "") +
  (run.devices ? `, ${run.devices} devices for a conductance` : "") +
  (run.lines ? `, ${run.lines} lines for an input` : "");
/** Of a network and the ANN beside it, where that has another size, or is one of several of its size. */
function pairOf(run) {
  if (run.annSize !== run.size) return `${nameOf(run)}; ANN: ${run.annSize}`;
  const others = measuredRuns.filter(
    ({ name, ann, annSize }) => name === run.name && ann !== run.ann && annSize === run.annSize,
  );
  return nameOf(run) + (others.length > 0 ? `; ANN: ${quoted(run.ann)}` : "");
}
/** Share in per cent, with one digit behind the point and no sign at 0. */
const points = (share) => (Math.round(1000 * share) / 10 + 0).toFixed(1).replace("-", "−");
const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
/** A difference of accuracies in points. */
function gap([value, ...ends]) {
  const range = ends.map((end) => (100 * end).toFixed(2).replace("-", "−")).join(" to ");
  return `${signed(100 * value)}${range && ` (${range})`}`;
}
const withInterval = (cell) => (cell ? `${points(cell[0])} (${points(cell[1])} to ${points(cell[2])})` : "");

/** The networks that the page begins with: each with its ANN, at so many time steps, and so many lines for an input. */
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

const printedRow = ({ network, ann, spiking, xpikeformer, steps }) => [
  `paper: ${network}`,
  ...[ann, spiking, xpikeformer, steps].map(String),
  signed(xpikeformer - ann),
];

const measuredRow = (run) => [
  `ours: ${pairOf(run)}`,
  ...["ann", "spiking", "xpikeformer"].map((role) => withInterval(run.figures[`accuracy.${role}`])),
  String(run.steps),
  gap(run.figures["gap.ann"]),
];

export const imageAccuracyTables = {
  "image-best": () => ({
    head: ["accuracy, %", "ANN", "Xpikeformer", "T", "Xpikeformer minus ANN"],
    rows: [...PRINTED.map(printedRow), ...bestRuns().map(measuredRow)].map((row) => row.toSpliced(2, 1)),
  }),

  "image-accuracy": () => ({
    head: ["accuracy, %", "ANN", "digital spiking", "Xpikeformer", "T", "Xpikeformer minus ANN"],
    rows: [...PRINTED.map(printedRow), ...measuredRuns.map(measuredRow)],
  }),

  "image-steps": () => {
    const steps = Object.keys(AUTHOR_STEPS).map(Number);
    // A network that stands beside several ANNs is the same one; of several T the last one has most to show.
    const asBuilt = measuredRuns.filter(({ devices, lines }) => !devices && !lines);
    const networks = [...new Map(asBuilt.map((run) => [run.name, run])).values()];
    return {
      head: ["accuracy after T steps, %", ...steps.map(String)],
      rows: [
        ["first author's results: 6-512, CIFAR-10", ...steps.map((step) => AUTHOR_STEPS[step].toFixed(1))],
        ...networks.map((run) => {
          const after = (step) => run.figures[`accuracy.xpikeformer.steps.${step}`];
          return [`ours: ${nameOf(run)}`, ...steps.map((step) => (after(step) ? points(after(step)[0]) : ""))];
        }),
      ],
    };
  },

  "image-learning": () => {
    const spans = [1, 2, 4, 6, 8, 10, 12, 16, 20, 24, 30, 35];
    return {
      head: ["accuracy on validation images after so many passes over the training images, %", ...spans.map(String)],
      // They validated once a pass.
      rows: learned().map(({ name, optimiser, validations }) => [
        `${name}, ${OPTIMISER_NAMES[optimiser]}`,
        ...spans.map((span) => (span <= validations.length ? points(1 - validations[span - 1].errorRate) : "")),
      ]),
    };
  },

  "image-stages": () => {
    const names = new Set(learned().map(({ name }) => name));
    return {
      head: ["network", "began with", "labels", "passes, learning rate"],
      text: 4,
      rows: [...names].map((name) => {
        const { model, training } = JSON.parse(readFileSync(experimentFile(name), "utf8"));
        const stages = training.stages.map((stage) => {
          const T = model.steps && ` at T = ${stage.timeSteps ?? model.steps}`;
          const own = stage.labels && stage.labels !== training.labels ? ", labels" : "";
          const last = Number((stage.learningRate * stage.finalFraction).toPrecision(1));
          const rate = `${stage.learningRate} to ${last}`;
          return `${stage.steps / training.validateEvery}${T ?? ""}${stage.noise ? " with noise" : ""}${own}, ${rate}`;
        });
        const { initial, initialShare, labels, teacher } = training;
        return [
          name,
          initial ? quoted(initial) : "nothing",
          labels === "teacher" ? `answers of ${quoted(teacher)}` : "labels",
          [...stages, ...(initialShare ? ["then averaged with what it began with"] : [])].join("; "),
        ];
      }),
    };
  },

  "image-lines": () => {
    const { runs } = JSON.parse(readFileSync(new URL("lines.json", import.meta.url), "utf8"));
    const cell = (run, role) => withInterval(run?.figures[`accuracy.${role}`]);
    return {
      head: [
        "validation images, accuracy, %",
        "exact arithmetic",
        "chips, lines as in the input, 32 a crossbar",
        "128 a crossbar",
        "in strides, 128 a crossbar",
      ],
      rows: [...new Set(runs.map(({ name }) => name))].map((name) => {
        const own = runs.filter((run) => run.name === name);
        const [plain, strided] = own.filter((run) => run.embedRows === undefined);
        const short = own.find((run) => run.embedRows === 32);
        return [name, cell(plain, "digital"), ...[short, plain, strided].map((run) => cell(run, "xpikeformer"))];
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
        [name, ...own.map(({ asItIs }) => points(1 - asItIs.rate))],
        [`${name}, after a quarter of a pass over such images`, ...own.map(({ trained }) => points(1 - trained))],
      ];
    });
    return { head: ["accuracy on validation images with so many levels of a colour, %", ...levels.map(String)], rows };
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
        "validation images, accuracy, %",
        "exact arithmetic",
        "chips",
        "four lines for an input",
        "ideal devices",
        "converters of 8 bits",
        "both",
      ],
      rows: [...new Set(runs.map(({ name }) => name))].map((name) => [
        name,
        ...parts.map((part) => cell(runs.find((run) => run.name === name && run.part === part))),
      ]),
    };
  },

  "image-spikes": () => {
    const { runs } = JSON.parse(readFileSync(new URL("spikes.json", import.meta.url), "utf8"));
    const lines = [...new Set(runs.map((run) => run.lines))].filter(Boolean);
    const layers = { "stem.0.map": "the first convolution", "blocks.0.input": "the first block's input neurons" };
    const mean = (chosen, layer) => (100 * chosen.reduce((sum, { others }) => sum + others[layer], 0)) / chosen.length;
    const rowOf = (name, layer) => {
      const own = runs.filter((run) => run.name === name);
      const cell = (isChosen) => mean(own.filter(isChosen), layer).toFixed(0);
      return [
        `${name}, ${layers[layer]}`,
        cell(({ levels }) => levels),
        ...lines.map((count) => cell((run) => run.lines === count)),
      ];
    };
    return {
      head: [
        "spikes other than in exact arithmetic, % of these",
        "levels of weights alone",
        ...lines.map((count) => `chips, ${count === 1 ? "one line" : `${count} lines`} for an input`),
      ],
      rows: [...new Set(runs.map(({ name }) => name))].flatMap((name) =>
        Object.keys(layers).map((layer) => rowOf(name, layer)),
      ),
    };
  },

  "image-drift": () => ({
    head: ["points lost in a year", "CT", "HWAT", "CT, compensated", "HWAT, compensated"],
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
      head: ["accuracy with converters of so many bits, %", ...bits.map(String)],
      rows: runsOf("converters").map((run) => [
        `ours: ${labelOf(run)}`,
        ...bits.map((count) => points(1 - run.figures[`error.sweep.adc.bits.${count}.hwat`][0])),
      ]),
    };
  },
};
