import { missingNoise, type NoiseSourceId, noiseSources, withNoiseOf, withoutNoise } from "xpikeformer";
import { change } from "../state/knobs.ts";
import { experiment, opened } from "../state/studio.ts";

/** A switch per noise source. A source that is switched on again is as it was when the machine was opened. */
export function Sources() {
  const now = experiment.value!;
  const { hardware } = now;
  const from = opened.value!.hardware;
  const on = noiseSources(hardware);
  const off = missingNoise(hardware, from);
  const isOn = (id: NoiseSourceId) => on.some((source) => source.id === id);
  const toggle = (id: NoiseSourceId) =>
    change({ ...now, hardware: isOn(id) ? withoutNoise(hardware, [id]) : withNoiseOf(hardware, from, id) });
  return (
    <fieldset class="sources">
      <legend>Sources of noise: deviations from exact arithmetic</legend>
      {[...on, ...off].sort(byName).map(({ id, label }) => (
        <label key={id}>
          <input type="checkbox" checked={isOn(id)} onChange={() => toggle(id)} /> {label}
        </label>
      ))}
    </fieldset>
  );
}

/** A source keeps its place when it is switched. */
const byName = (a: { label: string }, b: { label: string }): number => a.label.localeCompare(b.label, "en");
