/** How a network is trained: stages run one after another, each with its own learning-rate schedule. */
import { z } from "zod";
import { quantizationSpec } from "./model.ts";
import { onceValid } from "./once-valid.ts";
import { imageClassificationSpec } from "./task.ts";

const labels = z.enum(["symbols", "posterior", "teacher"]);
type Labels = z.infer<typeof labels>;
const stepLoss = z.number().min(0).max(1);
const teacherShare = z.number().min(0).max(1);
const teacherSteps = z.int().min(1).max(64);
/** Path of a network. */
const checkpoint = z.string().max(4096);
const optimiser = z.enum(["adamw", "muon"]);

/** What the devices of the experiment's hardware do to weights. */
const deviceNoiseSpec = z
  .strictObject({
    /** Youngest age at which a chip is read, seconds. Each step draws an age, uniform in log time. */
    youngest: z.number().min(1e-3).max(1e10).default(1),
    /** Oldest age, seconds. Equal to `youngest`: a fixed age. */
    oldest: z.number().min(1e-3).max(1e10).default(1),
  })
  .refine(({ youngest, oldest }) => youngest <= oldest, {
    ...onceValid,
    error: "The oldest age is below the youngest. Swap them, or set both to one age.",
    path: ["oldest"],
  });

export const stageSpec = z.strictObject({
  /** Name in the log. */
  name: z.string().min(1).max(40).default("train"),
  /** Optimiser steps of the stage. */
  steps: z.int().min(1).max(10_000_000).default(4000),
  /** Peak learning rate, reached after `warmup` steps, then lowered along a cosine to `finalFraction` of it. */
  learningRate: z.number().positive().max(1).default(3e-3),
  /** Steps over which the learning rate rises from 0 to its peak. */
  warmup: z.int().min(0).max(1_000_000).default(200),
  /** Final learning rate as a fraction of the peak. */
  finalFraction: z.number().min(0).max(1).default(0.02),
  /**
   * `sampled` draws attention bits as hardware does; `expected` uses their probabilities, which learns faster in a
   * first stage.
   */
  attention: z.enum(["sampled", "expected"]).default("sampled"),
  /** Time steps T in this stage, instead of `model.steps`. Fewer steps train faster. */
  timeSteps: z.int().min(1).max(64).optional(),
  /**
   * Blocks in this stage; the next stage repeats them to grow, and copies add nothing at first. Left out:
   * `model.depth`.
   */
  depth: z.int().min(1).max(64).optional(),
  /** Copies of every query in this stage; the loss is that of their mean. Left out: 1. */
  queryCopies: z.int().min(1).max(256).optional(),
  /** Overrides `training.optimiser`. */
  optimiser: optimiser.optional(),
  /** Overrides `training.labels`. */
  labels: labels.optional(),
  /** Overrides `training.teacherShare`. */
  teacherShare: teacherShare.optional(),
  /** Overrides `training.teacherSteps`. */
  teacherSteps: teacherSteps.optional(),
  /** Overrides `training.stepLoss`. */
  stepLoss: stepLoss.optional(),
  /** Noise in the forward pass for hardware-aware training. */
  noise: z
    .strictObject({
      /**
       * Standard deviation of the noise on each weight, relative to the largest |w| that shares its scale
       * (`hardware.crossbar.scaling`), drawn once per step.
       */
      weights: z.number().min(0).max(1).default(0),
      /**
       * Standard deviation of the noise on each pre-activation of a spiking network, relative to its column's BatchNorm
       * deviation (without BatchNorm, the threshold). The head gets none.
       */
      outputs: z.number().min(0).max(1).default(0),
      /**
       * Trains on weights as the devices of `hardware.crossbar` hold them: levels, noise, compensated drift and stuck
       * devices, drawn once per step. Replaces `weights`.
       */
      devices: deviceNoiseSpec.optional(),
      /**
       * Trains on the experiment's `hardware`: devices at ages up to `hardware.readTime`, and converters with their
       * errors and rounding, but no wires. Replaces `weights`, `outputs` and `devices`.
       */
      hardware: z.boolean().optional(),
      /** Share of weights set to 0 in a step (drop-connect). */
      dropConnect: z.number().min(0).max(0.9).default(0),
    })
    .refine(({ weights, devices }) => weights === 0 || devices === undefined, {
      ...onceValid,
      error: "noise.devices already includes weight noise. Leave out noise.weights or noise.devices.",
      path: ["weights"],
    })
    .refine((noise) => noise.hardware !== true || (noise.weights === 0 && noise.outputs === 0 && !noise.devices), {
      ...onceValid,
      error:
        "noise.hardware already includes all other noise. Leave out noise.weights, noise.outputs and noise.devices, or noise.hardware.",
      path: ["hardware"],
    })
    .prefault({}),
  /**
   * Clips weights after every step at this many root mean squares of their column, so that outliers do not cost the
   * others conductance levels.
   */
  clipWeights: z.number().min(0.5).max(100).optional(),
});

