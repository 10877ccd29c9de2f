// @module-tag page
// @module-tag slow
/** The arithmetic of experiments/fronts: low-bit networks, and values read off fronts. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { AnnSpec } from "../src/experiment/model.ts";
import { parseExperiment } from "../src/experiment/parse.ts";
import { networkForward } from "../src/model/forward.ts";
import { inputRows } from "../src/model/geometry.ts";
import { initialise, type Network } from "../src/model/network.ts";
import { stream } from "../src/numeric/stream.ts";
import { chartSvg } from "../src/report/chart-svg.ts";
import { createTask, networkGeometry } from "../src/task/create.ts";

const root = join(import.meta.dirname, "..");
// Through variables, because the programs of experiments/ have no types.
const load = (path: string) => import(join(root, "experiments", path));
const { quantisedAnn, stepOf } = await load("fronts/quantised-ann.mjs");
const { frontOf, ratiosWithIntervals, readOff } = await load("fronts/front.mjs");
const { frontChart } = await load("fronts/tables.mjs");

describe("a low-bit conventional network", () => {
  const [link, images, stem] = [
    {
      task: { transmitAntennas: 1, receiveAntennas: 2, modulation: "qpsk", pilots: 3 },
      model: { kind: "ann", width: 16, depth: 2, heads: 4, expansion: 2 },
    },
    {
      task: { kind: "image-classification", data: "mnist", patch: 14, readOut: "mean" },
      model: { kind: "ann", width: 8, depth: 1, heads: 2, expansion: 2, position: "learned" },
    },
    {
      task: { kind: "image-classification", data: "mnist", patch: 1, shift: 0, readOut: "mean" },
      model: {
        ...{ kind: "ann", width: 8, depth: 1, heads: 2, expansion: 2 },
        stem: {
          layers: [
            { channels: 8, stride: 2, kernel: 3 },
            { channels: 16, kernel: 3, pool: 2 },
          ],
          embedding: { kernel: 3 },
        },
      },
    },
  ].map((document) => {
    const experiment = parseExperiment(document);
    const task = createTask(experiment);
    const network = initialise(
      experiment.model as AnnSpec,
      networkGeometry(experiment, task),
      stream(1),
    ) as unknown as Network<AnnSpec>;
    // No parameter stays at 0 or 1.
    const random = stream(3);
    for (const { data } of Object.values(network.parameters)) data.set(data.map((x) => x + 0.1 * random.uniform()));
    return { network, task };
  });
  const { network } = link;
  const draw = (count: number, name: string) => ({
    prompts: count,
    values: link.task.draw(count, stream(2).fork(name), { spikes: false, values: true }).values!,
  });

  test.each([
    ["a link", link],
    ["images, with positions, of the mean over tokens", images],
    ["images behind convolutions", stem],
  ])("has the logits of the reference where nothing is rounded: %s", (_, { network: own }) => {
    const { inputs } = own.geometry;
    const random = stream(4);
    const values = Float32Array.from({ length: 5 * inputRows(own.geometry) * inputs }, () => random.uniform());
    const input = { prompts: 5, values };
    const { logits } = networkForward(own, input);
    const found: Float64Array = quantisedAnn(own, null, null)(input);
    expect(found.length).toBe(logits.length);
    // Sums in another order: a few units in the last place of numbers near 1.
    const furthest = Math.max(...found.map((logit, i) => Math.abs(logit - logits[i])));
    expect(furthest).toBeLessThan(1e-12);
  });

  test("approaches it with every bit", () => {
    const input = draw(20, "evaluation");
    const { logits } = networkForward(network, input);
    const distances = [3, 4, 5, 6, 8, 12].map((bits) => {
      // Calibrated on its own inputs, so that no activation is beyond the range of its codes.
      const found: Float64Array = quantisedAnn(network, bits, input)(input);
      return Math.hypot(...found.map((logit, i) => logit - logits[i]));
    });
    expect(distances).toEqual(distances.toSorted((a, b) => b - a));
    expect(distances.at(-1)!).toBeLessThan(distances[0] / 50);
  });

  test("chooses a step that no other share of the range improves", () => {
    const values = Float64Array.from({ length: 200 }, (_, i) => Math.tan((i - 100) / 66));
    const errorOf = (step: number, bits: number) =>
      values.reduce((sum, x) => {
        const most = 2 ** (bits - 1) - 1;
        const code = Math.max(-most, Math.min(most, Math.round(x / step)));
        return sum + (step * code - x) ** 2;
      }, 0);
    const largest = Math.max(...values.map(Math.abs));
    for (const bits of [3, 4, 8]) {
      const least = errorOf(stepOf(values, bits), bits);
      for (let clip = 0.525; clip <= 1; clip += 0.025) {
        expect(least).toBeLessThanOrEqual(errorOf((clip * largest) / (2 ** (bits - 1) - 1), bits) * (1 + 1e-9));
      }
    }
  });
});

describe("a front", () => {
  const point = (rate: number, energy: number) => ({ rate, energy, inFlight: 1 / energy });

  test("has the points that no other beats in both", () => {
    const [a, b, c, d] = [point(0.1, 1), point(0.05, 4), point(0.07, 5), point(0.2, 0.5)];
    expect(frontOf([a, b, c, d])).toEqual([b, a, d]);
  });

  test("has one point of several with equal energy: the one with the fewest errors, and the first of equal points", () => {
    const [worse, better, same] = [point(0.1, 1), point(0.05, 1), point(0.05, 1)];
    expect(frontOf([worse, better, same])).toEqual([better]);
    expect(frontOf([point(0.05, 2), better])).toEqual([better]);
    expect(frontOf([])).toEqual([]);
  });

  test("has, at the error rate of a point, that point's own values", () => {
    const front = frontOf([point(0.1, 1), point(0.05, 2), point(0.025, 4)]);
    for (const { rate, energy, inFlight } of front) {
      expect(readOff(front, rate).energy).toBeCloseTo(energy, 12);
      expect(readOff(front, rate).inFlight).toBeCloseTo(inFlight, 12);
    }
    expect(readOff([], 0.1)).toBeNull();
  });

  test("is interpolated log-linearly, constant past its worst point, and undefined before its best", () => {
    const front = frontOf([point(0.1, 1), point(0.025, 4)]);
    expect(readOff(front, 0.05).energy).toBeCloseTo(2, 12);
    expect(readOff(front, 0.05).inFlight).toBeCloseTo(0.5, 12);
    expect(readOff(front, 0.1).energy).toBe(1);
    expect(readOff(front, 0.5).energy).toBe(1);
    expect(readOff(front, 0.024)).toBeNull();
  });

  describe("beside another, by a bootstrap", () => {
    /** A point with errors drawn at its rate, by chip and group of 50 prompts; more energy, fewer errors. */
    const sampled = (
      rate: number,
      energy: number,
      { chips, groups }: { chips: number; groups: number },
      seed: string,
    ) => {
      const random = stream(6).fork(seed);
      const group = () => Array.from({ length: 50 }, () => random.uniform()).filter((x) => x < rate).length / 50;
      const values = Float64Array.from({ length: chips * groups }, group);
      const sample = { chips, reads: 1, prompts: groups, values };
      return { ...point(values.reduce((sum, x) => sum + x, 0) / values.length, energy), sample };
    };
    const fronts = (groups: number) => {
      const [own, rival] = [
        { chips: 5, groups },
        { chips: 1, groups },
      ];
      return [
        [sampled(0.1, 1, own, "a"), sampled(0.025, 4, own, "b")],
        [sampled(0.1, 3, rival, "c"), sampled(0.025, 12, rival, "d")],
      ];
    };
    const at = (groups: number, rates: number[]) => {
      const [own, rival] = fronts(groups);
      return ratiosWithIntervals(own, rival, rates, stream(1));
    };

    test("has an interval around the true ratio, which shrinks with the root of the number of prompts", () => {
      const [[few], [many]] = [at(40, [0.05]), at(640, [0.05])];
      for (const [ratio, low, high] of [few, many]) {
        expect(low).toBeLessThan(3);
        expect(high).toBeGreaterThan(3);
        expect(ratio).toBeGreaterThan(low);
        expect(ratio).toBeLessThan(high);
      }
      const width = ([, low, high]: number[]) => Math.log(high / low);
      expect(width(few) / width(many)).toBeGreaterThan(2.5);
      expect(width(few) / width(many)).toBeLessThan(6);
      // The same stream gives the same draws.
      expect(at(40, [0.05])).toEqual([few]);
    });

    test("has null where neither front reaches a rate, and ends that are not reached where one does in some draws", () => {
      const [never, lowest] = at(40, [0.001, 0.025]);
      expect(never).toBeNull();
      expect(lowest[1] === 0 || lowest[2] === Number.POSITIVE_INFINITY).toBe(true);
    });

    test("needs no interval where all samples are constant", () => {
      const constant = (rate: number, energy: number) => ({
        ...point(rate, energy),
        sample: { chips: 1, reads: 1, prompts: 4, values: new Float64Array(4).fill(rate) },
      });
      const [own, rival] = [[constant(0.1, 1)], [constant(0.1, 3)]];
      expect(ratiosWithIntervals(own, rival, [0.1, 0.05], stream(1))).toEqual([[3, 3, 3], null]);
    });

    test("draws prompts as well as chips", () => {
      const of = (chips: number, rows: number[], energy: number) => {
        const sample = { chips, reads: 1, prompts: rows.length / chips, values: Float64Array.from(rows) };
        return { ...point(rows.reduce((sum, x) => sum + x, 0) / rows.length, energy), sample };
      };
      const widthOf = (chips: number, rows: number[]) => {
        const rival = [of(1, [0.05, 0.05, 0.05, 0.05], 12), of(1, [0.2, 0.2, 0.2, 0.2], 3)];
        const [[, low, high]] = ratiosWithIntervals(
          [of(chips, rows, 1), of(1, [0.3, 0.3, 0.3, 0.3], 0.1)],
          rival,
          [0.15],
          stream(1),
        );
        return high - low;
      };
      // One chip whose prompts differ; two chips with equal prompts each.
      expect(widthOf(1, [0.06, 0.12, 0.06, 0.12])).toBeGreaterThan(0.1);
      expect(widthOf(2, [0.06, 0.06, 0.06, 0.06, 0.12, 0.12, 0.12, 0.12])).toBeGreaterThan(0.1);
      expect(
        widthOf(
          2,
          Array.from({ length: 8 }, () => 0.09),
        ),
      ).toBe(0);
    });
  });
});

test.each([
  ["link", "fronts"],
  ["mnist", "fronts-mnist"],
  ["fashion", "fronts-fashion"],
])("the page's figure of %s is drawn from the same results as its tables", async (task, file) => {
  await expect(chartSvg(frontChart(task))).toMatchFileSnapshot(join(root, `docs/figures/${file}.svg`));
});
