// @module-tag slow
import { describe, expect, test } from "vitest";
import { SpecError } from "../errors.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import { parseExperiment } from "../experiment/parse.ts";
import { initialise, type Network } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { asCompared, asDescribed, checkModel, checkTask } from "./fit.ts";

const errorOf = (work: () => unknown): SpecError => {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(SpecError);
    return error as SpecError;
  }
  throw new Error("nothing was refused");
};

const experimentOf = (task: object, model: object = {}) =>
  parseExperiment({ task, model: { width: 16, heads: 2, depth: 1, ...model } });

function networkOf(experiment: ReturnType<typeof experimentOf>): Network {
  return initialise(experiment.model, networkGeometry(experiment, createTask(experiment)), stream(1));
}

const link = { pilots: 6, coding: "thermometer", receiverBits: 3 };
const images = { kind: "image-classification", data: "fashion-mnist", patch: 7, coding: "thermometer", thresholds: 9 };

test("a network of another kind than its place asks for is refused there", () => {
  const [spiking, ann] = [experimentOf(link, { kind: "spiking" }), experimentOf(link, { kind: "ann" })];
  const [spikes, numbers] = [spiking, ann].map(networkOf);
  expect(errorOf(() => asCompared(spiking, spikes, "ann")).path).toBe("checkpoints.ann");
  expect(errorOf(() => asCompared(spiking, numbers, "spiking")).path).toBe("checkpoints.spiking");
  expect(asCompared(spiking, numbers, "ann").parameters).toBe(numbers.parameters);
  expect(errorOf(() => asDescribed(spiking, numbers, [])).path).toBe("checkpoints.network");
  expect(errorOf(() => asDescribed(spiking, numbers, [], "checkpoints.conventional")).path).toBe(
    "checkpoints.conventional",
  );
  expect(errorOf(() => asDescribed(ann, spikes, [])).path).toBe("model.kind");
});

test("other time steps than those of the training are warned of, and where they were validated the note says so", () => {
  const [asked, trained] = [2, 4].map((steps) => experimentOf(link, { kind: "spiking", steps }));
  const network = networkOf(trained);
  const notesFor = (validatedSteps?: readonly number[]) => {
    const notes: string[] = [];
    asDescribed(asked, network, notes, "checkpoints.network", validatedSteps);
    return notes;
  };
  const warning = "model.steps is 2, but the network was trained with 4.";
  expect(notesFor()).toEqual([warning]);
  expect(notesFor([1, 4])).toEqual([warning]);
  expect(notesFor([1, 2])).toEqual(["T = 2 was checked on validation prompts, after training at T = 4."]);
});

