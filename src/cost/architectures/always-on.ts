/**
 * Costs of a digital engine besides its operations, for presets that price the whole of every machine. Prices are those that
 * Xpikeformer pays in `machine-price.ts`, at the engine's own area and time.
 *
 *   clock     every flip-flop that is written, by the rule of `prices/logic.ts`
 *               digital ANN   a multiply-accumulate writes the activation that it passes on, and its sum (adder trees: one for the
 *                             products of a tree); a weight is written once; softmax, LayerNorm and GELU one result per element
 *               digital SNN   an addition writes its sum, an update its membrane of 16 bits; a weight when it is fetched, a spike when it
 *                             is read
 *               hybrid ANN    a bit of an input is held while its columns are converted; sums of bits and row blocks have 16 bits, scaled
 *                             ones too; attention, softmax, LayerNorm and GELU as on the digital ANN
 *   control   flip-flops of each kind of unit, at every clock of the engine
 *   wires     the output of a layer travels half the side of the engine; a weight from its memory, half the side of the square that
 *             an array of multipliers occupies with its share of the memories. On the hybrid ANN as on Xpikeformer: to the next
 *             layer the side of a block's square; q, k, v and the output of attention half the side of the chip
 *   links     a value of every token and feature from one die to the next, if the engine is larger than a die
 *   leakage   of logic, crossbars, memories and control, from one result to the next (`inferenceRate`); the hybrid ANN's engine is off
 *             while it waits
 *
 * Where clocks are gated (`hardware.clocking`), the digital ANN gates as well, wherever it saves: a sum takes the clock only where its
 * product is not 0, for a clock gate per product. Half of the activations are taken to be 0, as after a ReLU, in its favour; the sum of a
 * tree of products is never 0, so trees do not gate.
 *
 * Clock, control and wires are estimates by construction: the registers and floorplan of an engine are assumed, not designed.
 * The clock is that of a systolic array; one of adder trees (`annTrees`) writes a sixteenth as many flip-flops. Wire energy is on the low
 * side: partial sums, scores and membranes stay next to the units that produced them, and buffers are at their array. Leakage
 * is a published power per area and per byte. Left out: registers that skew an array's inputs, and keeping a hybrid chip in use
 * (`upkeep`).
 */
import type { Technology } from "../parameters.ts";
import { countDies, dieLink, wire } from "../prices/floorplan.ts";
import { clockGate, controller, register } from "../prices/logic.ts";
import { periodOf } from "../times.ts";
import type { Breakdown } from "../unit-energies.ts";
import { blockLayers, countMacs, type Layer, outerLayers, type Workload } from "../workload.ts";
import { countHybrid, type HybridCells, hybridLayers } from "./ann-aimc.ts";
import { countElements, int8, type Precision, weightBytesOf } from "./ann-digital.ts";
import { digitalAttention } from "./digital-attention.ts";
import {
  annAimcPerformance,
  annAimcSizes,
  annDigitalPerformance,
  annDigitalSizes,
  attentionTime,
  countAdditions,
  type EngineSizes,
  engineArea,
  snnDigitalPerformance,
  snnDigitalSizes,
} from "./performance.ts";
import { weightFetches } from "./snn-digital.ts";

/** One inference of an engine, excluding its operations. */
export interface EngineWork {
  readonly sizes: EngineSizes;
  /** Kinds of unit that need control. */
  readonly kinds: number;
  /** Flip-flop writes, one per flip-flop and clock. */
  readonly flipFlops: number;
  readonly moves: readonly { readonly bits: number; readonly metres: number }[];
  /** Bits from one die to the next, if there are several. */
  readonly crossing: number;
  /** Seconds from one result to the next, and those in which logic is powered. */
  readonly time: number;
  readonly on: number;
}

export type AlwaysOnPart = "clock" | "control" | "wires" | "links" | "leakage";

/** Joules per inference. */
export function alwaysOn(
  { sizes, kinds, flipFlops, moves, crossing, time, on }: EngineWork,
  technology: Technology,
): Record<AlwaysOnPart, number> & Breakdown {
  const { annClock, logicLeakage, analogLeakage, sramLeakage } = technology;
  const control = controller({ kinds }, technology);
  const dies = countDies(engineArea(sizes, technology), technology);
  const logic = sizes.logic * logicLeakage;
  const others = sizes.crossbars * analogLeakage + sizes.memory * sramLeakage + control.leakage;
  return {
    clock: register({ bits: flipFlops }, technology).energy,
    control: control.energy * time * annClock,
    wires: moves.reduce((sum, move) => sum + wire(move, technology).energy, 0),
    links: dieLink({ bits: (dies - 1) * crossing }, technology).energy,
    leakage: logic * on + others * time,
  };
}

/** The array, softmax, LayerNorm and GELU. */
const ANN_KINDS = 4;
/** Adders and neurons. */
const SNN_KINDS = 2;
/** Bits of a membrane, of the hybrid ANN's sums, and of its scaled codes. */
const SUM_BITS = 16;
/** Bits of a value on the hybrid ANN. */
const HYBRID_BITS = 8;
/** Bits of a result of softmax, LayerNorm and GELU, and of additions to a score and to a value in the digital SNN. */
const ELEMENT_BITS = 32;
const SCORE_BITS = 8;
const VALUE_BITS = 16;

