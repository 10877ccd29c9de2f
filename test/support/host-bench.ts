/**
 * A machine behind `xpike_host`, and a testbench that a bus could be: seeds and start over AXI4-Lite, each prompt as a packet of the
 * bus's width, answers as packets. It prints every byte of every answer; expected bytes come from the folder's own files.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  addressBits,
  CONTROL,
  type MachineFacts,
  machineFacts,
  registerOf,
  seedBase,
} from "../../src/rtl/axi/register-map.ts";
import { streamSizes } from "../../src/rtl/axi/top.ts";
import { machineBundle } from "../../src/rtl/kit/bundle.ts";
import type { Fabric } from "../../src/rtl/machine/fabric.ts";
import { ANSWER_FILE, DECISION_FILE, INPUT_FILE, SEED_FILE } from "../../src/rtl/machine/vectors.ts";
import { packetsOf } from "../../src/rtl/wrapper/host-top.ts";
import { type Wrapper, wrapperFiles } from "../../src/rtl/wrapper/wrappers.ts";
import { madeInTests, tinyMachine } from "./tiny-machine.ts";

/** Low bytes first. */
const bytesOf = (word: string, bytes: number): string[] =>
  Array.from({ length: bytes }, (_, n) => word.padStart(2 * bytes, "0").slice(2 * (bytes - 1 - n), 2 * (bytes - n)));

export interface WrappedMachine {
  readonly folder: string;
  readonly facts: MachineFacts;
  readonly prompts: number;
  /** Of each prompt: its seeds, the bytes that are sent, and those of its answers. */
  readonly seeds: readonly (readonly string[])[];
  readonly sent: readonly (readonly string[])[];
  readonly answers: readonly (readonly string[])[];
  remove(): void;
}

