import { future, past, redo, reset, undo } from "../state/history.ts";
import { type Knob, knobsOf } from "../state/knob-list.ts";
import { change, chooseMachine, isAsOpened, MACHINE, MACHINES, machineName, offers } from "../state/knobs.ts";
import { experiment, isProgramming, opened, touched } from "../state/studio.ts";
import { endSweep, startSweep, sweep } from "../state/sweep.ts";
import { Strip } from "./Cards.tsx";
import { Causes } from "./Causes.tsx";
import { Failure } from "./Notice.tsx";
import { Plane } from "./Plane.tsx";
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
      <Plane />
      <Strip />
      <div class="travel">
        <button type="button" onClick={undo} disabled={past.value.length === 0}>
          Undo
        </button>
        <button type="button" onClick={redo} disabled={future.value.length === 0}>
          Redo
        </button>
        <button type="button" onClick={reset} disabled={isAsOpened.value}>
          Reset
        </button>
      </div>
      <div class="knob-grid">
        <div>
          <Select
            label={MACHINE}
            help="sets all of these at once"
            value={machineName.value}
            choices={MACHINES.map((name) => [name, name])}
            onChange={chooseMachine}
          />
          {touched.value === MACHINE && <Failure />}
        </div>
        {knobsOf(now).map((knob) => (
          <Turn key={knob.label} knob={knob} />
        ))}
      </div>
      <Sources />
      <Causes />
    </section>
  );
}

/** A knob with the values that can be built, and a button that tries them all. */
function Turn({ knob }: { readonly knob: Knob }) {
  const { label, help, read, write, choices } = knob;
  const now = experiment.value!;
  const refused = offers.value?.[label] ?? {};
  const left = choices.filter(([value]) => value in refused);
  const running = sweep.value?.running === true && sweep.value.label === label;
  return (
    <div>
      <Select
        label={label}
        help={help}
        value={read(now)}
        choices={choices.filter(([value]) => !(value in refused))}
        onChange={(value) => change(write(experiment.value!, value, opened.value!), label)}
      />
      <button
        type="button"
        class="link"
        onClick={() => (running ? endSweep() : startSweep(knob))}
        disabled={isProgramming.value}
        aria-label={running ? `Stop trying ${label}` : `Try all values of ${label}`}
      >
        {running ? `Stop: ${sweep.value!.machines.length} of ${sweep.value!.values}` : "Try all"}
      </button>
      {left.length > 0 && (
        <details class="quiet refused">
          <summary>not with this machine: {left.map(([, name]) => name).join(", ")}</summary>
          {left.map(([value, name]) => (
            <p key={value}>
              {name}: {refused[value]}
            </p>
          ))}
        </details>
      )}
      {touched.value === label && <Failure />}
    </div>
  );
}
