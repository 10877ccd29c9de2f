/**
 * The pass of a network of either kind; and an inference-only pass on its own kernels, which evaluation and teachers use.
 */
import type { ModelSpec } from "../experiment/model.ts";
import type { Geometry } from "../model/geometry.ts";
import type { Network } from "../model/network.ts";
import { passParameters } from "../model/quantization.ts";
import { bindAnn } from "./ann.ts";
import { type AnnLayout, planAnn } from "./ann-plan.ts";
import { type Arena, countingArena } from "./arena.ts";
import { type Kernels, standaloneKernels } from "./memory.ts";
import type { Ops } from "./ops.ts";
import type { ParameterOffsets, Pass } from "./pass.ts";
import { bindSpiking, type SpikingPass } from "./spiking.ts";
import { planSpiking, type SpikingLayout, type SpikingPassOptions } from "./spiking-plan.ts";

export type NetworkLayout = AnnLayout | SpikingLayout;

/** Conventional networks use only `maxPrompts` and `training`. */
export function planNetwork(
  arena: Arena,
  { model, geometry }: { readonly model: ModelSpec; readonly geometry: Geometry },
  options: SpikingPassOptions,
): NetworkLayout {
  return model.kind === "ann"
    ? planAnn(arena, { model, geometry }, options)
    : planSpiking(arena, { model, geometry }, options);
}

export const bindNetwork = (ops: Ops, layout: NetworkLayout, parameters: ParameterOffsets): Pass | SpikingPass =>
  layout.kind === "ann" ? bindAnn(ops, layout, parameters) : bindSpiking(ops, layout, parameters);

/** A spiking network must be folded. `realInputs`: it reads real values instead of packed spikes. */
export function createNetworkPass(
  network: Network,
  maxPrompts: number,
  realInputs: boolean,
): { kernels: Kernels; pass: Pass | SpikingPass } {
  const parameters = Object.entries(passParameters(network));
  const plan = (arena: Arena) => ({
    value: Object.fromEntries(parameters.map(([name, { data }]) => [name, arena.words(data.length)])),
    layout: planNetwork(arena, network, { maxPrompts, training: false, attention: "sampled", realInputs }),
  });
  const counting = countingArena();
  plan(counting);
  const { kernels, arena } = standaloneKernels(counting.used);
  const { value, layout } = plan(arena);
  for (const [name, { data }] of parameters) kernels.write(value[name], data);
  return { kernels, pass: bindNetwork(kernels, layout, { value, gradient: null }) };
}
