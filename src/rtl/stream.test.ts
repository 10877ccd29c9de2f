import { expect, test } from "vitest";
import { tinyBits, tinyGeometry, tinyNetwork } from "../../test/support/tiny-network.ts";
import { ssaParameters } from "../hardware/ssa-parameters.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { compileEngine } from "../node/rtl-stream.ts";
import { hasTool } from "../node/rtl-tools.ts";
import { stream } from "../numeric/stream.ts";
import { programChip } from "../simulation/chip.ts";
import { calibrateFast } from "../simulation/fast.ts";
import { hardwareSpec, ssaSpec } from "../spec/hardware.ts";
import { spikingSpec } from "../spec/model.ts";
import { emptySpikeTrain, packSpikes } from "../spike/train.ts";
import { type SsaDesign, ssaDesign } from "./design.ts";
import { chipDesign, networkRuns, streamNetworkRuns } from "./network-vectors.ts";
import { randomRun, simulatedRun } from "./simulated-run.ts";
import { END_OF_STREAM, streamText } from "./stream-testbench.ts";
import type { EngineRun } from "./testbench.ts";

const installed = await hasTool("iverilog");

function designOf(tokens: number, dimension: number, isOpen: (i: number, j: number) => boolean, more: object = {}) {
  const mask = Uint8Array.from({ length: tokens ** 2 }, (_, at) =>
    isOpen(Math.floor(at / tokens), at % tokens) ? 1 : 0,
  );
  const request = { tokens, dimension, mask, scoreGain: 1, valueGain: 2, draws: "independent" as const, ...more };
  return ssaDesign(ssaParameters(ssaSpec.parse({ random: "lfsr" }), request), 1);
}

async function check(design: SsaDesign, runs: Iterable<EngineRun>) {
  const engine = await compileEngine(design, "iverilog");
  try {
    return await engine.check(runs);
  } finally {
    await engine.close();
  }
}

const open = () => true;
const causal = (i: number, j: number) => j <= i;
const earlierContext = (i: number, j: number) => j % 2 === 1 && j < i;

test.skipIf(!installed).each([
  ["open", "independent", open],
  ["causal", "stratified", causal],
  ["a network's own", "independent", earlierContext],
  ["a network's own", "stratified", earlierContext],
] as const)("random windows agree in functional tile, cycle model and Icarus: mask %s, %s", async (_, draws, mask) => {
  const design = designOf(8, 16, mask, { draws });
  const runs = Array.from({ length: 10 }, (_, run) => randomRun(design, 4, stream(3).fork(run)));
  const windows = runs.reduce((sum, { heads }) => sum + heads[0].query.steps, 0);
  const found = await check(design, runs);
  expect(found).toMatchObject({ result: "pass", runs: 10, clocks: 16 * (windows + 10), columns: 16 * windows });
});

test.skipIf(!installed)("all inputs of two tokens and two features agree, and fire now and then", async () => {
  const design = designOf(2, 2, open);
  let fired = 0;
  const runs = Array.from({ length: 64 }, (_, run) => {
    const trains = [0, 1, 2].map((n) => {
      const train = emptySpikeTrain(64, 2, 2);
      // Input 64 run + t: four bits each of Q, K and V.
      for (let row = 0; row < 128; row++) {
        train.words[row] = ((64 * run + (row >> 1)) >> (4 * n + 2 * (row & 1))) & 3;
      }
      return train;
    });
    const [query, key, value] = trains;
    const made = simulatedRun(design, [{ query, key, value }], stream(4).fork(run));
    fired += made.heads[0].output.words.filter((word) => word !== 0).length;
    return made;
  });
  expect(await check(design, runs)).toMatchObject({ result: "pass", clocks: 64 * 65 * 2, columns: 64 * 64 * 2 });
  expect(fired).toBeGreaterThan(1000);
});

test("runs of a network are the same from the fast simulator, slice by slice, and from the cycle simulator", () => {
  const model = { kind: "spiking", normalisation: "none", width: 48, heads: 3, depth: 2, expansion: 2, steps: 3 };
  const attention = { scoreGain: 16 };
  const network = tinyNetwork(spikingSpec.parse({ ...model, neuron: { threshold: 0.4 }, attention }), 4);
  const { tokens, inputs } = tinyGeometry;
  for (const scope of ["tile", "engine"]) {
    const hardware = hardwareSpec.parse({ ssa: { random: "lfsr", lfsr: { scope } } });
    const bits = tinyBits(3, 4, 3);
    const input = packSpikes(bits, 3, 4 * tokens, inputs);
    const chip = calibrateFast(
      programChip(network, mapNetwork(network, hardware), hardware, stream(1)),
      input,
      stream(2),
    );
    // Rows are [T][prompts tokens]: two slices of two prompts.
    const slices = [0, 1].map((half) => {
      const rows = 2 * tokens * inputs;
      const part = [0, 1, 2].flatMap((t) => [...bits.subarray((2 * t + half) * rows, (2 * t + half + 1) * rows)]);
      return packSpikes(part, 3, 2 * tokens, inputs);
    });
    const text = (run: EngineRun) => streamText(chipDesign(chip), run, 0);
    const slow = networkRuns(chip, input, stream(5)).map(text);
    const fast = [...streamNetworkRuns(chip, slices, stream(5))].map(text);
    expect(slow).toHaveLength(8);
    expect(fast.sort()).toEqual(slow.sort());
  }
});

test("a run is a line of idle clocks, steps and seeds, then a line for every clock and the registered output", () => {
  // Two tokens, two features, one step: (1 + 1) 2 clocks and one more. Q = [10, 11], K = [01, 00], V = [11, 10], feature by feature.
  const train = (...bits: number[]) => packSpikes(bits, 1, 2, 2);
  const head = {
    query: train(1, 0, 1, 1),
    key: train(0, 1, 0, 0),
    value: train(1, 1, 1, 0),
    output: train(1, 0, 0, 1),
  };
  const text = streamText(designOf(2, 2, open), { heads: [head], seeds: Uint32Array.of(1, 0xab) }, 3);
  // Value, key, query, token 0 in the low bit: 11 00 11, then 01 01 10; ones once nothing is taken. Outputs from clock 3 on.
  const clocks = ["33 0", "16 0", "3f 0", "3f 1", "3f 2"];
  expect(text).toBe(["3 1 000000ab00000001", ...clocks, ""].join("\n"));
  expect(END_OF_STREAM).toBe("0 0 0\n");
});
