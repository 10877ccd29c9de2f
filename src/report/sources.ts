/** What a report is built on: the paper, the devices, the task, the random numbers. */
import { deviceOfSpec } from "../device/catalogue.ts";
import type { Experiment } from "../spec/experiment.ts";
import type { TaskSpec } from "../spec/task.ts";
import type { ReportSource } from "./report.ts";

/** The sources of an experiment, with that of its devices in second place. */
export function sourcesOf({ hardware, task }: Experiment): ReportSource[] {
  const devices: ReportSource[] = [];
  if (hardware.crossbar.device.kind !== "ideal") {
    const { source } = deviceOfSpec(hardware.crossbar.device);
    devices.push({ text: source, usedFor: "programming spread, drift and read noise of the memory devices" });
  }
  return [paper(task), ...devices, taskSource(task), RANDOM_NUMBERS];
}

const paper = ({ kind }: TaskSpec): ReportSource => ({
  text: "Song, Katti, Simeone, Rajendran: Xpikeformer: Hybrid Analog-Digital Hardware Acceleration for Spiking Transformers. IEEE TVLSI 33(6), 2025",
  usedFor: `architecture, Algorithm 1, Tables I, II and ${kind === "symbol-detection" ? "IV" : "III"}`,
  url: "https://arxiv.org/abs/2408.08794",
});

const taskSource = ({ kind }: TaskSpec): ReportSource =>
  kind === "symbol-detection"
    ? {
        text: "Zecchin, Yu, Simeone: In-Context Learning for MIMO Equalization Using Transformer-Based Sequence Models. 2023, with its public code",
        usedFor: "formulation of the symbol-detection task",
        url: "https://arxiv.org/abs/2311.06101",
      }
    : {
        text: "Dosovitskiy et al.: An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale. ICLR 2021",
        usedFor: "patches as tokens, class token",
        url: "https://arxiv.org/abs/2010.11929",
      };

const RANDOM_NUMBERS: ReportSource = {
  text: "Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3. SC 2011",
  usedFor: "Threefry-2x32-20, the source of every random number",
};
