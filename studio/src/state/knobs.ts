/** Changes of the machine, each checked like a file. */
import { computed, signal } from "@preact/signals";
import { type Experiment, type HardwareSpec, machineByName, parseExperiment, presets } from "xpikeformer";
import { machineKey } from "../machine-key.ts";
import type { Offers } from "../workers/offers.ts";
import { differencesFrom } from "./knob-list.ts";
import { experiment, failMachine, failure, offersOf, opened, touched } from "./studio.ts";

/** The machine as it was opened, and the named machines. */
export const MACHINES: readonly string[] = [
  "as opened",
  ...presets()
    .filter(({ document }) => document.model === undefined)
    .map(({ name }) => name),
];

/** The machine chosen last; knobs may have changed it since. */
export const machineName = signal(MACHINES[0]);

/** Shows a changed experiment, if it is valid. */
export function change(document: unknown, by: string | null = null): void {
  touched.value = by;
  try {
    experiment.value = parseExperiment(JSON.stringify(document), "the machine");
    failure.value = null;
  } catch (error) {
    failMachine(error);
  }
}

/** Shows a machine that was shown before. */
export function show(machine: Experiment): void {
  touched.value = null;
  failure.value = null;
  experiment.value = machine;
}

/** A named machine; age and number of chips stay as they are. */
const named = (name: string): object => {
  const { readTime, chips } = experiment.value!.hardware;
  const hardware: HardwareSpec = name === MACHINES[0] ? opened.value!.hardware : machineByName(name);
  return { ...experiment.value!, hardware: { ...hardware, readTime, chips } };
};

export const MACHINE = "Machine";

export function chooseMachine(name: string): void {
  machineName.value = name;
  change(named(name), MACHINE);
}

/** Whether the machine shown is the one that was opened. */
export const isAsOpened = computed(
  () =>
    experiment.value === opened.value ||
    (experiment.value !== null && machineKey(experiment.value) === machineKey(opened.value!)),
);

/** How a machine differs from the one that was opened, in words. */
export const described = (machine: Experiment): string =>
  machineKey(machine) === machineKey(opened.value!)
    ? "as opened"
    : differencesFrom(opened.value!, machine).join(", ") || "another machine";

/** Values of knobs that the machine shown cannot take, by label and value, each with the reason; null until they are known. */
export const offers = computed<Offers | null>(() =>
  offersOf.value?.of === experiment.value ? offersOf.value.offers : null,
);
