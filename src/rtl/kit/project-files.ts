/** Files for tools besides sources: timing constraints, and a description for FuseSoC. */
import { AXI_TESTBENCH } from "../axi/testbench.ts";
import { AXI_TOP } from "../axi/top.ts";
import type { SourceFiles } from "../design.ts";
import { MACHINE_TESTBENCH } from "../machine/testbench.ts";
import { MACHINE } from "../machine/top.ts";
import { TEST_MODE } from "../reset-synchroniser.ts";
import type { Port } from "../syntax.ts";
import * as sv from "../syntax.ts";

/** Fraction of a clock available to external logic at inputs and outputs: our choice, because there is no chip around the machine. */
export const OUTER_SHARE = 0.3;

/**
 * For Verilator: loops of crossbars and memories stay loops. Unrolled, they become C++ that takes minutes to compile. An
 * iteration limit would also apply to generated instances: `--unroll-count 1` refuses an engine of more than 51 tokens. The
 * engine's own testbench sets no limit: with it, Verilator 5.032 reported FAIL for runs without an error.
 */
export const ROLLED_LOOPS = ["--unroll-stmts", "1"];

/** Fractions of a clock that a real clock may be early or late at a register: our choice, because there is no clock tree yet. */
const UNCERTAINTY = { setup: 0.05, hold: 0.02 };

/**
 * For one of the two tops, which has these ports. The reset falls at any time; a top without test mode does not synchronise it, so it must
 * rise in step with the clock.
 *
 * @param clock hertz
 */
export function constraints(clock: number, ports: readonly Port[]): string {
  const period = 1e9 / clock;
  const share = (fraction: number) => (fraction * period).toFixed(3);
  const isTested = ports.some(({ name }) => name === TEST_MODE.name);
  const apart: readonly string[] = [...sv.CLOCKED, TEST_MODE].map(({ name }) => name);
  const names = (wanted: Port["direction"]) =>
    ports.flatMap(({ direction, name }) => (direction === wanted && !apart.includes(name) ? [name] : []));
  const delay = (direction: Port["direction"]) =>
    `set_${direction}_delay ${share(OUTER_SHARE)} -clock clk [get_ports {${names(direction).join(" ")}}]`;
  return `# One clock; all other ports but the reset${isTested ? " and test mode" : ""} belong to it. Macros bring their own timing.
create_clock -name clk -period ${period.toFixed(3)} [get_ports clk_i]
set_clock_uncertainty -setup ${share(UNCERTAINTY.setup)} [get_clocks clk]
set_clock_uncertainty -hold ${share(UNCERTAINTY.hold)} [get_clocks clk]
${delay("input")}
${delay("output")}
set_false_path -from [get_ports rst_ni]
${
  isTested
    ? `set_case_analysis 0 [get_ports ${TEST_MODE.name}]
`
    : ""
}`;
}

/** For gates of any top, with an ideal clock; `share` of it passes outside before inputs and after outputs. */
export function idealConstraints(clock: number, share = OUTER_SHARE): string {
  const period = 1e9 / clock;
  const outer = (share * period).toFixed(3);
  return `create_clock -name clk -period ${period.toFixed(3)} [get_ports clk_i]
set_input_delay ${outer} -clock clk [all_inputs]
set_output_delay ${outer} -clock clk [all_outputs]
foreach port [get_ports -quiet rst_ni] { set_false_path -from $port }
`;
}

/** FuseSoC's format CAPI 2. */
export function coreFile(
  version: string,
  { sources, testbenches, contents }: Readonly<Record<"sources" | "testbenches" | "contents", SourceFiles>>,
): string {
  const list = (names: readonly string[], type: string) =>
    `    files:\n${names.map((name) => `      - ${name}`).join("\n")}\n    file_type: ${type}\n`;
  const data = Object.keys(contents).map((name) => `${name} : {copyto : ${name}}`);
  return `CAPI=2:
name: ::${MACHINE}:${version}
description: A spiking transformer on hybrid analog-digital hardware
filesets:
  rtl:
${list(Object.keys(sources), "systemVerilogSource")}  contents:
${list(data, "user")}  testbench:
${list(Object.keys(testbenches), "systemVerilogSource")}  constraints:
${list([`${AXI_TOP}.sdc`], "SDC")}targets:
  default:
    filesets: [rtl, contents]
    toplevel: ${MACHINE}
  sim:
    default_tool: verilator
    filesets: [rtl, contents, testbench]
    toplevel: ${MACHINE_TESTBENCH}
    tools:
      verilator:
        mode: binary
        verilator_options: [--timing, --assert, -fno-gate, ${ROLLED_LOOPS.map((flag) => `"${flag}"`).join(", ")}]
  sim_axi:
    default_tool: verilator
    filesets: [rtl, contents, testbench]
    toplevel: ${AXI_TESTBENCH}
    tools:
      verilator:
        mode: binary
        verilator_options: [--timing, --assert, -fno-gate, ${ROLLED_LOOPS.map((flag) => `"${flag}"`).join(", ")}]
  synth:
    filesets: [rtl, constraints]
    toplevel: ${AXI_TOP}
`;
}
