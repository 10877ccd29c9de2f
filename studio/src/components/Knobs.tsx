import { slugOf } from "../state/address.ts";
import { future, past, redo, reset, undo } from "../state/history.ts";
import { DEVICE, type Knob, knobsOf } from "../state/knob-list.ts";
import { change, chooseMachine, isAsOpened, MACHINE, MACHINES, machineName, offers } from "../state/knobs.ts";
import { addressed } from "../state/link.ts";
import { experiment, isProgramming, opened, touched } from "../state/studio.ts";
import { endSweep, startSweep, sweep } from "../state/sweep.ts";
import { Strip } from "./Cards.tsx";
import { Causes } from "./Causes.tsx";
import { Curves } from "./Curves.tsx";
import { Failure } from "./Notice.tsx";
import { Plane } from "./Plane.tsx";
import { Select } from "./Select.tsx";
import { Sources } from "./Sources.tsx";

/** The machine's knobs. Every change programs new chips, and the figures follow. */
export function Knobs() {
  if (!experiment.value) return null;
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
      <KnobGrid />
      <Sources />
      <Causes />
    </section>
  );
}

/** The knobs, or those alone that the address offers. */
export function KnobGrid() {
  const offered = addressed.value.knobs;
  const isOffered = (label: string) => offered === null || offered.includes(slugOf(label));
  return (
    <div class="knob-grid">
      {isOffered(MACHINE) && (
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
      )}
      {knobsOf(experiment.value!)
        .filter(({ label }) => isOffered(label))
        .map((knob) => (
          <Turn key={knob.label} knob={knob} />
        ))}
    </div>
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
      {label === DEVICE && <Curves />}
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
