/** The machines that Xpikeformer is compared with: their names with time steps, and which energy ratios may be shown. */
import { ARCHITECTURES, type ArchitectureId } from "../cost/architectures/catalogue.ts";
import type { MachineEstimate } from "../cost/cost.ts";
import type { Rivals } from "../cost/priced.ts";
import type { Workload } from "../cost/workload.ts";

/** A machine with the time steps that its network runs: `SNN, ideal digital, T = 4`. A conventional network has none. */
export function machineAtSteps({ workload }: Pick<MachineEstimate, "workload">, id: ArchitectureId): string {
  const { label, runs } = ARCHITECTURES[id];
  return runs === "ann" ? label : `${label}, T = ${runs === "snn" ? workload.snnSteps : workload.steps}`;
}

/** Whether a ratio to this machine may be shown: the network that it runs was evaluated, or published. */
export const hasRatio = (id: ArchitectureId, rivals: Rivals): boolean => {
  const { runs } = ARCHITECTURES[id];
  return runs !== "xpikeformer" && rivals[runs];
};

/** "per inference", with the number of results if there are several: "per inference (2 symbols)". */
export const perInferenceOf = ({ result: { name, perInference } }: Pick<Workload, "result">): string =>
  perInference === 1 ? "per inference" : `per inference (${perInference} ${name}s)`;
