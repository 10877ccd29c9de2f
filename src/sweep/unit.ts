/**
 * The result of one point of a design: error rates of simulated chips, block errors of coded blocks that they receive, and energy, time
 * and area of their machine.
 *
 * A pure function of the experiment, its network and its data. Anything that no objective needs is not simulated: without an
 * error rate, one chip answers a few prompts, so that its spike densities are measured, as in `xpike cost`.
 */

import { type MachineCost, machineCost } from "../cost/machine-cost.ts";
import { experimentWorkload, type Measurement } from "../cost/measured.ts";
import { machineOfChips, meanDensities, simulatedPrices } from "../cost/simulated.ts";
import { partedOf } from "../data/labelled.ts";
import { isXpikeError, SpecError } from "../errors.ts";
import { type Tally, tallyChips } from "../evaluation/chip-tally.ts";
import { type CodedPoint, codedOf, slotsOf } from "../evaluation/coded.ts";
import { evaluateCodedChips } from "../evaluation/coded-chips.ts";
import { weightsOf } from "../evaluation/crossing.ts";
import type { Design, Objective } from "../experiment/design.ts";
import type { Experiment } from "../experiment/experiment.ts";
import type { SpikingSpec } from "../experiment/model.ts";
import type { SlotDetectionSpec } from "../experiment/slot-detection.ts";
import type { Network } from "../model/network.ts";
import { wilson } from "../numeric/statistics.ts";
import { pairedDifference, type Sample, sampleMean, sampleOf } from "../numeric/variance-components.ts";
import { CHIPS, crossingFigure } from "../report/coded.ts";
import { rateFigure, ratesOf } from "../report/study.ts";
import { curveChipsOf } from "../runs/detection.ts";
import { asDescribed } from "../runs/fit.ts";
import { densitiesOf } from "../simulation/trace.ts";
import { type DataOf, kitOf } from "../task/catalogue.ts";
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

/** Coded blocks received at one Eb/N0, and how many of them failed. */
export interface BlockCount {
  readonly ebN0Decibels: number;
  readonly blocks: number;
  readonly errors: number;
}

export interface Measures extends Readonly<Record<Objective, Measured | null>> {
  /** Coded blocks at each Eb/N0, ascending; left out if no objective needs them. */
  readonly blocks?: readonly BlockCount[];
  /** Chips and prompts that were simulated: none if densities are those of a published network. */
  readonly chips: number;
  readonly prompts: number;
}

const YEAR_SECONDS = 365 * 86_400;
/** Prompts of the single chip on which densities are measured when no error rate is requested. */
const DENSITY_PROMPTS = 32;

/** What an objective is read from: answers to prompts, coded blocks, or the price of the machine. */
const SOURCES: Readonly<Record<Objective, "answers" | "blocks" | "price">> = {
  errorRate: "answers",
  yearLoss: "answers",
  blockErrorRate: "blocks",
  codedEbN0: "blocks",
  energy: "price",
  latency: "price",
  throughput: "price",
  area: "price",
};

export const needsErrors = (objectives: readonly Objective[]): boolean =>
  objectives.some((name) => SOURCES[name] === "answers");

export const needsBlocks = (objectives: readonly Objective[]): boolean =>
  objectives.some((name) => SOURCES[name] === "blocks");

/** Whether some objective is sampled from the answers of a trained network. */
export const needsNetwork = (objectives: readonly Objective[]): boolean =>
  objectives.some((name) => SOURCES[name] !== "price");

/** Throws SpecError at `evaluation.coded` when an objective needs coded blocks, and the experiment sends none or has no slots for them */
export function requireBlocks(experiment: Experiment, objectives: readonly Objective[]): void {
  const asked = objectives.filter((name) => SOURCES[name] === "blocks");
  if (asked.length === 0 || slotsOf(experiment) !== null) return;
  throw new SpecError(
    "evaluation.coded",
    `The design asks for ${asked.join(" and ")}, but a point's experiment sends no coded blocks. Give it evaluation.coded ({} has the ` +
      `defaults), or leave ${asked.join(" and ")} out of the objectives.`,
  );
}

