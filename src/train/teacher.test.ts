// @module-tag slow
/** What a network is taught: bits of symbols, the labels of a teacher (knowledge distillation), and copies of the query for both. */
import { describe, expect, test } from "vitest";
import { recorded } from "../../test/support/recorded-training.ts";
import { rejection } from "../../test/support/rejection.ts";
import { tinyImageExperiment, tinyImages } from "../../test/support/tiny-images.ts";
import { tinyExperiment } from "../../test/support/tiny-training.ts";
import { SpecError } from "../errors.ts";
import type { AnnSpec, SpikingSpec } from "../experiment/model.ts";
import { crossEntropyForward, oneHot } from "../model/cross-entropy.ts";
import { foldNetwork } from "../model/fold.ts";
import { networkForward, spikeInput } from "../model/forward.ts";
import { initialise, type Network, type Tensor } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { answer } from "../task/answers.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { openExperiment } from "../task/open.ts";
import type { Batch } from "../task/task.ts";
import { checkTeachers, createTeacher } from "./teacher.ts";

test("a network learns nothing with itself as the teacher, and learns from another", async () => {
  const experiment = tinyExperiment({
    model: { kind: "ann" },
    training: { labels: "teacher", stages: [{ steps: 1, warmup: 0 }] },
  });
  const geometry = networkGeometry(experiment, createTask(experiment));
  const teacher = initialise(experiment.model, geometry, stream(11));
  const own = await recorded(experiment, { initial: teacher, teacher });
  // The gradient of the cross-entropy is prediction minus label: only the rounding of two softmaxes, 1e-7, remains.
  expect(own.events[0].gradientNorm).toBeLessThan(1e-5);
  const other = await recorded(experiment, { teacher });
  expect(other.events[0].gradientNorm).toBeGreaterThan(0.01);
});

/** A network over classes whose logits are sums over the bits of each class: it gives the same answers as the network over bits. */
function asClasses(network: Network): Network {
  const { model, geometry, parameters } = network;
  const spread = ({ shape, data }: Tensor): Tensor => {
    const bits = shape[shape.length - 1];
    const values = Float32Array.from({ length: (data.length / bits) * 2 ** bits }, (_, i) => {
      const [row, label] = [Math.floor(i / 2 ** bits), i % 2 ** bits];
      let sum = 0;
      for (let b = 0; b < bits; b++) sum += ((label >> (bits - 1 - b)) & 1) * data[row * bits + b];
      return sum;
    });
    return { shape: [...shape.slice(0, -1), 2 ** bits], data: values };
  };
  const head = { "head.weight": spread(parameters["head.weight"]), "head.offset": spread(parameters["head.offset"]) };
  return { model: { ...model, readOut: "joint" }, geometry, parameters: { ...parameters, ...head } };
}

test("there is nothing to learn from a teacher with the same answers, whether bits, classes or one of each", async () => {
  const experimentOf = (readOut: "bits" | "joint") => {
    const { task, ...rest } = tinyExperiment({
      model: { kind: "ann", readOut },
      training: { labels: "teacher", validateEvery: 1, stages: [{ steps: 1, warmup: 0, learningRate: 1e-9 }] },
    });
    return { ...rest, task: { ...task, transmitAntennas: 2, modulation: "qpsk" as const } };
  };
  const experiment = experimentOf("bits");
  const bits = initialise(experiment.model, networkGeometry(experiment, createTask(experiment)), stream(11));
  const classes = asClasses(bits);
  const validations = new Set<string>();
  for (const [of, initial] of [
    [experiment, bits],
    [experimentOf("joint"), classes],
  ] as const) {
    for (const teacher of [bits, classes]) {
      const { events } = await recorded(of, { initial, teacher });
      expect(events[0].gradientNorm).toBeLessThan(1e-5);
      const { loss, bitErrorRate } = events[0].validation!;
      validations.add(`${loss.toFixed(5)} nats, ${bitErrorRate} of the bits`);
    }
  }
  expect(validations.size).toBe(1);
  const other = initialise(experiment.model, bits.geometry, stream(12));
  expect((await recorded(experiment, { initial: bits, teacher: other })).events[0].gradientNorm).toBeGreaterThan(0.01);
});

