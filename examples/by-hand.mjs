// What a crossbar and a neuron of the tiny machine compute, one column at a time, so that every number can be shown.
import { readCrossbar } from "xpikeformer";
import { chip, experiment, mapping, network, random } from "./tiny-machine.mjs";

const { readTime, adc } = experiment.hardware;
const { beta, threshold } = experiment.model.neuron;
const largestCode = 2 ** adc.bits - 1;

/** The conductances that `simulate` saw: the same read, from the same stream. */
export const readings = chip.crossbars.map((crossbar, c) =>
  readCrossbar(crossbar, chip.device, readTime, random.fork("read", c)),
);

/** One column of a layer, for one row of input bits: row block by row block, then the sum with the offset. */
export function readColumn(name, bits, column) {
  const layer = mapping.layers.find((candidate) => candidate.name === name);
  const isAbove = ({ columnStart, columns }) => column >= columnStart && column < columnStart + columns;
  const blocks = layer.blocks.filter(isAbove).map((block) => {
    const reading = readings[block.crossbar];
    const lines = bits.flatMap((bit, i) => (bit && i >= block.rowStart && i < block.rowStart + block.rows ? [i] : []));
    const cell = (line) => (line - block.rowStart) * block.columns + column - block.columnStart;
    const current = (conductances) => lines.reduce((sum, line) => sum + conductances[cell(line)], 0);
    const step = chip.ranges[block.crossbar] / largestCode;
    const currents = [current(reading.plus), current(reading.minus)];
    const codes = currents.map((amount) => Math.min(largestCode, Math.round(amount / step)));
    const sum = ((codes[0] - codes[1]) * step) / reading.scales[column - block.columnStart];
    return { ...block, lines, cell, currents, step, codes, sum };
  });
  const offset = network.parameters[`${name}.offset`].data[column];
  return { blocks, current: blocks.reduce((sum, block) => sum + block.sum, offset) };
}

/** A leaky integrate-and-fire neuron on a current per step. */
export function membrane(currents) {
  let left = 0;
  return currents.map((current) => {
    const voltage = beta * left + current;
    const fired = voltage >= threshold ? 1 : 0;
    left = fired ? 0 : voltage;
    return { current, voltage, fired, left };
  });
}
