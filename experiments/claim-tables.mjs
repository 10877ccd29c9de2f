// The tables of docs/claims.md, on the two named machines of `two-machines.mjs`.
import {
  estimateCost,
  experimentWorkload,
  findCostPreset,
  hardwarePrices,
  machineByName,
  ratioTo,
  resolveTechnology,
  stream,
} from "xpikeformer";
import { chooseSteps, comparedWith, findWorkload, monteCarlo, rivalSteps, withSteps } from "xpikeformer/cost";
import { beside, measured, rateOf } from "./errors/errors.mjs";
import { chipsKey, exactKey } from "./errors/list.mjs";
import { grouped } from "./first-page/results.mjs";
import { keyOf } from "./networks.mjs";
import {
  answersOf,
  engineAt,
  estimateOn,
  experimentOn,
  MACHINES,
  NETWORKS,
  neededFor,
  on,
  perMachine,
  vit,
} from "./two-machines.mjs";

const fixed = (digits) => (value) => value.toFixed(digits);
const two = fixed(2);
const percent = (value) => `${(100 * value).toFixed(1)} %`;
const three = (value) => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));
const mm2 = (area) => grouped(1e6 * area);

/**
 * A bundled network on a machine, and what is shown of equal accuracy with its rivals, chosen and tested as in `xpike run`. On the machine
 * `paper`, where only densities are measured, it runs the steps of its experiment and is not tested.
 */
export function networkOn(machine, name) {
  const experiment = experimentOn(machine, name);
  const { equalityMargin: margin } = experiment.evaluation;
  const key = keyOf({ name, copies: experiment.task.queryCopies });
  const [own, digital] = [measured[chipsKey(key, machine)], measured[exactKey(key)]];
  const conventional = measured[experiment.checkpoints.ann.replace("bundled:", "")];
  if (!own || !digital || !conventional) throw new Error(`experiments/errors has no ${name} on ${machine}.`);
  const snnSteps = Object.keys(digital.wrong).map(Number);
  const snnRates = snnSteps.map((steps) => ({ steps, errorRate: rateOf(digital, steps) }));
  const found = own.wrong ? tested() : untested(experiment.model.steps);
  const workload = withSteps(
    comparedWith({ ...experimentWorkload(experiment), ...own.densities }, experiment, {
      ann: conventional.model,
      snn: digital,
    }),
    found.choice.steps,
    found.snn.steps,
  );
  const ann = rateOf(conventional, "exact");
  return { ...found, prompts: own.prompts, ann, workload, estimate: estimateOn(machine, workload) };

  function untested(steps) {
    return { choice: { steps, shown: false, test: null }, snn: snnRates.findLast((rate) => rate.steps <= steps) };
  }

  function tested() {
    const rates = Object.keys(own.wrong).map((column) => ({
      ...{ steps: Number(column), errorRate: rateOf(own, column) },
      test: beside(own, column, conventional, "exact", margin),
    }));
    const choice = chooseSteps(rates, margin);
    const snn = rivalSteps(snnRates, choice.errorRate, margin);
    return {
      choice,
      // At the steps of the row, which are fewer than those of a test that failed.
      besideAnn: rates.find(({ steps }) => steps === choice.steps).test,
      snn,
      besideSnn: beside(own, choice.steps, digital, snn.steps, margin),
    };
  }
}

/** Whether a network and its rivals are measured, on both machines. */
export function isMeasured(name) {
  const { task, checkpoints } = experimentOn("recommended", name);
  const key = keyOf({ name, copies: task.queryCopies });
  const keys = [
    ...MACHINES.map((machine) => chipsKey(key, machine)),
    exactKey(key),
    checkpoints.ann.replace("bundled:", ""),
  ];
  return keys.every((one) => measured[one]);
}

/** What a test shows, in a cell of its own. */
const verdictOf = (shown, test) => {
  if (!test) return "untested";
  if (shown) return "shown";
  return test.verdict === "worse" ? "ours worse" : "not shown";
};
const signed = (value, digits) => `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value).toFixed(digits)}`;
const withEnds = ({ mean, low, high }, digits) =>
  `${signed(mean, digits)} (${[low, high].map((end) => signed(end, digits)).join(" to ")})`;

/** The measured networks that tables show: the most accurate of each task, and the first of the link and of Fashion-MNIST. */
const SHOWN = NETWORKS.filter(isMeasured);

