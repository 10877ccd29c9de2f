// The tables and the chart of this folder's page, from what `measure.mjs` wrote and by today's cost model.
import { frontOf, readOff } from "./front.mjs";
import { hoped, points } from "./fronts.mjs";
import { ENGINES } from "./points.mjs";

/** What is answered, and error rates at which fronts are compared. */
const TASKS = {
  link: {
    ...{ head: "2x2 link", rate: "bit error rate", one: "a symbol", many: "symbols", file: "fronts" },
    rates: [0.06, 0.065, 0.07, 0.08, 0.1],
  },
  mnist: {
    ...{ head: "MNIST", rate: "error rate", one: "an image", many: "images", file: "fronts-mnist" },
    rates: [0.0085, 0.0095, 0.0105, 0.0125, 0.015, 0.0175, 0.022],
  },
  fashion: {
    ...{ head: "Fashion-MNIST", rate: "error rate", one: "an image", many: "images", file: "fronts-fashion" },
    rates: [0.075, 0.08, 0.085, 0.09, 0.1],
  },
};

const four = (value) => value.toFixed(4);
const micro = (energy) => (1e6 * energy).toPrecision(3);
const thousands = (value) => Math.round(value / 1e3).toLocaleString("en");

const pointRow = (kind) => (point) => [
  `${kind}${point.label}`,
  `${four(point.rate)} ± ${four(point.half)}`,
  point.exact ? four(point.exact.rate) : "",
  micro(point.energy),
  thousands(point.inFlight),
];

function pointTable(task) {
  const { ours, ...engines } = points(task);
  const { head, rate, one, many } = TASKS[task];
  return {
    head: [head, rate, "of it exact", `uJ ${one}`, `thousand ${many} a second, in flight`],
    rows: [
      ...ENGINES.flatMap(({ bits }) => engines[`int${bits}`].map(pointRow(`${bits}-bit `))),
      ...ours.map(pointRow("")),
    ],
  };
}

/** The front of ours, and those of conventional networks by engine: in 8 bits, then with few bits as they are and as if these cost nothing. */
function frontsOf(task) {
  const { ours, ...engines } = points(task);
  const others = ENGINES.flatMap(({ bits }) => {
    const all = engines[`int${bits}`];
    return bits === 8 ? [frontOf(all)] : [frontOf(all), frontOf(hoped(all))];
  });
  return { own: frontOf(ours), others };
}

function ratioTable(task) {
  const { own, others } = frontsOf(task);
  const { one, many, rates } = TASKS[task];
  const over = (other, mine) => {
    if (other === null) return mine === null ? "neither" : "ANN does not reach it";
    return mine === null ? "ours does not" : (other.energy / mine.energy).toFixed(2);
  };
  return {
    head: [
      "energy of the cheapest ANN over ours, at equal error rate",
      "8 bits",
      ...ENGINES.slice(1).flatMap(({ bits }) => [`${bits} bits`, `${bits} bits, if they cost nothing`]),
      `uJ ${one}, ours`,
      `thousand ${many} a second, ours`,
      "8 bits",
    ],
    rows: rates.map((rate) => {
      const mine = readOff(own, rate);
      const fronts = others.map((front) => readOff(front, rate));
      return [
        four(rate),
        ...fronts.map((other) => over(other, mine)),
        mine ? micro(mine.energy) : "",
        mine ? thousands(mine.inFlight) : "",
        fronts[0] ? thousands(fronts[0].inFlight) : "",
      ];
    }),
  };
}

/** Of the cheapest 8-bit ANN over the cheapest of ours, energy at each error rate of a task; null where one of them does not reach it. */
export function frontRatios(task) {
  const {
    own,
    others: [int8],
  } = frontsOf(task);
  return TASKS[task].rates.map((rate) => {
    const [mine, theirs] = [readOff(own, rate), readOff(int8, rate)];
    return mine && theirs ? theirs.energy / mine.energy : null;
  });
}

export const errorFrontTables = {
  "fronts-points": () => pointTable("link"),
  "fronts-ratios": () => ratioTable("link"),
  "fronts-mnist-points": () => pointTable("mnist"),
  "fronts-mnist-ratios": () => ratioTable("mnist"),
  "fronts-fashion-points": () => pointTable("fashion"),
  "fronts-fashion-ratios": () => ratioTable("fashion"),
};

/** Energy over a task's error rate, one line for each kind of machine and each size of our networks. */
export function frontChart(task) {
  const { ours, ...engines } = points(task);
  const { head, rate, one, file } = TASKS[task];
  const series = (name, all, dashed = false) => ({
    ...{ name, dashed },
    points: all.map(({ rate, energy }) => ({ x: rate, y: 1e6 * energy })).toSorted((a, b) => a.x - b.x),
  });
  const sizes = [...new Set(ours.map(({ size }) => size))];
  const ofSize = (wanted) => ours.filter(({ size }) => size === wanted);
  return {
    ...{ kind: "lines", id: file, title: `Energy of ${one} over ${rate}, ${head}` },
    caption:
      "Lower and further left is better. Lines join sizes of an ANN, and time steps of our networks of one size.",
    x: { label: rate, scale: "log" },
    y: { label: `uJ ${one}`, scale: "log" },
    series: [
      ...ENGINES.map(({ bits }) => series(`ANN, ${bits} bits`, engines[`int${bits}`], true)),
      ...sizes.map((size) => series(size, ofSize(size))),
    ],
    rules: [],
  };
}