export function annDigitalWork(workload: Workload, technology: Technology, precision = int8(technology)): EngineWork {
  const { tokens, width } = workload;
  const macs = countMacs(workload);
  const bits = 8 * precision.operandBytes;
  const weightBits = 8 * weightBytesOf(precision);
  const sizes = annDigitalSizes(workload, technology, precision);
  const { near, far } = distances(sizes, technology);
  const time = periodOf(annDigitalPerformance(workload, technology, precision).interval, technology);
  return {
    sizes,
    kinds: ANN_KINDS,
    flipFlops:
      macs.total * macBits(workload, technology, precision) +
      macs.weights * weightBits +
      elements(workload) * ELEMENT_BITS,
    moves: [
      { bits: technology.weightTraffic * macs.weights * weightBits, metres: near },
      { bits: deliveredValues(workload, blockLayers(workload)) * bits, metres: far },
    ],
    crossing: tokens * width * bits,
    time,
    on: time,
  };
}

export function snnDigitalWork(workload: Workload, technology: Technology): EngineWork {
  const { snnSteps: steps, tokens, width, depth, stateWords = 1 } = workload;
  const { accumulateBits, snnWeightBits, weightTraffic } = technology;
  const additions = countAdditions(workload, technology);
  const layers = [...blockLayers(workload), ...outerLayers(workload)];
  const fetches = layers.reduce((sum, layer) => sum + weightFetches(layer, steps, technology), 0);
  const spikes = steps * deliveredValues(workload, layers);
  const read = layers.reduce((sum, { vectors, inputs, repeat }) => sum + steps * vectors * inputs * repeat, 0);
  // The output of attention is delivered, but does not come from neurons unless the kind of attention has some.
  const updates = spikes + steps * depth * (digitalAttention(workload).updates - tokens * width);
  const sizes = snnDigitalSizes(workload, technology);
  const { near, far } = distances(sizes, technology);
  const time = periodOf(snnDigitalPerformance(workload, technology).interval, technology);
  return {
    sizes,
    kinds: SNN_KINDS,
    flipFlops:
      additions.weights * accumulateBits +
      additions.scores * SCORE_BITS +
      additions.values * VALUE_BITS +
      updates * stateWords * SUM_BITS +
      fetches * snnWeightBits +
      read,
    moves: [
      { bits: weightTraffic * fetches * snnWeightBits, metres: near },
      { bits: spikes, metres: far },
    ],
    crossing: steps * tokens * width,
    time,
    on: time,
  };
}

export function annAimcWork(workload: Workload, technology: Technology, cells: HybridCells): EngineWork {
  const { depth, tokens, width } = workload;
  const layers = hybridLayers(workload);
  const { conversions, lines, scalings } = countHybrid(workload, technology, cells);
  const sizes = annAimcSizes(workload, technology, cells.cells);
  const area = engineArea(sizes, technology);
  const attended = depth * tokens * width;
  return {
    sizes,
    kinds: layers.reduce((sum, { repeat }) => sum + repeat, ANN_KINDS),
    flipFlops:
      lines +
      (conversions / technology.conversionsPerSum + scalings) * SUM_BITS +
      countMacs(workload).attention * writtenBits(int8(technology)) +
      elements(workload) * ELEMENT_BITS,
    moves: [
      { bits: (deliveredValues(workload, layers) - attended) * HYBRID_BITS, metres: Math.sqrt(area / depth) },
      { bits: 4 * attended * HYBRID_BITS, metres: Math.sqrt(area) / 2 },
    ],
    crossing: tokens * width * HYBRID_BITS,
    time: periodOf(annAimcPerformance(workload, technology, cells.cells).interval, technology),
    on: attentionTime(workload, technology),
  };
}

/** Flip-flops written by a multiply-accumulate: its activation and its sum; the weight is stationary. */
const writtenBits = ({ operandBytes, accumulatorBits, productsPerSum = 1 }: Precision): number =>
  (8 * operandBytes + accumulatorBits) / productsPerSum;

/** The same, behind a gate if clocks are gated and it saves; the gate in flip-flops. */
function macBits({ hardware }: Workload, technology: Technology, precision: Precision): number {
  const written = writtenBits(precision);
  const { operandBytes, accumulatorBits, productsPerSum = 1 } = precision;
  if (hardware?.clocking !== "gated" || productsPerSum > 1) return written;
  const gate = clockGate(technology).energy / Math.max(Number.MIN_VALUE, register({ bits: 1 }, technology).energy);
  return Math.min(written, 8 * operandBytes + accumulatorBits * ZERO_ACTIVATIONS + gate);
}

/** Share of activations that are 0, for gated clocks. */
const ZERO_ACTIVATIONS = 0.5;

/** Results of softmax, LayerNorm and GELU. */
function elements(workload: Workload): number {
  const { softmax, layerNorm, gelu } = countElements(workload);
  return softmax + layerNorm + gelu;
}

/** Outputs of layers (except the head) and of attention: of an ANN per inference, of a spiking network per step. */
function deliveredValues({ depth, tokens, width }: Workload, layers: readonly Layer[]): number {
  const delivered = layers.filter(({ answers }) => !answers);
  return delivered.reduce((sum, layer) => sum + layer.repeat * layer.vectors * layer.outputs, depth * tokens * width);
}

/** Metres: half the side of one array's area, and half that of the engine. */
function distances(sizes: EngineSizes, technology: Technology): { readonly near: number; readonly far: number } {
  const { arrayRows, arrayColumns, annUnits } = technology;
  const area = engineArea(sizes, technology);
  const share = Math.min(1, (arrayRows * arrayColumns) / annUnits);
  return { near: Math.sqrt(share * area) / 2, far: Math.sqrt(area) / 2 };
}
