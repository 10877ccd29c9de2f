import { type Place, place } from "../state/place.ts";
import { chip } from "../state/studio.ts";
import { layerView } from "../state/views.ts";
import { plural } from "../words.ts";
import { HeatMap } from "./HeatMap.tsx";
import { SaveSvg } from "./SaveSvg.tsx";

/** A layer's crossbars: inputs enter on the left, outputs leave at the bottom. */
export function LayerPanel({ place: { layer } }: { place: Extract<Place, { kind: "layer" }> }) {
  const { mapping, maxConductance } = chip.value!;
  const { inputs, outputs, blocks, rowBlocks, columnGroups } = mapping.layers.find(({ name }) => name === layer)!;
  const views = new Map(layerView.value?.map(({ crossbar, net }) => [crossbar, net]));
  return (
    <div class="panel-grid">
      <p>
        {inputs} × {outputs} weights on {plural(blocks.length, "crossbar")} of {mapping.crossbar.rows} ×{" "}
        {mapping.crossbar.columns} cells, in {plural(rowBlocks, "block")} of inputs and {plural(columnGroups, "block")}{" "}
        of outputs. A crossbar sums the currents of all driven rows of a column at once. Where several blocks of inputs
        feed an output, their sums are added digitally. Open a crossbar.
      </p>
      <div data-saves="layer">
        <SaveSvg title={`Conductances of ${layer}`} data={() => ({ unit: "µS", blocks, crossbars: layerView.value })} />
        <div class="crossbars" style={{ gridTemplateColumns: `repeat(${columnGroups}, minmax(0, 9rem))` }}>
          {blocks
            .toSorted((a, b) => a.rowStart - b.rowStart || a.columnStart - b.columnStart)
            .map(({ crossbar, rows, columns }) => {
              const net = views.get(crossbar);
              return (
                <button
                  type="button"
                  key={crossbar}
                  class="crossbar"
                  onClick={() => {
                    place.value = { kind: "crossbar", layer, crossbar };
                  }}
                >
                  <HeatMap
                    rows={rows}
                    columns={columns}
                    value={(row, column) => (net ? (2 * net[row * columns + column]) / maxConductance : null)}
                    label={`Conductances of crossbar ${crossbar + 1}`}
                  />
                  crossbar {crossbar + 1}
                </button>
              );
            })}
        </div>
      </div>
    </div>
  );
}
