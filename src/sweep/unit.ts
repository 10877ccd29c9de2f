/**
 * The result of one point of a design: error rates of simulated chips, and energy, time and area of their machine.
 *
 * A pure function of the experiment, its network and its data. Anything that no objective needs is not simulated: without an
 * error rate, one chip answers a few prompts, so that its spike densities are measured, as in `xpike cost`.
 */
import { type MachineCost, machineCost } from "../cost/machine-cost.ts";
import { experimentWorkload, type Measurement, measuredWorkload, perInference } from "../cost/measured.ts";
import { meanDensities, simulatedPrices } from "../cost/simulated.ts";
import { isXpikeError, SpecError } from "../errors.ts";
import { type Tally, tallyChips } from "../evaluation/chip-tally.ts";
import type { Design, Objective } from "../experiment/design.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { Network } from "../model/network.ts";
import { pairedDifference, type Sample, sampleMean, sampleOf } from "../numeric/variance-components.ts";
import { rateFigure, ratesOf } from "../report/study.ts";
import { asDescribed } from "../runs/fit.ts";
import { densitiesOf } from "../simulation/trace.ts";
import { kitOf } from "../task/catalogue.ts";
import { type Given, type Openable, openExperiment, opened } from "../task/open.ts";
import type { Executor } from "../threads/executor.ts";
import { packTally, type RowSamples, unpackTally } from "./packed.ts";
import type { PointValues } from "./points.ts";

/** A quantity, with its 95 % interval if it was sampled; SI units. Null: not requested. */
export interface Measured {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

export interface Measures extends Readonly<Record<Objective, Measured | null>> {
  /** Chips and prompts that were simulated: none if densities are those of a published network. */
  readonly chips: number;
  readonly prompts: number;
}

const YEAR_SECONDS = 365 * 86_400;
/** Prompts of the single chip on which densities are measured when no error rate is requested. */
const DENSITY_PROMPTS = 32;

export const needsErrors = (objectives: readonly Objective[]): boolean =>
  objectives.includes("errorRate") || objectives.includes("yearLoss");

/**
 * Simulates and prices a point.
 *
 *   errorRate   error rate over bits or answers, of `hardware.chips` chips on `evaluation.prompts` prompts
 *   yearLoss    error rate of the same chips a year after programming, minus `errorRate`, paired
 *   energy      J per inference      latency   s per inference      throughput   inferences per s      area   m^2
 *
 * Random   as `evaluateChips`, from the experiment's seed
 * Throws   SpecError without a network if errors are requested, or with one that does not fit; MappingError if it cannot be mapped
 */
export async function measurePoint(
  executor: Executor,
  subject: Openable,
  network: Network | null,
  objectives: readonly Objective[],
): Promise<Measures> {
  return (await measureSampled(executor, subject, network, objectives, null)).measures;
}

/** The same with the samples behind the error rates, which continue from `earlier`; null if none were requested. */
async function measureSampled(
  executor: Executor,
  subject: Openable,
  network: Network | null,
  objectives: readonly Objective[],
  earlier: RowSamples | null,
): Promise<{ measures: Measures; samples: RowSamples | null }> {
  const given = opened(subject);
  const { experiment } = given;
  const { hardware, evaluation } = experiment;
  const withErrors = needsErrors(objectives);
  if (network === null && withErrors) {
    throw new SpecError("checkpoints.network", "An error rate needs a trained network. Name one.");
  }
  const most = given.data?.test.count ?? evaluation.prompts;
  const size = {
    chips: withErrors ? hardware.chips : 1,
    prompts: Math.min(most, evaluation.prompts, withErrors ? evaluation.prompts : DENSITY_PROMPTS),
  };
  const described = network && asDescribed(experiment, network, []);
  const ages = [hardware.readTime, ...(objectives.includes("yearLoss") ? [YEAR_SECONDS] : [])];
  const before = earlier && unpackTally(earlier);
  const tally = described && (await tallyChips(executor, given, described, { ...size, ages, before }));
  const { energy, latency, interval, area } = costOf(experiment, tally ? measurementOf(tally, size) : null);
  const wanted = (objective: Objective, value: number) => (objectives.includes(objective) ? exact(value) : null);
  const [rates, older] = withErrors
    ? tally!.answers.map((chips) => ratesOf(sampleOf(chips.map(({ wrong }) => wrong)), experiment))
    : [];
  const measures: Measures = {
    errorRate: objectives.includes("errorRate") ? rateOf(rates) : null,
    yearLoss: older ? differenceOf(older, rates) : null,
    energy: wanted("energy", energy),
    latency: wanted("latency", latency),
    throughput: wanted("throughput", 1 / interval),
    area: wanted("area", area),
    chips: tally ? size.chips : 0,
    prompts: tally ? size.prompts : 0,
  };
  const { task } = experiment;
  return { measures, samples: withErrors ? packTally(tally!, kitOf(task).trials(task)) : null };
}

/** Of the counted actions; without any, of those that follow from the densities of a published network. */
function costOf(experiment: Experiment, counted: Measurement | null): MachineCost {
  const workload = counted ? measuredWorkload(experiment, counted) : experimentWorkload(experiment);
  return machineCost(workload, simulatedPrices(experiment).technology, counted ? perInference(counted) : undefined);
}

/** The counts of all chips at the first age. */
const measurementOf = (
  { operations, spikes }: Tally,
  { chips, prompts }: { readonly chips: number; readonly prompts: number },
): Measurement => ({ prompts: chips * prompts, operations, densities: meanDensities(spikes.map(densitiesOf)) });

const exact = (value: number): Measured => ({ value, low: value, high: value });

function rateOf(rates: Sample): Measured {
  const { value, interval } = rateFigure("", "", rates);
  return { value, low: interval!.low, high: interval!.high };
}

function differenceOf(after: Sample, before: Sample): Measured {
  const { mean, low, high } = sampleMean(pairedDifference(after, before));
  return { value: mean, low, high };
}

/** A point as a line of the table: its results, or why it is not a valid machine or network. */
export interface Row {
  /** Number of the point. */
  readonly point: number;
  /** SHA-256 of its experiment, network and data. */
  readonly hash: string;
  readonly values: PointValues;
  readonly measures: Measures | null;
  readonly refused: string | null;
  /** Present if the design has a budget. */
  readonly samples?: RowSamples;
  /** Builds of the program that measured it, if not only the one that began the sweep; of a row on its way, the measuring one. */
  readonly build?: string;
}

/**
 * Like `measurePoint`, but returns a refusal for an error that a user can cause.
 *
 * @param earlier row of the same point on fewer chips and prompts: saves that work, and does not change the row
 */
export async function measureRow(
  executor: Executor,
  point: Pick<Row, "point" | "hash" | "values">,
  { experiment, data }: Given,
  network: Network | null,
  { objectives, budget }: Pick<Design, "objectives" | "budget">,
  earlier: RowSamples | null = null,
): Promise<Row> {
  try {
    const subject = openExperiment(experiment, data);
    const { measures, samples } = await measureSampled(executor, subject, network, objectives, earlier);
    return { ...point, measures, refused: null, ...(budget && samples && { samples }) };
  } catch (error) {
    if (!isXpikeError(error)) throw error;
    return { ...point, measures: null, refused: `${error.name} at ${error.path}: ${error.message}` };
  }
}