test.each(["joint", "bits"] as const)(
  "a teacher may have a share in what is learned, and labels the rest, of %s",
  async (readOut) => {
    const lossOf = async (training: object) => {
      const experiment = tinyExperiment({
        model: { kind: "ann", readOut },
        training: { labelSmoothing: 0.1, ...training, stages: [{ steps: 1, warmup: 0 }] },
      });
      const geometry = networkGeometry(experiment, createTask(experiment));
      const [initial, teacher] = [11, 12].map((seed) => initialise(experiment.model, geometry, stream(seed)));
      return (await recorded(experiment, { initial, teacher })).events[0].loss;
    };
    const taught = await lossOf({ labels: "teacher" });
    const labelled = await lossOf({ labels: "symbols" });
    expect(Math.abs(taught - labelled)).toBeGreaterThan(0.01);
    // Cross-entropy is linear in its target. In single precision.
    for (const teacherShare of [0, 0.25, 1]) {
      const loss = await lossOf({ labels: "teacher", teacherShare });
      expect(loss).toBeCloseTo(teacherShare * taught + (1 - teacherShare) * labelled, 5);
    }
  },
);

test("several teachers teach the mean of their answers, in bits or classes, whichever they read out", async () => {
  for (const readOut of ["joint", "bits"] as const) {
    const experimentOf = (own: "joint" | "bits") => {
      const { task, ...rest } = tinyExperiment({
        model: { kind: "ann", readOut: own },
        training: { labels: "teacher", stages: [{ steps: 1, warmup: 0 }] },
      });
      return { ...rest, task: { ...task, transmitAntennas: 2, modulation: "qpsk" as const } };
    };
    const networkOf = (own: "joint" | "bits", seed: number) => {
      const experiment = experimentOf(own);
      return initialise(experiment.model, networkGeometry(experiment, createTask(experiment)), stream(seed));
    };
    const experiment = experimentOf(readOut);
    const initial = networkOf(readOut, 11);
    const teachers = [networkOf("joint", 12), networkOf("joint", 13), networkOf("bits", 14)];
    const lossOf = async (teacher: Network | Network[]) =>
      (await recorded(experiment, { initial, teacher })).events[0].loss;
    const each: number[] = [];
    for (const teacher of teachers) each.push(await lossOf(teacher));
    expect(Math.max(...each) - Math.min(...each)).toBeGreaterThan(0.001);
    // Cross-entropy is linear in its target. In single precision.
    expect(await lossOf(teachers)).toBeCloseTo(each.reduce((sum, loss) => sum + loss, 0) / 3, 5);
    expect(await lossOf([teachers[0]])).toBe(each[0]);
  }
});

test("bits of more joint symbols than can be listed are learned from the symbols, and their posterior is refused", async () => {
  const experimentOf = (labels: "symbols" | "posterior") => {
    const { task, ...rest } = tinyExperiment({
      model: { kind: "ann", readOut: "bits" },
      training: { labels, stages: [{ steps: 1, warmup: 0 }] },
    });
    return { ...rest, task: { ...task, transmitAntennas: 4, receiveAntennas: 4, modulation: "16qam" as const } };
  };
  const experiment = experimentOf("symbols");
  const task = createTask(experiment);
  const geometry = networkGeometry(experiment, task);
  expect(geometry.classes).toBe(65_536);
  const initial = initialise(experiment.model as AnnSpec, geometry, stream(11));
  const { events } = await recorded(experiment, { initial });
  const { batch } = experiment.training;
  const { values, labels } = task.draw(batch, stream(experiment.seed).fork("train", 0));
  const { logits } = networkForward(initial, { values, prompts: batch });
  const { losses } = answer(Float32Array.from(logits), labels, geometry.classes, "bits");
  expect(losses).toHaveLength(batch * 3);
  const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  // In float32, sixteen bits: 11 nats.
  expect(events[0].loss).toBeCloseTo(mean, 4);
  const refused = await rejection(recorded(experimentOf("posterior"), { initial }));
  expect(refused).toMatchObject({ tag: "spec", path: "training.labels" });
  expect(refused.message).toContain("4 antennas of 16qam have 65536 joint symbols");
});

