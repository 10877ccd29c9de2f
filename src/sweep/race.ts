/**
 * A race of points for the front: which of them are surely beaten, and whether more chips and prompts could separate the others.
 *
 * All points of a race are measured on the same chips and prompts, so they are compared in pairs, chip by chip and prompt by prompt:
 *
 *   error rate   less, or more, if the 95 % interval of the mean difference is on one side of 0; otherwise open
 *   equal        if the losses of all chips agree bit for bit: both points compute the same answers, and differ only in price
 *   energy       as measured, since it is counted on the same prompts; equal within 1 % (assumed: samples change it by less)
 *   others       as measured: they do not depend on prompts
 *
 * A point is surely beaten if another is surely no worse in all objectives and surely better in one, or if it surely violates a
 * limit. It is then eliminated. Each comparison is wrong with a probability of 2.5 %; over all of them, errors are more frequent.
 */
import { type Design, OBJECTIVES, type Objective } from "../experiment/design.ts";
import { pairedDifference, type Sample, sampleMean } from "../numeric/variance-components.ts";
import { costsOf } from "./front.ts";
import { type RowSamples, unpackWrong } from "./packed.ts";
import type { Measured, Measures, Row } from "./unit.ts";

type Asked = Pick<Design, "objectives" | "constraints">;

export interface Race {
  /** Rows that are not surely beaten, by point. */
  readonly left: readonly Row[];
  /** Whether some comparison between them is undecided. */
  readonly open: boolean;
}

/** The comparison of an objective between two points; in costs, so that less is better. */
type Order = "less" | "equal" | "more" | "open";
type Verdict = "beats" | "does not beat" | "open";

/** Relative difference within which energies of points that compute differently count as equal. */
const ENERGY_MARGIN = 0.01;
/** Prompts that must differ before the normal interval of their mean is trusted. */
const LEAST_DIFFERENT = 10;

/** Rows of one round, on the same chips and prompts; refused points are left out. */
export function race(rows: readonly Row[], design: Asked): Race {
  const points = rows.flatMap((row) => {
    const { measures, samples } = row;
    return samples && measures && costsOf(measures, design.objectives)
      ? [{ row, measures, samples: unpack(samples) }]
      : [];
  });
  const kept = points.filter(({ measures }) => limitsOf(measures, design) !== "broken");
  const judges = kept.filter(({ measures }) => limitsOf(measures, design) === "kept");
  const beaten = new Set(
    kept.filter((own) => judges.some((other) => other !== own && compare(other, own, design) === "beats")),
  );
  const left = kept.filter((own) => !beaten.has(own));
  const open = left.some(
    (own) =>
      limitsOf(own.measures, design) === "open" ||
      left.some((other) => other !== own && compare(other, own, design) === "open"),
  );
  return { left: left.map(({ row }) => row), open };
}

interface Point {
  readonly measures: Measures;
  readonly samples: Samples;
}

interface Samples {
  readonly now: Sample;
  readonly later: Sample | null;
  readonly losses: readonly number[];
}

/** Whether `a` beats `b`. */
function compare(a: Point, b: Point, { objectives }: Asked): Verdict {
  const orders = objectives.map((name) => orderOf(a, b, name));
  if (orders.includes("more")) return "does not beat";
  if (orders.includes("open")) return "open";
  return orders.includes("less") ? "beats" : "does not beat";
}

function orderOf(a: Point, b: Point, objective: Objective): Order {
  const same = a.samples.losses.every((loss, i) => loss === b.samples.losses[i]);
  if (objective === "errorRate") return same ? "equal" : orderOfMean(pairedDifference(a.samples.now, b.samples.now));
  if (objective === "yearLoss") {
    const loss = ({ samples: { now, later } }: Point) => pairedDifference(later!, now);
    return same ? "equal" : orderOfMean(pairedDifference(loss(a), loss(b)));
  }
  const [one, other] = [a, b].map(({ measures }) => measures[objective]!.value);
  if (objective === "energy" && !same && Math.abs(one - other) <= ENERGY_MARGIN * Math.max(one, other)) return "equal";
  if (one === other) return "equal";
  return one < other === (objective !== "throughput") ? "less" : "more";
}

/** If few of K prompts differ, the interval reaches at least 3 / K: the 95 % bound if none differed (the rule of three). */
function orderOfMean(difference: Sample): Order {
  const { chips, prompts, values } = difference;
  const { mean, low, high } = sampleMean(difference);
  let different = 0;
  for (const value of values) if (value !== 0) different++;
  const half = Math.max(high - mean, different < LEAST_DIFFERENT * chips ? 3 / prompts : 0);
  if (high < 0 && mean + half < 0) return "less";
  return low > 0 && mean - half > 0 ? "more" : "open";
}

/** Whether the whole interval keeps or violates limits. */
function limitsOf(measures: Measures, { constraints }: Asked): "kept" | "broken" | "open" {
  const verdicts = OBJECTIVES.flatMap((name) => {
    const measured = measures[name];
    return measured ? [limitOf(measured, constraints[name] ?? {})] : [];
  });
  if (verdicts.includes("broken")) return "broken";
  return verdicts.includes("open") ? "open" : "kept";
}

function limitOf({ low, high }: Measured, { least, most }: { least?: number | undefined; most?: number | undefined }) {
  const [bottom, top] = [least ?? Number.NEGATIVE_INFINITY, most ?? Number.POSITIVE_INFINITY];
  if (low > top || high < bottom) return "broken";
  return low >= bottom && high <= top ? "kept" : "open";
}

const unpack = ({ now, later, losses, trials }: RowSamples): Samples => ({
  now: unpackWrong(now, trials),
  later: later && unpackWrong(later, trials),
  losses,
});
