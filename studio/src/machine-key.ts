import type { Experiment } from "xpikeformer";

/**
 * Everything that decides the answer of chip c to prompt k, as text: experiments with equal texts are the same machine, however often a
 * knob was turned in between.
 */
export const machineKey = ({ seed, task, model, hardware, checkpoints }: Experiment): string =>
  JSON.stringify([seed, task, model, { ...hardware, chips: null }, checkpoints.network]);
