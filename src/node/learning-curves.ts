/** The learning curves in a run's folder: the output of `report/training.ts` for its metrics, as a table and a page. */
import { z } from "zod";
import type { Experiment } from "../experiment/experiment.ts";
import { metricsCsv, type TrainingMetric, trainingReport } from "../report/training.ts";
import { writeFilesTogether } from "./files.ts";
import { packageVersion } from "./version.ts";

/** File names. The page is not `report.html`, which `run` may write into the same folder. */
export const CURVE_FILES = { table: "metrics.csv", curves: "curves.html" } as const;

const metricSpec = z.object({
  step: z.number(),
  stage: z.string(),
  loss: z.number(),
  learningRate: z.number(),
  gradientNorm: z.number(),
  validation: z
    .object({
      loss: z.number(),
      best: z.boolean(),
      bitErrorRate: z.number().exactOptional(),
      errorRate: z.number().exactOptional(),
      squaredError: z.number().exactOptional(),
    })
    .optional(),
  seconds: z.number(),
}) satisfies z.ZodType<TrainingMetric>;

/** The metrics of lines; those edited into something else are skipped. */
export const parseMetrics = (lines: readonly string[]): TrainingMetric[] =>
  lines.flatMap((line) => metricSpec.safeParse(JSON.parse(line)).data ?? []);

/**
 * Writes both files from the lines of the metrics, replacing existing ones. Keeps existing files if there are no lines, because nothing
 * has been measured yet or the metrics were removed. `build` names the builds that
 * trained. The caller holds the folder.
 * Throws  FileError when they cannot be written
 */
export async function writeLearningCurves(
  folder: string,
  experiment: Experiment,
  lines: readonly string[],
  command: string,
  build: string,
): Promise<void> {
  const metrics = parseMetrics(lines);
  if (metrics.length === 0) return;
  // The drawing packages take longer to load than all of this one.
  const { reportHtml } = await import("../report/html.ts");
  const report = trainingReport({ experiment, metrics, command, versions: { xpikeformer: packageVersion(), build } });
  await writeFilesTogether(folder, {
    [CURVE_FILES.table]: metricsCsv(metrics, experiment),
    [CURVE_FILES.curves]: reportHtml(report),
  });
}
