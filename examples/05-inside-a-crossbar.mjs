// From weights to spikes: how crossbars compute one feature of one token's embedding, and how its neuron answers.
// Told in docs/guide.md. Run: node examples/05-inside-a-crossbar.mjs
import { membrane, readColumn, readings } from "./by-hand.mjs";
import { bitsOf, chip, experiment, fixed, network, row, section } from "./tiny-machine.mjs";

const [token, feature] = [6, 3];
const steps = [0, 1, 2, 3];
const { width } = experiment.model;
const weights = network.parameters["embed.weight"].data;
const { maxConductance } = chip.device;
const levels = 2 ** experiment.hardware.crossbar.conductanceBits - 1;
const { blocks, current } = readColumn("embed", bitsOf("input", 0, token), feature);

const cells = blocks.flatMap(({ crossbar, columnStart, lines, cell }) =>
  lines.map((line) => {
    const { plus, minus, scales } = chip.crossbars[crossbar];
    const { plus: readPlus, minus: readMinus } = readings[crossbar];
    const weight = weights[line * width + feature];
    const level = Math.round((weight * scales[feature - columnStart] * levels) / maxConductance);
    const target = (Math.abs(level) * maxConductance) / levels;
    const [i, positive] = [cell(line), level > 0];
    const conductances = [positive ? target : 0, positive ? 0 : target];
    conductances.push(plus.conductances[i], minus.conductances[i], readPlus[i], readMinus[i]);
    return { line, weight, level, conductances };
  }),
);
const wide = [4, 8, 7, 9, 8];
section(
  "cells",
  row([4, 8, 7, 17, 16, 16], "", "", "", "asked for", "programmed", "read"),
  row(wide, "line", "weight", "level", "g+", "g-", "g+", "g-", "g+", "g-"),
  cells.map(({ line, weight, level, conductances }) => {
    const numbers = conductances.map((conductance) => fixed(conductance));
    return row(wide, line, fixed(weight, 3), level, numbers);
  }),
);

const narrow = [10, 8, 8, 8, 7, 4, 6, 8];
const exact = cells.reduce((sum, { weight }) => sum + weight, 0);
section(
  "sum",
  row(narrow, "lines", "I+", "I-", "step", "codes", "", "code", "sum"),
  blocks.map(({ lines, currents, step, codes, sum }) => {
    const amounts = [...currents, step].map((current) => fixed(current, 3));
    return row(narrow, lines.join(" "), amounts, codes, codes[0] - codes[1], fixed(sum, 3));
  }),
  `together ${fixed(current, 3)}; in exact arithmetic ${fixed(exact, 3)}`,
);

const currents = steps.map((t) => readColumn("embed", bitsOf("input", t, token), feature).current);
section(
  "membrane",
  row([4, 8], "step", "I", "V", "fires", "left"),
  membrane(currents).map(({ current, voltage, fired, left }, t) =>
    row([4, 8], t + 1, fixed(current, 3), fixed(voltage, 3), fired, fixed(left, 3)),
  ),
  `the simulator's spikes: ${steps.map((t) => bitsOf("blocks.0.input", t, token)[feature]).join(" ")}`,
);
