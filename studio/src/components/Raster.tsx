import type { ColourName } from "../state/colours.ts";
import { crosshairProps, type Spot } from "./crosshair.ts";
import { usePainted } from "./painted.ts";

interface RasterProps {
  readonly width: number;
  readonly height: number;
  /** For screen readers. */
  readonly label: string;
  /** Of each pixel; null leaves it empty. */
  readonly colour: (row: number, column: number) => ColourName | null;
  /** Where the crosshair is, on an image of which a place can be picked. */
  readonly spot?: Spot | null;
  readonly onMove?: (spot: Spot | null) => void;
  readonly onPick?: ((spot: Spot) => void) | undefined;
}

/** An image of a few colours, one pixel per value, as large as the room allows. */
export function Raster({ width, height, label, colour, spot = null, onMove, onPick }: RasterProps) {
  const canvas = usePainted((pixels, palette) => {
    for (let i = 0; i < width * height; i++) {
      const name = colour(Math.floor(i / width), i % width);
      if (name) pixels.set(palette[name], 4 * i);
    }
  });
  const picks =
    onMove && onPick
      ? crosshairProps({ rows: height, columns: width, spot, label, tapMoves: false, onMove, onPick })
      : ({ role: "img", "aria-label": label } as const);
  return <canvas ref={canvas} class="raster" width={width} height={height} {...picks} />;
}
