/**
 * The second job: error rates (of bits, or of images) over the age of the chips, or over one field of the experiment, with everything random the same
 * for all of them, so that differences are precise.
 */
import type { ImageData } from "./data/images.ts";
import { type Condition, runStudy, type StudyOptions } from "./evaluation/study.ts";
import type { Network } from "./model/network.ts";
import { type DriftCurve, driftReport } from "./report/drift.ts";
import type { Report } from "./report/report.ts";
import { ratesOf, type StudyRole } from "./report/study.ts";
import { type SweepCurve, sweepReport } from "./report/sweep.ts";
import { asDescribed, deviceNotes, tooFewImages } from "./runs/common.ts";
import { type CompensationSpec, compensationSpec } from "./spec/compensation.ts";
import type { Duration } from "./spec/duration.ts";
import type { Experiment } from "./spec/experiment.ts";
import type { SpikingSpec } from "./spec/model.ts";
import { STEPS_FIELD, type Sweep } from "./spec/sweep.ts";
import { isHardwareAware } from "./spec/training.ts";
import type { Executor } from "./threads/executor.ts";

export interface EvaluatedNetworks {
  /** After hardware-aware training, as a rule. */
  readonly network: Network;
  /** After conventional training alone; its curves are left out when absent. */
  readonly conventional?: Network;
}

