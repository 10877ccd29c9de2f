/**
 * Prediction of a time series: from a window of samples, the values some samples later. A prompt is one window; its tokens are `patch`
 * consecutive samples each, the last token is the query, and the mean logits there are the answer: numbers, in standard deviations of
 * the training part.
 *
 * Training takes windows at any place of the training part, each once per epoch in a new order; validation and test take windows that
 * do not overlap, in their order. A real input holds a sample as it is. For a spiking network, samples are coded as those of a
 * receiver: cells of a mid-rise quantiser over -range .. range standard deviations as bits or thermometer lines, or, with `bernoulli`,
 * the probability 1/2 + x / (2 range) of the cell's centre x. Not modelled: several channels, predictions from predictions.
 */
import { type SeriesData, spanOf } from "../data/series.ts";
import { ShapeError, SpecError } from "../errors.ts";
import type { TimeSeriesSpec } from "../experiment/task.ts";
import { fullMask, type Geometry } from "../model/geometry.ts";
import type { Stream } from "../numeric/stream.ts";
import { bernoulliInto, repeatBits } from "../spike/encode.ts";
import { emptySpikeTrain, type SpikeTrain, wordsPerRow } from "../spike/train.ts";
import { changesOf, type TaskKit, upTo, WITHOUT_COPIES, WITHOUT_IMAGES } from "./kit.ts";
import { locateIn, requireCountOf } from "./labelled.ts";
import { linesPerValue, midRiseQuantiser, type Quantiser, setLines } from "./link.ts";
import { type NumberErrors, numberErrors } from "./metrics.ts";
import { type Batch, type DataPlace, type DrawOptions, requirePrompts, requireSteps, type Task } from "./task.ts";

export interface TimeSeriesTask extends Task {
  readonly spec: TimeSeriesSpec;
  /**
   * Draws windows.
   *
   * Random   for training, the order of windows, as in `DataPlace`. Window k of the batch is coded with
   *          `random.fork("coding").fork(firstPrompt + k)`
   * Throws   SpecError when the task was made without a series; ValueError when the part has fewer windows than requested
   */
  draw(prompts: number, random: Stream, options?: DrawOptions): Batch;
}

/**
 * The task of a spec, for spiking networks with `steps` time steps. Without a series it has a geometry but draws nothing.
 * Throws  SpecError when tokens do not fill the window; ShapeError when the series was cut for other windows
 */
export function timeSeries(spec: TimeSeriesSpec, steps: number, series: SeriesData | null): TimeSeriesTask {
  requireSteps(steps);
  const { window, horizon, outputs, patch } = spec;
  const real = realGeometry(spec);
  if (series) requireCut(series, spec);
  const locate = series && locateIn(series);
  const coding = { spec, steps, quantiser: midRiseQuantiser(spec.sampleBits, spec.range) };
  return {
    spec,
    geometry: { real, spiking: { ...real, inputs: patch * linesPerSample(spec) } },
    draw: (prompts, random, { firstPrompt = 0, from = TEST, ...options } = {}) => {
      requirePrompts(prompts, firstPrompt);
      if (!series || !locate) throw withoutSeries();
      requireCountOf(series, from, firstPrompt, prompts, "Windows");
      const values = new Float32Array(prompts * window);
      const labels = new Float32Array(prompts * outputs);
      for (let k = 0; k < prompts; k++) {
        const { set, index: at } = locate(from, k, firstPrompt);
        const index = at * set.stride;
        values.set(set.samples.subarray(index, index + window), k * window);
        const first = index + window + horizon - 1;
        labels.set(set.samples.subarray(first, first + outputs), k * outputs);
      }
      const isCoded = options.spikes !== false && spec.coding !== "repeat";
      return {
        prompts,
        labels,
        values: options.values === false ? new Float32Array(0) : values,
        ...(isCoded && { spikes: codeSamples(coding, values, random.fork("coding"), firstPrompt) }),
      };
    },
  };
}

