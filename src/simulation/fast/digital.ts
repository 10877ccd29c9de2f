/**
 * The digital side of the fast simulator: neurons, sums between layers, and the outputs of the head. Twin: `reference/digital.ts`.
 * Numbers take 4 bytes in single precision, 2 in whole numbers.
 */
import type { ArithmeticSpec } from "../../experiment/arithmetic.ts";
import { integerLifConstants, saturate } from "../../hardware/integer-arithmetic.ts";
import { signedRange } from "../../hardware/lif-parameters.ts";
import { type IntegerCoding, readBase, unfoldedBits } from "../../hardware/line-reads.ts";
import type { PackedBits, Place } from "../../kernels/arena.ts";
import type { SimulationOps } from "../../kernels/simulation-ops.ts";
import type { PoolSize } from "../../model/stem.ts";
import { pixels } from "../../model/stem.ts";
import type { SumOperation, TokenMeanOperation } from "../../model/stream.ts";
import { packSpikes, unpackSpikes } from "../../spike/train.ts";
import { type MappedNetwork, unitNeuron } from "../chip.ts";
import { integerPosition } from "../integers.ts";
import { largestCurrents, streamMean, sumOfTrains } from "../stem-stream.ts";

interface FiringCall {
  readonly operation: string;
  readonly currents: Place;
  readonly steps: number;
  readonly rows: number;
  readonly thresholds: Place | null;
}

/** Position vectors `[period, columns]` for `rows` rows. */
interface PositionCall {
  readonly table: Place;
  readonly period: number;
  readonly columns: number;
  readonly rows: number;
  readonly target: Place;
}

interface ReadsCall {
  readonly images: number;
  readonly reads: number;
  readonly vectors: number;
  readonly outputs: number;
  readonly offset: Place;
}

/** Operations return how many numbers saturated in their register; none do in single precision. */
export interface DigitalKernels {
  /** A layer of LIF units on currents [steps, rows, features]; `thresholds` by feature if each has its own. */
  fire(of: FiringCall, to: PackedBits): number;
  addPositions(of: PositionCall): number;
  /** Saturates numbers to the register of the stream. */
  hold(target: Place, count: number): number;
  /** Adds numbers, and saturates the sums. */
  join(target: Place, branch: Place, count: number): number;
  /** Adds spikes, in the unit of weights, and saturates the sums. */
  joinBits(target: Place, bits: PackedBits, rows: number): number;
  /** The largest currents of squares, at another place. */
  pool(currents: Place, size: PoolSize, images: number, to: Place): void;
  /** The means over the tokens of every prompt, at another place: [images, tokens, width] to [images, width]. */
  mean(stream: Place, size: Pick<TokenMeanOperation, "tokens" | "width">, images: number, to: Place): void;
  /** Sums of trains next to each other, of this many rows, at another place. Nothing saturates. */
  sum(trains: PackedBits, size: Pick<SumOperation, "trains" | "width">, rows: number, to: Place): void;
  /** Whole numbers [images, size] as the bits of their reads [images, reads, size]. */
  unfold(numbers: Place, of: { images: number; size: number; reads: number }, to: PackedBits): void;
  /** Sums of all reads [images, reads, vectors, outputs] with offsets, at another place (`hardware/line-reads.ts`). Nothing saturates. */
  addReads(sums: Place, of: ReadsCall, to: Place): void;
  /** The head's outputs, in the unit of weights. */
  outputs(at: Place, count: number): { readonly values: Float32Array; readonly stopped: number };
}

/** @param positions addresses of position vectors, by operation. State: they are written */
export function bindDigital(
  ops: SimulationOps,
  positions: ReadonlyMap<string, Place>,
  chip: MappedNetwork,
): DigitalKernels {
  const { arithmetic } = chip.hardware;
  return arithmetic === null ? singlePrecision(ops, positions, chip) : wholeNumbers(ops, positions, chip, arithmetic);
}

function singlePrecision(
  ops: SimulationOps,
  positions: ReadonlyMap<string, Place>,
  { network, hardware }: MappedNetwork,
): DigitalKernels {
  for (const [operation, table] of positions) ops.write(table, network.parameters[operation].data);
  /** In single precision nothing saturates. */
  const none = (_done: unknown): number => 0;
  const { integers } = hardware.crossbar;
  return {
    ...onReads(ops, integers, {
      bytes: 4,
      one: 1,
      numbersAt: ops.floats,
      numbers: Float32Array,
      join: ops.add,
      addOffset: (offset, rows, columns, target) =>
        ops.addPeriodic({ table: offset, period: 1, rows, columns, target }),
    }),
    fire: ({ operation, currents, steps, rows }, spikes) =>
      none(ops.fire({ currents, steps, rows, map: null, neuron: unitNeuron(network, operation), spikes })),
    addPositions: (of) => none(ops.addPeriodic(of)),
    hold: () => 0,
    join: (target, branch, count) => none(ops.add(target, branch, count)),
    joinBits: (target, bits, rows) => none(ops.addBits({ bits, rows, target })),
    pool: (map, size, images, pooled) => ops.maxPool({ map, images, size, pooled }),
    mean: (stream, size, images, to) => {
      const all = ops.floats(stream, images * size.tokens * size.width);
      ops.write(to, Float32Array.from(streamMean(all, size, false)));
    },
    outputs: (at, count) => ({ values: ops.floats(at, count), stopped: 0 }),
  };
}

