/** What noise a training brings. Apart from the specs, whose checks a thread that only computes does not load. */
import type { StageSpec, TrainingSpec } from "./training.ts";

type Stages = Pick<TrainingSpec, "stages">;

/** A stage shows the network noise of devices: on its weights, or on what its crossbars put out. */
export const isHardwareAware = ({ stages }: Stages): boolean =>
  stages.some(
    ({ noise }) => noise.weights > 0 || noise.outputs > 0 || noise.devices !== undefined || isOfHardware(noise),
  );

/** A stage takes all of its noise from the hardware. */
export const takesHardware = ({ stages }: Stages): boolean => stages.some(({ noise }) => isOfHardware(noise));

const isOfHardware = ({ hardware }: StageSpec["noise"]): boolean => hardware === true;
