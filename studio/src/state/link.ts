/** The current view as the fragment of an address. It never leaves the browser, and opens the same view elsewhere. */
import { effect } from "@preact/signals";
import { type Experiment, parseExperiment } from "xpikeformer";
import { pack, unpack } from "./packed.ts";
import { type Place, parsePlace, place } from "./place.ts";
import { experiment, fail, failure, open, promptIndex, step, token } from "./studio.ts";

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

/** Keeps the address equal to the view, and follows a pasted address. */
export function followAddress(): void {
  let timer: ReturnType<typeof setTimeout>;
  effect(() => {
    if (experiment.value === null) return;
    const now = view();
    clearTimeout(timer);
    timer = setTimeout(async () => history.replaceState(null, "", `#${await pack(JSON.stringify(now))}`), CALM);
  });
  addEventListener("hashchange", () => openAddress());
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
