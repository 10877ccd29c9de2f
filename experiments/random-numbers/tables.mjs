// Tables of this folder's page, from what `measure.mjs` wrote and from the cost model.
import { readFileSync } from "node:fs";
import { estimateCost, findCostPreset, findPrice, lfsrWiring, resolveTechnology, withSteps } from "xpikeformer";
import { networkOn } from "../claim-tables.mjs";
import { PATTERNS, SHIFTS, SOURCES } from "./sources.mjs";
import { exactChance, xorGates } from "./statistics.mjs";

const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));
const measured = read("./result.json");
const { tiles, attention, stratified, independent, steps, chips } = Object.fromEntries(
  Object.entries(measured).map(([part, { result }]) => [part, result]),
);
const { workload } = networkOn("paper", "wireless-2x2");
const resolved = resolveTechnology(findCostPreset("bottom-up"), { set: { conversionsPerSum: 2 } });

/** Without a sign where nothing but zeros is shown. */
const signed = (value, digits) => {
  const shown = Math.abs(value).toFixed(digits);
  return value < 0 && Number(shown) > 0 ? `−${shown}` : shown;
};
const both = ({ mean, error }, digits = 3, factor = 1) =>
  `${signed(factor * mean, digits)} ± ${(factor * error).toFixed(digits)}`;
const percent = (value, digits = 1) => `${signed(100 * value, digits)} %`;
const micro = (joules) => (1e6 * joules).toFixed(3);

/** Joules of one inference after T steps. */
const energy = (steps) => estimateCost(withSteps(workload, steps), resolved).architectures.xpikeformer.total;

const { tokens, width, heads, depth } = workload;
const dimension = width / heads;
/** Clocks of all tiles in an inference. */
const tileClocks = (count) => heads * depth * (count + 1) * dimension;

/** Bytes that get the offset of a stratified step: of all feet, and of what cells read before rows and columns meet. */
function offsetAdders(sharing) {
  const sources = { "column-row": tokens, column: tokens, row: tokens, cell: tokens ** 2, single: 4 };
  return tokens + sources[sharing];
}

export const randomNumberTables = {
  "random-cost": () => ({
    head: [
      `tile of ${tokens} tokens`,
      "registers",
      "flip-flops",
      "XOR gates, 1 shift",
      "XOR gates, 8 shifts",
      "XOR gates in cells",
      "8-bit offset adders",
      "energy of the registers, of an inference",
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
        ...[registers, 32 * registers, one, eight, mixed, offsetAdders(sharing)].map((n) => n.toLocaleString("en")),
        percent(joules / energy(8)),
      ];
    }),
  }),

  "random-bias": () => ({
    head: [
      "largest distance from arithmetic over all counts, in standard errors",
      ...[16, 32, 37].map((n) => `S, N = ${n}`),
      ...[16, 32, 37].map((n) => `A, N = ${n}`),
    ],
    rows: SOURCES.map(({ name }) => [
      name,
      ...["scores", "outputs"].flatMap((bits) => [16, 32, 37].map((n) => largestDistance(tiles[name].bias[n][bits]))),
    ]),
  }),

  "random-bias-by-count": () => ({
    head: ["E[A] − count / 37, in thousandths", ...[1, 2, 5, 10, 18, 27, 36].map((count) => `count ${count}`)],
    rows: [
      [
        "byte, by arithmetic",
        ...[1, 2, 5, 10, 18, 27, 36].map((c) => signed(1e3 * (exactChance(8, c, 37) - c / 37), 2)),
      ],
      ...SOURCES.map(({ name }) => {
        const { bias, error } = tiles[name].bias[37].outputs;
        return [name, ...[1, 2, 5, 10, 18, 27, 36].map((c) => both({ mean: bias[c], error: error[c] }, 1, 1e3))];
      }),
    ],
  }),

  "random-dependence": () => {
    const columns = [
      ["cells, next query", "independent", "queries"],
      ["cells, next key", "independent", "keys"],
      ["cells, across", "independent", "diagonal"],
      ["corners of 2 x 2 cells", "independent", "corners"],
      ["A, next feature", "independent", "features"],
      ["A, next query", "independent", "outputs of neighbouring queries"],
      ["S and A of a query", "independent", "score and first feature"],
      ["the same, stratified", "stratified", "score and last feature"],
      ["S, next step", "independent", "scores of two steps"],
      ["the same, stratified", "stratified", "scores of two steps"],
    ];
    return {
      head: ["correlation of two bits at p = 1/4", ...columns.map(([title]) => title)],
      rows: SOURCES.map(({ name }) => [
        name,
        ...columns.map(([, kind, moment]) => both(tiles[name][kind].quarter.moments[moment])),
      ]),
    };
  },

  "random-sums": () => {
    const columns = ["scores of a query", "scores of a key", "features of a query", "queries of a feature"];
    return {
      head: ["variance of a sum over that of independent bits, p = 1/4", ...columns],
      rows: SOURCES.map(({ name }) => [
        name,
        ...columns.map((sum) => both(tiles[name].independent.quarter.sums[sum], 2)),
      ]),
    };
  },

  "random-attention-network": () => attentionTable("network", "stratified"),
  "random-attention-independent": () => attentionTable("network", "independent"),
  "random-attention-drawn": () => attentionTable("random", "stratified"),
  "random-attention-literal": () => attentionTable("random, gains of 1", "independent"),

  "random-network": () => networkTable(stratified),
  "random-network-independent": () => networkTable(independent),

  "random-chips": () => {
    const { prompts, chips: count } = measured.chips.sizes;
    const { reference } = chips;
    return {
      head: [
        `${count} chips, ${prompts} prompts, T = 8`,
        "loss",
        "bit error rate",
        "loss, change",
        "bit error rate, change",
      ],
      rows: [
        ["ideal", both(reference.loss[7], 4), both(reference.bits[7], 4), "", ""],
        ...Object.entries(chips.sources).map(([name, { loss, bits }]) => [
          name,
          ...[both(loss[7], 4), both(bits[7], 4)],
          ...[both(loss[7].change, 4), both(bits[7].change, 4)],
        ]),
      ],
    };
  },

  "random-steps": () => ({
    head: ["ideal words", ...Array.from({ length: 8 }, (_, t) => `T = ${t + 1}`)],
    rows: [
      ["loss, stratified", ...steps.stratified.loss.map((loss) => both(loss, 4))],
      ["loss, independent", ...steps.independent.loss.map((loss) => both(loss, 4))],
      ["difference", ...steps.independentMinusStratified.loss.map((row, t) => both(row[t], 4))],
      ["stratified steps that reach the loss of independent draws", ...matching("loss").map(stepsText)],
      ["bit error rate, stratified", ...steps.stratified.bits.map((bits) => both(bits, 4))],
      ["bit error rate, independent", ...steps.independent.bits.map((bits) => both(bits, 4))],
      ["difference", ...steps.independentMinusStratified.bits.map((row, t) => both(row[t], 4))],
      ["error of attention, stratified", ...attentionBySteps("stratified")],
      ["error of attention, independent", ...attentionBySteps("independent")],
      ["stratified steps that reach the error of independent draws", ...attentionSteps()],
      ["energy of a symbol, uJ", ...Array.from({ length: 8 }, (_, t) => micro(energy(t + 1) / symbols))],
      [
        "saved by stratified draws at equal loss, adders paid",
        ...matching("loss").map((found, t) => savedEnergy(found, t + 1)),
      ],
    ],
  }),
};

