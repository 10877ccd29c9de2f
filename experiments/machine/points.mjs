// What `measure.mjs` and `exits.mjs` measured, as points of error rate and energy in the form of `../fronts`.
import { existsSync, readFileSync } from "node:fs";
import { experimentWorkload } from "xpikeformer";
import { exitEnergy } from "xpikeformer/cost";
import { mean } from "xpikeformer/internal";
import { ratesOf } from "../errors/errors.mjs";
import { pointsOn, rated } from "../fronts/fronts.mjs";
import { on, placedOn } from "../two-machines.mjs";
import { FRONT_LEVER, LEVERS, withLever } from "./levers.mjs";
import { MACHINE } from "./plan.mjs";
import { documentNamed } from "./subjects.mjs";

const read = (name) => {
  const file = new URL(name, import.meta.url);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")).networks : {};
};
const measured = read("points.json");
export const exits = read("exits.json");

/** The task of a front that a document is for. */
const taskOf = ({ task }) => (task.kind === "symbol-detection" ? "link" : task.data);

const documentsFor = (task, records) =>
  Object.entries(records)
    .map(([name, record]) => ({ document: documentNamed(name), record }))
    .filter(({ document }) => taskOf(document) === task);

/** The points of all measured networks for a task, `link` or `mnist`, at every T. */
export const machinePoints = (task) =>
  documentsFor(task, measured).flatMap(({ document, record }) => fixedPoints(document, record));

/** Those of the front with all levers that change the machine; prices of the floorplan stay. */
export const frontPoints = (task) =>
  documentsFor(task, read("front.json")).flatMap(({ document, record }) =>
    fixedPoints(document, record, LEVERS[FRONT_LEVER]),
  );

function fixedPoints(document, record, lever = {}) {
  const { name, task } = document;
  const steps = Object.keys(record.wrong).map(Number);
  return pointsOn(withLever(placedOn(MACHINE, document), lever), { name, copies: task.queryCopies, steps }, record);
}

/**
 * The points of networks that stop early, one for each promise: `steps` is the mean T, `alpha` the share of prompts that may be answered
 * worse than after `most` steps, and `worse` the share that is. Rates in flight are left out, as prompts take unequal times.
 */
export const exitPoints = (task) =>
  documentsFor(task, exits).flatMap(({ document, record }) => {
    const placed = placedOn(MACHINE, document);
    const stepwise = { ...placed, hardware: { ...placed.hardware, order: "step-major" } };
    const { workload, resolved } = on(MACHINE, { ...experimentWorkload(stepwise), ...record.densities });
    const [{ size }] = fixedPoints(document, { ...record, wrong: record.fixed });
    return record.promised.map(({ alpha, distribution, worse, wrong }) => ({
      ...{ name: document.name, size, alpha, most: distribution.length, worse: mean(worse) },
      steps: distribution.reduce((sum, share, t) => sum + share * (t + 1), 0),
      ...rated(ratesOf({ wrong: { exit: wrong }, trials: record.trials }, "exit")),
      energy: exitEnergy(workload, resolved, distribution) / workload.result.perInference,
    }));
  });

/** The points of the networks of `exitPoints` at a fixed T. */
export const fixedExitPoints = (task) =>
  documentsFor(task, exits).flatMap(({ document, record }) =>
    fixedPoints(document, { ...record, wrong: record.fixed }),
  );
