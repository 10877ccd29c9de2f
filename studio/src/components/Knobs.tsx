import { change, chooseMachine, KNOBS, MACHINES, machineName } from "../state/knobs.ts";
import { experiment } from "../state/studio.ts";
import { Causes } from "./Causes.tsx";
import { Select } from "./Select.tsx";
import { Sources } from "./Sources.tsx";

/** The machine's knobs. Every change programs new chips, and the figures follow. */
export function Knobs() {
  const now = experiment.value;
  if (!now) return null;
  return (
    <section aria-labelledby="knobs" class="knobs">
      <h2 id="knobs">Change the machine</h2>
      <p class="quiet">Every choice programs a new chip. Its figures follow within seconds, coarse at first.</p>
      <div class="knob-grid">
        <Select
          label="Machine"
          help="sets all of these at once"
          value={machineName.value}
          choices={MACHINES.map((name) => [name, name])}
          onChange={chooseMachine}
        />
        {KNOBS.filter(({ isOf }) => isOf?.(now) ?? true).map(({ label, help, read, write, choices }) => (
          <Select
            key={label}
            label={label}
            help={help}
            value={read(now)}
            choices={choices}
            onChange={(value) => change(write(now, value))}
          />
        ))}
      </div>
      <Sources />
      <Causes />
    </section>
  );
}
