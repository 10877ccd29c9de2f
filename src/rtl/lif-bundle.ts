/** The LIF unit's part of `xpike rtl`: sources, testbench, vectors, and a section of the README. */
import type { LifPins } from "../hardware/clocked-lif.ts";
import { LIF_LATENCY } from "../hardware/clocked-lif.ts";
import type { LifParameters } from "../hardware/lif-parameters.ts";
import { carrySaveAdder } from "./carry-save-adder.ts";
import { type SourceFiles, sourceFiles } from "./design.ts";
import { LIF_TESTBENCH, lifTestbench, lifVectors } from "./lif-testbench.ts";
import { LIF_UNIT, lifUnit } from "./lif-unit.ts";
import type { Module } from "./syntax.ts";

/** A LIF unit with the stimuli of its testbench. */
export interface LifRuns {
  readonly parameters: LifParameters;
  readonly pins: Iterable<LifPins>;
  /** Origin of the codes: sentences for the README. */
  readonly origin: string;
}

export interface LifBundle {
  /** For the file list, leaves first. */
  readonly sources: SourceFiles;
  /** For the list of testbenches. */
  readonly testbenches: SourceFiles;
  /** Vectors. */
  readonly files: SourceFiles;
  /** A section of the README. */
  readonly readme: string;
}

/** Leaves first. */
export const lifModules = (parameters: LifParameters): Module[] => [
  carrySaveAdder(parameters.currentBits),
  lifUnit(parameters),
];

/** The same arguments give the same texts. */
export function lifBundle({ parameters, pins, origin }: LifRuns): LifBundle {
  const vectors = lifVectors(parameters, pins);
  const { clocks, updates, spikes } = vectors;
  const modules = lifModules(parameters);
  return {
    sources: sourceFiles(modules),
    testbenches: sourceFiles([lifTestbench(parameters, clocks)], modules),
    files: vectors.files,
    readme: readmeSection(parameters, `${origin} ${clocks} clocks, ${updates} column updates, ${spikes} spikes.`),
  };
}

function readmeSection(parameters: LifParameters, vectors: string): string {
  const { codeBits, rowBlocks, columns, leakShift, fractionBits, offsetBits, currentBits, membraneBits } = parameters;
  const rows = [
    ["columns served by the unit", columns],
    ["row blocks R, one code per clock", rowBlocks],
    ["code bits, signed", codeBits],
    ["leak", `shift by ${leakShift}, beta ${2 ** -leakShift}`],
    ["unit of offset, threshold and membrane", `2^-${fractionBits} code steps`],
    ["bits of offset, sum and carry, membrane", `${offsetBits}, ${currentBits}, ${membraneBits}`],
    ["clocks from a column's last code to its bit", LIF_LATENCY],
  ];
  return `# LIF unit of an AIMC tile

\`${LIF_UNIT}\` is independent of the engine but in the same file list; a chip has one per readout unit. One time step of its columns takes
${columns} x ${rowBlocks} clocks.

| parameter | value |
|---|---|
${rows.map(([key, value]) => `| ${key} | ${value} |`).join("\n")}

\`\`\`sh
verilator --lint-only -Wall -f files.f --top-module ${LIF_UNIT}
iverilog -g2012 -s ${LIF_TESTBENCH} -o lif.vvp -f files.f ${LIF_TESTBENCH}.sv && vvp -n lif.vvp
\`\`\`

The testbench reads \`lif_inputs.hex\` and \`lif_outputs.hex\` and compares both outputs at every clock. ${vectors}
`;
}
