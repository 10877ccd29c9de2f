/**
 * The task: in-context symbol detection on a MIMO link (`docs/guide.md` follows one prompt through it) or on a slot of an OFDM grid,
 * the classification of images or of recordings of event cameras, or the prediction of a time series.
 */
import { z } from "zod";
import { BITS_PER_ANTENNA, bitsPerClass, MOST_BITS } from "./modulation.ts";
import { onceValid } from "./once-valid.ts";
import { slotDetectionSpec } from "./slot-detection.ts";

/** A fixed signal-to-noise ratio, or a uniform range, in decibels. */
const snr = z.union([
  z.number().min(-50).max(100),
  z
    .strictObject({
      /** Lowest ratio. */
      min: z.number().min(-50).max(100),
      /** Highest ratio. */
      max: z.number().min(-50).max(100),
    })
    .refine((range) => range.min <= range.max, {
      ...onceValid,
      error: "the lowest ratio is above the highest. Swap `min` and `max`, or give one number for a fixed ratio.",
      path: ["min"],
    }),
]);

/** Copies of the last query only, or of every query. */
const queryCopies = z.union([
  z.int().min(1).max(256),
  z.strictObject({
    /** Copies of every query, not only of the last. */
    every: z.int().min(1).max(256),
  }),
]);

export const symbolDetectionSpec = z
  .strictObject({
    /** In-context symbol detection on a MIMO link: the paper's decoder. */
    kind: z.literal("symbol-detection").optional().default("symbol-detection"),
    /** Transmit antennas Nt, at most 16 bits per channel use together. With many, use `model.readOut` `bits`. */
    transmitAntennas: z.int().min(1).max(16).default(2),
    /** Receive antennas Nr. */
    receiveAntennas: z.int().min(1).max(16).default(2),
    /** Constellation of each antenna. QPSK comes closest to the paper's bit error rates. */
    modulation: z.enum(["bpsk", "qpsk", "16qam", "64qam"]).default("qpsk"),
    /** Signal-to-noise ratio, dB; a range is drawn from once per prompt. */
    snrDecibels: snr.default({ min: 0, max: 30 }),
    /**
     * Complex noise variance at s dB: `standard` is 10^(-s/10); `doubled` is twice that, as in the public baseline
     * code.
     */
    noise: z.enum(["standard", "doubled"]).default("doubled"),
    /** Bits of the mid-rise receive quantiser, for each real and imaginary part. */
    receiverBits: z.int().min(1).max(12).default(4),
    /** Full scale of the receive quantiser, which covers -range to range. */
    receiverRange: z.number().positive().max(1000).default(4),
    /** Known (y, x) pairs before the query. The paper uses 18. */
    pilots: z.int().min(1).max(512).default(18),
    /**
     * Token layout. `query-context`: tokens (y, 0) and (y, x) for each pair; `shifted`: (y_i, x_(i-1)); `interleaved`:
     * y_1, x_1, y_2, ... as in the public baseline.
     */
    tokens: z.enum(["query-context", "shifted", "interleaved"]).default("query-context"),
    /**
     * Copies of the last query, whose logits are averaged (test-time repetition); `every` copies each query. Only for
     * spiking networks that draw random numbers. Left out: 1.
     */
    queryCopies: queryCopies.optional(),
    /**
     * How values enter a spiking network. `bits`: the quantiser's bits; `thermometer`: one line per threshold exceeded;
     * `bernoulli`: a draw per value and time step; `repeat`: the real value, which needs a DAC.
     */
    coding: z.enum(["bits", "thermometer", "bernoulli", "repeat"]).default("bits"),
  })
  .refine((task) => bitsPerClass(task) <= MOST_BITS, {
    ...onceValid,
    error: (issue) => explainBits(issue.input),
    path: ["transmitAntennas"],
  });

/** An issue's input is untyped; the check above runs on parsed tasks only. */
function explainBits(input: unknown): string {
  const { transmitAntennas, modulation } = input as SymbolDetectionSpec;
  const bits = BITS_PER_ANTENNA[modulation];
  return (
    `${transmitAntennas} antennas with ${bits} bits each (${modulation}) send ${transmitAntennas * bits} bits at a time, more than the limit of ${MOST_BITS}. ` +
    `Send from at most ${Math.floor(MOST_BITS / bits)} antennas, or choose a task.modulation with fewer bits.`
  );
}

export type SymbolDetectionSpec = z.infer<typeof symbolDetectionSpec>;

/** Images from a folder or a program. Their sizes must be given, because the network is planned from them. */
const otherImages = z.strictObject({
  /** Name. */
  name: z.string().min(1).max(80),
  /** Folder of the data, relative to this file; `--data` overrides it. */
  folder: z.string().min(1).max(4096).optional(),
  /** Height in pixels. */
  height: z.int().min(1).max(1024),
  /** Width in pixels. */
  width: z.int().min(1).max(1024),
  /** Channels: 1 for grey, 3 for colour. */
  channels: z.int().min(1).max(4).default(3),
  /** Classes to tell apart. */
  classes: z.int().min(2).max(65_536),
});

