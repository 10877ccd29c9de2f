// What do converters of fewer bits cost? One chip of the network of 02-train-tiny.mjs, read by converters of 2 to 8 bits.
// Run: node examples/04-change-the-machine.mjs
import { calibrate, createTask, foldNetwork, mapNetwork, programChip, simulate, stream } from "xpikeformer";
import { experiment, network } from "./02-train-tiny.mjs";

const task = createTask(experiment);
const folded = foldNetwork(network);
const samples = task.draw(32, stream(3));
const test = task.draw(64, stream(4));

/** Logits of the same chip (same programming, same reads, same random words) with converters of `bits` bits, `null` for exact currents. */
function logitsWith(bits) {
  // Whole numbers begin at codes, so a machine without them computes in floating point.
  const hardware = { ...experiment.hardware, adc: { ...experiment.hardware.adc, bits }, arithmetic: null };
  const mapping = mapNetwork(folded, hardware, experiment.task.coding);
  const chip = calibrate(programChip(folded, mapping, hardware, stream(5)), samples.spikes, stream(6));
  return simulate(chip, test.spikes, stream(7)).logits;
}

const exact = logitsWith(null);
const spread = rootMeanSquare(exact);
console.log("\nbits   error of the logits, relative to their size");
for (const bits of [2, 3, 4, 5, 6, 8]) {
  const error = rootMeanSquare(logitsWith(bits).map((logit, i) => logit - exact[i])) / spread;
  console.log(`${bits}      ${error.toFixed(3)}  ${"#".repeat(Math.round(40 * error))}`);
}

function rootMeanSquare(values) {
  return Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0) / values.length);
}
