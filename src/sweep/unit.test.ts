// @module-tag slow
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tinyExperiment } from "../../test/support/tiny-training.ts";
import { MappingError, SpecError } from "../errors.ts";
import { simulateChip } from "../evaluation/chips.ts";
import { jobs } from "../evaluation/jobs.ts";
import type { Slice } from "../evaluation/slices.ts";
import { OBJECTIVES as ALL } from "../experiment/design.ts";
import { parseDurations } from "../experiment/duration.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import { parseExperiment } from "../experiment/parse.ts";
import { parseSweep } from "../experiment/sweep.ts";
import { initialise } from "../model/network.ts";
import { rowSpec } from "../node/sweep/row-spec.ts";
import { stream } from "../numeric/stream.ts";
import { evaluateDrift } from "../runs/drift.ts";
import { runExperiment } from "../runs/experiment.ts";
import { evaluateSweep } from "../runs/sweep.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { type Executor, inlineExecutor, type JobRegistry } from "../threads/executor.ts";
import type { RowSamples } from "./packed.ts";
import { measurePoint, measureRow, needsBlocks, type Row } from "./unit.ts";

/** Of a link without coded blocks (`coded.test.ts`). */
const OBJECTIVES = ALL.filter((name) => !needsBlocks([name]));

const executor = inlineExecutor(jobs);
const base = tinyExperiment({
  seed: 4,
  model: { kind: "spiking", steps: 3, neuron: { threshold: 0.3 } },
  hardware: { chips: 3, crossbar: { rows: 16, columns: 16 } },
});
const experiment: Experiment = {
  ...base,
  evaluation: { ...base.evaluation, prompts: 60, snrDecibels: [], steps: [3] },
};
const network = initialise(
  experiment.model as SpikingSpec,
  networkGeometry(experiment, createTask(experiment)),
  stream(3),
);
const options = { executor, command: "xpike test", versions: {} };

describe("a point", () => {
  test("has the error rate, energy, latency and area that a run of its experiment reports", async () => {
    const measures = await measurePoint(executor, experiment, network, OBJECTIVES);
    const report = await runExperiment(experiment, { network }, options);
    const figureOf = (id: string) => report.figures.find((figure) => figure.id === id)!.value;
    expect(measures.errorRate!.value).toBeCloseTo(figureOf("ber.xpikeformer"), 14);
    expect(measures.energy!.value).toBe(figureOf("cost.xpikeformer.energy"));
    expect(measures.latency!.value).toBe(figureOf("cost.latency.alone"));
    expect(1 / measures.throughput!.value).toBeCloseTo(figureOf("cost.latency.interval"), 14);
    expect(measures.area!.value).toBe(figureOf("cost.area.xpikeformer"));
    expect(measures).toMatchObject({ chips: 3, prompts: 60 });
  });

  test("has the loss over a year that a study of ages gives, with the paired interval", async () => {
    const { yearLoss, errorRate } = await measurePoint(executor, experiment, network, ["yearLoss"]);
    const report = await evaluateDrift(experiment, { network }, parseDurations("1s,1y", "drift"), options);
    const change = report.figures.find(({ id }) => id === "ber.drift.hwat.compensated.1y.change")!;
    expect(yearLoss!.value).toBeCloseTo(change.value, 14);
    expect(yearLoss!.low).toBeCloseTo(change.interval!.low, 14);
    expect(yearLoss!.high).toBeCloseTo(change.interval!.high, 14);
    expect(errorRate).toBeNull();
  });

  test("has the error rate that `eval --sweep` gives at its value", async () => {
    const sweep = parseSweep("adc.bits=3,6", experiment);
    const report = await evaluateSweep(experiment, { network }, sweep, [], options);
    for (const { value, experiment: point } of sweep.points) {
      const { errorRate } = await measurePoint(executor, point, network, ["errorRate"]);
      const figure = report.figures.find(({ id }) => id === `ber.sweep.adc.bits.${value}.hwat`)!;
      expect(errorRate!.value).toBeCloseTo(figure.value, 14);
      expect(errorRate!.low).toBeCloseTo(figure.interval!.low, 14);
    }
  });

  test("that is only priced is simulated on one chip, or uses published densities without a network", async () => {
    const priced = await measurePoint(executor, experiment, network, ["energy", "area"]);
    expect(priced).toMatchObject({ errorRate: null, yearLoss: null, latency: null, chips: 1, prompts: 32 });
    const published = await measurePoint(executor, experiment, null, ["energy", "area", "throughput"]);
    expect(published).toMatchObject({ chips: 0, prompts: 0, area: priced.area });
    expect(published.energy!.value).not.toBe(priced.energy!.value);
    expect(published.throughput!.value).toBeGreaterThan(0);
  });

  test("without a network has no error rate, and says so", async () => {
    const run = measurePoint(executor, experiment, null, ["errorRate"]);
    await expect(run).rejects.toThrow(SpecError);
    await expect(run).rejects.toMatchObject({ path: "checkpoints.network" });
  });

  test("that is not a valid machine is refused", async () => {
    const { hardware } = experiment;
    const small = {
      ...experiment,
      hardware: { ...hardware, crossbars: 1, crossbar: { ...hardware.crossbar, rows: 4 } },
    };
    await expect(measurePoint(executor, small, network, ["energy"])).rejects.toThrow(MappingError);
  });

  test.each([
    [
      "hardware.ssa.counterBits",
      { model: { kind: "spiking", attention: { kind: "sdsa-1" } }, hardware: { ssa: { counterBits: 1 } } },
    ],
    ["task.coding", { task: { coding: "repeat" }, model: { kind: "spiking" } }],
    [
      "hardware.order",
      { model: { kind: "spiking", attention: { draws: "independent" } }, hardware: { order: "step-major" } },
    ],
    ["hardware.ssa.counterBits", { model: { kind: "spiking" }, hardware: { ssa: { counterBits: 2 } } }],
    ["model.neuron.beta", { model: { kind: "spiking", neuron: { beta: 0.3 } } }],
  ])("that mapping would refuse for its %s is refused without a network, too", async (path, changes) => {
    const run = measurePoint(executor, parseExperiment(changes), null, ["energy"]);
    await expect(run).rejects.toMatchObject({ path });
  });
});

