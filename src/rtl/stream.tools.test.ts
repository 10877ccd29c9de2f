import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { testWith } from "../../test/support/hardware-tools.ts";
import { ssaSpec } from "../experiment/hardware.ts";
import { ssaParameters } from "../hardware/ssa-parameters.ts";
import { compileEngine } from "../node/rtl-stream.ts";
import { stream } from "../numeric/stream.ts";
import { emptySpikeTrain } from "../spike/train.ts";
import { type SsaDesign, sourceFiles, ssaDesign } from "./design.ts";
import { randomRun, simulatedRun } from "./simulated-run.ts";
import { STREAM_TESTBENCH, streamTestbench } from "./stream-testbench.ts";
import type { EngineRun } from "./testbench.ts";

const [testInIcarus, testInVerilator] = [await testWith("iverilog"), await testWith("verilator")];
const folder = mkdtempSync(join(tmpdir(), "xpikeformer-stream-"));
afterAll(() => rmSync(folder, { recursive: true }));

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

testInIcarus.each([
  ["open", "independent", open],
  ["causal", "stratified", causal],
  ["a network's own", "independent", earlierContext],
  ["a network's own", "stratified", earlierContext],
  ["causal", "ordered", causal],
] as const)("random windows agree in functional tile, cycle model and Icarus: mask %s, %s", async (_, draws, mask) => {
  const design = designOf(8, 16, mask, { draws });
  const runs = Array.from({ length: 10 }, (_, run) => randomRun(design, 4, stream(3).fork(run)));
  const windows = runs.reduce((sum, { heads }) => sum + heads[0].query.steps, 0);
  const found = await check(design, runs);
  expect(found).toMatchObject({ result: "pass", runs: 10, clocks: 16 * (windows + 10), columns: 16 * windows });
});

testInIcarus("all inputs of two tokens and two features agree, and fire now and then", async () => {
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

testInVerilator.each([
  ["all tokens", {}],
  ["tokens in passes", { tileTokens: 2 }],
])("Verilator warns of nothing in the testbench of a tile that holds %s", (_, ssa) => {
  const request = { tokens: 4, dimension: 6, mask: new Uint8Array(16).fill(1), scoreGain: 1, valueGain: 1 };
  const settled = ssaParameters(ssaSpec.parse({ random: "lfsr", ...ssa }), { ...request, draws: "stratified" });
  const design = ssaDesign(settled, 2);
  const files = sourceFiles([...design.modules, streamTestbench(design)]);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const flags = ["--lint-only", "--timing", "-Wall", "-Wpedantic", "--top-module", STREAM_TESTBENCH];
  // A warning is an error.
  const said = execFileSync("verilator", [...flags, ...Object.keys(files)], { cwd: folder, encoding: "utf8" });
  expect(said).not.toContain("%");
});
