import { Fragment } from "preact";
import { place } from "../state/place.ts";
import { chip, prompt, shownToken, step } from "../state/studio.ts";
import { layerName, plural, trainName } from "../words.ts";
import { SpikeStrip } from "./SpikeStrip.tsx";

/** The spikes of one token through the whole network, with the parts of the machine that make them in between. */
export function NetworkPanel() {
  const { mapping, model, schedule } = chip.value!;
  const { rasters } = prompt.value!;
  const trains = Object.entries(rasters);
  // A spike train precedes the unit that reads it; units come in the order in which a prompt meets them.
  const rows = schedule.alone.units.map(({ name, kind }) => ({ name, kind }));
  return (
    <div class="panel-grid">
      <p>
        Each strip shows the neurons of one stage for this token: a column per neuron, a row for each of {model.steps}{" "}
        time steps, a filled point per spike. The buttons between the strips are the parts of the machine. Open one.
      </p>
      <div class="strips">
        {trains.map(([name, train]) => (
          <Fragment key={name}>
            <SpikeStrip name={trainName(name)} train={train} token={shownToken.value} step={step.value} />
            {rows
              .filter((row) => READS[partOf(row.name)] === partOf(name) && blockOf(row.name) === blockOf(name))
              .map((row) =>
                row.kind === "attention" ? (
                  <Heads key={row.name} name={row.name} block={blockOf(row.name)!} heads={model.heads} />
                ) : (
                  <Crossbars
                    key={row.name}
                    name={row.name}
                    count={mapping.layers.find((layer) => layer.name === row.name)!.blocks.length}
                  />
                ),
              )}
          </Fragment>
        ))}
      </div>
    </div>
  );
}

/** Which spikes a unit reads, by the last part of its name. */
const READS: Readonly<Record<string, string>> = {
  embed: "input of all",
  qkv: "input",
  attention: "qkv",
  projection: "attention",
  up: "middle",
  down: "hidden",
  head: "output",
};

const partOf = (name: string): string => (name === "input" ? "input of all" : (name.split(".").at(-1) ?? name));
const blockOf = (name: string): number | null => {
  const number = /^blocks\.(\d+)\./.exec(name)?.[1];
  return number === undefined ? null : Number(number);
};

function Crossbars({ name, count }: { name: string; count: number }) {
  return (
    <div class="unit">
      <button
        type="button"
        onClick={() => {
          place.value = { kind: "layer", layer: name };
        }}
      >
        <span class="blocks" aria-hidden="true">
          {"▦".repeat(Math.min(count, 8))}
        </span>
        {layerName(name)}: {plural(count, "crossbar")}
      </button>
    </div>
  );
}

function Heads({ name, block, heads }: { name: string; block: number; heads: number }) {
  return (
    <div class="unit">
      <span>{layerName(name)}, by head:</span>
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
