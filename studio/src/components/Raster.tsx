import { useEffect, useRef } from "preact/hooks";
import { type ColourName, colours, paletteOf } from "../state/colours.ts";

interface RasterProps {
  readonly width: number;
  readonly height: number;
  /** For screen readers. */
  readonly label: string;
  /** Of each pixel; null leaves it empty. */
  readonly colour: (row: number, column: number) => ColourName | null;
}

/** An image of a few colours, one pixel per value, as large as the room allows. */
export function Raster({ width, height, label, colour }: RasterProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const palette = colours.value;
  useEffect(() => {
    const context = canvas.current!.getContext("2d")!;
    const image = context.createImageData(width, height);
    const bytes = paletteOf(palette);
    for (let i = 0; i < width * height; i++) {
      const name = colour(Math.floor(i / width), i % width);
      if (name) image.data.set(bytes[name], 4 * i);
    }
    context.putImageData(image, 0, 0);
  });
  return <canvas ref={canvas} class="raster" width={width} height={height} role="img" aria-label={label} />;
}
