/**
 * The LIF unit: a leaky integrate-and-fire neuron after a tile's adder (Xpikeformer, section IV-A2, equations 2 and 3).
 *
 *   V = beta V + I;  fire where V >= threshold;  then V = 0 (hard reset) or V - threshold (soft reset)
 *
 * With beta 0.5 the leak is one right shift of the membrane register. Membranes start at 0 for every token. A unit serves the
 * columns of its readout unit in turn (eight with Table II's sharing) and holds one membrane for each. Each update is one
 * action, hidden behind the conversion of the next column, so it adds no cycles. Membranes, currents, beta and threshold are
 * single-precision numbers here; `model/neuron/lif.ts` is the reference in double precision.
 */
import { type ByNeuron, forNeuron } from "../experiment/by-neuron.ts";
import type { LifConstants, NeuronSpec } from "../experiment/neuron.ts";
import { emptySpikeTrain, type SpikeTrain, wordsPerRow } from "../spike/train.ts";
import type { ActionTally } from "./actions.ts";
import { runAlifUnits } from "./alif.ts";
import type { NeuronProbe, UnitShape } from "./neuron-probe.ts";

/** A layer of units: `runLifUnits` with its neuron. */
export type NeuronUnits = (
  currents: Float32Array,
  shape: UnitShape,
  tally: ActionTally,
  probe?: NeuronProbe,
) => SpikeTrain;

/** The units, by kind of neuron. For a kind that no unit supports, the entry throws a MappingError. */
const UNITS: ByNeuron<NeuronUnits> = {
  lif: leakyUnits,
  if: (neuron) => leakyUnits({ ...neuron, beta: 1 }),
  plif: leakyUnits,
  alif: (neuron) => (currents, shape, tally, probe) => runAlifUnits(currents, shape, neuron, tally, probe),
};

/** The units for a neuron (`neuronOf`). Throws MappingError if none supports it. */
export const neuronUnits = (neuron: NeuronSpec): NeuronUnits => forNeuron(neuron, UNITS);

function leakyUnits(neuron: LifConstants): NeuronUnits {
  return (currents, shape, tally, probe) => runLifUnits(currents, shape, neuron, tally, probe);
}

/**
 * Runs a layer of LIF units from rest over all time steps.
 *
 * Shapes   currents: [T][rows][features]; returns a train of the same shape
 * Counts   lifUpdates, bitsWritten
 */
export function runLifUnits(
  currents: Float32Array,
  shape: UnitShape,
  neuron: LifConstants,
  tally: ActionTally,
  probe?: NeuronProbe,
): SpikeTrain {
  const { steps, rows, features } = shape;
  const { reset } = neuron;
  const [beta, threshold] = [Math.fround(neuron.beta), Math.fround(neuron.threshold)];
  const train = emptySpikeTrain(steps, rows, features);
  const stride = wordsPerRow(features);
  const membranes = new Float32Array(rows * features);
  for (let t = 0, i = 0; t < steps; t++) {
    for (let r = 0, m = 0; r < rows; r++) {
      const base = (t * rows + r) * stride;
      for (let f = 0; f < features; f++, i++, m++) {
        const leaked = Math.fround(beta * membranes[m]);
        const v = Math.fround(leaked + currents[i]);
        if (v >= threshold) {
          train.words[base + (f >> 5)] |= 1 << (f & 31);
          membranes[m] = reset === "hard" ? 0 : v - threshold;
        } else membranes[m] = v;
        probe?.(i, { leaked, input: currents[i], membrane: v, threshold, kept: membranes[m] });
      }
    }
  }
  tally.lifUpdates += currents.length;
  tally.bitsWritten += currents.length;
  return train;
}
