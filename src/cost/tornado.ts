/**
 * One parameter at a time between its ends: which of them decide the ratios.
 *
 * Prices come with the ends of their receipts; bars of the design and of the workload (time steps, crossbar rows, weights in
 * DRAM) are listed here. A bar that moves two parameters that only make sense together says so in its label.
 */
import { naturalLog } from "../numeric/stream.ts";
import { PARAMETERS, type ParameterId } from "./parameters.ts";
import type { ResolvedTechnology } from "./resolve.ts";
import { type Ratios, ratiosOf, type Variation, vary } from "./variation.ts";
import type { Workload } from "./workload.ts";

export interface TornadoBar {
  readonly label: string;
  readonly low: Ratios;
  readonly high: Ratios;
}

const pj = 1e-12;
const mb = 1024 * 1024;

export const DESIGN_BARS: readonly { readonly label: string; readonly low: Variation; readonly high: Variation }[] = [
  { label: "T 1 .. 10", low: { steps: 1 }, high: { steps: 10 } },
  {
    label: "int8 MAC 0.23 .. 1.0 pJ",
    low: { set: { multiply8: 0.13 * pj } },
    high: { set: { multiply8: 0.9 * pj } },
  },
  {
    label: "ANN weights on chip .. DRAM at 20 pJ/bit",
    low: {},
    high: { set: { annWeightsOnChip: 0, dramBit: 20 * pj } },
  },
  {
    label: "5-bit conversion 0.14 .. 1.78 pJ",
    low: { set: { conversion5: 0.14 * pj } },
    high: { set: { conversion5: 1.78 * pj } },
  },
  { label: "crossbar rows 64 .. 256, bits held", low: { set: { rows: 64 } }, high: { set: { rows: 256 } } },
  {
    label: "cell read 1 .. 32 fJ",
    low: { set: { cellRead: 0.001 * pj } },
    high: { set: { cellRead: 0.032 * pj } },
  },
  { label: "SRAM energy x0.5 .. x6", low: { times: { sramRead: 0.5 } }, high: { times: { sramRead: 6 } } },
  {
    label: "conversions per weight 1 .. 2",
    low: { set: { conversionsPerSum: 1 } },
    high: { set: { conversionsPerSum: 2 } },
  },
  {
    label: "interconnect and periphery /2 .. x2",
    low: { times: { interconnect: 0.5, periphery: 0.5 } },
    high: { times: { interconnect: 2, periphery: 2 } },
  },
  {
    label: "attention cell 5 .. 75 fJ",
    low: { set: { sacOperation: 0.005 * pj } },
    high: { set: { sacOperation: 0.075 * pj } },
  },
  {
    label: "ANN array 32 .. 256",
    low: { set: { arrayRows: 32, arrayColumns: 32 } },
    high: { set: { arrayRows: 256, arrayColumns: 256 } },
  },
  { label: "converter bits 4 .. 8, SAR", low: { set: { adcBits: 4 } }, high: { set: { adcBits: 8 } } },
  { label: "density x0.5 .. x1.6", low: { density: 0.5 }, high: { density: 1.6 } },
  { label: "LIF update 0.1 .. 0.8 pJ", low: { set: { lifUpdate: 0.1 * pj } }, high: { set: { lifUpdate: 0.8 * pj } } },
  {
    label: "weight buffer 256 kB .. 8 MB",
    low: { set: { weightBuffer: mb / 4 } },
    high: { set: { weightBuffer: 8 * mb } },
  },
  {
    label: "SNN accumulation 0.03 .. 0.2 pJ",
    low: { set: { accumulateBits: 8 } },
    high: { set: { add16: 0.2 * pj } },
  },
  { label: "SNN weight bundle N T .. 16", low: { set: { bundle: 0 } }, high: { set: { bundle: 16 } } },
];

/** How far the ratio to the ANN moves, as a factor. */
export const swing = ({ low, high }: TornadoBar, which: keyof Ratios = "ann"): number =>
  Math.abs(naturalLog(high[which] / low[which]));

/** Bars of the design and the workload, in the order of how far they move the ratio to the ANN. */
export function tornado(workload: Workload, { technology }: ResolvedTechnology): TornadoBar[] {
  const base = { workload, technology };
  const bars = DESIGN_BARS.map(({ label, low, high }) => ({
    label,
    low: ratiosOf(vary(base, low)),
    high: ratiosOf(vary(base, high)),
  }));
  return bars.sort((a, b) => swing(b) - swing(a));
}

/** A bar per price whose receipt leaves a range, same order. */
export function priceTornado(workload: Workload, { technology, prices }: ResolvedTechnology): TornadoBar[] {
  const base = { workload, technology };
  const bars: TornadoBar[] = [];
  for (const id of Object.keys(PARAMETERS) as ParameterId[]) {
    const { low, high, value } = prices[id];
    if (low === high || value === 0) continue;
    const at = (end: number) => ratiosOf(vary(base, { times: { [id]: end / value } }));
    bars.push({ label: PARAMETERS[id].label, low: at(low), high: at(high) });
  }
  return bars.sort((a, b) => swing(b) - swing(a));
}