const STEPS = [4, 7];
const cifar = withSteps(findWorkload("vit-6-512-cifar10"), 10, 10);

/** Presets of prices with other converters, for operations alone. */
const CONVERTERS = [
  ["measured PCM silicon (`silicon-hermes`)", "silicon-hermes"],
  ["survey converter (`survey-adc`)", "survey-adc"],
];

/** ViT-8-768 on a machine of our sizes at a preset of prices; measured columns have 256 rows, so they keep their own crossbars. */
function presetRatio(preset, machine, id) {
  const hardware = machineByName(machine);
  const set = preset === "silicon-hermes" ? {} : hardwarePrices(hardware, vit);
  return ratioTo(estimateCost({ ...vit, hardware }, resolveTechnology(findCostPreset(preset), { set })), id);
}

/** Energy of another machine relative to ours, by what is held equal. */
function ratioRows(id, others, printedSnn) {
  const ratio =
    (workload, other = id) =>
    (machine) =>
      two(ratioTo(estimateOn(machine, workload), other));
  const engine = (equal) => (machine) => {
    const found = engineAt(equal, machine, id);
    return found === null ? "none: its memories are larger" : two(found.energy);
  };
  const own = (name) => (machine) => {
    const { choice, snn, besideAnn, besideSnn, estimate } = networkOn(machine, name);
    const isSnn = id === "snnDigital";
    const test = isSnn ? besideSnn : besideAnn;
    const shown = isSnn ? besideSnn?.verdict === "shown" : choice.shown;
    const steps = isSnn ? `${choice.steps}, ${snn.steps}` : choice.steps;
    return `${two(ratioTo(estimate, id))} (T = ${steps}; ${verdictOf(shown, test)})`;
  };
  return [
    ["T = 4", ratio(vit)],
    [`printed T: ${id === "snnDigital" ? "7, SNN 4" : "7"}`, ratio(withSteps(vit, 7, printedSnn))],
    ...others.map(([name, other]) => [`T = 4, ${name}`, ratio(vit, other)]),
    ...CONVERTERS.map(([name, preset]) => [`T = 4, ${name}`, (machine) => two(presetRatio(preset, machine, id))]),
    ["ViT-6-512 on CIFAR-10, T = 10", ratio(cifar)],
    ["T = 4, equal throughput", engine("throughput")],
    ["T = 4, equal area", engine("area")],
    ...SHOWN.map((name) => [`\`${name}\``, own(name)]),
  ];
}

const DRAWS = 300;

function drawTable() {
  const rows = MACHINES.flatMap((machine) => {
    const { workload, resolved } = on(machine);
    const { ann, snn } = monteCarlo(workload, resolved, { draws: DRAWS, random: stream(1).fork("cost") });
    const row = (name, { percentiles: [low, , median, , high], claimed, loses }) => [
      `${name}, \`${machine}\``,
      ...[low, median, high].map((value) => value.toPrecision(3)),
      ...[claimed, loses].map(percent),
    ];
    return [row("int8 ANN", ann), row("digital SNN", snn)];
  });
  return {
    head: [
      `energy ratio, ${DRAWS} draws`,
      "5th percentile",
      "median",
      "95th percentile",
      "claim (13; 1.9) met",
      "below 1",
    ],
    rows: rows.toSorted((a, b) => Number(a[0].includes("SNN")) - Number(b[0].includes("SNN"))),
  };
}

/** A row of a machine's throughput: answers per second, per area and per watt. */
function answerRow(name, estimate, id, note) {
  const { alone, inFlight, perArea, perWatt, area } = answersOf(estimate, id);
  return [name, grouped(alone), grouped(inFlight), three(perArea), grouped(perWatt), mm2(area), note];
}
const ANSWERS = ["one at a time", "pipelined", "pipelined, per mm²", "per watt", "area, mm²"];

/** Accuracy of ViT-8-768 printed in Table III, in percent. */
const PRINTED = { ann: 71.64, snn: 71.13, xpikeformer: 70.5 };
const printed = (accuracy) => accuracy.toFixed(1);

