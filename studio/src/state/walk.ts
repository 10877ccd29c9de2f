/**
 * A walk through the machine, after docs/guide.md. Each stop says one thing in two sentences, points at the part of the live machine where
 * it happens, and uses terms that earlier stops have introduced.
 */
import { batch, computed, signal } from "@preact/signals";
import type { Experiment } from "xpikeformer";
import { knobsOf } from "./knob-list.ts";
import { change, offers } from "./knobs.ts";
import { hasPlace, NETWORK, type Place, place } from "./place.ts";
import { chip, experiment, opened, ownImage, promptIndex, step, token } from "./studio.ts";

export interface Stop {
  /** `walk-texts.ts` has its sentences. */
  readonly title: string;
  /** The part of the machine to show; of a layer always the first crossbar. */
  readonly place: Place;
  /** The time step to show, from 0; `plays` counts up to it from the first. */
  readonly step: number;
  readonly plays?: boolean;
  /** Seconds after programming. Default: as before the walk changed it. */
  readonly age?: number;
  /** What it points at; without it on this machine, at the section of the machine. */
  readonly at: string;
  /** Whether it offers machines to try. */
  readonly tries?: boolean;
}

const LAST = Number.POSITIVE_INFINITY;
const YEAR = 31_600_000;
/** The first stop, which is the task's own question. */
export const TASK = "The task";

export const STOPS: readonly Stop[] = [
  { title: TASK, place: NETWORK, step: LAST, at: ".prompt" },
  {
    title: "A spike",
    place: NETWORK,
    step: LAST,
    plays: true,
    at: ".strips",
  },
  {
    title: "A crossbar",
    place: { kind: "crossbar", layer: "blocks.0.qkv", crossbar: 0 },
    step: 0,
    at: ".crossbar-drawing",
  },
  {
    title: "A code",
    place: { kind: "crossbar", layer: "blocks.0.qkv", crossbar: 0 },
    step: LAST,
    plays: true,
    at: ".crossbar-drawing",
  },
  {
    title: "A year later",
    place: { kind: "cell", layer: "blocks.0.qkv", crossbar: 0, row: 0, column: 1 },
    step: LAST,
    age: YEAR,
    at: ".panel-grid .drift",
  },
  {
    title: "A score",
    place: { kind: "head", block: 0, head: 0 },
    step: LAST,
    plays: true,
    at: ".tile-maps",
  },
  {
    title: "The answer",
    place: NETWORK,
    step: LAST,
    plays: true,
    at: ".logits",
  },
  {
    title: "Other machines",
    place: NETWORK,
    step: LAST,
    at: ".plane",
    tries: true,
  },
];

/** Machines to try at the end: a knob and its value. */
const TRIES: readonly (readonly [label: string, value: string, name: string])[] = [
  ["Time steps", "1", "one time step"],
  ["ADC bits", "4", "converters of 4 bits"],
  ["Device", "hermes", "the HERMES chip's devices"],
];

/** Those that the machine shown can become. */
export const tries = computed(() => {
  const now = experiment.value;
  if (!now) return [];
  return TRIES.flatMap(([label, value, name]) => {
    const knob = knobsOf(now).find((knob) => knob.label === label);
    const isOffered = knob && knob.read(now) !== value && !(value in (offers.value?.[label] ?? {}));
    return isOffered ? [{ name, act: () => change(knob.write(now, value, opened.value!)) }] : [];
  });
});

/** The current stop; null: no walk. */
export const stopIndex = signal<number | null>(null);

/** The age before the walk changed it; null where it did not. */
let ageBefore: number | null = null;

/** Goes to a stop, and shows its subject. */
export function goTo(index: number | null): void {
  batch(() => {
    stopIndex.value = index;
    const stop = index === null ? null : STOPS[index];
    if (stop) {
      place.value = onThisMachine(stop.place);
      step.value = stop.plays && lastStep() > 0 ? 0 : Math.min(stop.step, lastStep());
      token.value = null;
    }
    if (index === 0) {
      promptIndex.value = 0;
      ownImage.value = null;
    }
    takeAge(stop?.age ?? null);
  });
}

/** Shows the machine at an age; null: at its age before. */
function takeAge(age: number | null): void {
  const now = experiment.peek()!;
  const wanted = age ?? ageBefore;
  if (wanted === null) return;
  ageBefore = age === null ? null : (ageBefore ?? now.hardware.readTime);
  if (wanted !== now.hardware.readTime) change(withAge(now, wanted));
}

const withAge = (given: Experiment, readTime: number) => ({ ...given, hardware: { ...given.hardware, readTime } });

/** The next time step of a stop that plays; false at its last. */
export function playOn(): boolean {
  if (step.peek() >= lastStep()) return false;
  step.value = step.peek() + 1;
  return true;
}

/** The same place on the current machine, which may have other crossbars. */
function onThisMachine(where: Place): Place {
  const { mapping, model } = chip.value!;
  const isCrossbar = where.kind === "crossbar" || where.kind === "cell";
  const block = isCrossbar && mapping.layers.find(({ name }) => name === where.layer)?.blocks[0];
  const wanted = block ? { ...where, crossbar: block.crossbar } : where;
  return hasPlace(mapping, model.depth, wanted) ? wanted : NETWORK;
}

const lastStep = (): number => chip.value!.model.steps - 1;
