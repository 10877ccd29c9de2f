/**
 * The paper's wireless task (section VI-A): in-context symbol detection on a MIMO link. A prompt holds P known pairs (y_i, x_i)
 * over a channel that is constant within the prompt, then a new y; the network classifies the joint symbol x.
 *
 *   y = H x + n,   H_ra ~ CN(0, 1),   n_r ~ CN(0, v),   v = 10^(-SNR/10), or twice that; y reaches the network quantised
 *
 * The formulation follows Zecchin et al. (public code `kclip/ICL-Equalization`) where the paper leaves it open; `docs/task.md`
 * lists what the paper leaves open and what is chosen here. Not modelled: correlated or time-varying channels, channel coding,
 * and non-linearities other than the quantiser.
 */
import { SpecError, ValueError } from "../errors.ts";
import { BITS_PER_ANTENNA, bitsPerClass, MOST_BITS } from "../experiment/modulation.ts";
import type { SymbolDetectionSpec } from "../experiment/task.ts";
import { exponential, fromDecibels } from "../numeric/exponential.ts";
import type { Stream } from "../numeric/stream.ts";
import { bernoulliInto } from "../spike/encode.ts";
import { emptySpikeTrain, type SpikeTrain } from "../spike/train.ts";
import { changesOf, type TaskKit, type TaskSource, upTo, WITHOUT_IMAGES } from "./kit.ts";
import { constellation, midRiseQuantiser, receivedPoint, receivedPoints, squaredDistance } from "./link.ts";
import { type DetectionErrors, detectionErrors } from "./metrics.ts";
import { type Batch, type DrawOptions, requirePrompts, requireSteps, type Task } from "./task.ts";
import { lineTokens, type Pairs, promptProbabilities, realTokens, tokenGeometry } from "./tokens.ts";

/** Pairs = pilots + 1: the query counts as the last one. Complex values store real and imaginary part next to each other. */
export interface PromptBatch extends Batch {
  readonly spec: SymbolDetectionSpec;
  readonly labels: Int32Array;
  /** H, complex `[prompts, Nr, Nt]`. */
  readonly channels: Float64Array;
  /** Signal-to-noise ratio of each prompt, dB. */
  readonly snrDecibels: Float64Array;
  /** Complex noise variance v of each prompt: real and imaginary part have v / 2 each. */
  readonly noiseVariances: Float64Array;
  /** y before the quantiser, complex `[prompts, pairs, Nr]`. */
  readonly received: Float64Array;
  /** y after the quantiser, as the network and the receivers see it. */
  readonly quantised: Float64Array;
}

export interface SymbolDrawOptions extends DrawOptions {
  /**
   * Uses this SNR for every prompt instead of the task's. Channel, symbols and noise stay the same, apart from the strength of
   * the noise.
   */
  readonly snrDecibels?: number;
  /** The class that every prompt sends at its query, instead of a drawn one. Channel, pilots and noise stay the same. */
  readonly query?: number;
}

export interface SymbolDetectionTask extends Task {
  readonly spec: SymbolDetectionSpec;
  /**
   * Draws prompts.
   *
   * Random   prompt k draws from `random.fork(purpose).fork(firstPrompt + k)` with purposes snr, channel, symbols, noise and
   *          coding; `random` itself is not advanced
   * Throws   ValueError when `prompts`, `firstPrompt` or `snrDecibels` is out of range
   */
  draw(prompts: number, random: Stream, options?: SymbolDrawOptions): PromptBatch;
}

/** The task of a spec, for spiking networks of `steps` time steps. */
export function symbolDetection(spec: SymbolDetectionSpec, steps: number): SymbolDetectionTask {
  requireSteps(steps);
  const geometry = tokenGeometry(spec);
  const points = constellation(spec);
  return {
    spec,
    geometry,
    draw: (prompts, random, options = {}) => {
      checkDraw(prompts, options, 2 ** bitsPerClass(spec));
      const firstPrompt = options.firstPrompt ?? 0;
      const link = drawLink(spec, points, prompts, random, firstPrompt, options);
      const spikes =
        options.spikes !== false && codePairs(spec, link, points, steps, random.fork("coding"), firstPrompt);
      return {
        ...link,
        values: options.values === false ? new Float32Array(0) : realTokens(spec, link, points),
        ...(spikes && { spikes }),
        ...(options.targets === "posterior" && { targets: posterior(link, points) }),
      };
    },
  };
}

