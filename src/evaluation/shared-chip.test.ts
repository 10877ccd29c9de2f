// @module-tag slow
import { describe, expect, test } from "vitest";
import { tinyImageExperiment, tinyImages } from "../../test/support/tiny-images.ts";
import { workerPorts } from "../../test/support/worker-ports.ts";
import { ValueError } from "../errors.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import { parseExperiment } from "../experiment/parse.ts";
import type { SymbolDetectionSpec } from "../experiment/task.ts";
import { initialise } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { openExperiment } from "../task/open.ts";
import { type Executor, inlineExecutor, workerExecutor } from "../threads/executor.ts";
import { evaluateChips } from "./chips.ts";
import { jobs } from "./jobs.ts";
import { runStudy } from "./study.ts";

const task = { transmitAntennas: 1, receiveAntennas: 1, pilots: 3 };
const model = { width: 16, heads: 2, depth: 1, expansion: 2, steps: 3, neuron: { threshold: 0.4 } };
const small = { rows: 7, columns: 6 };
const erring = { gainSpread: 0.1, offsetSpread: 0.5, outputNoise: 0.4 };

function experimentOf(hardware: object): Experiment<SymbolDetectionSpec> {
  return parseExperiment({ seed: 9, task, model, hardware }) as Experiment<SymbolDetectionSpec>;
}

/** Untrained: answers are poor but depend on everything. */
const networkOf = (experiment: Experiment, seed: number) =>
  initialise(experiment.model as SpikingSpec, networkGeometry(experiment, createTask(experiment)), stream(seed));

/** On workers whose answers arrive in a different order from their tasks. */
const threadsOf = (count: number): Executor =>
  workerExecutor(workerPorts(jobs, count, (thread, index) => (thread * 5 + index * 7) % 4).list);

const chipOptions = { chips: 2, prompts: 19, snrDecibels: [0, 20] };

async function evaluate(executor: Executor, experiment: Experiment) {
  const [first, second] = [3, 4].map((seed) => networkOf(experiment, seed));
  const chips = await evaluateChips(executor, experiment, first, chipOptions);
  const conditions = ["first", "second"].flatMap((network) =>
    [1, 1e6].map((readTime) => ({ network, hardware: { ...experiment.hardware, readTime } })),
  );
  const size = { chips: 1, reads: 2, prompts: 19, steps: [1, 3] };
  return { chips, study: await runStudy(executor, experiment, { first, second }, conditions, size) };
}

describe("the answers of a shared chip do not depend on the number of threads", () => {
  test.each([
    {},
    { crossbar: small },
    { crossbar: small, adc: { mode: "differential", errors: erring, rangeQuantile: 0.9 } },
    { crossbar: small, compensation: { scope: "tile" } },
    {
      crossbar: small,
      compensation: { scope: "column", readout: "one-hot", schedule: { kind: "interval", seconds: 100 } },
      readTime: 1e4,
    },
    { crossbar: small, calibration: "codes", adc: { errors: erring, trim: {} }, compensation: { scope: "tile" } },
    { crossbar: small, calibration: "codes", adc: { errors: erring }, compensation: { scope: "column" } },
    { crossbar: small, adc: { bits: null }, arithmetic: null },
    { crossbar: small, adc: { fullScale: 4, errors: erring } },
    { crossbar: small, crossbars: 8, adc: { errors: erring, sharing: 3 }, ssa: { random: "lfsr" } },
    { crossbar: small, arithmetic: { streamBits: 9, membraneBits: 9 } },
    { crossbar: small, arithmetic: {}, adc: { mode: "differential", errors: erring, rangeQuantile: 0.9 } },
    {
      crossbar: small,
      crossbars: 8,
      arithmetic: { stepBits: 3 },
      adc: { errors: erring },
      compensation: { scope: "tile" },
    },
  ])("%j", async (hardware) => {
    const experiment = experimentOf(hardware);
    const one = await evaluate(inlineExecutor(jobs), experiment);
    for (const threads of [2, 3]) expect(await evaluate(threadsOf(threads), experiment)).toEqual(one);
    // The comparison would be empty if nothing differed.
    expect(new Set(one.chips.map(({ loss }) => loss)).size).toBe(4);
  });
});

test("nor do answers to images", async () => {
  const experiment = tinyImageExperiment({ kind: "spiking", steps: 2 }, { coding: "bernoulli" });
  const network = networkOf(experiment, 3);
  const opened = openExperiment(experiment, tinyImages);
  const options = { chips: 2, prompts: 30 };
  const one = await evaluateChips(inlineExecutor(jobs), opened, network, options);
  for (const threads of [2, 3]) {
    expect(await evaluateChips(threadsOf(threads), opened, network, options)).toEqual(one);
  }
});

test("nor do threads that get neither tiles nor prompts", async () => {
  // 32 prompts for calibration in 12 parts of up to 3 leave none for the last.
  const experiment = experimentOf({});
  const options = { chips: 1, prompts: 5 };
  const one = await evaluateChips(inlineExecutor(jobs), experiment, networkOf(experiment, 3), options);
  expect(await evaluateChips(threadsOf(12), experiment, networkOf(experiment, 3), options)).toEqual(one);
});

describe("an error on a thread", () => {
  const experiment = experimentOf({});
  const network = networkOf(experiment, 3);

  test("while a chip is read is reported, and the threads continue with the next evaluation", async () => {
    const executor = threadsOf(3);
    const options = { chips: 1, prompts: 8 };
    // No statistics are published for this memory beyond two days.
    const { hardware } = experimentOf({ crossbar: { device: { kind: "reram" } } });
    const late = { ...hardware, readTime: 1e7 };
    await expect(evaluateChips(executor, experiment, network, { ...options, hardware: late })).rejects.toThrow(
      ValueError,
    );
    const one = await evaluateChips(inlineExecutor(jobs), experiment, network, options);
    expect(await evaluateChips(executor, experiment, network, options)).toEqual(one);
  });

  test("while calibration prompts are drawn is reported too", async () => {
    const images = { ...tinyImages, train: { ...tinyImages.train, count: 20 } };
    const experiment = tinyImageExperiment({ kind: "spiking", steps: 2 });
    const opened = openExperiment(experiment, images);
    const running = evaluateChips(threadsOf(3), opened, networkOf(experiment, 3), { chips: 1, prompts: 4 });
    await expect(running).rejects.toThrow(/on 22 training images or more, but of the 60 of halves, 40 are kept/);
  });

  test("or its end, while a chip is calibrated, ends the evaluation", async () => {
    const { list, crash } = workerPorts(jobs, 2);
    let messages = 0;
    const counted = list.map((port) => ({
      ...port,
      post: (message: Parameters<typeof port.post>[0]) => {
        // Both threads are opened, equipped and told to calibrate; one of them ends in the middle of its layers.
        if (++messages === 11) setImmediate(() => crash[1](new Error("out of memory")));
        port.post(message);
      },
    }));
    const running = evaluateChips(workerExecutor(counted), experiment, network, { chips: 1, prompts: 8 });
    await expect(running).rejects.toThrow("A worker thread stopped: out of memory.");
  });

  test("and so does closing the threads while a chip is in progress", async () => {
    const executor = threadsOf(2);
    const running = evaluateChips(executor, experiment, network, {
      chips: 50,
      prompts: 8,
      onChip: () => void executor.close(),
    });
    await expect(running).rejects.toThrow("closed during their work");
  });
});
