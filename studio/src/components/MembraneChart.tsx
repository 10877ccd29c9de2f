import type { NeuronView } from "xpikeformer/internal";

const [WIDTH, HEIGHT, LEFT, TOP, BOTTOM] = [640, 270, 74, 40, 28];

/**
 * The membrane over the time steps. In each step a line shows what the leak left, a bar the input on it, a point the membrane that is
 * compared, and a line what is kept; a stroke above marks a spike.
 */
export function MembraneChart({ view, step }: { view: NeuronView; step: number }) {
  const { leaked, input, membrane, threshold, kept, spikes, whole } = view;
  const all = [...leaked, ...membrane, ...threshold, ...kept, 0];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const y = (value: number) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - (value - low) / (high - low || 1));
  const wide = (WIDTH - LEFT) / spikes.length;
  const x = (t: number) => LEFT + wide * t;
  const fired = Array.from(spikes).flatMap((spike, t) => (spike ? [t + 1] : []));
  const written = (value: number) => (whole ? String(value) : value.toPrecision(3));
  const mostOften = threshold[0];
  return (
    <svg
      class="membrane"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`Membrane from ${written(Math.min(...membrane))} to ${written(Math.max(...membrane))}, threshold ${written(mostOften)}. ${fired.length ? `Fires in step ${fired.join(", ")}` : "Never fires"}`}
    >
      <rect class="now" x={x(step)} y={TOP} width={wide} height={HEIGHT - TOP - BOTTOM} />
      <path class="zero" d={`M${LEFT} ${y(0)}H${WIDTH}`} />
      {Array.from(spikes, (spike, t) => (
        <g key={t}>
          <path class="threshold" d={`M${x(t)} ${y(threshold[t])}h${wide}`} />
          <path class="left" d={`M${x(t)} ${y(leaked[t])}h${wide * 0.25}`} />
          <rect
            class={input[t] < 0 ? "input down" : "input up"}
            x={x(t) + wide * 0.25}
            y={Math.min(y(leaked[t]), y(membrane[t]))}
            width={wide * 0.12}
            height={Math.abs(y(leaked[t]) - y(membrane[t]))}
          />
          <path
            class="left"
            d={`M${x(t) + wide * 0.37} ${y(membrane[t])}h${wide * 0.2}V${y(kept[t])}h${wide * 0.43}`}
          />
          <circle class={spike ? "point fires" : "point"} cx={x(t) + wide * 0.47} cy={y(membrane[t])} r={3.5} />
          {spike === 1 && <path class="spike" d={`M${x(t) + wide * 0.47} 6V${TOP - 12}`} />}
          <text x={x(t) + wide / 2} y={HEIGHT - 7} class="middle">
            {t + 1}
          </text>
        </g>
      ))}
      <text x={LEFT - 6} y={y(mostOften) + 4} class="end">
        {written(mostOften)}
      </text>
      {Math.abs(y(0) - y(mostOften)) > 14 && (
        <text x={LEFT - 6} y={y(0) + 4} class="end">
          0
        </text>
      )}
      <text x={0} y={18}>
        spikes
      </text>
    </svg>
  );
}
