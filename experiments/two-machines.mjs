// Prices the two named machines in full: `paper`, a literal reading of the paper's Table II, and `recommended`.
import { readFileSync } from "node:fs";
import {
  estimateCost,
  findCostPreset,
  hardwarePrices,
  machineByName,
  parseExperiment,
  ratioTo,
  resolveTechnology,
} from "xpikeformer";
import { findWorkload, keptPlans, meanDensity, ratiosOf, vary, withSteps } from "xpikeformer/cost";
import { experimentFile, withCopies } from "./networks.mjs";

/** Preset names, in the order of the table columns. */
export const MACHINES = ["paper", "recommended"];

/** Bundled networks that tables show beside their own rivals, as their experiments are. */
export const NETWORKS = [
  "wireless-2x2",
  "wireless-2x2-deep",
  "fashion-tiny",
  "mnist-two-steps-taught",
  "cifar10-small",
  "cifar10-twice",
  "fashion-fine",
];

/** The experiment of a bundled network on a machine. `queryCopies` sets the number of copies of the last query. */
export function experimentOn(machine, name, queryCopies) {
  const example = JSON.parse(readFileSync(experimentFile(name), "utf8"));
  return placedOn(machine, queryCopies === undefined ? example : withCopies(example, queryCopies));
}

/** A document's experiment on a machine. The embedding layer keeps its crossbar rows, their order and the rows per input. */
export function placedOn(machine, document) {
  const { crossbar, ...rest } = machineByName(machine);
  const { embedRows, inputStride, linesPerInput } = document.hardware.crossbar;
  const lines = { embedRows, inputStride, linesPerInput };
  const hardware = { ...rest, crossbar: { ...crossbar, ...lines }, chips: document.hardware.chips };
  return parseExperiment({ ...document, hardware });
}

/** ViT-8-768 at T = 4, as published accounts describe it. */
export const vit = withSteps(findWorkload("vit-8-768-imagenet"), 4);

const simulated = findCostPreset("simulated");
/** Tables and searches ask about the same few machines. */
const plan = keptPlans();

/** A workload on a machine, with prices for every part of that machine. */
export function on(machine, workload = vit, choice = {}) {
  // Our own networks bring their machine with them.
  const hardware = workload.hardware ?? machineByName(machine);
  const set = { ...hardwarePrices(hardware, workload), ...choice.set };
  return { workload: { ...workload, hardware }, resolved: resolveTechnology(simulated, { ...choice, set }) };
}

export function estimateOn(machine, workload, choice) {
  const { workload: placed, resolved } = on(machine, workload, choice);
  return estimateCost(placed, resolved, undefined, plan);
}

/** A table with one column per machine. Each row is a name and a function from a machine to its cell. */
export const perMachine = (head, rows) => ({
  head: [head, ...MACHINES.map((machine) => `machine \`${machine}\``)],
  rows: rows.map(([name, cell]) => [name, ...MACHINES.map((machine) => cell(machine))]),
});

/** Results per second: one at a time, pipelined, pipelined per square millimetre, and per watt (results per joule). */
export function answersOf({ architectures, workload }, id) {
  const { total, performance } = architectures[id];
  const { latency, interval, area } = performance;
  const results = workload.result.perInference;
  return {
    alone: results / latency,
    inFlight: results / interval,
    perArea: (results * 1e-6) / (interval * area),
    perWatt: results / total,
    area,
  };
}

/**
 * A digital engine whose unit count is changed from the usual 65,536 to match our machine in one respect:
 *
 *   throughput   its pipelined throughput equals ours
 *   area         its area equals ours
 *
 * The operations stay the same, but leakage, run time and wire lengths change. Null if the engine's memories alone are larger.
 */
export function engineAt(equal, machine, id, workload = vit) {
  const usual = estimateOn(machine, workload);
  const { annUnits } = usual.resolved.technology;
  const ours = usual.architectures.xpikeformer.performance;
  const sized = (units) => estimateOn(machine, workload, { set: { annUnits: units } });
  const performanceAt = (units) => sized(units).architectures[id].performance;
  const units =
    equal === "throughput"
      ? (annUnits * usual.architectures[id].performance.interval) / ours.interval
      : unitsFor(ours.area, annUnits, (units) => performanceAt(units).area);
  if (units === null) return null;
  const estimate = sized(units);
  return {
    units,
    energy: ratioTo(estimate, id),
    ours: answersOf(estimate, "xpikeformer"),
    engine: answersOf(estimate, id),
  };
}

