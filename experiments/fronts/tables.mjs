// The tables and the chart of this folder's page, from the errors of `../errors` and the current cost model.
import { stream } from "xpikeformer";
import { SEED } from "../errors/list.mjs";
import { frontOf, ratiosWithIntervals, readOff } from "./front.mjs";
import { hoped, points } from "./fronts.mjs";
import { ENGINES } from "./points.mjs";
import { bitsText, TRAINED_BITS } from "./trained.mjs";

/** For each task, the unit of an answer and the error rates at which fronts are compared. */
const TASKS = {
  link: {
    ...{ head: "2x2 link", rate: "bit error rate", one: "symbol", many: "symbols", file: "fronts" },
    rates: [0.06, 0.065, 0.07, 0.08, 0.1],
  },
  mnist: {
    ...{ head: "MNIST", rate: "error rate", one: "image", many: "images", file: "fronts-mnist" },
    rates: [0.0085, 0.0095, 0.0105, 0.0125, 0.015, 0.0175, 0.022],
  },
  fashion: {
    ...{ head: "Fashion-MNIST", rate: "error rate", one: "image", many: "images", file: "fronts-fashion" },
    rates: [0.075, 0.08, 0.085, 0.09, 0.1],
  },
};

const four = (value) => value.toFixed(4);
const micro = (energy) => (1e6 * energy).toPrecision(3);
const thousands = (value) => Math.round(value / 1e3).toLocaleString("en");

const measuredRate = ({ rate, half }) => `${four(rate)} ± ${four(half)}`;

/** A label without the part that the column heading already states. */
const shortened = (label) => label.replace(/^(ANN|ours), /, "").replace(/ blocks? of width /, " × ");

/** ANNs by size, with error rate and energy at each number of bits. */
function annTable(task) {
  const { ours, ...engines } = points(task);
  const all = ENGINES.map(({ bits }) => engines[`int${bits}`]);
  const [widest] = all;
  const { head, rate, one } = TASKS[task];
  return {
    head: [
      `${head}, ANN, blocks × width`,
      `${rate}, exact`,
      ...ENGINES.map(({ bits }) => `${bits} bits`),
      ...ENGINES.map(({ bits }) => `uJ per ${one}, ${bits} bits`),
    ],
    rows: widest.map(({ label, exact }, i) => [
      shortened(label),
      four(exact.rate),
      ...all.map((engine) => measuredRate(engine[i])),
      ...all.map((engine) => micro(engine[i].energy)),
    ]),
  };
}

/** Our Pareto-optimal points in error rate and energy. */
function pointTable(task) {
  const { head, rate, one, many } = TASKS[task];
  return {
    head: [`${head}, ours, blocks × width`, "T", rate, `uJ per ${one}`, `thousand ${many} per second`],
    rows: frontOf(points(task).ours).map((point) => [
      shortened(point.size),
      String(point.steps),
      measuredRate(point),
      micro(point.energy),
      thousands(point.inFlight),
    ]),
  };
}

/** Our points and the ANN points of each engine: at 8 bits, then at fewer bits as measured and as if they cost no accuracy. */
function comparedPoints(task) {
  const { ours, ...engines } = points(task);
  const others = ENGINES.flatMap(({ bits }) => {
    const all = engines[`int${bits}`];
    return bits === 8 ? [all] : [all, hoped(all)];
  });
  return { ours, others, trained: trainedPoints(engines) };
}

/** ANNs that were trained for few bits, by number of bits, as far as they are measured. */
const trainedPoints = (engines) =>
  TRAINED_BITS.map((bits) => ({
    bits,
    title: bitsText(bits),
    all: engines[`trained${bits}`],
  })).filter(({ all }) => all.length > 0);

/** The ratios to one kind of ANN at each error rate of a task, with intervals. Random: one stream for all, so that draws are common. */
const ratiosTo = (other, ours, task) =>
  ours.length === 0 || other.length === 0
    ? TASKS[task].rates.map(() => null)
    : ratiosWithIntervals(ours, other, TASKS[task].rates, stream(SEED).fork("bootstrap"));

/** ANNs of at least one size reach a rate of the table. */
const isReached = (task, all) => all.some(({ rate }) => rate <= Math.max(...TASKS[task].rates));

