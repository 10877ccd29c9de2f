// @module-tag program
/**
 * The script for Vivado in a Tcl shell whose commands are recorded: it runs to its end for both families, connects every bus and pin of
 * the machine's shell, and drives each input once. The device trees compile, and so does the C program for UIO, without a warning.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type WrappedMachine, wrappedMachine } from "../../../test/support/host-bench.ts";
import { addressBits, CONTROL, REGISTERS, type Register, registerOf } from "../axi/register-map.ts";
import { ZYNQ_SCRIPT } from "./zynq.ts";

const has = (program: string, flag: string) => spawnSync(program, [flag], { input: "" }).error === undefined;
type Skip = (condition: boolean, note: string) => void;
const needs = (program: string, skip: Skip) => skip(!has(program, "--version"), `${program} is not installed`);

let machine: WrappedMachine;
beforeAll(() => {
  machine = wrappedMachine({ name: "zynq", bits: 64 }, 1);
});
afterAll(() => machine.remove());

/** Every command of Vivado prints its words, and gives back the last of them, or what a query asks for. */
const RECORDER = `
foreach name {create_project add_files set_property update_compile_order create_bd_design create_bd_cell connect_bd_intf_net
  connect_bd_net assign_bd_address validate_bd_design save_bd_design generate_target make_wrapper launch_runs wait_on_run open_run
  report_utilization report_timing_summary write_hw_platform} {
  proc $name args "puts \\[list $name {*}\\$args\\]; lindex \\$args end"
}
foreach name {get_bd_intf_pins get_bd_pins get_bd_addr_segs get_bd_addr_spaces get_files get_runs} { proc $name args { lindex $args end } }
proc current_fileset {} { return sources_1 }
proc get_property args { return 100% }
file mkdir [file join [file dirname [file normalize [info script]]] zynq]
set argv [lrange $argv 0 end]
source [file join [file dirname [file normalize [info script]]] ${ZYNQ_SCRIPT}]
`;

const recorded = (...argv: string[]): string[][] => {
  writeFileSync(join(machine.folder, "recorder.tcl"), RECORDER);
  const out = execFileSync("tclsh", ["recorder.tcl", ...argv], { cwd: machine.folder, encoding: "utf8" });
  return out
    .trim()
    .split("\n")
    .map((line) => line.split(" "));
};

test.for(["7000", "ultrascale"])("the script connects the machine once, on %s", (family, { skip }) => {
  needs("tclsh", skip);
  const commands = recorded(family);
  const of = (name: string) => commands.filter(([command]) => command === name).map(([, ...words]) => words);
  expect(
    of("connect_bd_intf_net")
      .flat()
      .filter((pin) => pin.startsWith("machine/"))
      .sort(),
  ).toEqual(["machine/m_axis", "machine/s_axil", "machine/s_axis"]);
  const nets = of("connect_bd_net");
  expect(
    nets
      .flat()
      .filter((pin) => pin.startsWith("machine/"))
      .sort(),
  ).toEqual(["machine/clk_i", "machine/irq_o", "machine/rst_ni"]);
  const driven = [...nets.map(([, to]) => to), ...of("connect_bd_intf_net").map(([, to]) => to)];
  expect(new Set(driven).size).toBe(driven.length);
  expect(of("assign_bd_address")).toHaveLength(4);
  expect(commands.at(-1)![0]).toBe("write_hw_platform");
});

test("the script takes a part and a clock, and refuses an unknown family", ({ skip }) => {
  needs("tclsh", skip);
  const commands = recorded("7000", "xc7z045ffg900-2", "75");
  expect(commands[0]).toEqual(expect.arrayContaining(["create_project", "xc7z045ffg900-2"]));
  expect(commands.flat().join(" ")).toContain("PCW_FPGA0_PERIPHERAL_FREQMHZ 75");
  expect(() => recorded("virtex")).toThrow("Name a family: 7000 ultrascale");
});

test("the C program for UIO compiles without a warning, and says which devices it lacks", ({ skip }) => {
  needs("gcc", skip);
  const strict = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-DXPIKE_UIO"];
  const { folder: cwd } = machine;
  execFileSync("gcc", [...strict, "-o", "run", "xpike_run.c", "xpike_uio.c", "xpike.c"], { cwd });
  const lacking = spawnSync("./run", ["/dev/uio7", "/dev/uio8", "/dev/uio9"], { cwd, encoding: "utf8" });
  expect(lacking).toMatchObject({ status: 1, stderr: expect.stringContaining("a device cannot be mapped") });
  expect(spawnSync("./run", [], { cwd, encoding: "utf8" }).stderr).toContain("give the UIO devices");
});

