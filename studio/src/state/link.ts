/** The current view as the fragment of an address. It never leaves the browser, and opens the same view elsewhere. */
import { batch, effect } from "@preact/signals";
import { type Experiment, parseExperiment } from "xpikeformer";
import { machineKey } from "../machine-key.ts";
import { isAged } from "./history.ts";
import { pack, unpack } from "./packed.ts";
import { hasPlace, NETWORK, type Place, parsePlace, place } from "./place.ts";
import { chip, experiment, fail, failure, open, opened, promptIndex, step, token } from "./studio.ts";

interface View {
  readonly experiment: Experiment;
  readonly prompt: number;
  readonly step: number;
  readonly token: number | null;
  readonly place: Place;
}

/** Milliseconds without a change before the address is updated. */
const CALM = 400;

const view = (): View => ({
  experiment: experiment.value!,
  prompt: promptIndex.value,
  step: step.value,
  token: token.value,
  place: place.value,
});

/** What the browser keeps of a view, for Back and Forward. */
interface Entry extends View {
  readonly opened: Experiment;
}

const entryOf = (state: unknown): Entry | null => (state as { studio?: Entry } | null)?.studio ?? null;

/**
 * Keeps the address equal to the view, and follows a pasted address. Every other machine, place and opened experiment is an entry of the
 * browser's history; prompts, time steps, tokens and ages are not.
 */
export function followAddress(): void {
  let timer: ReturnType<typeof setTimeout>;
  let last: Entry | null = null;
  let arriving = false;
  effect(() => {
    if (experiment.value === null) return;
    const now: Entry = { ...view(), opened: opened.value! };
    const isNew = last !== null && !arriving && entryOf(history.state) !== null && isElsewhere(last, now);
    last = now;
    history[isNew ? "pushState" : "replaceState"]({ studio: now }, "");
    clearTimeout(timer);
    timer = setTimeout(async () => {
      const address = `#${await pack(JSON.stringify(now))}`;
      if (last === now) history.replaceState(history.state, "", address);
    }, CALM);
  });
  addEventListener("popstate", ({ state }) => {
    const entry = entryOf(state);
    if (entry === null) return;
    arriving = true;
    arrive(entry);
    arriving = false;
  });
  // Back and Forward change the address too, and have arrived by then.
  addEventListener("hashchange", () => entryOf(history.state) === null && openAddress());
}

const isElsewhere = (a: Entry, b: Entry): boolean =>
  a.opened !== b.opened ||
  JSON.stringify(a.place) !== JSON.stringify(b.place) ||
  (machineKey(a.experiment) !== machineKey(b.experiment) && !isAged(a.experiment, b.experiment));

/** Shows a view that was shown before. */
function arrive(entry: Entry): void {
  failure.value = null;
  batch(() => {
    if (JSON.stringify(opened.peek()) !== JSON.stringify(entry.opened)) open(entry.opened);
    if (machineKey(experiment.peek()!) !== machineKey(entry.experiment)) experiment.value = entry.experiment;
    promptIndex.value = entry.prompt;
    step.value = entry.step;
    token.value = entry.token;
    const shown = chip.peek();
    place.value = shown && hasPlace(shown.mapping, shown.model.depth, entry.place) ? entry.place : NETWORK;
  });
}

/** The address of the current view. */
export const addressNow = async (): Promise<string> =>
  new URL(`#${await pack(JSON.stringify(view()))}`, location.href).href;

/** Opens the view in the address. Returns whether there is one. */
export async function openAddress(): Promise<boolean> {
  if (location.hash.length < 2) return false;
  try {
    show(await unpack(location.hash.slice(1)));
    failure.value = null;
    return true;
  } catch (error) {
    fail(error);
    return false;
  }
}

function show(text: string): void {
  const { experiment, prompt, step: at, token: seen, place: where } = JSON.parse(text) as Record<string, unknown>;
  open(parseExperiment(JSON.stringify(experiment), "the experiment of this link"));
  promptIndex.value = wholeNumber(prompt) ?? 0;
  step.value = wholeNumber(at) ?? Number.POSITIVE_INFINITY;
  token.value = wholeNumber(seen);
  place.value = parsePlace(where);
}

const wholeNumber = (value: unknown): number | null =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 1e6 ? value : null;
