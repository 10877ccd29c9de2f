// The tables of this folder's page: block error rates measured by `ldpc.mjs`, next to published ones and to an ideal code; and those of the
// coded link, measured by `link.mjs`, `mismatch.mjs` and `pilots.mjs`.
import { readFileSync } from "node:fs";
import { SETTINGS } from "./settings.mjs";

const read = (name) => JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), "utf8"));
const measured = read("ldpc");

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

const isPublished = (published, decibels) => published?.points.some(({ ebN0 }) => ebN0 === decibels) ?? false;

const RULES = { "belief-propagation": "sum-product", "min-sum": "min-sum" };
const nameOf = ({ rule, schedule = "layered", iterations, scale }) =>
  `${RULES[rule]}${scale === undefined ? "" : ` x ${scale}`}, ${schedule}, ${iterations}`;

const link = read("link").figures;

/** A figure with its interval; – where the point was not reached. */
function figure(figures, id) {
  if (!figures[id]) return "–";
  const [value, low, high] = figures[id].map((x) => x.toFixed(1));
  return low === undefined ? value : `${value} (${low}–${high})`;
}

/** The same without its interval. */
const value = (figures, id, scale = 1) => (figures[id] ? (scale * figures[id][0]).toFixed(1) : "–");

/** Nanojoules per bit of payload, of the detector and the decoder. */
function nanojoules(figures, id) {
  const energy = figures[`coded.energy.${id}.sum`];
  return energy ? String(Number((1e9 * energy[0]).toPrecision(2))) : "–";
}

/** Detectors by id, with their names and the id of their energy. */
const DETECTORS = {
  "known.joint": ["known channel"],
  "lmmse.joint": ["LMMSE estimate", "lmmse.joint"],
  "ls.joint": ["least squares", "ls.joint"],
  ann: ["ANN, int8", "annDigital"],
  "ann.feedback": ["ANN, feedback", "annDigital.feedback"],
  digital: ["spiking, exact arithmetic"],
  xpikeformer: ["5 chips", "xpikeformer"],
  "xpikeformer.feedback": ["5 chips, feedback", "xpikeformer.feedback"],
  "xpikeformer.age.31536000.compensated": ["after a year"],
  "xpikeformer.age.31536000.uncompensated": ["after a year, uncompensated"],
};

/** Of `mismatch.mjs`, with what a setting changes. */
const CHANNELS = {
  training: "as trained: TDL-C, 100 ns, 3 m/s",
  "speed-33": "33 m/s",
  "delay-300": "300 ns",
  "tdl-a": "TDL-A",
  "cdl-c": "CDL-C",
};

/** Of `pilots.mjs`: pilots, and in which symbols. */
const PILOTS = {
  "2-comb-6": "4, two symbols",
  "2-comb-4": "6, two symbols",
  "2-comb-2": "12, two symbols",
  "4-comb-2": "24, four symbols",
  "2-comb-1": "24, two symbols",
};

/** Rows of a record, in the order of `names`. */
const rowsOf = (record, names, cells) =>
  Object.entries(names).flatMap(([id, name]) => (record[id] ? [[name, ...cells(record[id].figures)]] : []));

const crossings = (figures) => [
  figure(figures, "coded.ebn0.xpikeformer"),
  ...["ann", "lmmse.joint"].map((id) => value(figures, `coded.ebn0.${id}`)),
];

export const codedLinkTables = {
  "coded-fading": () => ({
    head: ["detector", "Eb/N0, dB", "block errors at 10 dB, %", "nJ/bit"],
    rows: Object.entries(DETECTORS).map(([id, [name, energy]]) => [
      ...[name, figure(link, `coded.ebn0.${id}`), value(link, `bler.${id}.ebn0.10`, 100)],
      energy ? nanojoules(link, energy) : "",
    ]),
  }),
  "coded-mismatch": () => ({
    head: ["channel", "5 chips, dB", "ANN", "LMMSE", "chips − ANN"],
    rows: rowsOf(read("mismatch"), CHANNELS, (figures) => [...crossings(figures), figure(figures, "coded.gap.ann")]),
  }),
  "coded-pilots": () => ({
    head: ["pilots", "payload", "5 chips, dB", "ANN", "LMMSE", "nJ/bit, chips", "ANN"],
    rows: rowsOf(read("pilots"), PILOTS, (figures) => [
      figures["coded.payload"][0],
      ...crossings(figures),
      ...["xpikeformer", "annDigital"].map((id) => nanojoules(figures, id)),
    ]),
  }),
  "ldpc-awgn": () => ({
    head: ["bits", "decoder, schedule, iterations", "Eb/N0, dB", "block errors, 95 %", "published", "behind, dB"],
    rows: SETTINGS.flatMap(({ name, informationBits, codedBits, decoder, published }) =>
      // Without published points, the one nearest to 1 %.
      (measured[name]?.points ?? [])
        .filter(({ ebN0 }, i, all) => isPublished(published, ebN0) || (!published && i === all.length - 1))
        .map((point) => [
          `${informationBits}/${codedBits}`,
          nameOf(decoder),
          point.ebN0.toFixed(2),
          `${percent(rate(point))} (${interval(point)})`,
          published ? percent(rate(published.points.find(({ ebN0 }) => ebN0 === point.ebN0))) : "–",
          published ? decibels(behind(published, point)) : "–",
        ]),
    ),
  }),
};
