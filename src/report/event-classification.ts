/** The report of a run on recordings of event cameras: accuracies, and the first recordings frame by frame. */
import { type EventSet, frameBits, recordingBytes } from "../data/events.ts";
import type { EventClassificationSpec } from "../experiment/task.ts";
import type { ChartDraft } from "./build-report.ts";
import { type ClassificationRun, type ClassifierRole, classificationReport } from "./classification.ts";
import { imageTicks, sideBySide } from "./images.ts";
import type { Report } from "./report.ts";

export interface EventClassificationRun extends ClassificationRun<EventClassificationSpec> {
  readonly examples: ExampleRecordings;
}

/** Some test recordings, with the first chip's decisions after all time steps. */
export interface ExampleRecordings {
  readonly height: number;
  readonly width: number;
  /** Numbers of the frames that are shown. */
  readonly frames: readonly number[];
  /** `[frames][recordings]`, each `[height * width]`: 1 where a pixel grew brighter, 0.5 where it only grew darker. */
  readonly pictures: readonly (readonly Float64Array[])[];
  readonly labels: readonly string[];
  readonly decisions: readonly string[];
}

export const EVENT_NETWORKS: Readonly<Record<ClassifierRole, string>> = {
  ann: "ANN transformer on all frames at once",
  spiking: "Digital spiking transformer",
  digital: "Xpikeformer network, exact arithmetic",
};

export function eventClassificationReport(run: EventClassificationRun): Report {
  const { patch, frames, frameMicroseconds } = run.experiment.task;
  return classificationReport(run, {
    network: "spiking transformer",
    tokens:
      `Squares of ${patch} x ${patch} pixels are the tokens. Their events enter as spikes, one frame of ${frameMicroseconds / 1000} ms per ` +
      `time step, ${frames} frames in all; the read-out is a mean over tokens.`,
    charts: [recordingsChart(run.examples)],
    claims: [],
  });
}

/** A frame of a recording, as `ExampleRecordings.pictures`. */
export function picture(set: EventSet, recording: number, frame: number): Float64Array {
  const first = frame * frameBits(set);
  const isOn = (bit: number) => (set.bits[recording * recordingBytes(set) + (bit >>> 3)] >>> (bit & 7)) & 1;
  return Float64Array.from({ length: set.height * set.width }, (_, pixel) =>
    isOn(first + 2 * pixel + 1) ? 1 : isOn(first + 2 * pixel) / 2,
  );
}

function recordingsChart({ height, width, frames, pictures, labels, decisions }: ExampleRecordings): ChartDraft {
  const titles = labels.map((label, i) => (decisions[i] === label ? label : `${label} → ${decisions[i]}`));
  const rows = frames.flatMap((frame, f) => [
    ...(f === 0 ? [] : [{ tick: "", values: new Array<number>(labels.length * (width + 1) - 1).fill(0) }]),
    ...sideBySide(pictures[f], height, width).map((values, row) => ({
      tick: row === 0 ? `frame ${frame + 1}` : "",
      values,
    })),
  ]);
  return {
    kind: "heat",
    id: "recordings",
    title: "Test recordings",
    caption: `Frames of the first test recordings, with the first chip's decisions: ${titles.join("; ")}.`,
    x: { label: "Recording", ticks: imageTicks(labels, width) },
    y: { label: "Rows of pixels", ticks: rows.map(({ tick }) => tick) },
    label: "1: grew brighter; 0.5: grew darker",
    values: rows.map(({ values }) => values),
  };
}
