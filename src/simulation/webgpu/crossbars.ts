/** Crossbars of a chip in a GPU's memory: twin of `../fast/integer-linear.ts`, with conductances that it has programmed and read. */
import { invariant } from "../../errors.ts";
import { converter } from "../../hardware/adc.ts";
import type { Place } from "../../kernels/arena.ts";
import type { LayerMapping } from "../../mapping/mapping.ts";
import type { Commands } from "../../webgpu/commands.ts";
import { gridOf } from "../../webgpu/kernel.ts";
import type { MappedNetwork } from "../chip.ts";
import type { CrossbarKernels } from "../fast/linear.ts";
import type { WholeLayer } from "../fast/whole-layer.ts";
import { CROSSBARS } from "./kernels/crossbars.ts";
import type { GpuMemory } from "./memory.ts";

/** Arrays of a layer. */
interface LayerArrays {
  readonly rows: number;
  readonly rowBlocks: number;
  readonly blocks: GPUBuffer;
  readonly conductances: GPUBuffer;
  readonly columns: GPUBuffer;
  readonly offsets: GPUBuffer;
}

export interface GpuCrossbars {
  readonly run: CrossbarKernels["run"];
  /** Thresholds of neurons that take codes, by the train they fire. */
  readonly thresholdsOf: ReadonlyMap<string, Place>;
  /** Writes a layer as it was read. */
  load(layer: LayerMapping, whole: WholeLayer): void;
  close(): void;
}

/** @param takes whether a layer's neurons take its codes */
export function gpuCrossbars(
  commands: Commands,
  memory: GpuMemory,
  { mapping, hardware: { adc } }: MappedNetwork,
  takes: (layer: LayerMapping) => boolean,
): GpuCrossbars {
  const { largest } = converter(adc.mode, adc.bits as number, 1);
  const arraysOf = new Map<string, LayerArrays>();
  const thresholdsOf = new Map(
    mapping.layers
      .filter(takes)
      .map(({ trainOut, outputs }) => [trainOut as string, memory.arena.words(outputs)] as const),
  );

  const filled = (values: Int32Array | Uint32Array): GPUBuffer => {
    const buffer = commands.array(values.byteLength);
    commands.write(buffer, 0, values);
    return buffer;
  };
  const free = (arrays: LayerArrays | undefined) => {
    for (const array of Object.values(arrays ?? {})) if (typeof array === "object") array.destroy();
  };

  function load({ name, trainOut }: LayerMapping, whole: WholeLayer): void {
    const { words, rows, conductances, columns, offsets, thresholds } = whole;
    free(arraysOf.get(name));
    let firstRow = 0;
    const blocks = words.flatMap(([first, count]) => {
      const block = [first, count, firstRow];
      firstRow += 32 * count;
      return block;
    });
    arraysOf.set(name, {
      rows,
      rowBlocks: words.length,
      blocks: filled(Uint32Array.from(blocks)),
      conductances: filled(conductances),
      columns: filled(columns),
      offsets: filled(offsets),
    });
    if (thresholds !== null) {
      commands.write(memory.arrayAt(thresholdsOf.get(trainOut as string) as Place), 0, thresholds);
    }
  }

  const run: CrossbarKernels["run"] = ({ name, outputs }, bits, { steps, prompts, perPrompt }, y) => {
    const vectors = steps * prompts * perPrompt;
    const arrays = arraysOf.get(name);
    invariant(arrays !== undefined, "a chip is read before it runs");
    const { rows, rowBlocks, ...constants } = arrays;
    return commands.count((counter) => {
      const sizes = { vectors, stride: bits.words, outputs, rows, rowBlocks };
      commands.call(
        CROSSBARS,
        { ...sizes, pairs: adc.mode === "pair" ? 1 : 0, largest, counter },
        { bits: memory.arrayAt(bits.at), ...constants, out: memory.arrayAt(y) },
        gridOf(Math.ceil(outputs / CROSSBARS.lanes), vectors),
      );
    });
  };

  return {
    run,
    thresholdsOf,
    load,
    close: () => {
      for (const arrays of arraysOf.values()) free(arrays);
      arraysOf.clear();
    },
  };
}
