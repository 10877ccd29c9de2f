import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tinyExperiment } from "../../test/support/tiny-training.ts";
import { FileError, SpecError, ValueError } from "../errors.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { initialise, type Network, type Tensor } from "../model/network.ts";
import { decodeSafetensors, encodeSafetensors } from "../model/safetensors.ts";
import { crc32 } from "../numeric/checksum.ts";
import { stream } from "../numeric/stream.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { decodeState, encodeState, type TrainingState } from "./state.ts";

const experiment = tinyExperiment({ training: { stages: [{ steps: 5 }, { steps: 7 }] } });

const parametersOf = ({ model, ...rest }: Experiment, seed: number): Network["parameters"] =>
  initialise(model, networkGeometry({ model, ...rest }, createTask({ model, ...rest })), stream(seed)).parameters;

/** A state in the second stage whose arrays are all different. */
function stateOf(spec: Experiment, best = true): TrainingState {
  const learned = (seed: number): Record<string, Tensor> =>
    Object.fromEntries(Object.entries(parametersOf(spec, seed)).filter(([name]) => !/\.(mean|variance)$/.test(name)));
  return {
    step: 8,
    stage: 1,
    stageStart: 5,
    sinceBest: 1,
    converterSteps: null,
    parameters: parametersOf(spec, 1),
    first: learned(2),
    second: learned(3),
    best: best ? { step: 6, loss: 0.1 + 0.2, bitErrorRate: 1 / 3, parameters: parametersOf(spec, 4) } : null,
  };
}

const state = stateOf(experiment);
const bytes = encodeState(state, experiment);

const errorOf = (action: () => unknown): Error | null => {
  try {
    action();
    return null;
  } catch (error) {
    return error as Error;
  }
};

/** The file with a changed header and a corrected checksum. */
function forged(change: (metadata: Record<string, string>) => void, file = bytes): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(file);
  const { checksum: _, ...rest } = metadata;
  change(rest);
  return resealed(encodeSafetensors(tensors, { checksum: "00000000", ...rest }));
}

function resealed(file: Uint8Array): Uint8Array {
  const at = new TextDecoder().decode(file.subarray(0, 100)).indexOf("00000000");
  file.set(new TextEncoder().encode(crc32(file).toString(16).padStart(8, "0")), at);
  return file;
}

describe("a training state", () => {
  test("saved before a field existed resumes with the field's default", () => {
    const older = forged((metadata) => {
      const { model, ...rest } = JSON.parse(metadata.experiment);
      const { kind: _, ...neuron } = model.neuron;
      metadata.experiment = JSON.stringify({ ...rest, model: { ...model, neuron } });
    });
    expect(decodeState(older, experiment)).toEqual(state);
  });

  test("with noise from the hardware does not resume with other converters or another age", () => {
    const document = { training: { stages: [{ steps: 9, noise: { hardware: true } }] } };
    const noisy = tinyExperiment(document);
    const noisyState = { ...stateOf(noisy), step: 2, stage: 0, stageStart: 0, best: null };
    const saved = encodeState(noisyState, noisy);
    expect(decodeState(saved, noisy)).toEqual(noisyState);
    for (const [hardware, path] of [
      [{ adc: { trim: {} } }, "hardware.adc.trim"],
      [{ readTime: 3600 }, "hardware.readTime"],
    ] as const) {
      expect(() => decodeState(saved, tinyExperiment({ ...document, hardware }))).toThrow(
        expect.objectContaining({ path }),
      );
    }
  });

  test("with keys that every object inherits is refused because of them", () => {
    for (const key of ["constructor", "toString"]) {
      const odd = forged((metadata) => {
        metadata.experiment = JSON.stringify({ ...JSON.parse(metadata.experiment), [key]: 1 });
      });
      expect(errorOf(() => decodeState(odd, experiment))).toMatchObject({ tag: "spec", path: key });
    }
  });

  test("saved before hardware was recorded resumes with any hardware", () => {
    const noisy = tinyExperiment({ training: { stages: [{ steps: 5, noise: { weights: 0.1 } }, { steps: 7 }] } });
    const other = {
      ...noisy,
      hardware: { ...noisy.hardware, crossbar: { ...noisy.hardware.crossbar, scaling: "crossbar" } },
    };
    const saved = encodeState(stateOf(noisy), noisy);
    expect(errorOf(() => decodeState(saved, other as Experiment))).toMatchObject({
      path: "hardware.crossbar.scaling",
    });
    const older = forged((metadata) => {
      const { hardware: _, ...rest } = JSON.parse(metadata.experiment);
      metadata.experiment = JSON.stringify(rest);
    }, saved);
    expect(decodeState(older, other as Experiment)).toEqual(stateOf(noisy));
  });

  test.each([
    ["with a best validation", state],
    ["before the first validation", stateOf(experiment, false)],
  ])("%s comes back bit for bit", (_, original) => {
    expect(decodeState(encodeState(original, experiment), experiment)).toEqual(original);
  });

  test("of the conventional transformer survives a round trip bit for bit", () => {
    const ann = tinyExperiment({ model: { kind: "ann" }, training: { stages: [{ steps: 5 }, { steps: 7 }] } });
    expect(decodeState(encodeState(stateOf(ann), ann), ann)).toEqual(stateOf(ann));
  });

  test("is not written with numbers that could not be read back", () => {
    const broken = { shape: [8], data: new Float32Array(8).fill(Number.NaN) };
    const parameters = { ...state.parameters, "embed.offset": broken };
    expect(() => encodeState({ ...state, parameters }, experiment)).toThrow(ValueError);
  });
});

