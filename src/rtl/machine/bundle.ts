/** Everything that `xpike rtl --machine` writes, as file names and texts. */
import { FILE_LIST } from "../bundle.ts";
import { type SourceFiles, sourceFiles } from "../design.ts";
import { printModule } from "../print.ts";
import type { MachineDesign } from "./design.ts";
import { MACHINE_TESTBENCH, machineTestbench } from "./testbench.ts";
import { MACHINE } from "./top.ts";
import type { MachineVectors } from "./vectors.ts";

/**
 * The same arguments give the same texts.
 *
 * @param origin where the network and its prompts come from, a sentence for the README
 */
export function machineBundle(design: MachineDesign, vectors: MachineVectors, origin: string): SourceFiles {
  const sources = sourceFiles(design.modules);
  return {
    ...sources,
    [FILE_LIST]: `${Object.keys(sources).join("\n")}\n`,
    [`${MACHINE_TESTBENCH}.sv`]: machineTestbench(design, vectors).map(printModule).join("\n"),
    ...design.constants,
    ...vectors.files,
    "README.md": readmeText(design, vectors, origin),
  };
}

function readmeText({ plan, modules }: MachineDesign, vectors: MachineVectors, origin: string): string {
  const { tokens, steps, width, heads, depth, layers, machine, schedule, arithmetic, attentionWaits } = plan;
  const { totals } = machine.mapping;
  const rows = [
    ["tokens, time steps", `${tokens}, ${steps}`],
    ["width, heads, blocks", `${width}, ${heads}, ${depth}`],
    ["crossbars, converters", `${totals.crossbars}, ${totals.converters}`],
    ["clocks of a prompt alone", schedule.alone.clocks],
    ["clocks that attention waits", attentionWaits.join(", ")],
    [
      "vectors that wait, by layer",
      layers.flatMap(({ name, waiting }) => (waiting === null ? [] : `${name} ${waiting}`)).join(", "),
    ],
    ["last bit of all numbers", `2^-${arithmetic.fractionBits}`],
  ];
  return `# The whole machine for one network

Generated SystemVerilog; \`${MACHINE}\` is the top. Modules, leaves first: ${modules.map(({ name }) => `\`${name}\``).join(", ")}. Each header says what the module
computes and its latency.

| parameter | value |
|---|---|
${rows.map(([key, value]) => `| ${key} | ${value} |`).join("\n")}

## Check it

\`xpike rtl verify .\` runs what is installed of Verilator and Yosys. By hand:

\`\`\`sh
verilator --lint-only -Wall -f ${FILE_LIST} --top-module ${MACHINE}
verilator --binary --timing --assert -O3 -f ${FILE_LIST} ${MACHINE_TESTBENCH}.sv --top-module ${MACHINE_TESTBENCH} && obj_dir/V${MACHINE_TESTBENCH}
\`\`\`

The testbench reads its vectors from the current folder, compares every spike train, output of the head and answer with the simulator's,
and the clock of each result with the schedule's, and prints PASS or FAIL. ${origin} ${vectors.prompts} prompts, ${vectors.spikes} spikes, ${vectors.logits} outputs
of the head, ${vectors.clocks} clocks.
`;
}
