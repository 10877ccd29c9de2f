// @module-tag slow
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { tinyExperiment } from "../../test/support/tiny-training.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { annSpec, requireTransformer } from "../experiment/model.ts";
import { parseExperiment } from "../experiment/parse.ts";
import { presets } from "../experiment/presets.ts";
import { countingArena, LARGEST_MEMORY } from "../kernels/arena.ts";
import { NOISE_SCRATCH } from "../kernels/wasm/neuron-ops.ts";
import type { Geometry } from "../model/geometry.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import {
  memoryNote,
  oneMemory,
  planPasses,
  planTraining,
  requireRoom,
  shardPrompts,
  shardRange,
  shardWaves,
  stageGeometry,
  stageNames,
  stageTask,
  type TrainingPlan,
} from "./plan.ts";

test("metrics distinguish stages with the same name", () => {
  const namesOf = (names: readonly (string | undefined)[]) =>
    stageNames(tinyExperiment({ training: { stages: names.map((name) => ({ ...(name && { name }) })) } }).training);
  expect(namesOf([undefined, undefined, "noise", undefined])).toEqual(["train", "train 2", "noise", "train 3"]);
  expect(namesOf(["first", "second"])).toEqual(["first", "second"]);
});

describe("the geometry of a stage", () => {
  const withCopies = (task: object, stage: object) => {
    const { task: spec, ...rest } = tinyExperiment({ training: { stages: [stage] } });
    return { ...rest, task: { ...spec, ...task } } as Experiment;
  };
  test.each([
    [{}, {}],
    [{}, { queryCopies: 3 }],
    [{ queryCopies: 4 }, {}],
    [{ queryCopies: { every: 2 } }, { queryCopies: 3 }],
  ])("of task %j and stage %j is that of the prompts which it draws", (task, changes) => {
    const experiment = withCopies(task, changes);
    const [stage] = experiment.training.stages;
    const drawn = { task: stageTask(experiment, stage!), model: experiment.model };
    const given = networkGeometry(experiment, createTask(experiment));
    const { copies, ...expected } = networkGeometry(drawn, createTask(drawn));
    expect(stageGeometry(experiment, given, stage!)).toEqual(copies ? { ...expected, copies } : expected);
  });

  /** A network of another task's sizes. */
  const other: Geometry = {
    ...{ inputs: 64, tokens: 5, classes: 7, mask: new Uint8Array(25).fill(1), queries: Int32Array.of(0, 4) },
  };
  test("is the one that the passes are given, which need not be the task's", () => {
    const experiment = tinyExperiment();
    const { training, validation } = planPasses(
      countingArena(),
      experiment,
      other,
      experiment.training.stages[0]!,
      false,
    );
    expect(training.network.geometry).toEqual(other);
    expect(validation.network.geometry).toEqual(other);
  });

  test("with copies, which only a task can add, is refused for another task's", () => {
    const experiment = withCopies({}, { queryCopies: 2 });
    expect(() => stageGeometry(experiment, other, experiment.training.stages[0]!)).toThrow("but for copies of queries");
  });
});

describe("shards", () => {
  test("partition the batch, as evenly as possible", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 0, max: 500 }), (shards, extra) => {
        const experiment = tinyExperiment({ training: { batch: shards + extra, shards } });
        let next = 0;
        for (let shard = 0; shard < shards; shard++) {
          const { first, count } = shardRange(experiment, shard);
          expect(first).toBe(next);
          expect(count).toBeLessThanOrEqual(shardPrompts(experiment));
          expect(count).toBeGreaterThanOrEqual(shardPrompts(experiment) - 1);
          next += count;
        }
        expect(next).toBe(shards + extra);
      }),
      { seed: 1, numRuns: 100 },
    );
  });
});

