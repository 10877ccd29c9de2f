/** The examples of `xpike rtl --help` that check and count the output of the first one: they need hardware tools. */
import { rmSync } from "node:fs";
import { afterAll, beforeAll, expect } from "vitest";
import { hasTool } from "../src/node/rtl-simulators.ts";
import { testWith } from "./support/hardware-tools.ts";
import { cloneFolder, helpExamples, shell } from "./support/help-examples.ts";
import { NIGHTLY } from "./support/nightly.ts";

const testWithVerilator = await testWith("verilator");

let clone: string;
beforeAll(() => {
  clone = cloneFolder();
});
afterAll(() => rmSync(clone, { recursive: true }));

testWithVerilator("the examples of rtl write, check and count", { ...NIGHTLY, timeout: 600_000 }, async () => {
  const [write, verify, synth] = helpExamples(clone).get("rtl")!;
  expect((await shell(write, clone)).code).toBe(0);
  const checked = await shell(verify, clone);
  expect(checked.code, checked.err).toBe(0);
  expect(checked.out).toMatch(/^pass +verilator +simulation/m);
  if (await hasTool("yosys")) expect((await shell(synth, clone)).out).toMatch(/^module +instances/m);
});