/**
 * Simulates and prices a point.
 *
 *   errorRate   error rate over bits or answers, of `hardware.chips` chips on `evaluation.prompts` prompts
 *   yearLoss    error rate of the same chips a year after programming, minus `errorRate`, paired
 *   blockErrorRate   share of wrong blocks on `evaluation.curveChips` chips, at the highest Eb/N0 of `evaluation.coded`
 *   codedEbN0   dB at which that share is 10 %; null if it is not, with its interval, within the Eb/N0 of `evaluation.coded`
 *   energy      J per inference      latency   s per inference      throughput   inferences per s      area   m^2
 *
 * Random   as `evaluateChips` and `evaluateCodedChips`, from the experiment's seed
 * Throws   SpecError without a network if errors are requested, or with one that does not fit, and as `requireBlocks` and `codedOf`;
 *          MappingError if it cannot be mapped
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
  if (network === null && needsNetwork(objectives)) {
    throw new SpecError("checkpoints.network", "An error rate needs a trained network. Name one.");
  }
  requireBlocks(experiment, objectives);
  const most = partedOf(given.data)?.test.count ?? evaluation.prompts;
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
  const received = described && needsBlocks(objectives) ? await receiveBlocks(executor, given, described) : null;
  const measures: Measures = {
    errorRate: objectives.includes("errorRate") ? rateOf(rates) : null,
    yearLoss: older ? differenceOf(older, rates) : null,
    blockErrorRate: objectives.includes("blockErrorRate") ? blockRateOf(received!) : null,
    codedEbN0: objectives.includes("codedEbN0") ? levelOf(received!) : null,
    energy: wanted("energy", energy),
    latency: wanted("latency", latency),
    throughput: wanted("throughput", 1 / interval),
    area: wanted("area", area),
    ...(received && { blocks: received.map(countOf) }),
    chips: tally ? size.chips : 0,
    prompts: tally ? size.prompts : 0,
  };
  const { task } = experiment;
  return { measures, samples: withErrors ? packTally(tally!, kitOf(task).trials(task)) : null };
}

/** Of the counted actions; without any, of those that follow from the densities of a published network. */
function costOf(experiment: Experiment, counted: Measurement | null): Omit<MachineCost, "price"> {
  if (counted === null) return machineCost(experimentWorkload(experiment), simulatedPrices(experiment).technology);
  const { architectures, times } = machineOfChips(experiment, [counted]).estimate;
  const { total, performance } = architectures.xpikeformer;
  return { energy: total, latency: times.alone, interval: times.interval, area: performance.area! };
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

/** Coded blocks on the chips of curves, at each Eb/N0, as in `runCoded`. */
function receiveBlocks(
  executor: Executor,
  { experiment, data }: Given,
  network: Network<SpikingSpec>,
): Promise<CodedPoint[]> {
  // `requireBlocks` has seen that prompts are slots, whose data are channels.
  const work = codedOf(experiment, data as DataOf<SlotDetectionSpec>)!;
  const slots = { experiment: { ...experiment, task: work.task }, data: work.channels };
  const { hardware } = experiment;
  return evaluateCodedChips(executor, slots, network, work, { chips: curveChipsOf(slots.experiment), hardware });
}

const countOf = ({ ebN0Decibels, failed, errors }: CodedPoint): BlockCount => ({
  ebN0Decibels,
  blocks: failed.length,
  errors,
});

/** At the highest Eb/N0. */
function blockRateOf(points: readonly CodedPoint[]): Measured {
  const { blocks, errors } = countOf(points[points.length - 1]);
  const { low, high } = wilson(errors, blocks);
  return { value: errors / blocks, low, high };
}

/** Where 10 % of the blocks fail; null where that is not resolved: the points should reach further, or have more blocks. */
function levelOf(points: readonly CodedPoint[]): Measured | null {
  const weights = weightsOf(Math.max(...points.map(({ failed }) => failed.length)));
  const [figure] = crossingFigure({ id: CHIPS, name: "", points }, weights);
  return figure?.interval ? { value: figure.value, low: figure.interval.low, high: figure.interval.high } : null;
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
