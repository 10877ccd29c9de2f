/**
 * Pictures as network inputs: grey on black, cropped and centred like the training images. In MNIST (LeCun et al., 1998) the longer side of
 * a digit takes 20 of 28 pixels, and its centre of mass is in the middle. In Fashion-MNIST (Xiao et al., 2017) the longer side takes all 28
 * pixels, and the bounding box is in the middle.
 */
import type { ImageView } from "../workers/chip.ts";

const DIGIT_SHARE = 20 / 28;
/** Brighter pixels belong to the drawing. */
const DRAWN = 24;

/** The drawing on a canvas as bytes `[height, width, channels]`; null for an empty canvas. */
export function fitted(canvas: HTMLCanvasElement, { height, width, channels, names }: ImageView): Uint8Array | null {
  const digits = names[0] === "0";
  const source = lightOf(canvas);
  const box = boxOf(source, canvas.width);
  if (box === null) return null;
  const { left, top, right, bottom } = box;
  const scale = ((digits ? DIGIT_SHARE : 1) * Math.min(width, height)) / Math.max(right - left, bottom - top);
  const [across, down] = [scale * (right - left), scale * (bottom - top)];
  const draw = (x: number, y: number) => {
    const small = new OffscreenCanvas(width, height);
    const context = small.getContext("2d", { willReadFrequently: true })!;
    context.imageSmoothingQuality = "high";
    context.fillStyle = "black";
    context.fillRect(0, 0, width, height);
    context.drawImage(canvas, left, top, right - left, bottom - top, x, y, across, down);
    return lightOf(small);
  };
  const [x, y] = [(width - across) / 2, (height - down) / 2];
  const centred = draw(x, y);
  const [massX, massY] = digits ? centreOf(centred, width) : [width / 2, height / 2];
  const grey = draw(x + width / 2 - massX, y + height / 2 - massY);
  return Uint8Array.from({ length: height * width * channels }, (_, i) => grey[Math.floor(i / channels)]);
}

/** A picture on a canvas, inverted to light on dark where its corners are light. */
export async function pictureOf(file: Blob): Promise<HTMLCanvasElement> {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, 512 / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  const light = lightOf(canvas);
  const corners = [0, canvas.width - 1, light.length - canvas.width, light.length - 1];
  if (corners.reduce((sum, at) => sum + light[at], 0) > 4 * 128) {
    context.globalCompositeOperation = "difference";
    context.fillStyle = "white";
    context.fillRect(0, 0, canvas.width, canvas.height);
  }
  return canvas;
}

/** Brightness of every pixel, 0 to 255; transparent pixels are dark. */
function lightOf(canvas: HTMLCanvasElement | OffscreenCanvas): Uint8Array {
  const context = canvas.getContext("2d", { willReadFrequently: true }) as CanvasRenderingContext2D;
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  return Uint8Array.from({ length: data.length / 4 }, (_, i) => {
    const mean = (data[4 * i] + data[4 * i + 1] + data[4 * i + 2]) / 3;
    return Math.round((mean * data[4 * i + 3]) / 255);
  });
}

function boxOf(light: Uint8Array, width: number) {
  let [left, top, right, bottom] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0, 0];
  light.forEach((value, i) => {
    if (value <= DRAWN) return;
    const [x, y] = [i % width, Math.floor(i / width)];
    [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x + 1), Math.max(bottom, y + 1)];
  });
  return right === 0 ? null : { left, top, right, bottom };
}

function centreOf(light: Uint8Array, width: number): readonly [number, number] {
  let [sum, x, y] = [0, 0, 0];
  light.forEach((value, i) => {
    sum += value;
    x += value * ((i % width) + 0.5);
    y += value * (Math.floor(i / width) + 0.5);
  });
  return [x / sum, y / sum];
}
