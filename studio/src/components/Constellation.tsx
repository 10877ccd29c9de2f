import { className } from "../words.ts";
import type { LinkView, PromptView } from "../workers/chip.ts";

const SIZE = 200;

interface ConstellationProps {
  readonly view: PromptView;
  readonly link: LinkView;
  readonly antenna: number;
  readonly antennas: number;
}

/** The samples of one receive antenna: real part to the right, imaginary part up. */
export function Constellation({ view, link, antenna, antennas }: ConstellationProps) {
  const { received, labels } = link;
  const { decisions } = view;
  const reach = 1.15 * received.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const place = (value: number) => (SIZE / 2) * (1 + value / reach);
  const decided = decisions[decisions.length - 1];
  const last = labels.length - 1;
  const points = Array.from(labels, (label, pair) => {
    const at = 2 * (pair * antennas + antenna);
    return { pair, label, x: place(received[at]), y: SIZE - place(received[at + 1]) };
  });
  return (
    <div class="panel">
      <p class="panel-name">received at antenna {antenna + 1}</p>
      <svg
        viewBox={`0 0 ${SIZE} ${SIZE}`}
        class="constellation"
        role="img"
        aria-label={`Received at antenna ${antenna + 1}`}
      >
        <path class="axis" d={`M0 ${SIZE / 2}H${SIZE}M${SIZE / 2} 0V${SIZE}`} />
        <text class="axis-end" x={SIZE} y={SIZE / 2 - 4} text-anchor="end">
          in phase
        </text>
        <text class="axis-end" x={SIZE / 2 + 4} y={9}>
          quadrature
        </text>
        {points.map(({ pair, label, x, y }) =>
          pair === last ? (
            <circle key={pair} class="query" cx={x} cy={y} r={8} />
          ) : (
            <circle key={pair} class={label === decided ? "pilot same" : "pilot"} cx={x} cy={y} r={4}>
              <title>
                pilot {pair + 1}: {className(label, view)}
              </title>
            </circle>
          ),
        )}
      </svg>
    </div>
  );
}
