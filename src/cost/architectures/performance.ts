/**
 * Time and area of every machine, so that an energy can be read together with throughput and size.
 *
 *   Xpikeformer   its schedule
 *   digital ANN   MACs / (units x utilisation x clock); a unit's area scales with the bits of its operands
 *   digital SNN   as many adders as that engine has multipliers, at its clock: additions where spikes arrive, and where q and k meet
 *   hybrid ANN    a vector takes its input bits' reads one after another; layers of a block are pipelined over tokens; attention runs on
 *                 the digital engine, in parallel with the crossbars of the next inference
 *
 * Left out of areas: softmax, LayerNorm, GELU and control; also buffers of activations and spikes, unless the whole of every
 * machine is priced. Engines are never short of data.
 */
import { blockRuns } from "../../machine/densities.ts";
import { stemBefore } from "../../machine/shape.ts";
import { pixels } from "../../model/stem.ts";
import type { Technology } from "../parameters.ts";
import { type PlannedMachine, type Planner, planMachine } from "../planned.ts";
import { statedArea } from "../prices/crossbar.ts";
import { totalOf } from "../unit-energies.ts";
import { blockLayers, countMacs, outerLayers, rowBlocks, type Workload } from "../workload.ts";
import { hybridLayers } from "./ann-aimc.ts";
import { activationsHeld, int8, type Precision, partialSumsHeld, weightBytesOf } from "./ann-digital.ts";
import { digitalAttention } from "./digital-attention.ts";
import { gpu } from "./gpu.ts";
import { spikesHeld } from "./snn-digital.ts";
import { type OwnPrices, ownPrices } from "./xpikeformer.ts";

export interface Performance {
  /** Seconds from an inference's input to its answer, and between answers with the pipeline full. */
  readonly latency: number;
  readonly interval: number;
  /** Square metres; null if no source gives it. */
  readonly area: number | null;
}

/** Figures of merit from an inference's energy, time and area, per result: per image, per symbol. */
export interface Merit {
  /** Energy of an inference on its own times its latency, joule seconds. */
  readonly energyDelay: number;
  /** Results per second, one inference at a time and pipelined. */
  readonly oneAtATime: number;
  readonly inFlight: number;
  /** Pipelined throughput per square millimetre; null if no area is known. */
  readonly perArea: number | null;
  /** Results per second and watt, i.e. results per joule. */
  readonly perWatt: number;
}

/**
 * @param energy   joules per inference, with the pipeline full and one inference at a time
 * @param results  answers per inference
 */
export function meritOf(
  { total, alone }: { readonly total: number; readonly alone: number },
  { latency, interval, area }: Performance,
  results: number,
): Merit {
  const inFlight = results / interval;
  return {
    energyDelay: alone * latency,
    oneAtATime: results / latency,
    inFlight,
    perArea: area === null ? null : inFlight / (1e6 * area),
    perWatt: results / total,
  };
}

/** @param own prices of the same machine; default planned and priced here */
export function xpikeformerPerformance(
  workload: Workload,
  technology: Technology,
  plan: Planner = planMachine,
  { area }: Pick<OwnPrices, "area"> = ownPrices(workload, technology, plan),
): Performance {
  return paced(plan(workload, technology), area, technology);
}

/** Of a planned machine of these areas. */
export const paced = (
  { pace: { clocks, interval } }: PlannedMachine,
  area: OwnPrices["area"],
  { ssaClock }: Technology,
): Performance => ({ latency: clocks / ssaClock, interval: interval / ssaClock, area: totalOf(area) });

/** The parts of an engine. */
export interface EngineSizes {
  /** Square metres. */
  readonly logic: number;
  readonly crossbars: number;
  /** Bytes. */
  readonly memory: number;
}

export const engineArea = ({ logic, crossbars, memory }: EngineSizes, { sramArea }: Technology): number =>
  logic + crossbars + memory * sramArea;

/** Buffers count if the whole of every machine is priced. */
const memoryOf = (weights: number, buffers: number, { wholeMachine }: Technology): number =>
  weights + (wholeMachine === 1 ? buffers : 0);

/** Operations per second of the digital engine's units. */
const rate = ({ annUnits, annUtilisation, annClock }: Technology): number => annUnits * annUtilisation * annClock;

