/** A run for a time series: networks and chips predict the same test windows. */
import type { SpikingSpec } from "../experiment/model.ts";
import type { TimeSeriesSpec } from "../experiment/task.ts";
import type { Mapping } from "../mapping/mapping.ts";
import type { Network } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import type { Report } from "../report/report.ts";
import { type Predictions, SERIES_NETWORKS, timeSeriesReport } from "../report/time-series.ts";
import { simulateFast } from "../simulation/fast/simulate.ts";
import type { SpikeTrain } from "../spike/train.ts";
import type { Opened } from "../task/open.ts";
import { runParts } from "./classification.ts";
import { firstChip, runRaster } from "./first-chip.ts";
import type { RunNetworks, RunOptions } from "./prepare.ts";

/** Test windows in the report. */
const EXAMPLES = 40;

/** Random, throws  as `runParts` */
export const runTimeSeries = async (
  asked: Opened<TimeSeriesSpec>,
  networks: RunNetworks,
  options: RunOptions,
): Promise<Report> => timeSeriesReport(await runParts(asked, networks, options, SERIES_NETWORKS, predict));

/** The first test windows on the first chip: spikes of the first, the first number of each answer. */
function predict(
  given: Opened<TimeSeriesSpec>,
  network: Network<SpikingSpec>,
  mapping: Mapping,
): { rasters: Record<string, SpikeTrain>; predictions: Predictions } {
  const { mean, deviation, test } = given.data;
  const { chip, task, random } = firstChip(given, network, mapping);
  const batch = task.draw(Math.min(EXAMPLES, test.count), stream(given.experiment.seed).fork("evaluation"), {
    values: false,
  });
  const { logits } = simulateFast(chip, batch.spikes!, random.fork("run"));
  const firsts = (values: ArrayLike<number>) =>
    Array.from({ length: batch.prompts }, (_, k) => mean + deviation * values[k * given.experiment.task.outputs]);
  return {
    rasters: runRaster(given, network, mapping),
    predictions: { series: firsts(batch.labels), chip: firsts(logits) },
  };
}
