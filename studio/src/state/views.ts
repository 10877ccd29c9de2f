/** What panels show: answers of the chip about the place on view. */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { type Failure, failureOf } from "../workers/calls.ts";
import { following } from "./ask.ts";
import { type Place, place } from "./place.ts";
import { askChip, asked, chip, shownStep, shownToken } from "./studio.ts";

/** Why a place has no panel, and the place; null where none failed. */
export const placeFailure = signal<{ readonly at: Place; readonly failure: Failure } | null>(null);

const atPlace = <Q, A>(question: () => Q | null, ask: (question: Q) => Promise<A>): ReadonlySignal<A | null> =>
  following(
    question,
    async (given) => {
      const answer = await ask(given);
      placeFailure.value = null;
      return answer;
    },
    (error) => {
      placeFailure.value = { at: place.peek(), failure: failureOf(error) };
    },
  );

const moment = computed(() => ({ asked: asked.value, step: shownStep.value }));

export const layerView = atPlace(
  () => {
    const at = place.value;
    return chip.value && at.kind === "layer" ? { layer: at.layer } : null;
  },
  ({ layer }) => askChip("layer", layer),
);

export const crossbarView = atPlace(
  () => {
    const at = place.value;
    if (!chip.value || (at.kind !== "crossbar" && at.kind !== "cell")) return null;
    return { ...moment.value, crossbar: at.crossbar, token: shownToken.value };
  },
  (question) => askChip("crossbar", question),
);

export const neuronView = atPlace(
  () => {
    const at = place.value;
    if (!chip.value || at.kind !== "neuron") return null;
    return { asked: asked.value, train: at.train, neuron: at.neuron, token: shownToken.value };
  },
  (question) => askChip("neuron", question),
);

export const cellView = atPlace(
  () => {
    const at = place.value;
    return chip.value && at.kind === "cell" ? at : null;
  },
  (question) => askChip("cell", question),
);

export const tileView = atPlace(
  () => {
    const at = place.value;
    if (!chip.value || (at.kind !== "head" && at.kind !== "tile-cell")) return null;
    return { ...moment.value, block: at.block, head: at.head };
  },
  (question) => askChip("tile", question),
);
