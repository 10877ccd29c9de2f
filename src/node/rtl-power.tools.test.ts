/** Power of a simulated prompt, against transitions counted by a testbench. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { NIGHTLY } from "../../test/support/nightly.ts";
import { runCommand } from "../../test/support/run-command.ts";
import { ENERGIES, LEAKAGE, timedLiberty } from "../../test/support/timed-liberty.ts";
import { madeInTests, tinyMachine } from "../../test/support/tiny-machine.ts";
import { machineBundle } from "../rtl/kit/bundle.ts";
import { ROLLED_LOOPS } from "../rtl/kit/project-files.ts";
import { findSta } from "./opensta.ts";
import { hasTool } from "./rtl-simulators.ts";
import type { Synthesis } from "./rtl-synthesis.ts";

// Compiling a machine with its dump, twice, and synthesising it, on a busy machine.

const hasSta = await findSta().then(
  () => true,
  () => false,
);
const hasSimulator = await hasTool("verilator");

const root = mkdtempSync(join(tmpdir(), "xpikeformer-power-"));
afterAll(() => rmSync(root, { recursive: true }));

const mean = ([rise, fall]: readonly [number, number]) => (rise + fall) / 2;
describe.skipIf(!hasSta || !hasSimulator)("a small machine", async () => {
  const setting = { steps: 2, model: { width: 8, heads: 2, depth: 1 } };
  const { design, vectors } = tinyMachine(setting, 2);
  const folder = join(root, "machine");
  mkdirSync(folder);
  for (const [name, text] of Object.entries(machineBundle(design, vectors, madeInTests))) {
    writeFileSync(join(folder, name), text);
  }
  const liberty = join(root, "timed.lib");
  writeFileSync(liberty, timedLiberty);

  test(
    "has the power of its gates' transitions, and as many register transitions as a testbench counts",
    NIGHTLY,
    async () => {
      const { code, out, err } = await runCommand(
        ...["rtl", "synth", folder, "--liberty", liberty, "--clock", "200", "--power", "--json"],
      );
      expect([code, err]).toEqual([0, ""]);
      const { power, blocks, worstPath }: Synthesis = JSON.parse(out);
      const { clocks, sources, equalValues } = power!;
      const registers = sources.register.all;
      expect(worstPath).toMatchObject({ clock: 200e6, slack: expect.any(Number) });
      expect(power).toMatchObject({ library: "timed", clockFrequency: 200e6 });
      // Nothing waits at the interfaces, and the last answer is taken a few clocks after the last total.
      expect(clocks - design.plan.schedule.alone.clocks).toBeOneOf([1, 2, 3]);
      expect(Object.values(sources).map(({ unnamed }) => unnamed)).toEqual([0, 0, 0]);
      expect(equalValues).toBe(registers * clocks);

      // A queue of one vector after the hidden layer: its registers are a vector and a bit.
      const queue = power!.blocks.find(({ module }) => module === "spike_queue_16x1")!;
      const { vector, filled } = countedByTestbench();
      expect(vector).toBe(changesOf(vectorsOf("expect_layer_blocks_0_up.hex")));
      expect(queue.registerActivity! * 17 * clocks).toBeCloseTo(vector + filled, 6);
      const transitionsPerSecond = ((vector + filled) / clocks) * 200e6;
      const [rise, fall] = ENERGIES.clock;
      expect(queue.clock).toBeCloseTo(17 * (rise + fall) * 1e-12 * 200e6, 9);
      const { gates } = blocks.find(({ module }) => module === "spike_queue_16x1")!;
      expect(queue.leakage).toBeCloseTo((17 * LEAKAGE.register + gates * LEAKAGE.gate) * 1e-9, 12);
      // The rest of the internal power is that of its gates.
      expect(queue.internal).toBeGreaterThanOrEqual(mean(ENERGIES.register) * 1e-12 * transitionsPerSecond);

      const parts = ["clock", "internal", "switching", "leakage"] as const;
      for (const part of parts) {
        expect(power!.blocks.reduce((sum, block) => sum + block[part], 0)).toBeCloseTo(power![part], 12);
      }
      const all = parts.reduce((sum, part) => sum + power![part], 0);
      expect(power!.energy).toBeCloseTo((all * clocks) / 200e6, 15);
      expect(power!.blocks.map(({ module }) => module)).not.toContain("xpike_axi");
    },
  );

  /** Words of the first prompt: a clock of 32 bits, then the vector. */
  function vectorsOf(name: string): bigint[] {
    const lines = readFileSync(join(folder, name), "utf8").trim().split("\n");
    return lines.slice(0, lines.length / 2).map((line) => BigInt(`0x${line.trim().split(" ").at(-1)}`) & 0xffffn);
  }
  const changesOf = (all: readonly bigint[]) =>
    all.reduce(
      (sum, word, n) => sum + [...(word ^ (all[n - 1] ?? 0n)).toString(2)].filter((bit) => bit === "1").length,
      0,
    );

  /** The same testbench, with a count of the changes of two registers. */
  function countedByTestbench() {
    const top = `module counted;
  xpike_machine_tb u_tb ();
  int vector = 0, filled = 0;
  logic [15:0] last_vector = '0;
  logic last_filled = '0;
  always @(posedge u_tb.clk_i) begin
    if (u_tb.busy) begin
      vector += $countones(last_vector ^ u_tb.u_machine.u_queue_blocks_0_down.vector_q);
      filled += $countones(last_filled ^ u_tb.u_machine.u_queue_blocks_0_down.filled_q);
    end
    last_vector = u_tb.u_machine.u_queue_blocks_0_down.vector_q;
    last_filled = u_tb.u_machine.u_queue_blocks_0_down.filled_q;
  end
  final $display("COUNTED %0d %0d", vector, filled);
endmodule
`;
    const build = join(root, "counted.sv");
    writeFileSync(build, top);
    const flags = ["--binary", "--timing", "-fno-gate", ...ROLLED_LOOPS, "-MAKEFLAGS", "OPT_FAST=-O0 OPT_GLOBAL=-O0"];
    const files = ["-f", "files.f", "-f", "testbenches.f", build, "--top-module", "counted"];
    execFileSync("verilator", [...flags, "-Wno-fatal", "--Mdir", join(root, "counted"), ...files], {
      cwd: folder,
      stdio: "pipe",
    });
    const said = execFileSync(join(root, "counted", "Vcounted"), ["+prompts=1"], { cwd: folder, encoding: "utf8" });
    const [vector, filled] = /^COUNTED (\d+) (\d+)$/m.exec(said)!.slice(1).map(Number);
    return { vector, filled };
  }

  test("has no power if the library has no energies, or no clock is given", async () => {
    const bare = join(root, "bare.lib");
    writeFileSync(bare, timedLiberty.replaceAll("internal_power", "external_power"));
    const without = await runCommand("rtl", "synth", folder, "--liberty", bare, "--clock", "200", "--power");
    expect(without).toMatchObject({ code: 2, err: expect.stringContaining("This library has no internal_power") });
    const still = await runCommand("rtl", "synth", folder, "--liberty", liberty, "--power");
    expect(still).toMatchObject({ code: 2, err: expect.stringContaining("SpecError at --power") });
  });
});
