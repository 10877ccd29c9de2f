/** Operations of a chip on kernels, with values in memory: twin of `reference/backend.ts`, on any backend of the kernels. */
import { leakShiftOf } from "../../hardware/lif-parameters.ts";
import { type PackedBits, type Place, packedAt } from "../../kernels/arena.ts";
import type { SimulationOps } from "../../kernels/simulation-ops.ts";
import { neuronModel } from "../../model/neuron/catalogue.ts";
import type { Stream } from "../../numeric/stream.ts";
import type { SpikeTrain } from "../../spike/train.ts";
import type { MappedNetwork } from "../chip.ts";
import { columnActions, linearActions, neuronActions } from "../counts.ts";
import { type Flow, trainOf } from "../flow.ts";
import type { Backend } from "../pass.ts";
import type { AttentionKernels } from "./attention.ts";
import type { DigitalKernels } from "./digital.ts";
import type { CrossbarKernels } from "./linear.ts";
import type { SimulatorScratch } from "./plan.ts";
import { drivesOf, readSumsOf, type ValuePlaces } from "./values.ts";

/** What a pass itself asks of the kernels. */
export type PassOps = Pick<
  SimulationOps,
  "write" | "words" | "copy" | "fill" | "countBits" | "wireBits" | "gatherBitWindows" | "poolBits" | "gatherTokens"
>;

/** A slice of prompts, on a thread. */
export interface FastRun {
  readonly slice: ValuePlaces;
  readonly scratch: SimulatorScratch;
  readonly digital: DigitalKernels;
  readonly crossbars: CrossbarKernels;
  readonly attention: AttentionKernels;
  /** Of neurons that take codes, by the train they fire. */
  readonly thresholdsOf: ReadonlyMap<string, Place>;
  readonly steps: number;
  readonly prompts: number;
  readonly firstPrompt: number;
  readonly random: Stream;
}

