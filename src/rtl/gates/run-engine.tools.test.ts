import { expect } from "vitest";
import { differing, gatesOf } from "../../../test/support/engine-gates.ts";
import {
  cycleRun,
  type EngineSetting,
  randomRuns,
  smallDesign,
  trainOfBits,
} from "../../../test/support/engine-runs.ts";
import { testWith } from "../../../test/support/hardware-tools.ts";
import { NIGHTLY } from "../../../test/support/nightly.ts";
import { synthesiseNetlist } from "../../node/rtl-synthesis.ts";
import { stream } from "../../numeric/stream.ts";
import { sourceFiles } from "../design.ts";
import { ENGINE } from "../ssa-engine.ts";
import { readNetlist } from "./netlist.ts";
import { runEngineGates } from "./run-engine.ts";

const testInYosys = await testWith("yosys");

testInYosys.each<EngineSetting>([
  { tokens: 4, dimension: 5, isCausal: false, draws: "stratified", ssa: { fifo: "row" } },
  { tokens: 3, dimension: 6, isCausal: true, draws: "independent", heads: 2, gain: 2 },
  {
    ...{ tokens: 5, dimension: 4, isCausal: true, draws: "stratified", heads: 2 },
    ssa: { lfsr: { scope: "engine", sharing: "cell", shiftsPerClock: 8 } },
  },
])(
  "gates give the cycle model's bits and clocks: $tokens tokens, $dimension features, causal $isCausal, $draws, installed Yosys",
  async (setting) => {
    const design = smallDesign(setting);
    // 240 windows of scores, from flip-flops that hold anything before the reset.
    const runs = randomRuns(design, 96, 4, 1);
    expect(differing(await gatesOf(design, "system"), design, runs)).toEqual([]);
  },
);

testInYosys(
  "two tokens of four features: all Q and K with V of ones, and all V with scores of 0 and 1",
  NIGHTLY,
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

testInYosys("a wrong gate shows: every kind of gate in turn, and a flip-flop that resets to 1", async () => {
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

testInYosys("gates of another design are refused", async () => {
  const [small, large] = [2, 3].map((tokens) =>
    smallDesign({ tokens, dimension: 4, isCausal: true, draws: "independent" }),
  );
  const netlist = await gatesOf(small, "system");
  expect(() => runEngineGates(netlist, large, [], stream(1))).toThrow(/query_i of ssa_engine has 2 bits, but 3/);
});