/** Differences to the mean of several ideal runs, which all rows share. */
function networkTable(draws) {
  return {
    head: [
      "minus ideal, in thousandths",
      ...[1, 2, 4, 8].map((t) => `loss, T = ${t}`),
      ...[1, 2, 4, 8].map((t) => `bit error rate, T = ${t}`),
    ],
    rows: Object.entries(draws.sources).map(([name, { loss, bits }]) => [
      name,
      ...[loss, bits].flatMap((measure) => [1, 2, 4, 8].map((t) => both(measure[t - 1].change, 1, 1e3))),
    ]),
  };
}

const symbols = workload.result.perInference;

function largestDistance({ bias, error, expected }) {
  const distances = bias.map((value, c) => (error[c] > 0 ? Math.abs(value - expected[c]) / error[c] : 0));
  return Math.max(...distances).toFixed(1);
}

function attentionTable(spikes, kind) {
  const base = attention[spikes];
  const digits = spikes === "network" || spikes === "random" ? 3 : 4;
  return {
    head: [
      `error of the mean of A, ${kind}`,
      ...[1, 2, 4, 8].map((t) => `T = ${t}`),
      "square over ideal independent, T = 8",
      "of means over features, T = 8",
      "of means over queries, T = 8",
      "square of the bias over that of the error, T = 8",
    ],
    rows: SOURCES.map(({ name }) => {
      const found = base[`${name}; ${kind}`];
      const square = found.bit[3].rms ** 2;
      const { mean, error } = found.squaredBias;
      return [
        name,
        ...found.bit.map(({ rms }) => rms.toFixed(digits)),
        ...["bit", "features", "queries"].map((measure) => both(found[measure][3].ratio, 2)),
        both({ mean: mean / square, error: error / square }, 2),
      ];
    }),
  };
}

const attentionBySteps = (kind) =>
  Array.from({ length: 8 }, (_, t) => {
    const found = attention.network[`ideal; ${kind}`].bit.find((entry) => entry.steps === t + 1);
    return found ? found.rms.toFixed(3) : "";
  });

/** As `matching`, for the error of attention: on a straight line in the logarithms of error and steps. */
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
 * For each T of independent draws: the steps, between whole numbers on a straight line, at which stratified draws have the same mean,
 * with the standard error of the paired difference at the nearest T over the slope of the line; null below one step.
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

/** Energy between T steps and as many as stratified draws need, less that of the offset adders, over the former. */
function savedEnergy(found, before) {
  if (found === null) return "";
  const adders = offsetAdders("column-row") * tileClocks(found.mean) * resolved.technology.add8;
  return percent(1 - (energy(found.mean) + adders) / energy(before), 0);
}
