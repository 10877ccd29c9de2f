interface ColumnBarsProps {
  readonly up: Float32Array;
  readonly down: Float32Array;
  readonly label: string;
  /** One colour for both directions. */
  readonly accent?: boolean;
}

const HEIGHT = 40;

/** Two non-negative values per column, one drawn upwards, one downwards. */
export function ColumnBars({ up, down, label, accent = false }: ColumnBarsProps) {
  const columns = up.length;
  const most = Math.max(1e-9, ...up, ...down);
  const path = (values: Float32Array, sign: number) =>
    Array.from(values, (value, x) => `M${x} ${HEIGHT / 2}h0.8v${(sign * HEIGHT * value) / (2 * most)}h-0.8z`).join("");
  return (
    <svg
      class={accent ? "bars accent" : "bars"}
      viewBox={`0 0 ${columns} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <path class="up" d={path(up, -1)} />
      <path class="down" d={path(down, 1)} />
    </svg>
  );
}
