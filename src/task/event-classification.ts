/**
 * Classification of event-camera recordings; the events are the input spikes. A prompt is one recording. Its tokens are squares
 * of the sensor, row by row. There is one query, whose logits are the mean over all tokens, so there is one decision per prompt.
 *
 * Time step t of a spiking network sees frame t mod `frames` (`data/events.ts`): line 2 p + polarity of a token is 1 if pixel p
 * of its square had an event in the frame. A network with fewer steps than frames therefore answers before the recording is over,
 * and one with more steps sees it again. An ANN has no steps; it sees all frames concatenated, as values of 0 and 1. Nothing is
 * random or augmented. Not modelled: the time within a frame, the number of events per bit, and a time axis in attention.
 */
import { type EventData, type EventSet, frameBits, recordingBytes } from "../data/events.ts";
import { MOVING_BARS } from "../data/moving-bars.ts";
import { SpecError } from "../errors.ts";
import type { EventClassificationSpec } from "../experiment/task.ts";
import { fullMask, type Geometry } from "../model/geometry.ts";
import type { Stream } from "../numeric/stream.ts";
import { emptySpikeTrain, type SpikeTrain, wordsPerRow } from "../spike/train.ts";
import { changesOf, type TaskKit, upTo, WITHOUT_COPIES, WITHOUT_IMAGES } from "./kit.ts";
import { type Located, locateIn, requireCountOf, requireSizes } from "./labelled.ts";
import { type ClassificationErrors, classificationErrors } from "./metrics.ts";
import {
  type Batch,
  type DataPlace,
  type DrawOptions,
  requirePrompts,
  requireSteps,
  type Task,
  type TaskGeometry,
} from "./task.ts";

/** Pixels of the sensor and classes. */
export interface SensorShape {
  readonly height: number;
  readonly width: number;
  readonly classes: number;
}

const KNOWN: Readonly<Record<Extract<EventClassificationSpec["data"], string>, SensorShape>> = {
  "moving-bars": MOVING_BARS,
  "n-mnist": { height: 34, width: 34, classes: 10 },
};

/** Sizes of the spec's recordings: those of a known set, or those given in the spec. */
export const sensorShape = ({ data }: EventClassificationSpec): SensorShape =>
  typeof data === "string" ? KNOWN[data] : data;

export interface EventTask extends Task {
  readonly spec: EventClassificationSpec;
  readonly shape: SensorShape;
  /**
   * Draws recordings.
   *
   * Random   for training, the order of recordings, as in `DataPlace`
   * Throws   SpecError when the task was made without recordings; ValueError when the part has fewer than requested
   */
  draw(prompts: number, random: Stream, options?: DrawOptions): Batch;
}

/**
 * The task of a spec, for spiking networks with `steps` time steps. Without recordings it has a geometry but draws nothing.
 * Throws  ShapeError when the recordings do not match the spec
 */
export function eventClassification(
  spec: EventClassificationSpec,
  steps: number,
  recordings: EventData | null,
): EventTask {
  requireSteps(steps);
  const geometry = eventGeometry(spec);
  const shape = sensorShape(spec);
  const { height, width, classes } = shape;
  const { frames, frameMicroseconds } = spec;
  if (recordings) requireSizes(recordings, { height, width, classes, frames, frameMicroseconds }, "recordings");
  const locate = recordings && locateIn(recordings);
  const plan = planLines(spec, geometry.spiking);
  return {
    spec,
    geometry,
    shape,
    draw: (prompts, _random, { firstPrompt = 0, from = TEST, ...options } = {}) => {
      requirePrompts(prompts, firstPrompt);
      if (!recordings || !locate) throw withoutRecordings();
      requireCountOf(recordings, from, firstPrompt, prompts, "Recordings");
      const located = Array.from({ length: prompts }, (_, k) => locate(from, k, firstPrompt));
      return {
        prompts,
        labels: Int32Array.from(located, ({ set, index }) => set.labels[index]),
        values: options.values === false ? new Float32Array(0) : framesAsValues(plan, located),
        ...(options.spikes !== false && { spikes: framesAsSpikes(plan, located, steps) }),
      };
    },
  };
}

