/**
 * Turns an image into tokens: which pixels a token holds, and how a pixel becomes a real value, binary lines or a firing
 * probability. `docs/images.md` describes the patches.
 *
 * Tokens are patches, row by row. A token's pixels are those of its patch, row by row, channels innermost. With `shift`, the
 * pixels of the patch shifted left, right, up and down follow, as in the first author's code. Pixels outside the image are black.
 * A class token comes last and is all zeros.
 * Sources: Dosovitskiy et al., "An image is worth 16x16 words", ICLR 2021 (patches, class token); Lee, Lee and Song, "Vision
 * transformer for small-size datasets", arXiv 2112.13492, section 3.1 (shifted-patch tokens).
 */
import { SpecError } from "../errors.ts";
import type { ImageClassificationSpec } from "../experiment/task.ts";
import { fullMask, type Geometry } from "../model/geometry.ts";
import type { TaskGeometry } from "./task.ts";

export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly classes: number;
}

const KNOWN: Readonly<Record<Extract<ImageClassificationSpec["data"], string>, ImageShape>> = {
  "fashion-mnist": { height: 28, width: 28, channels: 1, classes: 10 },
  "fashion-mnist-slice": { height: 28, width: 28, channels: 1, classes: 10 },
  mnist: { height: 28, width: 28, channels: 1, classes: 10 },
  "mnist-slice": { height: 28, width: 28, channels: 1, classes: 10 },
  "cifar-10": { height: 32, width: 32, channels: 3, classes: 10 },
};

/** Sizes of the spec's images: those of a published set, or those given in the spec. */
export const imageShape = ({ data }: ImageClassificationSpec): ImageShape =>
  typeof data === "string" ? KNOWN[data] : data;

/** Patches of an image: all tokens except a class token. Throws SpecError when patches do not fill the image. */
export function patchGrid(spec: ImageClassificationSpec): { readonly rows: number; readonly columns: number } {
  const { height, width } = imageShape(spec);
  const [rows, columns] = [height / spec.patch, width / spec.patch];
  if (Number.isInteger(rows) && Number.isInteger(columns)) return { rows, columns };
  const sides = Array.from({ length: 256 }, (_, i) => i + 1).filter((n) => height % n === 0 && width % n === 0);
  throw new SpecError(
    "task.patch",
    `Patches of ${spec.patch} x ${spec.patch} do not fill an image of ${height} x ${width} pixels (${height} / ${spec.patch} = ` +
      `${Number(rows.toFixed(3))}, ${width} / ${spec.patch} = ${Number(columns.toFixed(3))}). Sides that do: ${sides.join(", ")}.`,
  );
}

/**
 * Sizes, mask and query for networks with real-valued inputs and for spiking networks: an encoder, where every token sees every token.
 */
export function imageGeometry(spec: ImageClassificationSpec): TaskGeometry {
  const { rows, columns } = patchGrid(spec);
  const tokens = rows * columns + (spec.readOut === "class-token" ? 1 : 0);
  const real: Geometry = {
    inputs: tokenPixels(spec),
    tokens,
    classes: imageShape(spec).classes,
    mask: fullMask(tokens),
    queries: Int32Array.of(tokens - 1),
    ...(spec.readOut !== "class-token" && { readOut: spec.readOut }),
  };
  return {
    real,
    spiking: { ...real, inputs: real.inputs * linesPerPixel(spec) },
    lineShares: lineShares(spec),
    grid: { rows, columns },
  };
}

/** Values of a token: pixels times channels, of the patch and its shifted copies. */
const tokenPixels = (spec: ImageClassificationSpec): number =>
  spec.patch ** 2 * imageShape(spec).channels * shiftsOf(spec).length;

/** Rows and columns by which the copies of a patch in a token are shifted. */
const shiftsOf = ({ shift }: ImageClassificationSpec): readonly (readonly [number, number])[] =>
  shift === 0
    ? [[0, 0]]
    : [
        [0, 0],
        [0, -shift],
        [0, shift],
        [-shift, 0],
        [shift, 0],
      ];

/** Lines per pixel and channel. */
export function linesPerPixel({ coding, pixelBits, thresholds, remainderBits }: ImageClassificationSpec): number {
  if (coding === "bits") return pixelBits;
  return coding === "thermometer" ? thresholds + remainderBits : 1;
}

/**
 * The share of white that each line of a pixel represents: a pixel's brightness is the sum over its active lines, except for its
 * lowest bits.
 */
export function lineShares(spec: ImageClassificationSpec): number[] {
  const thresholds = spec.coding === "thermometer" ? spec.thresholds : 0;
  const worth = Array.from({ length: linesPerPixel(spec) }, (_, line) => 2 ** Math.min(0, thresholds - line - 1));
  const white = worth.reduce((sum, each) => sum + each, 0);
  return worth.map((each) => each / white);
}

/** For each value of each patch, `[patches, values]`: its row, column and channel; rows and columns may be outside the image. */
export interface PatchPlan {
  readonly rows: Int16Array;
  readonly columns: Int16Array;
  readonly channels: Uint8Array;
}

export function planPatches(spec: ImageClassificationSpec): PatchPlan {
  const { channels } = imageShape(spec);
  const grid = patchGrid(spec);
  const size = grid.rows * grid.columns * tokenPixels(spec);
  const plan = { rows: new Int16Array(size), columns: new Int16Array(size), channels: new Uint8Array(size) };
  let at = 0;
  for (let patch = 0; patch < grid.rows * grid.columns; patch++) {
    const top = Math.floor(patch / grid.columns) * spec.patch;
    const left = (patch % grid.columns) * spec.patch;
    for (const [down, right] of shiftsOf(spec)) {
      for (let pixel = 0; pixel < spec.patch ** 2; pixel++) {
        for (let channel = 0; channel < channels; channel++, at++) {
          plan.rows[at] = top + down + Math.floor(pixel / spec.patch);
          plan.columns[at] = left + right + (pixel % spec.patch);
          plan.channels[at] = channel;
        }
      }
    }
  }
  return plan;
}

/** Reads the image whose pixels begin at `start`, in the order of the plan, into `out`. Pixels outside the image are black. */
export function readPatches(
  plan: PatchPlan,
  { height, width, channels }: ImageShape,
  pixels: Uint8Array,
  start: number,
  out: Uint8Array,
): void {
  for (let i = 0; i < out.length; i++) {
    const [row, column] = [plan.rows[i], plan.columns[i]];
    const isInside = row >= 0 && row < height && column >= 0 && column < width;
    out[i] = isInside ? pixels[start + (row * width + column) * channels + plan.channels[i]] : 0;
  }
}

/**
 * Whether line `line` of a pixel is on: its bits, highest first; or its thresholds, lowest first, followed by the bits of the
 * remainder, highest first, as fractions of the distance between two thresholds.
 */
export function isLineOn(spec: ImageClassificationSpec, pixel: number, line: number): boolean {
  if (spec.coding === "bits") return ((pixel >>> (7 - line)) & 1) === 1;
  const { thresholds, remainderBits } = spec;
  const level = Math.floor((pixel * (thresholds + 1) * 2 ** remainderBits) / 256);
  if (line < thresholds) return level >= (line + 1) * 2 ** remainderBits;
  return ((level >>> (remainderBits - 1 - (line - thresholds))) & 1) === 1;
}

/** `isLineOn` as a table, `[256, lines]`. */
export function lineTable(spec: ImageClassificationSpec): Uint8Array {
  const lines = linesPerPixel(spec);
  return Uint8Array.from({ length: 256 * lines }, (_, i) => Number(isLineOn(spec, Math.floor(i / lines), i % lines)));
}
