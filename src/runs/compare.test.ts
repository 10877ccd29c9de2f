// @module-tag slow
import { describe, expect, test } from "vitest";
import { tinyExperiment } from "../../test/support/tiny-training.ts";
import { SpecError } from "../errors.ts";
import { jobs } from "../evaluation/jobs.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import { parseSweep } from "../experiment/sweep.ts";
import { initialise } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { openExperiment } from "../task/open.ts";
import { inlineExecutor } from "../threads/executor.ts";
import { compareRuns } from "./compare.ts";
import { evaluateSweep } from "./sweep.ts";

const executor = inlineExecutor(jobs);
const experiment = tinyExperiment({
  seed: 4,
  model: { kind: "spiking", steps: 3, neuron: { threshold: 0.3 } },
  hardware: { chips: 3, crossbar: { rows: 16, columns: 16 } },
});
const network = initialise(
  experiment.model as SpikingSpec,
  networkGeometry(experiment, createTask(experiment)),
  stream(3),
);
const size = { chips: 3, prompts: 60 };
const runOf = (of: Experiment) => ({ opened: openExperiment(of), network });
const compare = (a: Experiment, b: Experiment) => compareRuns(runOf(a), runOf(b), { executor, ...size });

describe("two experiments", () => {
  test("differ by what a study over the field says, in pairs", async () => {
    const sweep = parseSweep("adc.bits=5,3", experiment);
    const options = { executor, command: "xpike test", versions: {}, ...size };
    const report = await evaluateSweep(experiment, { network }, sweep, [], options);
    const figure = report.figures.find(({ id }) => id === "ber.sweep.adc.bits.3.hwat.change")!;
    const { fields, measures, ...rest } = await compare(experiment, sweep.points[1].experiment);
    expect(fields).toEqual([{ field: "hardware.adc.bits", first: "5", second: "3" }]);
    expect(rest).toMatchObject(size);
    const [[first, second, change], [energy, cheaper, saved]] = measures;
    expect(change.value).toBeCloseTo(figure.value, 14);
    expect(change.interval!.low).toBeCloseTo(figure.interval!.low, 14);
    expect(change.interval!.high).toBeCloseTo(figure.interval!.high, 14);
    expect(second.value - first.value).toBeCloseTo(change.value, 14);
    expect(cheaper.value).toBeLessThan(energy.value);
    expect(saved.value).toBe(cheaper.value - energy.value);
  });

  test("that are the same differ in nothing, whatever their names", async () => {
    const { fields, measures } = await compare(experiment, { ...experiment, name: "another" });
    expect(fields).toEqual([]);
    for (const [, , change] of measures) expect(change.value).toBe(0);
    // No prompt of 60 differs, which bounds the difference by the rule of three.
    expect(measures[0][2].interval).toMatchObject({ low: -3 / 60, high: 3 / 60 });
  });

  test("of different sizes run on the smaller number of chips and of prompts, in either order", async () => {
    const sized = (chips: number, prompts: number) => ({
      ...experiment,
      hardware: { ...experiment.hardware, chips },
      evaluation: { ...experiment.evaluation, prompts },
    });
    for (const [a, b] of [
      [sized(1, 20), sized(2, 12)],
      [sized(2, 12), sized(1, 20)],
    ]) {
      expect(await compareRuns(runOf(a), runOf(b), { executor })).toMatchObject({ chips: 1, prompts: 12 });
    }
    expect(
      await compareRuns(runOf(sized(1, 20)), runOf(sized(2, 12)), { executor, chips: 2, prompts: 14 }),
    ).toMatchObject({ chips: 2, prompts: 14 });
  });

  test.each([
    [{ ...experiment, seed: 5 }, "seed", "Set one seed for both with --seed"],
    [{ ...experiment, task: { ...experiment.task, pilots: 3 } }, "task.pilots", "task.pilots is 2 and 3"],
  ])("%# without pairs are refused", async (other, path, message) => {
    const run = compareRuns(runOf(experiment), { opened: openExperiment(other), network }, { executor, ...size });
    await expect(run).rejects.toThrow(SpecError);
    await expect(run).rejects.toMatchObject({ path, message: expect.stringContaining(message) });
  });
});