test("the C program moves prompts through three mapped areas, and compares what lies there", async ({ skip }) => {
  needs("gcc", skip);
  const { folder: cwd, facts, sent, answers } = machine;
  // Files map their pages as UIO devices map their areas: registers that say what the machine is, a DMA that is done, answers.
  const registers = Buffer.alloc(2 ** addressBits(facts.windowWords));
  for (const { offset, value } of REGISTERS as readonly Register[])
    if (value) registers.writeUInt32LE(value(facts) >>> 0, offset);
  const dma = Buffer.alloc(4096);
  for (const status of [0x04, 0x34]) dma.writeUInt32LE(2, status);
  const bytes = (packet: readonly string[]) => Buffer.from(packet.join(""), "hex");
  const behind = 64 * Math.ceil(sent[0].length / 64);
  const buffer = Buffer.alloc(behind + 4096);
  bytes(answers[0]).copy(buffer, behind);
  const names = ["uio0", "uio1", "uio2"];
  const lay = (...areas: Buffer[]) => {
    for (const [n, area] of areas.entries()) {
      const maps = join(cwd, "class", names[n], "maps/map0");
      mkdirSync(maps, { recursive: true });
      writeFileSync(join(maps, "size"), `0x${area.length.toString(16)}\n`);
      writeFileSync(join(maps, "addr"), `0x${(0x1000_0000 * (n + 1)).toString(16)}\n`);
      writeFileSync(join(cwd, names[n]), area);
    }
    return spawnSync("./mapped", names, { cwd, encoding: "utf8" });
  };
  const flags = ["-std=c99", "-Werror", "-Wall", "-DXPIKE_UIO", `-DXPIKE_UIO_CLASS="${join(cwd, "class")}"`];
  execFileSync("gcc", [...flags, "-o", "mapped", "xpike_run.c", "xpike_uio.c", "xpike.c"], { cwd });
  expect(lay(registers, dma, buffer)).toMatchObject({
    stdout: expect.stringContaining("PASS 1 prompts, 0 answers differ"),
  });
  const [control, transfers, memory] = names.map((name) => readFileSync(join(cwd, name)));
  expect(memory.subarray(0, sent[0].length)).toEqual(bytes(sent[0]));
  expect(control.readUInt32LE(registerOf("CONTROL").offset)).toBe(2 ** CONTROL.start);
  // Address and length of both transfers.
  expect([0x18, 0x28, 0x48, 0x58].map((at) => transfers.readUInt32LE(at))).toEqual([
    ...[0x3000_0000, sent[0].length],
    ...[0x3000_0000 + behind, answers[0].length],
  ]);

  const foreign = Buffer.from(registers);
  foreign.writeUInt32LE(1, registerOf("EXPERIMENT").offset);
  expect(lay(foreign, dma, buffer).stderr).toContain("another machine answers");
  const wrong = Buffer.from(buffer);
  wrong[behind] ^= 1;
  expect(lay(registers, dma, wrong).stdout).toContain("FAIL 1 prompts, 1 answers differ");
  expect(lay(registers, dma, buffer.subarray(0, behind)).stderr).toContain("the buffer is too small");
});

test.for([
  ["7000", 1],
  ["ultrascale", 2],
] as const)("the device tree of %s compiles", ([family, cells], { skip }) => {
  needs("dtc", skip);
  const names = { "7000": ["amba", "intc"], ultrascale: ["amba", "gic"] }[family];
  const around = `/dts-v1/;
/ { #address-cells = <${cells}>; #size-cells = <${cells}>;
  ${names[0]}: bus { compatible = "simple-bus"; #address-cells = <${cells}>; #size-cells = <${cells}>; ranges; };
  ${names[1]}: controller { interrupt-controller; #interrupt-cells = <3>; };
};
/include/ "xpike_zynq_${family}.dtsi"
`;
  writeFileSync(join(machine.folder, "around.dts"), around);
  const { stderr, status } = spawnSync("dtc", ["-I", "dts", "-O", "dtb", "-o", "out.dtb", "around.dts"], {
    cwd: machine.folder,
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([0, ""]);
});
