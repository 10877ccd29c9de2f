import { expect, test, vi } from "vitest";
import {
  cycleRun,
  type EngineSetting,
  randomRuns,
  smallDesign,
  trainOfBits,
} from "../../../test/support/engine-runs.ts";
import { synthesiseNetlist } from "../../node/rtl-synthesis.ts";
import { hasTool } from "../../node/rtl-tools.ts";
import type { YosysKind } from "../../node/yosys.ts";
import { stream } from "../../numeric/stream.ts";
import { type SsaDesign, sourceFiles } from "../design.ts";
import { ENGINE } from "../ssa-engine.ts";
import type { EngineRun } from "../testbench.ts";
import { type GateNetlist, readNetlist } from "./netlist.ts";
import { runEngineGates } from "./run-engine.ts";

// The first run of the bundled Yosys compiles 30 MB of WebAssembly, which takes a minute on a machine that is busy.
vi.setConfig({ testTimeout: 240_000 });

const hasYosys = await hasTool("yosys");
if (!hasYosys) console.warn("yosys is not installed: some tests of gates are skipped.");

async function gatesOf(design: SsaDesign, kind: YosysKind): Promise<GateNetlist> {
  return readNetlist(await synthesiseNetlist(sourceFiles(design.modules), ENGINE, kind), ENGINE);
}

/** Runs whose gates differ from the cycle model in a bit or a clock. */
function differing(netlist: GateNetlist, design: SsaDesign, runs: readonly EngineRun[]): number[] {
  const results = runEngineGates(netlist, design, runs, stream(9).fork("power-up"));
  expect(results.length).toBe(runs.length);
  return results.flatMap(({ outputs, wrongClocks }, r) => {
    const same = outputs.every(({ words }, h) => {
      const expected = runs[r].heads[h].output.words;
      return words.length === expected.length && words.every((word, n) => word === expected[n]);
    });
    return same && wrongClocks === 0 ? [] : [r];
  });
}

const settings: (EngineSetting & { yosys: YosysKind })[] = [
  { tokens: 3, dimension: 4, isCausal: true, draws: "stratified", yosys: "bundled" },
  { tokens: 4, dimension: 4, isCausal: false, draws: "independent", yosys: "bundled" },
  { tokens: 4, dimension: 5, isCausal: false, draws: "stratified", ssa: { fifo: "row" }, yosys: "system" },
  { tokens: 3, dimension: 6, isCausal: true, draws: "independent", heads: 2, gain: 2, yosys: "system" },
  {
    ...{ tokens: 5, dimension: 4, isCausal: true, draws: "stratified", heads: 2, yosys: "system" },
    ssa: { lfsr: { scope: "engine", sharing: "cell", shiftsPerClock: 8 } },
  },
];

test.each(settings.filter(({ yosys }) => hasYosys || yosys === "bundled"))(
  "gates give the cycle model's bits and clocks: $tokens tokens, $dimension features, causal $isCausal, $draws, $yosys Yosys",
  async ({ yosys, ...setting }) => {
    const design = smallDesign(setting);
    // 240 windows of scores, from flip-flops that hold anything before the reset.
    const runs = randomRuns(design, 96, 4, 1);
    expect(differing(await gatesOf(design, yosys), design, runs)).toEqual([]);
  },
);

test.skipIf(!hasYosys)(
  "two tokens of four features: all Q and K with V of ones, and all V with scores of 0 and 1",
  async () => {
    const design = smallDesign({ tokens: 2, dimension: 4, isCausal: false, draws: "independent" });
    const netlist = await gatesOf(design, "system");
    const words = [0x00, 0x0f, 0xf0, 0xff];
    const inputs = [
      ...Array.from({ length: 2 ** 16 }, (_, n) => [n & 0xff, n >> 8, 0xff]),
      ...words.flatMap((q) => words.flatMap((k) => Array.from({ length: 256 }, (_, v) => [q, k, v]))),
    ];
    const random = stream(3);
    for (let first = 0; first < inputs.length; first += 2 ** 12) {
      const runs = inputs.slice(first, first + 2 ** 12).map((bytes, n) => {
        const [query, key, value] = bytes.map((byte) => trainOfBits(byte, 2, 4));
        return cycleRun(design, [[query, key, value]], random.fork("input", first + n));
      });
      expect(differing(netlist, design, runs)).toEqual([]);
    }
  },
);

test.skipIf(!hasYosys)("a wrong gate shows: every kind of gate in turn, and a flip-flop that resets to 1", async () => {
  const design = smallDesign({ tokens: 3, dimension: 4, isCausal: true, draws: "stratified" });
  const text = await synthesiseNetlist(sourceFiles(design.modules), ENGINE, "system");
  const runs = randomRuns(design, 32, 4, 1);
  const swaps = [
    ["$_AND_", "$_OR_"],
    ["$_OR_", "$_XOR_"],
    ["$_XOR_", "$_OR_"],
    ["$_ANDNOT_", "$_AND_"],
    ["$_MUX_", "$_NMUX_"],
    ["$_DFF_PN0_", "$_DFF_PN1_"],
  ];
  for (const [right, wrong] of swaps) {
    expect(text).toContain(right);
    expect(differing(readNetlist(text.replaceAll(right, wrong), ENGINE), design, runs), right).not.toEqual([]);
  }
});

test.skipIf(!hasYosys)("gates of another design are refused", async () => {
  const [small, large] = [2, 3].map((tokens) =>
    smallDesign({ tokens, dimension: 4, isCausal: true, draws: "independent" }),
  );
  const netlist = await gatesOf(small, "system");
  expect(() => runEngineGates(netlist, large, [], stream(1))).toThrow(/query_i of ssa_engine has 2 bits, but 3/);
});
