/** Costs of a network with a stem, against counts by hand. */
import { describe, expect, test } from "vitest";
import { parseExperiment } from "../experiment/parse.ts";
import { emptySpikeTrain } from "../spike/train.ts";
import { workloadsByStep } from "./by-step.ts";
import { comparedWith, experimentWorkload, measuredWorkload } from "./measured.ts";
import { blockLayers, countMacs, outerLayers } from "./workload.ts";

const experiment = parseExperiment({
  task: { kind: "image-classification", data: "cifar-10", patch: 1, coding: "thermometer", thresholds: 4 },
  model: {
    ...{ width: 128, heads: 8, depth: 2, steps: 2 },
    stem: {
      layers: [
        { channels: 32, pool: 2 },
        { channels: 64, pool: 2 },
      ],
    },
  },
});
const workload = experimentWorkload(experiment);

describe("CIFAR-10 with 32, 64 and 128 channels", () => {
  test("has a convolution of 12 lines on 32 x 32 windows, of 32 channels on 16 x 16, and of 64 on 8 x 8 tokens", () => {
    const sizes = outerLayers(workload).map(({ name, inputs, outputs, vectors }) => [name, inputs, outputs, vectors]);
    expect(sizes).toEqual([
      ["stem.0", 9 * 12, 32, 1024],
      ["stem.1", 9 * 32, 64, 256],
      ["embed", 9 * 64, 128, 64],
      ["head", 128, 10, 64],
    ]);
    expect(workload.stemDensities).toHaveLength(2);
  });

  test("needs three values per pixel in an ANN, and as many multiplications as the windows have values", () => {
    const { embedding, weights, linear } = countMacs(workload);
    expect(embedding).toBe(1024 * 9 * 3 * 32 + 256 * 9 * 32 * 64 + 64 * 9 * 64 * 128);
    expect(linear).toBe(64 * 2 * 12 * 128 ** 2);
    expect(weights).toBe(2 * 12 * 128 ** 2 + 9 * 3 * 32 + 9 * 32 * 64);
    expect(blockLayers(workload).every(({ vectors }) => vectors === 64)).toBe(true);
    const ann = comparedWith(workload, experiment, { ann: { ...experiment.model, kind: "ann" } as never }).compared!
      .ann!;
    expect(countMacs(ann)).toEqual(countMacs(workload));
  });

  test("takes its densities from the inputs of the layers", () => {
    const names = ["stem.0.windows", "stem.1.windows", "embed.windows", "output"];
    const blocks = [0, 1].flatMap((i) =>
      ["input", "qkv", "scores", "attention", "middle", "hidden"].map((part) => `blocks.${i}.${part}`),
    );
    const densities = Object.fromEntries([...names, ...blocks].map((name, i) => [name, (i + 1) / 100]));
    const tally = (name: string) => ({
      name,
      actions: { counterIncrements: 1, scoreAnds: 4, cellReads: 1, bitsRead: 1 },
    });
    const operations = ["blocks.0.attention", "blocks.1.attention", "head"].map(tally) as never;
    const measured = measuredWorkload(experiment, { prompts: 1, operations, densities });
    expect([...measured.stemDensities!, measured.inputDensity]).toEqual([0.01, 0.02, 0.03]);
    const trains = Object.fromEntries(Object.keys(densities).map((name) => [name, emptySpikeTrain(2, 64, 128)]));
    trains["stem.1.windows"].words.fill(0xffffffff, 0, 64 * 4);
    const steps = workloadsByStep(experiment, { ...trains, input: trains.output });
    expect(steps.map(({ stemDensities }) => stemDensities)).toEqual([
      [0, 1],
      [0, 0],
    ]);
  });
});