describe("the memory plan", () => {
  test.each([
    ["an ANN", { kind: "ann" }],
    ["a spiking network", { kind: "spiking" }],
    ["LIF attention without BatchNorm", { kind: "spiking", attention: { kind: "lif" }, normalisation: "none" }],
  ] as const)("of %s gives every array a place of its own", (_, model) => {
    const experiment = tinyExperiment({
      model,
      training: { batch: 10, shards: 3, stages: [{ steps: 1, noise: { weights: 0.1 } }] },
    });
    const geometry = networkGeometry(experiment, createTask(experiment));
    const plan = planTraining(experiment, geometry, 1000, 4);
    const bytesOf = (layout: typeof plan.layout) =>
      new Map(layout.map(({ name, shape }) => [name, 4 * shape.reduce((a, b) => a * b, 1)]));
    const [full, folded] = [bytesOf(plan.layout), bytesOf(plan.foldedLayout)];
    const places = (offsets: Readonly<Record<string, number>>, bytes: Map<string, number>) =>
      Object.entries(offsets).map(([name, start]) => ({ start, end: start + bytes.get(name)! }));
    const all = [
      ...[plan.value, plan.noisy, plan.first, plan.second, ...plan.gradients, ...plan.statistics].flatMap((offsets) =>
        places(offsets, full),
      ),
      ...places(plan.folded, folded),
      // The widest matrix of the tiny network has 3 x 8 columns.
      { start: plan.noiseColumns, end: plan.noiseColumns + 4 * 24 },
      { start: plan.noiseWords, end: plan.noiseWords + 4 * NOISE_SCRATCH },
      { start: plan.noiseLevels, end: plan.noiseLevels + 8 * 4096 },
      ...plan.regions,
    ].toSorted((a, b) => a.start - b.start);
    expect(plan.regions).toHaveLength(4);
    expect(all[0].start).toBeGreaterThanOrEqual(1000);
    for (let i = 1; i < all.length; i++) expect(all[i].start).toBeGreaterThanOrEqual(all[i - 1].end);
    expect(all.at(-1)!.end).toBe(plan.bytes);
  });

  test("keeps a shard's gradients contiguous, so that one sweep sums them", () => {
    const experiment = tinyExperiment();
    const plan = planTraining(experiment, networkGeometry(experiment, createTask(experiment)), 0, 1);
    for (const [shard, offsets] of plan.gradients.entries()) {
      const start = plan.gradientStarts[shard];
      const last = plan.layout.findLast(({ name }) => name in offsets)!;
      expect(Math.min(...Object.values(offsets))).toBe(start);
      const end = offsets[last.name] + 4 * last.shape.reduce((a, b) => a * b, 1);
      expect(start + 4 * plan.gradientWords).toBeGreaterThanOrEqual(end);
      for (const [name, offset] of Object.entries(offsets)) {
        expect(offset - start).toBe(plan.gradients[0][name] - plan.gradientStarts[0]);
      }
    }
  });
});

