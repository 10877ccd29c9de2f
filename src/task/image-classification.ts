/**
 * Image classification by a vision transformer: the paper's encoder task (section VI-A). A prompt is one image; its tokens are
 * patches (`patches.ts`). There is one query, so one decision per prompt.
 *
 * The labelled images are passed in as plain data. Training goes through them epoch by epoch, each epoch in a new order, so that
 * every image is seen once per epoch; validation and test use them in their given order. Augmentation shifts by whole pixels,
 * mirrors, and masks a square (Cutout). Not modelled: colour changes, mixing.
 */
import { augmentImage } from "../data/augment.ts";
import type { ImageData } from "../data/images.ts";
import { invariant, SpecError } from "../errors.ts";
import type { ImageClassificationSpec } from "../experiment/task.ts";
import type { Stream } from "../numeric/stream.ts";
import { bernoulliInto, repeatBits } from "../spike/encode.ts";
import { emptySpikeTrain, type SpikeTrain, wordsPerRow } from "../spike/train.ts";
import { changesOf, type TaskKit, upTo, WITHOUT_COPIES } from "./kit.ts";
import { locateIn, requireCountOf, requireSizes } from "./labelled.ts";
import { type ClassificationErrors, classificationErrors } from "./metrics.ts";
import {
  type ImageShape,
  imageGeometry,
  imageShape,
  linesPerPixel,
  lineTable,
  planPatches,
  readPatches,
} from "./patches.ts";
import { type Batch, type DataPlace, type DrawOptions, requirePrompts, requireSteps, type Task } from "./task.ts";

export interface ImageTask extends Task {
  readonly spec: ImageClassificationSpec;
  readonly shape: ImageShape;
  /**
   * Draws images.
   *
   * Random   which training images, and how they are augmented: as in `DataPlace`. Image k of the batch is coded with
   *          `random.fork("coding").fork(firstPrompt + k)`
   * Throws   SpecError when the task was made without images; ValueError when the part has fewer than requested
   */
  draw(prompts: number, random: Stream, options?: DrawOptions): Batch;
}

/**
 * The task of a spec, for spiking networks with `steps` time steps. Without images it has a geometry but draws nothing.
 * Throws  SpecError when patches do not fill the image; ShapeError when the images do not match the spec
 */
export function imageClassification(spec: ImageClassificationSpec, steps: number, images?: ImageData): ImageTask {
  requireSteps(steps);
  const geometry = imageGeometry(spec);
  const shape = imageShape(spec);
  const { height, width, channels, classes } = shape;
  if (images) requireSizes(images, { height, width, channels, classes }, "images");
  const plan = planPatches(spec);
  const { tokens, inputs } = geometry.real;
  const coding = { spec, steps, tokens, patches: plan.rows.length / inputs, inputs, isOn: lineTable(spec) };
  const locate = images && locateImages(images, spec, shape.height * shape.width * shape.channels);
  return {
    spec,
    geometry,
    shape,
    draw: (prompts, random, { firstPrompt = 0, from = TEST, ...options } = {}) => {
      requirePrompts(prompts, firstPrompt);
      if (!images || !locate) throw withoutImages();
      requireCountOf(images, from, firstPrompt, prompts, "Images");
      const pixels = new Uint8Array(prompts * tokens * inputs);
      const labels = new Int32Array(prompts);
      for (let k = 0; k < prompts; k++) {
        const image = locate(from, k, firstPrompt);
        labels[k] = image.label;
        // The class token comes after the patches; its pixels stay 0.
        const own = pixels.subarray(k * tokens * inputs, k * tokens * inputs + plan.rows.length);
        readPatches(plan, shape, image.pixels, image.start, own);
      }
      const spikes =
        options.spikes !== false && spec.coding !== "repeat"
          ? codePixels(coding, pixels, prompts, random.fork("coding"), firstPrompt)
          : undefined;
      return {
        prompts,
        labels,
        values: options.values === false ? new Float32Array(0) : realValues(coding, pixels),
        ...(spikes && { spikes }),
      };
    },
  };
}

