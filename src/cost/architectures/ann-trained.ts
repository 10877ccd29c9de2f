/**
 * The digital engine for an ANN that was trained for few bits (`model.quantization`), each product at its own width:
 *
 *   linear layers of the blocks, and convolutions after the first   weights x activations
 *   q k^T                                                           two operands of the width of q, k and v
 *   softmax weights times v                                         8 bits x the width of v
 *   first layer and head                                            8 bits x 8 bits
 *
 * A product of a and b bits costs a b / 64 of an 8-bit one; its sum has a + b + 12 bits, of two 8-bit operands as many as in the int8
 * engine. Products of two bits, or of two ternary digits, are counted by units with 64 inputs, as in XNOR engines: one sum of 16 bits is
 * written per 64 products, and an activation's register serves as many units. Softmax, LayerNorm, GELU and the residual stream
 * cost as much as in the int8 engine; area is shared by the kinds
 * of unit in proportion to their products. A network in floating point is priced at 8 bits.
 */
import type { BitWidth } from "../../experiment/model.ts";
import { attentionWidth } from "../../model/bit-widths.ts";
import type { Technology } from "../parameters.ts";
import { additionEnergy, type Breakdown } from "../unit-energies.ts";
import { countMacs, stemBeforeOf, type Workload } from "../workload.ts";
import { annDigital, int8, type Precision } from "./ann-digital.ts";

/** Inputs of a unit that counts bits, and the width of its sum. */
const COUNTED = 64;
const COUNT_BITS = 16;
/** Bits of a softmax weight. */
const SHARE_BITS = 8;

/** A product with its share of an addition: joules, flip-flop bits written, square metres. */
interface Product {
  readonly energy: number;
  readonly written: number;
  readonly area: number;
}

export const bitsOf = (width: BitWidth): number => (width === "binary" ? 1 : width === "ternary" ? 2 : width);

export const annTrained = (workload: Workload, technology: Technology): Breakdown =>
  annDigital(workload, technology, trained(workload, technology));

/** The mean over all products of the network. */
export function trained(workload: Workload, technology: Technology): Precision {
  const { quantization } = workload;
  if (!quantization) return int8(technology);
  const { weights, activations } = quantization;
  const macs = countMacs(workload);
  const [first] = stemBeforeOf(workload, "values");
  const outer = (first ? first.vectors * first.inputs * first.outputs * first.repeat : macs.embedding) + macs.head;
  const vectors = bitsOf(attentionWidth(activations));
  const kinds: readonly (readonly [number, Product])[] = [
    [macs.total - macs.attention - outer, productOf(weights, activations, technology)],
    [macs.attention / 2, multiplied(vectors, vectors, technology)],
    [macs.attention / 2, multiplied(SHARE_BITS, vectors, technology)],
    [outer, wholeBytes(technology)],
  ];
  const mean = (of: keyof Product) =>
    kinds.reduce((sum, [count, product]) => sum + count * product[of], 0) / macs.total;
  const operandBytes = bitsOf(activations) / 8;
  return {
    mac: mean("energy"),
    operandBytes,
    weightBytes: bitsOf(weights) / 8,
    accumulatorBits: mean("written") - 8 * operandBytes,
    unitArea: mean("area"),
  };
}

function productOf(weights: BitWidth, activations: BitWidth, technology: Technology): Product {
  const { binaryMac, ternaryMac, adderArea, registerArea } = technology;
  const bits = weights === activations && bitsOf(weights) <= 2 && weights !== 2 ? bitsOf(weights) : null;
  if (bits === null) return multiplied(bitsOf(weights), bitsOf(activations), technology);
  return {
    energy: (bits === 1 ? binaryMac : ternaryMac) + additionEnergy(technology, COUNT_BITS) / COUNTED,
    written: (bits + COUNT_BITS) / COUNTED,
    // A full adder and a weight's register per bit, and a share of the sum.
    area: bits * (adderArea / 32 + registerArea) + (COUNT_BITS * registerArea) / COUNTED,
  };
}

function multiplied(a: number, b: number, technology: Technology): Product {
  if (a === 8 && b === 8) return wholeBytes(technology);
  const sum = a + b + 12;
  return {
    energy: (technology.multiply8 * a * b) / 64 + additionEnergy(technology, sum),
    written: Math.max(a, b) + sum,
    area: (technology.macArea * (a + b)) / 16,
  };
}

function wholeBytes(technology: Technology): Product {
  const { mac, operandBytes, accumulatorBits } = int8(technology);
  return { energy: mac, written: 8 * operandBytes + accumulatorBits, area: technology.macArea };
}
