/** Everything that `xpike rtl` writes, as file names and texts: sources, file list, testbench, vectors, README. */
import { type SourceFiles, type SsaDesign, sourceFiles } from "./design.ts";
import { type LifRuns, lifBundle } from "./lif-bundle.ts";
import { ENGINE } from "./ssa-engine.ts";
import { type EngineRun, engineTestbench, TESTBENCH, vectorFiles } from "./testbench.ts";

/** Sources in order, leaves first, one name per line: `verilator -f`, `iverilog -f`. */
export const FILE_LIST = "files.f";
/** Testbenches with the modules used only by them, in the same form. */
export const TESTBENCH_LIST = "testbenches.f";

/** A file list in one of these two formats. */
export const fileList = (files: SourceFiles): string =>
  Object.keys(files)
    .map((name) => `${name}\n`)
    .join("");

/**
 * The same arguments give the same texts.
 *
 * @param origin source of the spikes, a sentence for the README
 * @param lif a LIF unit next to the engine, or the sentence that explains its absence
 */
export function rtlBundle(
  design: SsaDesign,
  runs: readonly EngineRun[],
  origin: string,
  lif: LifRuns | string = "No LIF unit was requested.",
): SourceFiles {
  const unit =
    typeof lif === "string" ? { sources: {}, testbenches: {}, files: {}, readme: `${lif}\n` } : lifBundle(lif);
  const sources = { ...sourceFiles(design.modules), ...unit.sources };
  const { files, sizes } = vectorFiles(design, runs);
  const testbenches = { ...sourceFiles([engineTestbench(design, sizes)], design.modules), ...unit.testbenches };
  const readme = readmeText(design, `${origin} ${sizes.runs} runs, ${sizes.clocks} busy clocks.`);
  const written = { ...files, ...unit.files, "README.md": `${readme}\n${unit.readme}` };
  const lists = { [FILE_LIST]: fileList(sources), [TESTBENCH_LIST]: fileList(testbenches) };
  return { ...sources, ...testbenches, ...lists, ...written };
}

function readmeText({ parameters, heads, modules }: SsaDesign, vectors: string): string {
  const { tokens, dimension, counterBits, scoreGain, valueGain, scoreNormaliser, valueNormaliser } = parameters;
  const { draws, lfsr, fifo, mask, sharedByHeads, plan } = parameters;
  const passes = plan.passes.length;
  const closed = mask.filter((open) => open === 0).length;
  const rows = [
    ["heads H", heads],
    ["tokens N", tokens],
    ["head dimension d", dimension],
    ...(passes > 1 ? [["tokens per tile, passes per step", `${plan.tileTokens}, ${passes}`]] : []),
    [passes > 1 ? "pairs of tokens closed by the mask" : "cells closed by the mask, per tile", closed],
    ["counter bits", counterBits],
    ["gain of scores, of outputs", `${scoreGain}, ${valueGain}`],
    ["largest random number in cells, in column feet", `${scoreNormaliser}, ${valueNormaliser}`],
    ["random numbers", draws],
    ...(draws === "ordered"
      ? []
      : [
          ["LFSR sharing, scope", `${lfsr.sharing}, ${sharedByHeads ? "engine" : "tile"}`],
          ["LFSR mask, shifts per clock", `0x${lfsr.mask.toString(16)}, ${lfsr.shiftsPerClock}`],
        ]),
    ["value FIFO per", fifo],
  ];
  return `# Stochastic spiking attention engine

Generated SystemVerilog. Modules, leaves first: ${modules.map(({ name }) => `\`${name}\``).join(", ")}. Each header states what the
module computes and its latency. A run of T steps takes (${passes > 1 ? `${passes} ` : ""}T + 1) x ${dimension} clocks; ${
    passes > 1 ? "an output" : "the first output"
  } appears
${dimension} + 1 clocks after the ${passes > 1 ? "column of its last pass" : "first column"} entered.

| parameter | value |
|---|---|
${rows.map(([key, value]) => `| ${key} | ${value} |`).join("\n")}

## Check it

\`xpike rtl verify .\` runs Verilator, Icarus Verilog and Yosys, as far as they are installed. By hand:

\`\`\`sh
verilator --lint-only -Wall -f ${FILE_LIST} --top-module ${ENGINE}
iverilog -g2012 -s ${TESTBENCH} -o tb.vvp -f ${FILE_LIST} ${TESTBENCH}.sv && vvp -n tb.vvp
\`\`\`

The testbench reads \`runs.hex\`, \`inputs.hex\` and \`outputs.hex\` from the current folder, compares every output bit and the
clocks of every run, and prints PASS or FAIL. ${vectors}
`;
}
