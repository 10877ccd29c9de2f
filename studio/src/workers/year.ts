/**
 * A worker for what age does: errors over age with and without drift compensation, on chips and prompts that are the same at all ages, and
 * the weights of a hundred chips at one age. It works on a thread of its own, beside the evaluation.
 */
import {
  type Duration,
  type Experiment,
  evaluateDrift,
  foldNetwork,
  inlineExecutor,
  jobs,
  mapNetwork,
  openExperiment,
  stream,
} from "xpikeformer";
import { ageingChips, compensatedHardware, kitOf, weightErrors } from "xpikeformer/internal";
import { agelessKey } from "../machine-key.ts";
import { serve } from "./calls.ts";
import { type Materials, networkOf } from "./materials.ts";

/** An error rate at an age. */
export interface AgedRate {
  readonly age: Duration;
  readonly compensated: boolean;
  readonly value: number;
  /** 95 %; null where there is none. */
  readonly interval: { readonly low: number; readonly high: number } | null;
}

export interface YearAsked {
  readonly experiment: Experiment;
  readonly ages: readonly Duration[];
  readonly chips: number;
  readonly prompts: number;
}

export interface Population {
  /** By chip, the first of which is the chip on view. */
  readonly compensated: Float64Array;
  readonly uncompensated: Float64Array;
}

let materials: Materials;
/** Counts requests: work for an older one ends. */
let asked = 0;
/** The hundred chips that were programmed last. */
let made: {
  readonly key: string;
  readonly by: Materials;
  readonly chips: readonly ReturnType<typeof ageingChips>[];
} | null = null;

const functions = {
  hold(next: Materials) {
    materials = next;
  },

  /** Reports rates age by age. Chips, prompts and everything random are those of `xpike eval --drift` at every age. */
  async year({ experiment, ages, chips, prompts }: YearAsked, tell: (rate: AgedRate) => void) {
    const question = ++asked;
    const network = networkOf(materials, experiment);
    const executor = inlineExecutor(jobs);
    const { metric } = kitOf(experiment.task);
    for (const age of ages) {
      // Lets other questions in between two ages.
      await new Promise((resolve) => setTimeout(resolve));
      if (question !== asked) return;
      const given = openExperiment(experiment, materials.data);
      const options = { executor, chips, prompts, command: "xpike eval --drift", versions: {} };
      const { figures } = await evaluateDrift(given, { network }, [age], options);
      for (const compensated of [true, false]) {
        const id = `${metric.id}.drift.hwat.${compensated ? "compensated" : "uncompensated"}.${age.text}`;
        const { value, interval } = figures.find((figure) => figure.id === id)!;
        tell({ age, compensated, value, interval: interval ?? null });
      }
    }
  },

  /** Errors of a layer's weights at an age, on as many chips of the experiment. */
  population({ experiment, layer, chips }: { experiment: Experiment; layer: string; chips: number }): Population {
    const { readTime } = experiment.hardware;
    const key = JSON.stringify([agelessKey(experiment), layer, chips]);
    if (made?.key !== key || made.by !== materials) {
      const folded = foldNetwork(networkOf(materials, experiment));
      const both = [true, false].map((compensated) => {
        const hardware = compensatedHardware(experiment.hardware, compensated);
        const mapping = mapNetwork(folded, hardware, experiment.task.coding);
        const one = mapping.layers.find(({ name }) => name === layer)!;
        return ageingChips({ network: folded, mapping, hardware }, one, chips, stream(experiment.seed));
      });
      made = { key, by: materials, chips: both };
    }
    const [compensated, uncompensated] = made.chips.map((of) => weightErrors(of, readTime));
    return { compensated, uncompensated };
  },
};

export type YearFunctions = typeof functions;

serve(functions);
