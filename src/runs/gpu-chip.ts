/** Whether a GPU simulates the chips of an experiment. */
import type { Experiment } from "../experiment/experiment.ts";
import { mapNetwork } from "../mapping/mapping.ts";
import { foldNetwork } from "../model/fold.ts";
import type { Network } from "../model/network.ts";
import { requireGpuChip } from "../simulation/webgpu/supported.ts";
import { asDescribed } from "./fit.ts";

/** Throws MappingError at the field that asks for more; as `mapNetwork` and `asDescribed`. */
export function requireGpuNetwork(experiment: Experiment, trained: Network): void {
  const { hardware, task } = experiment;
  const network = foldNetwork(asDescribed(experiment, trained, []));
  requireGpuChip({ network, hardware, mapping: mapNetwork(network, hardware, task.coding) });
}
