import { expect, test } from "vitest";
import { literalMachine } from "../../test/support/literal-machine.ts";
import { tinyBits, tinyGeometry, tinyNetwork } from "../../test/support/tiny-network.ts";
import { transformerSpec } from "../experiment/model.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { stream } from "../numeric/stream.ts";
import { packSpikes, unpackSpikes } from "../spike/train.ts";
import { programChip } from "./chip.ts";
import { calibrateFast, simulateFast } from "./fast/simulate.ts";
import { inspectPrompt, inspectTile } from "./inspect.ts";
import { tileWaves } from "./tile-waves.ts";

const { tokens, inputs } = tinyGeometry;
const STEPS = 3;
const input = packSpikes(tinyBits(STEPS, 1, 3), STEPS, tokens, inputs);

function chipOf(ssa: object) {
  const model = { kind: "spiking", normalisation: "none", width: 48, heads: 3, depth: 2, expansion: 2, steps: STEPS };
  const attention = { scoreGain: 16 };
  const network = tinyNetwork(transformerSpec.parse({ ...model, neuron: { threshold: 0.4 }, attention }), 4);
  const hardware = literalMachine({ ssa, order: "token-major", arithmetic: null });
  return calibrateFast(programChip(network, mapNetwork(network, hardware), hardware, stream(1)), input, stream(2));
}

test.each([[{}], [{ random: "lfsr" }], [{ random: "lfsr", tileTokens: 2 }]])(
  "waveforms hold the counts, scores and spikes of the functional tile, at their clocks: %j",
  (ssa) => {
    const chip = chipOf(ssa);
    const [block, head, query, key] = [1, 2, tokens - 1, 0];
    const waves = tileWaves(chip, input, stream(5), { block, head, query, key });
    const { dimension, signals, leaves } = waves;
    const size = chip.hardware.ssa.tileTokens ?? tokens;
    const passes = size < tokens ? null : 1;
    const inspection = inspectPrompt(chip, input, stream(5));
    const { rasters } = simulateFast(chip, input, stream(5), { rasters: 1 });
    const attention = unpackSpikes(rasters["blocks.1.attention"]);
    const width = attention.length / (STEPS * tokens);

    // Every spike of the query leaves once, as the fast simulator computes it.
    let [seen, fired] = [0, 0];
    for (const [clock, at] of leaves.entries()) {
      const token = Math.floor(at / dimension) % tokens;
      if (at < 0 || token !== query) continue;
      const step = Math.floor(at / (tokens * dimension));
      const expected = attention[(step * tokens + token) * width + head * dimension + (at % dimension)];
      expect(signals.spike_o[clock]).toBe(expected);
      expect(signals.valid_o[clock]).toBe(1);
      seen++;
      fired += expected;
    }
    expect(seen).toBe(STEPS * dimension);
    expect(fired).toBeGreaterThan(0);
    if (passes === null) return;

    expect(signals.take_o.length).toBe((STEPS + 1) * dimension + 1);
    for (let t = 0; t < STEPS; t++) {
      const tile = inspectTile(inspection, block, head, t);
      const first = t * dimension;
      for (let f = 0; f < dimension; f++) {
        expect(signals.step[first + f]).toBe(t);
        expect(signals.feature_q[first + f]).toBe(f);
        expect(signals.query_i[first + f]).toBe(tile.query[query * dimension + f]);
        expect(signals.key_i[first + f]).toBe(tile.key[key * dimension + f]);
        expect(signals.value_i[first + f]).toBe(tile.value[key * dimension + f]);
        // One step later: the score, and the value that it is held against.
        expect(signals.score_q[first + dimension + f]).toBe(tile.scores.fires[query * tokens + key]);
        expect(signals.delayed[first + dimension + f]).toBe(tile.value[key * dimension + f]);
        expect(signals.sum[first + dimension + f]).toBe(tile.outputs.counts[query * dimension + f]);
        expect(signals.spike_o[first + dimension + f + 1]).toBe(tile.outputs.fires[query * dimension + f]);
      }
      // Before the edge of the step's last clock the counter lacks that clock's coincidence.
      const last = first + dimension - 1;
      const both = signals.query_i[last] & signals.key_i[last] & tile.mask[query * tokens + key];
      expect(signals.count_q[last] + both).toBe(tile.scores.counts[query * tokens + key]);
      expect(signals.count_q[first]).toBe(0);
    }
  },
);

test("a place that the network lacks is named", () => {
  const place = { block: 0, head: 3, query: 0, key: 0 };
  expect(() => tileWaves(chipOf({}), input, stream(5), place)).toThrow(/3, but the network has 3/);
});
