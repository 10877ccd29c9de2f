import { Fragment } from "preact";
import { type ScheduledUnit, type SpikeTrain, unpackSpikes } from "xpikeformer";
import { neuronTrains } from "xpikeformer/internal";
import { place } from "../state/place.ts";
import { chip, prompt, shownStep, shownToken, step } from "../state/studio.ts";
import { partName, plural, trainName } from "../words.ts";
import { SaveSvg } from "./SaveSvg.tsx";
import { SpikeStrip } from "./SpikeStrip.tsx";

/** The spikes of one token through the whole network, with the parts of the machine that make them in between. */
export function NetworkPanel() {
  const { mapping, model, schedule } = chip.value!;
  const { rasters } = prompt.value!;
  const trains = Object.entries(rasters);
  const neurons = neuronTrains(mapping);
  // A spike train precedes the unit that reads it; units come in the order in which a prompt meets them.
  const { units } = schedule.alone;
  return (
    <div class="panel-grid">
      <p>
        Each strip shows the neurons of one stage for this token: a column per neuron, a row for each of {model.steps}{" "}
        time steps, a filled point per spike. Click a column, or press Enter on it, to see its neuron's membrane. The
        buttons between the strips are the parts of the machine. Open one.
      </p>
      <div class="strips" data-saves="spikes">
        <SaveSvg
          title={`Spikes of token ${shownToken.value + 1}`}
          data={() => ({ trains: Object.fromEntries(trains.map(([name, train]) => [name, spikesOf(train)])) })}
        />
        {trains.map(([name, train]) => (
          <Fragment key={name}>
            <SpikeStrip
              name={trainName(name, units)}
              train={train}
              token={shownToken.value}
              step={shownStep.value}
              onPick={
                neurons.has(name)
                  ? (neuron, at) => {
                      step.value = at;
                      place.value = { kind: "neuron", train: name, neuron };
                    }
                  : null
              }
            />
            {units
              .filter(({ trainIn }) => trainIn === name)
              .map((unit) =>
                unit.kind === "attention" ? (
                  <Heads key={unit.name} unit={unit} heads={model.heads} />
                ) : (
                  <Crossbars
                    key={unit.name}
                    unit={unit}
                    count={mapping.layers.find((layer) => layer.name === unit.name)!.blocks.length}
                  />
                ),
              )}
          </Fragment>
        ))}
      </div>
    </div>
  );
}

/** The spikes of the token shown, a text of zeros and ones per time step. */
function spikesOf(train: SpikeTrain): readonly string[] {
  const { steps, rows, features } = train;
  const spikes = unpackSpikes(train);
  const row = Math.min(shownToken.value, rows - 1);
  return Array.from({ length: steps }, (_, t) =>
    spikes.subarray((t * rows + row) * features, (t * rows + row + 1) * features).join(""),
  );
}

function Crossbars({ unit, count }: { unit: ScheduledUnit; count: number }) {
  return (
    <div class="unit">
      <button
        type="button"
        onClick={() => {
          place.value = { kind: "layer", layer: unit.name };
        }}
      >
        <span class="blocks" aria-hidden="true">
          {"▦".repeat(Math.min(count, 8))}
        </span>
        {partName(unit)}: {plural(count, "crossbar")}
      </button>
    </div>
  );
}

function Heads({ unit, heads }: { unit: ScheduledUnit; heads: number }) {
  const block = unit.block!;
  return (
    <div class="unit">
      <span>{partName(unit)}, by head:</span>
      {Array.from({ length: heads }, (_, head) => (
        <button
          type="button"
          key={head}
          aria-label={`Head ${head + 1} of block ${block + 1}`}
          onClick={() => {
            place.value = { kind: "head", block, head };
          }}
        >
          {head + 1}
        </button>
      ))}
    </div>
  );
}
