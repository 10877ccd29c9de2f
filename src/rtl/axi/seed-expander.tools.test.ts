// @module-tag program
/** The expander of seeds by itself in Icarus: the words of the simulators' streams, in the clocks that it says. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { testWith } from "../../../test/support/hardware-tools.ts";
import { lfsrSeeds } from "../../hardware/draws.ts";
import { streamOfKey } from "../../numeric/stream.ts";
import { printModule } from "../print.ts";
import { expansionClocks, SEED_EXPANDER, type SeedExpansion, seedExpander } from "./seed-expander.ts";

const folder = mkdtempSync(join(tmpdir(), "xpikeformer-expander-"));
afterAll(() => rmSync(folder, { recursive: true }));
const testInIcarus = await testWith("iverilog");

const NUMBERS = [0, 1, 37, 2 ** 32 - 1];

function seedsOf({ key, blocks, heads, words }: SeedExpansion, prompt: number): number[] {
  const root = streamOfKey(...key);
  const places = Array.from({ length: blocks * (heads ?? 1) }, (_, n) =>
    heads === null ? root.fork(n, prompt) : root.fork(Math.floor(n / heads), prompt, n % heads),
  );
  return places.flatMap((place) => [...lfsrSeeds(words, place)]);
}

testInIcarus.each<SeedExpansion>([
  { key: [0x1234_5678, -5], blocks: 2, heads: 3, words: 4 },
  { key: [-1, 7], blocks: 3, heads: null, words: 5 },
  { key: [0, 0], blocks: 1, heads: 1, words: 1 },
])("a number becomes the seeds of the simulators: %j", (expansion) => {
  const all = expansion.blocks * (expansion.heads ?? 1) * expansion.words;
  writeFileSync(join(folder, "expander.sv"), printModule(seedExpander(expansion)));
  writeFileSync(join(folder, "tb.sv"), testbench(all));
  execFileSync("iverilog", ["-g2012", "-s", "tb", "-o", "tb.vvp", "expander.sv", "tb.sv"], { cwd: folder });
  const seen = execFileSync("vvp", ["-n", "tb.vvp"], { cwd: folder, encoding: "utf8" })
    .trim()
    .split("\n")
    .map((line) => line.split(" ").map((word) => Number.parseInt(word, 16)));
  const { expand, copy } = expansionClocks(expansion);
  expect(seen).toEqual(
    NUMBERS.flatMap((number) => [
      ...seedsOf(expansion, number).map((seed, n) => [n, seed, Number(n === all - 1)]),
      [expand, copy],
    ]),
  );
});

/** Expands each number, waits until its seeds wait, takes them, and prints address, seed and mark, then both counts of clocks. */
const testbench = (all: number): string => `
module tb;
  logic clk = 0, rst_n = 1, expand = 0, take = 0;
  logic [31:0] numbers [0:${NUMBERS.length - 1}], number = 0;
  wire occupied, pending, write, last;
  wire [31:0] data, kept;
  wire [${Math.max(1, Math.ceil(Math.log2(all))) - 1}:0] address;
  int expanded, copied;
  always #5 clk = ~clk;
  ${SEED_EXPANDER} u_expander (
    .clk_i(clk), .rst_ni(rst_n), .expand_i(expand), .number_i(number), .take_i(take), .clear_i(1'b0),
    .occupied_o(occupied), .pending_o(pending), .number_o(kept), .write_o(write), .address_o(address), .data_o(data), .last_o(last)
  );
  initial begin
    #1 rst_n = 0;
    #1 rst_n = 1;
    ${NUMBERS.map((value, n) => `numbers[${n}] = 32'd${value};`).join(" ")}
    for (int n = 0; n < ${NUMBERS.length}; n++) begin
      @(negedge clk);
      number = numbers[n];
      expand = 1;
      expanded = 0;
      do begin
        @(negedge clk);
        expand = 0;
        expanded++;
      end while (!u_expander.held_q);
      repeat (3) @(negedge clk);
      take = 1;
      copied = 0;
      do begin
        @(negedge clk);
        take = 0;
        copied++;
        if (write) $display("%h %h %h", address, data, last);
      end while (!last);
      $display("%h %h", expanded, copied);
      @(negedge clk);
      if (occupied || pending || kept !== number) $display("occupied, or another number");
    end
    $finish(0);
  end
endmodule
`;