/** The publication that both tasks of symbol detection follow. */
export const IN_CONTEXT_DETECTION: TaskSource = {
  text: "Zecchin, Yu, Simeone: In-Context Learning for MIMO Equalization Using Transformer-Based Sequence Models. 2023, with its public code",
  usedFor: "formulation of the symbol-detection task",
  url: "https://arxiv.org/abs/2311.06101",
};

/** Both tasks of symbol detection count bits. */
export const BIT_ERRORS: Pick<TaskKit<never, Task, DetectionErrors, never>, "rate" | "metric"> = {
  rate: ({ bits }) => bits,
  metric: {
    id: "ber",
    name: "bit error rate",
    title: "Bit error rate",
    short: "BER",
    key: "bitErrorRate",
    trial: "prompt",
  },
};

export const symbolDetectionKit: TaskKit<SymbolDetectionSpec, SymbolDetectionTask, DetectionErrors, never> = {
  create: symbolDetection,
  withoutData: () => null,
  scored: "last",
  errors: detectionErrors,
  ...BIT_ERRORS,
  trials: bitsPerClass,
  result: ({ transmitAntennas }) => ({ name: "symbol", perInference: transmitAntennas }),
  taught: (spec, every) => ({ ...spec, queryCopies: { every } }),
  askedOnce: ({ queryCopies, ...spec }) => spec,
  link: (spec) => spec,
  slots: () => null,
  carriesPlaces: false,
  ...WITHOUT_IMAGES,
  changes: (spec, { tokens }) =>
    [
      ...changesOf(spec, "pilots", spec.tokens === "shifted" ? [tokens - 1] : [(tokens - 1) / 2]),
      ...changesOf(spec, "coding", ["bits", "thermometer", "bernoulli", "repeat"]),
      ...changesOf(spec, "receiverBits", upTo(12)),
      ...changesOf(spec, "modulation", Object.keys(BITS_PER_ANTENNA)),
      ...changesOf(spec, "tokens", ["query-context", "shifted", "interleaved"]),
      ...changesOf(spec, "receiveAntennas", upTo(16)),
      ...changesOf(spec, "transmitAntennas", upTo(16)),
      ...upTo(16).map((antennas) => ({ transmitAntennas: antennas, receiveAntennas: antennas })),
    ].filter((change) => bitsPerClass({ ...spec, ...change }) <= MOST_BITS),
  paper: {
    tables: "Tables I, II and IV",
    drift: "Another task and another measure: what can be compared is the order.",
  },
  sources: [IN_CONTEXT_DETECTION],
};

function checkDraw(
  prompts: number,
  { firstPrompt = 0, snrDecibels = 0, query = 0 }: SymbolDrawOptions,
  classes: number,
): void {
  requirePrompts(prompts, firstPrompt);
  if (!(Math.abs(snrDecibels) <= 100)) {
    throw new ValueError("snrDecibels", `${snrDecibels} dB is outside -100 .. 100 dB.`);
  }
  if (!Number.isInteger(query) || query < 0 || query >= classes) {
    throw new ValueError("query", `There is no class ${query}: there are ${classes}, counted from 0.`);
  }
}

/** Most classes for which a posterior is computed: a batch of 64 prompts with 18 pilots then takes 20 MB. */
const MOST_LISTED = 4096;

type Link = Omit<PromptBatch, "values" | "spikes" | "targets">;