export const trainingSpec = z
  .strictObject({
    /** Prompts (or images) per optimiser step. */
    batch: z.int().min(1).max(65536).default(128),
    /**
     * Micro-batches per step, summed in a fixed order so that results do not depend on threads. BatchNorm statistics
     * are per shard.
     */
    shards: z.int().min(1).max(256).default(8),
    /** Stages, run one after another on the same network. */
    stages: z
      .array(stageSpec)
      .min(1)
      .max(16)
      .default([stageSpec.parse({})]),
    /** `muon`: orthogonalised momentum for all weights but the head, AdamW for the rest. */
    optimiser: optimiser.default("adamw"),
    /** Decoupled weight decay, on matrices only. */
    weightDecay: z.number().min(0).max(1).default(0.01),
    /** Decay of AdamW's running mean of the gradient. */
    beta1: z.number().min(0).lt(1).default(0.9),
    /** Decay of AdamW's running mean of the squared gradient. */
    beta2: z.number().min(0).lt(1).default(0.99),
    /** Added to AdamW's denominator. */
    epsilon: z.number().positive().max(1).default(1e-8),
    /** Largest Euclidean norm of the whole gradient; larger gradients are scaled down. */
    clipNorm: z.number().positive().max(1e9).default(1),
    /**
     * `symbols`: the symbols sent; `posterior`: their exact posterior given the channel, with less
     * variance (for images, the class); `teacher`: the answers of `teacher` (knowledge distillation).
     */
    labels: labels.default("posterior"),
    /** Share of the teacher's answers in the target; the rest is the true label. Left out: 1. */
    teacherShare: teacherShare.optional(),
    /** Time steps T of spiking teachers. Left out: those of each teacher's own model. */
    teacherSteps: teacherSteps.optional(),
    /** Share of the target spread evenly over all classes; teacher answers are not smoothed. Left out: 0. */
    labelSmoothing: z.number().min(0).max(0.9).optional(),
    /**
     * Share of a spiking network's loss computed per time step, the rest on the mean logits. 1: temporal efficient
     * training. Left out: 0.
     */
    stepLoss: stepLoss.optional(),
    /**
     * Penalises layers that fire often: `weight` times the squared excess of the rate over `target`, summed over
     * layers.
     */
    spikeRate: z
      .strictObject({
        /** Penalty in nats of a layer whose rate exceeds the target by 1. */
        weight: z.number().min(0).max(1e6).default(1),
        /** Rate without penalty, in spikes per neuron and time step. */
        target: z.number().min(0).max(1).default(0),
      })
      .optional(),
    /** Teacher network: a path relative to this file, or `bundled:NAME`. With several, their mean answer is learned. */
    teacher: z.union([checkpoint, z.array(checkpoint).min(1).max(16)]).optional(),
    /** How the teacher sees the images, as far as it differs from the task. Left out: as in the task. */
    teacherTask: z
      .strictObject({
        /** Overrides the task's. */
        patch: imageClassificationSpec.shape.patch.unwrap().exactOptional(),
        /** Overrides the task's. */
        shift: imageClassificationSpec.shape.shift.unwrap().exactOptional(),
        /** Overrides the task's. */
        readOut: imageClassificationSpec.shape.readOut.unwrap().exactOptional(),
        /** Overrides the task's; only a spiking teacher uses it. */
        coding: imageClassificationSpec.shape.coding.unwrap().exactOptional(),
        /** Overrides the task's. */
        pixelBits: imageClassificationSpec.shape.pixelBits.unwrap().exactOptional(),
        /** Overrides the task's. */
        thresholds: imageClassificationSpec.shape.thresholds.unwrap().exactOptional(),
        /** Overrides the task's. */
        remainderBits: imageClassificationSpec.shape.remainderBits.unwrap().exactOptional(),
      })
      .optional(),
    /**
     * Network to start from: a path relative to this file, or `bundled:NAME`. It may be smaller, or the ANN of a
     * spiking model (see `docs/training.md`). Left out: random parameters.
     */
    initial: checkpoint.optional(),
    /** Weight averaging (WiSE-FT): share of the initial network's weights in the result. Left out: 0. */
    initialShare: z.number().min(0).lt(1).optional(),
    /** Trains an ANN for few bits; becomes `model.quantization`. Left out: floating point. */
    quantization: quantizationSpec.optional(),
    /** Optimiser steps between validations. */
    validateEvery: z.int().min(1).max(10_000_000).default(250),
    /** Prompts of the fixed validation set; at most all validation images. */
    validationPrompts: z.int().min(1).max(1_000_000).default(1024),
    /** Stops a stage without weight noise after this many validations without a new best. 0: never. */
    patience: z.int().min(0).max(1_000_000).default(0),
    /** Seconds between checkpoints of the training state. */
    checkpointSeconds: z.number().positive().max(86400).default(60),
  })
  .refine((training) => training.batch >= training.shards, {
    ...onceValid,
    error: (issue) => explainShards(issue.input),
    path: ["shards"],
  })
  .refine((training) => training.teacher === undefined || isTaught(training).includes(true), {
    ...onceValid,
    error: "No stage learns from a teacher. Set labels to `teacher`, or leave it out.",
    path: ["teacher"],
  })
  .refine((training) => training.teacherShare === undefined || isTaught(training).includes(true), {
    ...onceValid,
    error: "No stage learns from a teacher, so the share has no effect. Set labels to `teacher`, or leave it out.",
    path: ["teacherShare"],
  })
  .refine((training) => training.teacherSteps === undefined || isTaught(training).includes(true), {
    ...onceValid,
    error:
      "No stage learns from a teacher, so its time steps have no effect. Set labels to `teacher`, or leave them out.",
    path: ["teacherSteps"],
  })
  .refine((training) => training.teacherTask === undefined || isTaught(training).includes(true), {
    ...onceValid,
    error:
      "No stage learns from a teacher, so this view of images has no effect. Set labels to `teacher`, or leave it out.",
    path: ["teacherTask"],
  })
  .refine(
    (training) => training.stages.every(({ teacherShare }, i) => teacherShare === undefined || isTaught(training)[i]),
    {
      ...onceValid,
      error:
        "A stage has a teacherShare, but does not learn from a teacher. Set its labels to `teacher`, or leave the share out.",
      path: ["stages"],
    },
  )
  .refine(
    (training) => training.stages.every(({ teacherSteps }, i) => teacherSteps === undefined || isTaught(training)[i]),
    {
      ...onceValid,
      error:
        "A stage has teacherSteps, but does not learn from a teacher. Set its labels to `teacher`, or leave the time steps out.",
      path: ["stages"],
    },
  );

