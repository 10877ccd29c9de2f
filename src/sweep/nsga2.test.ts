// @module-tag slow
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hypervolume } from "../../test/support/hypervolume.ts";
import { stream } from "../numeric/stream.ts";
import { frontOf } from "./front.ts";
import { crowdingOf, dominates, type Fitness, type Gene, type Genome, layersOf, searchFront } from "./nsga2.ts";

/** All requests of a search, with the answers it received. */
function run(
  genes: readonly Gene[],
  evaluations: number,
  fitnessOf: (genome: Genome) => Fitness,
  seed = 1,
  population = 40,
) {
  const random = stream(seed);
  const search = searchFront(genes, { population, evaluations, random, keyOf: (genome) => genome.join() });
  const all: { genome: Genome; fitness: Fitness }[] = [];
  const generations: number[] = [];
  for (let next = search.next(); !next.done; ) {
    const own = next.value.map((genome) => ({ genome, fitness: fitnessOf(genome) }));
    all.push(...own);
    generations.push(own.length);
    next = search.next(own.map(({ fitness }) => fitness));
  }
  return { all, generations };
}

const kept = (costs: readonly number[]): Fitness => ({ costs, violation: 0 });
const costsOf = (all: readonly { readonly fitness: Fitness }[]) => all.map(({ fitness }) => fitness.costs);

test("each layer is the front of what is left after the layers before it", () => {
  const fitness = fc.integer({ min: 1, max: 4 }).chain((objectives) =>
    fc.array(
      fc.record({
        costs: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: objectives, maxLength: objectives }),
        violation: fc.constantFrom(0, 0, 0, 1, 2, Number.POSITIVE_INFINITY),
      }),
      { maxLength: 40 },
    ),
  );
  fc.assert(
    fc.property(fitness, (all) => {
      const expected = Array<number>(all.length);
      let left = all.map((_, i) => i);
      for (let layer = 0; left.length > 0; layer++) {
        const front = left.filter((i) => !left.some((j) => dominates(all[j], all[i])));
        for (const i of front) expected[i] = layer;
        left = left.filter((i) => !front.includes(i));
      }
      expect([...layersOf(all)]).toEqual(expected);
    }),
  );
});

test("a point within the limits beats one outside, and outside the smaller violation wins", () => {
  const [poor, good, broken, worse] = [
    [9, 9],
    [1, 1],
    [0, 0],
    [0, 0],
  ].map((costs, i) => ({
    costs,
    violation: [0, 0, 1, 2][i],
  }));
  expect(dominates(good, poor)).toBe(true);
  expect(dominates(poor, broken)).toBe(true);
  expect(dominates(broken, poor)).toBe(false);
  expect(dominates(broken, worse)).toBe(true);
});

test("crowding is the gap around a point in each objective, infinite at the ends", () => {
  // In order of the first objective 0, 1, 4: 4 / 4 around the middle one; in that of the second 8, 6, 0: 8 / 8.
  expect([
    ...crowdingOf([
      [0, 8],
      [4, 0],
      [1, 6],
    ]),
  ]).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 2]);
});

