import { formatQuantity } from "xpikeformer/report";
import { type Place, place } from "../state/place.ts";
import { chip, experiment } from "../state/studio.ts";
import { cellView, crossbarView } from "../state/views.ts";
import { ageName } from "../words.ts";
import type { CellView } from "../workers/chip.ts";
import { SaveSvg } from "./SaveSvg.tsx";
import "./drift.css";

const [WIDTH, HEIGHT, LEFT, BOTTOM] = [640, 270, 72, 36];

/** Ages with a name, in seconds. */
const TICKS = [1, 60, 3600, 86_400, 365.25 * 86_400];

/** The two devices of a cell, from one second to ten years after programming. */
export function CellPanel({ place: at }: { place: Extract<Place, { kind: "cell" }> }) {
  const view = cellView.value;
  if (!view) return <p class="waiting">Reading the cell …</p>;
  const { weight, scale, programmed } = view;
  const seen = crossbarView.value?.block.crossbar === at.crossbar ? crossbarView.value : null;
  const now = seen && at.row * seen.block.columns + at.column;
  const moved = (down: number, right: number) => () => {
    const { rows, columns } = seen?.block ?? { rows: 1, columns: 1 };
    const row = Math.min(rows - 1, Math.max(0, at.row + down));
    place.value = { ...at, row, column: Math.min(columns - 1, Math.max(0, at.column + right)) };
  };
  return (
    <div class="panel-grid">
      <div class="stepper">
        <button type="button" onClick={moved(-1, 0)}>
          previous row
        </button>
        <button type="button" onClick={moved(1, 0)}>
          next row
        </button>
        <button type="button" onClick={moved(0, -1)}>
          previous column
        </button>
        <button type="button" onClick={moved(0, 1)}>
          next column
        </button>
      </div>
      <div data-saves="cell">
        <SaveSvg title={`Two devices over ten years, row ${at.row + 1}, column ${at.column + 1}`} data={() => view} />
        <DriftChart view={view} />
      </div>
      <dl>
        <dt>target weight</dt>
        <dd>
          {weight.toFixed(3)}: {micro(Math.abs(weight) * scale)} on the {weight < 0 ? "minus" : "plus"} device
        </dd>
        <dt>as programmed</dt>
        <dd>
          plus {micro(programmed.plus)}, minus {micro(programmed.minus)}
        </dd>
        {seen && now !== null && (
          <>
            <dt>as this prompt reads it, at age {ageName(experiment.value!.hardware.readTime)}</dt>
            <dd>
              plus {micro(seen.plus[now])}, minus {micro(seen.minus[now])}; the row is{" "}
              {seen.lines[at.row] ? "driven" : "not driven"}
            </dd>
          </>
        )}
      </dl>
      <p class="quiet">
        Programming misses its target at random (programming noise), and each read adds read noise. Many devices then
        lose conductance with age (drift), ever more slowly: each decade of time takes about the same share.
      </p>
    </div>
  );
}

/** A conductance as the package writes quantities. */
const micro = (microsiemens: number): string => {
  const { value, unit } = formatQuantity({ value: microsiemens * 1e-6, unit: "S" });
  return `${value} ${unit}`;
};

function DriftChart({ view: { ages, plus, minus, programmed } }: { view: CellView }) {
  const { maxConductance } = chip.value!;
  const most = 1.05 * Math.max(maxConductance, ...plus, ...minus, programmed.plus, programmed.minus);
  const decades = Math.log10(ages[ages.length - 1]);
  const x = (age: number) => LEFT + ((WIDTH - LEFT - 8) * Math.log10(Math.max(1, age))) / decades;
  const y = (conductance: number) => (HEIGHT - BOTTOM) * (1 - conductance / most) + 4;
  const line = (values: readonly number[]) =>
    values.map((value, i) => `${i ? "L" : "M"}${x(ages[i]).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  const { readTime } = experiment.value!.hardware;
  return (
    <svg
      class="drift ages"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`Conductance of the two devices over ten years: plus from ${plus[0].toFixed(2)} to ${plus.at(-1)!.toFixed(2)}, minus from ${minus[0].toFixed(2)} to ${minus.at(-1)!.toFixed(2)} microsiemens`}
    >
      {[0, maxConductance / 2, maxConductance].map((tick) => (
        <g key={tick}>
          <path class="grid" d={`M${LEFT} ${y(tick)}H${WIDTH - 8}`} />
          <text x={LEFT - 6} y={y(tick) + 4} class="end">
            {tick} {tick === maxConductance ? "µS" : ""}
          </text>
        </g>
      ))}
      {TICKS.map((tick) => (
        <text key={tick} x={x(tick)} y={HEIGHT - 4} class="middle">
          {ageName(tick)}
        </text>
      ))}
      <path class="cursor" d={`M${x(readTime)} 4V${y(0)}`} />
      <path class="line plus" d={line(plus)} />
      <path class="line minus" d={line(minus)} />
    </svg>
  );
}
