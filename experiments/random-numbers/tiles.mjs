// Bias and dependence of the encoders in single tiles, over many tiles with separate seeds. The bits of a tile share registers, so each
// tile is one cluster and errors are those of means over tiles.
import { stream } from "xpikeformer";
import { drawsOf, KINDS, SOURCES } from "./sources.mjs";
import { clusteredMean, exactChance, firingRates, productMoment, varianceOfSums } from "./statistics.mjs";

const DIMENSION = 16;
/** Token counts of the tiles whose bias is measured. The last is the network's. */
const TOKENS = [16, 32, 37];
/** Firing probabilities at which bits are compared. The last is that of one value in the bundled network, gain 32 of 37 tokens. */
const CHANCES = { quarter: 1 / 4, half: 1 / 2, gained: 32 / 37 };

/** Measures all sources. Random: tile k of a source and kind uses `stream(seed).fork("tile", source, kind, k)`. */
export function measureTiles(seed, { tiles }) {
  const random = stream(seed);
  const sources = SOURCES.map((source) => {
    const of = (kind, k) => random.fork("tile", source.name, kind, k);
    const bias = Object.fromEntries(
      TOKENS.map((tokens) => [tokens, biasOf(source, tokens, tiles, (k) => of(tokens, k))]),
    );
    const kinds = KINDS.map((kind) => [kind, dependenceOf(source, kind, tiles, (k) => of(kind, k))]);
    return [source.name, { bias, ...Object.fromEntries(kinds) }];
  });
  return Object.fromEntries(sources);
}

/** E[bit] - count / I_max by count, in cells (I_max = d) and at column feet (I_max = N), with the value expected from rounding. */
function biasOf(source, tokens, tiles, random) {
  const shape = { steps: 1, tokens, dimension: DIMENSION };
  const { cells, outputs } = placesOf(shape);
  const rates = { scores: [], outputs: [] };
  let bits = 0;
  for (let k = 0; k < tiles; k++) {
    const draws = drawsOf(source, shape, "independent", random(k));
    bits = draws.bits;
    const values = drawAll(draws, shape);
    rates.scores.push(firingRates(values.subarray(0, cells), bits, DIMENSION));
    rates.outputs.push(firingRates(values.subarray(cells, cells + outputs), bits, tokens));
  }
  const summary = (all, normaliser) => {
    const counts = Array.from({ length: normaliser + 1 }, (_, count) => count);
    const means = counts.map((count) => clusteredMean(all.map((rate) => rate[count])));
    return {
      bias: means.map(({ mean }, count) => mean - count / normaliser),
      error: means.map(({ error }) => error),
      expected: counts.map((count) => exactChance(bits, count, normaliser) - count / normaliser),
    };
  };
  return { scores: summary(rates.scores, DIMENSION), outputs: summary(rates.outputs, tokens) };
}

/** Product moments of neighbouring bits, and variances of sums relative to independent bits, by firing probability. */
function dependenceOf(source, kind, tiles, random) {
  const shape = { steps: 2, tokens: TOKENS.at(-1), dimension: DIMENSION };
  const { moments, sums } = groupsOf(shape);
  const found = Object.fromEntries(
    Object.keys(CHANCES).map((chance) => [
      chance,
      {
        moments: Object.fromEntries(Object.keys(moments).map((name) => [name, []])),
        sums: Object.fromEntries(Object.keys(sums).map((name) => [name, []])),
      },
    ]),
  );
  for (let k = 0; k < tiles; k++) {
    const draws = drawsOf(source, shape, kind, random(k));
    const values = drawAll(draws, shape);
    for (const [name, chance] of Object.entries(CHANCES)) {
      const limit = Math.ceil(chance * 2 ** draws.bits);
      const p = limit / 2 ** draws.bits;
      const fired = Uint8Array.from(values, (draw) => (draw < limit ? 1 : 0));
      for (const [group, places] of Object.entries(moments)) {
        const { sum, groups } = productMoment(fired, p, places);
        found[name].moments[group].push(sum / groups);
      }
      for (const [group, places] of Object.entries(sums))
        found[name].sums[group].push(varianceOfSums(fired, p, places));
    }
  }
  const means = (byName) => Object.fromEntries(Object.entries(byName).map(([name, all]) => [name, clusteredMean(all)]));
  return Object.fromEntries(
    Object.entries(found).map(([chance, { moments, sums }]) => [
      chance,
      { moments: means(moments), sums: means(sums) },
    ]),
  );
}

