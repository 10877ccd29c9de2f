/**
 * A race of points for the front: which of them are surely beaten, and whether more chips and prompts could tell the others apart.
 *
 * All points of a race were measured on the same chips and prompts, so they are compared in pairs, chip by chip and prompt by prompt:
 *
 *   error rate   less, or more, where the 95 % interval of the mean difference lies on one side of 0; else open
 *   equal        where the losses of all chips agree to the last bit: both points compute the same answers, and differ in price alone
 *   energy       as measured, since it is counted on the same prompts; within 1 % equal (assumed: samples move it by less)
 *   the others   as measured: they do not depend on prompts
 *
 * A point is surely beaten where another is surely no worse in all objectives and surely better in one, or where it surely breaks a
 * limit. It is out for good. Each comparison is wrong with a probability of 2.5 %; all of them together are wrong more often than that.
 */
import { pairedDifference, type Sample, sampleMean } from "../numeric/variance-components.ts";
import { type Design, OBJECTIVES, type Objective } from "../spec/design.ts";
import { costsOf } from "./front.ts";
import { type RowSamples, unpackWrong } from "./packed.ts";
import type { Measured, Measures, Row } from "./unit.ts";

type Asked = Pick<Design, "objectives" | "constraints">;

export interface Race {
  /** Rows that are not surely beaten, by point. */
  readonly left: readonly Row[];
  /** Some comparison between them is not decided. */
  readonly open: boolean;
}

/** Of an objective of one point beside another's; in costs, so that less is better. */
type Order = "less" | "equal" | "more" | "open";
type Verdict = "beats" | "does not beat" | "open";

/** Share within which energies of points that compute differently count as equal. */
const ENERGY_MARGIN = 0.01;
/** Prompts that must differ before the normal interval of their mean is trusted, and what one that never differed is worth. */
const LEAST_DIFFERENT = 10;

/** Rows of one round, on the same chips and prompts; what was refused is left out. */
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

/** Where few prompts differ, none of K may have by chance: then up to 3 in K would differ with 95 % confidence (the rule of three). */
function orderOfMean(difference: Sample): Order {
  const { chips, prompts, values } = difference;
  const { mean, low, high } = sampleMean(difference);
  let different = 0;
  for (const value of values) different += value === 0 ? 0 : 1 / chips;
  const half = Math.max(high - mean, different < LEAST_DIFFERENT ? 3 / prompts : 0);
  if (high < 0 && mean + half < 0) return "less";
  return low > 0 && mean - half > 0 ? "more" : "open";
}

/** Whether limits are kept or broken by the whole interval. */
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
