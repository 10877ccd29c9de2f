/** Operations of a chip by value: arrays of numbers, and spike trains. `fast/backend.ts` is the fast twin. */
import { emptyTally } from "../../hardware/actions.ts";
import { type ColumnConstants, runChargeNeurons } from "../../hardware/charge-neurons.ts";
import { spikesByLine } from "../../hardware/line-order.ts";
import { unfoldedBits } from "../../hardware/line-reads.ts";
import type { NeuronProbe, UnitShape } from "../../hardware/neuron-probe.ts";
import { gatherWindows } from "../../model/convolution.ts";
import { INPUT } from "../../model/graph.ts";
import { maxPoolForward } from "../../model/max-pool.ts";
import { neuronModel } from "../../model/neuron/catalogue.ts";
import type { Stream } from "../../numeric/stream.ts";
import {
  countSpikes,
  emptySpikeTrain,
  packSpikes,
  type SpikeTrain,
  unpackSpikes,
  wordsPerRow,
} from "../../spike/train.ts";
import type { Chip } from "../chip.ts";
import { columnPlan, columnRun } from "../columns.ts";
import { storedWords } from "../counts.ts";
import { type Flow, trainOf as trainName } from "../flow.ts";
import type { Backend } from "../pass.ts";
import { largestCurrents, streamMean, sumOfTrains } from "../stem-stream.ts";
import { type BlockAttention, NO_SCORES } from "./attention.ts";
import { type ColumnEngine, readColumns } from "./columns.ts";
import type { DigitalSide } from "./digital.ts";
import { type AnalogEngine, runLinear } from "./linear.ts";

export interface ReferenceRun {
  readonly digital: DigitalSide;
  readonly engine: AnalogEngine;
  readonly columns: ColumnEngine;
  /** Null on a machine without units. */
  readonly attend: BlockAttention | null;
  readonly random: Stream;
  readonly firstPrompt: number;
  readonly probeOf: ((train: string, shape: UnitShape) => NeuronProbe) | undefined;
}

