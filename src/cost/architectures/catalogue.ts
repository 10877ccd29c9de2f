/** All architectures, in the order in which reports show them. */
import type { Technology } from "../parameters.ts";
import type { Workload } from "../workload.ts";
import { annAimc, ownCells } from "./ann-aimc.ts";
import { annDigital } from "./ann-digital.ts";
import { annFloat16 } from "./ann-float16.ts";
import { annInt4 } from "./ann-int4.ts";
import { annInt5 } from "./ann-int5.ts";
import type { Breakdown } from "./energy.ts";
import { gpu } from "./gpu.ts";
import { snnDigital } from "./snn-digital.ts";
import { xpikeformer } from "./xpikeformer.ts";

export interface Architecture {
  readonly label: string;
  readonly energy: (workload: Workload, technology: Technology) => Breakdown;
}

const architectures = {
  xpikeformer: { label: "Xpikeformer", energy: xpikeformer },
  annDigital: { label: "ANN, digital int8", energy: annDigital },
  annAimc: { label: "ANN on crossbars", energy: annAimc },
  annAimcOwn: { label: "ANN on our crossbars", energy: (w, t) => annAimc(w, t, ownCells(t, w)) },
  snnDigital: { label: "SNN, ideal digital", energy: snnDigital },
  annInt5: { label: "ANN, digital 5-bit", energy: annInt5 },
  annInt4: { label: "ANN, digital 4-bit", energy: annInt4 },
  annFloat16: { label: "ANN, digital fp16", energy: annFloat16 },
  gpuAnn: { label: "ANN on an edge GPU", energy: (w, t) => ({ gpu: gpu(w, t, "ann").energy }) },
  gpuSnn: { label: "SNN on an edge GPU", energy: (w, t) => ({ gpu: gpu(w, t, "spiking").energy }) },
} as const satisfies Record<string, Architecture>;

export type ArchitectureId = keyof typeof architectures;
export const ARCHITECTURES: Readonly<Record<ArchitectureId, Architecture>> = architectures;
export const ARCHITECTURE_IDS = Object.keys(ARCHITECTURES) as ArchitectureId[];
