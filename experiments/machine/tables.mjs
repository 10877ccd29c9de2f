// The tables of this folder's page, from what `measure.mjs` and `exits.mjs` keep and the current cost model.
import { PROMISE } from "../early-exit/rules.mjs";
import { frontOf, readOff } from "../fronts/front.mjs";
import { points } from "../fronts/fronts.mjs";
import { exitPoints, fixedExitPoints, machinePoints } from "./points.mjs";

const TASKS = ["link", "mnist"];
const four = (value) => value.toFixed(4);
const micro = (energy) => (1e6 * energy).toPrecision(3);
const rateOf = ({ rate, half }) => `${four(rate)} ± ${four(half)}`;
/** Not shown twice: `mnist-64` is on the page of the fronts, and `wireless-2x2-one-step` learned to take one step. */
const isShown = ({ name }) => name !== "mnist-64";
const mayExit = ({ name }) => name !== "wireless-2x2-one-step";
const code = (name) => `\`${name}\``;

/** A front's energy at an error rate as a multiple of a point's; ∞ if the front does not reach the rate. */
function times(front, { rate, energy }) {
  const found = readOff(front, rate);
  return found ? (found.energy / energy).toFixed(2) : "∞";
}

/** What fronts cost at the error rates of points: ours of before, and ANNs of 8 bits and trained for 4. */
function besideFronts(task) {
  const { ours, int8, trained4 } = points(task);
  const fronts = [ours, int8, trained4].map(frontOf);
  return (point) => fronts.map((front) => times(front, point));
}
const FRONTS = ["our earlier front / this", "8-bit ANN / this", "4-bit ANN / this"];

export const machineTrainingTables = {
  "machine-points": () => ({
    head: ["network", "T", "error rate", "uJ", ...FRONTS],
    rows: TASKS.flatMap((task) => {
      const beside = besideFronts(task);
      return machinePoints(task)
        .filter(isShown)
        .map((point) => [
          ...[code(point.name), String(point.steps), rateOf(point), micro(point.energy)],
          ...beside(point),
        ]);
    }),
  }),
  "machine-exits": () => ({
    head: [
      `exit, ${100 * (1 - PROMISE.delta)} % confidence`,
      "promised: worse, at most",
      "worse",
      "mean T",
      "error rate",
      "at T = 4",
      "uJ",
      ...FRONTS,
    ],
    rows: TASKS.flatMap((task) => {
      const beside = besideFronts(task);
      const full = fixedExitPoints(task);
      return exitPoints(task)
        .filter(mayExit)
        .map((point) => [
          ...[code(point.name), `${100 * point.alpha} %`],
          ...[`${(100 * point.worse).toFixed(1)} %`, point.steps.toFixed(2)],
          ...[rateOf(point), four(full.find(({ name, steps }) => name === point.name && steps === point.most).rate)],
          ...[micro(point.energy), ...beside(point)],
        ]);
    }),
  }),
};