describe("a plan that does not fit", () => {
  const experiment = tinyExperiment({ model: { kind: "spiking", depth: 3 }, training: { batch: 12, shards: 6 } });
  const geometry = networkGeometry(experiment, createTask(experiment));
  const planned = (threads: number, limit: number) => planTraining(experiment, geometry, 0, threads, oneMemory(limit));
  const whole = planned(3, 2 ** 32);

  test("first keeps fewer gradients, then recomputes layers, then uses fewer threads", () => {
    const describePlan = ({ regions, recompute, gradients }: TrainingPlan) => [
      regions.length,
      recompute,
      gradients.length,
    ];
    expect(describePlan(whole)).toEqual([3, false, 6]);
    const seen = [describePlan(whole)];
    // The best plan stays the best for as long as it fits, so the next one is that of 64 bytes less.
    for (let limit = whole.bytes; limit > 0; ) {
      const plan = planned(3, limit);
      if (plan.bytes > limit) break;
      limit = plan.bytes - 64;
      const described = describePlan(plan);
      if (described.join() !== seen.at(-1)!.join()) seen.push(described);
    }
    expect(seen).toEqual([
      [3, false, 6],
      [3, false, 4],
      [3, true, 4],
      [2, false, 6],
      [2, false, 3],
      [2, true, 3],
      [1, false, 6],
      [1, false, 2],
      [1, true, 2],
    ]);
  });

  test("reports what it does instead of what was asked for, or that no plan fits", () => {
    const asked = { threads: 3, limitName: "a memory" };
    expect(memoryNote(whole, asked)).toBeNull();
    expect(memoryNote(planned(3, whole.bytes - 64), asked)).toBeNull();
    const smallest = planned(3, 0);
    expect(memoryNote(smallest, asked)).toContain(
      "To fit into a memory, 1 of 3 threads trains, and layers are computed again",
    );
    expect(() => requireRoom(smallest, experiment, oneMemory(smallest.bytes))).not.toThrow();
    expect(() => requireRoom(smallest, experiment, oneMemory(smallest.bytes - 1))).toThrow("on shards of 2 prompts");
  });

  test("gives each thread a memory of its own where one memory is too small for all, after fewer gradients", () => {
    const large = planned(3, 2 ** 32);
    const most = planned(1, 2 ** 32).bytes;
    const apart = planTraining(experiment, geometry, 0, 3, { total: 2 ** 32, each: most });
    expect(large.own).toBeNull();
    expect(apart.regions).toHaveLength(3);
    expect(apart.recompute).toBe(false);
    expect(apart.own!.bytes).toBeLessThanOrEqual(most);
    expect(apart.totalBytes).toBe(apart.bytes + 3 * apart.own!.bytes);
    expect(memoryNote(apart, { threads: 3, limitName: "a memory" })).toContain(
      "3 threads have each a memory of their own",
    );
    // What passes read is at the same places in both kinds of memory, and nothing else is in between.
    const [[from, to], [next, end]] = [apart.own!.passed.training, apart.own!.passed.validation];
    const within = (places: TrainingPlan["value"], low: number, high: number) =>
      Object.values(places).every((place) => place >= low && place < high);
    expect(within(apart.value, from, to) && within(apart.noisy, from, to) && within(apart.folded, next, end)).toBe(
      true,
    );
    expect(next).toBe(to);
    expect(apart.own!.gradientStart).toBeGreaterThanOrEqual(end);
    // Less memory in all allows fewer of them.
    const two = planTraining(experiment, geometry, 0, 3, { total: apart.totalBytes - 64, each: most });
    expect(two.totalBytes).toBeLessThan(apart.totalBytes);
  });

  test("runs the shards in waves, each once and in order, with their own buffers", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 2, max: 50 }), (shards, buffers) => {
        const waves = shardWaves(shards, buffers);
        expect(waves.flat().map(({ shard }) => shard)).toEqual(Array.from({ length: shards }, (_, shard) => shard));
        for (const wave of waves) {
          expect(new Set(wave.map(({ buffer }) => buffer)).size).toBe(wave.length);
          for (const { shard, buffer } of wave) {
            expect(buffer).toBeLessThan(buffers);
            // The sum is in buffer 0, and only shard 0 starts it.
            expect(buffer === 0).toBe(shard === 0);
          }
        }
      }),
      { seed: 1, numRuns: 100 },
    );
  });
});

describe("presets of the paper", () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  const paper = presets().filter(({ name }) => name.startsWith("paper-"));
  test.each(paper)("$name is planned without WebAssembly, for 8 threads and 4 GiB", ({ document }) => {
    vi.stubGlobal("WebAssembly", undefined);
    const experiment = parseExperiment(document);
    const geometry = networkGeometry(experiment, createTask(experiment));
    for (const model of [experiment.model, annSpec.parse({ ...sizeOf(experiment), kind: "ann" })]) {
      const plan = planTraining({ ...experiment, model }, geometry, 4096, 8);
      expect(plan.bytes).toBeLessThanOrEqual(LARGEST_MEMORY);
    }
  });

  test.each(paper)(
    "$name trains on 8 threads, each with a memory of its own where needed, within 64 GiB",
    ({ document }) => {
      const experiment = parseExperiment(document);
      const geometry = networkGeometry(experiment, createTask(experiment));
      const plan = planTraining(experiment, geometry, 4096, 8, { total: 2 ** 36, each: LARGEST_MEMORY });
      expect(plan.regions).toHaveLength(8);
      expect(Math.max(plan.bytes, plan.own?.bytes ?? 0)).toBeLessThanOrEqual(LARGEST_MEMORY);
    },
  );

  test("are eight", () => {
    expect(paper).toHaveLength(8);
  });
});

function sizeOf({ model }: Experiment) {
  const { width, depth, heads, expansion } = requireTransformer(model, "A test");
  return { width, depth, heads, expansion };
}
