// @module-tag slow
import { expect, test } from "vitest";
import { smallDesign } from "../../test/support/engine-runs.ts";
import { tinyGeometry, tinyNetwork } from "../../test/support/tiny-network.ts";
import { stemmed, tinyStem } from "../../test/support/tiny-stem.ts";
import { hardwareSpec } from "../experiment/hardware.ts";
import { transformerSpec } from "../experiment/model.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { inputRows } from "../model/geometry.ts";
import { stream } from "../numeric/stream.ts";
import { programChip } from "../simulation/chip.ts";
import { calibrateFast } from "../simulation/fast/simulate.ts";
import { packSpikes } from "../spike/train.ts";
import { chipDesign, networkRuns, streamNetworkRuns } from "./network-vectors.ts";
import { END_OF_STREAM, streamText } from "./stream-testbench.ts";
import type { EngineRun } from "./testbench.ts";

test.each([
  ["of tokens", undefined, tinyGeometry],
  ["with a stem", tinyStem, stemmed(tinyStem)],
])(
  "runs of a network %s are the same from the fast simulator, slice by slice, and from the cycle simulator",
  (_, stem, geometry) => {
    const model = { kind: "spiking", normalisation: "none", width: 48, heads: 3, depth: 2, expansion: 2, steps: 3 };
    const { inputs } = geometry;
    const perPrompt = inputRows(geometry);
    for (const [scope, draws] of [
      ["tile", "stratified"],
      ["engine", "stratified"],
      ["tile", "ordered"],
    ]) {
      const attention = { scoreGain: 16, draws };
      const network = tinyNetwork(
        transformerSpec.parse({ ...model, neuron: { threshold: 0.4 }, attention, stem }),
        4,
        geometry,
      );
      const hardware = hardwareSpec.parse({ ssa: { random: "lfsr", lfsr: { scope } } });
      const random = stream(3);
      const bits = new Float64Array(3 * 4 * perPrompt * inputs).map(() => (random.uniform() < 0.4 ? 1 : 0));
      const input = packSpikes(bits, 3, 4 * perPrompt, inputs);
      const chip = calibrateFast(
        programChip(network, mapNetwork(network, hardware), hardware, stream(1)),
        input,
        stream(2),
      );
      // Rows are [T][prompts tokens]: two slices of two prompts.
      const slices = [0, 1].map((half) => {
        const rows = 2 * perPrompt * inputs;
        const part = [0, 1, 2].flatMap((t) => [...bits.subarray((2 * t + half) * rows, (2 * t + half + 1) * rows)]);
        return packSpikes(part, 3, 2 * perPrompt, inputs);
      });
      const text = (run: EngineRun) => streamText(chipDesign(chip), run, 0);
      const slow = networkRuns(chip, input, stream(5)).map(text);
      const fast = [...streamNetworkRuns(chip, slices, stream(5))].map(text);
      expect(slow).toHaveLength(8);
      expect(fast.sort()).toEqual(slow.sort());
    }
  },
);

test("a run is a line of idle clocks, steps and seeds, then a line for every clock and the registered output", () => {
  // Two tokens, two features, one step: (1 + 1) 2 clocks and one more. Q = [10, 11], K = [01, 00], V = [11, 10], feature by feature.
  const train = (...bits: number[]) => packSpikes(bits, 1, 2, 2);
  const head = {
    query: train(1, 0, 1, 1),
    key: train(0, 1, 0, 0),
    value: train(1, 1, 1, 0),
    output: train(1, 0, 0, 1),
  };
  const design = smallDesign({ tokens: 2, dimension: 2, isCausal: false, draws: "independent" });
  const text = streamText(design, { heads: [head], seeds: Uint32Array.of(1, 0xab) }, 3);
  // Value, key, query, token 0 in the low bit: 11 00 11, then 01 01 10; ones once nothing is taken. Outputs from clock 3 on, marked by 1.
  const clocks = ["33 0 0", "16 0 0", "3f 0 0", "3f 1 1", "3f 1 2"];
  expect(text).toBe(["3 1 000000ab00000001", ...clocks, ""].join("\n"));
  expect(END_OF_STREAM).toBe("0 0 0\n");
});

test("an engine with tiles that take turns between blocks or heads is refused, because the generated one does not support it", () => {
  const network = tinyNetwork(transformerSpec.parse({ normalisation: "none", width: 48, heads: 3, depth: 1 }), 1);
  const design = (hardware: object) => () => chipDesign({ network, hardware: hardwareSpec.parse(hardware) });
  expect(design({ order: "step-major" })).toThrow('Set order to "token-major", or');
  expect(design({ ssa: { tiles: 2 } })).toThrow("one tile for each of 3 heads, but the chip has only 2");
  expect(design({ ssa: { tiles: 8 } })().heads).toBe(3);
});
