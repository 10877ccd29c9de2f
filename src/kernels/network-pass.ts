/** A whole network on kernels of its own, for answers only: what evaluation runs, and what a teacher is asked with. */
import { isSpiking, type Network } from "../model/network.ts";
import type { AnnSpec } from "../spec/model.ts";
import { createAnnPass } from "./ann.ts";
import { type Arena, countingArena, type Kernels, standaloneKernels } from "./memory.ts";
import type { Pass } from "./pass.ts";
import { createSpikingPass, type SpikingPass } from "./spiking.ts";

/** A spiking network must be folded. `realInputs`: it takes real values instead of packed spikes. */
export function createNetworkPass(
  network: Network,
  maxPrompts: number,
  realInputs: boolean,
): { kernels: Kernels; pass: Pass | SpikingPass } {
  const plan = (kernels: Kernels | null, arena: Arena) => {
    const value: Record<string, number> = {};
    for (const [name, { data }] of Object.entries(network.parameters)) {
      value[name] = arena.words(data.length);
      kernels?.f32.set(data, value[name] / 4);
    }
    const offsets = { value, gradient: null };
    const options = { maxPrompts, training: false };
    return isSpiking(network)
      ? createSpikingPass(kernels, arena, network, offsets, { ...options, attention: "sampled", realInputs })
      : createAnnPass(kernels, arena, network as Network<AnnSpec>, offsets, options);
  };
  const counting = countingArena();
  plan(null, counting);
  const { kernels, arena } = standaloneKernels(counting.used);
  return { kernels, pass: plan(kernels, arena) };
}
