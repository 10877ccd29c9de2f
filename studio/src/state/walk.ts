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
    text: "Two antennas send a symbol of two bits each, at the same moment. On the way the air mixes the two, and adds noise. Every mark is what an antenna received at one moment. The dots are pilots: the chip is told which bits were sent. The ring is the moment that it is asked for. From the pilots alone it must work out how the air mixes, and then read the four bits of the ring.",
    place: NETWORK,
    step: LAST,
    at: ".prompt",
  },
  {
    title: "A spike",
    text: "The chip holds a network of neurons. In every time step a neuron either fires, which is one spike, or is silent; nothing else travels. Each strip is one stage of the network, from what was received at the top to the answer at the bottom. A column is a neuron, a row a time step, a dark point a spike. The strips are those of the ring; what is seen of one mark is called its token, and the slider goes to the others.",
    place: NETWORK,
    step: LAST,
    at: "#machine",
  },
  {
    title: "A crossbar",
    text: "From stage to stage every neuron counts with a weight of its own. The square holds these weights: it is a crossbar, a grid of wires with a cell at each crossing. The weight of a cell is its conductance, how well it lets current through. A spike puts a voltage on a row, called a line; its cells pass current, and the wire of a column adds up what all lines give. So all of its cells multiply and add at once.",
    place: { kind: "crossbar", layer: "blocks.0.qkv", crossbar: 0 },
    step: 0,
    at: "#machine",
  },
  {
    title: "A code",
    text: "At the foot of a column a converter turns its current into a small whole number, the code, for which it has few bits: currents that are nearly alike get the same code. The lowest drawing has the codes of all columns. A neuron of the next stage adds its codes up from time step to time step, forgets half of the sum in each, and fires when the sum reaches a threshold.",
    place: { kind: "crossbar", layer: "blocks.0.qkv", crossbar: 0 },
    step: 3,
    at: ".crossbar-drawing",
  },
  {
    title: "A cell",
    text: "A weight may be less than nothing, a conductance may not. So a cell is two devices, plus and minus, and its weight is the difference. Neither is exact: writing misses its aim a little, and no two readings are the same. The curves are the conductances of the two devices of this cell, from one second after writing to ten years.",
    place: { kind: "cell", layer: "blocks.0.qkv", crossbar: 0, row: 0, column: 1 },
    step: 3,
    at: "#machine",
  },
  {
    title: "Drift",
    text: "The chip is a year old now: conductances have faded, which is called drift. All fade alike on average, so one factor for each crossbar, by which its codes are scaled, brings most of it back. What a year costs is in the figures: the bit error rate is the share of bits that are read wrong, and beside it stands what it was as the chip was opened.",
    place: { kind: "cell", layer: "blocks.0.qkv", crossbar: 0, row: 0, column: 1 },
    step: 3,
    age: 31_600_000,
    at: ".figures",
  },
  {
    title: "A score",
    text: "Which pilots tell most about the ring? Attention asks that. From each token crossbars make spikes of three kinds: a query, what it looks for; a key, what it has; and a value, what it hands on. In the squares each row is a query, each column a key. Their cell counts in how many places both fire, and makes one bit of the count, the score, which is 1 more often where the count is larger. Values with a score of 1 are handed on.",
    place: { kind: "head", block: 0, head: 2 },
    step: 3,
    age: 1,
    at: "#machine",
  },
  {
    title: "A gate at work",
    text: "One of these cells, for one query and one key. An AND gate fires where both fire, a counter counts, and the count sets a chance. Then a random whole number is drawn, and if it is small enough for the chance, the score is 1. From time step to time step the mean of the scores comes close to the chance, and nothing was multiplied.",
    place: { kind: "tile-cell", block: 0, head: 2, query: 36, key: 1 },
    step: 3,
    at: "#machine",
  },
  {
    title: "The decision",
    text: "At the end each possible answer has a bar: the mean of its codes over the time steps. The largest wins. More time steps make it surer, and cost more energy and time. Now turn the knobs: fewer bits, other devices, fewer steps. See how much is read wrong, and what it costs.",
    place: NETWORK,
    step: LAST,
    at: ".prompt",
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
