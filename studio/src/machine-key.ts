import type { Experiment } from "xpikeformer";

/**
 * Everything that decides the answer of chip c to prompt k, as text: experiments with equal texts are the same machine, however often a
 * knob was turned in between.
 */
export const machineKey = ({ seed, task, model, hardware, checkpoints }: Experiment): string =>
  JSON.stringify([seed, task, model, { ...hardware, chips: null }, checkpoints.network]);

/** The same of the machine whatever its age. */
export const agelessKey = (experiment: Experiment): string =>
  machineKey({ ...experiment, hardware: { ...experiment.hardware, readTime: 0 } });