export const imageClassificationKit: TaskKit<ImageClassificationSpec, ImageTask, ClassificationErrors, ImageData> = {
  create: (spec, steps, images) => imageClassification(spec, steps, images ?? undefined),
  withoutData: withoutImages,
  scored: "last",
  errors: (labels, decisions, spec) => classificationErrors(labels, decisions, imageShape(spec).classes),
  rate: ({ answers }) => answers,
  trials: () => 1,
  metric: {
    id: "error",
    name: "error rate",
    title: "Error rate",
    short: "errors",
    key: "errorRate",
    trial: "image",
  },
  result: () => ({ name: "image", perInference: 1 }),
  ...WITHOUT_COPIES,
  seen: (spec, own) => ({ ...spec, ...own }),
  changes: (spec) => [
    ...changesOf(spec, "data", ["fashion-mnist", "mnist", "cifar-10"]),
    ...changesOf(spec, "patch", upTo(32)),
    ...changesOf(spec, "shift", [0]),
    ...changesOf(spec, "readOut", ["mean", "class-token", "stream-mean"]),
    ...changesOf(spec, "coding", ["bernoulli", "bits", "thermometer", "repeat"]),
    ...(spec.coding === "bits" ? changesOf(spec, "pixelBits", upTo(8)) : []),
    ...(spec.coding === "thermometer" ? changesOf(spec, "thresholds", upTo(255)) : []),
    ...(spec.coding === "thermometer" ? changesOf(spec, "remainderBits", [0, ...upTo(7)]) : []),
  ],
  paper: {
    tables: "Tables I, II and III",
    drift: "Another data set and network; an error rate rises by what an accuracy falls.",
  },
  sources: [
    {
      text: "Dosovitskiy et al.: An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale. ICLR 2021",
      usedFor: "patches as tokens, class token",
      url: "https://arxiv.org/abs/2010.11929",
    },
  ],
};

const TEST: DataPlace = { part: "test" };

function withoutImages(): SpecError {
  return new SpecError(
    "task.data",
    "The task classifies images, but none were given. Load them (loadTaskData in xpikeformer/node), and open the experiment " +
      "with them: openExperiment(experiment, images).",
  );
}

/** Location of an image: its pixels begin at byte `start`. */
interface LocatedImage {
  readonly pixels: Uint8Array;
  readonly start: number;
  readonly label: number;
}

/** Finds prompt k of a batch. Training images are augmented into a buffer that the next one overwrites. */
function locateImages(images: ImageData, { crop, flip, cutout }: ImageClassificationSpec, size: number) {
  const locate = locateIn(images);
  const augmented = new Uint8Array(size);
  return (from: DataPlace, prompt: number, firstPrompt: number): LocatedImage => {
    const { set, index, epoch } = locate(from, prompt, firstPrompt);
    const label = set.labels[index];
    invariant((index + 1) * size <= set.pixels.length, "the images that evaluation reads are loaded");
    if (from.part !== "training" || epoch === null) return { pixels: set.pixels, start: index * size, label };
    augmentImage(set, index, epoch, from.order, { padding: crop, flips: flip, cutout }, augmented);
    return { pixels: augmented, start: 0, label };
  };
}

interface Coding {
  readonly spec: ImageClassificationSpec;
  readonly steps: number;
  /** Tokens of a prompt, and the number of patches among them, which come first. */
  readonly tokens: number;
  readonly patches: number;
  /** Pixels of a token. */
  readonly inputs: number;
  /** The lines that each pixel value turns on, `[256, lines]`. */
  readonly isOn: Uint8Array;
}

/** Real values `[prompts, tokens, pixels]`: pixels from [0, 255] to [-1, 1]; 0 in the class token. */
function realValues({ tokens, patches, inputs }: Coding, pixels: Uint8Array): Float32Array {
  const values = new Float32Array(pixels.length);
  for (let i = 0; i < pixels.length; i++) {
    if (Math.floor(i / inputs) % tokens < patches) values[i] = pixels[i] / 127.5 - 1;
  }
  return values;
}

/** Spikes `[T][prompts tokens][lines]` of pixels `[prompts, tokens, pixels]`. */
function codePixels(
  { spec, steps, tokens, inputs, isOn }: Coding,
  pixels: Uint8Array,
  prompts: number,
  random: Stream,
  firstPrompt: number,
): SpikeTrain {
  if (spec.coding === "bernoulli") {
    const train = emptySpikeTrain(steps, prompts * tokens, inputs);
    for (let k = 0; k < prompts; k++) {
      const own = pixels.subarray(k * tokens * inputs, (k + 1) * tokens * inputs);
      const values = Float64Array.from(own, (pixel) => pixel / 255);
      bernoulliInto(train, k * tokens, { rows: tokens, features: inputs, values }, random.fork(firstPrompt + k));
    }
    return train;
  }
  const lines = linesPerPixel(spec);
  const train = emptySpikeTrain(1, prompts * tokens, inputs * lines);
  const stride = wordsPerRow(inputs * lines);
  for (let i = 0; i < pixels.length; i++) {
    if (pixels[i] === 0) continue;
    const row = Math.floor(i / inputs) * stride;
    const first = (i % inputs) * lines;
    for (let line = 0; line < lines; line++) {
      if (isOn[pixels[i] * lines + line] === 0) continue;
      train.words[row + ((first + line) >>> 5)] |= 1 << ((first + line) & 31);
    }
  }
  return repeatBits(train, steps);
}
