// The tables of this folder's page, from the results of `measure.mjs`.
import { readFileSync } from "node:fs";
import { DIFFERENTIAL, FLOATING_POINT, RECOMMENDED, SERIES } from "./formats.mjs";

const measured = JSON.parse(readFileSync(new URL("result.json", import.meta.url), "utf8"));
const PARTS = Object.keys(measured);
const TITLES = { "wireless-2x2": "bit error rate, 2x2 link", "fashion-tiny": "error rate, Fashion-MNIST" };

/** Half-width of a 95 % interval, in standard errors. */
const HALF = 1.96;
const signed = (value) => {
  const shown = Math.abs(value).toFixed(4);
  return value < 0 && Number(shown) > 0 ? `−${shown}` : shown;
};
const both = ({ mean, error }) => `${signed(mean)} ± ${(HALF * error).toFixed(4)}`;

const find = (part, name) => measured[part].rows.find((row) => row.name === name);
const cell = (row, field) => (row === undefined ? "" : row.refused ? "refused" : both(row[field]));

/** Each series between two values: below the first, everything fails; above the last, nothing changes. */
const seriesTable = (...series) => ({
  head: ["field", ...PARTS.map((part) => `change in ${TITLES[part]}`)],
  rows: series.flatMap(([field, first, last]) =>
    SERIES[field]
      .filter((value) => value >= first && value <= last)
      .map((value) => [
        `\`${field}\` ${value}`,
        ...PARTS.map((part) => cell(find(part, `${field} ${value}`), "change")),
      ]),
  ),
});

export const numberFormatTables = {
  "number-formats": () => ({
    head: ["arithmetic", ...PARTS.flatMap((part) => [TITLES[part], "change"])],
    rows: [
      ["floating point", FLOATING_POINT],
      ["recommended formats", RECOMMENDED],
      ["floating point, differential conversion", `${DIFFERENTIAL}, ${FLOATING_POINT}`],
      ["recommended formats, differential conversion", `${DIFFERENTIAL}, ${RECOMMENDED}`],
    ].map(([title, name]) => [
      title,
      ...PARTS.flatMap((part) => {
        const row = find(part, name);
        return [cell(row, "rate"), name === FLOATING_POINT ? "" : cell(row, "change")];
      }),
    ]),
  }),
  "number-formats-step": () => seriesTable(["stepBits", 0, 2]),
  "number-formats-fraction": () => seriesTable(["fractionBits", 5, 8]),
  "number-formats-registers": () => seriesTable(["streamBits", 9, 11], ["membraneBits", 10, 11]),
};