/** A small machine of memories in its wrapper, written into a folder of its own. */
export function wrappedMachine(wrapper: Wrapper, prompts: number): WrappedMachine {
  const folder = mkdtempSync(join(tmpdir(), "xpikeformer-wrapped-"));
  const fabric: Fabric = { kind: "memories", conductanceBits: null };
  const { design, vectors } = tinyMachine({ steps: 2, model: { width: 8, heads: 2, depth: 1 } }, prompts, fabric);
  const facts = machineFacts(design, madeInTests);
  const machine = machineBundle(design, vectors, madeInTests);
  for (const [name, text] of Object.entries(wrapperFiles(design, machine, madeInTests, wrapper)))
    writeFileSync(join(folder, name), text);
  const { vector, answer } = packetsOf(facts, wrapper.bits);
  const decisionAt = streamSizes(facts).decisionAt / 8;
  const words = (name: string) =>
    vectors.files[name]
      .trim()
      .split("\n")
      .map((line) => line.split(" ").at(-1)!);
  const perPrompt = <Item>(all: readonly Item[]) =>
    Array.from({ length: prompts }, (_, n) => all.slice((n * all.length) / prompts, ((n + 1) * all.length) / prompts));
  const decisions = words(DECISION_FILE);
  const answered = words(ANSWER_FILE).map((totals, n) => [
    ...bytesOf(totals, decisionAt),
    ...bytesOf(decisions[n], answer - decisionAt),
  ]);
  return {
    folder,
    facts,
    prompts,
    seeds: perPrompt(words(SEED_FILE)),
    sent: perPrompt(words(INPUT_FILE).map((word) => bytesOf(word, vector))).map((all) => all.flat()),
    answers: perPrompt(answered).map((all) => all.flat()),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** Files of the beats and seeds, and the testbench that sends them. @param bits of the streams */
export function hostBench({ facts, seeds, sent, answers }: WrappedMachine, bits: number): Record<string, string> {
  const width = bits / 8;
  const beats = sent.map((bytes) =>
    Array.from({ length: Math.ceil(bytes.length / width) }, (_, n) => {
      const own = bytes.slice(n * width, (n + 1) * width);
      const data = [...own, ...Array<string>(width - own.length).fill("a5")].reverse().join("");
      return { data, keep: own.length };
    }),
  );
  const flat = beats.flat();
  const perPrompt = beats[0].length;
  const base = seedBase(facts.windowWords);
  return {
    "bench_beats.hex": flat.map(({ data }) => `${data}\n`).join(""),
    "bench_keeps.hex": flat.map(({ keep }) => `${keep.toString(16)}\n`).join(""),
    "bench_seeds.hex": seeds
      .flat()
      .map((seed) => `${seed}\n`)
      .join(""),
    "host_bench.sv": `
module host_bench;
  logic clk = 0, rst_n = 0;
  always #5 clk = ~clk;
  logic [31:0] awaddr = '0, wdata = '0, seeds [0:${seeds.flat().length - 1}];
  logic awvalid = 0, wvalid = 0, bready = 1, tvalid = 0, tlast = 0, tready = 0;
  logic [${bits - 1}:0] tdata = '0, beats [0:${flat.length - 1}];
  logic [15:0] keeps [0:${flat.length - 1}];
  logic [${width - 1}:0] tkeep = '1;
  wire awready, wready, bvalid, s_ready, m_valid, m_last;
  wire [1:0] bresp;
  wire [${bits - 1}:0] m_data;
  wire [${width - 1}:0] m_keep;
  int got = 0;
  xpike_host u_host (
    .clk_i(clk), .rst_ni(rst_n), .test_mode_i(1'b0),
    .s_axil_awaddr(awaddr[${addressBits(facts.windowWords) - 1}:0]), .s_axil_awprot(3'd0), .s_axil_awvalid(awvalid), .s_axil_awready(awready),
    .s_axil_wdata(wdata), .s_axil_wstrb(4'hf), .s_axil_wvalid(wvalid), .s_axil_wready(wready),
    .s_axil_bresp(bresp), .s_axil_bvalid(bvalid), .s_axil_bready(bready),
    .s_axil_araddr('0), .s_axil_arprot(3'd0), .s_axil_arvalid(1'b0), .s_axil_arready(), .s_axil_rdata(), .s_axil_rresp(), .s_axil_rvalid(), .s_axil_rready(1'b1),
    .s_axis_tdata(tdata), .s_axis_tkeep(tkeep), .s_axis_tlast(tlast), .s_axis_tvalid(tvalid), .s_axis_tready(s_ready),
    .m_axis_tdata(m_data), .m_axis_tkeep(m_keep), .m_axis_tlast(m_last), .m_axis_tvalid(m_valid), .m_axis_tready(tready), .irq_o()
  );
  // Values change at falling edges, and are taken at rising ones.
  task automatic write(input [31:0] address, input [31:0] word);
    logic aw, w;
    @(negedge clk);
    {awaddr, wdata, awvalid, wvalid} = {address, word, 2'b11};
    while (awvalid || wvalid) begin
      {aw, w} = {awvalid & awready, wvalid & wready};
      @(negedge clk);
      if (aw) awvalid = 0;
      if (w) wvalid = 0;
    end
    while (!bvalid) @(negedge clk);
    if (bresp != 0) $display("refused %h", address);
  endtask
  task automatic send(input int from, input int count);
    logic taken;
    for (int n = from; n < from + count; n++) begin
      while ($urandom_range(0, 3) == 0) @(negedge clk);
      tdata = beats[n];
      tkeep = ~({${width}{1'b1}} << keeps[n]);
      tlast = n == from + ${perPrompt} - 1;
      tvalid = 1;
      do begin
        taken = s_ready;
        @(negedge clk);
      end while (!taken);
      tvalid = 0;
    end
  endtask
  always @(posedge clk) if (m_valid && tready) begin
    for (int n = 0; n < ${width}; n++) if (m_keep[n]) $write("%h ", m_data[8*n +: 8]);
    if (m_last) begin
      $write("\\n");
      got++;
    end
  end
  always @(negedge clk) tready = $urandom_range(0, 2) != 0;
  initial begin
    $readmemh("bench_beats.hex", beats);
    $readmemh("bench_keeps.hex", keeps);
    $readmemh("bench_seeds.hex", seeds);
    repeat (4) @(negedge clk);
    rst_n = 1;
    repeat (4) @(negedge clk);
    // Part of a prompt, which a clear drops, with the bytes that the wrapper holds.
    write(32'd${registerOf("CONTROL").offset}, 32'd${2 ** CONTROL.start});
    send(0, ${Math.max(1, perPrompt >> 1)});
    write(32'd${registerOf("CONTROL").offset}, 32'd${2 ** CONTROL.clear});
    for (int p = 0; p < ${seeds.length}; p++) begin
      for (int n = 0; n < ${seeds[0].length}; n++) write(32'd${base} + 4 * n, seeds[p * ${seeds[0].length} + n]);
      write(32'd${registerOf("CONTROL").offset}, 32'd${2 ** CONTROL.start});
      send(p * ${perPrompt}, ${perPrompt});
      while (got <= p) @(negedge clk);
    end
    $finish(0);
  end
  initial #${200 * facts.clocks * (answers.length + 1)} begin
    $display("late");
    $finish(0);
  end
endmodule
`,
  };
}
