import type { Experiment } from "xpikeformer";
import type { Point } from "../state/training.ts";
import { SaveSvg } from "./SaveSvg.tsx";
import "./drift.css";

const [WIDTH, HEIGHT, LEFT, TOP] = [460, 184, 58, 14];

interface CurveProps {
  /** Name of the plotted quantity. */
  readonly name: string;
  readonly points: readonly Point[];
  /** Step at the right end. */
  readonly steps: number;
  readonly digits: number;
  /** The experiment in training; left out: the one shown. */
  readonly of?: Experiment;
}

/** A curve over training steps, from 0 up. It is empty, but keeps its place, until there are two points. */
export function Curve({ name, points, steps, digits, of }: CurveProps) {
  const most = Math.max(0, ...points.map(({ value }) => value)) || 1;
  const x = (step: number) => LEFT + ((WIDTH - LEFT) * step) / steps;
  const y = (value: number) => TOP + (HEIGHT - TOP - 22) * (1 - value / most);
  const path = points.map(({ step, value }, i) => `${i ? "L" : "M"}${x(step).toFixed(1)} ${y(value).toFixed(1)}`);
  const said = ({ step, value }: Point) => `${value.toFixed(digits)} at step ${step}`;
  const [first, last] = [points[0], points.at(-1)];
  const label = first && last ? `${name} from ${said(first)} to ${said(last)}` : `${name}: no data yet`;
  return (
    <figure data-saves={name.toLowerCase().replaceAll(" ", "-")}>
      {points.length > 1 && <SaveSvg title={name} data={() => ({ points })} of={of} />}
      <svg class="drift" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
        {[0, most].map((tick) => (
          <g key={tick}>
            <path class="grid" d={`M${LEFT} ${y(tick)}H${WIDTH}`} />
            <text x={LEFT - 6} y={y(tick) + 4} class="end">
              {points.length === 0 && tick > 0 ? "" : tick.toFixed(tick ? digits : 0)}
            </text>
          </g>
        ))}
        <text x={LEFT} y={HEIGHT - 6}>
          {name}
        </text>
        <text x={WIDTH} y={HEIGHT - 6} class="end">
          step {steps}
        </text>
        <path class="line plus" d={path.join("")} />
        {last && <circle class="newest" cx={x(last.step)} cy={y(last.value)} r={3} />}
      </svg>
    </figure>
  );
}
