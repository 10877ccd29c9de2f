// The machines to compare: a grid, and `recommended` with one field changed.
import { parseExperiment } from "xpikeformer";

/** A preset machine with the experiment's number of rows for the embedding. */
export function machineOf(name, { hardware }) {
  const machine = parseExperiment({ preset: name }).hardware;
  return { ...machine, crossbar: { ...machine.crossbar, embedRows: hardware.crossbar.embedRows } };
}

/** A copy with fields changed: `{ "adc.mode": "pair" }`. */
export function withFields(hardware, fields) {
  const changed = structuredClone(hardware);
  for (const [path, value] of Object.entries(fields)) {
    const names = path.split(".");
    const last = names.pop();
    names.reduce((owner, name) => owner[name], changed)[last] = value;
  }
  return changed;
}

/** Every combination of the values of each field. */
export const combinations = (axes) =>
  Object.entries(axes).reduce(
    (rows, [field, values]) => rows.flatMap((row) => values.map((value) => ({ ...row, [field]: value }))),
    [{}],
  );

/** Fields that change the answers, so the machine is simulated. */
export const SIMULATED_AXES = {
  "adc.mode": ["differential", "pair"],
  "adc.bits": [4, 5, 6],
  "crossbar.scaling": ["column", "crossbar"],
};

/** Fields that change only time, energy and area. */
export const PRICED_AXES = {
  "adc.sharing": [1, 2, 4, 8, 16],
  "ssa.fifo": ["row", "cell"],
  order: ["token-major", "step-major"],
  "ssa.tiles": [1, 2, 4, null],
};

/** Other changes, one at a time. */
export const OTHERS = [
  { "crossbar.rows": 64 },
  { "crossbar.rows": 256 },
  { "ssa.normaliser": "power-of-two" },
  { "ssa.random": "ideal" },
  { arithmetic: null },
];