export const timeSeriesKit: TaskKit<TimeSeriesSpec, TimeSeriesTask, NumberErrors, SeriesData> = {
  create: timeSeries,
  withoutData: withoutSeries,
  scored: "last",
  errors: (labels, decisions, _spec, numbers) => numberErrors(labels, decisions, numbers),
  rate: ({ squares }) => squares,
  trials: () => 1,
  metric: {
    id: "squared-error",
    name: "normalised squared error",
    title: "Normalised squared error",
    short: "squared error",
    key: "squaredError",
    isUnbounded: true,
    trial: "window",
  },
  result: () => ({ name: "prediction", perInference: 1 }),
  ...WITHOUT_COPIES,
  ...WITHOUT_IMAGES,
  changes: (spec) => [
    ...changesOf(spec, "patch", upTo(64)),
    ...changesOf(spec, "outputs", upTo(64)),
    ...changesOf(spec, "coding", ["bernoulli", "bits", "thermometer", "repeat"]),
    ...changesOf(spec, "sampleBits", upTo(8)),
    ...changesOf(spec, "window", upTo(256)),
  ],
  paper: {
    tables: "Table I",
    drift: "Another task and network; a squared error is not an accuracy.",
  },
  sources: [
    {
      text: "Yik et al.: The NeuroBench framework for benchmarking neuromorphic computing algorithms and systems. Nature Communications 16:1545, 2025",
      usedFor: "the prediction of the Mackey-Glass series as a task, and its parameters",
      url: "https://doi.org/10.1038/s41467-025-56739-4",
    },
  ],
};

const TEST: DataPlace = { part: "test" };

function withoutSeries(): SpecError {
  return new SpecError(
    "task.data",
    "The task predicts a series, but none was given. Load it (loadTaskData in xpikeformer/node), or cut your own (seriesData), and open " +
      "the experiment with it: openExperiment(experiment, series).",
  );
}

/** An encoder, where every token sees every token, read at the last. */
function realGeometry({ window, patch, outputs }: TimeSeriesSpec): Geometry {
  const tokens = window / patch;
  if (!Number.isInteger(tokens)) {
    const fitting = upTo(window).filter((size) => window % size === 0);
    throw new SpecError(
      "task.patch",
      `Tokens of ${patch} samples do not fill a window of ${window} (${window} / ${patch} = ${Number(tokens.toFixed(3))}). Sizes that do: ` +
        `${fitting.join(", ")}.`,
    );
  }
  return {
    inputs: patch,
    tokens,
    classes: outputs,
    answer: "numbers",
    mask: fullMask(tokens),
    queries: Int32Array.of(tokens - 1),
  };
}

function requireCut({ test }: SeriesData, spec: TimeSeriesSpec): void {
  const span = spanOf(spec);
  if (test.stride === span) return;
  throw new ShapeError(
    "series.test",
    `The series was cut for windows that take ${test.stride} samples with their answers, but the task's take ${spec.window} + ` +
      `${spec.horizon} + ${spec.outputs} - 1 = ${span}. Cut the series (seriesData) for this task.`,
  );
}

/** Binary lines of a sample. */
const linesPerSample = ({ coding, sampleBits }: TimeSeriesSpec): number => linesPerValue(coding, sampleBits);

interface Coding {
  readonly spec: TimeSeriesSpec;
  readonly steps: number;
  readonly quantiser: Quantiser;
}

/** Spikes `[T][prompts tokens][patch lines]` of samples `[prompts, tokens, patch]`. */
function codeSamples(
  { spec, steps, quantiser }: Coding,
  samples: Float32Array,
  random: Stream,
  firstPrompt: number,
): SpikeTrain {
  const { window, patch, coding, range } = spec;
  const lines = linesPerSample(spec);
  const features = patch * lines;
  const rows = samples.length / patch;
  const codes = Int32Array.from(samples, quantiser.code);
  if (coding === "bernoulli") {
    const train = emptySpikeTrain(steps, rows, features);
    const probabilities = Float64Array.from(codes, (code) => 0.5 + quantiser.value(code) / (2 * range));
    for (let k = 0; k * window < samples.length; k++) {
      const values = probabilities.subarray(k * window, (k + 1) * window);
      bernoulliInto(
        train,
        (k * window) / patch,
        { rows: window / patch, features, values },
        random.fork(firstPrompt + k),
      );
    }
    return train;
  }
  const train = emptySpikeTrain(1, rows, features);
  const stride = wordsPerRow(features);
  for (const [i, code] of codes.entries()) {
    setLines(coding, code, lines, (line) => {
      const at = (i % patch) * lines + line;
      train.words[Math.floor(i / patch) * stride + (at >>> 5)] |= 1 << (at & 31);
    });
  }
  return repeatBits(train, steps);
}
