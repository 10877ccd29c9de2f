/**
 * What a person writes down: one JSON document that names the task, the network, the machine, the training and the
 * evaluation. Everything has a default with its reason beside it, so an experiment can be as short as `{}`.
 */
import { z } from "zod";
import { hardwareSpec } from "./hardware.ts";
import { modelSpec, spikingSpec } from "./model.ts";
import { taskSpec } from "./task.ts";
import { trainingSpec } from "./training.ts";

export const evaluationSpec = z.strictObject({
  /** Prompts per point. 4096 prompts of 4 bits give a standard error of about 0.002 at a bit error rate of 0.06. */
  prompts: z.int().min(1).max(10_000_000).default(4096),
  /** Signal-to-noise ratios at which curves are drawn, dB. */
  snrDecibels: z.array(z.number().min(-50).max(100)).max(64).default([0, 5, 10, 15, 20, 25, 30]),
  /** Time steps at which the bit error rate is measured. */
  steps: z.array(z.int().min(1).max(64)).max(64).default([1, 2, 3, 4, 6, 8]),
});

export const experimentSpec = z.strictObject({
  /** For editors only; ignored. */
  $schema: z.string().optional(),
  name: z.string().min(1).max(80).default("experiment"),
  /** Seed of every random stream of the run. */
  seed: z.int().min(0).default(1),
  task: taskSpec.prefault({}),
  model: modelSpec.default(spikingSpec.parse({ kind: "spiking" })),
  hardware: hardwareSpec.prefault({}),
  training: trainingSpec.prefault({}),
  evaluation: evaluationSpec.prefault({}),
  /** Trained networks, as paths relative to this file. `network` runs on the hardware; the others are compared with it. */
  checkpoints: z
    .strictObject({
      network: z.string().optional(),
      ann: z.string().optional(),
      spiking: z.string().optional(),
    })
    .prefault({}),
});

export type EvaluationSpec = z.infer<typeof evaluationSpec>;
export type Experiment = z.infer<typeof experimentSpec>;
