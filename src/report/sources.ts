/** Sources of a report: the paper, the devices, the task, the random numbers. */
import { deviceOfSpec } from "../device/catalogue.ts";
import type { Experiment } from "../experiment/experiment.ts";
import { kitOf } from "../task/catalogue.ts";
import type { ReportSource } from "./report.ts";

/** The sources of an experiment, with that of its devices in second place. */
export function sourcesOf({ hardware, task }: Experiment): ReportSource[] {
  const devices: ReportSource[] = [];
  if (hardware.crossbar.device.kind !== "ideal") {
    const { source } = deviceOfSpec(hardware.crossbar.device);
    devices.push({ text: source, usedFor: "programming spread, drift and read noise of the memory devices" });
  }
  const kit = kitOf(task);
  return [paper(kit.paper.tables), ...devices, ...kit.sources, RANDOM_NUMBERS];
}

const paper = (tables: string): ReportSource => ({
  text: "Song, Katti, Simeone, Rajendran: Xpikeformer: Hybrid Analog-Digital Hardware Acceleration for Spiking Transformers. IEEE TVLSI 33(6), 2025",
  usedFor: `architecture, Algorithm 1, ${tables}`,
  url: "https://arxiv.org/abs/2408.08794",
});

const RANDOM_NUMBERS: ReportSource = {
  text: "Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3. SC 2011",
  usedFor: "Threefry-2x32-20, the source of every random number",
};
