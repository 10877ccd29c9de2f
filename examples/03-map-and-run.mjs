// Put the network of 02-train-tiny.mjs on crossbars, program chips that differ by chance, and run them.
// Run: node examples/03-map-and-run.mjs
import {
  calibrate,
  clippedShare,
  createTask,
  detectionErrors,
  foldNetwork,
  mapNetwork,
  programChip,
  simulate,
  stream,
} from "xpikeformer";
import { experiment, network } from "./02-train-tiny.mjs";

const { hardware, task: spec } = experiment;
const task = createTask(experiment);
const folded = foldNetwork(network);
const mapping = mapNetwork(folded, hardware, spec.coding);
console.log("\nlayer                inputs x outputs   cycles a token and step");
for (const { name, inputs, outputs, multiplexerSteps } of mapping.layers) {
  console.log(`${name.padEnd(22)}${`${inputs} x ${outputs}`.padStart(14)}${String(multiplexerSteps).padStart(25)}`);
}
console.log(
  `${mapping.totals.crossbars} crossbars, ${(100 * mapping.totals.utilisation).toFixed(1)} % of their cells in use`,
);

const samples = task.draw(32, stream(3));
const test = task.draw(256, stream(4));
const lastQuery = network.geometry.queries.length - 1;
const sent = test.labels.filter((_, i) => i % (lastQuery + 1) === lastQuery);

for (const number of [1, 2, 3]) {
  const blank = programChip(folded, mapping, hardware, stream(5).fork(number));
  const chip = calibrate(blank, samples.spikes, stream(6));
  const trace = simulate(chip, test.spikes, stream(7).fork(number));
  const { bits } = detectionErrors(sent, decisions(trace), spec);
  const percent = (100 * clippedShare(trace)).toFixed(2);
  const interval = `${bits.low.toFixed(3)} .. ${bits.high.toFixed(3)}`;
  console.log(
    `chip ${number}: bit error rate ${bits.rate.toFixed(3)} (${interval}), ${percent} % of conversions clipped`,
  );
}

/** The most likely class at the last query of every prompt. */
function decisions({ logits }) {
  const { classes } = network.geometry;
  return sent.map((_, prompt) => {
    const start = ((lastQuery + 1) * prompt + lastQuery) * classes;
    const last = logits.subarray(start, start + classes);
    return last.indexOf(Math.max(...last));
  });
}
