/** The job of a sweep: turns points, several per piece, into rows of the table. */
import { type DeviceAddress, loadAddresses, type ModuleSpec } from "../../device/module.ts";
import { isXpikeError } from "../../errors.ts";
import { jobs } from "../../evaluation/jobs.ts";
import type { Experiment } from "../../experiment/experiment.ts";
import type { TaskSpec } from "../../experiment/task.ts";
import { decodeCheckpoint } from "../../model/checkpoint.ts";
import type { Network } from "../../model/network.ts";
import { requireGpuNetwork } from "../../runs/gpu-chip.ts";
import { experimentAt, type OpenedDesign } from "../../sweep/points.ts";
import { measureRow, type Row } from "../../sweep/unit.ts";
import type { DataOf } from "../../task/catalogue.ts";
import { inlineExecutor, type Job, type JobRegistry, withGpu } from "../../threads/executor.ts";
import type { Gpu } from "../../webgpu/gpu.ts";
import type { PlannedPoint, SweepInputs } from "./plan.ts";

export interface SweepSetup extends SweepInputs {
  readonly design: OpenedDesign;
  /** Modules that simulated points need; default none. */
  readonly devices?: readonly DeviceAddress[];
}

/** The rows of points, one after another on this thread; with a GPU, on it wherever it simulates the chips of a point. */
export type PointMeasurer = (points: readonly PlannedPoint[], gotOn?: () => void) => Promise<Row[]>;

export async function pointMeasurer(
  { design, networks, data, devices = [] }: SweepSetup,
  gpu: Gpu | null = null,
): Promise<PointMeasurer> {
  await loadAddresses(devices);
  let alive = () => {};
  const onCpu = inlineExecutor(jobs, () => alive());
  const onGpu = gpu && withGpu(onCpu, jobs, gpu);
  const decoded = new Map<string, Network>();
  const networkOf = (name: string): Network => {
    const network = decoded.get(name) ?? decodeCheckpoint(networks[name], name).network;
    decoded.set(name, network);
    return network;
  };
  return async (points, gotOn = () => {}) => {
    alive = gotOn;
    const rows: Row[] = [];
    for (const { point, hash, values, network, data: own, device, earlier } of points) {
      const given = {
        experiment: withDevice(experimentAt(design, values), device),
        data: own === null ? null : (data[own] as DataOf<TaskSpec>),
      };
      const trained = network === null ? null : networkOf(network);
      const executor = onGpu && trained && takesNetwork(given.experiment, trained) ? onGpu : onCpu;
      rows.push(await measureRow(executor, { point, hash, values }, given, trained, design, earlier));
    }
    return rows;
  };
}

/** Whether GPUs simulate the chips of this point; if nothing can, the row says why. */
function takesNetwork(experiment: Experiment, network: Network): boolean {
  try {
    requireGpuNetwork(experiment, network);
    return true;
  } catch (error) {
    if (!isXpikeError(error)) throw error;
    return false;
  }
}

const measure: Job<SweepSetup, readonly PlannedPoint[], Row[]> = (setup) => pointMeasurer(setup);

/** Planning has read the module; on another machine its facts still give the price. */
function withDevice(experiment: Experiment, device: ModuleSpec | undefined): Experiment {
  if (!device) return experiment;
  const { hardware } = experiment;
  return { ...experiment, hardware: { ...hardware, crossbar: { ...hardware.crossbar, device } } };
}

export const sweepJobs: JobRegistry = { "measure-points": measure as Job };