test("training with copies of every query uses the loss of their mean, and the network keeps the copies of its task", async () => {
  const tiny = tinyExperiment({
    training: {
      batch: 6,
      shards: 1,
      labels: "symbols",
      stages: [{ steps: 1, queryCopies: 3, attention: "expected" }],
    },
  });
  // Bernoulli lines, so that copies differ.
  const task = { ...tiny.task, coding: "bernoulli" as const, queryCopies: 2 };
  const experiment = { ...tiny, task };
  const geometry = networkGeometry(experiment, createTask(experiment));
  expect([...geometry.copies!]).toEqual([1, 1, 2]);
  const initial = initialise(experiment.model, geometry, stream(11)) as Network<SpikingSpec>;
  const { network, events } = await recorded(experiment, { initial });
  expect(network.geometry).toEqual(geometry);

  const every = { ...experiment, task: { ...task, queryCopies: { every: 3 } } };
  const taught = createTask(every);
  const { spikes, labels } = taught.draw(6, stream(experiment.seed).fork("train", 0));
  const { logits } = networkForward(
    { ...initial, geometry: networkGeometry(every, taught) },
    spikeInput(spikes!, taught.geometry.spiking.tokens),
    {
      mode: "train",
      attention: "expected",
    },
  );
  const { loss } = crossEntropyForward(logits, oneHot(labels, geometry.classes), geometry.classes);
  expect(events[0].loss).toBeCloseTo(loss, 5);
});

test("a spiking teacher answers as many copies as the stage asks for", async () => {
  const experiment = tinyExperiment({
    training: {
      labels: "teacher",
      batch: 6,
      shards: 1,
      stages: [{ steps: 1, queryCopies: 2, attention: "expected" }],
    },
  });
  const once = initialise(experiment.model, networkGeometry(experiment, createTask(experiment)), stream(11));
  const { events } = await recorded(experiment, { initial: once, teacher: once });
  expect(events[0].loss).toBeGreaterThan(0);
  const several = { ...experiment, task: { ...experiment.task, queryCopies: 3 } };
  expect((await recorded(several, { initial: once, teacher: once })).events[0].loss).toBe(events[0].loss);
});

test("a spiking teacher answers at the time steps that are asked of it, first those of the stage", async () => {
  const lossOf = async (saved: number, training: object, stage: object = {}) => {
    const experiment = tinyExperiment({
      model: { kind: "spiking", steps: 2, attention: { kind: "lif" }, neuron: { threshold: 0.3 } },
      training: { labels: "teacher", ...training, stages: [{ steps: 1, timeSteps: 1, ...stage }] },
    });
    const geometry = networkGeometry(experiment, createTask(experiment));
    const [initial, other] = [11, 12].map((seed) => initialise(experiment.model, geometry, stream(seed)));
    const model = { ...(other.model as SpikingSpec), steps: saved };
    return (await recorded(experiment, { initial, teacher: { ...other, model } })).events[0].loss;
  };
  const [two, four] = [await lossOf(2, {}), await lossOf(4, {})];
  expect(two).not.toBe(four);
  expect(await lossOf(2, { teacherSteps: 4 })).toBe(four);
  expect(await lossOf(2, { teacherSteps: 3 }, { teacherSteps: 4 })).toBe(four);
  expect(await lossOf(4, {}, { teacherSteps: 2 })).toBe(two);
});

