/** The output of `xpike rtl synth`: cells per module, slack, power. */
import type { BlockPower, PowerParts, PromptPower } from "../node/rtl-power.ts";
import type { Synthesis } from "../node/rtl-synthesis.ts";
import type { WorstPath } from "../node/rtl-timing.ts";
import { printable } from "../report/markup.ts";

export function synthesisText({ yosys, blocks, corners = [], ...typical }: Synthesis): string {
  const hasArea = blocks.some(({ area }) => area !== undefined);
  const total = (of: (block: Synthesis["blocks"][number]) => number) =>
    blocks.reduce((sum, block) => sum + of(block) * block.instances, 0);
  const area = (value: number | undefined) => (hasArea ? [(value ?? 0).toFixed(2)] : []);
  const rows = [
    ["module", "instances", "gates each", "registers each", ...(hasArea ? ["area each"] : [])],
    ...blocks.map(({ module, instances, gates, registers, area: own }) => [
      ...[module, instances, gates, registers].map(String),
      ...area(own),
    ]),
    [
      "all",
      "",
      String(total(({ gates }) => gates)),
      String(total(({ registers }) => registers)),
      ...area(total((block) => block.area ?? 0)),
    ],
  ];
  const unit = hasArea ? " Areas are in the unit of the liberty file, um2 as a rule." : "";
  const others = corners.map(({ library, ...corner }) => `\nWith ${printable(library)}:\n${cornerText(corner)}`);
  return `${columns(rows)}Counted by ${yosys}.${unit}\n${cornerText(typical)}${others.join("")}`;
}

/** What depends on the library's conditions. */
function cornerText({ worstPath, modulePaths = {}, power }: Pick<Synthesis, "worstPath" | "modulePaths" | "power">) {
  const modules = Object.entries(modulePaths).map(
    ([module, { slack, from, to }]) =>
      `${printable(module)} alone: ${(slack * 1e9).toFixed(3)} ns, ${printable(`from ${from} to ${to}`)}.\n`,
  );
  return `${worstPath ? slackLine(worstPath) : ""}${modules.join("")}${power ? powerText(power) : ""}`;
}

function slackLine({ tool, clock, slack, from, to }: WorstPath): string {
  const path = printable(`from ${from} to ${to}`);
  return `Least slack at ${clock / 1e6} MHz: ${(slack * 1e9).toFixed(3)} ns, ${path}. By ${tool}; wires are the library's default load, macros and memories have no timing.\n`;
}

/** Aligns modules left and numbers right. */
function columns(rows: readonly (readonly string[])[]): string {
  const widest = Math.max(16, ...rows.map(([module]) => module.length));
  const lines = rows.map(
    ([module, ...rest]) => printable(module).padEnd(widest + 2) + rest.map((cell) => cell.padStart(16)).join(""),
  );
  return `${lines.join("\n")}\n`;
}

function powerText(power: PromptPower): string {
  const { library, clockFrequency, clocks, energy, blocks, sources, equalValues, drivenNets, outsideTables } = power;
  const watts = (parts: PowerParts) => {
    const all = parts.clock + parts.internal + parts.switching + parts.leakage;
    return [parts.clock, parts.internal, parts.switching, parts.leakage, all].map((value) => value.toExponential(3));
  };
  const activity = (value: number | null) => (value === null ? "" : value.toFixed(4));
  const row = (block: BlockPower) => [
    block.module,
    activity(block.registerActivity),
    activity(block.gateActivity),
    ...watts(block),
  ];
  const head = [
    "module, watts",
    "registers move",
    "gates move",
    "clock pins",
    "internal",
    "switching",
    "leakage",
    "all",
  ];
  const kinds = { register: "registers", blackBox: "macros and memories", port: "ports" } as const;
  const still = (["register", "blackBox", "port"] as const).flatMap((kind) => {
    const { all, unnamed } = sources[kind];
    return unnamed === 0
      ? []
      : [` ${unnamed} of ${all} bits of ${kinds[kind]} have no name there, and count as still.`];
  });
  return `
${columns([head, ...blocks.map(row), ["all", "", "", ...watts(power)]])}Energy of a prompt: ${energy.toExponential(3)} J, ${clocks} clocks at ${clockFrequency / 1e6} MHz. Energies of cells from the tables of ${printable(library)}, which ${outsideTables} of ${drivenNets} nets exceed; how often nets move, in transitions
per clock, by Verilator and from the mapped gates, which gave all ${equalValues} values of registers as the sources do.${still.join("")}
Not in it: the clock's net and tree, glitches, macros and memories, and the AXI edge. Wires are the library's default load.
`;
}
