import { expect, test } from "vitest";
import { tinyExperiment } from "../../test/support/tiny-training.ts";
import { initialise } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { openExperiment } from "../task/open.ts";
import { taskOf } from "./slices.ts";

test.each(["inputs", "tokens", "classes"] as const)("a network with other %s is refused with both numbers", (field) => {
  const experiment = tinyExperiment();
  const geometry = networkGeometry(experiment, createTask(experiment));
  const network = initialise(experiment.model, geometry, stream(1));
  const given = openExperiment(experiment);
  expect(taskOf(given, network).geometry.spiking).toEqual(geometry);
  const foreign = { ...network, geometry: { ...geometry, [field]: geometry[field] + 1 } };
  expect(() => taskOf(given, foreign)).toThrow(
    `The network has ${geometry[field] + 1} ${field}, but the experiment's task has ${geometry[field]}.`,
  );
});
