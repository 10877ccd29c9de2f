// @module-tag program
/** Machines of a fresh chip behind a socket that are given the constants of the same chip a year later. */
import { execFile } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect } from "vitest";
import { testWith } from "../../test/support/hardware-tools.ts";
import { expectAsSimulated } from "../../test/support/machine-in-verilator.ts";
import { NIGHTLY } from "../../test/support/nightly.ts";
import { type MachineSetting, madeInTests, tinyMachine } from "../../test/support/tiny-machine.ts";
import { ERROR, registerOf, STATUS } from "../rtl/axi/register-map.ts";
import { AXI_TOP } from "../rtl/axi/top.ts";
import { identify, loadConstants, start } from "../rtl/host/accelerator.ts";
import { C_DRIVER, C_PROGRAM, C_SOCKET } from "../rtl/host/c-names.ts";
import { machineBundle } from "../rtl/kit/bundle.ts";
import type { Fabric } from "../rtl/machine/fabric.ts";
import { ANSWER_FILE } from "../rtl/machine/vectors.ts";
import { BLOCKS_TESTBENCH, EDGE_TESTBENCH } from "../rtl/played/bench.ts";
import { connectCosim } from "./cosim-bus.ts";
import { checkCosim, startCosim } from "./rtl-cosim.ts";
import { folderConstants } from "./rtl-prompts.ts";
import { verifyRtl } from "./rtl-tools.ts";

const testInVerilator = await testWith("verilator");
const root = mkdtempSync(join(tmpdir(), "xpikeformer-loading-"));
afterAll(() => rmSync(root, { recursive: true }));
const LONG = 400_000;
const YEAR = 365 * 24 * 3600;
const PROMPTS = 3;

/** A machine on drifting devices, whose neurons lose all charge above the threshold or keep it. */
const setting = (readTime: number, reset: "soft" | "hard"): MachineSetting => ({
  steps: 2,
  model: { width: 8, heads: 2, depth: 1, position: "learned", neuron: { threshold: 0.3, reset } },
  hardware: {
    readTime,
    compensation: { scope: "crossbar" },
    crossbar: { rows: 7, columns: 10, device: { kind: "pcm" } },
    timing: { clock: 2e8, settle: 2, conversion: 4 },
  },
});

/** The folders of the chip at an hour and at a year. */
function folders(name: string, fabric: Fabric, reset: "soft" | "hard") {
  const folder = (age: string) => join(root, `${name}-${age}`);
  const machines = { fresh: 3600, aged: YEAR };
  const made = Object.entries(machines).map(([age, readTime]) => {
    const { design, vectors } = tinyMachine(setting(readTime, reset), PROMPTS, fabric);
    mkdirSync(folder(age));
    for (const [file, text] of Object.entries(machineBundle(design, vectors, madeInTests)))
      writeFileSync(join(folder(age), file), text);
    return { design, vectors };
  });
  const text = (age: string, file: string) => readFileSync(join(folder(age), file), "utf8");
  expect(text("aged", ANSWER_FILE)).not.toBe(text("fresh", ANSWER_FILE));
  return { fresh: folder("fresh"), aged: folder("aged"), machine: made[0] };
}

testInVerilator(
  "a machine of memories with the cells, factors, offsets and thresholds of the aged chip gives its answers, through both drivers",
  async () => {
    const { fresh, aged, machine } = folders(
      "memories",
      { kind: "memories", conductanceBits: 13, loadable: true },
      "soft",
    );
    await expectAsSimulated(fresh, machine.design, { spikes: machine.vectors.spikes, prompts: PROMPTS });
    const { port, close } = await startCosim(fresh);
    try {
      const answers = PROMPTS * 3;
      const same = { prompts: PROMPTS, answers, differing: 0 };
      expect(await checkCosim(fresh, port)).toMatchObject(same);
      expect(await checkCosim(fresh, port, { constants: aged })).toMatchObject(same);
      // The constants stay, and are no longer those of the fresh chip.
      const { differing } = await checkCosim(fresh, port);
      expect(differing).toBeGreaterThan(0);
      expect(await checkCosim(fresh, port, { constants: fresh })).toMatchObject(same);

      const run = (program: string, args: string[], cwd: string) => promisify(execFile)(program, args, { cwd });
      const program = join(fresh, "run");
      const strict = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"];
      await run("gcc", [...strict, "-o", program, C_PROGRAM, C_SOCKET, C_DRIVER], fresh);
      const { stdout } = await run(program, ["127.0.0.1", String(port), "load"], aged);
      expect(stdout).toContain(`PASS ${PROMPTS} prompts, 0 answers differ`);

      const bus = await connectCosim(port);
      const identity = await identify(bus);
      const constants = await folderConstants(aged);
      await expect(loadConstants(bus, identity, { ...constants, layout: constants.layout ^ 1 })).rejects.toThrow(
        /The constants are \d+ words of layout \w{8}, but the machine takes \d+ words of layout/,
      );
      await start(bus);
      await expect(loadConstants(bus, identity, constants)).rejects.toThrow("refused (SLVERR)");
      expect(await bus.read(registerOf("ERROR").offset)).toBe(2 ** ERROR.seed);
      expect(await bus.read(registerOf("STATUS").offset)).toBe(2 ** STATUS.busy + 2 ** STATUS.error);
      bus.close();
    } finally {
      await close();
    }
  },
  LONG,
);

testInVerilator(
  "the interface of a loadable machine and its blocks pass their own testbenches",
  { ...NIGHTLY, timeout: LONG },
  async () => {
    const { fresh } = folders("edge", { kind: "memories", conductanceBits: 13, loadable: true }, "soft");
    const checks = await verifyRtl(fresh, { tools: ["verilator"], tops: [AXI_TOP, BLOCKS_TESTBENCH, EDGE_TESTBENCH] });
    expect(checks.map(({ check, result, detail }) => (result === "pass" ? check : detail))).toEqual([
      "lint, all warnings: xpike_axi",
      "lint, all warnings: xpike_axi_tb",
      "simulation: xpike_axi",
      "simulation: xpike_axi, with waits",
      "corners: xpike_blocks_tb",
      "corners: xpike_edge_tb",
    ]);
  },
);

testInVerilator(
  "a machine of macros whose crossbars have aged gives the aged chip's answers with its factors, and not without them",
  async () => {
    const { fresh, aged } = folders("macros", { kind: "macros", loadable: true }, "hard");
    // The devices themselves: what happens to a chip.
    const crossbars = readdirSync(aged).filter((file) => /^crossbar_\d+\.hex$/.test(file));
    expect(crossbars.length).toBeGreaterThan(3);
    for (const file of crossbars) copyFileSync(join(aged, file), join(fresh, file));
    const { port, close } = await startCosim(fresh);
    try {
      expect(await checkCosim(fresh, port, { constants: aged })).toMatchObject({ prompts: PROMPTS, differing: 0 });
      const { differing } = await checkCosim(fresh, port, { constants: fresh });
      expect(differing).toBeGreaterThan(0);
    } finally {
      await close();
    }
  },
  LONG,
);