export function annDigitalSizes(
  workload: Workload,
  technology: Technology,
  precision: Precision = int8(technology),
): EngineSizes {
  const { operandBytes: bytes, unitArea = bytes * technology.macArea } = precision;
  const buffers = bytes * activationsHeld(workload) + partialSumsHeld(workload, technology);
  return {
    logic: technology.annUnits * unitArea,
    crossbars: 0,
    memory: memoryOf(weightBytesOf(precision) * countMacs(workload).weights, buffers, technology),
  };
}

export function annDigitalPerformance(
  workload: Workload,
  technology: Technology,
  precision: Precision = int8(technology),
): Performance {
  const { linear, attention, embedding } = countMacs(workload);
  const time = (linear + attention + embedding) / rate(technology);
  return {
    latency: time,
    interval: time,
    area: engineArea(annDigitalSizes(workload, technology, precision), technology),
  };
}

/** Additions of an inference by the width of their sums: of weights, of scores, of values; pixels of the embedding count as scores. */
export function countAdditions(
  workload: Workload,
  { snnSparseScores }: Technology,
): Readonly<Record<"weights" | "scores" | "values", number>> {
  const { snnSteps: steps, embedding } = workload;
  const { counted, counts, added, gatedBy } = digitalAttention(workload);
  let weights = 0;
  let scores = embedding === "values" ? countMacs(workload).embedding : 0;
  let values = 0;
  for (const { inputs, outputs, vectors, density, repeat } of [...blockLayers(workload), ...outerLayers(workload)]) {
    weights += repeat * vectors * steps * density * inputs * outputs;
  }
  for (const { repeat, densities } of blockRuns(workload)) {
    scores += repeat * steps * counted * (snnSparseScores ? densities[counts] : 1);
    values += repeat * steps * added * densities[gatedBy];
  }
  return { weights, scores, values };
}

export function snnDigitalSizes(workload: Workload, technology: Technology): EngineSizes {
  const weights = (countMacs(workload).weights * technology.snnWeightBits) / 8;
  return {
    // An adder with its register is no larger than a LIF unit, which has both and a comparator.
    logic: technology.annUnits * technology.lifArea,
    crossbars: 0,
    memory: memoryOf(weights, spikesHeld(workload), technology),
  };
}

export function snnDigitalPerformance(workload: Workload, technology: Technology): Performance {
  const { weights, scores, values } = countAdditions(workload, technology);
  const time = (weights + scores + values) / rate(technology);
  return { latency: time, interval: time, area: engineArea(snnDigitalSizes(workload, technology), technology) };
}

/** @param cells of a weight */
export function annAimcSizes(workload: Workload, technology: Technology, cells: number): EngineSizes {
  const { rows, columns } = technology;
  const crossbars = hybridLayers(workload).reduce(
    (sum, layer) => sum + layer.repeat * rowBlocks(layer, rows) * Math.ceil((cells * layer.outputs) / columns),
    0,
  );
  return {
    logic: technology.annUnits * technology.macArea,
    crossbars: crossbars * statedArea(technology),
    memory: memoryOf(0, activationsHeld(workload), technology),
  };
}

/** Seconds per inference that the digital engine of a hybrid ANN computes. */
export const attentionTime = (workload: Workload, technology: Technology): number =>
  countMacs(workload).attention / rate(technology);

/** @param cells of a weight */
export function annAimcPerformance(workload: Workload, technology: Technology, cells: number): Performance {
  const { depth, tokens } = workload;
  const { settleTime, columnsPerConverter, conversionTime, hybridInputBits } = technology;
  const vector = hybridInputBits * (settleTime + columnsPerConverter * conversionTime);
  const attention = attentionTime(workload, technology);
  const most = Math.max(0, ...stemBefore(workload).map(({ windows }) => pixels(windows)));
  return {
    // The layers after attention follow the first vector. A stem is as fast as its layer with most windows.
    latency: (depth * (tokens + 3) + most) * vector + attention,
    interval: Math.max(tokens * vector, most * vector, attention),
    area: engineArea(annAimcSizes(workload, technology, cells), technology),
  };
}

export function gpuPerformance(workload: Workload, technology: Technology, network: "ann" | "spiking"): Performance {
  const { time } = gpu(workload, technology, network);
  return { latency: time, interval: time, area: null };
}