describe("a search", () => {
  // E. Zitzler, K. Deb, L. Thiele, "Comparison of Multiobjective Evolutionary Algorithms", Evolutionary Computation 8 (2000)
  // 173-195, with 6 variables instead of 30. At the front g = 1, and the second cost is 1 - sqrt(x) or 1 - x^2.
  const reference = [1.1, 1.1] as const;
  const problem = (shape: (share: number) => number) => (genome: Genome) => {
    const g = 1 + (9 * genome.slice(1).reduce((sum, x) => sum + x, 0)) / (genome.length - 1);
    return kept([genome[0], g * shape(genome[0] / g)]);
  };
  const exact = (shape: (share: number) => number) => {
    const steps = 10_000;
    return hypervolume(
      Array.from({ length: steps + 1 }, (_, i) => [i / steps, shape(i / steps)]),
      reference,
    );
  };

  test.each([
    ["ZDT1", (share: number) => 1 - Math.sqrt(share)],
    ["ZDT2", (share: number) => 1 - share ** 2],
  ])("finds the front of %s, of which a random sample of the same size sees little", (_, shape) => {
    const genes = Array<Gene>(6).fill(null);
    const evaluations = 4000;
    const { all } = run(genes, evaluations, problem(shape), 1, 24);
    expect(all).toHaveLength(evaluations);
    const random = stream(2);
    const sample = Array.from({ length: evaluations }, () => genes.map(() => random.uniform()));
    const share = (costs: readonly (readonly number[])[]) => hypervolume(costs, reference) / exact(shape);
    expect(share(costsOf(all))).toBeGreaterThan(0.99);
    expect(share(sample.map((genome) => problem(shape)(genome).costs))).toBeLessThan(0.6);
  });

  // Seven choices of four values with two costs each, drawn once, and a term that couples neighbouring choices.
  const choices = Array<Gene>(7).fill(4);
  const table = stream(7);
  const prices = choices.map(() => Array.from({ length: 4 }, () => [table.uniform(), table.uniform()]));
  const discrete = (genome: Genome): Fitness => {
    const own = (m: number) => genome.reduce((sum, value, g) => sum + prices[g][value][m], 0);
    const together = genome.reduce((sum, value, g) => sum + (g > 0 && value === genome[g - 1] ? 0.3 : 0), 0);
    return kept([own(0) + together, own(1)]);
  };
  const everyChoice = Array.from({ length: 4 ** 7 }, (_, i) => choices.map((__, g) => Math.floor(i / 4 ** g) % 4));

  test("approaches the exact front of a discrete problem with a twentieth of its points, closer than a random sample", () => {
    const whole = everyChoice.map((genome) => discrete(genome).costs);
    const corner: [number, number] = [Math.max(...whole.map(([x]) => x)), Math.max(...whole.map(([, y]) => y))];
    const evaluations = Math.round(everyChoice.length / 20);
    const random = stream(3);
    const sample = Array.from({ length: evaluations }, () => whole[random.integer(whole.length)]);
    const share = (costs: readonly (readonly number[])[]) => hypervolume(costs, corner) / hypervolume(whole, corner);
    const found = share(costsOf(run(choices, evaluations, discrete).all));
    expect(found).toBeGreaterThan(0.985);
    expect(found).toBeGreaterThan(share(sample) + 0.03);
  });

  test("requests no genome twice, and ends when there are no more", () => {
    const genes: Gene[] = [3, 4, 5];
    const { all } = run(genes, 1000, ({ 0: a, 1: b, 2: c }) => kept([a + b, 7 - b - c]), 4, 8);
    expect(all).toHaveLength(60);
    expect(new Set(all.map(({ genome }) => genome.join())).size).toBe(60);
    const front = frontOf(costsOf(all)).map((i) => all[i].fitness.costs);
    expect(front.length).toBeGreaterThan(0);
  });

  test("is the same for the same seed, however long answers take, and different for another", () => {
    const genes: Gene[] = [null, null, 3];
    const answer = ({ 0: x, 1: y, 2: z }: Genome) => kept([x + z, y - x]);
    const [one, again, other] = [5, 5, 6].map((seed) => run(genes, 100, answer, seed, 12));
    expect(one).toEqual(again);
    expect(one.all).not.toEqual(other.all);
    expect(one.generations).toEqual([...Array<number>(8).fill(12), 4]);
    for (const { genome } of one.all) {
      expect(genome.every((gene) => gene >= 0 && gene <= 2)).toBe(true);
      expect(Number.isInteger(genome[2])).toBe(true);
    }
  });

  test("finds the region where the limits are kept", () => {
    // They are kept in a corner, a thousandth of the square.
    const answer = ({ 0: x, 1: y }: Genome): Fitness => ({ costs: [x, y], violation: Math.max(0, 1.95 - x - y) });
    const { all } = run([null, null], 400, answer);
    const inside = all.filter(({ fitness }) => fitness.violation === 0);
    expect(inside.length).toBeGreaterThan(50);
    expect(Math.min(...inside.map(({ fitness }) => fitness.costs[0] + fitness.costs[1]))).toBeLessThan(1.955);
  });
});
