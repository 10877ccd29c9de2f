/** Whole machines in Verilator: every spike train, output of the head, answer and clock. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect } from "vitest";
import { testWith } from "../../../test/support/hardware-tools.ts";
import { expectAsSimulated } from "../../../test/support/machine-in-verilator.ts";
import { NIGHTLY } from "../../../test/support/nightly.ts";
import { type MachineSetting, madeInTests, tinyMachine } from "../../../test/support/tiny-machine.ts";
import { verifyRtl } from "../../node/rtl-tools.ts";
import { AXI_TOP } from "../axi/top.ts";
import { FILE_LIST, TESTBENCH_LIST } from "../bundle.ts";
import { machineBundle } from "../kit/bundle.ts";
import { ROLLED_LOOPS } from "../kit/project-files.ts";
import { MACHINE_TESTBENCH } from "./testbench.ts";
import { WAVES_FILE } from "./waves.ts";

const root = mkdtempSync(join(tmpdir(), "xpikeformer-machine-"));
afterAll(() => rmSync(root, { recursive: true }));
let folders = 0;

function write(files: Readonly<Record<string, string>>): string {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

function bundleOf(setting: MachineSetting, prompts = 3) {
  const { design, vectors } = tinyMachine(setting, prompts);
  return { files: machineBundle(design, vectors, madeInTests), design, vectors };
}

const testInVerilator = await testWith("verilator");
const testInYosys = await testWith("yosys");
/** Milliseconds for lint, compilation and two runs, also on a busy machine. */
const LONG = 400_000;

/** Compiles in half the time of the first setting's two blocks. */
const SMALL = { width: 8, heads: 2, depth: 1 };

const settings: MachineSetting[] = [
  // q, k and v come every 10 clocks, attention takes a step in 8: it has to wait for those of the last token.
  {},
  {
    readOut: "mean",
    model: {
      ...SMALL,
      // Three lines of the first map's four stay.
      stem: { layers: [{ channels: 8, pool: 1 }], embedding: { kernel: 3, stride: 2 } },
      position: "learned",
      neuron: { kind: "if", reset: "soft" },
      attention: { draws: "independent" },
    },
    hardware: {
      crossbar: { rows: 7, columns: 10, inputStride: 3, linesPerInput: 2 },
      adc: { mode: "pair", sharing: 3, errors: { gainSpread: 0.05, offsetSpread: 0.5, outputNoise: 0.5 } },
      arithmetic: { streamBits: 9, membraneBits: 9, logitBits: 8 },
    },
  },
  {
    steps: 1,
    model: { ...SMALL, residual: "none", readOut: "bits", stem: { layers: [{ channels: 8, pool: 2 }] } },
    hardware: { adc: { sharing: 1, errors: { gainSpread: 0.1, offsetSpread: 1 } }, ssa: { lfsr: { scope: "engine" } } },
  },
  {
    readOut: "copies",
    steps: 4,
    model: { ...SMALL, attention: { draws: "ordered", valueGain: 2 } },
    hardware: { order: "step-major", crossbar: { rows: 16, columns: 16, inputStride: 4, linesPerInput: 3 } },
  },
  // Leaks on both sides of 0.75: neurons with and without a shift.
  { model: { ...SMALL, depth: 2, neuron: { kind: "plif", beta: 0.75 } } },
  // Blocks take turns at the engine, whose tiles hold the tokens in two blocks.
  {
    steps: 4,
    model: { ...SMALL, depth: 2 },
    hardware: { order: "step-major", crossbar: { rows: 16, columns: 16 }, ssa: { tileTokens: 3 } },
  },
  // All pixels of a step come before the next step; a single block has no turns at the engine.
  {
    model: {
      ...SMALL,
      stem: {
        layers: [
          { channels: 8, kernel: 5, stride: 2, pool: 1 },
          { channels: 8, kernel: 3, pool: 1 },
        ],
      },
    },
    hardware: {
      order: "step-major",
      crossbar: { rows: 16, columns: 16 },
      adc: { mode: "pair", sharing: 3, errors: { gainSpread: 0.05, offsetSpread: 0.5, outputNoise: 0.5 } },
    },
  },
];

