import { lineOrder, neuronTrains } from "xpikeformer/internal";
import { formatQuantity } from "xpikeformer/report";
import { crosshair, type Place, place } from "../state/place.ts";
import { chip, shownStep, shownToken } from "../state/studio.ts";
import { crossbarView } from "../state/views.ts";
import { plural, trainName } from "../words.ts";
import type { ScaledCrossbar } from "../workers/chip.ts";
import { ColourBar } from "./ColourBar.tsx";
import { ColumnBars } from "./ColumnBars.tsx";
import { HeatMap } from "./HeatMap.tsx";
import { Raster } from "./Raster.tsx";
import { SaveSvg } from "./SaveSvg.tsx";
import "./crossbar.css";

type CrossbarPlace = Extract<Place, { kind: "crossbar" }>;

/** One crossbar at a time step: driven rows on the left, then conductances, with the current and code of each column below. */
export function CrossbarPanel({ place: at }: { place: CrossbarPlace }) {
  const view = crossbarView.value;
  const { mapping, maxConductance } = chip.value!;
  if (!view || view.block.crossbar !== at.crossbar) return <p class="waiting">Reading the crossbar …</p>;
  const { block, lines, plus, minus, plusCurrents, minusCurrents, codes, mostCurrent, mostCode } = view;
  const { rows, columns } = block;
  const isHead = mapping.layers.some(({ name, answers }) => name === at.layer && answers);
  const driven = lines.reduce((sum, line) => sum + line, 0);
  const spot = {
    row: Math.min(rows - 1, crosshair.value.row),
    column: Math.min(columns - 1, crosshair.value.column),
  };
  const open = (to: typeof spot) => {
    place.value = { ...at, ...to, kind: "cell" };
  };
  return (
    <div class="crossbar-panel">
      <div data-saves="crossbar">
        <SaveSvg
          title={`Crossbar ${at.crossbar + 1}, step ${shownStep.value + 1}`}
          data={() => ({
            ...{ units: { conductance: "µS", current: "µA at 1 V" }, rows, columns, lines },
            ...{ plus, minus, plusCurrents, minusCurrents, codes },
          })}
        />
        <div class="crossbar-drawing">
          <div class="lines">
            <Raster
              width={1}
              height={rows}
              label={`${driven} of ${rows} rows are driven`}
              colour={(row) => (lines[row] ? "accent" : null)}
            />
          </div>
          <HeatMap
            rows={rows}
            columns={columns}
            value={(row, column) =>
              (2 * (plus[row * columns + column] - minus[row * columns + column])) / maxConductance
            }
            label="Conductance of each cell: plus device less minus device"
            spot={spot}
            onMove={(to) => {
              if (to) crosshair.value = to;
            }}
            onPick={open}
          />
          <span class="axis-name">
            current at 1 V
            <br />± {micro(mostCurrent, "A")}
          </span>
          <ColumnBars
            up={plusCurrents}
            down={minusCurrents}
            most={mostCurrent}
            marked={spot.column}
            label={`Plus and minus current of each column, up to ${micro(mostCurrent, "A")} at 1 V with all rows driven`}
          />
          <span class="axis-name">
            code
            {mostCode !== null && (
              <>
                <br />± {mostCode}
              </>
            )}
          </span>
          {codes && mostCode !== null ? (
            <ColumnBars
              up={codes.map((code) => Math.max(0, code))}
              down={codes.map((code) => Math.max(0, -code))}
              most={mostCode}
              marked={spot.column}
              label={`Code of each column, -${mostCode} to ${mostCode}`}
              accent
            />
          ) : (
            <span class="quiet">{isHead ? "read at the query only" : "no ADC: exact currents"}</span>
          )}
          <span />
          <ColourBar most={maxConductance / 2} unit="µS" name="plus less minus device" />
        </div>
      </div>
      <div>
        <ReadOut at={at} view={view} spot={spot} onOpen={() => open(spot)} />
        <p>
          In step {shownStep.value + 1}, the spikes of token {shownToken.value + 1} drive {driven} of{" "}
          {plural(rows, "row")}. Every cell is a pair of devices: the <span class="key plus">plus</span> device adds to
          the column's current, the <span class="key minus">minus</span> device subtracts from it. The column's wire
          sums the currents of all driven rows at once.
        </p>
        <p>
          An ADC converts the difference to an integer, the code. Codes here range from {least(codes)} to{" "}
          {largest(codes)}.
        </p>
        <p class="quiet">
          Move over the cells, or use the arrow keys. All scales stay the same at every time step and age: bars reach
          their full height at the largest code, and where all rows of the fullest column are driven.
        </p>
      </div>
    </div>
  );
}

interface ReadOutProps {
  readonly at: CrossbarPlace;
  readonly view: ScaledCrossbar;
  readonly spot: { readonly row: number; readonly column: number };
  readonly onOpen: () => void;
}

/** The row, column and cell under the crosshair, in numbers. */
function ReadOut({ at, view, spot: { row, column }, onOpen }: ReadOutProps) {
  const { block, lines, plus, minus, plusCurrents, minusCurrents, codes } = view;
  const { mapping, schedule } = chip.value!;
  const layer = mapping.layers.find(({ name }) => name === at.layer)!;
  const cell = row * block.columns + column;
  const neuron = block.columnStart + column;
  const sends = layer.trainOut !== null && (neuronTrains(mapping).get(layer.trainOut) ?? 0) > neuron;
  const input = lineOrder(layer.inputs, layer)[block.rowStart + row];
  return (
    <div class="read-out">
      <dl aria-live="polite">
        <dt>row {row + 1}</dt>
        <dd>
          {lines[row] ? "driven" : "not driven"}, carries input {input + 1} of {layer.inputs}
        </dd>
        <dt>g+ and g−</dt>
        <dd>
          <span class="key plus">{micro(plus[cell])}</span>, <span class="key minus">{micro(minus[cell])}</span>
        </dd>
        <dt>column {column + 1}, current at 1 V</dt>
        <dd>
          {micro(plusCurrents[column], "A")} less {micro(minusCurrents[column], "A")}
        </dd>
        <dt>code</dt>
        <dd>{codes ? codes[column] : "–"}</dd>
      </dl>
      <p class="go">
        <button type="button" onClick={onOpen}>
          Open this cell
        </button>
        {sends && (
          <button
            type="button"
            onClick={() => {
              place.value = { kind: "neuron", train: layer.trainOut!, neuron };
            }}
          >
            Open neuron {neuron + 1} of {trainName(layer.trainOut!, schedule.alone.units)}
          </button>
        )}
      </p>
    </div>
  );
}

/** A conductance, or the current through it at a read voltage of 1 V, as the package writes quantities. */
function micro(microsiemens: number, of: "S" | "A" = "S"): string {
  const { value, unit } = formatQuantity({ value: microsiemens * 1e-6, unit: of });
  return `${value} ${unit}`;
}

const largest = (codes: Float32Array | null): string => (codes ? String(Math.max(...codes)) : "–");
const least = (codes: Float32Array | null): string => (codes ? String(Math.min(...codes)) : "–");
