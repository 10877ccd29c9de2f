/** Blocks of a small machine: their gates and their guarantees, with faults in each. */
import { expect } from "vitest";
import { testWith } from "../../test/support/hardware-tools.ts";
import { NIGHTLY } from "../../test/support/nightly.ts";
import { madeInTests, tinyMachine } from "../../test/support/tiny-machine.ts";
import { machineFacts } from "../rtl/axi/register-map.ts";
import { axiModules } from "../rtl/axi/top.ts";
import { sourceFiles } from "../rtl/design.ts";
import { spikeQueue } from "../rtl/machine/memories.ts";
import { machineBlocks, proveBlocks } from "./rtl-block-proofs.ts";
import { promisingBlocks, proveProperties } from "./rtl-properties.ts";

const testInYosys = await testWith("yosys");
/** The machine of test/rtl-gates.tools.test.ts. */
const { design } = tinyMachine({ steps: 2, model: { width: 8, heads: 2, depth: 1 } }, 1);
const sources = sourceFiles([...design.modules, ...axiModules(machineFacts(design, madeInTests))]);
const system = { yosys: "system" } as const;

/** The sources with one text of a module replaced. */
function planted(module: string, right: string, wrong: string) {
  const text = sources[`${module}.sv`];
  expect(text.split(right)).toHaveLength(2);
  return { ...sources, [`${module}.sv`]: text.replace(right, wrong) };
}

testInYosys("gates of all blocks of a small machine equal their sources", NIGHTLY, async () => {
  const blocks = machineBlocks(sources);
  const families = ["scaled_sums_", "stream_adders_", "neurons_", "accumulators", "spike_queue_", "layer_"];
  for (const family of [...families, "attention_unit", "xpike_axi"])
    expect(blocks.some((block) => block.startsWith(family))).toBe(true);
  // A multiplier takes the SAT solver seconds, so two of these blocks are enough.
  const multiplying = ["scaled_sums_1_x3", "scaled_sums_2_x3"];
  const others = blocks.filter((block) => !block.startsWith("scaled_sums_"));
  const results = [
    ...(await proveBlocks(sources, others, system)),
    ...(await proveBlocks(sources, multiplying, { ...system, units: 1 })),
  ];
  for (const { module, pairs, proven } of results) expect([module, proven]).toEqual([module, pairs]);
  expect(results.filter(({ units }) => units === null).map(({ module }) => module)).toEqual(others);
});

const FAULTS: readonly (readonly [string, string, string])[] = [
  [
    "scaled_sums_1_x3",
    "sums_q[16 * l +: 16] <= extended(offsets_i[14 * l +: 14]) +",
    "sums_q[16 * l +: 16] <= extended(offsets_i[14 * l +: 14]) -",
  ],
  ["stream_adders_14_x3", "? wide[13:0] :", "? {wide[13:1], 1'd0} :"],
  ["neurons_14_x3_m3", ">= 13'd", "> 13'd"],
  ["accumulators", "{13{~sum[15]}}", "{13{sum[15]}}"],
  ["spike_queue_47x3", "vectors_q[tail_q] <= data_i", "vectors_q[head_q] <= data_i"],
  ["layer_blocks_0_up", "mux_3_q <= mux_2_q", "mux_3_q <= mux_1_q"],
  ["attention_unit", "delivered_o = valid & out_feature_q == 2'd3", "delivered_o = valid & out_feature_q == 2'd2"],
];

async function expectFound(module: string, right: string, wrong: string) {
  const synthesised = planted(module, right, wrong);
  const [{ unproven }] = await proveBlocks(sources, [module], { ...system, units: 1, synthesised });
  expect(unproven.length).toBeGreaterThan(0);
}
const FOUND = "gates of another %s are found";
testInYosys.each(FAULTS.slice(0, -1))(FOUND, expectFound);
testInYosys.each(FAULTS.slice(-1))(FOUND, NIGHTLY, expectFound);

testInYosys("queues and registers keep their promises", async () => {
  const blocks = promisingBlocks(sources);
  expect(blocks).toEqual(expect.arrayContaining(["axi_registers", "spike_queue_47x3", "spike_queue_16x1"]));
  const results = await proveProperties(sources, blocks, system);
  expect(results.filter(({ proven }) => !proven)).toEqual([]);
  expect(results.map(({ module }) => module)).toEqual(blocks);
});

testInYosys(
  "a queue of 260 bits, on which Yosys's splitcells ends with a segmentation fault, keeps its promises",
  async () => {
    const wide = spikeQueue({ width: 260, entries: 3 });
    const [proof] = await proveProperties(sourceFiles([wide]), [wide.name], system);
    expect(proof).toEqual({ module: wide.name, proven: true, bits: { compared: 4, all: 260 } });
  },
);

testInYosys.each([
  ["a pointer that wraps late", "spike_queue_47x3", "tail_q == 2'd2", "tail_q == 2'd3"],
  ["a pointer that wraps early", "spike_queue_47x3", "head_q == 2'd2", "head_q == 2'd1"],
  ["full one early", "spike_queue_6x2_guarded", "filled_q == 2'd2", "filled_q == 2'd1"],
  ["a count that forgets", "spike_queue_47x3", "filled_q <= filled_q - 2'd1", "filled_q <= filled_q - 2'd2"],
  ["the last vector that came", "spike_queue_47x3", "data_o = vectors_q[head_q]", "data_o = vectors_q[tail_q]"],
  [
    "a place that anything overwrites",
    "spike_queue_16x1",
    "if (push_i) begin\n      vector_q",
    "begin\n      vector_q",
  ],
  ["an answer that is gone in a clock", "axi_registers", "if (bvalid_q & s_axil_bready)", "if (bvalid_q)"],
  [
    "an answer that changes while it waits",
    "axi_registers",
    "read = s_axil_arvalid & s_axil_arready",
    "read = s_axil_arvalid",
  ],
])("%s breaks a promise", async (_, module, right, wrong) => {
  expect(await proveProperties(planted(module, right, wrong), [module], system)).toMatchObject([{ proven: false }]);
});
