/** Recreates the first evaluated chip, for views of its interior in the report and for the RTL of its engine. */
import { CALIBRATION_DRAW, CALIBRATION_PROMPTS } from "../evaluation/calibration-prompts.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import type { TaskSpec } from "../experiment/task.ts";
import type { Mapping } from "../mapping/mapping.ts";
import { foldNetwork } from "../model/fold.ts";
import type { Network } from "../model/network.ts";
import { type Stream, stream } from "../numeric/stream.ts";
import { type Chip, programChip } from "../simulation/chip.ts";
import { calibrateFast, simulateFast } from "../simulation/fast/simulate.ts";
import type { SpikeTrain } from "../spike/train.ts";
import type { TaskOf } from "../task/catalogue.ts";
import { createTask } from "../task/create.ts";
import type { Given } from "../task/open.ts";

/** The first chip, programmed and calibrated as `evaluateChips` does, with the experiment's task and the chip's own stream. */
export function firstChip<T extends TaskSpec>(
  { experiment, data }: Given<T>,
  network: Network<SpikingSpec>,
  mapping: Mapping,
): { chip: Chip; task: TaskOf<T>; random: Stream } {
  const task = createTask({ task: experiment.task, model: network.model }, data);
  const root = stream(experiment.seed);
  const random = root.fork("chip", 0);
  const fresh = programChip(foldNetwork(network), mapping, experiment.hardware, random);
  const calibration = task.draw(CALIBRATION_PROMPTS, root.fork("calibration"), CALIBRATION_DRAW);
  return { chip: calibrateFast(fresh, calibration.spikes!, random.fork("calibration")), task, random };
}

/** Spikes of the first evaluation prompt on the first chip. */
export function runRaster(given: Given, network: Network<SpikingSpec>, mapping: Mapping): Record<string, SpikeTrain> {
  const { chip, task, random } = firstChip(given, network, mapping);
  const { spikes } = task.draw(1, stream(given.experiment.seed).fork("evaluation"), { values: false });
  return { ...simulateFast(chip, spikes!, random.fork("run"), { rasters: 1 }).rasters };
}
