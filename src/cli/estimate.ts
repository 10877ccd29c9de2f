/**
 * Estimates the time of a command before it starts: the work of the experiment, times the time per unit of work on the machine of
 * `docs/performance.md`, times the relative slowness of this machine (`machine-speed.ts`). The progress line then shows the measured time
 * left.
 */
import type { Experiment } from "../experiment/experiment.ts";
import { linearLayers, type Network } from "../model/network.ts";
import { REPORTS } from "../runs/catalogue.ts";
import { kitOf } from "../task/catalogue.ts";

/**
 * Seconds of one thread: for a weight of a chip that is programmed and calibrated, and for a weight at a token and time step, on a chip, in
 * a spiking network and in an ANN. From runs of examples/wireless-2x2.json and examples/fashion-tiny.json.
 */
const PROGRAMMED_WEIGHT = 1.2e-6;
const CHIP_WEIGHT = 2.5e-11;
const SPIKING_WEIGHT = 3e-11;
const ANN_WEIGHT = 1e-10;

export interface Work {
  /** "10 chips x 640 prompts". */
  readonly words: string;
  /** Seconds that every thread spends, whatever their number: each programs the chips that it simulates. */
  readonly each: number;
  /** Seconds of work that threads share. */
  readonly shared: number;
}

/** `xpike run`: chips, curves and comparison networks. */
export function expectedRun(
  { hardware, evaluation, model, task }: Experiment,
  { network, ...compared }: { readonly network: Network; readonly ann?: Network; readonly spiking?: Network },
): Work {
  const { chips } = hardware;
  const { prompts, curvePrompts, steps } = evaluation;
  const curveChips = Math.min(chips, evaluation.curveChips ?? chips);
  const own = model.kind === "ann" ? 1 : model.steps;
  const points = REPORTS[task.kind].curvePoints(evaluation);
  const longest = Math.max(own, ...steps);
  // The curve over time steps beyond the network's own is of three chips at most.
  const longerChips = longest > own ? Math.min(3, chips) : 0;
  const visits = (network: Network, t: number) => visitsOf(network) * t;
  const chipVisits =
    visits(network, own) * (chips * prompts + points * curveChips * curvePrompts) +
    visits(network, longest) * longerChips * curvePrompts;
  const others = Object.values(compared).reduce(
    (sum, other) => {
      const steps = other.model.kind === "ann" ? 1 : other.model.steps;
      const rate = other.model.kind === "ann" ? ANN_WEIGHT : SPIKING_WEIGHT;
      return sum + rate * visits(other, steps) * (prompts + points * curvePrompts);
    },
    SPIKING_WEIGHT * visits(network, own) * prompts,
  );
  return {
    words: `${count(chips, "chip")} x ${count(prompts, kitOf(task).metric.trial)}`,
    each: PROGRAMMED_WEIGHT * weightsOf(network) * (chips + points * curveChips + longerChips),
    shared: CHIP_WEIGHT * chipVisits + others,
  };
}

/** `xpike eval`: `conditions` are the combinations of age, value and network, each read on all chips. */
export function expectedStudy(
  { model, task }: Experiment,
  network: Network,
  size: { readonly conditions: number; readonly chips: number; readonly reads: number; readonly prompts: number },
): Work {
  const { conditions, chips, reads, prompts } = size;
  const steps = model.kind === "ann" ? 1 : model.steps;
  const each = reads > 1 ? `${reads} reads x ` : "";
  return {
    words: `${count(conditions, "condition")} x ${count(chips, "chip")} x ${each}${count(prompts, kitOf(task).metric.trial)}`,
    each: PROGRAMMED_WEIGHT * weightsOf(network) * chips,
    shared: CHIP_WEIGHT * visitsOf(network) * steps * conditions * chips * reads * prompts,
  };
}

/** Products with weights per step: every token with all weights, and the windows of a stem with those of their layer. */
const visitsOf = (network: Network): number =>
  linearLayers(network.model, network.geometry).reduce(
    (sum, { rows, inputs, outputs }) => sum + rows * inputs * outputs,
    0,
  );

/**
 * `10 chips x 640 prompts: about 2 min on 2 threads, measured on this machine`.
 *
 * @param slowness this machine's time relative to the machine of `docs/performance.md`
 */
export function describeWork({ words, each, shared }: Work, threads: number, slowness: number): string {
  const seconds = slowness * (each + shared / threads);
  const on = `on ${count(threads, "thread")}`;
  return seconds < 10
    ? `${words}: some seconds ${on}`
    : `${words}: about ${roughTime(seconds)} ${on}, measured on this machine`;
}

/** Rounded to the accuracy of the estimate: 40 s, 3 min, 2 h. */
function roughTime(seconds: number): string {
  if (seconds < 90) return `${Number(seconds.toPrecision(1))} s`;
  const minutes = seconds / 60;
  return minutes < 90 ? `${Number(minutes.toPrecision(minutes < 10 ? 1 : 2))} min` : `${Math.round(minutes / 60)} h`;
}

const weightsOf = ({ parameters }: Network): number =>
  Object.values(parameters).reduce((sum, { data }) => sum + data.length, 0);

const count = (number: number, thing: string): string => `${number} ${thing}${number === 1 ? "" : "s"}`;