describe("a damaged state", () => {
  test("is refused when any byte is changed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = bytes.slice();
        damaged[at] ^= change;
        expect(errorOf(() => decodeState(damaged, experiment, "s"))).toBeInstanceOf(FileError);
      }),
      { seed: 1, numRuns: 500 },
    );
  });

  test("is refused when it is truncated or too long", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), (length) => {
        expect(errorOf(() => decodeState(bytes.subarray(0, length), experiment))).toBeInstanceOf(FileError);
      }),
      { seed: 1, numRuns: 200 },
    );
    expect(errorOf(() => decodeState(Uint8Array.of(...bytes, 0), experiment))).toBeInstanceOf(FileError);
  });

  test("is refused when it is anything else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        expect(errorOf(() => decodeState(noise, experiment))).toBeInstanceOf(FileError);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  test("names its file, its checksum and the way out", () => {
    const damaged = bytes.slice();
    damaged[damaged.length - 1] ^= 1;
    const error = errorOf(() => decodeState(damaged, experiment, "run/state.safetensors")) as FileError;
    expect(error.path).toBe("run/state.safetensors");
    expect(error.message).toMatch(/damaged: its checksum is [0-9a-f]{8}, but should be "[0-9a-f]{8}"\. Start/);
  });
});

describe("a state with a correct checksum", () => {
  const progress = { step: 8, stage: 1, stageStart: 5, sinceBest: 1, best: { step: 6, loss: 0.3, bitErrorRate: 0.25 } };

  test.each([
    [{ step: 13 }, "step is 13, not a whole number from 0 to 12"],
    [{ step: 4 }, "step 4 comes before the stage's first, 5"],
    [{ step: 7.5 }, "step is 7.5"],
    [{ stage: 3 }, "stage is 3, not a whole number from 0 to 2"],
    [{ stage: -1 }, "stage is -1"],
    [{ stageStart: 6 }, "stageStart is 6, not a whole number from 0 to 5"],
    [{ sinceBest: "1" }, 'sinceBest is "1"'],
    [{ best: 7 }, "step is null"],
    [{ best: { ...progress.best, step: 9 } }, "step is 9"],
    [{ best: { ...progress.best, loss: null } }, "loss is null, not a number"],
  ])("is refused when its progress says %j", (change, message) => {
    const file = forged((metadata) => {
      metadata.progress = JSON.stringify({ ...progress, ...change });
    });
    const error = errorOf(() => decodeState(file, experiment));
    expect(error).toBeInstanceOf(FileError);
    expect(error!.message).toContain(message);
  });

  test("is refused when texts are missing, in another format, or not JSON", () => {
    const messageOf = (change: (metadata: Record<string, string>) => void) => {
      const error = errorOf(() => decodeState(forged(change), experiment));
      expect(error).toBeInstanceOf(FileError);
      return error!.message;
    };
    expect(messageOf((metadata) => delete metadata.progress)).toContain("`progress` is missing");
    expect(messageOf((metadata) => delete metadata.format)).toContain("of format null");
    expect(
      messageOf((metadata) => {
        metadata.progress = "{";
      }),
    ).toContain("not JSON");
  });

  test("is refused when arrays are missing, have the wrong shape, or are too many", () => {
    const { tensors, metadata } = decodeSafetensors(bytes);
    const messageOf = (changed: typeof tensors) => {
      const error = errorOf(() =>
        decodeState(resealed(encodeSafetensors(changed, { ...metadata, checksum: "00000000" })), experiment),
      );
      expect(error).toBeInstanceOf(FileError);
      return error!.message;
    };
    const { "second.head.weight": _, ...fewer } = tensors;
    expect(messageOf(fewer)).toMatch(/holds \d+ arrays instead of \d+/);
    const other = tensors["first.head.weight"];
    expect(messageOf({ ...fewer, more: other })).toContain("lacks the array second.head.weight of shape [8,2]");
    const { data } = other;
    expect(messageOf({ ...tensors, "first.head.weight": { shape: [2, 8], data } })).toContain("first.head.weight");
  });
});

describe("a state of another experiment", () => {
  const { task, model, training } = experiment;
  const stages = training.stages;

  test.each([
    ["seed", { seed: 2 }, "seed 1, but the experiment has 2"],
    ["task.pilots", { task: { ...task, pilots: 3 } }, "task.pilots 2, but the experiment has 3"],
    ["model.width", { model: { ...model, width: 16 } }, "model.width 8, but the experiment has 16"],
    ["model.kind", { model: { ...model, kind: "ann" as const } }, "model.kind"],
    ["training.batch", { training: { ...training, batch: 12 } }, "training.batch 10"],
    [
      "training.stages[1].learningRate",
      { training: { ...training, stages: [stages[0], { ...stages[1], learningRate: 0.5 }] } },
      "training.stages[1].learningRate 0.003, but the experiment has 0.5",
    ],
    ["training.stages[1]", { training: { ...training, stages: [stages[0]] } }, "the experiment has absent"],
  ])("is refused with the field that differs: %s", (path, change, message) => {
    const other = { ...experiment, ...change } as Experiment;
    const error = errorOf(() => decodeState(bytes, other, "s"));
    expect(error).toBeInstanceOf(SpecError);
    expect((error as SpecError).path).toBe(path);
    expect(error!.message).toContain(message);
  });

  test("is accepted when training does not depend on the difference", () => {
    const other: Experiment = {
      ...experiment,
      name: "renamed",
      hardware: { ...experiment.hardware, chips: experiment.hardware.chips + 1 },
      evaluation: { ...experiment.evaluation, prompts: 1 },
      training: { ...training, checkpointSeconds: 1 },
    };
    expect(decodeState(bytes, other)).toEqual(state);
  });
});