export interface EvaluationOptions {
  readonly executor: Executor;
  /** For a task that classifies images: the test part is used, and some training images to calibrate converters. */
  readonly images?: ImageData | null;
  /** Default: those of the experiment. */
  readonly chips?: number;
  readonly prompts?: number;
  /** Reads of each chip; from two on, their spread is told apart from that of chips. Default 1. */
  readonly reads?: number;
  /** Makes the report again. */
  readonly command: string;
  readonly versions: Readonly<Record<string, string>>;
  /** What the caller wants noted, such as a missing checkpoint. */
  readonly notes?: readonly string[];
  /** `network` was trained with the noise of devices; the report says so of no other. Default: what the experiment's training says. */
  readonly hardwareAware?: boolean;
  /** `done` of `total` prompts, counted once for every chip, read and condition. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Error rate at each age, for each network, with and without drift compensation (the experiment's; one factor per crossbar where it
 * has none).
 *
 * Random   as `runStudy`
 * Throws   SpecError when a network does not fit the experiment; MappingError when it cannot be mapped; ValueError when nothing is known
 *          of the devices at an age
 */
export async function evaluateDrift(
  experiment: Experiment,
  networks: EvaluatedNetworks,
  ages: readonly Duration[],
  options: EvaluationOptions,
): Promise<Report> {
  const sorted = [...ages].sort((a, b) => a.seconds - b.seconds);
  const compensation = compensationOf(experiment);
  const curves = rolesOf(networks).flatMap((role) => [true, false].map((compensated) => ({ role, compensated })));
  const conditions = curves.flatMap(({ role, compensated }) =>
    sorted.map(({ seconds }): Condition => {
      const applied = compensated ? compensation : { ...compensation, scope: "none" as const };
      return { network: role, hardware: { ...experiment.hardware, readTime: seconds, compensation: applied } };
    }),
  );
  const { results, ...run } = await study(experiment, networks, conditions, options);
  const measured = curves.map((curve, i): DriftCurve => {
    const own = results.slice(i * sorted.length, (i + 1) * sorted.length);
    const rates = own.map(({ wrongBits }) => ratesOf(wrongBits[0], experiment));
    return { ...curve, rates, clippedShares: own.map(({ clippedShares }) => clippedShares) };
  });
  return driftReport({ ...run, ages: sorted, curves: measured, compensation });
}

const compensationOf = ({ hardware: { compensation } }: Experiment): CompensationSpec =>
  compensation.scope === "none" ? compensationSpec.parse({ scope: "crossbar" }) : compensation;

/**
 * Error rate at each value of the sweep, for each network; at each of `ages`, or with none at the experiment's own `readTime`.
 *
 * Random, throws as `evaluateDrift`
 */
export async function evaluateSweep(
  experiment: Experiment,
  networks: EvaluatedNetworks,
  sweep: Sweep,
  ages: readonly Duration[],
  options: EvaluationOptions,
): Promise<Report> {
  const { field, points } = sweep;
  const overSteps = field === STEPS_FIELD;
  const stepsOf = (of: Experiment) => (of.model as SpikingSpec).steps;
  const steps = overSteps ? points.map(({ experiment }) => stepsOf(experiment)) : undefined;
  // One run of the most steps answers for all shorter ones.
  const longest = steps
    ? { ...experiment, model: { ...experiment.model, steps: Math.max(...steps) } as SpikingSpec }
    : experiment;
  const machines = overSteps ? [experiment.hardware] : points.map(({ experiment }) => experiment.hardware);
  const curves = rolesOf(networks).flatMap((role) => (ages.length > 0 ? ages : [null]).map((age) => ({ role, age })));
  const conditions = curves.flatMap(({ role, age }) =>
    machines.map((hardware): Condition => {
      return { network: role, hardware: age ? { ...hardware, readTime: age.seconds } : hardware };
    }),
  );
  const { results, ...run } = await study(longest, networks, conditions, options, steps);
  const measured = curves.map((curve, i): SweepCurve => {
    const own = results.slice(i * machines.length, (i + 1) * machines.length);
    return { ...curve, rates: own.flatMap(({ wrongBits }) => wrongBits).map((sample) => ratesOf(sample, experiment)) };
  });
  const same = points.findIndex(({ experiment: { model, hardware } }) =>
    overSteps
      ? JSON.stringify(model) === JSON.stringify(experiment.model)
      : JSON.stringify(hardware) === JSON.stringify(experiment.hardware),
  );
  return sweepReport({
    ...run,
    field: field.replace(/^(hardware|model)\./, ""),
    values: points.map(({ value }) => value),
    base: same < 0 ? points.length - 1 : same,
    curves: measured,
  });
}

const rolesOf = ({ conventional }: EvaluatedNetworks): StudyRole[] => (conventional ? ["hwat", "ct"] : ["hwat"]);

async function study(
  experiment: Experiment,
  { network, conventional }: EvaluatedNetworks,
  conditions: readonly Condition[],
  options: EvaluationOptions,
  steps?: readonly number[],
) {
  const { executor, command, versions, onProgress, images = null } = options;
  const { chips = experiment.hardware.chips, prompts: asked = experiment.evaluation.prompts, reads = 1 } = options;
  const notes = [...(options.notes ?? [])];
  const prompts = Math.min(asked, images?.test.count ?? asked);
  if (prompts < asked) notes.push(tooFewImages("prompts", asked, images!));
  const described: Partial<Record<StudyRole, Network<SpikingSpec>>> = { hwat: asDescribed(experiment, network, notes) };
  if (conventional) described.ct = asDescribed(experiment, conventional, notes, "checkpoints.conventional");
  notes.push(...deviceNotes(experiment.hardware));
  if (executor.threads === 1) notes.push("Computed on one thread. Results do not depend on it; the time does.");
  const total = conditions.length * chips * reads * prompts;
  let done = 0;
  const onPrompts = (count: number) => {
    done += count;
    onProgress?.(done, total);
  };
  const size: StudyOptions = { chips, reads, prompts, images, onPrompts, ...(steps ? { steps } : {}) };
  const results = await runStudy(
    executor,
    experiment,
    described as Record<string, Network<SpikingSpec>>,
    conditions,
    size,
  );
  const ran = {
    ...experiment,
    hardware: { ...experiment.hardware, chips },
    evaluation: { ...experiment.evaluation, prompts },
  };
  const hardwareAware = options.hardwareAware ?? isHardwareAware(experiment.training);
  return {
    experiment: ran,
    command,
    versions,
    notes: [...new Set(notes)],
    hardwareAware,
    chips,
    reads,
    prompts,
    results,
  };
}
