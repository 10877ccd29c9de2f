import { signal } from "@preact/signals";
import { prompt, step } from "../state/studio.ts";
import { trainName } from "../words.ts";
import { Scrubber } from "./Scrubber.tsx";
import { SpikeStrip } from "./SpikeStrip.tsx";

/** Which token is looked at; null: the one that asks. */
const token = signal<number | null>(null);

/** The spikes of one token through the whole network, a row of pixels for each time step. */
export function Spikes() {
  const view = prompt.value;
  if (!view) return null;
  const steps = view.decisions.length;
  const shown = Math.min(token.value ?? view.tokens - 1, view.tokens - 1);
  return (
    <section aria-labelledby="spikes">
      <h2 id="spikes">Its spikes</h2>
      <p>
        Every line is one stage of the network, every column a neuron, and every row one of {steps} time steps. A filled
        point is a spike.
      </p>
      <div class="controls">
        <Scrubber
          label="Time step"
          value={step.value}
          most={steps - 1}
          onChange={(t) => {
            step.value = t;
          }}
          plays
        />
        <Scrubber
          label="Token"
          value={shown}
          most={view.tokens - 1}
          onChange={(n) => {
            token.value = n;
          }}
          said={
            shown === view.tokens - 1
              ? "the query"
              : shown % 2
                ? `pilot ${(shown + 1) / 2}`
                : `received ${shown / 2 + 1}`
          }
        />
      </div>
      <div class="strips">
        {Object.entries(view.rasters).map(([name, train]) => (
          <SpikeStrip key={name} name={trainName(name)} train={train} token={shown} step={step.value} />
        ))}
      </div>
    </section>
  );
}
