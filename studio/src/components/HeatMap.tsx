import { useState } from "preact/hooks";
import type { ColourName } from "../state/colours.ts";
import { crosshairProps, type Spot } from "./crosshair.ts";
import { usePainted } from "./painted.ts";

interface HeatMapProps {
  readonly rows: number;
  readonly columns: number;
  /** -1 to 1: the strength of a cell, drawn in the colour of its sign; null leaves it empty. */
  readonly value: (row: number, column: number) => number | null;
  readonly label: string;
  /** Colours of positive and of negative values. */
  readonly positive?: ColourName;
  readonly negative?: ColourName;
  /** Where the crosshair is; left out: the map keeps it. */
  readonly spot?: Spot | null;
  readonly onMove?: (spot: Spot | null) => void;
  readonly onPick?: (spot: Spot) => void;
}

/** Cells as an image, with a crosshair where a cell can be picked. */
export function HeatMap({
  rows,
  columns,
  value,
  label,
  positive = "plus",
  negative = "minus",
  spot,
  onMove,
  onPick,
}: HeatMapProps) {
  const [own, setOwn] = useState<Spot | null>(null);
  const canvas = usePainted((pixels, palette) => {
    for (let i = 0; i < rows * columns; i++) {
      const strength = value(Math.floor(i / columns), i % columns);
      if (strength === null) continue;
      const [red, green, blue] = palette[strength < 0 ? negative : positive];
      pixels.set([red, green, blue, Math.round(255 * Math.min(1, Math.abs(strength)))], 4 * i);
    }
  });
  const at = spot === undefined ? own : spot;
  const picks = onPick
    ? crosshairProps({ rows, columns, spot: at, label, tapMoves: spot !== undefined, onMove: onMove ?? setOwn, onPick })
    : ({ role: "img", "aria-label": label } as const);
  return (
    <div class="heat" onPointerLeave={() => setOwn(null)}>
      <canvas ref={canvas} width={columns} height={rows} {...picks} />
      {onPick && at && (
        <svg class="picked" viewBox={`0 0 ${columns} ${rows}`} preserveAspectRatio="none" aria-hidden="true">
          <path d={`M0 ${at.row + 0.5}H${columns}M${at.column + 0.5} 0V${rows}`} />
        </svg>
      )}
    </div>
  );
}