/** The prompts and chips that a row counts are those that were simulated: each is at most one slice of the job. */
function countingExecutor(): { executor: Executor; simulated: () => number } {
  let simulated = 0;
  const counted: JobRegistry = {
    ...jobs,
    "simulate-chip": async (setup, thread) => {
      const take = await simulateChip(setup as never, thread);
      return (piece, gotOn) => {
        if (!("kind" in (piece as object))) simulated += (piece as Slice).prompts;
        return take(piece as never, gotOn);
      };
    },
  };
  return { executor: inlineExecutor(counted), simulated: () => simulated };
}

test("a point measured in rounds has, bit for bit, the row of one measured at once, and simulates no prompt twice", async () => {
  const point = { point: 0, hash: "h", values: {} };
  const design = { objectives: [...OBJECTIVES], budget: { chips: 1, prompts: 1, growth: 2 } };
  const sized = (chips: number, prompts: number): Experiment => ({
    ...experiment,
    hardware: { ...experiment.hardware, chips },
    evaluation: { ...experiment.evaluation, prompts },
  });
  const rowOf = (on: Executor, chips: number, prompts: number, earlier: RowSamples | null = null): Promise<Row> =>
    measureRow(on, point, { experiment: sized(chips, prompts), data: null }, network, design, earlier);
  const whole = new Map<string, Promise<Row>>();
  const atOnce = (chips: number, prompts: number) => {
    const key = `${chips} ${prompts}`;
    if (!whole.has(key)) whole.set(key, rowOf(executor, chips, prompts));
    return whole.get(key)!;
  };
  const size = fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 50 }));
  await fc.assert(
    fc.asyncProperty(fc.array(size, { minLength: 2, maxLength: 3 }), async (drawn) => {
      const sorted = [0, 1].map((i) => drawn.map((one) => one[i]).sort((a, b) => a - b));
      const { executor: counting, simulated } = countingExecutor();
      let row: Row | null = null;
      for (const [i, chips] of sorted[0].entries()) {
        // As read from a file or a queue.
        const earlier: RowSamples | null = row && rowSpec.parse(JSON.parse(JSON.stringify(row))).samples!;
        row = await rowOf(counting, chips, sorted[1][i], earlier);
        expect(row).toStrictEqual(await atOnce(chips, sorted[1][i]));
        // At two ages.
        expect(simulated()).toBe(2 * chips * sorted[1][i]);
      }
    }),
    { numRuns: 5, seed: 16 },
  );
});
