/**
 * Many small squares as one picture: a grey PNG in a `data:` URI, so that a page of a hundred layers stays small and loads nothing.
 *
 * White is full strength and black is none. The drawing uses the picture as a mask over a rectangle whose colour is the page's,
 * so one picture serves light, dark and paper.
 */

import { encode } from "fast-png";
import type * as Plot from "./plot.ts";

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** `data:image/png;base64,...` */
  readonly uri: string;
}

/** One bit for each square: `bits` is `[height, width]` of 0 and 1. */
export function bitPicture(width: number, height: number, bits: Uint8Array): Picture {
  const stride = Math.ceil(width / 8);
  const data = new Uint8Array(height * stride);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data[y * stride + (x >> 3)] |= bits[y * width + x] << (7 - (x & 7));
  }
  return picture(width, height, data, 1);
}

/** 256 levels: `strengths` is `[height, width]` from 0 to 1. */
export function greyPicture(width: number, height: number, strengths: readonly number[]): Picture {
  return picture(
    width,
    height,
    Uint8Array.from(strengths, (strength) => Math.round(255 * strength)),
    8,
  );
}

function picture(width: number, height: number, data: Uint8Array, depth: 1 | 8): Picture {
  const png = encode({ width, height, data, depth, channels: 1 }, { zlib: { level: 9 } });
  let text = "";
  for (const byte of png) text += String.fromCharCode(byte);
  return { width, height, uri: `data:image/png;base64,${btoa(text)}` };
}

/** Where a picture goes in a drawing, in pixels. */
export interface Frame {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * The picture as a mark of a plot, in one colour. `id` is the mask's name, used once in a page.
 *
 * Squares stay sharp where they are enlarged; where a pixel of the screen holds several, their mean is shown, since leaving some out
 * would show patterns that are not there.
 */
export function pictureMark(
  id: string,
  { width, height, uri }: Picture,
  fill: string,
  frame: (scales: Plot.ScaleFunctions) => Frame,
): Plot.RenderFunction {
  return (_index, scales, _values, _dimensions, { document }) => {
    const place = frame(scales);
    const sharp = place.width >= width && place.height >= height;
    const element = (name: string, attributes: Record<string, string | number>) => {
      const made = document.createElementNS("http://www.w3.org/2000/svg", name);
      for (const [key, value] of Object.entries({ ...attributes, ...place })) made.setAttribute(key, String(value));
      return made;
    };
    const mask = element("mask", { id, maskUnits: "userSpaceOnUse" });
    const style = sharp ? { style: "image-rendering: pixelated" } : {};
    mask.append(element("image", { href: uri, preserveAspectRatio: "none", ...style }));
    const group = document.createElementNS("http://www.w3.org/2000/svg", "g");
    group.setAttribute("class", "picture");
    group.append(mask, element("rect", { fill, mask: `url(#${id})` }));
    return group as SVGElement;
  };
}
