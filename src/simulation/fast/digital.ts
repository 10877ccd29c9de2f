/**
 * The digital side of the fast simulator: neurons, the residual stream and the outputs of the head. Twin:
 * `reference/digital.ts`. Numbers take 4 bytes in single precision, 2 in whole numbers.
 */
import type { ArithmeticSpec } from "../../experiment/arithmetic.ts";
import { integerLifConstants, saturate } from "../../hardware/integer-arithmetic.ts";
import { signedRange } from "../../hardware/lif-parameters.ts";
import type { PackedBits, Place } from "../../kernels/arena.ts";
import type { SimulationOps } from "../../kernels/simulation-ops.ts";
import { pixels, type StemLayer } from "../../model/stem.ts";
import { type MappedNetwork, unitNeuron } from "../chip.ts";
import { integerPosition } from "../integers.ts";
import type { OnStopped } from "../registers.ts";
import { largestCurrents, streamMean } from "../stem-stream.ts";

interface FiringCall {
  readonly operation: string;
  readonly currents: Place;
  readonly steps: number;
  readonly rows: number;
  readonly thresholds: Place | null;
}

export interface DigitalKernels {
  /** A layer of LIF units on currents [steps, rows, features]; `thresholds` by feature if each has its own. */
  fire(of: FiringCall, to: PackedBits, onStopped: OnStopped): void;
  /** Adds position vectors, if any, to the embedding's result in `stream`. */
  addPositions(operation: string, stream: Place, rows: number, onStopped: OnStopped): void;
  /** Joins a branch to the stream: adds it, or, if it is null, uses what is already in the stream's place. */
  join(operation: string, stream: Place, branch: Place | null, count: number, onStopped: OnStopped): void;
  /** The largest currents of a layer's squares, at another place. */
  pool(currents: Place, layer: StemLayer, images: number, to: Place): void;
  /** Copies numbers. */
  copy(from: Place, to: Place, count: number): void;
  /** The means over the tokens of every prompt, in place: [images, tokens, width] to [images, width]. */
  mean(stream: Place, images: number): void;
  /** Joins spikes. */
  joinBits(operation: string, stream: Place, bits: PackedBits, rows: number, onStopped: OnStopped): void;
  /** The head's outputs, in the unit of weights. */
  outputs(at: Place, count: number, onStopped: OnStopped): Float32Array;
}

/** @param position address of the position vectors; null without. State: they are written */
export function bindDigital(ops: SimulationOps, position: Place | null, chip: MappedNetwork): DigitalKernels {
  const { arithmetic } = chip.hardware;
  return arithmetic === null ? singlePrecision(ops, position, chip) : wholeNumbers(ops, position, chip, arithmetic);
}

function singlePrecision(ops: SimulationOps, position: Place | null, { network }: MappedNetwork): DigitalKernels {
  const { model, geometry, parameters } = network;
  if (position !== null) ops.write(position, parameters.position.data);
  return {
    fire: ({ operation, currents, steps, rows }, spikes) =>
      ops.fire({ currents, steps, rows, map: null, neuron: unitNeuron(network, operation), spikes }),
    addPositions: (_, target, rows) => {
      if (position === null) return;
      ops.addPeriodic({ table: position, period: geometry.tokens, rows, columns: model.width, target });
    },
    join: (_, stream, branch, count) => {
      if (branch !== null) ops.add(stream, branch, count);
    },
    pool: (map, size, images, pooled) => ops.maxPool({ map, images, size, pooled }),
    copy: (from, to, count) => ops.copy(from, to, count),
    mean: (stream, images) => {
      const all = ops.floats(stream, images * geometry.tokens * model.width);
      ops.write(stream, Float32Array.from(streamMean(all, geometry, model.width, false)));
    },
    joinBits: (_, target, bits, rows) => ops.addBits({ bits, rows, target }),
    outputs: (at, count) => ops.floats(at, count),
  };
}

/** What a machine in whole numbers asks of a backend. */
export type WholeOps = Pick<
  SimulationOps,
  "write" | "integers" | "fireIntegers" | "joinIntegers" | "joinPeriodicIntegers" | "joinBitsIntegers"
>;

/** The same in whole numbers, on any backend. */
export function wholeNumbers(
  ops: WholeOps,
  position: Place | null,
  chip: MappedNetwork,
  arithmetic: ArithmeticSpec,
): DigitalKernels {
  const { model, geometry } = chip.network;
  const { fractionBits, streamBits, logitBits } = arithmetic;
  const neuron = (operation: string) => integerLifConstants(unitNeuron(chip.network, operation), arithmetic);
  const register = signedRange(streamBits);
  const one = 2 ** fractionBits;
  if (position !== null) ops.write(position, Int16Array.from(integerPosition(chip, arithmetic)!));
  return {
    fire: ({ operation, currents, steps, rows, thresholds }, spikes, onStopped) =>
      onStopped(
        "membrane",
        operation,
        ops.fireIntegers({ currents, steps, rows, ...neuron(operation), thresholds, spikes }),
        steps * rows * spikes.features,
      ),
    addPositions: (operation, target, rows, onStopped) => {
      const columns = model.width;
      const stopped =
        position === null
          ? ops.joinIntegers({ target, source: null, count: rows * columns, register })
          : ops.joinPeriodicIntegers({ target, table: position, period: geometry.tokens, rows, columns, register });
      onStopped("stream", operation, stopped, rows * columns);
    },
    join: (operation, target, source, count, onStopped) =>
      onStopped("stream", operation, ops.joinIntegers({ target, source, count, register }), count),
    pool: (currents, layer, images, to) => {
      const all = ops.integers(currents, images * pixels(layer.windows) * layer.outputs);
      ops.write(to, Int16Array.from(largestCurrents(all, layer, images)));
    },
    copy: (from, to, count) => ops.write(to, ops.integers(from, count)),
    mean: (stream, images) => {
      const all = ops.integers(stream, images * geometry.tokens * model.width);
      ops.write(stream, Int16Array.from(streamMean(all, geometry, model.width, true)));
    },
    joinBits: (operation, target, bits, rows, onStopped) =>
      onStopped(
        "stream",
        operation,
        ops.joinBitsIntegers({ bits, rows, value: one, target, register }),
        rows * bits.features,
      ),
    outputs: (at, count, onStopped) => {
      const outputs = Float32Array.from(ops.integers(at, count));
      onStopped("logit", "head", saturate(outputs, signedRange(logitBits)), count);
      return outputs.map((output) => output / one);
    },
  };
}
