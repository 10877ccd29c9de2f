/**
 * The adaptive LIF unit: a LIF unit (`lif.ts`) with a second word of state, the rise of its threshold.
 *
 *   V = beta V + I;  fire where V >= threshold + rise B;  then V = 0, or V - threshold;  B = decay B + spike
 *
 * Both words are kept and moved like a membrane. Numbers have single precision; `model/neuron/alif.ts` is the reference in double
 * precision.
 */
import type { AlifConstants } from "../experiment/neuron.ts";
import { emptySpikeTrain, type SpikeTrain, wordsPerRow } from "../spike/train.ts";
import type { ActionTally } from "./actions.ts";
import type { NeuronProbe } from "./neuron-probe.ts";

/**
 * Runs a layer of units from rest over all time steps.
 *
 * Shapes   currents: [T][rows][features]; returns a train of the same shape
 * Counts   lifUpdates, bitsWritten
 */
export function runAlifUnits(
  currents: Float32Array,
  shape: { readonly steps: number; readonly rows: number; readonly features: number },
  neuron: AlifConstants,
  tally: ActionTally,
  probe?: NeuronProbe,
): SpikeTrain {
  const { steps, rows, features } = shape;
  const { fround } = Math;
  const [beta, threshold, rise, decay] = [neuron.beta, neuron.threshold, neuron.rise, neuron.decay].map(fround);
  const train = emptySpikeTrain(steps, rows, features);
  const stride = wordsPerRow(features);
  const [membranes, adaptations] = [new Float32Array(rows * features), new Float32Array(rows * features)];
  for (let i = 0; i < currents.length; i++) {
    const m = i % membranes.length;
    const level = fround(threshold + fround(rise * adaptations[m]));
    const leaked = fround(beta * membranes[m]);
    const v = fround(leaked + currents[i]);
    const spike = v >= level ? 1 : 0;
    const feature = i % features;
    train.words[((i - feature) / features) * stride + (feature >> 5)] |= spike << (feature & 31);
    if (spike === 0) membranes[m] = v;
    else membranes[m] = neuron.reset === "hard" ? 0 : v - threshold;
    adaptations[m] = fround(decay * adaptations[m]) + spike;
    probe?.(i, { leaked, input: currents[i], membrane: v, threshold: level, kept: membranes[m] });
  }
  tally.lifUpdates += currents.length;
  tally.bitsWritten += currents.length;
  return train;
}
