/** Which values of each knob can be built on a machine, as it is. */
import { type Experiment, foldNetwork, mapNetwork, type Network, parseExperiment, type SpikingSpec } from "xpikeformer";
import { knobsOf } from "../state/knob-list.ts";
import { failureOf } from "./calls.ts";
import { type Materials, networkOf } from "./materials.ts";

/** Why a value is not offered, by the knob's label and the value. */
export type Offers = Readonly<Record<string, Readonly<Record<string, string>>>>;

export function offersOn(given: Experiment, opened: Experiment, materials: Materials): Offers {
  // Most knobs leave the network as it is, and folding it takes the time.
  const folded = new Map<string, Network<SpikingSpec>>();
  const foldedOf = (experiment: Experiment) => {
    const key = JSON.stringify([experiment.model, experiment.task]);
    const known = folded.get(key) ?? foldNetwork(networkOf(materials, experiment));
    folded.set(key, known);
    return known;
  };
  const reason = (document: unknown): string | null => {
    try {
      const experiment = parseExperiment(JSON.stringify(document), "the machine");
      mapNetwork(foldedOf(experiment), experiment.hardware, experiment.task.coding);
      return null;
    } catch (error) {
      return failureOf(error).message;
    }
  };
  return Object.fromEntries(
    knobsOf(given).map(({ label, choices, read, write }) => {
      const others = choices.filter(([value]) => value !== read(given));
      const refused = others.flatMap(([value]) => {
        const why = reason(write(given, value, opened));
        return why === null ? [] : [[value, why]];
      });
      return [label, Object.fromEntries(refused)];
    }),
  );
}
