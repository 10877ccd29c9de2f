/**
 * Proves gates equal to their sources, as `rtl-equivalence.ts` does, for the blocks that a whole machine consists of. Each block
 * is proved by itself: modules below it are black boxes with free outputs and inputs that must agree, so proofs of all blocks
 * together cover the machine.
 *
 * Blocks with many units repeat one unit, and buses repeat one bit. Proving all of them takes long and repeats one result, so a
 * proof may cover only the first few: outputs of the others are cut off before synthesis and are then not checked. Memories made
 * of registers are registers on both sides.
 */
import type { SourceFiles } from "../rtl/design.ts";
import { type Equivalence, readEquivalence, statusFile } from "./rtl-equivalence.ts";
import { modulesOf, readModule } from "./rtl-synthesis.ts";
import type { ToolLimit } from "./tool.ts";
import { findYosys, type YosysKind } from "./yosys.ts";

/** Names of blocks with their sizes: the first group is the number of identical units, or bits of a vector. */
const FAMILIES: readonly RegExp[] = [
  /^scaled_sums_\d+_x(\d+)$/,
  /^stream_adders_\d+_x(\d+)$/,
  /^neurons_\d+_x(\d+)_m\d+(?:_n\d+)?$/,
  /^accumulators$/,
  /^spike_queue_(\d+)x\d+(?:_guarded)?$/,
  /^layer_\w+$/,
  /^attention_unit$/,
  /^xpike_axi$/,
];

/** Blocks of a machine for which proofs exist; `verify` skips those that take minutes. */
export const machineBlocks = (sources: SourceFiles): string[] =>
  modulesOf(sources).filter((module) => FAMILIES.some((family) => family.test(module)));

export interface BlockEquivalence extends Equivalence {
  /** Units, or bits of a vector, that were compared, and the total; null: the block as a whole. */
  readonly units: { readonly compared: number; readonly all: number } | null;
}

export interface BlockProofOptions {
  readonly yosys?: YosysKind | undefined;
  readonly limit?: ToolLimit | undefined;
  /** Units to compare, for blocks that have more. Default: all. */
  readonly units?: number;
  /** Sources from which gates are made, if they differ from those compared with: planted faults. */
  readonly synthesised?: SourceFiles;
}

/**
 * Whether the gates of blocks equal their sources, one result per block. All pairs that do not depend on earlier clocks are
 * proved within a single clock.
 * Throws  PlatformError when Yosys is missing, refuses, or does not finish
 */
export async function proveBlocks(
  sources: SourceFiles,
  modules: readonly string[],
  { yosys: kind, limit, units = Infinity, synthesised = sources }: BlockProofOptions = {},
): Promise<BlockEquivalence[]> {
  const yosys = await findYosys(kind, limit);
  const results: BlockEquivalence[] = [];
  for (const module of modules) {
    const all = unitsOf(module);
    const compared = Math.min(units, all);
    const cut = compared < all ? { compared, all } : null;
    const boxes = boxesOf(sources, module);
    const inputs = { ...sources, ...prefixed(synthesised) };
    const gates = elaborated(sources, `${GATES}${module}.sv`, module, boxes, cut);
    const script = [
      ...gates,
      `synth -top ${module}`,
      "check -assert",
      "opt_clean -purge",
      ...pinsOf(boxes),
      // An enable becomes a multiplexer with paired inputs; otherwise the previous clock would have to be considered.
      "async2sync",
      "dffunmap",
      `rename ${module} gate`,
      "design -stash gates",
      ...elaborated(sources, `${module}.sv`, module, boxes, cut),
      ...pinsOf(boxes),
      "async2sync",
      `rename ${module} gold`,
      "design -copy-from gates -as gate gate",
      "equiv_make gold gate equiv",
      "hierarchy -top equiv",
      "equiv_simple -nogroup",
      "equiv_induct",
      `tee -q -o ${statusFile(module)} equiv_status`,
    ];
    const outcome = await yosys.run(script.join("\n"), inputs, [statusFile(module)]);
    results.push({ ...readEquivalence(yosys, outcome, module), units: cut });
  }
  return results;
}

const GATES = "gates_of_";

const prefixed = (sources: SourceFiles): SourceFiles =>
  Object.fromEntries(Object.entries(sources).map(([file, text]) => [`${GATES}${file}`, text]));

/** Number of identical units, 1 if the name does not say. */
const unitsOf = (module: string): number =>
  Number(FAMILIES.map((family) => family.exec(module)?.[1]).find((count) => count !== undefined) ?? 1);

/** Modules that one module uses. */
const boxesOf = (sources: SourceFiles, module: string): string[] =>
  modulesOf(sources).filter(
    (other) => other !== module && new RegExp(`^\\s+${other} (#|u_)`, "m").test(sources[`${module}.sv`]),
  );

/** Pins of black boxes become ports of the block. A box with parameters has another name. */
const pinsOf = (boxes: readonly string[]): string[] =>
  boxes.length === 0 ? [] : [`expose -evert ${boxes.map((box) => `t:${box} t:$paramod*${box}*`).join(" ")}`];

/** Yosys commands that make one block, with black boxes below it and only the first units. */
function elaborated(
  sources: SourceFiles,
  file: string,
  module: string,
  boxes: readonly string[],
  cut: BlockEquivalence["units"],
): string[] {
  return [
    "design -reset",
    ...readModule(file, boxes),
    `hierarchy -check -top ${module}`,
    "proc",
    "memory_collect",
    "memory_map",
    // Addresses past a memory's last have no contents and are never used (for queues, `rtl-properties.ts`).
    "setundef -undriven -zero",
    "opt_clean",
    // Bits that nothing reads, such as the last bit of a membrane with a leak, are in neither.
    "simplemap",
    ...(cut ? firstUnits(sources[`${module}.sv`], module, cut) : []),
    "opt_clean -purge",
  ];
}

/** Outputs of other units become inner nets, on which nothing depends. */
function firstUnits(text: string, module: string, { compared, all }: NonNullable<BlockEquivalence["units"]>): string[] {
  const kept = Array.from(text.matchAll(/output logic (?:\[(\d+):0\] *)? *(\w+)/g)).flatMap(([, high, port]) => {
    const width = high === undefined ? 1 : Number(high) + 1;
    if (width === 1) return [`o:${port}`];
    return Array.from({ length: (width / all) * compared }, (_, bit) => `o:${port}.${bit}`);
  });
  return [
    "splitnets -ports -format .",
    `cd ${module}`,
    `select -set kept ${kept.join(" ")}`,
    "delete -port o:* @kept %d",
    "cd ..",
  ];
}
