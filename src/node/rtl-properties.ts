/**
 * Proves guarantees of blocks with Yosys: a SAT solver shows that a property holds in the clock of the reset, and that it holds
 * in a clock if it held in the previous ones (`sat -tempinduct`), for any inputs. It therefore holds for any number of clocks.
 * The properties are modules of our own around a block of the folder.
 */
import { PlatformError } from "../errors.ts";
import { registerProperties, WATCHED_REGISTERS } from "../rtl/axi/register-properties.ts";
import { AXI_REGISTERS } from "../rtl/axi/registers.ts";
import { type SourceFiles, sourceFiles } from "../rtl/design.ts";
import { spikeQueue } from "../rtl/machine/memories.ts";
import { placeName, QUEUE, queueProperties } from "../rtl/machine/queue-properties.ts";
import type { Module } from "../rtl/syntax.ts";
import { modulesOf } from "./rtl-synthesis.ts";
import type { ToolLimit } from "./tool.ts";
import { findYosys, requireEnd, type YosysKind } from "./yosys.ts";

/** Bits of a vector that are followed through a queue, the first of wider ones: more bits make the proof longer but not different. */
const FOLLOWED = 4;
/** Clocks that an induction may look back. Properties of generated blocks need one. */
const CLOCKS = 3;

export interface PropertyProof {
  readonly module: string;
  readonly proven: boolean;
  /** Bits of a vector that were followed, and the total; null if all were. */
  readonly bits: { readonly compared: number; readonly all: number } | null;
}

export interface PropertyOptions {
  readonly yosys?: YosysKind | undefined;
  readonly limit?: ToolLimit | undefined;
}

interface Promised {
  readonly monitor: Module;
  /** The block that the monitor watches. */
  readonly block: Module;
  readonly bits: PropertyProof["bits"];
  /** Nets of the monitor, and the nets of the block that they represent. */
  readonly nets: readonly (readonly [string, string])[];
}

/** Blocks with properties that are proved if a folder has them. */
export const promisingBlocks = (sources: SourceFiles): string[] =>
  modulesOf(sources).filter((module) => promisesOf(module) !== null);

function promisesOf(module: string): Promised | null {
  if (module === AXI_REGISTERS)
    return { monitor: registerProperties(), block: WATCHED_REGISTERS, bits: null, nets: [] };
  const [, width, entries, guarded] = /^spike_queue_(\d+)x(\d+)(_guarded)?$/.exec(module) ?? [];
  if (width === undefined) return null;
  const size = { width: Number(width), entries: Number(entries), isGuarded: guarded !== undefined };
  const followed = Math.min(FOLLOWED, size.width);
  return {
    monitor: queueProperties(size, followed),
    block: spikeQueue(size),
    bits: followed < size.width ? { compared: followed, all: size.width } : null,
    nets:
      size.entries === 1
        ? [
            ["filled", `${QUEUE}.filled_q`],
            [placeName(0), `${QUEUE}.vector_q`],
          ]
        : [
            ...["head", "tail", "filled"].map((net) => [net, `${QUEUE}.${net}_q`] as const),
            ...Array.from({ length: size.entries }, (_, at) => [placeName(at), `${QUEUE}.vectors_q[${at}]`] as const),
          ],
  };
}

/**
 * Whether blocks keep their guarantees, one result per block. A property that is not proved is violated, or needs more clocks
 * than any generated block.
 * Throws  PlatformError when Yosys is missing, refuses, or does not finish
 */
export async function proveProperties(
  sources: SourceFiles,
  modules: readonly string[],
  { yosys: kind, limit }: PropertyOptions = {},
): Promise<PropertyProof[]> {
  const yosys = await findYosys(kind, limit);
  const results: PropertyProof[] = [];
  for (const module of modules) {
    const promised = promisesOf(module);
    if (!promised) continue;
    const { monitor, block, bits, nets } = promised;
    const inputs = { [`${module}.sv`]: sources[`${module}.sv`], ...sourceFiles([monitor], [block]) };
    const script = [
      `read_verilog -sv -DSYNTHESIS ${Object.keys(inputs).join(" ")}`,
      `hierarchy -check -top ${monitor.name}`,
      "proc",
      "flatten -noscopeinfo",
      "memory_collect",
      "memory_map",
      `cd ${monitor.name}`,
      ...nets.map(([net, of]) => `connect -set ${net} ${of}`),
      "async2sync",
      // One bit to a cell, so that bits that are not followed go. `splitcells` would do, but Yosys 0.52 crashes in it on wide queues.
      "simplemap",
      "opt_clean",
      `tee -q -o induction.txt sat -tempinduct -set-init begun_q 0 -prove holds_o 1 -maxsteps ${CLOCKS}`,
    ];
    const outcome = await yosys.run(script.join("\n"), inputs, ["induction.txt"]);
    requireEnd(yosys, outcome, `the proof of what ${module} promises`);
    const { ok, text, files } = outcome;
    const said = files.get("induction.txt") ?? "";
    const proven = /Induction step proven: SUCCESS!/.test(said);
    if (!ok || !(proven || /proof failed|FAIL!/.test(said))) {
      throw new PlatformError("yosys", `${yosys.version} cannot prove the properties of ${module}:\n${text || said}`);
    }
    results.push({ module, proven, bits });
  }
  return results;
}
