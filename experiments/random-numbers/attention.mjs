// The error of attention: the deviation of the mean of A over T steps from its expectation, on spikes of the bundled network and on random
// spikes with the same densities. The expectation is exact, so the error comes from the random numbers alone.
import { createTask, emptyTally, foldNetwork, simulateFast, stream, unpackSpikes } from "xpikeformer";
import { density, packSpikes, runSsaTile } from "xpikeformer/internal";
import { exact, readyChip } from "./network.mjs";
import { drawsOf, KINDS, SOURCES } from "./sources.mjs";
import { clusteredMean, clusteredRatio } from "./statistics.mjs";

const STEPS = [1, 2, 4, 8];

/**
 * Measures three cases: the network's spikes with its gains, random spikes with its gains, and random spikes with gains of 1, as in the
 * paper. Each prompt is a cluster.
 *
 * Random   the network's spikes as in the evaluation, with attention from `stream(seed).fork("attention spikes")`; random spikes from
 *          `.fork("random spikes", block)`; draws of seed s from `.fork("attention error", source, kind, prompt, tile, s)`
 */
export function measureAttention(experiment, trained, { prompts, seeds, log }) {
  const network = foldNetwork(trained);
  const { scoreGain, valueGain } = network.model.attention;
  const { real, random } = collectHeads(experiment, network, prompts);
  const cases = {
    network: { heads: real, gains: { scoreGain, valueGain } },
    random: { heads: random, gains: { scoreGain, valueGain } },
    "random, gains of 1": { heads: random, gains: { scoreGain: 1, valueGain: 1 } },
  };
  const results = {};
  for (const [name, { heads, gains }] of Object.entries(cases)) {
    const settings = { mask: network.geometry.mask, ...gains };
    const expected = heads.map((tiles) => tiles.map((tile) => expectedOutput(tile, settings)));
    const errors = new Map();
    for (const kind of KINDS) {
      for (const source of SOURCES) {
        const root = stream(experiment.seed).fork("attention error", source.name, kind);
        const ofPrompt = (tiles, prompt) =>
          tiles.map((tile, index) =>
            tileErrors(tile, expected[prompt][index], settings, seeds, (shape, s) =>
              drawsOf(source, shape, kind, root.fork(prompt, index, s)),
            ),
          );
        errors.set(`${source.name}; ${kind}`, heads.map(ofPrompt));
        log(`attention ${name} ${kind} ${source.name}`);
      }
    }
    results[name] = summarise(errors);
  }
  return results;
}

/** Every head of every block, by prompt: from the network's own run, and with random bits at its densities. */
function collectHeads(experiment, network, prompts) {
  const { model, geometry } = network;
  const root = stream(experiment.seed);
  const chip = readyChip(experiment, network, exact(experiment.hardware), 0);
  const batch = createTask({ task: experiment.task, model }).draw(prompts, root.fork("evaluation"), { values: false });
  const { rasters } = simulateFast(chip, batch.spikes, root.fork("attention spikes"), { rasters: prompts });
  const trains = Array.from({ length: model.depth }, (_, block) => rasters[`blocks.${block}.qkv`]);
  const drawn = trains.map((train, block) => {
    const random = root.fork("random spikes", block);
    const share = density(train);
    const bits = Uint8Array.from({ length: train.steps * train.rows * train.features }, () =>
      random.uniform() < share ? 1 : 0,
    );
    return packSpikes(bits, train.steps, train.rows, train.features);
  });
  const cut = (all) =>
    Array.from({ length: prompts }, (_, prompt) =>
      all.flatMap((train) => headsOf(train, prompt, geometry.tokens, model)),
    );
  return { real: cut(trains), random: cut(drawn) };
}

/** Query, key and value of every head of a prompt, [T][N][d], from a qkv spike train. */
function headsOf(train, prompt, tokens, { width, heads }) {
  const bits = unpackSpikes(train);
  const d = width / heads;
  return Array.from({ length: heads }, (_, head) =>
    Object.fromEntries(
      ["query", "key", "value"].map((name, part) => {
        const own = new Uint8Array(train.steps * tokens * d);
        for (let t = 0, i = 0; t < train.steps; t++) {
          for (let n = 0; n < tokens; n++) {
            const from = (t * train.rows + prompt * tokens + n) * train.features + part * width + head * d;
            for (let f = 0; f < d; f++, i++) own[i] = bits[from + f];
          }
        }
        return [name, packSpikes(own, train.steps, tokens, d)];
      }),
    ),
  );
}

/**
 * E[A] of every bit, [T][N][d], for independent draws: from the distribution of sum_j S_ij V_jd over independent bits S_ij, truncated
 * where the gain saturates.
 */
