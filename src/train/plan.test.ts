import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tinyExperiment } from "../../test/support/tiny-training.ts";
import { NOISE_SCRATCH } from "../kernels/wasm/neuron-ops.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { planTraining, shardPrompts, shardRange } from "./plan.ts";

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
    ["LIF attention without BatchNorm", { kind: "spiking", attention: { neuron: "lif" }, normalisation: "none" }],
  ] as const)("of %s gives every array a place of its own", (_, model) => {
    const experiment = tinyExperiment({ model, training: { batch: 10, shards: 3 } });
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

  test("keeps a shard's gradients together, so that they are summed in one sweep", () => {
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
