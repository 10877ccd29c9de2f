/** A probe at the membranes of a layer of neurons: what each update of a unit computes, as the unit holds it. It changes no value. */

/** A layer of units. */
export interface UnitShape {
  readonly steps: number;
  readonly rows: number;
  readonly features: number;
}

/** Every update of a layer's neurons, `[T][rows][features]` each; a neuron fires where membrane >= threshold. */
export interface NeuronRecord extends UnitShape {
  /** What the leak left of the membrane before the input: 0 at the first step. */
  readonly leaked: Float32Array;
  /** The current or charge that is added, with its noise if there is any. */
  readonly input: Float32Array;
  /** Their sum, saturated to its register, which is compared. */
  readonly membrane: Float32Array;
  /** What it is compared with; a comparator's noise counts as part of it. */
  readonly threshold: Float32Array;
  /** What is kept for the next step: the membrane, or after a spike what the reset left of it. */
  readonly kept: Float32Array;
}

/** Sees update `at` of `[T][rows][features]`. */
export type NeuronProbe = (
  at: number,
  update: { leaked: number; input: number; membrane: number; threshold: number; kept: number },
) => void;

/** An empty record, and the probe that fills it. */
export function neuronRecord({ steps, rows, features }: UnitShape): { record: NeuronRecord; probe: NeuronProbe } {
  const values = () => new Float32Array(steps * rows * features);
  const record = {
    ...{ steps, rows, features },
    ...{ leaked: values(), input: values(), membrane: values(), threshold: values(), kept: values() },
  };
  const probe: NeuronProbe = (at, update) => {
    record.leaked[at] = update.leaked;
    record.input[at] = update.input;
    record.membrane[at] = update.membrane;
    record.threshold[at] = update.threshold;
    record.kept[at] = update.kept;
  };
  return { record, probe };
}
