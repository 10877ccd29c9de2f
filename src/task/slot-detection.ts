/**
 * In-context symbol detection on a slot of an OFDM grid. A prompt is one slot over a fading channel (`src/channel`): first a token
 * (y, x, place) for every pilot, then a token (y, place) for every data element, each of which is a query for its joint symbol.
 *
 *   mask     every token attends to all pilots and to nothing else, so one set of pilots serves all queries, in any order
 *   y        quantised; the bits or thresholds of each part
 *   x        for each antenna, two pairs of lines (bit, not bit) of its QPSK pilot; silent antennas and data have none
 *   place    symbol and subcarrier, in pairs of a line and its opposite. As a thermometer, two places l and m of L share L - 1 -
 *            |l - m| of the lines that are on, so that the AND of attention measures their distance
 *
 * Real inputs are the same, with the parts of y and x as numbers instead of lines. All queries count, and the errors of a slot, whose
 * elements share a channel, are one cluster. Not modelled: a code over the data, and copies of queries.
 */
import type { ResponsePart } from "../channel/given.ts";
import { gridOf, type SlotGrid } from "../channel/grid.ts";
import type { Slot } from "../channel/slot.ts";
import { type GivenChannels, slotSource, withoutChannels } from "../channel/source.ts";
import { SpecError, ValueError } from "../errors.ts";
import { BITS_PER_ANTENNA, bitsPerClass, MOST_BITS } from "../experiment/modulation.ts";
import type { SlotDetectionSpec } from "../experiment/slot-detection.ts";
import { MOST_TOKENS } from "../model/geometry.ts";
import { exponential, fromDecibels } from "../numeric/exponential.ts";
import type { Stream } from "../numeric/stream.ts";
import { repeatBits } from "../spike/encode.ts";
import { emptySpikeTrain, type SpikeTrain, wordsPerRow } from "../spike/train.ts";
import { changesOf, type TaskKit, upTo, WITHOUT_COPIES, WITHOUT_IMAGES } from "./kit.ts";
import {
  antennaSymbols,
  constellation,
  linesPerValue,
  midRiseQuantiser,
  type Quantiser,
  receivedPoints,
  setLines,
  squaredDistance,
} from "./link.ts";
import { type DetectionErrors, detectionErrors } from "./metrics.ts";
import { BIT_ERRORS, IN_CONTEXT_DETECTION } from "./symbol-detection.ts";
import {
  type Batch,
  type DataPlace,
  type DrawOptions,
  requirePrompts,
  requireSteps,
  type Task,
  type TaskGeometry,
} from "./task.ts";

/** Most classes for which a posterior is computed. */
const MOST_LISTED = 4096;

export interface SlotBatch extends Batch {
  readonly spec: SlotDetectionSpec;
  readonly labels: Int32Array;
  readonly grid: SlotGrid;
  /** What was sent over which channel. `received` is quantised, as networks see it; classical receivers take these slots. */
  readonly slots: readonly Slot[];
  /** Signal-to-noise ratio of each prompt, dB. */
  readonly snrDecibels: Float64Array;
}

export interface SlotDrawOptions extends DrawOptions {
  /** Uses this SNR for every prompt; channel, symbols and noise stay the same, apart from the strength of the noise. */
  readonly snrDecibels?: number;
}

export interface SlotPromptOptions extends DrawOptions {
  /** The tokens of prompt k, as many as usual. Default: pilots, then data, in the order of their elements. */
  readonly tokens?: (k: number) => readonly SlotToken[];
}

/** An element of the grid, and the antennas whose x it carries. */
export interface SlotToken {
  readonly element: number;
  readonly antennas: readonly number[];
}

export interface SlotDetectionTask extends Task {
  readonly spec: SlotDetectionSpec;
  readonly grid: SlotGrid;
  /**
   * Draws prompts.
   *
   * Random   prompt k draws from forks of `random` by purpose and `firstPrompt + k`; `random` itself is not advanced
   * Throws   ValueError when `prompts`, `firstPrompt` or `snrDecibels` is out of range
   */
  draw(prompts: number, random: Stream, options?: SlotDrawOptions): SlotBatch;
  /** Prompts of given slots, before the quantiser, and their signal-to-noise ratios. */
  prompts(exact: readonly Slot[], snrDecibels: Float64Array, options?: SlotPromptOptions): SlotBatch;
}

