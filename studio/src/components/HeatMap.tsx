import { useEffect, useRef } from "preact/hooks";
import { type ColourName, colours, paletteOf } from "../state/colours.ts";

export interface Spot {
  readonly row: number;
  readonly column: number;
}

interface HeatMapProps {
  readonly rows: number;
  readonly columns: number;
  /** -1 to 1: the strength of a cell, drawn in the colour of its sign; null leaves it empty. */
  readonly value: (row: number, column: number) => number | null;
  readonly label: string;
  /** Colours of positive and of negative values. */
  readonly positive?: ColourName;
  readonly negative?: ColourName;
  readonly selected?: Spot | null;
  readonly onPick?: (spot: Spot) => void;
}

/** Cells as an image. A click or tap selects a cell; the arrow keys move to its neighbours. */
export function HeatMap({
  rows,
  columns,
  value,
  label,
  positive = "plus",
  negative = "minus",
  selected,
  onPick,
}: HeatMapProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const palette = colours.value;
  useEffect(() => {
    const context = canvas.current!.getContext("2d")!;
    const image = context.createImageData(columns, rows);
    const bytes = paletteOf(palette);
    for (let i = 0; i < rows * columns; i++) {
      const strength = value(Math.floor(i / columns), i % columns);
      if (strength === null) continue;
      const [red, green, blue] = bytes[strength < 0 ? negative : positive];
      image.data.set([red, green, blue, Math.round(255 * Math.min(1, Math.abs(strength)))], 4 * i);
    }
    context.putImageData(image, 0, 0);
  });
  const pickAt = ({ offsetX, offsetY, currentTarget }: MouseEvent & { currentTarget: HTMLElement }) => {
    const { clientWidth, clientHeight } = currentTarget;
    const within = (at: number, count: number) => Math.min(count - 1, Math.max(0, Math.floor(at)));
    onPick?.({
      row: within((rows * offsetY) / clientHeight, rows),
      column: within((columns * offsetX) / clientWidth, columns),
    });
  };
  const move = (event: KeyboardEvent) => {
    const [down, right] = ARROWS[event.key] ?? [0, 0];
    if (!selected || (down === 0 && right === 0)) return;
    event.preventDefault();
    const row = Math.min(rows - 1, Math.max(0, selected.row + down));
    onPick?.({ row, column: Math.min(columns - 1, Math.max(0, selected.column + right)) });
  };
  return (
    <div class="heat">
      <canvas
        ref={canvas}
        width={columns}
        height={rows}
        role="img"
        aria-label={label}
        tabIndex={onPick ? 0 : -1}
        onClick={pickAt}
        onKeyDown={move}
      />
      {selected && (
        <svg class="picked" viewBox={`0 0 ${columns} ${rows}`} preserveAspectRatio="none" aria-hidden="true">
          <rect x={selected.column - 0.5} y={selected.row - 0.5} width={2} height={2} />
        </svg>
      )}
    </div>
  );
}

const ARROWS: Readonly<Record<string, readonly [down: number, right: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};
