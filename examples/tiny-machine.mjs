// The machine that docs/guide.md follows a prompt through: 16 features, one block, two heads, crossbars of 8 x 8 cells.
// The network is fresh. Its neurons fire at 0.5 instead of 1, because BatchNorm has no statistics yet to lift the currents.
import {
  calibrate,
  createTask,
  foldNetwork,
  initialise,
  mapNetwork,
  networkGeometry,
  parseExperiment,
  programChip,
  simulate,
  stream,
  unpackSpikes,
} from "xpikeformer";

export const experiment = parseExperiment({
  preset: "paper",
  task: { pilots: 3, snrDecibels: 15, receiverBits: 2, receiverRange: 2, coding: "thermometer" },
  model: {
    width: 16,
    depth: 1,
    heads: 2,
    expansion: 2,
    steps: 4,
    neuron: { threshold: 0.5 },
    attention: { scoreGain: 2, valueGain: 2 },
  },
  // One scale per crossbar, no compensation of drift and no registers: less to follow by hand than the defaults.
  hardware: {
    crossbar: { rows: 8, columns: 8, scaling: "crossbar" },
    compensation: { scope: "none" },
    arithmetic: null,
  },
});

const root = stream(experiment.seed);
const task = createTask(experiment);
export const geometry = networkGeometry(experiment, task);
export const network = foldNetwork(initialise(experiment.model, geometry, root.fork("network")));
export const mapping = mapNetwork(network, experiment.hardware, experiment.task.coding);
const blank = programChip(network, mapping, experiment.hardware, root.fork("chip"));
export const chip = calibrate(blank, task.draw(64, root.fork("samples")).spikes, root.fork("calibration"));

export const prompt = task.draw(1, root.fork("prompt"));
export const random = root.fork("run");
export const trace = simulate(chip, prompt.spikes, random, { rasters: 1 });

/** One row of a recorded spike train, as an array of 0 and 1. */
export function bitsOf(name, step, token) {
  const { rows, features } = trace.rasters[name];
  const start = (step * rows + token) * features;
  return [...unpackSpikes(trace.rasters[name]).subarray(start, start + features)];
}

/** Prints one section of a program; docs/guide.md shows sections by title. */
export function section(title, ...lines) {
  console.log(`== ${title} ==\n${lines.flat().join("\n")}\n`);
}

/** A line of a table: cells flush right, the first one flush left; the last width serves all cells beyond. */
export function row(widths, ...cells) {
  const [first, ...others] = cells.flat().map(String);
  const width = (i) => widths[Math.min(i, widths.length - 1)];
  return [first.padEnd(width(0)), ...others.map((cell, i) => cell.padStart(width(i + 1)))].join("").trimEnd();
}

export const fixed = (value, digits = 2) => value.toFixed(digits);
