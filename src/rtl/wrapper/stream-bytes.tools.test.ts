// @module-tag program
/** A stream that changes its width, in Icarus: packets of any length keep their bytes and their ends, with waits on both sides. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { testWith } from "../../../test/support/hardware-tools.ts";
import { stream } from "../../numeric/stream.ts";
import { printModule } from "../print.ts";
import { streamBytes, streamBytesName } from "./stream-bytes.ts";

const folder = mkdtempSync(join(tmpdir(), "xpikeformer-bytes-"));
afterAll(() => rmSync(folder, { recursive: true }));
const testInIcarus = await testWith("iverilog");

const PACKETS = 60;

/** Packets of random bytes, of one byte to six beats of the wider side. */
function packets(from: number, to: number): number[][] {
  const random = stream(from).fork("packets", to);
  return Array.from({ length: PACKETS }, () =>
    Array.from({ length: 1 + random.integer(6 * Math.max(from, to)) }, () => random.integer(256)),
  );
}

const hex = (bytes: readonly number[]) =>
  bytes
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .reverse()
    .join("");

/** Beats of `width` bytes: data, bytes that count, and whether the packet ends. */
const beatsOf = (packet: readonly number[], width: number) =>
  Array.from({ length: Math.ceil(packet.length / width) }, (_, n) => {
    const bytes = packet.slice(n * width, (n + 1) * width);
    const isLast = (n + 1) * width >= packet.length;
    return { data: hex([...bytes, ...Array(width - bytes.length).fill(0)]), bytes: bytes.length, isLast };
  });

testInIcarus.each([
  [4, 1],
  [1, 4],
  [4, 4],
  [4, 9],
  [9, 4],
  [8, 3],
  [5, 32],
  [128, 7],
])("%d bytes to %d", (from, to) => {
  const sent = packets(from, to);
  const inputs = sent.flatMap((packet) => beatsOf(packet, from));
  const outputs = sent.flatMap((packet) => beatsOf(packet, to));
  writeFileSync(join(folder, "bytes.sv"), printModule(streamBytes(from, to)));
  writeFileSync(join(folder, "in.hex"), inputs.map(({ data }) => `${data}\n`).join(""));
  writeFileSync(
    join(folder, "ends.hex"),
    inputs.map(({ bytes, isLast }) => `${((isLast ? 256 : 0) + bytes).toString(16)}\n`).join(""),
  );
  writeFileSync(join(folder, "tb.sv"), testbench(from, to, inputs.length, outputs.length));
  execFileSync("iverilog", ["-g2012", "-s", "tb", "-o", "tb.vvp", "bytes.sv", "tb.sv"], { cwd: folder });
  const printed = execFileSync("vvp", ["-n", "tb.vvp"], { cwd: folder, encoding: "utf8" });
  const expected = outputs.map(
    ({ data, bytes, isLast }) =>
      `${data} ${((1n << BigInt(bytes)) - 1n).toString(2).padStart(to, "0")} ${Number(isLast)}`,
  );
  expect(printed.trim().split("\n")).toEqual(expected);
});

/** Sends the beats with random waits, takes them with others, and prints each one taken. */
const testbench = (from: number, to: number, beats: number, results: number): string => `
module tb;
  logic clk = 0, rst_n = 1, valid = 0, last = 0, ready = 0;
  logic [${8 * from - 1}:0] data = '0, all [0:${beats - 1}];
  logic [15:0] ends [0:${beats - 1}];
  logic [${from - 1}:0] keep = '1;
  wire taken, out_valid, out_last;
  wire [${8 * to - 1}:0] out;
  wire [${to - 1}:0] out_keep;
  int sent = 0, got = 0;
  always #5 clk = ~clk;
  ${streamBytesName(from, to)} u_bytes (
    .clk_i(clk), .rst_ni(rst_n), .in_data_i(data), .in_keep_i(keep), .in_last_i(last), .in_valid_i(valid), .in_ready_o(taken),
    .out_data_o(out), .out_keep_o(out_keep), .out_last_o(out_last), .out_valid_o(out_valid), .out_ready_i(ready)
  );
  always @(posedge clk) if (out_valid && ready) begin
    $display("%h %b %b", out, out_keep, out_last);
    got++;
  end
  always @(posedge clk) if (valid && taken) begin
    sent++;
    valid <= 0;
  end
  always @(negedge clk) begin
    ready = $urandom_range(0, 3) != 0;
    if (!valid && sent < ${beats} && $urandom_range(0, 2) != 0) begin
      valid = 1;
      data = all[sent];
      last = ends[sent][8];
      keep = ~({${from}{1'b1}} << ends[sent][7:0]);
    end
    if (got == ${results}) $finish(0);
  end
  initial begin
    $readmemh("in.hex", all);
    $readmemh("ends.hex", ends);
    #1 rst_n = 0;
    #1 rst_n = 1;
    #10000000 $display("late");
    $finish(0);
  end
endmodule
`;
