/** How a network is trained: stages run one after another, each with its own learning-rate schedule. */
import { z } from "zod";

export const stageSpec = z.strictObject({
  name: z.string().min(1).max(40).default("train"),
  /** Optimiser steps of this stage. */
  steps: z.int().min(1).max(10_000_000).default(4000),
  /** Peak learning rate, reached after `warmup` steps and then lowered along a cosine to `finalFraction` of it. */
  learningRate: z.number().positive().max(1).default(3e-3),
  warmup: z.int().min(0).max(1_000_000).default(200),
  finalFraction: z.number().min(0).max(1).default(0.02),
  /**
   * `sampled` draws attention bits as the hardware does; `expected` passes the probabilities on unsampled, which learns
   * faster and is meant for a first stage.
   */
  attention: z.enum(["sampled", "expected"]).default("sampled"),
  /** Forward-only noise that prepares the network for analog crossbars (hardware-aware training). */
  noise: z
    .strictObject({
      /** Standard deviation added to each weight, relative to the largest |w| of its layer; drawn once per step. */
      weights: z.number().min(0).max(1).default(0),
    })
    .prefault({}),
});

export const trainingSpec = z.strictObject({
  /** Prompts (or images) per optimiser step. */
  batch: z.int().min(1).max(65536).default(128),
  /**
   * Fixed number of micro-batches a step is cut into; gradients are summed in this order, so results do not depend on the
   * number of threads. BatchNorm statistics are taken over one shard.
   */
  shards: z.int().min(1).max(256).default(8),
  stages: z
    .array(stageSpec)
    .min(1)
    .max(16)
    .default([stageSpec.parse({})]),
  /** Decoupled weight decay of AdamW, on matrices only. */
  weightDecay: z.number().min(0).max(1).default(0.01),
  beta1: z.number().min(0).lt(1).default(0.9),
  beta2: z.number().min(0).lt(1).default(0.99),
  epsilon: z.number().positive().default(1e-8),
  /** Largest Euclidean norm of the whole gradient; larger ones are scaled down. */
  clipNorm: z.number().positive().default(1),
  /**
   * `symbols` trains on the symbols sent; `posterior` on their exact posterior given the channel, which the generator
   * knows: the same expected gradient with less variance.
   */
  labels: z.enum(["symbols", "posterior"]).default("posterior"),
  /** Optimiser steps between validations. */
  validateEvery: z.int().min(1).default(250),
  /** Prompts of the fixed validation set. */
  validationPrompts: z.int().min(1).max(1_000_000).default(1024),
  /** Stop a stage after this many validations without a new best; 0 never stops early. */
  patience: z.int().min(0).default(0),
  /** Seconds between checkpoints of the full training state. */
  checkpointSeconds: z.number().positive().default(60),
});

export type StageSpec = z.infer<typeof stageSpec>;
export type TrainingSpec = z.infer<typeof trainingSpec>;
