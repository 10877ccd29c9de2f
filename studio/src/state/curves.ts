/** Measured curves of a device, from tables that a person opens. They go into the experiment, and nowhere else. */
import { computed, signal } from "@preact/signals";
import { type CurveFile, readMeasuredCurves } from "xpikeformer/internal";
import { DEVICE, withDevice } from "./knob-list.ts";
import { change } from "./knobs.ts";
import { experiment, failMachine, touched } from "./studio.ts";

interface Read extends ReturnType<typeof readMeasuredCurves> {
  /** Names of the files. */
  readonly from: string;
}

/** The newest tables; null before the first. */
const read = signal<Read | null>(null);

/** Where the curves of the machine shown come from, and what stands in for what they lack; null for other devices. */
export const curvesShown = computed((): string | null => {
  const device = experiment.value?.hardware.crossbar.device;
  if (device?.kind !== "measured") return null;
  const { programming, table, maxConductance } = device;
  const sizes = `programming at ${programming.conductances.length} targets up to ${maxConductance} µS, drift at ${table.conductances.length} conductances.`;
  const known = read.value;
  if (known === null || JSON.stringify(known.device) !== JSON.stringify(device)) return `Measured: ${sizes}`;
  return [`${known.from}: ${sizes}`, ...known.notes].join(" ");
});

/** Puts the device of these tables on the machine shown. Errors appear beside the knob. */
export async function openCurves(files: readonly File[]): Promise<void> {
  try {
    const given: CurveFile[] = [];
    for (const file of files) given.push({ name: file.name, text: await file.text() });
    const found = readMeasuredCurves(given);
    read.value = { ...found, from: given.map(({ name }) => name).join(", ") };
    change(withDevice(experiment.peek()!, found.device), DEVICE);
  } catch (error) {
    touched.value = DEVICE;
    failMachine(error);
  }
}