/**
 * The task of a spec, for spiking networks of `steps` time steps, over channels of its model or those of a file.
 * Throws  SpecError for more tokens than a network can have; ValueError for a channel that does not fit its antennas
 */
export function slotDetection(
  spec: SlotDetectionSpec,
  steps: number,
  channels: GivenChannels | null = null,
): SlotDetectionTask {
  requireSteps(steps);
  const { transmitAntennas: nt, receiveAntennas: nr } = spec;
  const grid = gridOf(spec.channel, nt, nr);
  const source = slotSource(spec.channel, grid, channels);
  const points = antennaSymbols(spec);
  const tokens = slotTokens(grid);
  const geometry = slotGeometry(spec, grid, tokens);
  const quantiser = midRiseQuantiser(spec.receiverBits, spec.receiverRange);
  const promptsOf: SlotDetectionTask["prompts"] = (exact, snrDecibels, options = {}) => {
    const tokensOf = options.tokens ?? (() => tokens);
    const slots = exact.map((slot) => ({
      ...slot,
      received: slot.received.map((y) => quantiser.value(quantiser.code(y))),
    }));
    return {
      spec,
      grid,
      slots,
      prompts: slots.length,
      snrDecibels,
      labels: Int32Array.from(slots.flatMap(({ words }) => classesOf(words, spec))),
      values: options.values === false ? new Float32Array(0) : realTokens(spec, grid, tokensOf, slots),
      ...(options.spikes !== false && { spikes: lineTokens(spec, grid, tokensOf, slots, quantiser, steps) }),
      ...(options.targets === "posterior" && { targets: posterior(spec, grid, exact) }),
    };
  };
  return {
    spec,
    grid,
    geometry,
    prompts: promptsOf,
    draw: (prompts, random, options = {}) => {
      const { firstPrompt = 0, snrDecibels: fixed, from } = options;
      requirePrompts(prompts, firstPrompt);
      if (fixed !== undefined && !(Math.abs(fixed) <= 100)) {
        throw new ValueError("snrDecibels", `${fixed} dB is outside -100 .. 100 dB.`);
      }
      const ratios = Float64Array.from({ length: prompts }, (_, k) => {
        const { min, max } = spec.snrDecibels;
        return fixed ?? min + (max - min) * random.fork("snr", firstPrompt + k).uniform();
      });
      const exact = Array.from(ratios, (decibels, k) =>
        source(
          { grid, points, noiseVariance: fromDecibels(-decibels) },
          random,
          firstPrompt + k,
          PARTS[from?.part ?? "test"],
        ),
      );
      return promptsOf(exact, ratios, options);
    },
  };
}

/** Channels of a file for each part of the data. */
const PARTS: Readonly<Record<DataPlace["part"], ResponsePart>> = {
  training: "training",
  calibration: "training",
  validation: "validation",
  test: "test",
};

export const slotDetectionKit: TaskKit<SlotDetectionSpec, SlotDetectionTask, DetectionErrors, GivenChannels | null> = {
  create: slotDetection,
  withoutData: ({ channel }) => (channel.kind === "file" ? withoutChannels(channel) : null),
  scored: "all",
  errors: detectionErrors,
  ...BIT_ERRORS,
  trials: (spec) => bitsPerClass(spec) * dataElements(spec),
  result: (spec) => ({ name: "symbol", perInference: spec.transmitAntennas * dataElements(spec) }),
  ...WITHOUT_COPIES,
  ...WITHOUT_IMAGES,
  slots: (spec) => spec,
  carriesPlaces: true,
  changes: (spec) =>
    [
      ...changesOf(spec, "coding", ["bits", "thermometer"]),
      ...changesOf(spec, "receiverBits", upTo(8)),
      ...changesOf(spec, "positions", ["thermometer", "binary"]),
      ...changesOf(spec, "modulation", Object.keys(BITS_PER_ANTENNA)),
      ...changesOf(spec, "receiveAntennas", upTo(16)),
      ...changesOf(spec, "transmitAntennas", upTo(16)),
    ].filter((change) => bitsPerClass({ ...spec, ...change }) <= MOST_BITS),
  paper: {
    tables: "Tables I and II; the paper detects one symbol per prompt",
    drift: "Another task: the paper detects one symbol per prompt.",
  },
  sources: [
    IN_CONTEXT_DETECTION,
    {
      text: "3GPP TR 38.901: Study on channel model for frequencies from 0.5 to 100 GHz",
      usedFor: "delay lines, clusters and motion of the channels",
      url: "https://www.3gpp.org/dynareport/38901.htm",
    },
  ],
};

