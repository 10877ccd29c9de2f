/** Presets by name: a price with its receipt for every parameter. All except the first three modify the second, as they say. */
import { CostError, didYouMean } from "../errors.ts";
import { BOTTOM_UP, CLAIM, SIMULATED } from "./bottom-up.ts";
import { PAPER } from "./paper-preset.ts";
import type { ParameterId } from "./parameters.ts";
import type { Price } from "./receipt.ts";
import { adcSurvey } from "./sources/andrulis-arxiv-2024.ts";
import { assumed } from "./sources/assumptions.ts";
import { hermes } from "./sources/legallo-natelectron-2023.ts";
import { dram } from "./sources/oconnor-micro-2017.ts";
import { paper } from "./sources/song-tvlsi-2025.ts";
import { xformer } from "./sources/sridharan-tvlsi-2023.ts";

const o = assumed.prices;

export interface CostPreset {
  readonly name: string;
  readonly description: string;
  readonly node: number;
  /** `equal`: both spiking machines run the workload's T; `published`: each runs its own T from the paper. */
  readonly steps: "equal" | "published";
  /** Why sources may be used beyond their range of validity. */
  readonly extrapolates?: string;
  readonly prices: Readonly<Record<ParameterId, Price>>;
}

export const COST_PRESETS: readonly CostPreset[] = [
  {
    name: "simulated",
    description:
      "the whole simulated machine: every unit, action and buffer, and clock, wires and leakage of every machine, at equal T",
    node: 45,
    steps: "equal",
    prices: SIMULATED,
  },
  {
    name: "bottom-up",
    description:
      "the same prices, only for operations that published comparisons count; the same rules for every machine, at equal T",
    node: 45,
    steps: "equal",
    prices: BOTTOM_UP,
  },
  {
    name: "claim",
    description:
      "the same prices under the rules that favour the claims: 8-bit weights and dense q k in the digital SNN, one buffer size for all",
    node: 45,
    steps: "equal",
    prices: CLAIM,
  },
  {
    name: "paper",
    description:
      "calibrated to the paper's 0.30 mJ, its split and its ratios for ViT-8-768, each network at its printed T",
    node: 45,
    steps: "published",
    prices: PAPER,
  },
  {
    name: "op-only",
    description: "claim with leaner conventions: 8-bit sums, i.e. 0.23 pJ per MAC and 0.03 pJ per accumulation",
    node: 45,
    steps: "equal",
    prices: { ...CLAIM, accumulatorBits: o.accumulator8, accumulateBits: o.accumulate8 },
  },
  {
    name: "v1-baselines",
    description:
      "the weaker baselines that explain the first preprint: ANN weights from DRAM, SNN weights fetched often",
    node: 45,
    steps: "equal",
    prices: { ...CLAIM, annWeightsOnChip: o.no, dramBit: dram.prices.v1, bundle: o.bundle50 },
  },
  {
    name: "xformer-adc",
    description: "claim with the conversion that reproduces X-Former's published efficiency",
    node: 45,
    steps: "equal",
    prices: { ...CLAIM, conversion5: xformer.prices.conversion5 },
  },
  {
    name: "survey-adc",
    description: "claim with a converter from the survey and both lines of a pair converted",
    node: 45,
    steps: "equal",
    prices: {
      ...CLAIM,
      conversion5: adcSurvey.prices.conversion5,
      conversionsPerSum: paper.prices.conversionsPerSum,
    },
  },
  {
    name: "silicon-hermes",
    description: "crossbars as measured on the HERMES chip, everything at 14 nm",
    node: 14,
    steps: "equal",
    extrapolates: "SRAM is extrapolated from 22 to 14 nm; the crossbars are measured at 14 nm.",
    prices: {
      ...CLAIM,
      rows: o.hermesCrossbar,
      columns: o.hermesCrossbar,
      adcBits: o.hermesBits,
      hybridInputBits: o.hermesInput,
      hybridCellBits: o.hermesWeight,
      hybridAdcBits: o.hermesBits,
      hybridConversionFactor: o.hermesFactor,
      conversion5: hermes.prices.column,
      periphery: o.included,
      accumulation: o.included,
      interconnect: o.included,
      buffer: o.included,
      cellRead: o.included,
      lineDrive: o.included,
      settleTime: hermes.prices.readTime,
      conversionTime: o.noTime,
      crossbarArea: hermes.prices.crossbarArea,
    },
  },
];

/** Throws CostError, with the likely meaning, for an unknown name. */
export function findCostPreset(name: string): CostPreset {
  const found = COST_PRESETS.find((preset) => preset.name === name);
  if (found) return found;
  const names = COST_PRESETS.map((preset) => preset.name);
  throw new CostError(
    "preset",
    `There is no cost preset "${name}". Known: ${names.join(", ")}.${didYouMean(name, names)}`,
  );
}
