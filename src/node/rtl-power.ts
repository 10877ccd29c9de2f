/**
 * Power and energy of a machine's digital half for one simulated prompt: the energies of a library's cells (OpenSTA) times the
 * number of changes of each cell (`rtl/power`).
 *
 * Left out: wires, the clock net and its buffer tree, glitches, macros and memories, and the drivers of the ports. Energies are
 * for the library's default conditions.
 */
import { FileError, PlatformError } from "../errors.ts";
import { flattenMapped, type JsonDesign, type MappedNetlist } from "../rtl/power/mapped-netlist.ts";
import type { SourceBits, Transitions } from "../rtl/power/transitions.ts";
import { type CellEnergies, cellEnergies } from "./rtl-energies.ts";

/** Watts, over the clocks of the prompt. */
export interface PowerParts {
  /** Inside registers, for every clock edge. */
  readonly clock: number;
  /** Inside cells, for transitions of their outputs. */
  readonly internal: number;
  /** For the pins of cells that change. */
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
  /** OpenSTA and its version. */
  readonly tool: string;
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
}

/** Yosys's output for a machine, and the library. */
export interface MappedFiles {
  readonly top: string;
  /** Structural Verilog. */
  readonly netlist: string;
  /** JSON texts: modules of the same netlist before technology mapping, and the library's cells as generic gates. */
  readonly mapped: readonly string[];
  readonly registers: string;
  readonly library: string;
  /** The liberty file, then those of the same cells in other conditions. */
  readonly liberties: readonly string[];
}

/** The library's name in a liberty file. */
export const libraryName = (liberty: string): string =>
  /\blibrary\s*\(\s*"?([^")\s]+)/.exec(liberty)?.[1] ?? "without a name";

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
 * @param tool           as named by `findSta`
 * @param clockFrequency hertz
 * @param count          runs the prompt, and counts transitions of the netlist
 * Throws  PlatformError when OpenSTA refuses, or the gates behave differently from the sources; FileError when the netlist cannot
 *         be simulated
 */
export async function promptPower(
  tool: string,
  clockFrequency: number,
  files: MappedFiles,
  count: (netlist: MappedNetlist) => Promise<Transitions>,
): Promise<PromptPower[]> {
  const energies: ReadonlyMap<string, CellEnergies>[] = [];
  for (const liberty of files.liberties) {
    energies.push(await cellEnergies(tool, files.netlist, liberty, files.top));
  }
  const json = (text: string) => JSON.parse(text) as JsonDesign;
  const [registers, library] = [json(files.registers), json(files.library)];
  const mapped = {
    modules: Object.assign({}, ...files.mapped.map((text) => json(text).modules)) as JsonDesign["modules"],
  };
  const netlist = flattenMapped({ top: files.top, mapped, registers, library });
  const transitions = await count(netlist);
  const { clocks, unequal, compared } = transitions;
  if (unequal > 0) {
    throw new PlatformError(
      "yosys",
      `The mapped gates give registers other values than the sources (${unequal} of ${compared} in ${clocks} clocks), so their power means nothing.`,
    );
  }
  return files.liberties.map((liberty, n) => {
    const blocks = blocksOf(netlist, transitions, energies[n], clockFrequency);
    return { tool, library: libraryName(liberty), ...powerOf(blocks, transitions, clockFrequency), blocks };
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
  { clocks, ofCells }: Transitions,
  energies: ReadonlyMap<string, CellEnergies>,
  clockFrequency: number,
): BlockPower[] {
  const fresh = () => ({ clock: 0, internal: 0, switching: 0, leakage: 0, cells: [0, 0], transitions: [0, 0] });
  const sums = new Map([...instances.keys()].map((module) => [module, fresh()]));
  for (const [c, { path, module, isRegister }] of cells.entries()) {
    const energy = energies.get(path);
    if (energy === undefined) throw new PlatformError("opensta", `OpenSTA does not report the cell ${path}.`);
    const sum = sums.get(module)!;
    const perSecond = (ofCells[c] / clocks) * clockFrequency;
    sum.clock += energy.clock * clockFrequency;
    sum.internal += energy.internal * perSecond;
    sum.switching += energy.switching * perSecond;
    sum.leakage += energy.leakage;
    sum.cells[isRegister ? 1 : 0]++;
    sum.transitions[isRegister ? 1 : 0] += ofCells[c];
  }
  return [...sums].map(([module, { cells: counts, transitions, ...parts }]) => {
    const [gates, registers] = counts.map((all, kind) => (all === 0 ? null : transitions[kind] / all / clocks));
    return { module, instances: instances.get(module)!, ...parts, registerActivity: registers, gateActivity: gates };
  });
}
