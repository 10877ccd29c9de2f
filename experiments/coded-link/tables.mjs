// The table of this folder's page: block error rates measured by `ldpc.mjs`, next to published ones and to an ideal code.
import { readFileSync } from "node:fs";
import { normalApproximation } from "./normal-approximation.mjs";
import { SETTINGS } from "./settings.mjs";

const measured = JSON.parse(readFileSync(new URL("./ldpc.json", import.meta.url), "utf8"));

const rate = ({ errors, blocks }) => errors / blocks;
const percent = (share) => `${(100 * share).toFixed(2)} %`;
const decibels = (value) => value.toFixed(2).replace("-", "−");

/** How far right of a published curve a point lies: of the line through its two points, in dB and the logarithm of the rate. */
function behind({ points: [a, b] }, point) {
  const slope = (b.ebN0 - a.ebN0) / (Math.log(rate(b)) - Math.log(rate(a)));
  return point.ebN0 - (a.ebN0 + slope * (Math.log(rate(point)) - Math.log(rate(a))));
}

/** Wilson's interval at 95 %. */
function interval({ errors, blocks }) {
  const z2 = 1.96 ** 2;
  const centre = (errors + z2 / 2) / (blocks + z2);
  const half = (1.96 * Math.sqrt((errors * (blocks - errors)) / blocks + z2 / 4)) / (blocks + z2);
  return `${(100 * (centre - half)).toFixed(1)}–${(100 * (centre + half)).toFixed(1)}`;
}

const RULES = { "belief-propagation": "sum-product", "min-sum": "min-sum" };
const nameOf = ({ rule, schedule = "layered", iterations, scale }) =>
  `${RULES[rule]}${scale === undefined ? "" : ` x ${scale}`}, ${schedule}, ${iterations}`;

const { figures } = JSON.parse(readFileSync(new URL("./link.json", import.meta.url), "utf8"));

/** A figure with its interval; – where the point was not reached. */
function figure(id, scale = 1, digits = 2) {
  if (!figures[id]) return "–";
  const [value, low, high] = figures[id].map((x) => (scale * x).toFixed(digits));
  return low === undefined ? value : `${value} (${low} to ${high})`;
}

/** Detectors by id, with their names. */
const DETECTORS = {
  "known.joint": "joint detection, known channel",
  "lmmse.joint": "joint detection, LMMSE estimate",
  "ls.joint": "joint detection, least squares",
  ann: "ANN",
  digital: "spiking network, exact arithmetic",
  xpikeformer: "5 chips",
  "xpikeformer.age.86400.compensated": "after a day, compensated",
  "xpikeformer.age.31536000.compensated": "after a year, compensated",
  "xpikeformer.age.31536000.uncompensated": "after a year, without compensation",
};

export const codedLinkTables = {
  "coded-fading": () => ({
    head: ["detector", "Eb/N0 at 10 % block errors, dB", "block errors at 10 dB"],
    rows: Object.entries(DETECTORS).map(([id, name]) => [
      ...[name, figure(`coded.ebn0.${id}`)],
      `${figure(`bler.${id}.ebn0.10`, 100, 1)} %`,
    ]),
  }),
  "ldpc-awgn": () => ({
    head: [
      "bits",
      "decoder, schedule, iterations",
      "Eb/N0, dB",
      "block errors, 95 %",
      "published",
      "behind, dB",
      "ideal at 1 %, dB",
      "bit updates",
    ],
    rows: SETTINGS.flatMap(({ name, informationBits, codedBits, decoder, published }) =>
      (measured[name]?.points ?? []).map((point) => [
        `${informationBits}/${codedBits}`,
        nameOf(decoder),
        point.ebN0.toFixed(2),
        `${percent(rate(point))} (${interval(point)})`,
        published?.points.some(({ ebN0 }) => ebN0 === point.ebN0)
          ? percent(rate(published.points.find(({ ebN0 }) => ebN0 === point.ebN0)))
          : "–",
        published ? decibels(behind(published, point)) : "–",
        decibels(normalApproximation(informationBits, codedBits, 2.326)),
        Math.round(point.bitUpdates / point.blocks).toLocaleString("en"),
      ]),
    ),
  }),
};