export const imageClassificationSpec = z.strictObject({
  /** A vision transformer: each patch of an image is a token. */
  kind: z.literal("image-classification"),
  /** Labelled images: a published data set by name, or the sizes of your own. */
  data: z
    .union([z.enum(["fashion-mnist", "fashion-mnist-slice", "mnist", "mnist-slice", "cifar-10"]), otherImages])
    .default("fashion-mnist"),
  /** Side of a square patch, pixels; it must divide height and width. */
  patch: z.int().min(1).max(256).default(4),
  /** Shifted-patch tokens: a token also holds its patch moved by this many pixels in four directions. 0: off. */
  shift: z.int().min(0).max(256).default(0),
  /**
   * `mean` averages the logits over all tokens; `class-token` reads them from one extra token with zero input, as in
   * the paper's vision transformers; `stream-mean` averages what the last neurons read.
   */
  readOut: z.enum(["mean", "class-token", "stream-mean"]).default("mean"),
  /**
   * How pixels enter a spiking network. `bernoulli`: a draw per pixel and time step (equation 1); `bits`: the highest
   * bits; `thermometer`: one line per threshold reached; `repeat`: the real value, which needs a DAC.
   */
  coding: z.enum(["bernoulli", "bits", "thermometer", "repeat"]).default("bernoulli"),
  /** With coding `bits`: how many of a pixel's 8 bits to use, from the highest. */
  pixelBits: z.int().min(1).max(8).default(4),
  /** With coding `thermometer`: lines per pixel, one for each of these equally spaced thresholds. */
  thresholds: z.int().min(1).max(255).default(4),
  /** With coding `thermometer`: extra bits per pixel for its distance above the threshold. */
  remainderBits: z.int().min(0).max(7).default(0),
  /**
   * Training images are moved by up to this many pixels each way and padded with black. 0: off. Customary for CIFAR-10:
   * 4.
   */
  crop: z.int().min(0).max(64).default(0),
  /** Mirrors every other training image on average. Unsuitable for digits. */
  flip: z.boolean().default(false),
  /**
   * Side of a square blacked out at a random place in each training image (Cutout, arXiv 1708.04552). Customary for
   * CIFAR-10: 16. Left out: off.
   */
  cutout: z.int().min(1).max(256).optional(),
});

export type ImageClassificationSpec = z.infer<typeof imageClassificationSpec>;

/** Recordings from another source. The sensor's size must be given, because the network is planned from it. */
const otherEvents = z.strictObject({
  /** Name. */
  name: z.string().min(1).max(80),
  /** Folder of the data, relative to this file; `--data` overrides it. */
  folder: z.string().min(1).max(4096).optional(),
  /** Height of the sensor in pixels. */
  height: z.int().min(1).max(240),
  /** Width of the sensor in pixels. */
  width: z.int().min(1).max(256),
  /** Classes to tell apart. */
  classes: z.int().min(2).max(65_536),
});

export const eventClassificationSpec = z.strictObject({
  /** A transformer on event-camera recordings, whose events enter as spikes. */
  kind: z.literal("event-classification"),
  /** Labelled recordings: `moving-bars` is synthetic and needs no files; for your own, give the sizes. */
  data: z.union([z.enum(["moving-bars", "n-mnist"]), otherEvents]).default("moving-bars"),
  /** Side of the square of pixels that makes a token. */
  patch: z.int().min(1).max(256).default(4),
  /** Frames used of each recording, one per time step. */
  frames: z.int().min(1).max(64).default(8),
  /** Frame length, microseconds. */
  frameMicroseconds: z.int().min(1).max(10_000_000).default(10_000),
  /** Events are already spikes, on two lines per pixel. */
  coding: z.literal("events").default("events"),
});

export type EventClassificationSpec = z.infer<typeof eventClassificationSpec>;

/** A series from a file. */
const otherSeries = z.strictObject({
  /** Name. */
  name: z.string().min(1).max(80),
  /** CSV file, one number per line. */
  file: z.string().min(1).max(4096),
});

export const timeSeriesSpec = z.strictObject({
  /** Predicts numbers. */
  kind: z.literal("time-series"),
  /** A chaotic series, or your own. */
  data: z.union([z.enum(["mackey-glass"]), otherSeries]).default("mackey-glass"),
  /** Samples of a prompt. */
  window: z.int().min(1).max(65_536).default(32),
  /** Samples of a token. */
  patch: z.int().min(1).max(4096).default(1),
  /** Samples from the window's last to the answer. */
  horizon: z.int().min(1).max(1_000_000).default(6),
  /** Samples to predict. */
  outputs: z.int().min(1).max(4096).default(1),
  /** How samples enter a spiking network, as received symbols do. */
  coding: z.enum(["bits", "thermometer", "bernoulli", "repeat"]).default("thermometer"),
  /** Bits of the quantiser. */
  sampleBits: z.int().min(1).max(8).default(4),
  /** Largest sample of the quantiser, standard deviations. */
  range: z.number().positive().max(1000).default(2.5),
});

export type TimeSeriesSpec = z.infer<typeof timeSeriesSpec>;

/** Union of all tasks. */
export const taskSpec = z.discriminatedUnion("kind", [
  symbolDetectionSpec,
  slotDetectionSpec,
  imageClassificationSpec,
  eventClassificationSpec,
  timeSeriesSpec,
]);
export type TaskSpec = z.infer<typeof taskSpec>;

/** The spec of a kind. */
export type SpecOf<K extends TaskSpec["kind"]> = Extract<TaskSpec, { kind: K }>;
