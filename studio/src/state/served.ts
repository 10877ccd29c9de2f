/** The experiment that the server was started with, or the folder of a run, which the page follows while the run continues. */
import { signal } from "@preact/signals";
import { parseExperiment } from "xpikeformer";
import { parseReport } from "xpikeformer/report";
import { keepNetwork, loadText } from "./files.ts";
import { fail, failure, open, openedReport } from "./studio.ts";

/** A line of a run's metrics. */
export interface MetricLine {
  readonly step: number;
  readonly loss: number;
}

/** The loss of the followed run, by step. */
export const metrics = signal<readonly MetricLine[]>([]);

/** Files by name, each with a mark that changes with the file. */
type Marks = Readonly<Record<string, string>>;

/** Milliseconds between two checks. */
const PACE = 2000;

/** Opens what the server was started with. Returns whether there is anything. */
export async function openServed(): Promise<boolean> {
  const marks = await look();
  if (Object.keys(marks).length === 0) return false;
  await take(marks, {});
  follow(marks);
  return true;
}

async function look(): Promise<Marks> {
  try {
    return JSON.parse(await loadText("opened")) as Marks;
  } catch {
    // A server of plain files has no such list.
    return {};
  }
}

async function follow(before: Marks): Promise<void> {
  let seen = before;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, PACE));
    const marks = await look();
    if (Object.keys(marks).length > 0) await take(marks, seen);
    seen = marks;
  }
}

/** Reads the files that have changed. */
async function take(marks: Marks, seen: Marks): Promise<void> {
  const isNew = (name: string) => marks[name] !== undefined && marks[name] !== seen[name];
  try {
    if (isNew("metrics.jsonl")) metrics.value = linesOf(await loadText("opened/metrics.jsonl"));
    const report = isNew("report.json") ? parseReport(await loadText("opened/report.json"), "report.json") : null;
    const isReady = isNew("network.safetensors") || isNew("report.json") || isNew("experiment.json");
    if (!isReady) return;
    const written = marks["experiment.json"] !== undefined ? await loadText("opened/experiment.json") : null;
    const experiment = written
      ? parseExperiment(written, "experiment.json")
      : report?.experiment && parseExperiment(JSON.stringify(report.experiment), "report.json");
    // A run in training has no network yet.
    const hasNetwork = marks["network.safetensors"] !== undefined || experiment?.checkpoints.network !== undefined;
    if (!experiment || !hasNetwork) return;
    if (marks["network.safetensors"] !== undefined) {
      keepNetwork("network.safetensors", "opened/network.safetensors");
      const { network } = experiment.checkpoints;
      const checkpoints = network?.startsWith("bundled:") ? {} : { network: "network.safetensors" };
      open({ ...experiment, checkpoints: { ...experiment.checkpoints, ...checkpoints } });
    } else open(experiment);
    openedReport.value = report;
    failure.value = null;
  } catch (error) {
    fail(error);
  }
}

/** Complete lines of the metrics; the last line may be incomplete. */
function linesOf(text: string): MetricLine[] {
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .flatMap((line) => {
      if (line === "") return [];
      const { step, loss } = JSON.parse(line) as Partial<MetricLine>;
      return typeof step === "number" && typeof loss === "number" ? [{ step, loss }] : [];
    });
}
