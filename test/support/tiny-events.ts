/**
 * Recordings small enough to write by hand: an event in one of four corners of a sensor of 3 x 3 pixels, in the second of two frames.
 */
import { addEvent, type EventData, type EventSet, emptyEventSet } from "../../src/data/events.ts";
import type { Experiment } from "../../src/experiment/experiment.ts";
import { parseExperiment } from "../../src/experiment/parse.ts";
import type { EventClassificationSpec } from "../../src/experiment/task.ts";

export const TINY_SENSOR = { height: 3, width: 3, frames: 2, frameMicroseconds: 100 };

function corners(count: number): EventSet {
  const labels = Uint16Array.from({ length: count }, (_, k) => k % 4);
  const set = emptyEventSet(TINY_SENSOR, ["top left", "top right", "bottom left", "bottom right"], labels);
  for (const [k, label] of labels.entries()) {
    const [x, y] = [2 * (label & 1), 2 * (label >> 1)];
    addEvent(set, k, { x, y, polarity: 1, microseconds: 150 });
    addEvent(set, k, { x: 1, y: k % 3, polarity: 0, microseconds: 50 });
  }
  return set;
}

export const tinyRecordings: EventData = {
  name: "corners",
  train: corners(48),
  validation: corners(16),
  test: corners(40),
};

/** Four squares of 2 x 2 pixels, three of which reach past the sensor. */
export const tinyEventExperiment = (model: object = { steps: 2 }, rest: object = {}) =>
  parseExperiment({
    name: "corners",
    seed: 5,
    task: {
      kind: "event-classification",
      data: { name: "corners", height: 3, width: 3, classes: 4 },
      ...{ patch: 2, frames: 2, frameMicroseconds: 100 },
    },
    model: { width: 16, depth: 1, heads: 2, expansion: 2, position: "learned", ...model },
    training: {
      ...{ batch: 16, shards: 2, labels: "symbols", validateEvery: 60 },
      stages: [{ steps: 120, warmup: 10, learningRate: 0.02 }],
    },
    ...rest,
  }) as Experiment<EventClassificationSpec>;
