import { expect } from "vitest";
import { smallAttention } from "../../test/support/attention-engines.ts";
import { smallDesign } from "../../test/support/engine-runs.ts";
import { testWith } from "../../test/support/hardware-tools.ts";
import { smallEdge } from "../../test/support/small-edge.ts";
import { lifParameters } from "../hardware/lif-parameters.ts";
import { axiRegisters } from "../rtl/axi/registers.ts";
import { sourceFiles } from "../rtl/design.ts";
import { lifModules } from "../rtl/lif-bundle.ts";
import { decisionUnit } from "../rtl/machine/decision-unit.ts";
import { ENGINE } from "../rtl/ssa-engine.ts";
import { PROVEN_BLOCKS, proveGates, readEquivalence } from "./rtl-equivalence.ts";
import { synthesiseNetlist } from "./rtl-synthesis.ts";
import { findYosys, YosysCrash } from "./yosys.ts";

// A normaliser that is not a power of two, so that cell and foot multiply.
const design = smallDesign({ tokens: 3, dimension: 3, isCausal: false, draws: "stratified" });
const lif = lifParameters({
  codeBits: 4,
  rowBlocks: 2,
  columns: 2,
  leakShift: 1,
  fractionBits: 1,
  offsetBits: 3,
  steps: 4,
});
const decision = decisionUnit({ outputs: 5, bits: 6, readOut: "joint" });
const sources = sourceFiles([...design.modules, ...lifModules(lif), decision, axiRegisters(smallEdge)]);
const attention = { tokens: 3, dimension: 3, mask: "causal", steps: 2 } as const;
const modulesOf = (kind: "lif" | "sdsa-1", more: object = {}) =>
  smallAttention({ ...attention, ...more, attention: { kind } }).modules;
const testInYosys = await testWith("yosys");

testInYosys("the installed Yosys proves all blocks, and a whole engine", async () => {
  const present = PROVEN_BLOCKS.filter((block) => Object.hasOwn(sources, `${block}.sv`));
  const blocks = await proveGates(sources, present, { yosys: "system" });
  const engine = await proveGates(sources, [ENGINE], { yosys: "system", clocks: 3 + 2 });
  expect(blocks.map(({ module }) => module)).toEqual(present);
  for (const { module, pairs, proven } of [...blocks, ...engine]) expect([module, proven]).toEqual([module, pairs]);
});

testInYosys.each([
  ["lif", ["pair_cell", "pair_foot", "score_neuron", "output_neuron"], {}],
  ["lif", ["pair_cell", "pair_foot"], { ssa: { tileTokens: 2 }, neuron: { reset: "soft" } }],
  ["sdsa-1", ["column_unit", "output_neuron"], {}],
] as const)("it proves the blocks of an engine of %s attention: %j, %j", async (kind, blocks, more) => {
  const proofs = await proveGates(sourceFiles(modulesOf(kind, more)), blocks, { yosys: "system" });
  for (const { module, pairs, proven, unproven } of proofs)
    expect([module, proven, unproven]).toEqual([module, pairs, []]);
});

testInYosys("it proves a foot that keeps partial sums", async () => {
  const request = { tokens: 5, dimension: 3, isCausal: true, draws: "stratified", ssa: { tileTokens: 3 } } as const;
  const blockwise = sourceFiles(smallDesign(request).modules);
  const [{ pairs, unproven }] = await proveGates(blockwise, ["ssa_column_foot"], { yosys: "system" });
  expect([pairs > 9, unproven]).toEqual([true, []]);
});

testInYosys.each([
  ["ssa_cell", "$_XOR_", "$_XNOR_"],
  ["ssa_cell", "$_DFF_PN0_", "$_DFF_PN1_"],
  ["ssa_column_foot", "$_ANDNOT_", "$_AND_"],
  ["carry_save_adder", "$_XOR_", "$_XNOR_"],
  ["lif_unit", "$_XOR_", "$_XNOR_"],
  ["decision_unit", "$_MUX_", "$_NMUX_"],
])("a wrong gate in %s, %s for %s, is found", async (module, right, wrong) => {
  const netlist = await synthesiseNetlist(sources, module, "system");
  expect(netlist).toContain(right);
  const [{ unproven }] = await proveGates(sources, [module], {
    yosys: "system",
    netlists: { [module]: netlist.replace(right, wrong) },
  });
  expect(unproven.length).toBeGreaterThan(0);
});

testInYosys("a Yosys that crashes is told from a proof that fails", async () => {
  const yosys = await findYosys("system");
  const outcome = await yosys.run("exec -- kill -SEGV $PPID", {}, []);
  expect(outcome).toMatchObject({ ok: false, crash: "SIGSEGV" });
  expect(() => readEquivalence(yosys, outcome, "ssa_cell")).toThrow(
    `${yosys.version} crashed (SIGSEGV) in the proof of the gates of ssa_cell.`,
  );
  expect(() => readEquivalence(yosys, outcome, "ssa_cell")).toThrow(YosysCrash);
});
