// The tables of this folder's page, from the results of `measure.mjs` and the cost model.
import { readFileSync } from "node:fs";
import { estimateCost, experimentWorkload, findCostPreset, resolveTechnology } from "xpikeformer";
import { findPrice, withSteps } from "xpikeformer/cost";
import { lfsrWiring } from "xpikeformer/internal";
import { measured as errors } from "../errors/errors.mjs";
import { chipsKey } from "../errors/list.mjs";
import { experimentOn } from "../two-machines.mjs";
import { PATTERNS, SHIFTS, SOURCES } from "./sources.mjs";
import { xorGates } from "./statistics.mjs";

const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));
const measured = read("./result.json");
const { attention, stratified, independent, steps, chips } = Object.fromEntries(
  Object.entries(measured).map(([part, { result }]) => [part, result]),
);
const { densities } = errors[chipsKey("wireless-2x2", "paper")];
const workload = { ...experimentWorkload(experimentOn("paper", "wireless-2x2")), ...densities };
const resolved = resolveTechnology(findCostPreset("bottom-up"), { set: { conversionsPerSum: 2 } });

/** No sign if only zeros are shown. */
const signed = (value, digits) => {
  const shown = Math.abs(value).toFixed(digits);
  return value < 0 && Number(shown) > 0 ? `−${shown}` : shown;
};
const both = ({ mean, error }, digits = 3, factor = 1) =>
  `${signed(factor * mean, digits)} ± ${(factor * error).toFixed(digits)}`;
const percent = (value, digits = 1) => `${signed(100 * value, digits)} %`;

/** Energy of one inference after T steps, in joules. */
const energy = (steps) => estimateCost(withSteps(workload, steps), resolved).architectures.xpikeformer.total;

const { tokens, width, heads, depth } = workload;
const dimension = width / heads;
/** Clock cycles of all tiles in one inference. */
const tileClocks = (count) => heads * depth * (count + 1) * dimension;

/** Bytes that receive the offset of a stratified step: those of all column feet, and those read by cells before rows and columns meet. */
function offsetAdders(sharing) {
  const sources = { "column-row": tokens, column: tokens, row: tokens, cell: tokens ** 2, single: 4 };
  return tokens + sources[sharing];
}

/** Sources with one shift per clock, the default; those with eight are in `result.json`. */
const SHOWN = SOURCES.filter(({ setup }) => setup === null || setup.shiftsPerClock === 1);
const sharingOf = ({ name }) => name.replace(", 1", "");