export function fastBackend(ops: PassOps, { hardware }: MappedNetwork, flow: Flow, run: FastRun): Backend {
  const { slice, scratch, digital, crossbars, thresholdsOf, steps, prompts, firstPrompt, random } = run;
  const { graph, isBits, unfolded } = flow;
  const images = steps * prompts;
  const at = (value: string) => (slice.get(value) ?? scratch.values.get(value)) as Place;
  const shapeOf = (value: string) => graph.values.get(value)!;
  const bitsOf = (value: string) => packedAt(at(trainOf(flow, value)), shapeOf(value).features);
  const rowCount = (value: string) => images * flow.rowsOf(value);
  const sizeOf = (value: string) => images * flow.sizeOf(value);
  const readsOf = (value: string) => unfolded.get(value) ?? 1;
  const vectorsOf = (perPrompt: number) => ({ steps, prompts, perPrompt, firstPrompt });

  /** Adds up values of one size, at the place of one of them or at another. Returns how many sums saturated. */
  function sumInto(read: readonly string[], target: Place): number {
    const there = read.findIndex((value) => !isBits(value) && at(value) === target);
    if (there < 0) ops.fill(target, sizeOf(read[0]), 0);
    let stopped = 0;
    for (const [i, value] of read.entries()) {
      if (i === there) continue;
      stopped = isBits(value)
        ? digital.joinBits(target, bitsOf(value), rowCount(value))
        : digital.join(target, at(value), sizeOf(value));
    }
    return stopped;
  }

  return {
    ones: (value) => ops.countBits(bitsOf(value), rowCount(value)),
    train: (value, count) => {
      const perPrompt = flow.rowsOf(value);
      return firstRows(ops, bitsOf(value), steps, prompts * perPrompt, Math.min(count, prompts) * perPrompt);
    },
    windows: ({ reads: [map], writes, size }) =>
      ops.gatherBitWindows({ map: bitsOf(map), images: images * readsOf(writes), size, windows: bitsOf(writes) }),
    pool: ({ reads: [map], writes, size }) => {
      if (isBits(map)) ops.poolBits({ map: bitsOf(map), images, size, pooled: bitsOf(writes) });
      else digital.pool(at(map), size, images, at(writes));
    },
    mean: ({ reads: [stream], writes, ...size }) => digital.mean(at(stream), size, images, at(writes)),
    addPositions: ({ name, reads, writes }) => {
      const { rows: period, features: columns } = shapeOf(writes);
      const target = at(writes);
      sumInto(reads, target);
      const table = scratch.positions.get(name) as Place;
      return digital.addPositions({ table, period, columns, rows: images * period, target });
    },
    add: ({ reads, writes }) => sumInto(reads, at(writes)),
    sum: ({ reads: [read], writes, trains, width }) => {
      digital.sum(bitsOf(read), { trains, width }, rowCount(read), at(writes));
      return digital.hold(at(writes), sizeOf(writes));
    },
    unfold: (value, reads) => digital.unfold(at(value), { images, size: flow.sizeOf(value), reads }, bitsOf(value)),
    drive: ({ name, reads }) => sumInto(reads, at(drivesOf(name))),
    hold: (value) => digital.hold(at(value), sizeOf(value)),
    gather: ({ name, trainIn, inputs, reads, inputStride: stride, linesPerInput: repeats }) => {
      const { rows, read, isWired, array, features } = flow.layers.get(name)!;
      const chosen = scratch.chosen.get(name);
      const source = packedAt(at(read), inputs);
      if (chosen) {
        const { rows: tokens } = shapeOf(trainIn);
        const whole = { source: bitsOf(trainIn).at, prompts: images * reads, tokens, width: source.words };
        ops.gatherTokens({ ...whole, chosen, target: source.at });
      }
      const target = packedAt(at(array), features);
      if (isWired) ops.wireBits({ source, rows: images * rows, stride, repeats, target });
    },
    linear: (layer, value) => {
      const { name, reads, outputs } = layer;
      const { array, vectors, rows, features } = flow.layers.get(name)!;
      const lines = packedAt(at(array), features);
      const spikes = ops.countBits(lines, images * rows);
      const scaled = !thresholdsOf.has(layer.trainOut ?? "");
      const actions = linearActions(layer, hardware.adc.mode, images * rows, spikes, scaled);
      const sums = at(reads === 1 ? value : readSumsOf(name));
      const clipped = crossbars.run(layer, lines, vectorsOf(rows), sums, random);
      const offset = scratch.crossbars.offsets.get(name) as Place;
      if (reads > 1) digital.addReads(sums, { images, reads, vectors, outputs, offset }, at(value));
      return { actions, clipped };
    },
    fire: ({ name, neuron, reads: [read], writes }) => {
      const rows = prompts * shapeOf(writes).rows;
      const spikes = bitsOf(writes);
      const currents = at(isBits(read) ? drivesOf(name) : read);
      const thresholds = thresholdsOf.get(name) ?? null;
      const { stateWords } = neuronModel(neuron);
      return {
        actions: neuronActions(rows * spikes.features, stateWords, steps, hardware.order, thresholds !== null),
        saturated: digital.fire({ operation: name, currents, steps, rows, thresholds }, spikes),
      };
    },
    decide: ({ reads: [read], writes }, { layer, deciding, neuron }) => {
      const perPrompt = shapeOf(writes).rows;
      const bits = bitsOf(writes);
      const saturated = crossbars.columns!.decide(layer, at(read), vectorsOf(perPrompt), random, bits);
      const spikes = ops.countBits(bits, rowCount(writes));
      const neurons = prompts * perPrompt * bits.features;
      return {
        saturated,
        actions: columnActions(deciding, { neurons, steps, spikes, leakShift: leakShiftOf(neuron) }),
      };
    },
    attend: ({ reads: [read], writes }, block) =>
      run.attention.run(bitsOf(read), bitsOf(writes), { block, steps, prompts, firstPrompt, random }),
    outputs: (value, count) => digital.outputs(at(value), count),
  };
}

/** Copies the first rows of every step. */
function firstRows(
  ops: PassOps,
  { at, words, features }: PackedBits,
  steps: number,
  rows: number,
  kept: number,
): SpikeTrain {
  const copied = new Uint32Array(steps * kept * words);
  for (let t = 0; t < steps; t++) copied.set(ops.words(at + 4 * t * rows * words, kept * words), t * kept * words);
  return { steps, rows: kept, features, words: copied };
}
