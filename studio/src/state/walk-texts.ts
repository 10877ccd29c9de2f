/** The sentences of the walk, by the titles of its stops. They load when a walk begins. */
import type { Experiment } from "xpikeformer";
import { type Stop, TASK } from "./walk.ts";

/** The question of each task. */
const QUESTIONS: Readonly<Record<string, string>> = {
  "symbol-detection":
    "Antennas send their symbols at the same moment, and the channel mixes them and adds noise. From pilots (dots), whose bits it knows, the chip must read the symbol of the ring.",
  "image-classification":
    "The chip sees an image, cut into patches that are its tokens. It must name what the image shows.",
};

const TEXTS: Readonly<Record<string, string>> = {
  "A spike":
    "In every time step, a neuron either fires, which is one spike, or stays silent; nothing else travels between neurons. A strip is a stage of the network, a column a neuron, a row a time step, a dark point a spike.",
  "A crossbar":
    "A crossbar is a grid of wires with a cell at each crossing, whose conductance holds a weight. Spikes drive rows, and each column sums the currents of its cells, so all of them multiply and add at once.",
  "A code":
    "At the foot of each column, a converter (ADC) turns the current into a small integer, its code. A neuron of the next stage adds up its codes from step to step, forgets a part of the sum, and fires at a threshold.",
  "A year later":
    "A weight is the difference of two devices, neither programmed exactly, and both have faded for a year by now: this is drift. One factor per crossbar restores most of it, and the figures show what remains.",
  "A score":
    "For each token, crossbars make a query (what it looks for), a key (what it has) and a value (what it passes on). Each cell of the squares counts where a query and a key both fire, and fires itself with a probability that grows with the count.",
  "The answer":
    "Each possible answer has a bar, the mean of its codes over the time steps, and the largest bar wins. The figures say how often it is wrong, and what an answer costs in energy and time.",
  "Other machines":
    "Every machine that you try leaves a dot: its error upwards, its cost to the right. Try one of these, then turn the knobs.",
};

/** The two sentences of a stop. */
export const textOf = ({ title }: Stop, task: Experiment["task"]["kind"]): string =>
  title === TASK ? QUESTIONS[task] : TEXTS[title];
