/**
 * Time and area of every machine, so that an energy can be read beside what it buys.
 *
 *   Xpikeformer   its schedule
 *   digital ANN   MACs / (units x utilisation x clock); a unit's area goes with the bits of its operands
 *   digital SNN   as many adders as that engine has multipliers, at its clock: additions where spikes arrive, and where q and k meet
 *   hybrid ANN    a vector takes its input bits' reads one after another; layers of a block are pipelined over tokens; attention runs on
 *                 the digital engine, beside the crossbars of the next inference
 *
 * Left out of areas: buffers of activations and spikes, softmax, LayerNorm, GELU, control. Engines are never short of data.
 */
import { blockRuns } from "../../machine/densities.ts";
import { scheduleOf } from "../../machine/schedule.ts";
import { estimateArea } from "../area.ts";
import { machineFor } from "../hardware.ts";
import type { Technology } from "../parameters.ts";
import { timesOf } from "../times.ts";
import { blockLayers, countMacs, outerLayers, rowBlocks, type Workload } from "../workload.ts";
import { gpu } from "./gpu.ts";

export interface Performance {
  /** Seconds from an inference's input to its answer, and between answers while the machine is kept busy. */
  readonly latency: number;
  readonly interval: number;
  /** Square metres; null where no source says. */
  readonly area: number | null;
}

/** What an inference's energy, time and area come to, by result: by image, by symbol. */
export interface Merit {
  /** Energy of an inference times its latency, joule seconds. */
  readonly energyDelay: number;
  /** Results per second, one inference at a time, and with as many in flight as keep the machine busy. */
  readonly oneAtATime: number;
  readonly inFlight: number;
  /** The latter per square millimetre; null where no area is known. */
  readonly perArea: number | null;
  /** Results per second and watt, which are results per joule. */
  readonly perWatt: number;
}

/** @param results answers of one inference */
export function meritOf(energy: number, { latency, interval, area }: Performance, results: number): Merit {
  const inFlight = results / interval;
  return {
    energyDelay: energy * latency,
    oneAtATime: results / latency,
    inFlight,
    perArea: area === null ? null : inFlight / (1e6 * area),
    perWatt: results / energy,
  };
}

export function xpikeformerPerformance(workload: Workload, technology: Technology): Performance {
  const { alone, interval } = timesOf(scheduleOf(machineFor(workload, technology)), technology);
  const { crossbars, attention, lif } = estimateArea(workload, technology).xpikeformer;
  return { latency: alone, interval, area: crossbars + attention + lif };
}

/** Operations that the digital engine's units do in a second. */
const rate = ({ annUnits, annUtilisation, annClock }: Technology): number => annUnits * annUtilisation * annClock;

/** @param bits of weights and activations */
export function annDigitalPerformance(workload: Workload, technology: Technology, bits = 8): Performance {
  const { linear, attention, embedding, weights } = countMacs(workload);
  const time = (linear + attention + embedding) / rate(technology);
  const share = bits / 8;
  const area = share * (technology.annUnits * technology.macArea + weights * technology.sramArea);
  return { latency: time, interval: time, area };
}

export function snnDigitalPerformance(workload: Workload, technology: Technology): Performance {
  const { snnSteps: steps, scores, width, embedding } = workload;
  const macs = countMacs(workload);
  let additions = embedding === "values" ? macs.embedding : 0;
  for (const { inputs, outputs, vectors, density, repeat } of [...blockLayers(workload), ...outerLayers(workload)]) {
    additions += repeat * vectors * steps * density * inputs * outputs;
  }
  for (const { repeat, densities } of blockRuns(workload)) {
    const met = technology.snnSparseScores ? densities.coincidences : 1;
    additions += repeat * steps * scores * width * (met + densities.value);
  }
  const time = additions / rate(technology);
  // An adder with its register is no larger than a LIF unit, which has both and a comparator.
  const units = technology.annUnits * technology.lifArea;
  const weights = (macs.weights * technology.snnWeightBits * technology.sramArea) / 8;
  return { latency: time, interval: time, area: units + weights };
}

/** @param cells of a weight */
export function annAimcPerformance(workload: Workload, technology: Technology, cells: number): Performance {
  const { depth, tokens } = workload;
  const { settleTime, columnsPerConverter, conversionTime, hybridInputBits, rows, columns } = technology;
  const vector = hybridInputBits * (settleTime + columnsPerConverter * conversionTime);
  const attention = countMacs(workload).attention / rate(technology);
  const crossbars = [...blockLayers(workload), ...outerLayers(workload, workload.annInputs)].reduce(
    (sum, layer) => sum + layer.repeat * rowBlocks(layer, rows) * Math.ceil((cells * layer.outputs) / columns),
    0,
  );
  return {
    // Behind the first vector come the layers after attention.
    latency: depth * (tokens + 3) * vector + attention,
    interval: Math.max(tokens * vector, attention),
    area: crossbars * technology.crossbarArea + technology.annUnits * technology.macArea,
  };
}

export function gpuPerformance(workload: Workload, technology: Technology, network: "ann" | "spiking"): Performance {
  const { time } = gpu(workload, technology, network);
  return { latency: time, interval: time, area: null };
}
