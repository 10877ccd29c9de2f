/** Error rates over the age of the chips, with everything random the same at all ages, so that differences are precise. */
import { compensatedHardware } from "../evaluation/ageing.ts";
import type { Condition } from "../evaluation/shared-chip.ts";
import type { Duration } from "../experiment/duration.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { HardwareSpec } from "../experiment/hardware.ts";
import { type DriftCurve, driftReport } from "../report/drift.ts";
import type { Report } from "../report/report.ts";
import { ratesOf } from "../report/study.ts";
import { type Openable, opened } from "../task/open.ts";
import { type EvaluatedNetworks, type EvaluationOptions, rolesOf, studyNetworks } from "./study.ts";

/**
 * Error rate at each age, for each network, with and without drift compensation (the experiment's, or one factor per crossbar if it has
 * none).
 *
 * Random   as `runStudy`
 * Throws   SpecError when a network does not fit the experiment; MappingError when it cannot be mapped; ValueError when nothing is known
 *          of the devices at an age
 */
export async function evaluateDrift(
  subject: Openable,
  networks: EvaluatedNetworks,
  ages: readonly Duration[],
  options: EvaluationOptions,
): Promise<Report> {
  const given = opened(subject);
  const { experiment } = given;
  const sorted = [...ages].sort((a, b) => a.seconds - b.seconds);
  const { compensation } = compensatedHardware(experiment.hardware, true);
  const curves = rolesOf(networks).flatMap((role) => [true, false].map((compensated) => ({ role, compensated })));
  const conditions = curves.flatMap(({ role, compensated }) =>
    sorted.map(
      ({ seconds }): Condition => ({ network: role, hardware: agedHardware(experiment, seconds, compensated) }),
    ),
  );
  const { results, ...run } = await studyNetworks(given, networks, conditions, options);
  const measured = curves.map((curve, i): DriftCurve => {
    const own = results.slice(i * sorted.length, (i + 1) * sorted.length);
    const rates = own.map(({ wrong }) => ratesOf(wrong[0], experiment));
    return {
      ...curve,
      rates,
      clippedShares: own.map(({ clippedShares }) => clippedShares),
      registers: own.map(({ registers }) => registers),
    };
  });
  return driftReport({ ...run, ages: sorted, curves: measured, compensation });
}

/** The experiment's hardware, read at an age in seconds, with drift compensation (`compensatedHardware`) or without any. */
export function agedHardware(experiment: Experiment, readTime: number, compensated: boolean): HardwareSpec {
  return { ...compensatedHardware(experiment.hardware, compensated), readTime };
}
