/**
 * Time per inference from event counts.
 *
 * Crossbars: an input vector takes t = settling + columns per converter x conversion; row blocks work side by side, and the
 * layers of a block are pipelined over tokens, so one vector enters per t. SSA tiles: d clocks per head and step, after d
 * clocks of filling; q, k, v of a step must be complete before its attention, while crossbars go on with the next step.
 *
 *   block        T max(N t, ssa) + ssa + 2 d / f + 3 t
 *   sequential   depth blocks, one inference at a time
 *   pipelined    T max(N t, ssa) + depth (N t + ssa + 2 d / f + 3 t): blocks overlap; an inference every T max(N t, ssa)
 *
 * Moving data over the chip is a number of its own, `globalMovement`, 0 unless a preset says otherwise. Left out: buffers
 * that are too narrow, which in NeuroSim's own layer latency are 96 % of it.
 */

import { gpu } from "./architectures/gpu.ts";
import type { Technology } from "./parameters.ts";
import { countMacs, networkFor, type Workload } from "./workload.ts";

export interface Latency {
  /** Seconds for one input vector of a crossbar layer, and for one step of attention over all heads. */
  readonly vector: number;
  readonly attentionStep: number;
  /** Seconds per inference without and with moving data over the chip. */
  readonly sequential: number;
  readonly pipelined: number;
  readonly withMovement: number;
  /** Seconds between inferences of the pipeline. */
  readonly interval: number;
  /** Seconds per inference of the digital int8 engine, and of GPUs with an ANN and a spiking network. */
  readonly annDigital: number;
  readonly gpuAnn: number;
  readonly gpuSnn: number;
}

export function estimateLatency(workload: Workload, technology: Technology): Latency {
  const { depth, width, heads, tokens, steps } = workload;
  const vector = technology.settleTime + technology.columnsPerConverter * technology.conversionTime;
  const dimension = width / heads;
  const attentionStep = (Math.ceil(heads / technology.ssaTiles) * dimension) / technology.ssaClock;
  const fill = (2 * dimension) / technology.ssaClock + 3 * vector;
  const interval = steps * Math.max(tokens * vector, attentionStep);
  const sequential = depth * (interval + attentionStep + fill);
  const macs = countMacs(networkFor(workload, "ann"));
  return {
    vector,
    attentionStep,
    sequential,
    pipelined: interval + depth * (tokens * vector + attentionStep + fill),
    withMovement: sequential + technology.globalMovement,
    interval,
    annDigital:
      (macs.linear + macs.attention + macs.embedding) /
      (technology.annUnits * technology.annUtilisation * technology.annClock),
    gpuAnn: gpu(networkFor(workload, "ann"), technology, "ann").time,
    gpuSnn: gpu(networkFor(workload, "snn"), technology, "spiking").time,
  };
}
