/**
 * Proves gates equal to the sources that they were made from, with Yosys: registers and outputs of both are paired by name, and a
 * SAT solver shows that no input and no state distinguishes them (`equiv_make`, `equiv_simple`, `equiv_induct`).
 *
 * It shows that two circuits that agree for `clocks` clocks agree ever after. Their initial agreement follows from the reset; a
 * register without a reset takes new input in every clock, is loaded before anything valid depends on it or, in FIFOs, holds the
 * d values that have entered. It does not show that the sources are right (the testbench and the cycle model do), or that Yosys
 * reads SystemVerilog as other tools do. Values are 0 and 1; the sources produce no x.
 */
import { PlatformError } from "../errors.ts";
import type { SourceFiles } from "../rtl/design.ts";
import { flattenToGates, readDeferred } from "./rtl-synthesis.ts";
import type { ToolLimit } from "./tool.ts";
import { findYosys, requireEnd, type Yosys, type YosysKind, type YosysOutcome } from "./yosys.ts";

/** Blocks that `xpike rtl verify` proves if a folder has them: one name per line. */
export const PROVEN_BLOCKS = [
  "ssa_cell",
  "ssa_column_foot",
  "ssa_lfsr_array",
  "pair_cell",
  "pair_foot",
  "column_unit",
  "score_neuron",
  "output_neuron",
  "carry_save_adder",
  "lif_unit",
  "decision_unit",
  "axi_registers",
] as const;

export interface Equivalence {
  readonly module: string;
  /** Pairs of registers, outputs and inner nets with the same name. */
  readonly pairs: number;
  readonly proven: number;
  /** Pairs without a proof, in Yosys's words; all other proofs depend on them. */
  readonly unproven: readonly string[];
}

export interface EquivalenceOptions {
  readonly yosys?: YosysKind | undefined;
  readonly limit?: ToolLimit | undefined;
  /** Gates by module, as returned by `synthesiseNetlist`; missing ones are synthesised. */
  readonly netlists?: Readonly<Record<string, string>>;
  /**
   * Clocks for which both must agree before agreement is proved (default 4). Synthesis of a whole tile merges the FIFOs of a row,
   * which are equal only after d clocks, so it needs d + 2.
   */
  readonly clocks?: number;
}

/**
 * Whether the gates of modules equal their sources, one result per module.
 * Throws  PlatformError when Yosys is missing, refuses, or does not finish
 */
export async function proveGates(
  sources: SourceFiles,
  modules: readonly string[],
  { yosys: kind, limit, netlists = {}, clocks = 4 }: EquivalenceOptions = {},
): Promise<Equivalence[]> {
  const yosys = await findYosys(kind, limit);
  const script = modules.flatMap((module) => [
    "design -reset",
    ...(Object.hasOwn(netlists, module) ? [`read_json ${module}.json`] : flattenToGates(sources, module)),
    ...proof(sources, module, clocks),
  ]);
  const given = Object.entries(netlists).map(([module, text]) => [`${module}.json`, text]);
  const inputs = { ...sources, ...Object.fromEntries(given) };
  const outcome = await yosys.run(script.join("\n"), inputs, modules.map(statusFile));
  return modules.map((module) => readEquivalence(yosys, outcome, module));
}

/**
 * The output of `equiv_status` for a module.
 * Throws  PlatformError when it compared nothing, or was stopped early
 */
export function readEquivalence(yosys: Yosys, outcome: YosysOutcome, module: string): Equivalence {
  requireEnd(yosys, outcome, `the proof of the gates of ${module}`);
  const { ok, text, files } = outcome;
  const status = files.get(statusFile(module)) ?? "";
  const counts = /Found (\d+) \$equiv cells[\s\S]*?(\d+) are proven/.exec(status);
  if (!ok || !counts || Number(counts[1]) === 0) {
    const reason = text || "It found nothing to compare.";
    throw new PlatformError("yosys", `${yosys.version} cannot compare ${module} with its gates:\n${reason}`);
  }
  const unproven = Array.from(status.matchAll(/Unproven \$equiv .*?: (.*)/g), ([, names]) => names);
  return { module, pairs: Number(counts[1]), proven: Number(counts[2]), unproven };
}

export const statusFile = (module: string): string => `${module}.txt`;

/** Yosys commands, with the gates in the current design. */
const proof = (sources: SourceFiles, module: string, clocks: number): string[] => [
  `rename ${module} gate`,
  "design -stash gates",
  readDeferred(sources),
  `hierarchy -check -top ${module}`,
  "proc",
  "flatten -noscopeinfo",
  "opt_clean",
  `rename ${module} gold`,
  "design -copy-from gates -as gate gate",
  // The SAT solver cannot handle an asynchronous reset.
  "async2sync",
  "equiv_make gold gate equiv",
  "hierarchy -top equiv",
  "equiv_simple",
  `equiv_induct -seq ${clocks}`,
  `tee -q -o ${statusFile(module)} equiv_status`,
];