/** Indices of a tile's draws in one array: step by step, cells first. */
export function placesOf({ tokens, dimension }) {
  const cells = tokens ** 2;
  const outputs = tokens * dimension;
  const first = (step) => step * (cells + outputs);
  return {
    cells,
    outputs,
    cell: (step, query, key) => first(step) + query * tokens + key,
    output: (step, query, feature) => first(step) + cells + query * dimension + feature,
  };
}

/** All draws of a tile, at the indices of `placesOf`. */
export function drawAll(draws, shape) {
  const { steps, tokens, dimension } = shape;
  const { cells, outputs, cell, output } = placesOf(shape);
  const values = new Float64Array(steps * (cells + outputs));
  for (let t = 0; t < steps; t++) {
    for (let i = 0; i < tokens; i++) {
      for (let j = 0; j < tokens; j++) values[cell(t, i, j)] = draws.score(t, i, j);
      for (let f = 0; f < dimension; f++) values[output(t, i, f)] = draws.output(t, i, f);
    }
  }
  return values;
}

/** The groups of bits that are compared, and those that are summed. */
export function groupsOf(shape) {
  const { tokens, dimension } = shape;
  const { cell, output } = placesOf(shape);
  const grid = (rows, columns, group) =>
    Array.from({ length: rows * columns }, (_, n) => group(Math.floor(n / columns), n % columns));
  const [N, d] = [tokens, dimension];
  // Columns whose byte is in the same register as the byte of the previous column.
  const inside = Array.from({ length: N }, (_, i) => i).filter((i) => i % 4 !== 0);
  return {
    moments: {
      queries: grid(N - 1, N, (i, j) => [cell(0, i, j), cell(0, i + 1, j)]),
      keys: grid(N, N - 1, (i, j) => [cell(0, i, j), cell(0, i, j + 1)]),
      diagonal: grid(N - 1, N - 1, (i, j) => [cell(0, i, j + 1), cell(0, i + 1, j)]),
      corners: grid(N - 1, N - 1, (i, j) => [
        cell(0, i, j),
        cell(0, i + 1, j),
        cell(0, i, j + 1),
        cell(0, i + 1, j + 1),
      ]),
      features: grid(N, d - 1, (i, f) => [output(0, i, f), output(0, i, f + 1)]),
      "features two apart": grid(N, d - 2, (i, f) => [output(0, i, f), output(0, i, f + 2)]),
      "outputs of neighbouring queries": grid(N - 1, d, (i, f) => [output(0, i, f), output(0, i + 1, f)]),
      "output of the query before, next feature": inside.flatMap((i) =>
        grid(1, d - 1, (_, f) => [output(0, i, f), output(0, i - 1, f + 1)]),
      ),
      "output of the query before, eight features on": inside.flatMap((i) =>
        grid(1, d - 8, (_, f) => [output(0, i, f), output(0, i - 1, f + 8)]),
      ),
      "score and first feature": grid(N, N, (i, j) => [cell(0, i, j), output(0, i, 0)]),
      "score and last feature": grid(N, N, (i, j) => [cell(0, i, j), output(0, i, d - 1)]),
      "scores of two steps": grid(N, N, (i, j) => [cell(0, i, j), cell(1, i, j)]),
      "outputs of two steps": grid(N, d, (i, f) => [output(0, i, f), output(1, i, f)]),
    },
    sums: {
      "scores of a query": grid(N, 1, (i) => Array.from({ length: N }, (_, j) => cell(0, i, j))),
      "scores of a key": grid(N, 1, (j) => Array.from({ length: N }, (_, i) => cell(0, i, j))),
      "scores of a tile": [grid(N, N, (i, j) => cell(0, i, j))],
      "features of a query": grid(N, 1, (i) => Array.from({ length: d }, (_, f) => output(0, i, f))),
      "queries of a feature": grid(d, 1, (f) => Array.from({ length: N }, (_, i) => output(0, i, f))),
      "outputs of a tile": [grid(N, d, (i, f) => output(0, i, f))],
    },
  };
}
