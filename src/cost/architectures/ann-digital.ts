/**
 * A conventional transformer on a digital engine, after SwiftTron: a weight-stationary array of int8 multipliers with 32-bit
 * partial sums, buffers around it, and integer units for softmax, LayerNorm and GELU.
 *
 *   mac        MACs (multiply + add)
 *   registers  MACs (operands and accumulator) bits
 *   weights    every weight read from its buffer once per inference
 *   activations  sum over layers of N inputs ceil(outputs / array) + N outputs written, and q, k, v and scores of attention; for a
 *                stem's layers each value of the map once, however many windows contain it
 *   partialSums  N outputs (ceil(inputs / array) - 1) of 4 bytes, written and read
 *   dram       the weights if they do not stay on chip, and inputs as the rules say
 *
 * Buffers hold the weights of all blocks, the widest layer's inputs and outputs plus the stream, and the partial sums of all
 * tokens at one column of arrays. Left out: embedding and head in the buffer traffic, idle cycles. Clock, control, wires and
 * leakage are in `always-on.ts`.
 */
import type { Activation } from "../../experiment/model.ts";
import type { Technology } from "../parameters.ts";
import { addInputs, additionEnergy, addStatic, type Breakdown, bufferByte } from "../unit-energies.ts";
import { blockLayers, countMacs, stemMaps, type Workload } from "../workload.ts";

/** Arithmetic of the engine: the energy of one multiply-accumulate and the width of its operands. */
export interface Precision {
  readonly mac: number;
  /** Bytes of a weight or activation, and bits of the accumulator. */
  readonly operandBytes: number;
  readonly accumulatorBits: number;
  /** Products that are added before a sum is written, and sums that share the register of an activation; default 1, a systolic array. */
  readonly productsPerSum?: number;
  /** Bytes of a weight, if not as many as of an activation. */
  readonly weightBytes?: number;
  /** Square metres of a unit; default in proportion to the bytes of an operand. */
  readonly unitArea?: number;
}

export const weightBytesOf = ({ operandBytes, weightBytes = operandBytes }: Precision): number => weightBytes;

export const int8 = (technology: Technology): Precision => ({
  mac: technology.multiply8 + additionEnergy(technology, technology.accumulatorBits),
  operandBytes: 1,
  accumulatorBits: technology.accumulatorBits,
});

/** Products of an adder tree. */
const TREE = 16;

/**
 * The same arithmetic in adder trees, the engine with the fewest registers: 16 products of one output are added before the sum is
 * written, and an activation's register serves as many trees. Pairs of products have 16 bits, pairs of their sums 17, and so on.
 */
export function trees(technology: Technology): Precision {
  const { multiply8, accumulatorBits } = technology;
  let additions = additionEnergy(technology, accumulatorBits);
  for (let pairs = TREE / 2, bits = 16; pairs >= 1; pairs /= 2, bits++) {
    additions += pairs * additionEnergy(technology, Math.min(bits, accumulatorBits));
  }
  return { ...int8(technology), mac: multiply8 + additions / TREE, productsPerSum: TREE };
}

/**
 * Fewer bits than 8: a multiplier's energy scales with the square of its width, and sums of 3,072 products need 12 bits more
 * than a product.
 */
export function narrow(bits: number, technology: Technology): Precision {
  const accumulatorBits = 2 * bits + 12;
  return {
    mac: (technology.multiply8 * bits ** 2) / 64 + additionEnergy(technology, accumulatorBits),
    operandBytes: bits / 8,
    accumulatorBits,
  };
}

