// The table of this folder's page, from the results of `measure.mjs`.
import { readFileSync } from "node:fs";

const measured = JSON.parse(readFileSync(new URL("result.json", import.meta.url), "utf8"));

const three = (value) => value.toFixed(3);
const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
const interval = ([value, low, high]) => `${signed(value)} (${signed(low)} to ${signed(high)})`;
const [{ points: common }] = Object.values(measured);

const row = (name, snr, { ber, gmi, scaled, error }, gap = "") => [
  ...[name, `${snr} dB`, three(ber), three(gmi[0]), three(scaled), three(error), gap],
];

/** Detectors that do not depend on chips and copies. */
const SHARED = {
  capacity: "capacity, channel known",
  "exact.perfect": "exact, channel known",
  "exact.pilots": "exact, pilots",
  "max-log.pilots": "max-log, pilots",
  "mmse.pilots": "MMSE, pilots",
  ann: "ANN",
};

export const softBitTables = {
  "soft-bits": () => ({
    text: 2,
    head: ["soft bits of", "SNR", "bit error rate", "GMI", "GMI, best scale", "calibration error", "GMI minus ANN's"],
    rows: Object.keys(common).flatMap((snr) => [
      ...Object.entries(SHARED).map(([id, name]) => row(name, snr, common[snr][id])),
      ...Object.entries(measured).flatMap(([copies, { chips, points }]) =>
        Object.entries(points[snr].chips).flatMap(([t, { raw, fitted, gap }]) => [
          row(`${chips} chips, T = ${t}, ${copies} copies`, snr, raw),
          row("after their fit", snr, fitted, interval(gap)),
        ]),
      ),
    ]),
  }),
};
