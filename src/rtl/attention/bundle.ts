/** What `xpike rtl` writes for an engine with neurons: sources, file list, testbench, vectors, README. */
import { FILE_LIST, fileList, TESTBENCH_LIST } from "../bundle.ts";
import { type SourceFiles, sourceFiles } from "../design.ts";
import { type LifRuns, lifBundle } from "../lif-bundle.ts";
import type { AttentionDesign } from "./design.ts";
import { ATTENTION_ENGINE } from "./pair-tile.ts";
import { ATTENTION_TESTBENCH, attentionTestbench } from "./testbench.ts";
import { type AttentionRun, attentionVectorFiles, CLOCK_FILE, RUN_FILE } from "./vectors.ts";

/**
 * The same arguments give the same texts.
 *
 * @param origin source of the spikes, a sentence for the README
 * @param lif a LIF unit next to the engine, or the sentence that explains its absence
 */
export function attentionBundle(
  design: AttentionDesign,
  runs: readonly AttentionRun[],
  origin: string,
  lif: LifRuns | string,
): SourceFiles {
  const unit =
    typeof lif === "string" ? { sources: {}, testbenches: {}, files: {}, readme: `${lif}\n` } : lifBundle(lif);
  const sources = { ...sourceFiles(design.modules), ...unit.sources };
  const { files, sizes } = attentionVectorFiles(design, runs);
  const testbenches = { ...sourceFiles([attentionTestbench(design, sizes)], design.modules), ...unit.testbenches };
  const readme = readmeText(design, `${origin} ${sizes.runs} runs, ${sizes.clocks} clocks.`);
  const written = { ...files, ...unit.files, "README.md": `${readme}\n${unit.readme}` };
  const lists = { [FILE_LIST]: fileList(sources), [TESTBENCH_LIST]: fileList(testbenches) };
  return { ...sources, ...testbenches, ...lists, ...written };
}

function readmeText({ kind, unit, heads, modules }: AttentionDesign, vectors: string): string {
  const { neurons } = unit.outputNeurons;
  const { step, drain } = unit.clocks;
  const rows = [
    ["heads H", heads],
    ["tokens N", unit.tokens],
    ["head dimension d", unit.dimension],
    ["counter bits", unit.counterBits],
    ["leak", `shift by ${neurons.leakShift}, beta ${neurons.beta}`],
    ["threshold, in counts", neurons.threshold / 2 ** neurons.fractionBits],
    ["membrane bits, of which fraction bits", `${neurons.membraneBits}, ${neurons.fractionBits}`],
    ["membranes per head", unit.outputNeurons.membranes + (unit.scoreNeurons?.membranes ?? 0)],
    ["clocks of a run of T steps", `${step} T + ${drain}`],
  ];
  return `# Engine of ${kind} attention

Generated SystemVerilog. Modules, leaves first: ${modules.map(({ name }) => `\`${name}\``).join(", ")}. Each header states what the
module computes and its latency. Nothing is random, so there are no seeds.

| parameter | value |
|---|---|
${rows.map(([key, value]) => `| ${key} | ${value} |`).join("\n")}

## Check it

\`xpike rtl verify .\` runs Verilator, Icarus Verilog and Yosys, as far as they are installed. By hand:

\`\`\`sh
verilator --lint-only -Wall -f ${FILE_LIST} --top-module ${ATTENTION_ENGINE}
iverilog -g2012 -s ${ATTENTION_TESTBENCH} -o tb.vvp -f ${FILE_LIST} ${ATTENTION_TESTBENCH}.sv && vvp -n tb.vvp
\`\`\`

The testbench reads \`${RUN_FILE}\` and \`${CLOCK_FILE}\` from the current folder, compares every pin in every clock, and prints PASS or FAIL. ${vectors}
`;
}
