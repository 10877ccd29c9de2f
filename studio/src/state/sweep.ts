/** All values of a knob on the machine shown, one after another: a curve of the plane. */
import { signal } from "@preact/signals";
import { type Experiment, parseExperiment } from "xpikeformer";
import type { Knob } from "./knob-list.ts";
import { offers } from "./knobs.ts";
import { evaluateOn, experiment, failMachine, opened, promptCount, touched, tryMachine } from "./studio.ts";
import { note } from "./tried.ts";

export interface Sweep {
  readonly label: string;
  /** Its machines so far, in the order of the values. */
  readonly machines: readonly Experiment[];
  readonly values: number;
  readonly running: boolean;
}

/** The newest; null before the first, and after another experiment is opened. */
export const sweep = signal<Sweep | null>(null);

/** Prompts of each value, on one chip. */
const PROMPTS = 160;

export function endSweep(): void {
  if (sweep.peek()?.running) sweep.value = { ...sweep.peek()!, running: false };
}

/** Tries each value that can be built, until it is ended or another machine is shown. */
export async function startSweep({ label, choices, write }: Knob): Promise<void> {
  const [given, from] = [experiment.peek()!, opened.peek()!];
  const refused = offers.peek()?.[label] ?? {};
  const values = choices.map(([value]) => value).filter((value) => !(value in refused));
  endSweep();
  const isOver = () => sweep.peek()?.label !== label || !sweep.peek()!.running || experiment.peek() !== given;
  sweep.value = { label, machines: [], values: values.length, running: true };
  const prompts = Math.min(PROMPTS, promptCount.peek());
  for (const value of values) {
    try {
      const machine = parseExperiment(JSON.stringify(write(given, value, from)), "the machine");
      const reached = await tryMachine(machine, prompts);
      if (reached === null || isOver()) break;
      note(machine, reached);
      sweep.value = { ...sweep.peek()!, machines: [...sweep.peek()!.machines, machine] };
    } catch (error) {
      touched.value = label;
      failMachine(error);
      break;
    }
  }
  if (opened.peek() !== from) {
    sweep.value = null;
    return;
  }
  endSweep();
  if (experiment.peek() === given) evaluateOn();
}
