/** Tiles that serve more tokens than they hold, pass by pass: engine, machine and gates against the simulators. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { type EngineSetting, randomRun, smallDesign } from "../../test/support/engine-runs.ts";
import { testWith } from "../../test/support/hardware-tools.ts";
import { expectAsSimulated } from "../../test/support/machine-in-verilator.ts";
import { madeInTests, tinyMachine } from "../../test/support/tiny-machine.ts";
import { compileEngine } from "../node/rtl-stream.ts";
import { verifyRtl } from "../node/rtl-tools.ts";
import { stream } from "../numeric/stream.ts";
import { rtlBundle } from "./bundle.ts";
import { machineBundle } from "./kit/bundle.ts";

const root = mkdtempSync(join(tmpdir(), "xpikeformer-passes-"));
afterAll(() => rmSync(root, { recursive: true }));

function write(name: string, files: Readonly<Record<string, string>>): string {
  const folder = join(root, name);
  mkdirSync(folder);
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  return folder;
}

const testInIcarus = await testWith("iverilog");
const testInVerilator = await testWith("verilator");
/** Milliseconds, also on a busy machine. */
const LONG = 400_000;

testInIcarus.each<EngineSetting & { passes: number; steps?: number[] }>([
  // Causal: of two blocks the first needs no keys of the second.
  { tokens: 5, dimension: 6, isCausal: true, draws: "stratified", heads: 2, ssa: { tileTokens: 3 }, passes: 3 },
  {
    ...{ tokens: 7, dimension: 4, isCausal: true, draws: "independent", gain: 2, passes: 10 },
    ssa: { tileTokens: 2, fifo: "row", lfsr: { sharing: "single" } },
  },
  {
    ...{ tokens: 6, dimension: 5, isCausal: false, draws: "stratified", passes: 9 },
    ssa: { tileTokens: 2, lfsr: { sharing: "cell" }, normaliser: "power-of-two" },
  },
  { tokens: 6, dimension: 5, isCausal: true, draws: "ordered", heads: 2, ssa: { tileTokens: 3 }, passes: 3 },
  // Of 65 tokens the last block has one.
  {
    ...{ tokens: 65, dimension: 2, isCausal: false, draws: "stratified", passes: 25, steps: [2] },
    ssa: { tileTokens: 16, fifo: "row" },
  },
  // As many as a ViT has of an image of 224 pixels, with its class token; the last block has five.
  {
    ...{ tokens: 197, dimension: 2, isCausal: false, draws: "stratified", passes: 169, steps: [2] },
    ssa: { tileTokens: 16, fifo: "row" },
  },
])(
  "every pin in every clock is the cycle model's: $tokens tokens in $passes passes, $draws",
  async (setting) => {
    const design = smallDesign(setting);
    expect(design.parameters.plan.passes).toHaveLength(setting.passes);
    const { passes, dimension, steps = [1, 3, 2] } = setting;
    const runs = steps.map((of, r) => randomRun(design, of, stream(r)));
    const engine = await compileEngine(design, "iverilog");
    try {
      const found = await engine.check(runs);
      const clocks = steps.reduce((sum, of) => sum + (of * passes + 1) * dimension, 0);
      expect(found).toMatchObject({ result: "pass", runs: steps.length, clocks });
    } finally {
      await engine.close();
    }
  },
  LONG,
);

testInIcarus(
  "a folder of such an engine holds, and passes in another order do not",
  async () => {
    const design = smallDesign({
      tokens: 5,
      dimension: 6,
      isCausal: true,
      draws: "stratified",
      ssa: { tileTokens: 3 },
    });
    const files = rtlBundle(
      design,
      [2, 1].map((steps, r) => randomRun(design, steps, stream(r))),
      "Random spikes.",
    );
    const check = async (name: string, bundle: Readonly<Record<string, string>>) =>
      (await verifyRtl(write(name, bundle), { tools: ["iverilog"], icarusRuns: 2 })).map(({ result }) => result);
    expect(await check("sound", files)).toEqual(["pass"]);
    const engine = files["ssa_engine.sv"];
    const faults = [
      ["LastOfQueries = 3'h5", "LastOfQueries = 3'h6"],
      ["BlockOfQueries = 3'h6", "BlockOfQueries = 3'h2"],
      ["pass_o <= pass_o + 2'd1", "pass_o <= pass_o"],
    ];
    for (const [n, [right, wrong]] of faults.entries()) {
      expect(engine).toContain(right);
      expect(await check(`fault ${n}`, { ...files, "ssa_engine.sv": engine.replace(right, wrong) })).toEqual(["fail"]);
    }
  },
  LONG,
);

testInVerilator(
  "65 tokens through tiles of 9 give the simulator's spikes, at the clocks of the schedule",
  async () => {
    const { design, vectors } = tinyMachine(
      {
        ...{ readOut: "mean", tokens: 65, steps: 2 },
        model: { width: 8, heads: 2, depth: 1 },
        hardware: { ssa: { tileTokens: 9 } },
      },
      2,
    );
    const { engine } = design.plan;
    expect(engine.unit === "tiles" && engine.tile.plan.passes).toHaveLength(64);
    const folder = write("machine", machineBundle(design, vectors, madeInTests));
    await expectAsSimulated(folder, design, { spikes: vectors.spikes, prompts: 2 });
  },
  LONG,
);
