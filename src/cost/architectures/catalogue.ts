/** All architectures, in the order in which reports show them. */
import type { Technology } from "../parameters.ts";
import type { Planner } from "../planned.ts";
import type { Breakdown } from "../unit-energies.ts";
import { type ComparedNetwork, networkFor, type Workload } from "../workload.ts";
import { alwaysOn, annAimcWork, annDigitalWork, type EngineWork, snnDigitalWork } from "./always-on.ts";
import { annAimc, type HybridCells, ownCells, xformerCells } from "./ann-aimc.ts";
import { annDigital, int8, narrow, type Precision, trees } from "./ann-digital.ts";
import { annFloat16, float16 } from "./ann-float16.ts";
import { annInt4 } from "./ann-int4.ts";
import { annInt5 } from "./ann-int5.ts";
import { annTrained, trained } from "./ann-trained.ts";
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
  readonly runs: ComparedNetwork;
  /** Energy of one inference of the network that the machine runs. `plan` plans Xpikeformer; default anew for each question. */
  readonly energy: (workload: Workload, technology: Technology, plan?: Planner) => Breakdown;
  /** Time and area for the same network. */
  readonly performance: (workload: Workload, technology: Technology, plan?: Planner) => Performance;
}

const architecture = (
  label: string,
  runs: ComparedNetwork,
  energy: Architecture["energy"],
  performance: Architecture["performance"],
): Architecture => ({
  label,
  runs,
  energy: (workload, technology, plan) => energy(networkFor(workload, runs), technology, plan),
  performance: (workload, technology, plan) => performance(networkFor(workload, runs), technology, plan),
});

/** Energy of a machine that is not planned. */
type EngineEnergy = (workload: Workload, technology: Technology) => Breakdown;

/** Adds an engine's costs besides its operations, for presets that price the whole of every machine. */
const engine =
  (energy: EngineEnergy, work: (workload: Workload, technology: Technology) => EngineWork): EngineEnergy =>
  (w, t) => ({ ...energy(w, t), ...(t.wholeMachine === 1 && alwaysOn(work(w, t), t)) });

const digital = (
  label: string,
  energy: EngineEnergy,
  precision: (technology: Technology, workload: Workload) => Precision,
): Architecture =>
  architecture(
    label,
    "ann",
    engine(energy, (w, t) => annDigitalWork(w, t, precision(t, w))),
    (w, t) => annDigitalPerformance(w, t, precision(t, w)),
  );

const hybrid = (label: string, cells: (technology: Technology, workload: Workload) => HybridCells): Architecture =>
  architecture(
    label,
    "ann",
    engine(
      (w, t) => annAimc(w, t, cells(t, w)),
      (w, t) => annAimcWork(w, t, cells(t, w)),
    ),
    (w, t) => annAimcPerformance(w, t, cells(t, w).cells),
  );

const architectures = {
  xpikeformer: architecture(
    "Xpikeformer",
    "xpikeformer",
    (w, t, plan) => xpikeformer(w, t, undefined, plan),
    xpikeformerPerformance,
  ),
  annDigital: digital("ANN, digital int8", annDigital, int8),
  annAimc: hybrid("ANN on crossbars", xformerCells),
  annAimcOwn: hybrid("ANN on our crossbars", ownCells),
  snnDigital: architecture("SNN, ideal digital", "snn", engine(snnDigital, snnDigitalWork), snnDigitalPerformance),
  annTrees: digital("ANN, int8 in adder trees", (w, t) => annDigital(w, t, trees(t)), trees),
  annInt5: digital("ANN, digital 5-bit", annInt5, (t) => narrow(5, t)),
  annInt4: digital("ANN, digital 4-bit", annInt4, (t) => narrow(4, t)),
  annTrained: digital("ANN, digital, at its own bits", annTrained, (t, w) => trained(w, t)),
  annFloat16: digital("ANN, digital fp16", annFloat16, float16),
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