/** Channels, symbols and received vectors: everything but their coding for a network. */
function drawLink(
  spec: SymbolDetectionSpec,
  points: Float64Array,
  prompts: number,
  random: Stream,
  firstPrompt: number,
  { snrDecibels: snrOverride, query }: Pick<SymbolDrawOptions, "snrDecibels" | "query">,
): Link {
  const { transmitAntennas: nt, receiveAntennas: nr } = spec;
  const pairs = spec.pilots + 1;
  const classes = points.length / (2 * nt);
  const channelLength = 2 * nr * nt;
  const link = {
    spec,
    prompts,
    labels: new Int32Array(prompts * pairs),
    channels: new Float64Array(prompts * channelLength),
    snrDecibels: new Float64Array(prompts),
    noiseVariances: new Float64Array(prompts),
    received: new Float64Array(prompts * pairs * 2 * nr),
    quantised: new Float64Array(prompts * pairs * 2 * nr),
  };
  const quantiser = midRiseQuantiser(spec.receiverBits, spec.receiverRange);
  const noiseless = new Float64Array(2 * nr);
  const snrs = random.fork("snr");
  const fades = random.fork("channel");
  const messages = random.fork("symbols");
  const noises = random.fork("noise");
  for (let k = 0; k < prompts; k++) {
    const channel = fades.fork(firstPrompt + k);
    const symbols = messages.fork(firstPrompt + k);
    const noise = noises.fork(firstPrompt + k);
    link.snrDecibels[k] = snrOverride ?? drawSnr(spec, snrs.fork(firstPrompt + k));
    const variance = (spec.noise === "doubled" ? 2 : 1) * fromDecibels(-link.snrDecibels[k]);
    link.noiseVariances[k] = variance;
    for (let i = 0; i < channelLength; i++) link.channels[k * channelLength + i] = Math.SQRT1_2 * channel.normal();
    const deviation = Math.sqrt(variance / 2);
    for (let pair = k * pairs; pair < (k + 1) * pairs; pair++) {
      const drawn = symbols.integer(classes);
      const label = pair === (k + 1) * pairs - 1 ? (query ?? drawn) : drawn;
      link.labels[pair] = label;
      receivedPoint(link.channels, k * channelLength, points, label, spec, noiseless, 0);
      for (let i = 0; i < 2 * nr; i++) {
        const y = noiseless[i] + deviation * noise.normal();
        link.received[pair * 2 * nr + i] = y;
        link.quantised[pair * 2 * nr + i] = quantiser.value(quantiser.code(y));
      }
    }
  }
  return link;
}

function drawSnr({ snrDecibels }: SymbolDetectionSpec, random: Stream): number {
  if (typeof snrDecibels === "number") return snrDecibels;
  return snrDecibels.min + (snrDecibels.max - snrDecibels.min) * random.uniform();
}

/** Spike input in the task's coding; none for `repeat`, which gives a spiking network real values. */
function codePairs(
  spec: SymbolDetectionSpec,
  pairs: Pairs,
  points: Float64Array,
  steps: number,
  random: Stream,
  firstPrompt: number,
): SpikeTrain | undefined {
  if (spec.coding === "repeat") return undefined;
  if (spec.coding !== "bernoulli") return lineTokens(spec, pairs, steps);
  const { inputs, tokens } = tokenGeometry(spec).spiking;
  const train = emptySpikeTrain(steps, pairs.prompts * tokens, inputs);
  for (let k = 0; k < pairs.prompts; k++) {
    bernoulliInto(train, k * tokens, promptProbabilities(spec, pairs, k, points), random.fork(firstPrompt + k));
  }
  return train;
}

/**
 * The exact posterior of the class at every query, `[prompts, pairs, classes]`, given H, v and y before the quantiser:
 *
 *   p(c | y) = exp(-|y - H x_c|^2 / v) / sum over c' of the same
 *
 * Training on the posterior has the same expected gradient as training on the transmitted classes, which are a draw from
 * it, with less variance. (The network sees less than this posterior conditions on; its own best answer is the posterior's
 * mean over everything else.)
 *
 * Throws  SpecError when there are too many classes to list
 */
function posterior(link: Link, points: Float64Array): Float32Array {
  const { spec, prompts, channels, received, noiseVariances } = link;
  const length = 2 * spec.receiveAntennas;
  const pairs = spec.pilots + 1;
  const classes = points.length / (2 * spec.transmitAntennas);
  if (classes > MOST_LISTED) {
    throw new SpecError(
      "training.labels",
      `${spec.transmitAntennas} antennas of ${spec.modulation} have ${classes} joint symbols. A posterior lists them all, at most ${MOST_LISTED}. ` +
        "Set training.labels to `symbols`, or to `teacher` with a teacher that reads out bits.",
    );
  }
  const noiseless = new Float64Array(classes * length);
  const exponents = new Float64Array(classes);
  const targets = new Float32Array(prompts * pairs * classes);
  for (let k = 0; k < prompts; k++) {
    receivedPoints(channels, k * length * spec.transmitAntennas, points, spec, noiseless);
    for (let pair = k * pairs; pair < (k + 1) * pairs; pair++) {
      let nearest = Number.POSITIVE_INFINITY;
      for (let c = 0; c < classes; c++) {
        const distance = squaredDistance(received, pair * length, noiseless, c * length, length);
        exponents[c] = distance;
        nearest = Math.min(nearest, distance);
      }
      let sum = 0;
      for (let c = 0; c < classes; c++) {
        exponents[c] = exponential((nearest - exponents[c]) / noiseVariances[k]);
        sum += exponents[c];
      }
      for (let c = 0; c < classes; c++) targets[pair * classes + c] = exponents[c] / sum;
    }
  }
  return targets;
}