const LANES = 8;

/** How numbers of a kind are stored and added. */
interface Numbers {
  readonly bytes: number;
  /** A spike. */
  readonly one: number;
  numbersAt(at: Place, count: number): ArrayLike<number>;
  readonly numbers: typeof Float32Array | typeof Int16Array;
  join(target: Place, source: Place, count: number): void;
  addOffset(offset: Place, rows: number, columns: number, target: Place): void;
}

/** Sums of spikes, and what lines do with them, in numbers of a kind. */
function onReads(
  ops: Pick<WholeOps, "write" | "words" | "fill">,
  integers: IntegerCoding,
  { bytes, one, numbersAt, numbers, join, addOffset }: Numbers,
): Pick<DigitalKernels, "sum" | "unfold" | "addReads"> {
  return {
    sum: ({ at, words, features }, size, rows, to) => {
      const train = { steps: 1, rows, features, words: ops.words(at, rows * words) };
      const spikes = Float32Array.from(unpackSpikes(train), (spike) => spike * one);
      ops.write(to, numbers.from(sumOfTrains(spikes, size)));
    },
    unfold: (at, { images, size, reads }, to) => {
      const all = Float32Array.from(numbersAt(at, images * size), (number) => number / one);
      const bits = unfoldedBits(all, size, reads, integers);
      ops.write(to.at, packSpikes(bits, 1, bits.length / to.features, to.features).words);
    },
    addReads: (sums, { images, reads, vectors, outputs, offset }, to) => {
      const count = vectors * outputs;
      ops.fill(to, images * count, 0);
      for (let image = 0; image < images; image++) {
        const target = to + bytes * image * count;
        for (let read = reads - 1; read >= 0; read--) {
          if (readBase(integers) === 2) join(target, target, count);
          join(target, sums + bytes * (image * reads + read) * count, count);
        }
      }
      addOffset(offset, images * vectors, outputs, to);
    },
  };
}

/** What a machine in whole numbers asks of a backend. */
export type WholeOps = Pick<
  SimulationOps,
  | "write"
  | "words"
  | "fill"
  | "integers"
  | "fireIntegers"
  | "joinIntegers"
  | "joinPeriodicIntegers"
  | "joinBitsIntegers"
>;

/** The same in whole numbers, on any backend. */
export function wholeNumbers(
  ops: WholeOps,
  positions: ReadonlyMap<string, Place>,
  chip: MappedNetwork,
  arithmetic: ArithmeticSpec,
): DigitalKernels {
  const { fractionBits, streamBits, logitBits } = arithmetic;
  const neuron = (operation: string) => integerLifConstants(unitNeuron(chip.network, operation), arithmetic);
  const register = signedRange(streamBits);
  const one = 2 ** fractionBits;
  for (const [operation, table] of positions) {
    ops.write(table, Int16Array.from(integerPosition(chip, operation, arithmetic)));
  }
  const sums = signedRange(16);
  /** Kernels add so many numbers at a time; the columns of a head may be fewer. */
  function addFew(target: Place, source: Place, count: number, period: number) {
    const added = ops.integers(source, period);
    ops.write(
      target,
      ops.integers(target, count).map((number, i) => number + added[i % period]),
    );
  }
  return {
    ...onReads(ops, chip.hardware.crossbar.integers, {
      ...{ bytes: 2, one, numbersAt: ops.integers, numbers: Int16Array },
      join: (target, source, count) => {
        if (count % LANES > 0) addFew(target, source, count, count);
        else ops.joinIntegers({ target, source, count, register: sums });
      },
      addOffset: (table, rows, columns, target) => {
        if (columns % LANES > 0) addFew(target, table, rows * columns, columns);
        else ops.joinPeriodicIntegers({ table, period: 1, rows, columns, target, register: sums });
      },
    }),
    fire: ({ operation, currents, steps, rows, thresholds }, spikes) =>
      ops.fireIntegers({ currents, steps, rows, ...neuron(operation), thresholds, spikes }),
    addPositions: (of) => ops.joinPeriodicIntegers({ ...of, register }),
    hold: (target, count) => ops.joinIntegers({ target, source: null, count, register }),
    join: (target, source, count) => ops.joinIntegers({ target, source, count, register }),
    joinBits: (target, bits, rows) => ops.joinBitsIntegers({ bits, rows, value: one, target, register }),
    pool: (currents, size, images, to) => {
      const all = ops.integers(currents, images * pixels(size.windows) * size.outputs);
      ops.write(to, Int16Array.from(largestCurrents(all, size, images)));
    },
    mean: (stream, size, images, to) => {
      const all = ops.integers(stream, images * size.tokens * size.width);
      ops.write(to, Int16Array.from(streamMean(all, size, true)));
    },
    outputs: (at, count) => {
      const outputs = Float32Array.from(ops.integers(at, count));
      const stopped = saturate(outputs, signedRange(logitBits));
      return { values: outputs.map((output) => output / one), stopped };
    },
  };
}