export const randomNumberTables = {
  "random-cost": () => ({
    head: [
      `sharing, tile of ${tokens} tokens`,
      "registers",
      "XOR gates, 1 shift",
      "XOR gates, 8 shifts",
      "XOR gates in cells",
      "8-bit offset adders",
      "register energy, share of inference",
    ],
    rows: PATTERNS.map((sharing) => {
      const { registers, cell } = lfsrWiring(sharing, tokens);
      const [one, eight] = SHIFTS.map(
        (shiftsPerClock) => registers * xorGates({ ...SOURCES[1].setup, shiftsPerClock }),
      );
      const mixed = cell(0, 0).length > 1 ? 8 * tokens ** 2 : 0;
      const joules = registers * tileClocks(8) * findPrice("nangate-45.lfsrStep").value;
      return [
        sharing,
        ...[registers, one, eight, mixed, offsetAdders(sharing)].map((n) => n.toLocaleString("en")),
        percent(joules / energy(8)),
      ];
    }),
  }),

  "random-attention": () => {
    const ratio = (found, measure) => both(found[measure][3].ratio, 2);
    const cases = [
      ["network", "stratified"],
      ["network", "independent"],
      ["random", "stratified"],
      ["random, gains of 1", "independent"],
    ];
    return {
      head: [
        "squared error of attention, T = 8",
        "one bit",
        "mean over features",
        "mean over queries",
        "bias, share of squared error",
        "queries, independent draws",
        "queries, random spikes",
        "queries, Algorithm 1",
      ],
      rows: SHOWN.map((source) => {
        const [first, ...others] = cases.map(([spikes, kind]) => attention[spikes][`${source.name}; ${kind}`]);
        const square = first.bit[3].rms ** 2;
        const { mean, error } = first.squaredBias;
        return [
          sharingOf(source),
          ...["bit", "features", "queries"].map((measure) => ratio(first, measure)),
          both({ mean: mean / square, error: error / square }, 2),
          ...others.map((found) => ratio(found, "queries")),
        ];
      }),
    };
  },

  "random-network": () => {
    const all = Object.keys(stratified.sources).filter((name) => !name.endsWith(", 8"));
    const thousandths = (found) => (found ? both(found.change, 1, 1e3) : "");
    return {
      head: [
        "minus ideal, in thousandths, T = 8",
        "loss, stratified",
        "bit error rate, stratified",
        "loss, independent",
        "bit error rate, independent",
        `bit error rate, ${measured.chips.sizes.chips} chips, stratified`,
      ],
      rows: all.map((name) => [
        name.replace(", 1", ""),
        ...[stratified, independent].flatMap(({ sources }) =>
          ["loss", "bits"].map((measure) => thousandths(sources[name][measure][7])),
        ),
        thousandths(chips.sources[name]?.bits[7]),
      ]),
    };
  },

  "random-steps": () => {
    const at = [2, 4, 8];
    const pick = (cells) => at.map((count) => cells[count - 1]);
    return {
      head: ["independent draws, ideal words", ...at.map((count) => `T = ${count}`)],
      rows: [
        ["loss minus stratified", ...pick(steps.independentMinusStratified.loss.map((row, t) => both(row[t], 4)))],
        [
          "bit error rate minus stratified",
          ...pick(steps.independentMinusStratified.bits.map((row, t) => both(row[t], 4))),
        ],
        ["stratified steps at the same loss", ...pick(matching("loss").map(stepsText))],
        ["stratified steps at the same attention error", ...pick(attentionSteps())],
        [
          "energy saved at the same loss, adders included",
          ...pick(matching("loss").map((found, t) => savedEnergy(found, t + 1))),
        ],
      ],
    };
  },
};

/** Like `matching`, for the error of attention, interpolated linearly in the logarithms of error and steps. */
function attentionSteps() {
  const [stratified, independent] = ["stratified", "independent"].map(
    (kind) => attention.network[`ideal; ${kind}`].bit,
  );
  return Array.from({ length: 8 }, (_, t) => {
    const target = independent.find((entry) => entry.steps === t + 1)?.rms;
    const at = stratified.findIndex(({ rms }) => rms <= target);
    if (target === undefined || at < 1) return "";
    const [before, after] = [stratified[at - 1], stratified[at]];
    const share = Math.log(before.rms / target) / Math.log(before.rms / after.rms);
    return (before.steps * (after.steps / before.steps) ** share).toFixed(2);
  });
}

/**
 * For each T of independent draws, the linearly interpolated number of steps at which stratified draws reach the same mean. Its standard
 * error is that of the paired difference at the nearest T, divided by the slope of the line. Null below one step.
 */
function matching(measure) {
  const curve = steps.stratified[measure].map(({ mean }) => mean);
  const apart = steps.independentMinusStratified[measure];
  return steps.independent[measure].map(({ mean: target }, t) => {
    const at = curve.findIndex((value) => value <= target);
    if (at < 1) return null;
    const slope = curve[at - 1] - curve[at];
    const share = (curve[at - 1] - target) / slope;
    return { mean: at + share, error: apart[Math.round(at - 1 + share)][t].error / slope };
  });
}

const stepsText = (found) => (found === null ? "" : both(found, 2));

/** The relative energy saved by running only the steps that stratified draws need, after the cost of their offset adders. */
function savedEnergy(found, before) {
  if (found === null) return "";
  const adders = offsetAdders("column-row") * tileClocks(found.mean) * resolved.technology.add8;
  return percent(1 - (energy(found.mean) + adders) / energy(before), 0);
}
