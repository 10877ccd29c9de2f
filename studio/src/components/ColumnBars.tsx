interface ColumnBarsProps {
  readonly up: Float32Array;
  readonly down: Float32Array;
  readonly label: string;
  /** The value at full height, which a bar does not exceed. */
  readonly most: number;
  /** The marked column. */
  readonly marked?: number | null;
  /** One colour for both directions. */
  readonly accent?: boolean;
}

const HEIGHT = 40;

/** Two non-negative values per column, one drawn upwards, one downwards, on a fixed scale. */
export function ColumnBars({ up, down, label, most, marked = null, accent = false }: ColumnBarsProps) {
  const columns = up.length;
  const path = (values: Float32Array, sign: number) =>
    Array.from(
      values,
      (value, x) => `M${x} ${HEIGHT / 2}h0.8v${(sign * HEIGHT * Math.min(1, value / most)) / 2}h-0.8z`,
    ).join("");
  return (
    <svg
      class={accent ? "bars accent" : "bars"}
      viewBox={`0 0 ${columns} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {marked !== null && <rect class="marked" x={marked - 0.1} width={1} height={HEIGHT} />}
      <path class="up" d={path(up, -1)} />
      <path class="down" d={path(down, 1)} />
    </svg>
  );
}
