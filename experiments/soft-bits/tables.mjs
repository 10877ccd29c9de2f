// The table of this folder's page, from the results of `measure.mjs`.
import { readFileSync } from "node:fs";

const measured = JSON.parse(readFileSync(new URL("result.json", import.meta.url), "utf8"));

const three = (value) => value.toFixed(3);
const signed = ([value, low, high]) => `${value < 0 ? "−" : "+"}${three(Math.abs(value))}±${three((high - low) / 2)}`;
const [{ points: common }] = Object.values(measured);
const ratios = Object.keys(common);
/** Without runs of a single ratio. */
const complete = Object.entries(measured).filter(([, { points }]) => ratios.every((snr) => snr in points));
const over = (cell) => ratios.map(cell).join(" / ");

const row = (name, figuresAt, gap = "") => [
  ...[name, over((snr) => three(figuresAt(snr).gmi[0])), over((snr) => three(figuresAt(snr).error)), gap],
];

/** Detectors that do not depend on chips and copies. */
const SHARED = {
  capacity: "capacity",
  "exact.pilots": "exact, pilots",
  ann: "ANN",
};

export const softBitTables = {
  "soft-bits": () => ({
    head: [`at ${ratios.join(" / ")} dB`, "GMI", "calibration error", "GMI minus ANN's"],
    rows: [
      ...Object.entries(SHARED).map(([id, name]) => row(name, (snr) => common[snr][id])),
      ...complete.flatMap(([copies, { points }], i) =>
        Object.keys(points[ratios[0]].chips).flatMap((t) => {
          const at = (snr) => points[snr].chips[t];
          const name = `T=${t}, ${copies} copies`;
          const fitted = (title) =>
            row(
              title,
              (snr) => at(snr).fitted,
              over((snr) => signed(at(snr).gap)),
            );
          // Other numbers of copies need the fit as well.
          return i > 0 ? [fitted(`${name}, fitted`)] : [row(name, (snr) => at(snr).raw), fitted("fitted")];
        }),
      ),
    ],
  }),
};