/** The number of units that gives an engine this area. Area is memories plus a constant per unit. */
function unitsFor(area, usual, areaAt) {
  const perUnit = (areaAt(2 * usual) - areaAt(usual)) / usual;
  const left = area - (areaAt(usual) - perUnit * usual);
  return left > 0 ? left / perUnit : null;
}

/** The point where a monotone function crosses a level, by bisection; null if it does not cross. */
function crossing(of, level, [low, high]) {
  const above = (value) => of(value) > level;
  if (above(low) === above(high)) return null;
  let [left, right] = [low, high];
  // 24 halvings go far below the last printed digit.
  for (let i = 0; i < 24; i++) {
    const middle = (left + right) / 2;
    if (above(middle) === above(low)) left = middle;
    else right = middle;
  }
  return (left + right) / 2;
}

const share = (factor) =>
  `${factor < 0.01 ? (100 * factor).toPrecision(1) : (100 * factor).toFixed(factor < 0.1 ? 1 : 0)} %`;
const CONVERSION = ["conversion5", "periphery", "interconnect", "buffer"];

/** Scales prices in every machine that pays them, as a share of the current price. The default range goes down to zero. */
const price = (name, ids, { range = [0, 1], only } = {}) => ({
  ...{ name, range, only, write: share, now: () => "100 %" },
  change: (base, factor) => vary(base, { times: Object.fromEntries(ids.map((id) => [id, factor])) }),
});
const density = (only, range) => ({
  ...{ name: "mean spike density", range, only, write: (factor) => share(factor * meanDensity(vit)) },
  now: () => share(meanDensity(vit)),
  change: (base, factor) => vary(base, { density: factor }),
});
/** Changes an integer parameter, starting at its current value. */
const whole = (name, id, values) => ({
  ...{ name, values, write: String, now: ({ technology }) => String(technology[id]) },
  choice: (value) => ({ set: { [id]: value } }),
});

/** Parameters changed one at a time. `values` are tried in order; `range` is searched between its ends. */
const CHANGES = [
  {
    ...{ name: "time steps of Xpikeformer", values: [4, 3, 2, 1], write: String, now: () => "4" },
    change: (base, steps) => ({ ...base, workload: withSteps(base.workload, steps, 4) }),
  },
  density("ann", [0, 1]),
  // At five times the mean density, the densest layers saturate.
  density("snn", [1, 5]),
  price("energy of a 5-bit conversion", ["conversion5"]),
  price("whole conversion: ADC, multiplexer, wires, buffers", CONVERSION),
  price("energy to read a device pair", ["cellRead"]),
  price("whole crossbar: conversions, cells, lines", [...CONVERSION, "cellRead", "lineDrive"]),
  whole("ADC bits", "adcBits", [5, 4, 3, 2, 1]),
  whole("columns per ADC", "columnsPerConverter", [8, 4, 2, 1]),
  whole("crossbar rows", "rows", [128, 256, 512, 1024]),
  price("energy of an SSA cell", ["sacOperation"]),
  price("flip-flop clock, all architectures", ["flipFlopClock", "clockTree"]),
  price("on-chip wires, all architectures", ["wireBit"]),
  {
    ...{ name: "node, all architectures, nm", values: [45, 65, 32, 28, 22, 16, 10, 7], write: String, now: () => "45" },
    choice: (node) => ({ node, extrapolate: true }),
  },
  price("energy of the ANN's multiplications", ["multiply8"], { range: [1, 100], only: "ann" }),
];

/** For each parameter alone, the value at which the energy of `which` (`ann` or `snn`) is `level` times ours, for ViT-8-768 at T = 4. */
export const neededFor = (which, level) => ({
  head: ["parameter", ...MACHINES.flatMap((machine) => [`\`${machine}\` now`, `for ${level}`])],
  rows: CHANGES.filter(({ only = which }) => only === which).map(({ name, now, ...change }) => [
    name,
    ...MACHINES.flatMap((machine) => [now(baseOf(machine)), neededOn(machine, which, level, change)]),
  ]),
});

function baseOf(machine, choice) {
  const { workload, resolved } = on(machine, vit, choice);
  return { workload, technology: resolved.technology };
}

function neededOn(machine, which, level, { range, values, change = (base) => base, choice = () => ({}), write }) {
  const ratio = (value) => ratiosOf(change(baseOf(machine, choice(value)), value), plan)[which];
  const found = range ? crossing(ratio, level, range) : values.find((value) => ratio(value) >= level);
  if (found !== null && found !== undefined) return write(found);
  const [best] = (range ?? values).toSorted((a, b) => ratio(b) - ratio(a));
  return `none (${ratio(best).toPrecision(3)} at ${write(best)})`;
}
