/** All architectures, in the order in which reports show them. */
import type { Technology } from "../parameters.ts";
import { networkFor, type Runs, type Workload } from "../workload.ts";
import { annAimc, ownCells, xformerCells } from "./ann-aimc.ts";
import { annDigital } from "./ann-digital.ts";
import { annFloat16 } from "./ann-float16.ts";
import { annInt4 } from "./ann-int4.ts";
import { annInt5 } from "./ann-int5.ts";
import type { Breakdown } from "./energy.ts";
import { gpu } from "./gpu.ts";
import {
  annAimcPerformance,
  annDigitalPerformance,
  gpuPerformance,
  type Performance,
  snnDigitalPerformance,
  xpikeformerPerformance,
} from "./performance.ts";
import { snnDigital } from "./snn-digital.ts";
import { xpikeformer } from "./xpikeformer.ts";

export interface Architecture {
  readonly label: string;
  readonly runs: Runs;
  /** Energy of one inference of the network that the machine runs. */
  readonly energy: (workload: Workload, technology: Technology) => Breakdown;
  /** Time and area of the same. */
  readonly performance: (workload: Workload, technology: Technology) => Performance;
}

const architecture = (
  label: string,
  runs: Runs,
  energy: Architecture["energy"],
  performance: Architecture["performance"],
): Architecture => ({
  label,
  runs,
  energy: (workload, technology) => energy(networkFor(workload, runs), technology),
  performance: (workload, technology) => performance(networkFor(workload, runs), technology),
});

const architectures = {
  xpikeformer: architecture("Xpikeformer", "xpikeformer", xpikeformer, xpikeformerPerformance),
  annDigital: architecture("ANN, digital int8", "ann", annDigital, annDigitalPerformance),
  annAimc: architecture("ANN on crossbars", "ann", annAimc, (w, t) => annAimcPerformance(w, t, xformerCells(t).cells)),
  annAimcOwn: architecture(
    "ANN on our crossbars",
    "ann",
    (w, t) => annAimc(w, t, ownCells(t, w)),
    (w, t) => annAimcPerformance(w, t, ownCells(t, w).cells),
  ),
  snnDigital: architecture("SNN, ideal digital", "snn", snnDigital, snnDigitalPerformance),
  annInt5: architecture("ANN, digital 5-bit", "ann", annInt5, (w, t) => annDigitalPerformance(w, t, 5)),
  annInt4: architecture("ANN, digital 4-bit", "ann", annInt4, (w, t) => annDigitalPerformance(w, t, 4)),
  annFloat16: architecture("ANN, digital fp16", "ann", annFloat16, (w, t) => annDigitalPerformance(w, t, 16)),
  gpuAnn: architecture(
    "ANN on an edge GPU",
    "ann",
    (w, t) => ({ gpu: gpu(w, t, "ann").energy }),
    (w, t) => gpuPerformance(w, t, "ann"),
  ),
  gpuSnn: architecture(
    "SNN on an edge GPU",
    "snn",
    (w, t) => ({ gpu: gpu(w, t, "spiking").energy }),
    (w, t) => gpuPerformance(w, t, "spiking"),
  ),
} as const satisfies Record<string, Architecture>;

export type ArchitectureId = keyof typeof architectures;
export const ARCHITECTURES: Readonly<Record<ArchitectureId, Architecture>> = architectures;
export const ARCHITECTURE_IDS = Object.keys(ARCHITECTURES) as ArchitectureId[];
