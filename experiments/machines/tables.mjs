// The tables of this folder's page: error rates from `measure.mjs`, and the cost of each machine by the current cost model.
import { readFileSync } from "node:fs";
import {
  estimateCost,
  experimentWorkload,
  findCostPreset,
  hardwarePrices,
  parseExperiment,
  resolveTechnology,
} from "xpikeformer";
import { experimentFile } from "../networks.mjs";
import { combinations, machineOf, OTHERS, PRICED_AXES, SIMULATED_AXES, withFields } from "./machines.mjs";

const measured = JSON.parse(readFileSync(new URL("result.json", import.meta.url), "utf8"));
const TITLES = { "wireless-2x2": "bit error rate, 2x2 link", "fashion-tiny": "error rate, Fashion-MNIST" };
const simulated = findCostPreset("simulated");

const parts = Object.entries(measured).map(([name, { densities, rows }]) => {
  const experiment = parseExperiment(readFileSync(experimentFile(name), "utf8"));
  return { name, rows, experiment, workload: { ...experimentWorkload(experiment), ...densities } };
});
const [link] = parts;

/** Energy, time and area of a network on a machine. */
function costOf({ workload }, hardware) {
  const resolved = resolveTechnology(simulated, { set: hardwarePrices(hardware, workload) });
  const { total, performance } = estimateCost({ ...workload, hardware }, resolved).architectures.xpikeformer;
  return { energy: total, ...performance };
}

/** Half-width of a 95 % interval, in standard errors. */
const HALF = 1.96;
const signed = (value) => {
  const shown = Math.abs(value).toFixed(4);
  return value < 0 && Number(shown) > 0 ? `−${shown}` : shown;
};
const change = ({ mean, error }) => `${signed(mean)} ± ${(HALF * error).toFixed(4)}`;
const three = (value) => Number(value.toPrecision(3)).toLocaleString("en");
const costs = ({ energy, latency, interval, area }) => [
  (1e6 * energy).toPrecision(3),
  three(1 / interval),
  (1e6 * latency).toPrecision(3),
  (1e6 * area).toPrecision(3),
];
const COSTS = ["energy per prompt, uJ", "pipelined prompts per second", "latency, us", "area, mm²"];

const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);
const labelOf = (fields) =>
  Object.entries(fields)
    .map(([field, value]) => `\`${field}\` ${value === null ? "null" : value}`)
    .join(", ");

/** The fields in which a combination differs from the recommended machine. */
function differing(fields, hardware) {
  const valueAt = (path) => path.split(".").reduce((owner, name) => owner[name], hardware);
  return Object.fromEntries(Object.entries(fields).filter(([path, value]) => valueAt(path) !== value));
}

export const machineTables = {
  /** Machines whose answers differ, simulated: `recommended` with one field changed, and the paper's machine. */
  "machines-simulated": () => {
    const recommended = machineOf("recommended", link.experiment);
    const choices = [...combinations(SIMULATED_AXES), ...OTHERS];
    const rows = choices.flatMap((fields) => {
      const other = differing(fields, recommended);
      const changed = Object.keys(other).length;
      if (changed > 1) return [];
      return [[changed === 0 ? "**recommended**" : labelOf(other), fields, withFields(recommended, fields)]];
    });
    rows.sort(([a], [b]) => Number(b.startsWith("**")) - Number(a.startsWith("**")));
    rows.push(["`paper`", { preset: "paper" }, machineOf("paper", link.experiment)]);
    return {
      head: ["machine", ...parts.map(({ name }) => `change in ${TITLES[name]}`), ...COSTS],
      rows: rows.map(([label, fields, hardware]) => [
        label,
        ...parts.map(({ rows: counted }) => change(counted.find((row) => isSame(row.fields, fields)).change)),
        ...costs(costOf(link, hardware)),
      ]),
    };
  },

  /** Machines that give the same answers: `recommended` with one field changed. */
  "machines-priced": () => {
    const recommended = machineOf("recommended", link.experiment);
    const rows = Object.entries(PRICED_AXES).flatMap(([field, values]) =>
      values
        .map((value) => differing({ [field]: value }, recommended))
        .filter((other) => Object.keys(other).length > 0),
    );
    return {
      head: ["machine", ...COSTS],
      rows: [
        ["**recommended**", ...costs(costOf(link, recommended))],
        ...rows.map((fields) => [labelOf(fields), ...costs(costOf(link, withFields(recommended, fields)))]),
      ],
    };
  },
};
