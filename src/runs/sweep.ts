/** Error rates over one field of the experiment, with everything random the same for all values, so that differences are precise. */
import type { Condition } from "../evaluation/shared-chip.ts";
import type { Duration } from "../experiment/duration.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import { requireOneAge, STEPS_FIELD, type Sweep } from "../experiment/sweep.ts";
import type { Report } from "../report/report.ts";
import { ratesOf } from "../report/study.ts";
import { type SweepCurve, sweepReport } from "../report/sweep.ts";
import { type Openable, opened } from "../task/open.ts";
import { type EvaluatedNetworks, type EvaluationOptions, rolesOf, studyNetworks } from "./study.ts";

/**
 * Error rate at each value of the sweep, for each network; at each of `ages`, or with none at the experiment's own `readTime`.
 *
 * Random   as `runStudy`
 * Throws   as `evaluateDrift`, and SpecError for ages together with a sweep of `readTime`
 */
export async function evaluateSweep(
  subject: Openable,
  networks: EvaluatedNetworks,
  sweep: Sweep,
  ages: readonly Duration[],
  options: EvaluationOptions,
): Promise<Report> {
  requireOneAge(sweep, ages);
  const given = opened(subject);
  const { experiment } = given;
  const { field, points } = sweep;
  const overSteps = field === STEPS_FIELD;
  const stepsOf = (of: Experiment) => (of.model as SpikingSpec).steps;
  const steps = overSteps ? points.map(({ experiment }) => stepsOf(experiment)) : undefined;
  // One run of the most steps covers all shorter ones.
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
  const { results, ...run } = await studyNetworks(
    { ...given, experiment: longest },
    networks,
    conditions,
    options,
    steps,
  );
  const measured = curves.map((curve, i): SweepCurve => {
    const own = results.slice(i * machines.length, (i + 1) * machines.length);
    return {
      ...curve,
      rates: own.flatMap(({ wrong }) => wrong).map((sample) => ratesOf(sample, experiment)),
      registers: own.map(({ registers }) => registers),
    };
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
