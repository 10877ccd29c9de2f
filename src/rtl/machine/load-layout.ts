/** Where a machine's constants lie in its window, and their words (`loads.ts`). */
import { SpecError } from "../../errors.ts";
import { decidingOf } from "../../experiment/by-read-out.ts";
import { crc32 } from "../../numeric/checksum.ts";
import type { SourceFiles } from "../design.ts";
import type { WholeCrossbar } from "./aimc-macro.ts";
import {
  cellFile,
  constantFile,
  factorMemory,
  joined,
  macroSize,
  offsetMemory,
  positionMemory,
  thresholdMemory,
} from "./layer-sizes.ts";
import { LOAD_BITS, type Loads, lanesOf } from "./loads.ts";
import type { MemorySize } from "./memories.ts";
import { type CrossbarMemory, crossbarWords } from "./memory-crossbar.ts";
import type { MachinePlan } from "./plan.ts";

/**
 * The places of a machine's constants; null if it is not loadable.
 *
 * @param memory of its crossbars; null: they are analog, and age by themselves
 * Throws  SpecError for layers without converters, which have no constants
 */
export function loadsOf(
  plan: MachinePlan,
  crossbars: readonly WholeCrossbar[],
  memory: CrossbarMemory | null,
  seedWords: number,
): Loads | null {
  if (!plan.fabric.loadable) return null;
  const places = new Map<string, { readonly base: number; readonly size: MemorySize }>();
  let next = seedWords;
  const add = (file: string, size: MemorySize) => {
    places.set(file, { base: next, size });
    next += size.entries * lanesOf(size);
  };
  for (const layer of plan.layers) {
    if (decidingOf(layer.readOut) !== null) {
      throw new SpecError(
        "hardware.readOut",
        `Layer ${layer.name} decides in its columns, and has no constants to load. Leave readOut or --loadable out.`,
      );
    }
    for (const group of memory ? layer.groups : []) {
      for (const { crossbar, rows, columns } of group.blocks) {
        const size = macroSize(group, layer.multiplexerSteps, rows, columns);
        add(cellFile(crossbar), crossbarWords(size, memory!, plan.adc));
      }
    }
    add(constantFile(layer, "factors"), factorMemory(plan, layer));
    add(constantFile(layer, "offsets"), offsetMemory(plan, layer));
    if (joined(plan, layer) === "position") add(constantFile(layer, "positions"), positionMemory(plan, layer));
    if (layer.neuron) add(constantFile(layer, "threshold"), thresholdMemory(plan));
  }
  // Of sizes the numbers alone: descriptions of the same memory may hold more.
  const formats = {
    places: [...places].map(([file, { base, size }]) => [file, base, size.width, size.entries]),
    arithmetic: plan.arithmetic,
    bits: memory?.bits ?? 0,
    stepBits: crossbars.map(({ stepBits }) => stepBits),
  };
  const layout = crc32(new TextEncoder().encode(JSON.stringify(formats)));
  const lanes = Math.max(...[...places.values()].map(({ size }) => lanesOf(size)));
  return { places, seedWords, windowWords: next, lanes, layout };
}

/** A line with the layout, then a word of the window on each. */
export const CONSTANT_FILE = "machine_constants.hex";

/** What a host loads, as a file. */
export const constantText = (loads: Loads, contents: SourceFiles): string =>
  [loads.layout, ...loadedWords(loads, contents)].map((word) => `${word.toString(16).padStart(8, "0")}\n`).join("");

/** The words of the window behind the seeds, from the contents of the memories. */
function loadedWords({ places, seedWords, windowWords }: Loads, contents: SourceFiles): Uint32Array {
  const words = new Uint32Array(windowWords - seedWords);
  for (const [file, { base, size }] of places) {
    const lanes = lanesOf(size);
    for (const [n, line] of contents[file].trim().split("\n").entries()) {
      const word = BigInt(`0x${line}`);
      for (let lane = 0; lane < lanes; lane++)
        words[base - seedWords + n * lanes + lane] = Number(
          BigInt.asUintN(LOAD_BITS, word >> BigInt(LOAD_BITS * lane)),
        );
    }
  }
  return words;
}
