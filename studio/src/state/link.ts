/** The current view as the fragment of an address. It never leaves the browser, and opens the same view elsewhere. */
import { batch, computed, effect, signal } from "@preact/signals";
import { type Experiment, parseExperiment, ValueError } from "xpikeformer";
import { machineKey } from "../machine-key.ts";
import { type Address, fragmentOf, NOTHING, parseAddress, slugOf } from "./address.ts";
import { isAged } from "./history.ts";
import { pack, unpack } from "./packed.ts";
import { hasPlace, NETWORK, type Place, parsePlace, place } from "./place.ts";
import {
  backend,
  chip,
  evaluates,
  experiment,
  fail,
  failure,
  lastGood,
  open,
  opened,
  ownSymbol,
  promptIndex,
  startWith,
  step,
  token,
} from "./studio.ts";
import { goTo, STOPS, stopIndex } from "./walk.ts";

/** What the address asked for when it was opened. */
export const addressed = signal<Address>(NOTHING);

/** The place that the address leads to. */
const ledTo = signal<Place>(NETWORK);
/** Whether the reader has left that place, other than for the whole. */
export const isMoved = computed(
  () => place.value.kind !== "network" && JSON.stringify(place.value) !== JSON.stringify(ledTo.value),
);

interface View {
  readonly experiment: Experiment;
  readonly prompt: number;
  /** The class that the user sends instead of the prompt's own; null: none. */
  readonly symbol: number | null;
  readonly step: number;
  readonly token: number | null;
  readonly place: Place;
}

/** Milliseconds without a change before the address is updated. */
const CALM = 400;

const view = (): View => ({
  experiment: experiment.value!,
  prompt: promptIndex.value,
  symbol: ownSymbol.value,
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
    timer = setTimeout(() => {
      addressNow().then((address) => {
        if (last === now) history.replaceState(history.state, "", address);
      }, fail);
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
  addEventListener("hashchange", () => {
    if (entryOf(history.state) !== null) return;
    readAddress();
    openAddress();
  });
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
    ownSymbol.value = entry.symbol;
    step.value = entry.step;
    token.value = entry.token;
    const shown = chip.peek();
    place.value = shown && hasPlace(shown.mapping, shown.model.depth, entry.place) ? entry.place : NETWORK;
  });
}

/** The address of the current view, in the whole page: with the stop of the walk, and the only knobs that a lesson offers. */
export async function addressNow(): Promise<string> {
  const shown = stopIndex.value === null ? undefined : STOPS[stopIndex.value];
  const { knobs } = addressed.value;
  const packed = pack(JSON.stringify(view()));
  const fragment = fragmentOf({ ...NOTHING, view: await packed, stop: shown ? slugOf(shown.title) : null, knobs });
  return new URL(`#${fragment}`, location.href).href;
}

/** Reads what the address asks for, before the page is drawn. */
export function readAddress(): void {
  try {
    addressed.value = parseAddress(location.hash.slice(1));
    const { embedded, show: figure, stop, knobs, backend: asked } = addressed.value;
    backend.value = asked ?? backend.peek();
    evaluates.value =
      !embedded || knobs !== null || stop === "other-machines" || (figure !== null && !UNMEASURED.has(figure));
  } catch (error) {
    fail(error);
  }
}

/** Figures that show a chip at work, and no rates or costs. */
const UNMEASURED: ReadonlySet<string> = new Set(["prompt", "panel", "schedule"]);

/** Opens the view, example and stop in the address. Returns whether it names an experiment. */
export async function openAddress(): Promise<boolean> {
  const { view: packed, example, stop } = addressed.value;
  try {
    if (packed !== null) {
      show(await unpack(packed));
      failure.value = null;
    } else if (example !== null) await startWith(example);
    if (stop !== null) whenShown(() => goToStop(stop));
    return packed !== null || example !== null;
  } catch (error) {
    fail(error);
    return false;
  }
}

/** Acts once, as soon as the experiment that opens next is on view. */
function whenShown(act: () => void): void {
  const end = effect(() => {
    if (lastGood.value === null || lastGood.value !== experiment.value) return;
    queueMicrotask(() => {
      end();
      act();
    });
  });
}

function goToStop(name: string): void {
  const names = STOPS.map(({ title }) => slugOf(title));
  const index = names.indexOf(name);
  if (index < 0) fail(new ValueError("link.stop", `The walk has no stop ${name}. Stops: ${names.join(", ")}.`));
  else goTo(index);
  ledTo.value = place.peek();
}

function show(text: string): void {
  const {
    experiment,
    prompt,
    symbol,
    step: at,
    token: seen,
    place: where,
  } = JSON.parse(text) as Record<string, unknown>;
  open(parseExperiment(JSON.stringify(experiment), "the experiment of this link"));
  promptIndex.value = wholeNumber(prompt) ?? 0;
  ownSymbol.value = wholeNumber(symbol);
  step.value = wholeNumber(at) ?? Number.POSITIVE_INFINITY;
  token.value = wholeNumber(seen);
  place.value = parsePlace(where);
  ledTo.value = place.peek();
}

const wholeNumber = (value: unknown): number | null =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 1e6 ? value : null;