export function annDigital(workload: Workload, technology: Technology, precision = int8(technology)): Breakdown {
  const { depth, width, heads, tokens, annScores, annInputs, embedding } = workload;
  const { arrayRows, arrayColumns, sramWriteFactor: write } = technology;
  const macs = countMacs(workload);
  const bytes = precision.operandBytes;
  const { weightBuffer, activationBuffer, partialSumBuffer } = technology;
  const weightBytes = weightBytesOf(precision);
  const perWeight =
    technology.weightTraffic * weightBytes * bufferByte(technology, weightBuffer, weightBytes * macs.weights);
  const perActivation =
    technology.activationTraffic * bytes * bufferByte(technology, activationBuffer, bytes * activationsHeld(workload));
  const sumsHeld = partialSumsHeld(workload, technology);
  const perPartialSum = 4 * technology.partialSumTraffic * bufferByte(technology, partialSumBuffer, sumsHeld);
  let activations = 0;
  let partialSums = 0;
  for (const { inputs, outputs, repeat } of blockLayers(workload)) {
    activations += repeat * tokens * (inputs * Math.ceil(outputs / arrayColumns) + outputs * write);
    partialSums += repeat * tokens * outputs * (Math.ceil(inputs / arrayRows) - 1) * (1 + write);
  }
  const { layers } = stemMaps(workload);
  for (const { read, written, inputs, outputs } of layers) {
    activations += read * Math.ceil(outputs / arrayColumns) + written * write;
    partialSums += written * (Math.ceil(inputs / arrayRows) - 1) * (1 + write);
  }
  const dimension = width / heads;
  const keysAndValues =
    tokens * dimension * (2 + Math.ceil(tokens / arrayColumns) + Math.ceil(dimension / arrayColumns));
  activations += depth * heads * (keysAndValues + 2 * annScores * (1 + write));
  const weightsFromDram = technology.annWeightsOnChip ? 0 : macs.weights;
  // Where only the digital ANN pays: a receiver's samples arrive on the chip; images are fetched.
  const inputsFromDram = technology.inputDram === 2 && embedding === "values" ? tokens * annInputs : 0;
  const parts = addStatic(
    {
      mac: macs.total * precision.mac,
      registers: macs.total * (8 * (bytes + weightBytes) + precision.accumulatorBits) * technology.registerBit,
      weights: macs.weights * perWeight,
      activations: activations * perActivation,
      partialSums: partialSums * perPartialSum,
      dram: (weightsFromDram * weightBytes + inputsFromDram * bytes) * 8 * technology.dramBit,
      softmax: countElements(workload).softmax * technology.softmaxElement,
      normAndGelu: normAndGelu(workload, technology),
    },
    technology.digitalStaticShare,
  );
  return addInputs(parts, workload, technology);
}

/**
 * Values alive at a time: the stream, a layer's input, and its output (q, k and v, or the hidden layer); or a stem's largest
 * map with the output of its layer.
 */
export const activationsHeld = (workload: Workload): number =>
  Math.max(workload.tokens * workload.width * (2 + Math.max(3, workload.expansion)), stemMaps(workload).largest);

/** Bytes of partial sums alive at a time: those of all tokens at one column of arrays. */
export const partialSumsHeld = ({ tokens, width, expansion }: Workload, { arrayColumns }: Technology): number =>
  4 * tokens * Math.min(arrayColumns, Math.max(3, expansion) * width);

/** Units that an element passes; for ReLU its sign decides. */
const GELU_UNITS: Readonly<Record<Activation, number>> = { "gelu-tanh": 1, gelu: 1, relu: 0 };

/** Elements of softmax, of LayerNorm and of GELU: two LayerNorms and one GELU per block, one of each per layer of a stem. */
export function countElements(workload: Workload): Readonly<Record<"softmax" | "layerNorm" | "gelu", number>> {
  const { depth, heads, annScores, width, expansion, tokens } = workload;
  const { written } = stemMaps(workload);
  return {
    softmax: depth * heads * annScores,
    layerNorm: depth * tokens * 2 * width + written,
    gelu: GELU_UNITS[workload.activation ?? "gelu"] * (depth * tokens * expansion * width + written),
  };
}

export function normAndGelu(workload: Workload, { layerNormElement, geluElement }: Technology): number {
  const { layerNorm, gelu } = countElements(workload);
  return layerNorm * layerNormElement + gelu * geluElement;
}
