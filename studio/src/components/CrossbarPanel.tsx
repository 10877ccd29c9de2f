import { type Place, place } from "../state/place.ts";
import { chip, crossbarView, shownToken, step } from "../state/studio.ts";
import { plural } from "../words.ts";
import { ColumnBars } from "./ColumnBars.tsx";
import { HeatMap } from "./HeatMap.tsx";
import { Raster } from "./Raster.tsx";

/** One crossbar at a time step: driven lines on the left, conductances, and below what each column carries and its code. */
export function CrossbarPanel({ place: at }: { place: Extract<Place, { kind: "crossbar" }> }) {
  const view = crossbarView.value;
  const { maxConductance } = chip.value!;
  if (!view || view.block.crossbar !== at.crossbar) return <p class="waiting">Reading the crossbar …</p>;
  const { block, lines, plus, minus, plusCurrents, minusCurrents, codes } = view;
  const { rows, columns } = block;
  const driven = lines.reduce((sum, line) => sum + line, 0);
  return (
    <div class="crossbar-panel">
      <div class="crossbar-drawing">
        <div class="lines">
          <Raster
            width={1}
            height={rows}
            label={`${driven} of ${rows} lines are driven`}
            colour={(row) => (lines[row] ? "accent" : null)}
          />
        </div>
        <HeatMap
          rows={rows}
          columns={columns}
          value={(row, column) => (2 * (plus[row * columns + column] - minus[row * columns + column])) / maxConductance}
          label="Conductance of each cell: that of its plus device less that of its minus device"
          onPick={(spot) => {
            place.value = { ...at, ...spot, kind: "cell" };
          }}
        />
        <span class="axis-name">current</span>
        <ColumnBars up={plusCurrents} down={minusCurrents} label="Currents of the two lines of each column" />
        <span class="axis-name">code</span>
        {codes ? (
          <ColumnBars
            up={codes.map((code) => Math.max(0, code))}
            down={codes.map((code) => Math.max(0, -code))}
            label="Code of each column"
            accent
          />
        ) : (
          <span class="quiet">{at.layer === "head" ? "read at the query only" : "exact currents are passed on"}</span>
        )}
      </div>
      <div>
        <p>
          In step {step.value + 1} the spikes of token {shownToken.value + 1} drive {driven} of {plural(rows, "line")}.
          Every cell is a pair of devices: <span class="key plus">plus</span> adds to a column's current,{" "}
          <span class="key minus">minus</span> is taken away. A column's current is the sum over all driven lines, made
          in one go by the wire itself.
        </p>
        <p>
          A converter turns the difference into a whole number, the code. Codes here reach from {least(codes)} to{" "}
          {largest(codes)}.
        </p>
        <p class="quiet">Pick a cell to see its two devices age.</p>
      </div>
    </div>
  );
}

const largest = (codes: Float32Array | null): string => (codes ? String(Math.max(...codes)) : "–");
const least = (codes: Float32Array | null): string => (codes ? String(Math.min(...codes)) : "–");
