/** The whole design as files: one module per file, a file list, and the testbench with its vectors. */
import { SpecError } from "../errors.ts";
import { seedWords } from "../hardware/draws.ts";
import type { SsaParameters } from "../hardware/ssa-parameters.ts";
import { checkModules } from "./check.ts";
import { lfsrArray } from "./lfsr-array.ts";
import { printModule } from "./print.ts";
import { ssaCell, valueFifo } from "./ssa-cell.ts";
import { ssaColumnFoot } from "./ssa-column-foot.ts";
import { ssaEngine } from "./ssa-engine.ts";
import { ssaTile } from "./ssa-tile.ts";
import type { Module } from "./syntax.ts";

export interface SsaDesign {
  readonly parameters: SsaParameters;
  readonly heads: number;
  /** Leaves first: every module follows those it uses. The engine is the last. */
  readonly modules: readonly Module[];
}

/** Seed bits at the engine's port. */
export const seedBits = ({ parameters, heads }: Pick<SsaDesign, "parameters" | "heads">): number =>
  32 * seedWords(parameters) * (parameters.sharedByHeads ? 1 : heads);

/**
 * The engine of `heads` tiles.
 * Throws  SpecError with fewer than two tokens in the network or in a tile, or fewer than two features
 */
export function ssaDesign(parameters: SsaParameters, heads: number): SsaDesign {
  const { tokens, dimension, draws, plan, lfsr } = parameters;
  if (plan.tileTokens < 2 && tokens > 1) {
    throw new SpecError(
      "hardware.ssa.tileTokens",
      `A tile of one token cannot serve ${tokens} tokens, because its columns have one cell and nothing to add. Use 2 or more.`,
    );
  }
  if (tokens < 2 || dimension < 2 || heads < 1) {
    throw new SpecError(
      "model",
      `A tile of ${tokens} tokens and ${dimension} features for ${heads} heads is too small. The RTL needs ` +
        "at least two tokens, two features and one head.",
    );
  }
  const modules = [
    valueFifo(parameters),
    ssaCell(parameters),
    ssaColumnFoot(parameters),
    ...(draws === "ordered" ? [] : [lfsrArray(lfsr, seedWords(parameters))]),
    ssaTile(parameters),
    ssaEngine(parameters, heads),
  ];
  return { parameters, heads, modules };
}

/** File name to text. */
export type SourceFiles = Readonly<Record<string, string>>;

/**
 * The sources of modules, `<module>.sv` each, in the given order: leaves first.
 *
 * @param around modules that they use, whose sources are elsewhere
 * Throws  Error for a module with a wrong signal, as `checkModules`
 */
export function sourceFiles(modules: readonly Module[], around: readonly Module[] = []): SourceFiles {
  checkModules(modules, around);
  return Object.fromEntries(modules.map((module) => [`${module.name}.sv`, printModule(module)]));
}
