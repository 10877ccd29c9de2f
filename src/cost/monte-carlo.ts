/**
 * Ratios with everything varied at once: seeded draws around the user's own preset, node and settings.
 *
 * Every price that the literature leaves open is drawn log-uniformly, from the user's price divided by its factor in
 * `priors.ts` to the price times that factor. All densities together and the (whole) time steps are drawn likewise. Ranges are
 * priors, not measurements, and prices are drawn independently even where one circuit would raise both.
 */
import { power } from "../numeric/power.ts";
import type { Stream } from "../numeric/stream.ts";
import type { Technology } from "./parameters.ts";
import type { Planner } from "./planned.ts";
import { keptPlans } from "./plans.ts";
import { DENSITY_FACTOR, type Prior, pricePriors, STEPS_FACTOR } from "./priors.ts";
import type { ResolvedTechnology } from "./resolve.ts";
import { type Ratios, ratiosOf } from "./variation.ts";
import { scaleDensities, type Workload, withSteps } from "./workload.ts";

export interface Spread {
  /** The user's own values, without any draw. */
  readonly centre: number;
  /** At 5, 25, 50, 75 and 95 %. */
  readonly percentiles: readonly [number, number, number, number, number];
  /** Fraction of draws in which the paper's claim holds: at least 13 for the ANN, 1.9 for the SNN. */
  readonly claimed: number;
  /** Fraction of draws in which Xpikeformer needs more energy. */
  readonly loses: number;
}

export interface MonteCarlo {
  readonly draws: number;
  readonly ann: Spread;
  readonly snn: Spread;
}

const CLAIM: Readonly<Record<keyof Ratios, number>> = { ann: 13, snn: 1.9 };

/**
 * @param steps time steps, one drawn per draw; default from half to twice the workload's
 * @param plan  plans the machines of the draws
 *
 * Random   draw i from `random.fork("draw", i)`, so more draws leave the first ones unchanged
 */
export function monteCarlo(
  workload: Workload,
  resolved: ResolvedTechnology,
  {
    draws,
    random,
    steps,
    plan = keptPlans(),
  }: {
    readonly draws: number;
    readonly random: Stream;
    readonly steps?: readonly number[];
    readonly plan?: Planner;
  },
): MonteCarlo {
  const { technology } = resolved;
  const priors = pricePriors(resolved);
  const ann = new Float64Array(draws);
  const snn = new Float64Array(draws);
  for (let i = 0; i < draws; i++) {
    const own = random.fork("draw", i);
    const timed = steps ? withSteps(workload, steps[own.integer(steps.length)]) : drawSteps(workload, own);
    const scaled = scaleDensities(timed, logSymmetric(own, DENSITY_FACTOR));
    const ratios = ratiosOf({ workload: scaled, technology: drawPrices(technology, priors, own) }, plan);
    ann[i] = ratios.ann;
    snn[i] = ratios.snn;
  }
  const centre = ratiosOf({ workload, technology }, plan);
  return { draws, ann: spread(ann, centre.ann, CLAIM.ann), snn: spread(snn, centre.snn, CLAIM.snn) };
}

/** Log-uniform between 1 / factor and factor. */
const logSymmetric = (random: Stream, factor: number): number => power(factor, 2 * random.uniform() - 1);

/** Both spiking machines' steps by the same factor. */
function drawSteps(workload: Workload, random: Stream): Workload {
  const factor = logSymmetric(random, STEPS_FACTOR);
  const scale = (steps: number) => Math.max(1, Math.round(steps * factor));
  return withSteps(workload, scale(workload.steps), scale(workload.snnSteps));
}

/** One draw of every price that the literature leaves open. */
export function drawPrices(technology: Technology, priors: readonly Prior[], random: Stream): Technology {
  const drawn = { ...technology };
  for (const { id, factor } of priors) drawn[id] *= logSymmetric(random, factor);
  return drawn;
}

/** The value below which a share of ascending draws lie. */
export const percentile = (sorted: ArrayLike<number>, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];

function spread(values: Float64Array, centre: number, claim: number): Spread {
  const sorted = values.slice().sort();
  const at = (share: number) => percentile(sorted, share);
  const share = (holds: (value: number) => boolean) => sorted.filter(holds).length / sorted.length;
  return {
    centre,
    percentiles: [at(0.05), at(0.25), at(0.5), at(0.75), at(0.95)],
    claimed: share((value) => value >= claim),
    loses: share((value) => value < 1),
  };
}
