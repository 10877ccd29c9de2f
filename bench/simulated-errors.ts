/**
 * Errors of chips with known true rates, and how often 95 % intervals cover them.
 *
 * Prompt k errs on chip c if a sum of normal deviates exceeds a threshold (probit model):
 *
 *   hard_k + chip_c + noise_ck > threshold,   deviations  prompts : s : 1,   s = chips sqrt(prompts^2 + 1)
 *
 * so the true rate is exactly normal(-threshold / sqrt(prompts^2 + 1 + s^2)). The network on no chip sees the same hard_k, and noise of its
 * own. A year later, chip and noise have correlations 0.7 and 0.6 with those of now; with early exit, 1 and 0.98. On links, a wrong
 * symbol has 1 to 4 wrong bits, drawn for the prompt.
 *
 * Deviations follow recorded runs. wireless-2x2-deep on 10 chips and 2,048 prompts has half widths of .0059 for its rate of .060 and of
 * .0034 for the difference from the ANN, and true rates of chips deviate by up to .0028 (experiments/first-page/results). This model with
 * prompts = 4 and chips = 0.02 gives .0065, .0038 and .0019.
 */
import { normalQuantile, type Stream } from "../src/numeric/stream.ts";
import {
  pairedDifference,
  type Sample,
  type SampleMean,
  sameOnAllChips,
  sampleMean,
  sampleRate,
} from "../src/numeric/variance-components.ts";

export interface Population {
  readonly bits: boolean;
  /** Error rate now, over bits or answers. */
  readonly rate: number;
  /** Deviation of prompts over that of the noise. */
  readonly prompts: number;
  /** Deviation of chips over that of prompts and noise together. */
  readonly chips: number;
}

/** Rates of the others over that of chips now. */
const RELATIVE = { network: 1 / 1.1, year: 1.1, exit: 1.03 };

export const MEASURES = ["rate", "minus network", "year minus now", "exit minus all steps"] as const;
export type Measure = (typeof MEASURES)[number];

export interface Coverage {
  /** Share of draws in which the interval holds the true value. */
  readonly covered: number;
  readonly meanWidth: number;
  /** Draws with an interval of zero width. */
  readonly zero: number;
  /** Draws with an interval past 0 or 1 (rates), or past -1 or 1 (differences). */
  readonly past: number;
}

/** Shares of wrong symbols with 1, 2, 3 and 4 wrong bits. */
const WRONG_BITS = [0.6, 0.25, 0.1, 0.05];
const MEAN_SHARE = WRONG_BITS.reduce((sum, share, i) => sum + (share * (i + 1)) / 4, 0);

/** Normal deviates of 16 bits: each is the quantile at the middle of its 65,536th. */
const DEVIATES = Float64Array.from({ length: 65_536 }, (_, i) => normalQuantile((i + 0.5) / 65_536));

/** Random   draw i from `random.fork("draw", i)` */
export function coverageOf(
  population: Population,
  chips: number,
  prompts: number,
  { draws, random }: { readonly draws: number; readonly random: Stream },
): Readonly<Record<Measure, Coverage>> {
  const { rate } = population;
  const truths = [rate, rate * (1 - RELATIVE.network), rate * (RELATIVE.year - 1), rate * (RELATIVE.exit - 1)];
  const counts = truths.map(() => ({ covered: 0, width: 0, zero: 0, past: 0 }));
  for (let i = 0; i < draws; i++) {
    intervalsOf(drawErrors(population, chips, prompts, random.fork("draw", i))).forEach(({ low, high }, m) => {
      const count = counts[m];
      count.width += (high - low) / draws;
      if (low <= truths[m] && truths[m] <= high) count.covered++;
      if (!(high > low)) count.zero++;
      if (low < (m === 0 ? 0 : -1) || high > 1) count.past++;
    });
  }
  const found = counts.map(({ covered, width, zero, past }) => ({
    ...{ covered: covered / draws, meanWidth: width, zero, past },
  }));
  return Object.fromEntries(MEASURES.map((name, m) => [name, found[m]])) as Record<Measure, Coverage>;
}

interface Errors {
  readonly now: Sample;
  readonly year: Sample;
  readonly exit: Sample;
  readonly network: Sample;
}

const intervalsOf = ({ now, year, exit, network }: Errors): readonly SampleMean[] => [
  sampleRate(now),
  sampleMean(pairedDifference(now, network)),
  sampleMean(pairedDifference(year, now)),
  sampleMean(pairedDifference(exit, now)),
];

function drawErrors(population: Population, chips: number, prompts: number, random: Stream): Errors {
  const { bits, rate, prompts: spread } = population;
  const alone = Math.hypot(spread, 1);
  const ofChips = population.chips * alone;
  const threshold = (relative: number, deviation: number) =>
    -normalQuantile((rate * relative) / (bits ? MEAN_SHARE : 1)) * deviation;
  const onChip = Math.hypot(alone, ofChips);
  const thresholds = {
    now: threshold(1, onChip),
    year: threshold(RELATIVE.year, onChip),
    exit: threshold(RELATIVE.exit, onChip),
    network: threshold(RELATIVE.network, alone),
  };
  const hard = new Float64Array(prompts);
  const share = new Float64Array(prompts);
  const network = new Float64Array(prompts);
  for (let k = 0; k < prompts; k++) {
    const word = random.word();
    hard[k] = spread * DEVIATES[word >>> 16];
    share[k] = bits ? wrongBits((word & 0xffff) / 65_536) / 4 : 1;
    network[k] = hard[k] + DEVIATES[random.word() >>> 16] > thresholds.network ? share[k] : 0;
  }
  const [now, year, exit] = [0, 1, 2].map(() => new Float64Array(chips * prompts));
  for (let c = 0, i = 0; c < chips; c++) {
    const chip = ofChips * random.normal();
    const older = 0.7 * chip + Math.sqrt(1 - 0.7 ** 2) * ofChips * random.normal();
    for (let k = 0; k < prompts; k++, i++) {
      const word = random.word();
      const noise = DEVIATES[word >>> 16];
      const other = DEVIATES[word & 0xffff];
      if (hard[k] + chip + noise > thresholds.now) now[i] = share[k];
      if (hard[k] + older + 0.6 * noise + 0.8 * other > thresholds.year) year[i] = share[k];
      if (hard[k] + chip + 0.98 * noise + Math.sqrt(1 - 0.98 ** 2) * other > thresholds.exit) exit[i] = share[k];
    }
  }
  const sample = (values: Float64Array): Sample => ({ chips, reads: 1, prompts, values });
  return { now: sample(now), year: sample(year), exit: sample(exit), network: sameOnAllChips(network, sample(now)) };
}

function wrongBits(uniform: number): number {
  let bits = 1;
  for (let sum = WRONG_BITS[0]; bits < 4 && uniform >= sum; bits++) sum += WRONG_BITS[bits];
  return bits;
}
