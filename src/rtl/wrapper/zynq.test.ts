// @module-tag slow
/** What Vivado reads: every port of the machine's host is connected, and every file that the script names is in the folder. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type WrappedMachine, wrappedMachine } from "../../../test/support/host-bench.ts";
import { REGISTERS } from "../axi/register-map.ts";
import { HOST_TOP, STREAM_BITS } from "./host-top.ts";
import { ZYNQ_SCRIPT, ZYNQ_SHELL } from "./zynq.ts";

/** Direction, width and name of a module's ports; a port without the first two has those of the port before it. */
function portsOf(text: string): string[] {
  const bare = text.replace(/\/\/.*|\(\*.*?\*\)/g, "");
  const header = /\bmodule \w+\s*\(([\s\S]*?)\);/.exec(bare)![1];
  let kind = "";
  const ports = header.split(",").map((port) => {
    const [, direction, range = "", name] = /^\s*(?:(input|output)\s+(?:wire|logic)\s*(\[\d+:0\])?)?\s*(\w+)\s*$/.exec(
      port,
    )!;
    if (direction) kind = `${direction} ${range}`;
    return `${kind} ${name}`;
  });
  return ports.sort();
}

describe.each(STREAM_BITS)("with streams of %d bits", (bits) => {
  let machine: WrappedMachine;
  const text = (name: string) => readFileSync(join(machine.folder, name), "utf8");
  beforeAll(() => {
    machine = wrappedMachine({ name: "zynq", bits }, 1);
  });
  afterAll(() => machine.remove());

  test("the shell has the ports of the host but for test mode, and connects each", () => {
    const host = portsOf(text(`${HOST_TOP}.sv`));
    const shell = portsOf(text(`${ZYNQ_SHELL}.v`));
    expect(host.length).toBeGreaterThan(30);
    expect(shell).toEqual(host.filter((port) => !port.endsWith(" test_mode_i")));
    const connected = Array.from(text(`${ZYNQ_SHELL}.v`).matchAll(/^ +\.(\w+)\((.+?)\)/gm), ([, pin, net]) => [
      pin,
      net,
    ]);
    const names = host.map((port) => port.split(" ").at(-1)!);
    expect(connected.map(([pin]) => pin).sort()).toEqual(names.sort());
    for (const [pin, net] of connected) expect(net).toBe(pin === "test_mode_i" ? "1'b0" : pin);
  });

  test("every port but clock, reset and interrupt belongs to a bus, by its name there", () => {
    const info = text(`${ZYNQ_SHELL}.v`).matchAll(
      /"xilinx\.com:interface:(\w+):1\.0 (\w+) (\w+)" \*\)\n +\w+ wire (?:\[\d+:0\] )?(\w+)/g,
    );
    const buses = Array.from(info, ([, kind, bus, signal, port]) => ({ kind, bus, signal, port }));
    for (const { kind, bus, signal, port } of buses) {
      expect(`${bus}_${signal.toLowerCase()}`).toBe(port);
      expect(kind).toBe(bus === "s_axil" ? "aximm" : "axis");
    }
    expect(buses).toHaveLength(portsOf(text(`${ZYNQ_SHELL}.v`)).length - 3);
  });

  test("sources and contents of memories are in the folder", () => {
    const named = (list: string) =>
      new RegExp(`set ${list} \\{\\n([^}]*)\\}`).exec(text(ZYNQ_SCRIPT))![1].trim().split(/\s+/);
    const sources = named("sources");
    expect(sources).toEqual([...text("files.f").trim().split("\n"), `${ZYNQ_SHELL}.v`]);
    for (const name of [...sources, ...named("contents")])
      expect(existsSync(join(machine.folder, name)), name).toBe(true);
    const read = sources.flatMap((name) => Array.from(text(name).matchAll(/"(\w+\.hex)"/g), ([, file]) => file));
    expect(new Set(named("contents"))).toEqual(new Set(read));
  });

  test("the device trees have room for the registers and both packets", () => {
    const size = (name: string, node: string) =>
      Number(new RegExp(`${node}@\\w+ \\{[^}]*reg = <[^>]*?(0x\\w+)>`).exec(text(name))![1]);
    for (const name of ["xpike_zynq_7000.dtsi", "xpike_zynq_ultrascale.dtsi"]) {
      expect(size(name, "xpike")).toBeGreaterThan(
        Math.max(...REGISTERS.map(({ offset }) => offset)) + 4 * machine.facts.windowWords,
      );
      expect(size(name, "xpike-buffer")).toBeGreaterThanOrEqual(
        machine.sent[0].length + 64 + machine.answers[0].length,
      );
    }
  });
});