export function expectedOutput({ query, key, value }, { mask, scoreGain, valueGain }) {
  const { steps, rows: N, features: d } = query;
  const [q, k, v] = [query, key, value].map(unpackSpikes);
  const expected = new Float64Array(steps * N * d);
  // From this sum on, the output always fires.
  const certain = Math.ceil(N / valueGain);
  for (let t = 0; t < steps; t++) {
    for (let i = 0; i < N; i++) {
      const chances = Float64Array.from({ length: N }, (_, j) => {
        if (!mask[i * N + j]) return 0;
        let count = 0;
        for (let f = 0; f < d; f++) count += q[(t * N + i) * d + f] & k[(t * N + j) * d + f];
        return Math.min(1, (scoreGain * count) / d);
      });
      for (let f = 0; f < d; f++) {
        const shares = new Float64Array(certain + 1);
        shares[0] = 1;
        for (let j = 0; j < N; j++) {
          const p = v[(t * N + j) * d + f] ? chances[j] : 0;
          if (p === 0) continue;
          // The last entry collects the probability of all sums from `certain` on.
          shares[certain] += shares[certain - 1] * p;
          for (let sum = certain - 1; sum > 0; sum--) shares[sum] += (shares[sum - 1] - shares[sum]) * p;
          shares[0] -= shares[0] * p;
        }
        expected[(t * N + i) * d + f] = shares.reduce(
          (a, share, sum) => a + share * Math.min(1, (valueGain * sum) / N),
          0,
        );
      }
    }
  }
  return expected;
}

/**
 * Mean squared errors of a tile over seeds, for each T: of a bit, of the mean over the features of a query, and of the mean over the
 * queries of a feature. Also the squared bias at the largest T, corrected for the variance of the mean over so few seeds.
 */
function tileErrors(tile, expected, settings, seeds, drawsFor) {
  const { steps, rows: N, features: d } = tile.query;
  const shape = { steps, tokens: N, dimension: d };
  const squares = STEPS.map(() => ({ bit: 0, features: 0, queries: 0 }));
  const [sum, sumOfSquares] = [new Float64Array(N * d), new Float64Array(N * d)];
  for (let s = 0; s < seeds; s++) {
    const draws = drawsFor(shape, s);
    const { output } = runSsaTile(tile.query, tile.key, tile.value, settings, draws, emptyTally());
    const bits = unpackSpikes(output);
    const error = new Float64Array(N * d);
    for (let t = 0; t < steps; t++) {
      for (let n = 0; n < N * d; n++) error[n] += bits[t * N * d + n] - expected[t * N * d + n];
      const at = STEPS.indexOf(t + 1);
      if (at >= 0) addSquares(squares[at], error, t + 1, N, d);
    }
    for (let n = 0; n < N * d; n++) {
      sum[n] += error[n] / steps;
      sumOfSquares[n] += (error[n] / steps) ** 2;
    }
  }
  let bias = 0;
  for (let n = 0; n < N * d; n++) {
    const centre = sum[n] / seeds;
    const variance = (sumOfSquares[n] - seeds * centre ** 2) / (seeds - 1);
    bias += (centre ** 2 - variance / seeds) / (N * d);
  }
  for (const each of squares) for (const name of Object.keys(each)) each[name] /= seeds;
  return { squares, bias };
}

function addSquares(to, error, steps, N, d) {
  const [features, queries] = [new Float64Array(N), new Float64Array(d)];
  for (let i = 0; i < N; i++) {
    for (let f = 0; f < d; f++) {
      const value = error[i * d + f] / steps;
      to.bit += value ** 2 / (N * d);
      features[i] += value / d;
      queries[f] += value / N;
    }
  }
  to.features += features.reduce((a, value) => a + value ** 2, 0) / N;
  to.queries += queries.reduce((a, value) => a + value ** 2, 0) / d;
}

/** RMS errors by T, the ratio of their squares to those of ideal independent draws, paired by prompt, and the squared bias. */
function summarise(errors) {
  const perPrompt = (prompts, pick) =>
    prompts.map((tiles) => tiles.reduce((sum, tile) => sum + pick(tile), 0) / tiles.length);
  const base = errors.get("ideal; independent");
  const results = {};
  for (const [name, prompts] of errors) {
    const measures = ["bit", "features", "queries"].map((measure) => [
      measure,
      STEPS.map((steps, at) => {
        const pick = (tile) => tile.squares[at][measure];
        const squares = perPrompt(prompts, pick);
        return {
          steps,
          rms: Math.sqrt(clusteredMean(squares).mean),
          ratio: clusteredRatio(squares, perPrompt(base, pick)),
        };
      }),
    ]);
    const bias = clusteredMean(perPrompt(prompts, (tile) => tile.bias));
    results[name] = { ...Object.fromEntries(measures), squaredBias: bias };
  }
  return results;
}
