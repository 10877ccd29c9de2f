/** How a network is trained: stages run one after another, each with its own learning-rate schedule. */
import { z } from "zod";
import { onceValid } from "./once-valid.ts";
import { imageClassificationSpec } from "./task.ts";

const labels = z.enum(["symbols", "posterior", "teacher"]);
type Labels = z.infer<typeof labels>;
const stepLoss = z.number().min(0).max(1);
const teacherShare = z.number().min(0).max(1);
/** Where a network is. */
const checkpoint = z.string().max(4096);
const optimiser = z.enum(["adamw", "muon"]);

/** What the devices of the experiment's hardware do to weights. */
const deviceNoiseSpec = z
  .strictObject({
    /** Youngest age at which a chip is read, seconds after programming. Each step's chip has an age, uniform in its logarithm. */
    youngest: z.number().min(1e-3).max(1e10).default(1),
    /** Oldest age. The same as the youngest: always that age. */
    oldest: z.number().min(1e-3).max(1e10).default(1),
  })
  .refine(({ youngest, oldest }) => youngest <= oldest, {
    ...onceValid,
    error: "The oldest age is below the youngest. Swap them, or set both to one age.",
    path: ["oldest"],
  });

export const stageSpec = z.strictObject({
  /** Shown in the log. */
  name: z.string().min(1).max(40).default("train"),
  /** Optimiser steps of this stage. */
  steps: z.int().min(1).max(10_000_000).default(4000),
  /** Peak learning rate, reached after `warmup` steps and then lowered along a cosine to `finalFraction` of it. */
  learningRate: z.number().positive().max(1).default(3e-3),
  /** Steps over which the learning rate rises from 0 to its peak. */
  warmup: z.int().min(0).max(1_000_000).default(200),
  /** Learning rate at the end of the stage, as a fraction of the peak. */
  finalFraction: z.number().min(0).max(1).default(0.02),
  /**
   * `sampled` draws attention bits as the hardware does; `expected` passes the probabilities on unsampled, which learns
   * faster and is meant for a first stage.
   */
  attention: z.enum(["sampled", "expected"]).default("sampled"),
  /** Time steps T of a spiking network in this stage, instead of the model's: few steps first train faster. */
  timeSteps: z.int().min(1).max(64).optional(),
  /**
   * Blocks of the network in this stage, at most the model's: few blocks first train faster. Where the next stage has more, they are
   * repeated, and a copy adds nothing until it has learned to. Left out: the model's.
   */
  depth: z.int().min(1).max(64).optional(),
  /**
   * Copies of every query in the prompts of this stage, the loss being that of their mean; `task.queryCopies` is for answers. Left out:
   * one.
   */
  queryCopies: z.int().min(1).max(256).optional(),
  /** Instead of the optimiser of the whole training. */
  optimiser: optimiser.optional(),
  /** Instead of the labels of the whole training. */
  labels: labels.optional(),
  /** Instead of the share of the whole training. */
  teacherShare: teacherShare.optional(),
  /** Instead of the share of the whole training. */
  stepLoss: stepLoss.optional(),
  /** Forward-only noise that prepares the network for analog crossbars (hardware-aware training). */
  noise: z
    .strictObject({
      /**
       * Standard deviation added to each weight, relative to the largest |w| of its layer, or of its column where
       * `hardware.crossbar.scaling` is `column`; drawn once per step.
       */
      weights: z.number().min(0).max(1).default(0),
      /**
       * Standard deviation added to each pre-activation of a spiking network, as converters do, relative to what its column
       * varies by (BatchNorm's running deviation; the threshold where there is none); drawn for every row. The head has none.
       */
      outputs: z.number().min(0).max(1).default(0),
      /**
       * Weights as devices of `hardware.crossbar` hold them: in levels, with the mean and spread that their statistics give each
       * level at some age, compensated for drift as the hardware is, and with its share of stuck devices; drawn once per step. Takes
       * the place of `weights`.
       */
      devices: deviceNoiseSpec.optional(),
      /**
       * All of it as the experiment's `hardware` has it: devices at any age from a second to `hardware.readTime`, and converters, whose
       * offsets (what trims leave of them) and gains are drawn once per step, and whose noise and rounding for every row. What a code
       * step is worth is measured on the network, column by column, at the start of the stage and at each validation. Takes the place of
       * `weights`, `outputs` and `devices`. Wires are left out.
       */
      hardware: z.boolean().optional(),
      /** Share of weights that are 0 in a step's forward and backward pass (drop-connect). */
      dropConnect: z.number().min(0).max(0.9).default(0),
    })
    .refine(({ weights, devices }) => weights === 0 || devices === undefined, {
      ...onceValid,
      error: "Devices bring noise of their own. Leave out noise.weights or noise.devices.",
      path: ["weights"],
    })
    .refine((noise) => noise.hardware !== true || (noise.weights === 0 && noise.outputs === 0 && !noise.devices), {
      ...onceValid,
      error:
        "The hardware brings all noise of its own. Leave out noise.weights, noise.outputs and noise.devices, or noise.hardware.",
      path: ["hardware"],
    })
    .prefault({}),
  /**
   * Weights are clipped to so many root mean squares of their column after every step: a few large weights would leave the others
   * few levels.
   */
  clipWeights: z.number().min(0.5).max(100).optional(),
});

