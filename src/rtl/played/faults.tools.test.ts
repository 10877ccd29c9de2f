// @module-tag program
/** Faults that the vectors of a network do not show, in Icarus: each is caught by the corners of a block or by traffic at the edge. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect } from "vitest";
import { testWith } from "../../../test/support/hardware-tools.ts";
import { NIGHTLY } from "../../../test/support/nightly.ts";
import { PLANTED, planted } from "../../../test/support/planted-faults.ts";
import { type MachineSetting, madeInTests, tinyMachine } from "../../../test/support/tiny-machine.ts";
import { coverageOf, readPlays, runPlay } from "../../node/rtl-plays.ts";
import { isRight } from "../../node/rtl-simulators.ts";
import type { SourceFiles } from "../design.ts";
import { machineBundle } from "../kit/bundle.ts";
import { BLOCKS_LIST, BLOCKS_TESTBENCH, EDGE_LIST, EDGE_TESTBENCH } from "./bench.ts";

const testInIcarus = await testWith("iverilog");
const root = mkdtempSync(join(tmpdir(), "xpikeformer-played-"));
afterAll(() => rmSync(root, { recursive: true }));

/** Three answers to a prompt of ten vectors. */
let files: SourceFiles;
beforeAll(() => {
  const { design, vectors } = tinyMachine({ steps: 2, model: { width: 8, heads: 2, depth: 1 } }, 1);
  files = machineBundle(design, vectors, madeInTests);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
});

const SMALL = { width: 8, heads: 2, depth: 1 };
const layers = [
  { channels: 8, kernel: 3, pool: 1 },
  { channels: 8, kernel: 3, pool: 2 },
];
const kinds: Readonly<Record<string, MachineSetting>> = {
  "a machine of three answers": { steps: 2, model: SMALL },
  "one answer, and neurons without a leak that subtract": {
    ...{ readOut: "mean", steps: 1 },
    model: { ...SMALL, neuron: { kind: "if", threshold: 0.6, reset: "soft" } },
  },
  "bits that are decided": { steps: 2, model: { ...SMALL, readOut: "bits" } },
  "membranes and totals of all tokens in memories": { model: SMALL, hardware: { order: "step-major" } },
  "a stem": {
    model: { ...SMALL, position: "learned", stem: { layers, embedding: { kernel: 3 } } },
    hardware: { crossbar: { rows: 16, columns: 16 } },
  },
  "attention that draws nothing": {
    readOut: "mean",
    model: { ...SMALL, attention: { kind: "qk-channel", scale: 0.125 } },
  },
  "columns without converters": {
    model: SMALL,
    hardware: { readOut: { attentionInput: "charge", feedForwardUp: "charge", circuit: { offset: 20, noise: 5 } } },
  },
};

testInIcarus.each(Object.keys(kinds))("all corners are reached and nothing differs: %s", async (kind) => {
  const folder = mkdtempSync(join(root, "kind-"));
  const { design, vectors } = tinyMachine(kinds[kind], 1);
  for (const [name, text] of Object.entries(machineBundle(design, vectors, madeInTests))) {
    writeFileSync(join(folder, name), text);
  }
  const plays = await readPlays(folder);
  expect(plays.map(({ testbench }) => testbench)).toEqual([BLOCKS_TESTBENCH, EDGE_TESTBENCH]);
  for (const play of plays) {
    const { ran } = await runPlay(play, ["iverilog"], folder, folder);
    expect(isRight(ran), ran.text).toBe(true);
    expect(coverageOf(ran.text).filter(({ count, reason }) => count === 0 && reason === null)).toEqual([]);
  }
});

let experiments = 0;

/** Whether the testbenches that have a source pass with another text of it. */
async function passes(source: string, text: string): Promise<boolean> {
  const folder = join(root, `fault-${experiments++}`);
  mkdirSync(folder);
  const changed = join(folder, source);
  writeFileSync(changed, text);
  for (const [list, testbench] of [
    [BLOCKS_LIST, BLOCKS_TESTBENCH],
    [EDGE_LIST, EDGE_TESTBENCH],
  ]) {
    const sources = files[list].trim().split("\n");
    if (!sources.includes(source)) continue;
    const program = join(folder, "tb.vvp");
    const replaced = sources.map((name) => (name === source ? changed : name));
    await promisify(execFile)("iverilog", ["-g2012", "-s", testbench, "-o", program, ...replaced], { cwd: root });
    const { stdout } = await promisify(execFile)("vvp", ["-n", program], { cwd: root, maxBuffer: 2 ** 26 });
    if (!isRight({ found: true, ok: true, late: false, crash: null, text: stdout })) return false;
  }
  return true;
}

async function expectCaught(fault: (typeof PLANTED)[number]) {
  const [source, text] = planted(fault, files).at(-1)!;
  expect([source, await passes(source, text)]).toEqual([source, false]);
}
const isFirst = ({ kind }: (typeof PLANTED)[number], i: number) => i === PLANTED.findIndex((one) => one.kind === kind);
testInIcarus.each(PLANTED.filter(isFirst))("caught: $kind, in $source", expectCaught);
testInIcarus.each(PLANTED.filter((fault, i) => !isFirst(fault, i)))("caught: $kind, in $source", NIGHTLY, expectCaught);
