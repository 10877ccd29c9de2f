/**
 * A conventional transformer on a digital engine, after SwiftTron: a weight-stationary array of int8 multipliers with 32-bit
 * partial sums, buffers around it, and integer units for softmax, LayerNorm and GELU.
 *
 *   mac        MACs (multiply + add)
 *   registers  MACs (operands and accumulator) bits
 *   weights    every weight read from its buffer once per inference
 *   activations  sum over layers of N inputs ceil(outputs / array) + N outputs written, and q, k, v and scores of attention
 *   partialSums  N outputs (ceil(inputs / array) - 1) of 4 bytes, written and read
 *   dram       inputs, and the weights where they do not stay on chip
 *
 * Left out: embedding and head in the buffer traffic, control, idle cycles.
 */
import type { Technology } from "../parameters.ts";
import { blockLayers, countMacs, type Workload } from "../workload.ts";
import { additionEnergy, addStatic, type Breakdown, sramByte } from "./energy.ts";

/** Arithmetic of the engine: what one multiply-accumulate costs and how wide its operands are. */
export interface Precision {
  readonly mac: number;
  /** Bytes of a weight or activation, and bits of the accumulator. */
  readonly operandBytes: number;
  readonly accumulatorBits: number;
}

export const int8 = (technology: Technology): Precision => ({
  mac: technology.multiply8 + additionEnergy(technology, technology.accumulatorBits),
  operandBytes: 1,
  accumulatorBits: technology.accumulatorBits,
});

export function annDigital(workload: Workload, technology: Technology, precision = int8(technology)): Breakdown {
  const { depth, width, heads, tokens, annScores, annInputs, embedding } = workload;
  const { arrayRows, arrayColumns, sramWriteFactor: write } = technology;
  const macs = countMacs(workload);
  const bytes = precision.operandBytes;
  const perWeight = technology.weightTraffic * bytes * sramByte(technology, technology.weightBuffer);
  const perActivation = technology.activationTraffic * bytes * sramByte(technology, technology.activationBuffer);
  const perPartialSum = 4 * technology.partialSumTraffic * sramByte(technology, technology.partialSumBuffer);
  let activations = 0;
  let partialSums = 0;
  for (const { inputs, outputs, repeat } of blockLayers(workload)) {
    activations += repeat * tokens * (inputs * Math.ceil(outputs / arrayColumns) + outputs * write);
    partialSums += repeat * tokens * outputs * (Math.ceil(inputs / arrayRows) - 1) * (1 + write);
  }
  const dimension = width / heads;
  const keysAndValues =
    tokens * dimension * (2 + Math.ceil(tokens / arrayColumns) + Math.ceil(dimension / arrayColumns));
  activations += depth * heads * (keysAndValues + 2 * annScores * (1 + write));
  const weightsFromDram = technology.annWeightsOnChip ? 0 : macs.weights;
  // A receiver's samples arrive on the chip; images are fetched.
  const inputsFromDram = embedding === "values" ? tokens * annInputs : 0;
  return addStatic(
    {
      mac: macs.total * precision.mac,
      registers: macs.total * (16 * bytes + precision.accumulatorBits) * technology.registerBit,
      weights: macs.weights * perWeight,
      activations: activations * perActivation,
      partialSums: partialSums * perPartialSum,
      dram: (weightsFromDram + inputsFromDram) * 8 * bytes * technology.dramBit,
      softmax: depth * heads * annScores * technology.softmaxElement,
      normAndGelu: normAndGelu(workload, technology),
    },
    technology.digitalStaticShare,
  );
}

/** Two LayerNorms and one GELU per block. */
export function normAndGelu({ depth, width, expansion, tokens }: Workload, technology: Technology): number {
  return depth * tokens * (2 * width * technology.layerNormElement + expansion * width * technology.geluElement);
}
