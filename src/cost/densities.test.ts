import fc from "fast-check";
import { expect, test } from "vitest";
import { scaleToMean, setDensities } from "./densities.ts";
import { meanDensity, type Workload } from "./workload.ts";
import { findWorkload } from "./workloads.ts";

const large = findWorkload("vit-8-768-imagenet");

test("a reachable mean is reached, and an unreachable one reports the largest possible", () => {
  // The densest layers have 0.286, so that all can be multiplied by up to 3.5: a mean of 0.64.
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 0.64, noNaN: true }), (mean) => {
      expect(meanDensity(scaleToMean(large, mean)) / mean).toBeCloseTo(1, 9);
    }),
    { seed: 1, numRuns: 50 },
  );
  expect(() => scaleToMean(large, 0.9)).toThrow(/A mean density of 0\.9 is 4\.\d+ times that of vit-8-768-imagenet/);
});

test("named densities replace a block's, and q and k coincide at the product of their densities", () => {
  const [block] = setDensities(large, { down: 0.5, query: 0.4, key: undefined }).blocks;
  expect(block).toEqual({ ...large.blocks[0], down: 0.5, query: 0.4, coincidences: 0.4 * large.blocks[0].key });
  expect(setDensities(large, {}).blocks).toEqual(large.blocks);
});

test("the digital SNN's own network is changed in the same way", () => {
  const snn = findWorkload("vit-4-384-imagenet");
  const beside: Workload = { ...large, compared: { snn } };
  expect(setDensities(beside, { up: 0.1 }).compared!.snn).toEqual(setDensities(snn, { up: 0.1 }));
});
