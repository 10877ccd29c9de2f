import type { NeuronView } from "xpikeformer/internal";
import { crosshair, type Place, place, tilesDrawn } from "../state/place.ts";
import { chip, shownStep } from "../state/studio.ts";
import { neuronView } from "../state/views.ts";
import { partName, plural, trainName } from "../words.ts";
import { MembraneChart } from "./MembraneChart.tsx";
import { SaveSvg } from "./SaveSvg.tsx";
import "./neuron.css";

/** One neuron over a token's time steps: what feeds it, its membrane, its spikes, and where they go. */
export function NeuronPanel({ place: at }: { place: Extract<Place, { kind: "neuron" }> }) {
  const view = neuronView.value;
  if (!view || view.train !== at.train || view.neuron !== at.neuron) return <p class="waiting">Reading the neuron …</p>;
  const { mapping, model, schedule } = chip.value!;
  const count = mapping.layers.flatMap(({ trainIn, trainOut, inputs, outputs }) =>
    trainOut === at.train ? [outputs] : trainIn === at.train ? [inputs] : [],
  )[0];
  const fired = view.spikes.reduce((sum, spike) => sum + spike, 0);
  const moved = (by: number) => () => {
    place.value = { ...at, neuron: at.neuron + by };
  };
  const { neuron } = model;
  const leak = neuron.kind === "if" ? "No leak" : "beta" in neuron ? `Leak × ${neuron.beta}` : "Leak";
  return (
    <div class="neuron-panel">
      <div>
        <div class="stepper">
          <button type="button" onClick={moved(-1)} disabled={at.neuron === 0}>
            previous neuron
          </button>
          <span>
            {at.neuron + 1} of {count}
          </span>
          <button type="button" onClick={moved(1)} disabled={at.neuron >= count - 1}>
            next neuron
          </button>
        </div>
        <div data-saves="neuron">
          <SaveSvg
            title={`Membrane of ${trainName(at.train, schedule.alone.units)}, neuron ${at.neuron + 1}`}
            data={() => view}
          />
          <MembraneChart view={view} step={shownStep.value} />
        </div>
        <p class="quiet">
          {leak}, then the input is added. Where the membrane reaches the threshold the neuron fires, and{" "}
          {view.reset === "hard" ? "the membrane returns to 0" : "the threshold is subtracted"}.{" "}
          {view.whole ? "Whole numbers, as in the registers." : "In the unit of the threshold."} It fires in {fired} of{" "}
          {plural(view.spikes.length, "time step")}.
        </p>
        <Updates view={view} />
      </div>
      <div>
        <h3>What feeds it</h3>
        <Feeding view={view} />
        <h3>Where its spikes go</h3>
        <ul class="links">
          {view.lines.map(({ layer, crossbar, row }) => (
            <li key={`${crossbar} ${row}`}>
              <button
                type="button"
                class="link"
                onClick={() => {
                  crosshair.value = { row, column: 0 };
                  place.value = { kind: "crossbar", layer, crossbar };
                }}
              >
                row {row + 1} of crossbar {crossbar + 1}, {layerName(layer)}
              </button>
            </li>
          ))}
          {view.heads.map(({ block, head, part, feature }) => (
            <li key={`${block} ${head}`}>
              {tilesDrawn(mapping) ? (
                <button
                  type="button"
                  class="link"
                  onClick={() => {
                    place.value = { kind: "head", block, head };
                  }}
                >
                  block {block + 1}, head {head + 1}
                </button>
              ) : (
                `block ${block + 1}, head ${head + 1}`
              )}
              : bit {feature + 1} of the {part}
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

/** Every update of the membrane, step by step. */
function Updates({ view }: { view: NeuronView }) {
  const { leaked, input, membrane, threshold, kept, spikes } = view;
  const written = (value: number) => (view.whole ? String(value) : value.toPrecision(4));
  return (
    <table class="updates">
      <thead>
        <tr>
          {["Step", "After leak", "Input", "Membrane", "Threshold", "Spike", "Kept"].map((name) => (
            <th scope="col" key={name}>
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {Array.from(spikes, (spike, t) => (
          <tr key={t} class={t === shownStep.value ? "now" : ""} data-step={t}>
            <th scope="row">{t + 1}</th>
            {[leaked, input, membrane, threshold].map((values, i) => (
              <td key={i}>{written(values[t])}</td>
            ))}
            <td>{spike ? "fires" : "–"}</td>
            <td>{written(kept[t])}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The input of the time step shown: codes times multipliers, and what is the same at all steps. */
function Feeding({ view }: { view: NeuronView }) {
  const t = Math.min(shownStep.value, view.input.length - 1);
  const known = view.columns.every(({ codes }) => codes !== null) && view.columns.length > 0;
  const sum = view.columns.reduce((all, { codes, multiplier }) => all + (codes ? codes[t] * multiplier : 0), 0);
  const written = (value: number) => (view.whole ? String(value) : value.toPrecision(4));
  return (
    <table class="feeding">
      <thead>
        <tr>
          <th scope="col">Column, in step {t + 1}</th>
          <th scope="col">Code</th>
          <th scope="col">Times</th>
          <th scope="col">Adds</th>
        </tr>
      </thead>
      <tbody>
        {view.columns.map(({ layer, crossbar, column, codes, multiplier }) => (
          <tr key={crossbar}>
            <th scope="row">
              <button
                type="button"
                class="link"
                onClick={() => {
                  crosshair.value = { row: 0, column };
                  place.value = { kind: "crossbar", layer, crossbar };
                }}
              >
                column {column + 1} of crossbar {crossbar + 1}, {layerName(layer)}
              </button>
            </th>
            <td>{codes ? codes[t] : "–"}</td>
            <td>{codes ? written(multiplier) : "–"}</td>
            <td>{codes ? written(codes[t] * multiplier) : "–"}</td>
          </tr>
        ))}
        {known && (
          <tr>
            <th scope="row">{view.columns.length > 1 ? "offsets, position" : "offset"}</th>
            <td />
            <td />
            <td>{written(view.input[t] - sum)}</td>
          </tr>
        )}
        <tr class="sum">
          <th scope="row">input</th>
          <td />
          <td />
          <td>{written(view.input[t])}</td>
        </tr>
      </tbody>
    </table>
  );
}

const layerName = (name: string): string => {
  const layer = chip.value!.mapping.layers.find((one) => one.name === name);
  return layer ? partName(layer) : name;
};