describe("a network and a task that it was not trained for", () => {
  test.each([
    [link, { pilots: 9 }, "task.pilots", "task.pilots 6"],
    [link, { receiverBits: 4 }, "task.receiverBits", "task.receiverBits 3"],
    [link, { coding: "bits" }, "task.coding", 'task.coding "thermometer"'],
    [link, { tokens: "shifted" }, "task.tokens", 'task.tokens "query-context"'],
    [link, { modulation: "bpsk" }, "task.modulation", 'task.modulation "qpsk"'],
    // The most bits that a link may send: others of as many antennas do not come into question.
    [
      { ...link, transmitAntennas: 4 },
      { transmitAntennas: 4, modulation: "16qam" },
      "task.modulation",
      'task.modulation "qpsk"',
    ],
    [
      link,
      { transmitAntennas: 3, receiveAntennas: 3 },
      "task.transmitAntennas",
      "task.transmitAntennas 2 and task.receiveAntennas 2",
    ],
    [images, { patch: 4 }, "task.patch", "task.patch 7"],
    [images, { thresholds: 4 }, "task.thresholds", "task.thresholds 9"],
    [images, { shift: 2 }, "task.shift", "task.shift 0"],
    [images, { readOut: "class-token" }, "task.readOut", 'task.readOut "mean"'],
  ])("%j changed by %j is refused at %s, with the value that fits", (task, change, path, fits) => {
    const network = networkOf(experimentOf(task));
    const changed = experimentOf({ ...task, ...change });
    const error = errorOf(() => checkTask(changed, network, "checkpoints.network"));
    expect(error.path).toBe(path);
    expect(error.message).toContain(`It fits ${fits}`);
    expect(error.message).toContain("xpike train");
    for (const [key, value] of Object.entries(change)) {
      expect(error.message).toContain(`task.${key} ${JSON.stringify(value)}`);
    }
  });

  test("where no single field explains it, the sizes are said", () => {
    const network = networkOf(experimentOf(link));
    const error = errorOf(() =>
      checkTask(experimentOf({ ...link, pilots: 9, receiverBits: 5 }), network, "checkpoints.ann"),
    );
    expect(error.path).toBe("task");
    expect(error.message).toMatch(
      /^The network of checkpoints\.ann takes 13 tokens of \d+ inputs, and 16 classes, but this task has 19/,
    );
  });

  test("copies of a query may be others than in training, and are those of the task from then on", () => {
    const trained = networkOf(experimentOf({ ...link, queryCopies: 2 }));
    for (const queryCopies of [undefined, 2, 5, { every: 3 }]) {
      const experiment = experimentOf({ ...link, ...(queryCopies && { queryCopies }) });
      const asked = networkGeometry(experiment, createTask(experiment));
      expect(checkTask(experiment, trained, "checkpoints.network")).toEqual(asked);
      expect(asDescribed(experiment, trained, []).geometry).toEqual(asked);
    }
    const longer = experimentOf({ ...link, pilots: 9, queryCopies: 5 });
    expect(errorOf(() => checkTask(longer, trained, "checkpoints.network")).message).toContain("It fits task.pilots 6");
  });

  test("what changes no size is left alone, for an ANN too", () => {
    for (const kind of ["spiking", "ann"] as const) {
      const network = networkOf(experimentOf(link, { kind }));
      checkTask(experimentOf({ ...link, snrDecibels: 10, noise: "standard" }), network, "checkpoints.network");
    }
  });
});

test("a model of other shapes is refused at the field that differs; steps and gains may differ", () => {
  const network = networkOf(experimentOf(link)) as Network<SpikingSpec>;
  const modelOf = (change: object) => experimentOf(link, change).model as SpikingSpec;
  expect(checkModel(modelOf({ steps: 3 }), network, "checkpoints.network").steps).toBe(3);
  for (const [change, fields] of [
    [{ width: 32 }, ["width"]],
    [{ depth: 2, expansion: 2 }, ["depth", "expansion"]],
    [{ position: "learned" }, ["position"]],
    [{ readOut: "bits" }, ["readOut"]],
    [{ readOut: "joint", width: 8 }, ["width"]],
    [{ stem: { layers: [] } }, ["stem"]],
  ] as const) {
    const error = errorOf(() => checkModel(modelOf(change), network, "checkpoints.network"));
    expect(error.path).toBe(`model.${fields[0]}`);
    for (const field of fields) expect(error.message).toContain(`model.${field}`);
    expect(error.message.match(/was trained with (model\.\S+ \S+( and )?)+/)![0].split(" and ")).toHaveLength(
      fields.length,
    );
  }
});

test("a network whose tokens carry their places takes other pilots, with a note, unless it learnt positions", () => {
  const slots = (pilots: object, channel: object = {}) => ({
    kind: "slot-detection",
    channel: { kind: "tdl", subcarriers: 6, symbols: 5, pilots, ...channel },
  });
  const of = (task: object, position = "none") => experimentOf(task, { kind: "spiking", position });
  const [trained, asked] = [of(slots({ symbols: [2], comb: 2 })), of(slots({ symbols: [0, 4], comb: 3 }))];
  const notes: string[] = [];
  const { geometry } = asDescribed(asked, networkOf(trained), notes);
  expect(geometry.queries).toHaveLength(26);
  expect(geometry).toEqual(networkGeometry(asked, createTask(asked)));
  expect(notes).toEqual(["Of 30 tokens, 4 are pilots, in other places than the 3 of the training."]);
  expect(errorOf(() => asDescribed(of(slots({ symbols: [2] }, { subcarriers: 7 })), networkOf(trained), [])).path).toBe(
    "task",
  );
  const learnt = networkOf(of(slots({ symbols: [2], comb: 2 }), "learned"));
  expect(errorOf(() => asDescribed(of(slots({ symbols: [0], comb: 3 }), "learned"), learnt, [])).path).toBe("task");
});
