/**
 * Machines with prompts in flight: every spike train, output of the head and answer, the clock of each in the pipelined timetable, and
 * faults of what only they have.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect } from "vitest";
import { testWith } from "../../../test/support/hardware-tools.ts";
import { type MachineInIcarus, machineInIcarus } from "../../../test/support/machine-in-icarus.ts";
import { expectAsSimulated } from "../../../test/support/machine-in-verilator.ts";
import { NIGHTLY } from "../../../test/support/nightly.ts";
import { type MachineSetting, madeInTests, tinyMachine } from "../../../test/support/tiny-machine.ts";
import { machineBundle } from "../kit/bundle.ts";
import { STALL } from "./testbench.ts";

const testInIcarus = await testWith("iverilog");
const testInVerilator = await testWith("verilator");
/** Milliseconds for lint, compilation and two runs, also on a busy machine. */
const LONG = 400_000;
/** Prompts: as many as two and a half times those in flight. */
const PROMPTS = 10;

/** The engine never rests: runs of two blocks, of different prompts, follow each other without a gap. */
const BUSY_ENGINE: MachineSetting = {
  steps: 2,
  model: { width: 8, heads: 2, depth: 2, position: "learned" },
  hardware: { adc: { sharing: 1 }, crossbar: { rows: 64, columns: 64 }, ssa: { tileTokens: 2 } },
};

const root = mkdtempSync(join(tmpdir(), "xpikeformer-in-flight-"));
let machine: MachineInIcarus;
beforeAll(() => {
  machine = machineInIcarus(BUSY_ENGINE, PROMPTS, true);
});
afterAll(() => {
  machine.remove();
  rmSync(root, { recursive: true });
});

const passed = (text: string) => {
  expect(text).toMatch(new RegExp(`^PASS ${PROMPTS} prompts`, "m"));
  expect(text).not.toMatch(/ERROR|expected/);
};

testInIcarus(
  "the RTL gives the simulator's spikes, outputs and answers at the clocks of the timetable, an answer in every interval, and without clocks where both ends wait",
  async () => {
    const { inFlight, attention } = machine.design.plan;
    const { interval } = inFlight!;
    const run = interval / machine.design.plan.depth;
    expect(attention.map(([start]) => start % run)).toEqual([0, 0]);
    const source = "attention_unit.sv";
    const text = await machine.printed(source, machine.files[source]);
    passed(text);
    expect(text).toContain(`${interval * (PROMPTS - 1)} clocks from the first one's last answer to the last one's`);
    for (const seed of [3, 4]) {
      const waiting = await machine.printed(source, machine.files[source], { plusargs: [`+${STALL}=${seed}`] });
      passed(waiting);
      // Prompts came so late that clocks are others.
      expect(waiting).not.toContain(`${interval * (PROMPTS - 1)} clocks from`);
    }
  },
  LONG,
);

/** Source, original text, replacement, and the seed of stalls that reveal it, 0: none; all of a text's places change. */
const FAULTS: readonly (readonly [source: string, from: RegExp, to: string, stall: number])[] = [
  // One prompt's q, k and v, and seeds, too few; one vector of the stream.
  ["attention_unit.sv", /(written_run_q|read_run_q) <= \([^;]*/g, "$1 <= 1'd0", 0],
  ["attention_unit.sv", /(write_bank_q|bank_of_run_q) == 3'd4/g, "$1 == 3'd3", 0],
  ["stream_memory.sv", /words\[(\w+_address_i)\]/g, "words[($1 == 6'd32) ? 6'd0 : $1]", 0],
  // Blocks in the wrong order, and a clock early.
  ["prompt_timetable.sv", /(attention_0_begins_o = )([^;]*)(;\n.*attention_1_begins_o = )([^;]*)/, "$1$4$3$2", 0],
  ["prompt_timetable.sv", /(blocks_1_up_begins_o = .* 7'd)4;/, "$13;", 0],
  // A run that follows another one: its seeds, the values that leave last, and its start.
  ["attention_unit.sv", /seed_bank = start \?[^;]*/, "seed_bank = bank_q", 0],
  ["attention_unit.sv", /out_block_q <= block_q/, "out_block_q <= start ? next_block : block_q", 0],
  ["ssa_engine.sv", /start_i & \(!busy_o \| \(last_feature & last_window\)\)/g, "start_i & !busy_o", 0],
  // One prompt more than there is room for its answers, and one that is admitted out of phase.
  ["xpike_machine.sv", /full & prompts_q != 3'd4/, "full", 3],
  ["prompt_timetable.sv", /waiting_i & phase_q == 7'd0/, "waiting_i & phase_q[2:0] == 3'd0", 3],
];

const NOTICED = "a fault in %s is noticed: %s becomes %s";
testInIcarus.each(FAULTS.slice(0, 2))(NOTICED, expectNoticed);
testInIcarus.each(FAULTS.slice(2))(NOTICED, NIGHTLY, expectNoticed);

async function expectNoticed(...[source, from, to, stall]: (typeof FAULTS)[number]) {
  const right = machine.files[source];
  expect(right).toMatch(from);
  const plusargs = [`+${STALL}=${stall}`];
  expect(await machine.printed(source, right.replace(from, to), { plusargs })).not.toMatch(/^PASS/m);
}

const settings: MachineSetting[] = [
  // Two runs of q, k and v and two of their output; a layer is busiest.
  {},
  {
    readOut: "mean",
    steps: 4,
    model: {
      width: 8,
      heads: 2,
      depth: 2,
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
];

const SIMULATED =
  "prompts in flight give the simulator's spikes, outputs and answers, at the clocks of the timetable: %j";
testInVerilator.each(settings.slice(1))(SIMULATED, { timeout: LONG }, expectSimulated);
testInVerilator.each(settings.slice(0, 1))(SIMULATED, { ...NIGHTLY, timeout: LONG }, expectSimulated);

async function expectSimulated(setting: MachineSetting) {
  const { design, vectors } = tinyMachine(setting, PROMPTS, undefined, true);
  const folder = join(root, String(settings.indexOf(setting)));
  mkdirSync(folder);
  for (const [name, text] of Object.entries(machineBundle(design, vectors, madeInTests)))
    writeFileSync(join(folder, name), text);
  await expectAsSimulated(folder, design, { spikes: vectors.spikes, prompts: PROMPTS });
}
