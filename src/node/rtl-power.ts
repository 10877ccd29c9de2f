/**
 * Power and energy of a machine's digital half for one simulated prompt: the energies of a library's cells times the number of changes
 * of each net (`rtl/power`).
 *
 * Left out: the clock net and its buffer tree, glitches, macros and memories, and the drivers of the ports. Wires are the library's
 * default wire load. Energies are for the library's default conditions.
 */
import { FileError, PlatformError } from "../errors.ts";
import { netEdges } from "../rtl/power/edges.ts";
import { type CellEnergy, cellEnergies } from "../rtl/power/energies.ts";
import type { CellLibrary } from "../rtl/power/library.ts";
import { flattenMapped, type JsonDesign, type MappedNetlist } from "../rtl/power/mapped-netlist.ts";
import type { SourceBits, Transitions } from "../rtl/power/transitions.ts";

/** Watts, over the clocks of the prompt. */
export interface PowerParts {
  /** Inside registers, for every clock edge. */
  readonly clock: number;
  /** Inside cells, for transitions of their outputs. */
  readonly internal: number;
  /** For the pins and wires that change. */
  readonly switching: number;
  readonly leakage: number;
}

/** A module's own cells, over all of its instances. */
export interface BlockPower extends PowerParts {
  readonly module: string;
  readonly instances: number;
  /** Mean transitions per clock of a register's output and of a gate's; null if there is none. */
  readonly registerActivity: number | null;
  readonly gateActivity: number | null;
}

export interface PromptPower extends PowerParts {
  /** The library's name in the liberty file, which usually identifies the corner. */
  readonly library: string;
  /** Hertz. */
  readonly clockFrequency: number;
  /** Clocks in which the machine was busy with the prompt. */
  readonly clocks: number;
  /** Joules for the prompt: total power times `clocks`, over `clockFrequency`. */
  readonly energy: number;
  /** Leaves first. */
  readonly blocks: readonly BlockPower[];
  /**
   * Bits that the simulation provides, for macros and memories as black boxes; and those among them that it does not name,
   * which are treated as constant.
   */
  readonly sources: Readonly<Record<"register" | "blackBox" | "port", SourceBits>>;
  /** Register values for which gates and simulated sources agreed: all that the simulation names, in every clock. */
  readonly equalValues: number;
  /** Nets that a cell drives, and those among them with a load or an edge outside the library's tables, whose energies are extended. */
  readonly drivenNets: number;
  readonly outsideTables: number;
}

/** Yosys's output for a machine, and the library. */
export interface MappedFiles {
  readonly top: string;
  readonly mapped: JsonDesign;
  /** JSON texts: modules of the same netlist before technology mapping, and the library's cells as generic gates. */
  readonly registers: string;
  readonly library: string;
  /** The library, then the same cells in other conditions. */
  readonly conditions: readonly CellLibrary[];
}

/**
 * Throws  FileError at the liberty file when it has no transition energies
 */
export function requireEnergies(path: string, liberty: string): void {
  if (/\binternal_power\s*\(/.test(liberty)) return;
  throw new FileError(
    path,
    "This library has no internal_power, the energy inside a cell per output change, so most of the power would be missing. Choose another liberty file, or leave --power out.",
  );
}

/**
 * In every condition: the same gates and transitions, each time with the energies of a liberty file.
 *
 * @param clockFrequency hertz
 * @param count          runs the prompt, and counts transitions of the netlist
 * Throws  PlatformError when the gates behave differently from the sources; FileError when the netlist cannot
 *         be simulated
 */
export async function promptPower(
  clockFrequency: number,
  files: MappedFiles,
  count: (netlist: MappedNetlist) => Promise<Transitions>,
): Promise<PromptPower[]> {
  const json = (text: string) => JSON.parse(text) as JsonDesign;
  const [registers, library] = [json(files.registers), json(files.library)];
  const netlist = flattenMapped({ top: files.top, mapped: files.mapped, registers, library });
  const transitions = await count(netlist);
  const { clocks, unequal, compared } = transitions;
  if (unequal > 0) {
    throw new PlatformError(
      "yosys",
      `The mapped gates give registers other values than the sources (${unequal} of ${compared} in ${clocks} clocks), so their power means nothing.`,
    );
  }
  return files.conditions.map((condition) => {
    const edges = netEdges(netlist, condition);
    const blocks = blocksOf(netlist, transitions, cellEnergies(netlist, transitions, edges, condition), clockFrequency);
    const { driven, outside } = edges;
    return {
      ...{ library: condition.name, ...powerOf(blocks, transitions, clockFrequency), blocks },
      ...{ drivenNets: driven, outsideTables: outside },
    };
  });
}

function powerOf(blocks: readonly BlockPower[], { clocks, sources, compared }: Transitions, clockFrequency: number) {
  const sum = (of: keyof PowerParts) => blocks.reduce((all, block) => all + block[of], 0);
  const parts = {
    clock: sum("clock"),
    internal: sum("internal"),
    switching: sum("switching"),
    leakage: sum("leakage"),
  };
  const power = parts.clock + parts.internal + parts.switching + parts.leakage;
  const energy = (power * clocks) / clockFrequency;
  return { clockFrequency, clocks, ...parts, energy, sources, equalValues: compared };
}

function blocksOf(
  { cells, instances }: MappedNetlist,
  { clocks, ofNets }: Transitions,
  energies: readonly CellEnergy[],
  clockFrequency: number,
): BlockPower[] {
  const fresh = () => ({ clock: 0, internal: 0, switching: 0, leakage: 0, cells: [0, 0], transitions: [0, 0] });
  const sums = new Map([...instances.keys()].map((module) => [module, fresh()]));
  for (const [c, { module, isRegister, outputs }] of cells.entries()) {
    const sum = sums.get(module)!;
    const { clock, internal, switching, leakage } = energies[c];
    sum.clock += clock * clockFrequency;
    sum.internal += (internal / clocks) * clockFrequency;
    sum.switching += (switching / clocks) * clockFrequency;
    sum.leakage += leakage;
    const kind = isRegister ? 1 : 0;
    sum.cells[kind]++;
    sum.transitions[kind] += outputs.reduce((all, net) => all + ofNets[net], 0) / Math.max(outputs.length, 1);
  }
  return [...sums].map(([module, { cells: counts, transitions, ...parts }]) => {
    const [gates, registers] = counts.map((all, kind) => (all === 0 ? null : transitions[kind] / all / clocks));
    return { module, instances: instances.get(module)!, ...parts, registerActivity: registers, gateActivity: gates };
  });
}
