/** Waveforms of a machine: the module that dumps them, and a save file that shows them block by block. */
import type { Item, Module } from "../syntax.ts";
import type { MachineDesign } from "./design.ts";
import { MACHINE_TESTBENCH } from "./testbench.ts";
import { MACHINE } from "./top.ts";

export const WAVES_TOP = "xpike_waves";
/** Output of Verilator and input of GTKWave: a dump in FST format, and a save file. */
export const WAVES_FILE = `${MACHINE}.fst`;
export const WAVES_VIEW = `${MACHINE}.gtkw`;

/** The testbench with a dump of all signals. Sources of a folder may not write files; this module is the package's own. */
export const wavesModule = `module ${WAVES_TOP};
  ${MACHINE_TESTBENCH} u_tb ();
  initial begin
    $dumpfile("${WAVES_FILE}");
    $dumpvars;
  end
endmodule
`;

export interface WaveSignal {
  readonly name: string;
  readonly width: number;
}

export interface WaveGroup {
  readonly title: string;
  /** Path of the instance below the testbench, and its module. */
  readonly scope: string;
  readonly module: string;
  readonly signals: readonly WaveSignal[];
}

/** Registers that count: tokens, steps, features, blocks, waiting items. */
const COUNTS = /^(\w*(token|step|feature|block|pass|mux|row|entered|left|filled|delivered|wait|word)\w*)_q$/;
/** Wider signals are vectors of spikes or numbers of many units. */
const WIDEST_COUNT = 16;

/** Pins of a module, then its counters; loops are not searched. */
function signalsOf({ ports, items }: Module): WaveSignal[] {
  const pins = ports.filter(({ name }) => name !== "clk_i" && name !== "rst_ni");
  const counters = items
    .flatMap((item) => (item.kind === "declaration" && item.value === null ? item.signals : []))
    .filter(({ name, width, entries }) => entries === null && width! <= WIDEST_COUNT && COUNTS.test(name));
  return [...pins, ...counters].map(({ name, width }) => ({ name, width: width! }));
}

/** The machine's edge, then each of its blocks in dataflow order. */
export function waveGroups({ modules, plan }: MachineDesign): WaveGroup[] {
  const named = new Map(modules.map((module) => [module.name, module]));
  const group = (title: string, scope: string, module: string): WaveGroup => ({
    title,
    scope,
    module,
    signals: signalsOf(named.get(module)!),
  });
  const blocks = named
    .get(MACHINE)!
    .items.filter((item): item is Extract<Item, { kind: "instance" }> => item.kind === "instance");
  return [
    group("machine", "u_machine", MACHINE),
    ...blocks.flatMap(({ name, module }) => {
      const scope = `u_machine.${name}`;
      const own = group(name.replace(/^u_/, ""), scope, module);
      return name === "u_attention" ? [own, group("attention engine", `${scope}.u_engine`, plan.engine.name)] : [own];
    }),
  ];
}

/** Flags of GTKWave's save files: how a signal is displayed, and where a group begins and ends. */
const SHOWN = { bit: "@28", number: "@24", vector: "@22" } as const;
const [GROUP_BEGINS, GROUP_ENDS] = ["@800200", "@1000200"];

/** A save file for GTKWave: a group for each block, counters in decimal. */
export function wavesView(design: MachineDesign): string {
  const scope = `${WAVES_TOP}.u_tb`;
  const shown = ({ name, width }: WaveSignal): string =>
    COUNTS.test(name) ? SHOWN.number : width === 1 ? SHOWN.bit : SHOWN.vector;
  const range = (width: number) => (width === 1 ? "" : `[${width - 1}:0]`);
  const lines = waveGroups(design).flatMap(({ title, scope: inner, signals }) => [
    `${GROUP_BEGINS}\n-${title}`,
    ...signals.map((signal) => `${shown(signal)}\n${scope}.${inner}.${signal.name}${range(signal.width)}`),
    `${GROUP_ENDS}\n-${title}`,
  ]);
  const clock = [`${SHOWN.bit}\n${scope}.clk_i`, `${SHOWN.number}\n${scope}.clock_q[31:0]`];
  return `[dumpfile] "${WAVES_FILE}"\n${[...clock, ...lines].join("\n")}\n`;
}