/** Elements of a prompt that carry data. */
const dataElements = ({ channel, transmitAntennas, receiveAntennas }: SlotDetectionSpec): number =>
  gridOf(channel, transmitAntennas, receiveAntennas).data.length;

/** Joint symbols of the data elements: antenna 0 first, as in `link.ts`. */
function classesOf(words: Int32Array, { transmitAntennas: nt, modulation }: SlotDetectionSpec): number[] {
  return Array.from({ length: words.length / nt }, (_, i) =>
    words.subarray(i * nt, (i + 1) * nt).reduce((word, own) => word * 2 ** BITS_PER_ANTENNA[modulation] + own, 0),
  );
}

/** Pilots in the order of their elements, then data in theirs. */
export function slotTokens({ pilots, data }: SlotGrid): readonly SlotToken[] {
  const context = pilots.flatMap((elements, a) => Array.from(elements, (element) => ({ element, antennas: [a] })));
  return [
    ...context.sort((a, b) => a.element - b.element),
    ...Array.from(data, (element) => ({ element, antennas: [] })),
  ];
}

function slotGeometry(spec: SlotDetectionSpec, grid: SlotGrid, { length: tokens }: readonly SlotToken[]): TaskGeometry {
  if (tokens > MOST_TOKENS) {
    throw new SpecError(
      "task.channel.subcarriers",
      `A slot of ${grid.symbols} symbols and ${grid.subcarriers} subcarriers makes ${tokens} tokens, but networks have at most ${MOST_TOKENS}. Use a window of at most ${Math.floor(MOST_TOKENS / grid.symbols)} subcarriers.`,
    );
  }
  const context = tokens - grid.data.length;
  const mask = Uint8Array.from({ length: tokens * tokens }, (_, i) => (i % tokens < context ? 1 : 0));
  const queries = Int32Array.from({ length: grid.data.length }, (_, i) => context + i);
  const rest = { tokens, classes: 2 ** bitsPerClass(spec), mask, queries };
  const { transmitAntennas: nt, receiveAntennas: nr } = spec;
  const place = placeLines(spec, grid, 0).length;
  return {
    real: { ...rest, inputs: 2 * nr + 2 * nt + place },
    spiking: { ...rest, inputs: 2 * nr * linesPerPart(spec) + 4 * nt + place },
  };
}

/** Binary lines of one real part of y. */
const linesPerPart = ({ coding, receiverBits }: SlotDetectionSpec): number => linesPerValue(coding, receiverBits);

/** The lines of an element's place: symbol, then subcarrier; each line with its opposite. */
function placeLines({ positions }: SlotDetectionSpec, { symbols, subcarriers }: SlotGrid, element: number): number[] {
  const along = (place: number, count: number) => {
    const lines = positions === "thermometer" ? count - 1 : Math.ceil(Math.log2(count));
    return Array.from({ length: lines }, (_, i) =>
      positions === "thermometer" ? place > i : ((place >>> (lines - 1 - i)) & 1) === 1,
    );
  };
  return [...along(Math.floor(element / subcarriers), symbols), ...along(element % subcarriers, subcarriers)].flatMap(
    (isOn) => (isOn ? [1, 0] : [0, 1]),
  );
}

