/**
 * Presets: a price with its receipt for every parameter.
 *
 * `bottom-up` is one consistent 45 nm set from publications; nothing in it was tuned, but two conventions (32-bit sums in
 * the ANN, 16-bit sums in the digital SNN) were chosen with the claims known, and `op-only` has the thinner ones. The others
 * change what their description says.
 */
import { CostError } from "../errors.ts";
import { suggest } from "../spec/suggest.ts";
import type { ParameterId } from "./parameters.ts";
import type { Price } from "./receipt.ts";
import { adcSurvey } from "./sources/andrulis-arxiv-2024.ts";
import { assumed } from "./sources/assumptions.ts";
import { cacti } from "./sources/balasubramonian-taco-2017.ts";
import { gpuAnchors } from "./sources/gpu-anchors.ts";
import { horowitz } from "./sources/horowitz-isscc-2014.ts";
import { hermes } from "./sources/legallo-natelectron-2023.ts";
import { swifttron } from "./sources/marchisio-ijcnn-2023.ts";
import { gates } from "./sources/nangate-45.ts";
import { dram } from "./sources/oconnor-micro-2017.ts";
import { neurosim } from "./sources/peng-iedm-2019.ts";
import { ssaPaper } from "./sources/song-aicas-2024.ts";
import { paper } from "./sources/song-tvlsi-2025.ts";
import { xformer } from "./sources/sridharan-tvlsi-2023.ts";

export interface CostPreset {
  readonly name: string;
  readonly description: string;
  readonly node: number;
  /** `equal`: both spiking machines run the workload's T; `published`: each its own of the paper. */
  readonly steps: "equal" | "published";
  /** Why sources may be used beyond their validity. */
  readonly extrapolates?: string;
  readonly prices: Readonly<Record<ParameterId, Price>>;
}

const o = assumed.prices;

const BOTTOM_UP: Readonly<Record<ParameterId, Price>> = {
  multiply8: horowitz.prices.multiply8,
  add8: horowitz.prices.add8,
  add16: horowitz.prices.add16,
  add32: horowitz.prices.add32,
  multiplyFp16: horowitz.prices.multiplyFp16,
  addFp16: horowitz.prices.addFp16,
  registerBit: o.noRegister,
  accumulatorBits: o.accumulator32,
  softmaxElement: o.softmaxElement,
  layerNormElement: o.layerNormElement,
  geluElement: o.geluElement,
  sramRead: cacti.prices.read32k,
  sramExponent: cacti.prices.exponent,
  sramWriteFactor: cacti.prices.writeFactor,
  weightBuffer: o.weightBuffer,
  activationBuffer: o.activationBuffer,
  partialSumBuffer: o.partialSumBuffer,
  spikeBuffer: o.spikeBuffer,
  dramBit: dram.prices.mobile,
  annWeightsOnChip: o.yes,
  snnWeightsOnChip: o.yes,
  arrayRows: o.array,
  arrayColumns: o.array,
  activationTraffic: o.one,
  partialSumTraffic: o.one,
  weightTraffic: o.one,
  rows: paper.prices.rows,
  columns: paper.prices.columns,
  adcBits: paper.prices.adcBits,
  flashConverter: o.no,
  conversion5: neurosim.prices.conversion5,
  periphery: neurosim.prices.periphery,
  accumulation: neurosim.prices.accumulation,
  interconnect: neurosim.prices.interconnect,
  buffer: neurosim.prices.buffer,
  conversionsPerSum: o.differential,
  columnsPerConverter: paper.prices.columnsPerConverter,
  cellRead: o.cellRead,
  lineDrive: o.lineDrive,
  residualInputBits: o.oneBit,
  skipSilentBlocks: o.no,
  hybridInputBits: xformer.prices.inputBits,
  hybridWeightBits: xformer.prices.weightBits,
  hybridCellBits: xformer.prices.cellBits,
  hybridAdcBits: xformer.prices.adcBits,
  hybridConversionFactor: o.one,
  lifUpdate: gates.prices.lifUpdate,
  sacOperation: ssaPaper.prices.sacOperation,
  randomNumber: gates.prices.randomNumber,
  randomSharing: o.one,
  attentionTraffic: o.none,
  residualTrafficBits: o.noBits,
  accumulateBits: o.accumulate16,
  snnRegisterBit: o.noRegister,
  bundle: o.bundleAll,
  membraneTraffic: o.no,
  addressBits: o.noBits,
  snnAccumulateFactor: o.one,
  analogStaticShare: o.none,
  digitalStaticShare: o.none,
  settleTime: o.settleTime,
  conversionTime: neurosim.prices.conversionTime,
  ssaClock: paper.prices.ssaClock,
  ssaTiles: o.ssaTiles,
  annClock: swifttron.prices.clock,
  annUnits: swifttron.prices.units,
  annUtilisation: swifttron.prices.utilisation,
  globalMovement: o.noTime,
  gpuEfficiency: gpuAnchors.prices.efficiency,
  gpuPower: gpuAnchors.prices.power,
  gpuLaunch: gpuAnchors.prices.launch,
  crossbarArea: neurosim.prices.crossbarArea,
  sacArea: gates.prices.sacArea,
  lifArea: gates.prices.lifArea,
  macArea: gates.prices.macArea,
  sramArea: cacti.prices.area,
};

export const COST_PRESETS: readonly CostPreset[] = [
  {
    name: "bottom-up",
    description: "one consistent 45 nm set of published prices, equal T",
    node: 45,
    steps: "equal",
    prices: BOTTOM_UP,
  },
  {
    name: "op-only",
    description: "bottom-up with the thinner conventions: 8-bit sums, so 0.23 pJ per MAC and 0.03 pJ per accumulation",
    node: 45,
    steps: "equal",
    prices: { ...BOTTOM_UP, accumulatorBits: o.accumulator8, accumulateBits: o.accumulate8 },
  },
  {
    name: "v1-baselines",
    description:
      "the weaker baselines that explain the first preprint: ANN weights from DRAM, SNN weights fetched often",
    node: 45,
    steps: "equal",
    prices: { ...BOTTOM_UP, annWeightsOnChip: o.no, dramBit: dram.prices.v1, bundle: o.bundle50 },
  },
  {
    name: "xformer-adc",
    description: "bottom-up with the conversion that reproduces X-Former's published efficiency",
    node: 45,
    steps: "equal",
    prices: { ...BOTTOM_UP, conversion5: xformer.prices.conversion5 },
  },
  {
    name: "survey-adc",
    description: "bottom-up with a converter from the survey, and both lines of a pair converted",
    node: 45,
    steps: "equal",
    prices: {
      ...BOTTOM_UP,
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
      ...BOTTOM_UP,
      rows: o.hermesCrossbar,
      columns: o.hermesCrossbar,
      adcBits: o.hermesBits,
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
  const nearest = suggest(name, names);
  throw new CostError(
    "preset",
    `There is no cost preset "${name}". Known: ${names.join(", ")}.${nearest ? ` Did you mean ${nearest}?` : ""}`,
  );
}