export const eventClassificationKit: TaskKit<EventClassificationSpec, EventTask, ClassificationErrors, EventData> = {
  create: eventClassification,
  withoutData: withoutRecordings,
  scored: "last",
  errors: (labels, decisions, spec) => classificationErrors(labels, decisions, sensorShape(spec).classes),
  rate: ({ answers }) => answers,
  trials: () => 1,
  metric: {
    id: "error",
    name: "error rate",
    title: "Error rate",
    short: "errors",
    key: "errorRate",
    trial: "recording",
  },
  result: () => ({ name: "recording", perInference: 1 }),
  ...WITHOUT_COPIES,
  ...WITHOUT_IMAGES,
  changes: (spec) => [
    ...changesOf(spec, "data", ["moving-bars", "n-mnist"]),
    ...changesOf(spec, "patch", upTo(34)),
    ...changesOf(spec, "frames", upTo(64)),
  ],
  paper: {
    tables: "Tables I and II",
    drift: "Another task, data set and network; an error rate rises by what an accuracy falls.",
  },
  sources: [
    {
      text: "Orchard, Jayawant, Cohen, Thakor: Converting Static Image Datasets to Spiking Neuromorphic Datasets Using Saccades. Frontiers in Neuroscience 9:437, 2015",
      usedFor: "recordings of an event camera, and the format of their files",
      url: "https://doi.org/10.3389/fnins.2015.00437",
    },
  ],
};

const TEST: DataPlace = { part: "test" };

function withoutRecordings(): SpecError {
  return new SpecError(
    "task.data",
    "The task classifies recordings, but none were given. Load them (loadTaskData in xpikeformer/node) or generate " +
      "them (movingBars), and open the experiment with them: openExperiment(experiment, recordings).",
  );
}

/** Sizes for networks with real-valued inputs and for spiking networks: an encoder, where every token sees every token. */
function eventGeometry(spec: EventClassificationSpec): TaskGeometry {
  const { height, width, classes } = sensorShape(spec);
  const grid = { rows: Math.ceil(height / spec.patch), columns: Math.ceil(width / spec.patch) };
  const tokens = grid.rows * grid.columns;
  const spiking: Geometry = {
    inputs: 2 * spec.patch ** 2,
    tokens,
    classes,
    mask: fullMask(tokens),
    queries: Int32Array.of(tokens - 1),
    readOut: "mean",
  };
  return { spiking, real: { ...spiking, inputs: spec.frames * spiking.inputs }, grid };
}

interface LinePlan extends Pick<Geometry, "tokens" | "inputs"> {
  readonly frames: number;
  /** Bits of a frame, and for each token and line the index of its bit; -1 past the edge of the sensor, where nothing happens. */
  readonly frameBits: number;
  readonly bits: Int32Array;
}

function planLines(spec: EventClassificationSpec, { tokens, inputs }: Geometry): LinePlan {
  const shape = sensorShape(spec);
  const { height, width } = shape;
  const columns = Math.ceil(width / spec.patch);
  const bits = Int32Array.from({ length: tokens * inputs }, (_, i) => {
    const [token, line] = [Math.floor(i / inputs), i % inputs];
    const pixel = line >> 1;
    const row = Math.floor(token / columns) * spec.patch + Math.floor(pixel / spec.patch);
    const column = (token % columns) * spec.patch + (pixel % spec.patch);
    return row < height && column < width ? 2 * (row * width + column) + (line & 1) : -1;
  });
  return { tokens, inputs, frames: spec.frames, frameBits: frameBits(shape), bits };
}

/** Whether line i, counted over all tokens, is on in a frame of a recording. */
function isOn({ frameBits, bits }: LinePlan, { set, index }: Located<EventSet>, frame: number, i: number): boolean {
  if (bits[i] < 0) return false;
  const bit = frame * frameBits + bits[i];
  return ((set.bits[index * recordingBytes(set) + (bit >>> 3)] >>> (bit & 7)) & 1) === 1;
}

/** Spikes `[T][prompts tokens][lines]`. */
function framesAsSpikes(plan: LinePlan, located: readonly Located<EventSet>[], steps: number): SpikeTrain {
  const { tokens, inputs, frames, bits } = plan;
  const train = emptySpikeTrain(steps, located.length * tokens, inputs);
  const stride = wordsPerRow(inputs);
  for (let t = 0; t < steps; t++) {
    for (const [k, recording] of located.entries()) {
      const first = (t * located.length + k) * tokens * stride;
      for (let i = 0; i < bits.length; i++) {
        if (!isOn(plan, recording, t % frames, i)) continue;
        const line = i % inputs;
        train.words[first + Math.floor(i / inputs) * stride + (line >>> 5)] |= 1 << (line & 31);
      }
    }
  }
  return train;
}

/** Values `[prompts, tokens, frames lines]`, 0 and 1. */
function framesAsValues(plan: LinePlan, located: readonly Located<EventSet>[]): Float32Array {
  const { tokens, inputs, frames, bits } = plan;
  const values = new Float32Array(located.length * tokens * frames * inputs);
  for (const [k, recording] of located.entries()) {
    for (let frame = 0; frame < frames; frame++) {
      for (let i = 0; i < bits.length; i++) {
        const [token, line] = [Math.floor(i / inputs), i % inputs];
        if (isOn(plan, recording, frame, i)) values[((k * tokens + token) * frames + frame) * inputs + line] = 1;
      }
    }
  }
  return values;
}
