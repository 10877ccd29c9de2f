/**
 * A walk through the machine, after docs/guide.md: each stop says one thing, in words that the stops before have shown, and looks at the
 * part of the live machine where it is to be seen.
 */
import { batch, signal } from "@preact/signals";
import { change } from "./knobs.ts";
import { hasPlace, NETWORK, type Place, place } from "./place.ts";
import { chip, experiment, ownImage, promptIndex, step, token } from "./studio.ts";

export interface Stop {
  readonly title: string;
  readonly text: string;
  /** The part of the machine to look at; of a layer always the first crossbar. */
  readonly place: Place;
  /** Time step, from 0. */
  readonly step: number;
  /** Seconds after programming. */
  readonly age?: number;
  /** The element to bring into view. */
  readonly at: string;
}

const LAST = Number.POSITIVE_INFINITY;

export const STOPS: readonly Stop[] = [
  {
    title: "What is asked",
    text: "Two antennas send four bits at a time, over the air, where they mix and pick up noise. The dots are 18 pilots, whose bits are told; the ring is a symbol whose bits are not. From the pilots alone the network must work out how the air mixes, and read the ring.",
    place: NETWORK,
    step: LAST,
    at: ".prompt",
  },
  {
    title: "A spike",
    text: "Inside, there are no numbers that travel, only spikes: a neuron fires in a time step, or it does not. Each strip is one stage; a column is a neuron, a row a time step. The top strip is what was received, written as lines that are on or off.",
    place: NETWORK,
    step: LAST,
    at: "#machine",
  },
  {
    title: "A crossbar",
    text: "The network's weights are conductances in a grid of wires. A spike puts a voltage on a line; every cell of that line passes a current, as large as its conductance; and each column's wire adds the currents of all cells. One step of the clock is a whole multiplication of a matrix.",
    place: { kind: "crossbar", layer: "blocks.0.qkv", crossbar: 0 },
    step: 0,
    at: "#machine",
  },
  {
    title: "A code",
    text: "At the foot of a column a converter turns the current into a small whole number, the code. Here that is five bits, so much is rounded; the lowest drawing shows the codes of all columns. A neuron adds codes up over the time steps, forgets half of the sum in each, and fires when it reaches its threshold.",
    place: { kind: "crossbar", layer: "blocks.0.qkv", crossbar: 0 },
    step: 3,
    at: ".crossbar-drawing",
  },
  {
    title: "A cell",
    text: "A weight is the difference of two devices, plus and minus, and neither is exact: programming misses its aim, and every read is a little different. The curves are the two devices of this cell from one second to ten years.",
    place: { kind: "cell", layer: "blocks.0.qkv", crossbar: 0, row: 0, column: 1 },
    step: 3,
    at: "#machine",
  },
  {
    title: "Drift",
    text: "The chip is a year old now: its conductances have faded, which is called drift. Because all fade alike on average, one factor for each crossbar brings most of it back. Look at the figures above: how much of the answer a year takes.",
    place: { kind: "cell", layer: "blocks.0.qkv", crossbar: 0, row: 0, column: 1 },
    step: 3,
    age: 31_600_000,
    at: ".figures",
  },
  {
    title: "A score",
    text: "Attention asks which pilots matter for the ring. Query and key are spikes, so a cell needs an AND gate and a counter: it counts in how many features both fire, and turns the count into one bit, the score, by comparing it with a random byte.",
    place: { kind: "head", block: 0, head: 2 },
    step: 3,
    age: 1,
    at: "#machine",
  },
  {
    title: "A gate at work",
    text: "Here is one of these cells: the spikes of query and key, where they coincide, the chance to fire that follows from the count, and the random byte that decides. Over the time steps the mean of the bits comes close to the chance.",
    place: { kind: "tile-cell", block: 0, head: 2, query: 36, key: 1 },
    step: 3,
    at: "#machine",
  },
  {
    title: "The decision",
    text: "Behind the last layer each of 16 possible symbols has a sum, and the largest wins. More time steps make it surer, and cost more energy and time. Now turn the knobs: fewer bits, other devices, fewer steps, and see what the answers cost.",
    place: NETWORK,
    step: LAST,
    at: ".knobs",
  },
];

/** Which stop one is at; null: no walk. */
export const stopIndex = signal<number | null>(null);

/** Goes to a stop, and shows what it speaks of. */
export function goTo(index: number | null): void {
  batch(() => {
    stopIndex.value = index;
    if (index === null) return;
    const { place: where, step: at, age } = STOPS[index];
    place.value = onThisMachine(where);
    step.value = Math.min(at, lastStep());
    token.value = null;
    if (index === 0) {
      promptIndex.value = 0;
      ownImage.value = null;
    }
    const { readTime } = experiment.value!.hardware;
    const wanted = age ?? readTime;
    if (wanted !== readTime) {
      change({ ...experiment.value!, hardware: { ...experiment.value!.hardware, readTime: wanted } });
    }
  });
}

/** The place on the machine that is shown, whose crossbars may be others. */
function onThisMachine(where: Place): Place {
  const { mapping, model } = chip.value!;
  const isCrossbar = where.kind === "crossbar" || where.kind === "cell";
  const block = isCrossbar && mapping.layers.find(({ name }) => name === where.layer)?.blocks[0];
  const wanted = block ? { ...where, crossbar: block.crossbar } : where;
  return hasPlace(mapping, model.depth, wanted) ? wanted : NETWORK;
}

const lastStep = (): number => chip.value!.model.steps - 1;