export const trainingSpec = z
  .strictObject({
    /** Prompts (or images) per optimiser step. */
    batch: z.int().min(1).max(65536).default(128),
    /**
     * Fixed number of micro-batches a step is cut into; gradients are summed in this order, so results do not depend on the
     * number of threads. BatchNorm statistics are taken over one shard.
     */
    shards: z.int().min(1).max(256).default(8),
    /** Run one after another; each goes on from the network of the one before. */
    stages: z
      .array(stageSpec)
      .min(1)
      .max(16)
      .default([stageSpec.parse({})]),
    /**
     * `adamw`, or `muon`: the weights of all layers but the head step along their momentum made orthogonal, everything else by AdamW
     * with the same learning rate.
     */
    optimiser: optimiser.default("adamw"),
    /** Decoupled weight decay, on matrices only. */
    weightDecay: z.number().min(0).max(1).default(0.01),
    /** Decay of AdamW's running mean of the gradient. */
    beta1: z.number().min(0).lt(1).default(0.9),
    /** Decay of AdamW's running mean of the squared gradient. */
    beta2: z.number().min(0).lt(1).default(0.99),
    /** Added to AdamW's denominator. */
    epsilon: z.number().positive().max(1).default(1e-8),
    /** Largest Euclidean norm of the whole gradient; larger ones are scaled down. */
    clipNorm: z.number().positive().max(1e9).default(1),
    /**
     * What a prediction is compared with. `symbols`: the symbols sent. `posterior`: their exact posterior given the channel,
     * which the generator knows: the same expected gradient with less variance; of an image no more is known than its class. `teacher`: the
     * answers of the networks in `teacher`, who know no more than the prompt tells (distillation): less variance still, as far as the
     * teacher is right.
     */
    labels: labels.default("posterior"),
    /**
     * Share of the target that a teacher's answers are where labels are `teacher`; the rest is what was sent, or the class of the image.
     * Left out: all of it.
     */
    teacherShare: teacherShare.optional(),
    /** Share of what labels say that is spread evenly over all classes; a teacher's answers are left alone. Left out: none. */
    labelSmoothing: z.number().min(0).max(0.9).optional(),
    /**
     * Share of a spiking network's loss that is taken at each time step, on that step's own logits, and then averaged; the rest is
     * taken on the logits averaged over steps. 1 is temporal efficient training. Left out: none.
     */
    stepLoss: stepLoss.optional(),
    /**
     * Adds a penalty on layers of a spiking network that fire often: `weight` times the square of what a layer's rate has above
     * `target`, summed over its layers of LIF neurons. Left out: none.
     */
    spikeRate: z
      .strictObject({
        /** Nats that a layer costs whose rate is 1 above the target; at the default, 0.01 where it is 0.1 above. */
        weight: z.number().min(0).max(1e6).default(1),
        /** Rate that costs nothing, spikes a neuron and time step. At 0, the default, every spike costs. */
        target: z.number().min(0).max(1).default(0),
      })
      .optional(),
    /**
     * Checkpoint of the network that is asked where labels are `teacher`: a path relative to this file, or `bundled:NAME`. Of several
     * networks, the mean of their answers is learned.
     */
    teacher: z.union([checkpoint, z.array(checkpoint).min(1).max(16)]).optional(),
    /**
     * How the teacher sees the images, as far as it differs from the task: so a network behind a stem, which reads pixels, can teach one
     * that reads patches. They are the same images, moved and mirrored alike. Left out: as the task has it.
     */
    teacherTask: z
      .strictObject({
        /** Instead of the task's. */
        patch: imageClassificationSpec.shape.patch.unwrap().exactOptional(),
        /** Instead of the task's. */
        shift: imageClassificationSpec.shape.shift.unwrap().exactOptional(),
        /** Instead of the task's. */
        readOut: imageClassificationSpec.shape.readOut.unwrap().exactOptional(),
        /** Instead of the task's; only a spiking teacher reads lines. */
        coding: imageClassificationSpec.shape.coding.unwrap().exactOptional(),
        /** Instead of the task's. */
        pixelBits: imageClassificationSpec.shape.pixelBits.unwrap().exactOptional(),
        /** Instead of the task's. */
        thresholds: imageClassificationSpec.shape.thresholds.unwrap().exactOptional(),
        /** Instead of the task's. */
        remainderBits: imageClassificationSpec.shape.remainderBits.unwrap().exactOptional(),
      })
      .optional(),
    /**
     * Checkpoint to start from, of the same model, of one with fewer blocks, whose new blocks then add nothing at first, of a spiking one
     * with fewer channels in its stem, which are copied with neurons at other levels, or that reads fewer of a pixel's bits, whose others
     * weigh nothing at first, or of an ANN of a spiking model's sizes, whose weights it takes: a path relative to this file, or
     * `bundled:NAME`; fresh parameters when left out.
     */
    initial: checkpoint.optional(),
    /**
     * Share that the network which training started from has in the one that comes out: after the last stage each weight is the mean of
     * what it was and what it became. Left out: none.
     */
    initialShare: z.number().min(0).lt(1).optional(),
    /** Optimiser steps between validations. */
    validateEvery: z.int().min(1).max(10_000_000).default(250),
    /** Prompts of the fixed validation set; all validation images where there are fewer. */
    validationPrompts: z.int().min(1).max(1_000_000).default(1024),
    /** Stop a stage without noise on weights after this many validations without a new best; 0 never stops early. */
    patience: z.int().min(0).max(1_000_000).default(0),
    /** Seconds between checkpoints of the full training state. */
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
    error:
      "No stage learns from a teacher, whose answers would have this share. Set labels to `teacher`, or leave it out.",
    path: ["teacherShare"],
  })
  .refine((training) => training.teacherTask === undefined || isTaught(training).includes(true), {
    ...onceValid,
    error: "No stage learns from a teacher, who would see images so. Set labels to `teacher`, or leave it out.",
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
  );

/** Of each stage, whether it learns from a teacher. */
const isTaught = ({ labels, stages }: { labels: Labels; stages: readonly { labels?: Labels | undefined }[] }) =>
  stages.map((stage) => (stage.labels ?? labels) === "teacher");

/** An issue's input is untyped; the check above runs on parsed values only. */
function explainShards(input: unknown): string {
  const { batch, shards } = input as { batch: number; shards: number };
  return `${shards} shards of a batch of ${batch} would leave some empty. Use at most ${batch} shards, or a batch of at least ${shards}.`;
}

export type StageSpec = z.infer<typeof stageSpec>;
export type TrainingSpec = z.infer<typeof trainingSpec>;
export type SpikeRateSpec = NonNullable<TrainingSpec["spikeRate"]>;

/** The networks that `teacher` names, and the field that names each. */
export const teachersNamed = ({ teacher = [] }: TrainingSpec): { readonly path: string; readonly field: string }[] =>
  typeof teacher === "string"
    ? [{ path: teacher, field: "training.teacher" }]
    : teacher.map((path, i) => ({ path, field: `training.teacher[${i}]` }));