/** For each stage, whether it learns from a teacher. */
const isTaught = ({ labels, stages }: { labels: Labels; stages: readonly { labels?: Labels | undefined }[] }) =>
  stages.map((stage) => (stage.labels ?? labels) === "teacher");

/** An issue's input is untyped; the check above runs on parsed values only. */
function explainShards(input: unknown): string {
  const { batch, shards } = input as { batch: number; shards: number };
  return `${shards} shards of a batch of ${batch} would leave some shards empty. Use at most ${batch} shards, or a batch of at least ${shards}.`;
}

export type StageSpec = z.infer<typeof stageSpec>;
export type TrainingSpec = z.infer<typeof trainingSpec>;
export type SpikeRateSpec = NonNullable<TrainingSpec["spikeRate"]>;

/** The steps of all stages. */
export const totalSteps = ({ stages }: TrainingSpec): number => stages.reduce((sum, { steps }) => sum + steps, 0);

/** The networks that `teacher` names, and the field that names each. */
export const teachersNamed = ({ teacher = [] }: TrainingSpec): { readonly path: string; readonly field: string }[] =>
  typeof teacher === "string"
    ? [{ path: teacher, field: "training.teacher" }]
    : teacher.map((path, i) => ({ path, field: `training.teacher[${i}]` }));
