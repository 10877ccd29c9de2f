/**
 * Actions of each time step, from the spike trains of a simulation: actions that do not depend on spikes are equal in all
 * steps; the others follow the densities of the step.
 */
import type { Experiment } from "../experiment/experiment.ts";
import { tokensRead } from "../model/geometry.ts";
import { density, type SpikeTrain, wordsPerRow } from "../spike/train.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { experimentWorkload, inputDensities, trainDensities } from "./measured.ts";
import { type Workload, withSteps } from "./workload.ts";

/**
 * For each step of the trains, which are named as in `Trace.rasters`, the workload with all steps like it: its energy divided
 * by the number of steps is the energy of the step. The share of coinciding q and k is taken as the product of their densities;
 * it would affect only gated cells.
 */
export function workloadsByStep(experiment: Experiment, trains: Readonly<Record<string, SpikeTrain>>): Workload[] {
  const shape = experimentWorkload(experiment);
  const queries = tokensRead(networkGeometry(experiment, createTask(experiment)));
  const { input } = trains;
  return Array.from({ length: input.steps }, (_, t) => {
    const at = (name: string) => density(stepOf(trains[name], t));
    return {
      ...withSteps(shape, input.steps),
      description: `${experiment.name}, step ${t + 1} of ${input.steps}`,
      blocks: Array.from({ length: shape.depth }, (_, i) => trainDensities(`blocks.${i}`, at)),
      ...inputDensities(shape, at),
      headDensity: density(queryRows(stepOf(trains.output, t), shape.tokens, queries)),
    };
  });
}

function stepOf({ rows, features, words }: SpikeTrain, step: number): SpikeTrain {
  const size = rows * wordsPerRow(features);
  return { steps: 1, rows, features, words: words.subarray(step * size, (step + 1) * size) };
}

/** The rows of query tokens, which the head reads. */
function queryRows({ rows, features, words }: SpikeTrain, tokens: number, queries: Int32Array): SpikeTrain {
  const stride = wordsPerRow(features);
  const picked: number[] = [];
  for (let first = 0; first < rows; first += tokens) {
    for (const query of queries) picked.push(...words.subarray((first + query) * stride, (first + query + 1) * stride));
  }
  return { steps: 1, rows: (rows / tokens) * queries.length, features, words: Uint32Array.from(picked) };
}
