/**
 * Proves gates equal to their sources, as `rtl-equivalence.ts` does, of the blocks that a whole machine is made of. A block is proved by
 * itself: modules below it are boxes, whose outputs are free and whose inputs must agree, so that what is proved of each block holds of a
 * machine of all of them.
 *
 * Blocks of many units repeat one unit, and buses many bits of one kind. A proof of all takes long for what one says already, so it may
 * take the first few: outputs of the others are cut off before synthesis, and nobody has then looked at these. Memories of registers are
 * registers on both sides.
 */
import type { SourceFiles } from "../rtl/design.ts";
import { type Equivalence, readEquivalence, statusFile } from "./rtl-equivalence.ts";
import { modulesOf, readModule } from "./rtl-synthesis.ts";
import { findYosys, type YosysKind } from "./yosys.ts";

/** Names of blocks with their sizes: the first group is how many units, or bits of a vector, are alike. */
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

/** Blocks of a machine that a proof is made for; `verify` leaves out those that take minutes. */
export const machineBlocks = (sources: SourceFiles): string[] =>
  modulesOf(sources).filter((module) => FAMILIES.some((family) => family.test(module)));

export interface BlockEquivalence extends Equivalence {
  /** Units, or bits of a vector, that were compared, of how many; null: the block as a whole. */
  readonly units: { readonly compared: number; readonly all: number } | null;
}

export interface BlockProofOptions {
  readonly yosys?: YosysKind | undefined;
  /** Units that are compared, of blocks that have more. Default: all. */
  readonly units?: number;
  /** Sources of which gates are made, where these are not those that they are compared with: planted faults. */
  readonly synthesised?: SourceFiles;
}

/**
 * Whether the gates of blocks are their sources, one result a block. All pairs but those that need the clocks before are shown within one
 * clock.
 * Throws  PlatformError when Yosys is missing, refuses, or does not finish
 */
export async function proveBlocks(
  sources: SourceFiles,
  modules: readonly string[],
  { yosys: kind, units = Infinity, synthesised = sources }: BlockProofOptions = {},
): Promise<BlockEquivalence[]> {
  const yosys = await findYosys(kind);
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
      // An enable is a multiplexer there, whose inputs are pairs: else the clock before would have to be looked at.
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

/** Units that are alike, 1 where the name does not say. */
const unitsOf = (module: string): number =>
  Number(FAMILIES.map((family) => family.exec(module)?.[1]).find((count) => count !== undefined) ?? 1);

/** Modules that one uses. */
const boxesOf = (sources: SourceFiles, module: string): string[] =>
  modulesOf(sources).filter(
    (other) => other !== module && new RegExp(`^\\s+${other} (#|u_)`, "m").test(sources[`${module}.sv`]),
  );

/** Pins of boxes become ports of the block. A box with parameters has another name. */
const pinsOf = (boxes: readonly string[]): string[] =>
  boxes.length === 0 ? [] : [`expose -evert ${boxes.map((box) => `t:${box} t:$paramod*${box}*`).join(" ")}`];

/** Yosys commands that make one block, with boxes below it and the first units alone. */
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
    // Places past a memory's last have no contents, and no address is theirs (of queues, `rtl-properties.ts`).
    "setundef -undriven -zero",
    "opt_clean",
    // Bits that nothing reads, as the last one of a membrane with a leak, are in neither.
    "splitcells",
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
