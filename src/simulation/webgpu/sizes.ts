/** What a GPU can bind at a time, in prompts. Apart from the kernels, which only an evaluation on a GPU loads. */
import { MappingError } from "../../errors.ts";
import type { Gpu } from "../../webgpu/gpu.ts";
import type { MappedNetwork } from "../chip.ts";
import { planSimulator, type SimulatorPlan } from "../fast/plan.ts";
import { type GpuMemory, gpuMemory } from "./memory.ts";
import { requireGpuChip } from "./supported.ts";

const nothingYet = (): never => {
  throw new Error("xpikeformer broke its own promise: sizes are found without arrays. Please report this.");
};

/**
 * The most prompts of a slice, up to `most`, whose arrays a GPU can bind: large ones are split by running fewer prompts at a time.
 * Throws  MappingError for a chip that GPUs do not simulate, and when the arrays of a single prompt, or of a layer, are too large
 */
export function gpuPrompts(gpu: Pick<Gpu, "name" | "largestArray">, chip: MappedNetwork, most: number): number {
  requireGpuChip(chip);
  for (let prompts = most; ; prompts = Math.ceil(prompts / 2)) {
    const memory = gpuMemory({ array: nothingYet });
    const plan = planSimulator(memory.arena, chip, { maxPrompts: prompts });
    if (prompts > 1 && largestOf(plan, memory).bytes > gpu.largestArray) continue;
    requireArrays(gpu, chip, plan, memory);
    return prompts;
  }
}

/** The largest array of a slice. */
function largestOf({ slices: [slice], scratch: [scratch] }: SimulatorPlan, memory: GpuMemory) {
  const places = [
    ...[...slice, ...scratch.values],
    ...scratch.attention.flatMap((tiles) =>
      tiles?.of === "samples" ? [["attention scores", tiles.scores] as const] : [],
    ),
  ];
  const sizes = places.map(([name, at]) => ({ name, bytes: memory.sizeAt(at) }));
  return sizes.reduce((largest, one) => (one.bytes > largest.bytes ? one : largest));
}

/** Throws MappingError when the arrays of a slice, or the crossbars of a layer, are larger than the GPU binds at a time. */
export function requireArrays(
  { name, largestArray }: Pick<Gpu, "name" | "largestArray">,
  { mapping, hardware }: MappedNetwork,
  plan: SimulatorPlan,
  memory: GpuMemory,
): void {
  const signs = hardware.adc.mode === "pair" ? 2 : 1;
  const ofLayers = mapping.layers.map((layer) => ({
    name: `the crossbars of ${layer.name}`,
    // Row blocks begin and end within words.
    bytes: 4 * signs * (layer.lines + 64 * layer.rowBlocks) * layer.outputs,
    per: "",
  }));
  const ofPrompts = {
    ...largestOf(plan, memory),
    per: ` for ${plan.maxPrompts === 1 ? "a single prompt" : `${plan.maxPrompts} prompts`}`,
  };
  const largest = [ofPrompts, ...ofLayers].find(({ bytes }) => bytes > largestArray);
  if (largest === undefined) return;
  const kibibytes = (bytes: number) => `${Math.ceil(bytes / 2 ** 10)} KiB`;
  throw new MappingError(
    "backend",
    `The arrays of this chip are too large: ${kibibytes(largest.bytes)} of ${largest.name}${largest.per}, but ${name} ` +
      `binds at most ${kibibytes(largestArray)} at a time. Use the backend \`wasm\`, or another GPU.`,
  );
}
