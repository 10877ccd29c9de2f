import { type Place, place } from "../state/place.ts";
import { chip, crossbarView, shownToken, step } from "../state/studio.ts";
import { plural } from "../words.ts";
import { ColumnBars } from "./ColumnBars.tsx";
import { HeatMap } from "./HeatMap.tsx";
import { Raster } from "./Raster.tsx";

/** One crossbar at a time step: driven rows on the left, then conductances, with the current and code of each column below. */
export function CrossbarPanel({ place: at }: { place: Extract<Place, { kind: "crossbar" }> }) {
  const view = crossbarView.value;
  const { mapping, maxConductance } = chip.value!;
  if (!view || view.block.crossbar !== at.crossbar) return <p class="waiting">Reading the crossbar …</p>;
  const { block, lines, plus, minus, plusCurrents, minusCurrents, codes } = view;
  const { rows, columns } = block;
  const isHead = mapping.layers.some(({ name, role }) => name === at.layer && role === "head");
  const driven = lines.reduce((sum, line) => sum + line, 0);
  return (
    <div class="crossbar-panel">
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
          value={(row, column) => (2 * (plus[row * columns + column] - minus[row * columns + column])) / maxConductance}
          label="Conductance of each cell: plus device less minus device"
          onPick={(spot) => {
            place.value = { ...at, ...spot, kind: "cell" };
          }}
        />
        <span class="axis-name">current</span>
        <ColumnBars up={plusCurrents} down={minusCurrents} label="Plus and minus current of each column" />
        <span class="axis-name">code</span>
        {codes ? (
          <ColumnBars
            up={codes.map((code) => Math.max(0, code))}
            down={codes.map((code) => Math.max(0, -code))}
            label="Code of each column"
            accent
          />
        ) : (
          <span class="quiet">{isHead ? "read at the query only" : "no ADC: exact currents"}</span>
        )}
      </div>
      <div>
        <p>
          In step {step.value + 1}, the spikes of token {shownToken.value + 1} drive {driven} of {plural(rows, "row")}.
          Every cell is a pair of devices: the <span class="key plus">plus</span> device adds to the column's current,
          the <span class="key minus">minus</span> device subtracts from it. The column's wire sums the currents of all
          driven rows at once.
        </p>
        <p>
          An ADC converts the difference to an integer, the code. Codes here range from {least(codes)} to{" "}
          {largest(codes)}.
        </p>
        <p class="quiet">Select a cell to see how its two devices age.</p>
      </div>
    </div>
  );
}

const largest = (codes: Float32Array | null): string => (codes ? String(Math.max(...codes)) : "–");
const least = (codes: Float32Array | null): string => (codes ? String(Math.min(...codes)) : "–");
