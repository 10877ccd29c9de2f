/** The views of the analog macros in the tools that read them: the column in ngspice, timing in OpenSTA. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { timedLiberty } from "../../../test/support/timed-liberty.ts";
import { tinyMachine } from "../../../test/support/tiny-machine.ts";
import { convert, converter } from "../../hardware/adc.ts";
import { readThroughWires } from "../../hardware/wires.ts";
import { findSta, runSta } from "../../node/opensta.ts";
import { stream } from "../../numeric/stream.ts";
import { INPUT_FILE } from "../machine/vectors.ts";
import { type Column, columnNetlist, stepsName } from "./column-netlist.ts";
import { COLUMN_NETLIST, MACRO_CONSTRAINTS, macroViews } from "./macro-views.ts";

const folder = mkdtempSync(join(tmpdir(), "xpikeformer-views-"));
afterAll(() => rmSync(folder, { recursive: true }));
const hasSta = await findSta().then(
  () => true,
  () => false,
);
const testInNgspice = test.skipIf(spawnSync("ngspice", ["--version"]).status !== 0);

/** Code steps by vector, as ngspice measures them. */
function measured(netlist: string, vectors: number): number[] {
  const file = join(folder, "column.sp");
  writeFileSync(file, netlist);
  const said = execFileSync("ngspice", ["-b", file], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  return Array.from({ length: vectors }, (_, v) =>
    Number(new RegExp(`^${stepsName(v)} += +(\\S+)`, "m").exec(said)?.[1]),
  );
}

/** Code steps. ngspice stops at a relative error of 1e-3 of its iterations, which a linear circuit needs only once. */
const TOLERANCE = 1e-4;

const { design, vectors } = tinyMachine({ steps: 2, model: { width: 8, heads: 2, depth: 1 } }, 1);
const views = macroViews(design, vectors, (rows, columns) => rows * columns * 4e-11);

testInNgspice("a column's currents in ngspice are the sums of its macro, and give the same codes", () => {
  const { plan, crossbars } = design;
  const { crossbar, rows } = plan.layers[0].groups[0].blocks[0];
  const { plus, minus, columns, stepBits, step } = crossbars[crossbar];
  const words = vectors.files[INPUT_FILE].split("\n").slice(0, 8);
  const units = words.map((word) => {
    const isDriven = (r: number) => (BigInt(`0x${word}`) >> BigInt(r)) & 1n;
    return Array.from({ length: rows }, (_, r) => (isDriven(r) ? plus[r * columns] - minus[r * columns] : 0));
  });
  const expected = units.map((of) => of.reduce((sum, one) => sum + one, 0) / 2 ** stepBits);
  expect(new Set(expected).size).toBeGreaterThan(3);
  const steps = measured(views[COLUMN_NETLIST], words.length);
  for (const [v, value] of steps.entries()) expect(Math.abs(value - expected[v])).toBeLessThan(TOLERANCE);
  const converters = { ...converter(plan.adc.mode, plan.adc.bits as number, 1), step };
  const codes = (of: readonly number[]) => of.map((value) => convert(converters, value * step));
  expect(codes(steps)).toEqual(codes(expected));
});

testInNgspice("a column loses as much current in its wires as the simulator's", () => {
  const rows = 64;
  const random = stream(5).fork("column");
  const conductances = () => Float32Array.from({ length: rows }, () => 25 * random.uniform());
  const [plus, minus] = [conductances(), conductances()];
  const reading = { rows, columns: 1, plus, minus, weights: new Float32Array(0), scales: Float64Array.of(1) };
  const seen = readThroughWires(reading, { lines: 0, columns: 5 });
  const driven = Array.from({ length: 6 }, () => Array.from({ length: rows }, () => random.integer(2)));
  const sums = ({ plus, minus }: Pick<Column, "plus" | "minus">) =>
    driven.map((vector) => vector.reduce((sum, bit, r) => sum + bit * (plus[r] - minus[r]), 0) / 10);
  const steps = measured(columnNetlist("wires", { plus, minus, step: 10, ohms: 5 }, driven, 20e-9), driven.length);
  const [exact, lossless] = [sums(seen), sums(reading)];
  for (const [v, value] of steps.entries()) {
    // The simulator's conductances are single-precision numbers.
    expect(Math.abs(value - exact[v])).toBeLessThan(TOLERANCE);
    expect(Math.abs(value - lossless[v])).toBeGreaterThan(0.05);
  }
});

test.skipIf(!hasSta)(
  "a macro's lines settle for several clocks in OpenSTA, and for one without its constraints",
  async () => {
    const name = Object.keys(views)
      .find((file) => file.endsWith(".lib"))!
      .replace(".lib", "");
    const { ports } = design.modules.find((module) => module.name === name)!;
    const pins = ports.map(
      (port) =>
        `.${port.name}(${port.name === "clk_i" ? "clk_i" : port.name === "lines_i" ? `{${port.width}{line}}` : ""})`,
    );
    const netlist = `module layer(clk_i, rst_ni, a_i);
  input clk_i, rst_ni, a_i;
  wire line;
  DFFR line_q (.CK(clk_i), .RN(rst_ni), .D(a_i), .Q(line));
  ${name} u_crossbar_0 (${pins.filter((pin) => !pin.endsWith("()")).join(", ")});
endmodule
module top(clk_i, rst_ni, a_i);
  input clk_i, rst_ni, a_i;
  layer u_layer (.clk_i(clk_i), .rst_ni(rst_ni), .a_i(a_i));
endmodule
`.replace(/\{(\d+)\{line\}\}/, (_, count) => `{${Array(Number(count)).fill("line").join(", ")}}`);
    const slack = async (constraints: readonly string[]) => {
      const script = [
        ...["read_liberty cells.lib", "read_liberty macro.lib", "read_verilog netlist.v", "link_design top"],
        ...[
          "set_cmd_units -time ns",
          `create_clock -name clk -period ${1e9 / design.plan.timing.clock} [get_ports clk_i]`,
        ],
        ...constraints,
        "report_checks -path_delay max -to [get_pins u_layer/u_crossbar_0/lines_i*] -digits 4",
      ];
      const inputs = {
        "cells.lib": timedLiberty,
        "macro.lib": views[`${name}.lib`],
        "netlist.v": netlist,
        "macros.sdc": views[MACRO_CONSTRAINTS],
      };
      const { text, errors } = await runSta(await findSta(), script, inputs);
      expect(errors).toEqual([]);
      return Number(/(-?[\d.]+) +slack/.exec(text)?.[1]);
    };
    // Of the share of a clock that the macro leaves, the register takes 0.2 ns.
    const period = 1e9 / design.plan.timing.clock;
    expect(await slack(["read_sdc macros.sdc"])).toBeCloseTo(0.3 * period - 0.2, 3);
    const { settle, conversion } = design.plan.timing;
    expect(await slack([])).toBeCloseTo(0.3 * period - 0.2 - (settle + conversion - 1) * period, 3);
  },
);
