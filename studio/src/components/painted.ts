/** Canvases drawn in the colours of the style sheet. Each keeps how it is drawn, so that it can be drawn in other colours too. */
import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { type Colours, colours, type Palette, paletteOf } from "../state/colours.ts";

/** Fills `[height, width]` pixels of red, green, blue and opacity, which are transparent at first. */
type Paint = (pixels: Uint8ClampedArray, palette: Palette) => void;

const paints = new WeakMap<HTMLCanvasElement, Paint>();

function draw(canvas: HTMLCanvasElement, paint: Paint, shown: Colours): void {
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(canvas.width, canvas.height);
  paint(image.data, paletteOf(shown));
  context.putImageData(image, 0, 0);
}

/** A canvas that is drawn again with every change, and when the colours change. */
export function usePainted(paint: Paint): RefObject<HTMLCanvasElement | null> {
  const canvas = useRef<HTMLCanvasElement>(null);
  const shown = colours.value;
  useEffect(() => {
    paints.set(canvas.current!, paint);
    draw(canvas.current!, paint, shown);
  });
  return canvas;
}

/** The address of a canvas's picture in these colours; as it is, where it was not drawn in those of the style sheet. */
export function pictureIn(canvas: HTMLCanvasElement, wanted: Colours): string {
  const paint = paints.get(canvas);
  if (!paint) return canvas.toDataURL();
  const copy = document.createElement("canvas");
  [copy.width, copy.height] = [canvas.width, canvas.height];
  draw(copy, paint, wanted);
  return copy.toDataURL();
}
