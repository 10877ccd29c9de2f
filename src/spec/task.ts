/**
 * The task: in-context symbol detection on a MIMO link (`docs/guide.md` follows one prompt through it), or the classification of
 * images or of recordings of event cameras.
 */
import { z } from "zod";
import { BITS_PER_ANTENNA, bitsPerClass, MOST_BITS } from "./modulation.ts";
import { onceValid } from "./once-valid.ts";

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

/** Of the last query, or of all. */
const queryCopies = z.union([
  z.int().min(1).max(256),
  z.strictObject({
    /** Copies of each query, also of those before the last. */
    every: z.int().min(1).max(256),
  }),
]);

export const symbolDetectionSpec = z
  .strictObject({
    /** In-context symbol detection on a MIMO link: the paper's decoder. */
    kind: z.literal("symbol-detection").optional().default("symbol-detection"),
    /**
     * Transmit antennas Nt. Joint symbols grow as (points per antenna)^Nt, 2^16 at most, and a network that classifies them with them;
     * `model.readOut` `bits` grows with Nt alone.
     */
    transmitAntennas: z.int().min(1).max(16).default(2),
    /** Receive antennas Nr. */
    receiveAntennas: z.int().min(1).max(16).default(2),
    /** Constellation of each antenna. QPSK reproduces the paper's bit error rates best (see `docs/assumptions.md`). */
    modulation: z.enum(["bpsk", "qpsk", "16qam", "64qam"]).default("qpsk"),
    /** Drawn once per prompt when it is a range. The public baseline evaluates on 0 .. 30 dB. */
    snrDecibels: snr.default({ min: 0, max: 30 }),
    /**
     * Complex noise variance at SNR s dB: `standard` is 10^(-s/10); `doubled` is twice that, as the public baseline code
     * draws real and imaginary parts with that standard deviation each. Doubled brackets the paper's ANN result.
     */
    noise: z.enum(["standard", "doubled"]).default("doubled"),
    /** Bits of the receive quantiser (mid-rise) for each real and imaginary part. */
    receiverBits: z.int().min(1).max(12).default(4),
    /** Full scale of the receive quantiser: [-range, range]. */
    receiverRange: z.number().positive().max(1000).default(4),
    /** Known (y, x) pairs before the query. The paper uses 18. */
    pilots: z.int().min(1).max(512).default(18),
    /**
     * `query-context`: for each pair a query token (y, 0), where x is predicted, then a context token (y, x); tokens attend
     * to earlier context tokens only; 2 pilots + 1 tokens. `shifted`: token i is (y_i, x_(i-1)); pilots + 1 tokens.
     * `interleaved`: y_1, x_1, y_2, ...; 2 pilots + 1 tokens, as in the public baseline.
     */
    tokens: z.enum(["query-context", "shifted", "interleaved"]).default("query-context"),
    /**
     * Copies of the last query in the prompt of a spiking network, whose logits are averaged; `every`: of each query. A copy draws its own
     * random numbers and costs one token, where a further time step costs all tokens again. A network that draws
     * nothing, whose copies would all say the same, has none: an ANN, LIF attention, ordered draws. Left out: one.
     */
    queryCopies: queryCopies.optional(),
    /**
     * How token values enter a spiking network. `bits`: the quantiser's bits as binary lines, the same at every time step;
     * `thermometer`: one line per threshold that the value exceeds, as a flash converter delivers it before encoding;
     * `bernoulli`: one line per real value, a Bernoulli draw per time step; `repeat`: real values, the same at every step
     * (needs a DAC on hardware). The ANN always receives real values.
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
    `${transmitAntennas} antennas with ${bits} bits each (${modulation}) send ${transmitAntennas * bits} bits at a time; ${MOST_BITS} is the most. ` +
    `Send from at most ${Math.floor(MOST_BITS / bits)} antennas, or choose a task.modulation with fewer bits.`
  );
}

export type SymbolDetectionSpec = z.infer<typeof symbolDetectionSpec>;

/** Images of another source, from a folder or a program: their sizes must be said, because networks are planned by them. */
const otherImages = z.strictObject({
  /** What they are called. */
  name: z.string().min(1).max(80),
  /**
   * Where they are, relative to this file, as `docs/data.md` describes; `--data` names another place. A program may hand them over instead.
   */
  folder: z.string().min(1).max(4096).optional(),
  /** Pixels from top to bottom. */
  height: z.int().min(1).max(1024),
  /** Pixels from left to right. */
  width: z.int().min(1).max(1024),
  /** 1 for grey, 3 for colours. */
  channels: z.int().min(1).max(4).default(3),
  /** Classes to tell apart. */
  classes: z.int().min(2).max(65_536),
});

export const imageClassificationSpec = z.strictObject({
  /** A vision transformer: an image is cut into patches, each of which is a token. */
  kind: z.literal("image-classification"),
  /** Labelled images: a published set by its name, or the sizes of other images. */
  data: z
    .union([z.enum(["fashion-mnist", "fashion-mnist-slice", "mnist", "cifar-10"]), otherImages])
    .default("fashion-mnist"),
  /** Side of a square patch, pixels; it divides height and width. The paper: 4 on 32 x 32 images, 16 on 224 x 224. */
  patch: z.int().min(1).max(256).default(4),
  /**
   * Beside its own pixels a token holds those of its patch moved by so many pixels left, right, up and down (shifted-patch
   * tokens): it sees across the patch's edges, and has five times the inputs. 0: none. The first author's code: 1.
   */
  shift: z.int().min(0).max(256).default(0),
  /**
   * `mean`: the logits are averaged over all tokens; `class-token`: they are read at one more token, the last, whose own input
   * is 0, as in the paper's vision transformers. The mean is steadier where single spikes are random.
   */
  readOut: z.enum(["mean", "class-token"]).default("mean"),
  /**
   * How pixels enter a spiking network. `bernoulli`: one line per pixel, a Bernoulli draw per time step (equation 1 of the
   * paper); `bits`: the highest bits of a pixel as binary lines, the same at every time step; `thermometer`: one line per
   * threshold that the pixel reaches; `repeat`: real values, the same at every step (needs a DAC on hardware). The ANN always
   * receives real values.
   */
  coding: z.enum(["bernoulli", "bits", "thermometer", "repeat"]).default("bernoulli"),
  /** Lines per pixel of coding `bits`: so many of its 8 bits, from the highest. Below 4 bits grey levels become visible steps. */
  pixelBits: z.int().min(1).max(8).default(4),
  /** Lines per pixel of coding `thermometer`: thresholds, equally spaced over the range of a pixel. */
  thresholds: z.int().min(1).max(255).default(4),
  /**
   * Lines per pixel of coding `thermometer` beside those of its thresholds: so many bits, highest first, of how far the pixel is above the
   * threshold that it has reached, as in a segmented converter. 7 thresholds and 2 bits tell 32 levels apart with 9 lines.
   */
  remainderBits: z.int().min(0).max(7).default(0),
  /** Training images are moved by up to so many pixels each way, black coming in at the edge. 0: none. Customary for CIFAR-10: 4. */
  crop: z.int().min(0).max(64).default(0),
  /** Training images are mirrored left to right, every other one on average. Not for digits. */
  flip: z.boolean().default(false),
  /**
   * Side of a square of pixels that is made black in every training image, anywhere in it (cutout, arXiv 1708.04552). Customary for
   * CIFAR-10: 16. Left out: none.
   */
  cutout: z.int().min(1).max(256).optional(),
});

export type ImageClassificationSpec = z.infer<typeof imageClassificationSpec>;

/** Recordings of another source: the size of their sensor must be said, because networks are planned by it. */
const otherEvents = z.strictObject({
  /** What they are called. */
  name: z.string().min(1).max(80),
  /**
   * Where they are, relative to this file, as `docs/events.md` describes; `--data` names another place. A program may hand them over
   * instead.
   */
  folder: z.string().min(1).max(4096).optional(),
  /** Pixels of the sensor from top to bottom. */
  height: z.int().min(1).max(240),
  /** Pixels of the sensor from left to right. */
  width: z.int().min(1).max(256),
  /** Classes to tell apart. */
  classes: z.int().min(2).max(65_536),
});

export const eventClassificationSpec = z.strictObject({
  /** A transformer on recordings of an event camera: events go in as spikes, as they came. */
  kind: z.literal("event-classification"),
  /** Labelled recordings: a known set by its name, or the sizes of others. `moving-bars` are made up and need no files. */
  data: z.union([z.enum(["moving-bars", "n-mnist"]), otherEvents]).default("moving-bars"),
  /** Side of a square of pixels, which is a token. What of it lies past the sensor's edge sees nothing. */
  patch: z.int().min(1).max(256).default(4),
  /**
   * Frames of a recording; what comes after them is not seen. A time step of a spiking network sees one; one of more steps sees them again.
   */
  frames: z.int().min(1).max(64).default(8),
  /** Length of a frame, microseconds. Shorter frames keep more of the time, and need more steps. */
  frameMicroseconds: z.int().min(1).max(10_000_000).default(10_000),
  /** Events are spikes already: two lines per pixel, darker and brighter, each on where there was an event in the frame. */
  coding: z.literal("events").default("events"),
});

export type EventClassificationSpec = z.infer<typeof eventClassificationSpec>;

/** Union of all tasks. */
export const taskSpec = z.discriminatedUnion("kind", [
  symbolDetectionSpec,
  imageClassificationSpec,
  eventClassificationSpec,
]);
export type TaskSpec = z.infer<typeof taskSpec>;

/** The spec of a kind. */
export type SpecOf<K extends TaskSpec["kind"]> = Extract<TaskSpec, { kind: K }>;
