import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { smallDesign } from "../../test/support/engine-runs.ts";
import {
  FLIP_FLOP_AREA,
  libertyWithoutFlipFlop,
  libertyWithoutGates,
  tinyLiberty,
} from "../../test/support/tiny-liberty.ts";
import { sourceFiles } from "../rtl/design.ts";
import { synthesiseSources } from "./rtl-synthesis.ts";
import { findYosys } from "./yosys.ts";

const sources = sourceFiles(
  smallDesign({ tokens: 2, dimension: 4, isCausal: true, draws: "stratified", ssa: { fifo: "cell" } }).modules,
);
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "xpikeformer-synthesis-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function library(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

test("with a liberty file every block has an area: registers and gates of the library", async () => {
  // A space and a semicolon in the path must not reach Yosys's script.
  const liberty = await library("my cells; shell ls.lib", tinyLiberty);
  const { yosys, blocks } = await synthesiseSources(sources, { liberty, yosys: "bundled" });
  expect(yosys).toMatch(/^Yosys 0\.\d+ \(@yowasp\/yosys /);
  const block = Object.fromEntries(blocks.map((of) => [of.module, of]));
  // A shift register has no gates; the causal tile of two tokens has three cells.
  expect(block.ssa_value_fifo).toEqual({
    ...{ module: "ssa_value_fifo", instances: 3, gates: 0, registers: 4 },
    area: 4 * FLIP_FLOP_AREA,
  });
  const { gates, registers, area } = block.ssa_cell;
  expect(registers).toBe(3 + 1);
  // Gates have areas of 1 to 2.
  expect(area! - registers * FLIP_FLOP_AREA).toBeGreaterThanOrEqual(gates);
  expect(area! - registers * FLIP_FLOP_AREA).toBeLessThanOrEqual(2 * gates);
});

test.each([
  ["text.lib", "cells\n", /not a liberty file/],
  ["no-flip-flop.lib", libertyWithoutFlipFlop, /no flip-flop with an asynchronous reset/],
  ["no-gates.lib", libertyWithoutGates, /too few gates/],
  ["cut.lib", tinyLiberty.slice(0, tinyLiberty.length / 2), /damaged or cut off/],
])("%s is no library to map to, and the message says why", async (name, text, message) => {
  const liberty = await library(name, text);
  const failed = synthesiseSources(sources, { liberty, yosys: "bundled" });
  await expect(failed).rejects.toMatchObject({ tag: "file", path: liberty, message: expect.stringMatching(message) });
});

test("sources that Yosys cannot read are refused with its message", async () => {
  const broken = { ...sources, "ssa_cell.sv": "module ssa_cell (" };
  await expect(synthesiseSources(broken, { yosys: "bundled" })).rejects.toMatchObject({
    tag: "platform",
    message: expect.stringMatching(/cannot synthesise the sources:\n[\s\S]*ssa_cell\.sv.*syntax error/),
  });
});

test("a crash of a script does not affect the next", async () => {
  const yosys = await findYosys("bundled");
  expect(await yosys.run("no_such_command", {})).toMatchObject({
    ok: false,
    text: expect.stringMatching(/no_such_command/),
  });
  const next = await yosys.run("tee -o out.txt log good", {}, ["out.txt", "absent.txt"]);
  expect([next.ok, [...next.files.keys()]]).toEqual([true, ["out.txt"]]);
});