const linear = (name: string, features: number) => ({ kind: "linear", name, features });
const convolution = (name: string, channels: number, more: object = {}) => ({
  kind: "convolution",
  name,
  channels,
  ...more,
});
const neurons = (name: string) => ({ kind: "neurons", name });
const head = { kind: "read-out", name: "answer" };

/** Networks that list their operations: three layers, which read some tokens only, and convolutions. */
const listed: MachineSetting[] = [
  {
    operations: [linear("first", 24), neurons("a"), linear("second", 16), neurons("b"), head],
    hardware: { crossbar: { rows: 7, columns: 10, inputStride: 3, linesPerInput: 2 } },
  },
  {
    readOut: "mean",
    operations: [
      ...[convolution("first", 8), neurons("a"), { kind: "pool", name: "smaller" }],
      ...[convolution("second", 16, { kernel: 1 }), neurons("b"), head],
    ],
    hardware: {
      order: "step-major",
      adc: { mode: "pair", sharing: 3, errors: { offsetSpread: 0.5, outputNoise: 0.5 } },
    },
  },
  // Blocks without attention, around which the stream goes, with positions and without.
  ...["embed", "placed"].map((begins) => ({
    operations: [
      ...[linear("embed", 16), ...(begins === "placed" ? [{ kind: "position", name: "placed" }] : [])],
      ...[neurons("a"), linear("up", 24), neurons("b"), linear("down", 16)],
      ...[{ kind: "add", name: "stream", reads: [begins, "down"] }, neurons("c")],
      ...[linear("last", 16), { kind: "add", name: "end", reads: ["stream", "last"] }, neurons("d"), head],
    ],
    hardware: { order: begins === "placed" ? ("step-major" as const) : ("token-major" as const) },
  })),
];
settings.push(...listed);

// With a stem and every error; step by step; lists.
const SHORT = [settings[1], settings[3], listed[0], listed[1], listed[3]];
const SIMULATED = "the RTL gives the simulator's spikes, outputs and answers, at the clocks of the schedule: %j";
async function expectSimulated(setting: MachineSetting) {
  const { files, design, vectors } = bundleOf(setting);
  await expectAsSimulated(write(files), design, { spikes: vectors.spikes, prompts: 3 });
}
testInVerilator.each(SHORT)(SIMULATED, { timeout: LONG }, expectSimulated);
testInVerilator.each(settings.filter((setting) => !SHORT.includes(setting)))(
  SIMULATED,
  { ...NIGHTLY, timeout: LONG },
  expectSimulated,
);

testInVerilator(
  "a machine with more tokens than Verilator's unroll limit compiles with its loops kept",
  { ...NIGHTLY, timeout: LONG },
  async () => {
    const folder = write(bundleOf({ readOut: "mean", tokens: 54, steps: 1, model: { ...SMALL, heads: 1 } }, 1).files);
    const all = ["-f", FILE_LIST, "-f", TESTBENCH_LIST, "--top-module", MACHINE_TESTBENCH];
    const { stderr } = await promisify(execFile)("verilator", ["--lint-only", "--timing", ...ROLLED_LOOPS, ...all], {
      cwd: folder,
    });
    expect(stderr).toBe("");
  },
);

testInYosys(
  "Yosys accepts the machine with its AXI edge and black-box macros, finds neither latch nor loop, and proves its blocks",
  NIGHTLY,
  async () => {
    const folder = write(bundleOf({ steps: 2, model: SMALL }, 1).files);
    const checks = await verifyRtl(folder, { tools: ["yosys"], tops: [AXI_TOP] });
    expect(checks.map(({ result, detail }) => (result === "pass" ? result : detail))).toEqual(Array(4).fill("pass"));
  },
);

testInVerilator(
  "waveforms of the first prompt are written on request",
  async () => {
    const folder = write(bundleOf({ steps: 2, model: SMALL }, 2).files);
    const [waves, ...rest] = await verifyRtl(folder, { tools: ["verilator"], tops: [], waves: true });
    expect([waves.check, waves.result, rest]).toEqual(["waves of a prompt: xpike_machine", "pass", []]);
    expect(waves.detail).toMatch(/^PASS 1 prompts/);
    // FST begins with a block of type 0, its header, which is 329 bytes long.
    const dump = readFileSync(join(folder, WAVES_FILE));
    expect([dump[0], dump.readBigUInt64BE(1)]).toEqual([0, 329n]);
  },
  LONG,
);