export function referenceBackend(chip: Chip, flow: Flow, input: SpikeTrain, run: ReferenceRun): Backend {
  const { digital, engine, columns, attend, random, firstPrompt, probeOf } = run;
  const { prompts } = engine;
  const { steps } = input;
  const images = steps * prompts;
  const trains = new Map([[INPUT, input]]);
  const numbers = new Map<string, Float32Array>();
  /** What crossbars read, by layer. */
  const lines = new Map<string, SpikeTrain>();
  /** Of neurons that take codes, by train. */
  const thresholds = new Map<string, Float32Array>();
  /** Of columns without converters, by layer. */
  const decided = new Map<string, ColumnConstants>();
  const trainOf = (value: string) => trains.get(trainName(flow, value)) as SpikeTrain;
  const readsOf = (value: string) => flow.unfolded.get(value) ?? 1;
  /** Of spikes, 0 and 1 in the unit of weights. */
  const numbersOf = (value: string) =>
    numbers.get(value) ?? Float32Array.from(unpackSpikes(trainOf(value)), (spike) => spike / digital.unit);
  const hold = (value: string) => digital.hold("stream", numbers.get(value) as Float32Array);
  const shapeOf = (value: string): UnitShape => {
    const { rows, features } = flow.graph.values.get(value)!;
    return { steps, rows: prompts * rows, features };
  };
  /** Binary results, as the train of a value. */
  const pack = (value: string, bits: ArrayLike<number>) => {
    const { rows, features } = shapeOf(value);
    trains.set(trainName(flow, value), packSpikes(bits, steps, rows * readsOf(value), features));
  };
  const bitsOf = (value: string) => Float64Array.from(unpackSpikes(trainOf(value)));

  return {
    ones: (value) => countSpikes(trainOf(value)),
    train: (value, count) => {
      const { rows } = trainOf(value);
      const chosen = Array.from({ length: (Math.min(count, prompts) * rows) / prompts }, (_, row) => row);
      return gatherRows(trainOf(value), rows, chosen);
    },
    windows: ({ reads: [map], writes, size }) =>
      pack(writes, gatherWindows(bitsOf(map), size, images * readsOf(writes))),
    pool: ({ reads: [map], writes, size }) => {
      if (flow.isBits(map)) pack(writes, maxPoolForward(bitsOf(map), size, images).output);
      else numbers.set(writes, Float32Array.from(largestCurrents(numbersOf(map), size, images)));
    },
    mean: ({ reads: [stream], writes, ...size }) => {
      numbers.set(writes, Float32Array.from(streamMean(numbersOf(stream), size, digital.unit !== 1)));
    },
    addPositions: ({ name, reads: [read], writes }) => {
      const positions = digital.positions(name);
      numbers.set(
        writes,
        numbersOf(read).map((x, i) => x + positions[i % positions.length]),
      );
      return hold(writes);
    },
    add: ({ reads, writes }) => {
      const [stream, branch] = reads.map(numbersOf);
      numbers.set(
        writes,
        stream.map((x, i) => x + branch[i]),
      );
      return hold(writes);
    },
    sum: ({ reads: [read], writes, ...size }) => {
      numbers.set(writes, Float32Array.from(sumOfTrains(numbersOf(read), size)));
      return hold(writes);
    },
    unfold: (value, reads) => {
      const all = (numbers.get(value) as Float32Array).map((number) => number * digital.unit);
      pack(value, unfoldedBits(all, flow.sizeOf(value), reads, chip.hardware.crossbar.integers));
    },
    drive: ({ reads: [read] }) => {
      numbers.set(read, numbersOf(read));
      return hold(read);
    },
    hold,
    gather: (layer) => {
      const { tokens } = flow.layers.get(layer.name)!;
      const train = trainOf(layer.trainIn);
      const rows = tokens ? gatherRows(train, train.rows / (prompts * layer.reads), tokens) : train;
      lines.set(layer.name, spikesByLine(rows, layer));
    },
    linear: (layer, value) => {
      const actions = emptyTally();
      const read = lines.get(layer.name) as SpikeTrain;
      const plan = columnPlan(chip, layer);
      if (plan !== null) {
        const { charges, constants } = readColumns(plan, columns, read, actions);
        numbers.set(value, charges);
        decided.set(layer.name, constants);
        return { actions, clipped: 0 };
      }
      const registers = digital.columns(layer);
      const offsets = registers === null ? digital.offsets(layer.name) : new Float32Array(0);
      const sums = runLinear(layer, offsets, engine, read, actions, registers);
      if (sums.thresholds !== null) thresholds.set(layer.trainOut as string, sums.thresholds);
      numbers.set(value, sums.currents);
      return { actions, clipped: sums.clipped };
    },
    fire: ({ name, neuron, reads: [read], writes }) => {
      const actions = emptyTally();
      const shape = shapeOf(writes);
      const own = thresholds.get(name) ?? null;
      const { train, saturated } = digital.fire(name, numbersOf(read), shape, actions, own, probeOf?.(name, shape));
      const { rows, features } = shape;
      if (own !== null) actions.offsetAdditions += steps * rows * features;
      const stored = storedWords(rows * features * neuronModel(neuron).stateWords, steps, chip.hardware.order);
      actions.membraneReads += stored;
      actions.membraneWrites += stored;
      trains.set(writes, train);
      return { actions, saturated };
    },
    decide: ({ name, reads: [read], writes }, plan) => {
      const actions = emptyTally();
      const shape = shapeOf(writes);
      const vectors = { steps, prompts, perPrompt: shape.rows / prompts, firstPrompt };
      const constants = decided.get(plan.layer.name) as ColumnConstants;
      const how = columnRun(plan, vectors, random);
      const { train, saturated } = runChargeNeurons(numbersOf(read), constants, how, actions, probeOf?.(name, shape));
      trains.set(writes, train);
      return { actions, saturated };
    },
    attend: ({ reads: [read], writes }, block) => {
      const actions = emptyTally();
      const qkv = trainOf(read);
      const attended = attend?.(qkv, block, firstPrompt, actions) ?? null;
      trains.set(writes, attended?.output ?? qkv);
      if (attended === null) return { counts: null, scores: NO_SCORES };
      return { counts: { actions, cycles: attended.cycles }, scores: attended.scores };
    },
    outputs: (value) => {
      const outputs = numbersOf(value);
      const stopped = digital.hold("logit", outputs);
      return { values: outputs.map((output) => output * digital.unit), stopped };
    },
  };
}

/** Some of every `group` rows. */
function gatherRows(train: SpikeTrain, group: number, chosen: ArrayLike<number>): SpikeTrain {
  const stride = wordsPerRow(train.features);
  const gathered = emptySpikeTrain(train.steps, (train.rows / group) * chosen.length, train.features);
  for (let first = 0, to = 0; first < train.steps * train.rows; first += group) {
    for (let i = 0; i < chosen.length; i++, to += stride) {
      const from = (first + chosen[i]) * stride;
      gathered.words.set(train.words.subarray(from, from + stride), to);
    }
  }
  return gathered;
}