/** Values `[prompts, tokens, 2 Nr + 2 Nt + place]`; pilots have the levels +-1 whatever their power. */
function realTokens(
  spec: SlotDetectionSpec,
  grid: SlotGrid,
  tokensOf: (k: number) => readonly SlotToken[],
  slots: readonly Slot[],
): Float32Array {
  const { transmitAntennas: nt, receiveAntennas: nr } = spec;
  const places = placesOf(spec, grid);
  const inputs = 2 * nr + 2 * nt + places[0].length;
  const values = new Float32Array(slots.length * places.length * inputs);
  slots.forEach(({ received, sent }, k) => {
    tokensOf(k).forEach(({ element, antennas }, token) => {
      const row = (k * places.length + token) * inputs;
      values.set(received.subarray(2 * element * nr, 2 * (element + 1) * nr), row);
      for (const a of antennas) {
        for (let own = 2 * a; own < 2 * a + 2; own++) {
          values[row + 2 * nr + own] = Math.sign(sent[2 * element * nt + own]);
        }
      }
      values.set(places[element], row + 2 * nr + 2 * nt);
    });
  });
  return values;
}

/** Of all elements of the grid. */
const placesOf = (spec: SlotDetectionSpec, grid: SlotGrid): number[][] =>
  Array.from({ length: grid.symbols * grid.subcarriers }, (_, element) => placeLines(spec, grid, element));

/** Binary lines of the tokens, the same at every time step. */
function lineTokens(
  spec: SlotDetectionSpec,
  grid: SlotGrid,
  tokensOf: (k: number) => readonly SlotToken[],
  slots: readonly Slot[],
  quantiser: Quantiser,
  steps: number,
): SpikeTrain {
  const { transmitAntennas: nt, receiveAntennas: nr } = spec;
  const lines = linesPerPart(spec);
  const places = placesOf(spec, grid);
  const features = 2 * nr * lines + 4 * nt + places[0].length;
  const train = emptySpikeTrain(1, slots.length * places.length, features);
  const stride = wordsPerRow(features);
  slots.forEach(({ received, sent }, k) => {
    tokensOf(k).forEach(({ element, antennas }, token) => {
      const row = (k * places.length + token) * stride;
      const set = (line: number) => {
        train.words[row + (line >>> 5)] |= 1 << (line & 31);
      };
      for (let i = 0; i < 2 * nr; i++) {
        const code = quantiser.code(received[2 * element * nr + i]);
        setLines(spec.coding, code, lines, (line) => set(i * lines + line));
      }
      for (const a of antennas) {
        for (let part = 0; part < 2; part++) {
          const bit = sent[2 * (element * nt + a) + part] < 0 ? 1 : 0;
          set(2 * nr * lines + 4 * a + 2 * part + (1 - bit));
        }
      }
      places[element].forEach((isOn, i) => {
        if (isOn) set(2 * nr * lines + 4 * nt + i);
      });
    });
  });
  return repeatBits(train, steps);
}

/**
 * p(c | y) = exp(-|y - H x_c|^2 / v) / sum, `[prompts, queries, classes]`, from the channel and y before the quantiser.
 * Throws  SpecError when there are too many classes to list
 */
function posterior(spec: SlotDetectionSpec, { data }: SlotGrid, slots: readonly Slot[]): Float32Array {
  const { transmitAntennas: nt, receiveAntennas: nr } = spec;
  const classes = 2 ** bitsPerClass(spec);
  if (classes > MOST_LISTED) {
    throw new SpecError(
      "training.labels",
      `A posterior lists all ${classes} joint symbols, at most ${MOST_LISTED}. Set training.labels to \`symbols\`.`,
    );
  }
  const points = constellation(spec);
  const noiseless = new Float64Array(2 * nr * classes);
  const targets = new Float32Array(slots.length * data.length * classes);
  slots.forEach(({ channel, received, noiseVariance }, k) => {
    data.forEach((element, i) => {
      receivedPoints(channel, 2 * element * nr * nt, points, spec, noiseless);
      const distances = Float64Array.from({ length: classes }, (_, c) =>
        squaredDistance(received, 2 * element * nr, noiseless, 2 * c * nr, 2 * nr),
      );
      const nearest = distances.reduce((least, distance) => Math.min(least, distance));
      const likelihoods = distances.map((distance) => exponential((nearest - distance) / noiseVariance));
      const sum = likelihoods.reduce((total, likelihood) => total + likelihood);
      targets.set(
        likelihoods.map((likelihood) => likelihood / sum),
        (k * data.length + i) * classes,
      );
    });
  });
  return targets;
}
