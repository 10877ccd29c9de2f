/** Measured curves of a device, from tables that a person opens. They go into the experiment, and nowhere else. */
import { type CurveFile, readMeasuredCurves } from "xpikeformer/internal";
import { read } from "./curves-shown.ts";
import { DEVICE, withDevice } from "./knob-list.ts";
import { change } from "./knobs.ts";
import { experiment, failMachine, touched } from "./studio.ts";

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