function imageRows() {
  const ours = MACHINES.flatMap((machine) =>
    STEPS.map((steps) =>
      answerRow(
        `machine \`${machine}\`, T = ${steps}`,
        estimateOn(machine, withSteps(vit, steps)),
        "xpikeformer",
        steps === 7 ? printed(PRINTED.xpikeformer) : "",
      ),
    ),
  );
  const [usual] = MACHINES.map((machine) => estimateOn(machine));
  return [
    ...ours,
    answerRow("digital int8 ANN", usual, "annDigital", printed(PRINTED.ann)),
    answerRow("digital 5-bit ANN", usual, "annInt5", ""),
    ...MACHINES.map((machine) =>
      answerRow(`ANN on crossbars of \`${machine}\``, estimateOn(machine), "annAimcOwn", ""),
    ),
    answerRow("ideal digital SNN, T = 4", usual, "snnDigital", printed(PRINTED.snn)),
  ];
}

const ENGINES = [
  ["digital int8 ANN", "annDigital"],
  ["ideal digital SNN", "snnDigital"],
];

function engineRows() {
  return ["throughput", "area"].flatMap((equal) =>
    MACHINES.flatMap((machine) =>
      ENGINES.map(([name, id]) => {
        const found = engineAt(equal, machine, id);
        return [
          `${name}, ${equal} of \`${machine}\``,
          grouped(found.units),
          ...[found.engine.inFlight / found.ours.inFlight, found.engine.perArea / found.ours.perArea, found.energy].map(
            three,
          ),
        ];
      }),
    ),
  );
}

function ownRows() {
  return SHOWN.map((name) => {
    const { choice, snn, besideAnn, besideSnn, estimate } = networkOn("recommended", name);
    const ours = answersOf(estimate, "xpikeformer");
    const against = (id, shown, test) =>
      `${two(ours.perArea / answersOf(estimate, id).perArea)} (${verdictOf(shown, test)})`;
    return [
      `\`${name}\``,
      `${choice.steps}, ${snn.steps}`,
      ...[ours.alone, ours.inFlight].map(grouped),
      against("annDigital", choice.shown, besideAnn),
      against("snnDigital", besideSnn.verdict === "shown", besideSnn),
    ];
  });
}

const PARTS = [
  ["conversions: ADCs, multiplexers, wires, layer buffers", "conversions"],
  ["crossbar cells and lines", "array", "drivers"],
  ["scaling and summing of codes", "digital"],
  ["LIF units and membranes", "neurons"],
  ["residual stream", "stream"],
  ["SSA cells", "attention"],
  ["FIFOs for V", "fifos"],
  ["random numbers", "random"],
  ["spike memories", "buffers"],
  ["clock tree", "clock"],
  ["wires between units", "wires"],
  ["leakage", "leakage"],
  ["control, die-to-die links, upkeep", "control", "links", "upkeep"],
];

const AREAS = [
  ["crossbars with ADCs and wires", "crossbars"],
  ["scalers, adders, residual adders", "scalers", "adders", "residual"],
  ["LIF units and membranes", "neurons"],
  ["SSA cells", "attention"],
  ["FIFOs for V", "fifos"],
  ["random numbers", "random"],
  ["memories", "buffers"],
  ["control", "control"],
];

const sumOf = (parts, ids) => ids.reduce((sum, id) => sum + parts[id], 0);

/** The part of the paper's latency spent outside crossbars and tiles, in milliseconds. */
const { globalMovement } = resolveTechnology(findCostPreset("paper")).technology;

function timeTable() {
  const ms = (value) => (1e3 * value).toFixed(3);
  const columns = MACHINES.flatMap((machine) => STEPS.map((steps) => ({ machine, steps })));
  const estimates = columns.map(({ machine, steps }) => estimateOn(machine, withSteps(vit, steps)));
  const row = (name, printed, of) => [name, printed, ...estimates.map((estimate) => ms(of(estimate)))];
  const attention = ({ schedule, resolved: { technology } }) =>
    schedule.alone.units
      .filter(({ kind }) => kind === "attention")
      .reduce((sum, { busy }) => sum + busy / technology.ssaClock, 0);
  return {
    head: [
      "ViT-8-768, ms",
      "printed, T = 7",
      ...columns.map(({ machine, steps }) => `machine \`${machine}\`, T = ${steps}`),
    ],
    rows: [
      row("one image at a time", "", ({ times }) => times.alone),
      row("plus the paper's global data movement", "2.18", ({ times }) => times.alone + globalMovement),
      row("SSA only, all blocks", "0.044", attention),
      row("one image, pipelined", "", ({ times }) => times.inFlight),
      row("interval between pipelined images", "", ({ times }) => times.interval),
      row("digital int8 ANN (SwiftTron)", "2.26", ({ architectures }) => architectures.annDigital.performance.latency),
    ],
  };
}

