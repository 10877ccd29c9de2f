/**
 * A graphics processor at batch 1, as an order of magnitude: limited by arithmetic or by kernel launches.
 *
 *   launches  22 per block of an ANN; 24 + 18 T + 10 of a spiking network, with LIF layers that run step by step; 20 more
 *   time      max(operations / (efficiency power), launches x launch time)
 *   energy    max(operations / efficiency, half the power x time)
 */
import type { Technology } from "../parameters.ts";
import { countMacs, type Workload } from "../workload.ts";

export function gpu(
  workload: Workload,
  { gpuEfficiency, gpuPower, gpuLaunch }: Technology,
  network: "ann" | "spiking",
): { readonly energy: number; readonly time: number } {
  const steps = network === "spiking" ? workload.snnSteps : 1;
  const operations = 2 * countMacs(workload).total * steps;
  const launches = workload.depth * (network === "spiking" ? 34 + 18 * steps : 22) + 20;
  const time = Math.max(launches * gpuLaunch, operations / (gpuEfficiency * gpuPower));
  return { energy: Math.max(operations / gpuEfficiency, 0.5 * gpuPower * time), time };
}