test("time steps of teachers that are all ANNs are refused, and the error names their field", async () => {
  const cases: [object, string][] = [
    [{ teacherSteps: 4, stages: [{ steps: 1 }] }, "training.teacherSteps"],
    [{ stages: [{ steps: 1 }, { steps: 1, teacherSteps: 4 }] }, "training.stages[1].teacherSteps"],
  ];
  for (const [training, path] of cases) {
    const experiment = tinyExperiment({ model: { kind: "ann" }, training: { labels: "teacher", ...training } });
    const teacher = initialise(experiment.model, networkGeometry(experiment, createTask(experiment)), stream(12));
    const refused = await rejection(recorded(experiment, { teacher }));
    expect(refused).toMatchObject({ tag: "spec", path });
    expect(refused.message).toContain("teacherSteps is 4, but no teacher is a spiking network");
  }
});

/** A teacher's class probabilities, in double precision. */
const distributionsOf = (logits: ArrayLike<number>, classes: number): Float64Array =>
  Float64Array.from({ length: logits.length }, (_, i) => {
    const row = Array.from({ length: classes }, (_, c) => logits[i - (i % classes) + c]);
    return Math.exp(logits[i]) / row.reduce((sum, logit) => sum + Math.exp(logit), 0);
  });

describe("a teacher with its own view of the images", () => {
  const task = { readOut: "mean", crop: 1, flip: true };
  const training = { batch: 16, shards: 2, labels: "teacher", stages: [{ steps: 1, warmup: 0 }] };
  const size = { width: 16, depth: 1, heads: 2, expansion: 2 };

  /** The first step's loss, and the expected loss for a student that reads patches: the references see the same images. */
  async function losses(
    teacherModel: object,
    teacherTask: object,
    logitsOf: (teacher: Network, batch: Batch) => ArrayLike<number>,
  ) {
    const experiment = tinyImageExperiment({ kind: "ann" }, task, { training: { ...training, teacherTask } });
    const other = tinyImageExperiment(teacherModel, { ...task, ...teacherTask });
    const [initial, teacher] = [experiment, other].map((of, i) =>
      initialise(of.model, networkGeometry(of, createTask(of)), stream(11 + i)),
    );
    const { events } = await recorded(openExperiment(experiment, tinyImages), { initial, teacher });
    const [own, seen] = [experiment, other].map((of) =>
      createTask(of, tinyImages).draw(16, stream(experiment.seed).fork("train", 0), {
        from: { part: "training", position: 0, order: stream(experiment.seed).fork("epochs") },
      }),
    );
    const { logits } = networkForward(initial as Network<AnnSpec>, { values: own.values, prompts: 16 });
    const { classes } = initial.geometry;
    const lossOf = (targets: ArrayLike<number>) => crossEntropyForward(logits, targets, classes).loss;
    return {
      loss: events[0].loss,
      expected: lossOf(distributionsOf(logitsOf(teacher, seen), classes)),
      ofLabels: lossOf(oneHot(own.labels, classes)),
    };
  }

  test("with a convolutional stem teaches a student that reads patches, on the same shifted and mirrored images", async () => {
    const stem = { layers: [{ channels: 8, pool: 2 }] };
    const { loss, expected, ofLabels } = await losses(
      { kind: "ann", ...size, stem },
      { patch: 1 },
      (teacher, { values }) => networkForward(teacher as Network<AnnSpec>, { values, prompts: 16 }).logits,
    );
    // Single precision, of about one nat.
    expect(loss).toBeCloseTo(expected, 5);
    expect(Math.abs(loss - ofLabels)).toBeGreaterThan(0.001);
  });

  test("with spikes teaches a student without, with its own time steps and lines", async () => {
    const model = { kind: "spiking", ...size, steps: 3, attention: { kind: "lif" } };
    const { loss, expected } = await losses(
      model,
      { thresholds: 5, remainderBits: 1 },
      (teacher, { spikes }) =>
        networkForward(foldNetwork(teacher as Network<SpikingSpec>), spikeInput(spikes!, 4), { mode: "eval" }).logits,
    );
    expect(loss).toBeCloseTo(expected, 5);
  });

  test("redraws its attention at every step", async () => {
    const spiking = { kind: "spiking", ...size, steps: 2, attention: { kind: "stochastic" } };
    const own = { ...training, labels: "symbols", stages: [{ steps: 20, warmup: 0 }] };
    const given = openExperiment(tinyImageExperiment(spiking, task, { training: own }), tinyImages);
    const { network } = await recorded(given);
    const experiment = tinyImageExperiment(spiking, task, { training });
    const ask = createTeacher(
      checkTeachers(experiment, [network]),
      { ...given, experiment },
      experiment.training.stages[0],
    );
    const root = stream(experiment.seed);
    const from = { part: "training", position: 0, order: root.fork("epochs") } as const;
    const [one, same, other] = [0, 0, 1].map((step) => ask(8, root.fork("train", step), { from }).slice());
    expect(same).toEqual(one);
    // The images and their coding are the same.
    expect(other).not.toEqual(one);
  });

  test("names the sizes that do not match, and the field that sets them", async () => {
    const experiment = tinyImageExperiment({ kind: "ann" }, task, {
      training: { ...training, teacherTask: { patch: 1 } },
    });
    const teacher = initialise(experiment.model, networkGeometry(experiment, createTask(experiment)), stream(12));
    const refused = await rejection(recorded(openExperiment(experiment, tinyImages), { teacher }));
    expect(refused).toMatchObject({ tag: "shape", path: "teacher.geometry.inputs" });
    expect(refused.message).toContain("The teacher's number of inputs is 4, but this task needs 1.");
    expect(refused.message).toContain("training.teacherTask");
  });

  test("is refused when its patches do not fill an image, and the error names the field", async () => {
    const own = { ...training, teacherTask: { patch: 3 } };
    const experiment = tinyImageExperiment({ kind: "ann" }, task, { training: own });
    const teacher = initialise(experiment.model, networkGeometry(experiment, createTask(experiment)), stream(12));
    const refused = await rejection(recorded(openExperiment(experiment, tinyImages), { teacher }));
    expect(refused).toMatchObject({ tag: "spec", path: "training.teacherTask.patch" });
    expect(refused.message).toContain("Patches of 3 x 3 do not fill an image of 4 x 4 pixels");
  });

  test("is refused when prompts are not images", async () => {
    const experiment = tinyExperiment({
      model: { kind: "ann" },
      training: { labels: "teacher", teacherTask: { patch: 2 } },
    });
    const teacher = initialise(experiment.model, networkGeometry(experiment, createTask(experiment)), stream(12));
    expect(await rejection(recorded(experiment, { teacher }))).toMatchObject({
      tag: "spec",
      path: "training.teacherTask",
    });
  });
});

test("training refuses a stage if its teacher is missing or was made for another task", async () => {
  const experiment = tinyExperiment({ training: { stages: [{ labels: "teacher", steps: 1 }] } });
  const missing = await rejection(recorded(experiment));
  expect(missing).toBeInstanceOf(SpecError);
  expect(missing).toMatchObject({ path: "training.teacher" });
  const geometry = networkGeometry(experiment, createTask(experiment));
  const foreign = initialise(experiment.model, { ...geometry, classes: geometry.classes + 1 }, stream(12));
  expect(await rejection(recorded(experiment, { teacher: foreign }))).toMatchObject({
    tag: "shape",
    path: "teacher.geometry.classes",
  });
  const own = initialise(experiment.model, geometry, stream(12));
  expect(await rejection(recorded(experiment, { teacher: [own, foreign] }))).toMatchObject({
    path: "teacher[1].geometry.classes",
  });
  expect(await rejection(recorded(experiment, { teacher: [] }))).toMatchObject({ path: "training.teacher" });
});