function ratioTable(task) {
  const { ours, others, trained: all } = comparedPoints(task);
  const trained = all.filter((one) => isReached(task, one.all));
  const { one, many, rate: rateName, rates } = TASKS[task];
  const end = (value) => (value === 0 ? "–" : Number.isFinite(value) ? value.toFixed(2) : "∞");
  const over = (found) => {
    if (found === null) return "";
    const [ratio, low, high] = found.map(end);
    return low === high ? ratio : `${ratio} (${low} to ${high})`;
  };
  const ratios = [...others, ...trained.map((one) => one.all)].map((other) => ratiosTo(other, ours, task));
  const [own, int8] = [frontOf(ours), frontOf(others[0])];
  return {
    head: [
      `equal ${rateName}`,
      "energy, 8-bit ANN / ours",
      ...ENGINES.slice(1).flatMap(({ bits }) => [`${bits} bits`, `${bits} bits, lossless`]),
      ...trained.map(({ title }) => `${title}, trained`),
      `ours, uJ per ${one}`,
      `ours, thousand ${many} per second`,
      "8-bit ANN",
    ],
    rows: rates.map((rate, i) => {
      const [mine, theirs] = [readOff(own, rate), readOff(int8, rate)];
      return [
        four(rate),
        ...ratios.map((found) => over(found[i])),
        mine ? micro(mine.energy) : "",
        mine ? thousands(mine.inFlight) : "",
        theirs ? thousands(theirs.inFlight) : "",
      ];
    }),
  };
}

/**
 * Energy of the cheapest 8-bit ANN, or of one trained for fewer bits, relative to our cheapest network, `[ratio, low, high]`, at each error
 * rate of a task that both reach.
 */
export function frontRatios(task, bits) {
  const { ours, others, trained } = comparedPoints(task);
  const anns = bits === undefined ? others[0] : trained.find((one) => one.bits === Number(bits)).all;
  return ratiosTo(anns, ours, task).filter((found) => found !== null && found[0] > 0 && Number.isFinite(found[0]));
}

/** ANNs trained for few bits, next to the same size rounded to as many bits after training, where that was measured. */
function trainedTable() {
  const rows = Object.keys(TASKS).flatMap((task) => {
    const engines = points(task);
    return trainedPoints(engines).flatMap(({ bits, title, all }) =>
      all.map((point) => {
        const rounded = engines[`int${bits}`]?.find(({ label }) => label === point.label);
        return [
          `${TASKS[task].head}, ${shortened(point.label)}`,
          title,
          measuredRate(point),
          rounded ? four(rounded.rate) : "",
          micro(point.energy),
        ];
      }),
    );
  });
  return { head: ["ANN, blocks × width", "trained for", "error rate", "rounded after training", "uJ"], rows };
}

export const errorFrontTables = {
  "fronts-trained": trainedTable,
  "fronts-anns": () => annTable("link"),
  "fronts-points": () => pointTable("link"),
  "fronts-ratios": () => ratioTable("link"),
  "fronts-mnist-anns": () => annTable("mnist"),
  "fronts-mnist-points": () => pointTable("mnist"),
  "fronts-mnist-ratios": () => ratioTable("mnist"),
  "fronts-fashion-anns": () => annTable("fashion"),
  "fronts-fashion-points": () => pointTable("fashion"),
  "fronts-fashion-ratios": () => ratioTable("fashion"),
};

/** Energy against a task's error rate, with one line per kind of machine and per size of our networks. */
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
    ...{ kind: "lines", id: file, title: `Energy per ${one} over ${rate}, ${head}` },
    caption:
      "Lower and further left is better. Lines join sizes of an ANN, and time steps of our networks of one size.",
    x: { label: rate, scale: "log" },
    y: { label: `uJ per ${one}`, scale: "log" },
    series: [
      ...ENGINES.map(({ bits }) => series(`ANN, ${bits} bits`, engines[`int${bits}`], true)),
      ...trainedPoints(engines).map(({ title, all }) => series(`ANN, trained for ${title}`, all, true)),
      ...sizes.map((size) => series(size, ofSize(size))),
    ],
    rules: [],
  };
}
