/**
 * What a person writes down: one JSON document that names the task, the network, the machine, the training and the
 * evaluation. Everything has a default, so an experiment can be as short as `{}`. `parse.ts` turns text into an
 * `Experiment` and explains what is wrong; the comments here also become the descriptions in the JSON Schema
 * (`schema.ts`). The mapping, not this file, decides what may be combined on hardware.
 */
import { z } from "zod";
import { codedSpec } from "./coded.ts";
import { hardwareSpec } from "./hardware.ts";
import { type ModelSpec, modelSpec, type QuantizationSpec } from "./model.ts";
import { onceValid } from "./once-valid.ts";
import { type TaskSpec, taskSpec } from "./task.ts";
import { type StageSpec, type TrainingSpec, trainingSpec } from "./training.ts";

export const evaluationSpec = z.strictObject({
  /**
   * Prompts (or images) per point. 4096 prompts of 4 bits give a standard error of about 0.002 at a bit error rate of
   * 0.06.
   */
  prompts: z.int().min(1).max(10_000_000).default(4096),
  /** Prompts per point of the curves over SNR and over time steps. */
  curvePrompts: z.int().min(1).max(10_000_000).default(1024),
  /** Chips used for the curve over SNR, counted from the first. `null`: all. */
  curveChips: z.int().min(1).max(10_000).nullable().default(null),
  /** Signal-to-noise ratios of the curves, dB. */
  snrDecibels: z.array(z.number().min(-50).max(100)).max(64).default([0, 5, 10, 15, 20, 25, 30]),
  /** Time steps at which the error rate is measured. */
  steps: z.array(z.int().min(1).max(64)).max(64).default([1, 2, 3, 4, 6, 8]),
  /**
   * Also reports chips that answer at the first time step where the largest mean logit leads the second by this margin
   * (for read-out `bits`, where every logit is this far from 0). Needs `hardware.order` `step-major`. Left out: all
   * steps run, as in the paper.
   */
  exitMargin: z.number().positive().max(1e6).optional(),
  /**
   * Also reports what soft bits are worth to a decoder at each of `snrDecibels`: mutual information and calibration error of
   * receivers, networks and chips. Only for links. Left out: errors alone.
   */
  softBits: z
    .strictObject({
      /**
       * What each chip fits to its soft bits, on prompts that no figure uses: `scale` one factor, `table` a factor for each
       * of `snrDecibels`.
       */
      fit: z.enum(["none", "scale", "table"]).default("table"),
      /** Prompts per factor that a chip fits. */
      prompts: z.int().min(1).max(1_000_000).default(512),
    })
    .optional(),
  /**
   * Also sends coded blocks over slots, and reports block error rates of all detectors. Left out: uncoded errors alone.
   */
  coded: codedSpec.optional(),
  /**
   * Largest share by which the chips' error rate may exceed a rival's and still count as equal. Equality is claimed only
   * if the whole 95 % interval of the difference is within it.
   */
  equalityMargin: z.number().min(0).max(1).default(0.05),
});

export const experimentSpec = z
  .strictObject({
    /** For editors only; ignored. */
    $schema: z.string().optional(),
    /** Title of the report. */
    name: z.string().min(1).max(80).default("experiment"),
    /** Seed of every random stream of the run. */
    seed: z.int().min(0).default(1),
    /** The data: what a prompt contains and what to predict. */
    task: taskSpec.prefault({}),
    /** The network's architecture. */
    model: modelSpec.prefault({}),
    /** The machine that runs the network. */
    hardware: hardwareSpec.prefault({}),
    /** How the network learns. */
    training: trainingSpec.prefault({}),
    /** What is measured. */
    evaluation: evaluationSpec.prefault({}),
    /** Trained networks: paths relative to this file, or `bundled:NAME`. */
    checkpoints: z
      .strictObject({
        /** The network that runs on the simulated hardware. */
        network: z.string().min(1).max(4096).optional(),
        /** The same network after conventional training only; `xpike eval` shows how drift affects it. */
        conventional: z.string().min(1).max(4096).optional(),
        /** The conventional transformer, for comparison. */
        ann: z.string().min(1).max(4096).optional(),
        /** The digital spiking transformer with LIF attention, for comparison. */
        spiking: z.string().min(1).max(4096).optional(),
      })
      .prefault({}),
  })
  .refine(({ model, training }) => training.quantization === undefined || model.kind === "ann", {
    ...onceValid,
    error:
      'Only ANNs are trained for few bits; the spikes of a spiking network have one. Leave it out, or set model.kind to "ann".',
    path: ["training", "quantization"],
  })
  .refine(({ model, training: { quantization } }) => !quantization || isSame(model, quantization), {
    ...onceValid,
    error:
      "model.quantization has other widths than training.quantization, which decides. Leave model.quantization out.",
    path: ["model", "quantization"],
  })
  .refine(({ model, training }) => !isQuantised(model, training) || !training.stages.some(hasNoise), {
    ...onceValid,
    error:
      "A network with few bits is trained without noise on its weights. Leave out the noise of training.stages, or the quantization.",
    path: ["training", "quantization"],
  });

const isSame = (model: ModelSpec, { weights, activations }: QuantizationSpec): boolean =>
  model.kind !== "ann" ||
  model.quantization === undefined ||
  (model.quantization.weights === weights && model.quantization.activations === activations);

const isQuantised = (model: ModelSpec, training: TrainingSpec): boolean =>
  training.quantization !== undefined || (model.kind === "ann" && model.quantization !== undefined);

const hasNoise = ({ noise }: StageSpec): boolean =>
  noise.weights > 0 || noise.dropConnect > 0 || noise.devices !== undefined || noise.hardware === true;

export type EvaluationSpec = z.infer<typeof evaluationSpec>;
/** An experiment, of any task and model or of one kind of each. */
export type Experiment<T extends TaskSpec = TaskSpec, M extends ModelSpec = ModelSpec> = Omit<
  z.infer<typeof experimentSpec>,
  "task" | "model"
> & {
  readonly task: T;
  readonly model: M;
};

/** An experiment as written down: every field may be left out. */
export type ExperimentDocument = z.input<typeof experimentSpec>;

/** What a document becomes: its kinds of task and model, as far as they can be seen in its type. A preset's cannot. */
export type ExperimentOf<D> = "preset" extends keyof D
  ? Experiment
  : Experiment<
      Extract<TaskSpec, { kind: KindOf<FieldOf<D, "task", object>, "symbol-detection"> }>,
      Extract<ModelSpec, { kind: KindOf<FieldOf<D, "model", object>, "spiking"> }>
    >;

/** The kind that a document's field names, or the default where it names none. */
export type KindOf<S, Default> = S extends unknown ? FieldOf<S, "kind", Default> : never;
/** What a document says at `F`, with the default where it may say nothing. */
export type FieldOf<S, F extends PropertyKey, Default> = F extends keyof S
  ? Exclude<S[F], undefined> | (undefined extends S[F] ? Default : never)
  : Default;
