/**
 * Ratios under everything at once: seeded draws over the ranges of the literature, all at 45 nm.
 *
 * The ranges are priors, not measurements; most are log-uniform. They are wide on the side of the digital machines, because
 * published engines pay for registers, buffers and fetches that an ideal one does not; so the median lies above the ratio
 * at the defaults.
 */
import { power } from "../numeric/power.ts";
import type { Stream } from "../numeric/stream.ts";
import type { Technology } from "./parameters.ts";
import { type Ratios, ratiosOf } from "./variation.ts";
import { scaleDensities, type Workload, withSteps } from "./workload.ts";

export interface Spread {
  /** At 5, 25, 50, 75 and 95 %. */
  readonly percentiles: readonly [number, number, number, number, number];
  /** Share of draws in which the claim of the paper is met: at least 13 for the ANN, 1.9 for the SNN. */
  readonly claimed: number;
  /** Share of draws in which Xpikeformer needs more energy. */
  readonly loses: number;
}

export interface MonteCarlo {
  readonly draws: number;
  readonly ann: Spread;
  readonly snn: Spread;
}

const CLAIM: Readonly<Record<keyof Ratios, number>> = { ann: 13, snn: 1.9 };

/**
 * @param steps time steps, one drawn per draw; the workload's when left out
 *
 * Random   draw i from `random.fork("draw", i)`, so that more draws leave the first ones as they are
 */
export function monteCarlo(
  workload: Workload,
  technology: Technology,
  { draws, random, steps }: { readonly draws: number; readonly random: Stream; readonly steps?: readonly number[] },
): MonteCarlo {
  const ann = new Float64Array(draws);
  const snn = new Float64Array(draws);
  for (let i = 0; i < draws; i++) {
    const own = random.fork("draw", i);
    const timed = steps ? withSteps(workload, steps[own.integer(steps.length)]) : workload;
    const scaled = scaleDensities(timed, logUniform(own, 0.5, 1.6));
    const ratios = ratiosOf({ workload: scaled, technology: drawTechnology(technology, timed, own) });
    ann[i] = ratios.ann;
    snn[i] = ratios.snn;
  }
  return { draws, ann: spread(ann, CLAIM.ann), snn: spread(snn, CLAIM.snn) };
}

const logUniform = (random: Stream, low: number, high: number): number => low * power(high / low, random.uniform());
const uniform = (random: Stream, low: number, high: number): number => low + (high - low) * random.uniform();

/** One draw: ranges in picojoules, with the source of each end. */
function drawTechnology(technology: Technology, workload: Workload, random: Stream): Technology {
  const pj = 1e-12;
  const all = workload.tokens * workload.snnSteps;
  // Horowitz's 8-bit multiply and add .. published engines with their registers.
  const mac = logUniform(random, 0.23, 1.2) * pj;
  // An accumulation costs 13 % (8-bit add) to 30 % of the MAC it replaces, an attention cell 1 to 13 %.
  const accumulate = mac * uniform(random, 0.13, 0.3);
  const cell = mac * logUniform(random, 0.01, 0.13);
  const sram = logUniform(random, 1, 6);
  const write = uniform(random, 1, 3);
  const fromDram = random.uniform() < 0.5;
  return {
    ...technology,
    // All of the MAC in the multiplication, none in the addition.
    ...{ multiply8: mac, add32: 0, accumulatorBits: 32 },
    snnAccumulateFactor: accumulate / technology.add16,
    accumulateBits: 16,
    sacOperation: cell,
    lifUpdate: logUniform(random, 0.1, 0.5) * pj,
    sramRead: technology.sramRead * sram,
    sramWriteFactor: write,
    annWeightsOnChip: fromDram ? 0 : 1,
    dramBit: logUniform(random, 4, 20) * pj,
    // From fetching a weight for every 16 token-steps to once per inference.
    bundle: logUniform(random, Math.min(16, all), all),
    conversion5: logUniform(random, 0.18, 1.8) * pj,
    interconnect: logUniform(random, 0.12, 0.5) * pj,
    periphery: logUniform(random, 0.035, 0.14) * pj,
    conversionsPerSum: random.uniform() < 0.5 ? 1 : 2,
    cellRead: logUniform(random, 0.001, 0.032) * pj,
    analogStaticShare: uniform(random, 0, 0.2),
  };
}

function spread(values: Float64Array, claim: number): Spread {
  const sorted = values.slice().sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  const share = (holds: (value: number) => boolean) => sorted.filter(holds).length / sorted.length;
  return {
    percentiles: [at(0.05), at(0.25), at(0.5), at(0.75), at(0.95)],
    claimed: share((value) => value >= claim),
    loses: share((value) => value < 1),
  };
}
