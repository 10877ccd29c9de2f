// The tables of this folder's page, from the results of `measure.mjs`.
import { readFileSync } from "node:fs";
import { deviation, mean } from "xpikeformer/internal";
import { AGES, OWN } from "./machines.mjs";

const { rows, chips, prompts } = JSON.parse(readFileSync(new URL("result.json", import.meta.url), "utf8"));

/** For 95 % intervals: Student's t for five chips, and the normal quantile for prompts. */
const [STUDENT, NORMAL] = [2.776, 1.96];
const halfOfChips = (rates) => (STUDENT * deviation(rates)) / Math.sqrt(rates.length);
const signed = (value) => `${value < 0 ? "−" : ""}${Math.abs(value).toFixed(4)}`;
const plusMinus = (value, half) => `${signed(value)} ± ${half.toFixed(4)}`;
/** Mean over chips, and the half-width of its interval over chips and prompts. */
const rate = ({ rates, promptError }) => plusMinus(mean(rates), Math.hypot(halfOfChips(rates), NORMAL * promptError));
const find = (network, variant, age) =>
  rows.find((row) => row.network === network && row.variant === variant && row.age === age);

/** The difference paired by chip, on the same prompts. */
const difference = (one, other) => {
  const changes = one.rates.map((value, chip) => value - other.rates[chip]);
  return plusMinus(mean(changes), halfOfChips(changes));
};
const titleOf = (network) => network.replace("for realistic chips", "hardware-aware, realistic errors");
const [REFERENCE, ...TRAINED] = [...new Set(rows.map(({ network }) => network))];

export const realisticTables = {
  realistic: () => ({
    text: 2,
    head: [`training; bit error rate, ${chips} chips, ${prompts} prompts`, "calibration", ...Object.keys(AGES)],
    rows: rows
      .filter(({ age }) => age === Object.keys(AGES)[0])
      .map(({ network, variant }) => [
        titleOf(network),
        variant,
        ...Object.keys(AGES).map((age) => rate(find(network, variant, age))),
      ]),
  }),
  "realistic-training": () => ({
    head: [`minus ${REFERENCE}, paired; own codes, trim`, ...Object.keys(AGES)],
    rows: TRAINED.map((network) => [
      titleOf(network),
      ...Object.keys(AGES).map((age) => difference(find(network, OWN, age), find(REFERENCE, OWN, age))),
    ]),
  }),
};
