/** The machines shown one after another: undo, redo, and back to the one that was opened. */
import { effect, signal } from "@preact/signals";
import type { Experiment } from "xpikeformer";
import { agelessKey, machineKey } from "../machine-key.ts";
import { show } from "./knobs.ts";
import { experiment, opened, previous } from "./studio.ts";

/** Machines to undo to, and to redo to; the next one is the last. */
export const past = signal<readonly Experiment[]>([]);
export const future = signal<readonly Experiment[]>([]);

/** Milliseconds within which a slider's changes of the age count as one. */
const ONE_MOVE = 1000;

/** Whether two machines differ in age only. */
export const isAged = (a: Experiment, b: Experiment): boolean =>
  machineKey(a) !== machineKey(b) && agelessKey(a) === agelessKey(b);

/** Set while undo or redo shows a machine. */
let travelling = false;

/** Follows the machine shown. */
export function followMachines(): void {
  let [from, seen]: (Experiment | null)[] = [null, null];
  let aged = Number.NEGATIVE_INFINITY;
  effect(() => {
    const [now, start] = [experiment.value, opened.value];
    if (now === seen && start === from) return;
    const before = start === from ? seen : null;
    [from, seen] = [start, now];
    if (before === null || now === null) {
      past.value = [];
      future.value = [];
      previous.value = null;
      return;
    }
    if (machineKey(before) === machineKey(now)) return;
    const time = performance.now();
    const isMove = isAged(before, now) && time - aged < ONE_MOVE;
    aged = isAged(before, now) ? time : Number.NEGATIVE_INFINITY;
    if (!isMove) previous.value = before;
    if (travelling) return;
    if (!isMove) past.value = [...past.peek(), before];
    future.value = [];
  });
}

function travel(here: typeof past, there: typeof past): void {
  const to = here.peek().at(-1);
  if (to === undefined) return;
  there.value = [...there.peek(), experiment.peek()!];
  here.value = here.peek().slice(0, -1);
  travelling = true;
  show(to);
  travelling = false;
}

export const undo = (): void => travel(past, future);
export const redo = (): void => travel(future, past);
/** Shows the machine as it was opened. */
export const reset = (): void => show(opened.peek()!);

/** Ctrl+Z, and Ctrl+Shift+Z or Ctrl+Y, outside of fields for text. */
export function takeKeys(): void {
  addEventListener("keydown", (event) => {
    const { ctrlKey, metaKey, shiftKey, key, target } = event;
    if (!(ctrlKey || metaKey) || (target instanceof HTMLInputElement && target.type === "text")) return;
    const act = { z: shiftKey ? redo : undo, y: redo }[key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
