/**
 * A walk through the machine, after docs/guide.md. Each stop explains one thing, with terms that earlier stops have introduced, and shows
 * the part of the live machine where it happens.
 */
import { batch, signal } from "@preact/signals";
import { change } from "./knobs.ts";
import { hasPlace, NETWORK, type Place, place } from "./place.ts";
import { chip, experiment, ownImage, promptIndex, step, token } from "./studio.ts";

export interface Stop {
  readonly title: string;
  readonly text: string;
  /** The part of the machine to show; of a layer always the first crossbar. */
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
    title: "The task",
    text: "Two antennas send at the same moment, each a symbol of two bits. The channel mixes the two symbols and adds noise. Every mark shows what an antenna received at one moment. The dots are pilots: the chip knows which bits were sent. The ring is the query. From the pilots alone, the chip must infer how the channel mixes, and then read the four bits of the ring.",
    place: NETWORK,
    step: LAST,
    at: ".prompt",
  },
  {
    title: "A spike",
    text: "The chip holds a network of neurons. In every time step, a neuron either fires, which is one spike, or stays silent; nothing else travels between neurons. Each strip is one stage of the network, from the received signal at the top to the answer at the bottom. A column is a neuron, a row a time step, a dark point a spike. The network's view of one mark is called a token. These strips belong to the token of the ring; the slider selects the others.",
    place: NETWORK,
    step: LAST,
    at: "#machine",
  },
  {
    title: "A crossbar",
    text: "From stage to stage, every neuron weights its inputs. The square holds these weights. It is a crossbar: a grid of wires with a cell at each crossing. A cell stores a weight as its conductance, which is how well it lets current through. A spike puts a voltage on a row, and the cells of the row pass current. The wire of each column sums the currents of all rows. So all cells multiply and add at once.",
    place: { kind: "crossbar", layer: "blocks.0.qkv", crossbar: 0 },
    step: 0,
    at: "#machine",
  },
  {
    title: "A code",
    text: "At the foot of each column, a converter (ADC) turns the current into a small integer, the code. It has few bits, so similar currents get the same code. The lowest drawing shows the codes of all columns. A neuron of the next stage adds up its codes from step to step, forgets half of the sum in each step, and fires when the sum reaches a threshold. The sum is called its membrane potential.",
    place: { kind: "crossbar", layer: "blocks.0.qkv", crossbar: 0 },
    step: 3,
    at: ".crossbar-drawing",
  },
  {
    title: "A cell",
    text: "A weight can be negative; a conductance cannot. So a cell has two devices, plus and minus, and its weight is the difference. Neither is exact: programming misses its target slightly, and no two reads are the same. The curves show the conductances of this cell's two devices, from one second to ten years after programming.",
    place: { kind: "cell", layer: "blocks.0.qkv", crossbar: 0, row: 0, column: 1 },
    step: 3,
    at: "#machine",
  },
  {
    title: "Drift",
    text: "The chip is now a year old, and its conductances have faded. This is drift. All fade alike on average, so one factor per crossbar, which scales its codes, restores most of the loss. The figures show the cost of a year. The bit error rate is the share of bits that the chip reads wrong; the line below it has the rate at the age at which the chip was opened.",
    place: { kind: "cell", layer: "blocks.0.qkv", crossbar: 0, row: 0, column: 1 },
    step: 3,
    age: 31_600_000,
    at: ".figures",
  },
  {
    title: "A score",
    text: "Which pilots tell most about the ring? Attention answers this. From each token, crossbars make three kinds of spikes: a query (what the token looks for), a key (what it has) and a value (what it passes on). In the squares, each row is a query and each column a key. Each cell counts the places where both fire, and turns the count into one bit, the score, which is 1 more often where the count is larger. Values with a score of 1 are passed on.",
    place: { kind: "head", block: 0, head: 2 },
    step: 3,
    age: 1,
    at: "#machine",
  },
  {
    title: "A gate at work",
    text: "This is one of these cells, for one query and one key. An AND gate fires where both fire, a counter counts, and the count sets a probability. Then the cell draws a random integer; if it is small enough, the score is 1. Over the time steps, the mean of the scores approaches the probability, without any multiplication.",
    place: { kind: "tile-cell", block: 0, head: 2, query: 36, key: 1 },
    step: 3,
    at: "#machine",
  },
  {
    title: "The decision",
    text: "At the end, each possible answer has a bar: the mean of its codes over the time steps. The largest wins. More time steps make the answer more reliable, but cost energy and time. Now turn the knobs: fewer bits, other devices, fewer steps. Watch how many bits the chip reads wrong, and how much energy an answer takes.",
    place: NETWORK,
    step: LAST,
    at: ".prompt",
  },
];

/** The current stop; null: no walk. */
export const stopIndex = signal<number | null>(null);

/** Goes to a stop, and shows its subject. */
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

/** The same place on the current machine, which may have other crossbars. */
function onThisMachine(where: Place): Place {
  const { mapping, model } = chip.value!;
  const isCrossbar = where.kind === "crossbar" || where.kind === "cell";
  const block = isCrossbar && mapping.layers.find(({ name }) => name === where.layer)?.blocks[0];
  const wanted = block ? { ...where, crossbar: block.crossbar } : where;
  return hasPlace(mapping, model.depth, wanted) ? wanted : NETWORK;
}

const lastStep = (): number => chip.value!.model.steps - 1;
