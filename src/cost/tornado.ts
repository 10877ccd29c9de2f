/**
 * One change at a time, to either side of the user's own preset, node and settings: which changes decide the ratios.
 *
 * Prices vary by the factors of `priors.ts`; choices of the design and the workload are listed here. If the user's own estimate
 * makes a choice impossible in one direction (a single time step, a single bit), that end keeps its own value.
 */
import { naturalLog } from "../numeric/stream.ts";
import { PARAMETERS, type ParameterId, type Technology } from "./parameters.ts";
import type { Planner } from "./planned.ts";
import { keptPlans } from "./plans.ts";
import { DENSITY_FACTOR, pricePriors, STEPS_FACTOR } from "./priors.ts";
import type { ResolvedTechnology } from "./resolve.ts";
import { type Ratios, ratiosOf, type Variation, vary } from "./variation.ts";
import type { Workload } from "./workload.ts";

export interface TornadoBar {
  readonly label: string;
  readonly low: Ratios;
  readonly high: Ratios;
}

interface Choice {
  readonly label: string;
  readonly low: Variation;
  readonly high: Variation;
}

const factor = (label: string, by: number, ...ids: ParameterId[]): Choice => {
  const times = (value: number): Variation => ({ times: Object.fromEntries(ids.map((id) => [id, value])) });
  return { label: `${label} / ${by} .. x ${by}`, low: times(1 / by), high: times(by) };
};

const choices = ({ adcBits }: Technology): Choice[] => [
  {
    label: `T / ${STEPS_FACTOR} .. x ${STEPS_FACTOR}`,
    low: { timesSteps: 1 / STEPS_FACTOR },
    high: { timesSteps: STEPS_FACTOR },
  },
  {
    label: `density / ${DENSITY_FACTOR} .. x ${DENSITY_FACTOR}`,
    low: { density: 1 / DENSITY_FACTOR },
    high: { density: DENSITY_FACTOR },
  },
  factor("crossbar rows, bits held,", 2, "rows"),
  factor("ANN array", 2, "arrayRows", "arrayColumns"),
  {
    label: `converter bits ${Math.max(1, adcBits - 1)} .. ${adcBits + 1}`,
    low: { set: { adcBits: Math.max(1, adcBits - 1) } },
    high: { set: { adcBits: adcBits + 1 } },
  },
  {
    label: "one .. two conversions per weight",
    low: { set: { conversionsPerSum: 1 } },
    high: { set: { conversionsPerSum: 2 } },
  },
  {
    label: "ANN weights on chip .. in DRAM",
    low: { set: { annWeightsOnChip: 1 } },
    high: { set: { annWeightsOnChip: 0 } },
  },
  {
    label: "SNN weight fetched once .. once per 16 token-steps",
    low: { set: { bundle: 0 } },
    high: { set: { bundle: 16 } },
  },
];

/** How far the ratio to the ANN moves, as a factor. */
export const swing = ({ low, high }: TornadoBar, which: keyof Ratios = "ann"): number =>
  Math.abs(naturalLog(high[which] / low[which]));

/** Bars of choices and of prices, ordered by how far they move the ratio to the ANN. */
export function tornado(workload: Workload, resolved: ResolvedTechnology, plan: Planner = keptPlans()): TornadoBar[] {
  const { technology } = resolved;
  const base = { workload, technology };
  const prices = pricePriors(resolved).map(({ id, factor }): Choice => {
    const at = (end: number): Variation => ({ times: { [id]: end } });
    return { label: PARAMETERS[id].label, low: at(1 / factor), high: at(factor) };
  });
  const bars = [...choices(technology), ...prices].map(({ label, low, high }) => ({
    label,
    low: ratiosOf(vary(base, low), plan),
    high: ratiosOf(vary(base, high), plan),
  }));
  return bars.sort((a, b) => swing(b) - swing(a));
}
