/** Which values of each knob can be built on a machine, as it is. */
import { type Experiment, foldNetwork, mapNetwork, type Network, parseExperiment, type SpikingSpec } from "xpikeformer";
import { knobsOf } from "../state/knob-list.ts";
import { failureOf } from "./calls.ts";
import { type Materials, networkOf } from "./materials.ts";

/** Why a value is not offered, by the knob's label and the value. */
export type Offers = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** @param goOn  called between two knobs: lets other work in, and ends this work with false; the result is then null */
export async function offersOn(
  given: Experiment,
  opened: Experiment,
  materials: Materials,
  goOn: () => Promise<boolean> = async () => true,
): Promise<Offers | null> {
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
  const offers: Record<string, Readonly<Record<string, string>>> = {};
  for (const { label, choices, read, write } of knobsOf(given)) {
    if (!(await goOn())) return null;
    const others = choices.filter(([value]) => value !== read(given));
    const refused = others.flatMap(([value]) => {
      const why = reason(write(given, value, opened));
      return why === null ? [] : [[value, why]];
    });
    offers[label] = Object.fromEntries(refused);
  }
  return offers;
}