export const claimTables = {
  "iso-accuracy": () => {
    const perResult = ({ architectures, workload }) =>
      three((1e6 * architectures.xpikeformer.total) / workload.result.perInference);
    const [literal, recommended] = MACHINES;
    return {
      head: [
        `machine \`${recommended}\``,
        ...["T", "error rate", "ANN's", "difference", "equal accuracy", "uJ per result"],
        ...["int8 ANN / ours", "5-bit", "4-bit", "ANN on our crossbars"],
        ...["T of SNN", "SNN's error rate", "equal accuracy", "SNN / ours"],
        ...[`T, \`${literal}\``, `int8 ANN / ours, \`${literal}\`, untested`],
      ],
      rows: SHOWN.map((name) => {
        const { choice, snn, besideAnn, besideSnn, ann, estimate } = networkOn(recommended, name);
        const other = networkOn(literal, name);
        const ratios = ["annDigital", "annInt5", "annInt4", "annAimcOwn"].map((id) => two(ratioTo(estimate, id)));
        return [
          ...[name, String(choice.steps), ...[choice.errorRate, ann].map(fixed(4)), withEnds(besideAnn.difference, 4)],
          ...[verdictOf(choice.shown, besideAnn), perResult(estimate), ...ratios],
          ...[String(snn.steps), fixed(4)(snn.errorRate), verdictOf(besideSnn.verdict === "shown", besideSnn)],
          ...[two(ratioTo(estimate, "snnDigital")), String(other.choice.steps)],
          two(ratioTo(other.estimate, "annDigital")),
        ];
      }),
    };
  },
  "thirteen-fold-machines": () =>
    perMachine(
      "energy of the int8 ANN / Xpikeformer",
      ratioRows("annDigital", [
        ["5-bit ANN", "annInt5"],
        ["4-bit ANN", "annInt4"],
        ["ANN on our crossbars", "annAimcOwn"],
      ]),
    ),
  "thirteen-fold-needed": () => neededFor("ann", 13),
  "monte-carlo": drawTable,
  "one-point-nine-fold-machines": () =>
    perMachine("energy of the digital SNN / Xpikeformer", ratioRows("snnDigital", [], 4)),
  latency: timeTable,
  throughput: () => ({
    head: ["ViT-8-768, images per second", ...ANSWERS, "accuracy in Table III, %"],
    rows: imageRows(),
  }),
  "throughput-engines": () => ({
    head: ["engine", "multipliers or adders", "pipelined throughput, relative to ours", "per mm²", "energy"],
    rows: engineRows(),
  }),
  "throughput-own": () => ({
    head: [
      "results per second, `recommended`",
      "T, SNN's T",
      ...ANSWERS.slice(0, 2),
      "per mm², relative to int8 ANN",
      "per mm², relative to digital SNN",
    ],
    rows: ownRows(),
  }),
  "area-machines": () => {
    const areas = Object.fromEntries(MACHINES.map((machine) => [machine, estimateOn(machine).area.xpikeformer]));
    return perMachine("ViT-8-768 at T = 4, mm²", [
      ...AREAS.map(([name, ...ids]) => [name, (machine) => three(1e6 * sumOf(areas[machine], ids))]),
      ["total", (machine) => mm2(sumOf(areas[machine], Object.keys(areas[machine])))],
      ...ENGINES.map(([name, id]) => [
        `${name} of equal pipelined throughput`,
        (machine) => mm2(engineAt("throughput", machine, id).engine.area),
      ]),
    ]);
  },
  "energy-split-machines": () => {
    const costs = Object.fromEntries(
      MACHINES.map((machine) => [machine, estimateOn(machine).architectures.xpikeformer]),
    );
    return perMachine("share of total energy, ViT-8-768, T = 4", [
      ...PARTS.map(([name, ...ids]) => [
        name,
        (machine) => percent(sumOf(costs[machine].parts, ids) / costs[machine].total),
      ]),
      ["total, uJ", (machine) => three(1e6 * costs[machine].total)],
    ]);
  },
};
