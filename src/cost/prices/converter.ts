/**
 * The price of a converter from its bits and its full scale.
 *
 *   SAR      one cycle per bit plus one; a cycle's energy has a part that grows slightly with the bits and a part proportional to
 *            the current of the column, hence to the full scale r:
 *              E = E_5 (b + 1) / 6 ((1 - l) (1 + s (b - 5)) + l r)
 *   flash    energy and area double with every bit, one cycle
 *   survey   E_5 times the cost of bits and rate in converter surveys, relative to 5 bits; the current as above
 *
 * The circuit model behind SAR was run up to 8 bits; beyond, energy grows as in the survey, where noise dominates. Area of a
 * SAR converter: logic per bit, and capacitors that double per bit (`shafiee-isca-2016`).
 *
 * Source   E_5, l and s are prices: `conversion5`, `conversionLoad`, `conversionBitShare`
 */
import { conversionTime } from "../../hardware/timing.ts";
import type { Technology } from "../parameters.ts";
import { surveyConverter } from "../sources/andrulis-arxiv-2024.ts";
import { isaac } from "../sources/shafiee-isca-2016.ts";
import { conversionEnergy } from "../unit-energies.ts";
import { analogTimes } from "./clocks.ts";
import type { UnitPrice } from "./unit-price.ts";

export interface ConverterSize {
  /** Bits of a code, sign included. */
  readonly bits: number;
  /** Full scale relative to the crossbar that `conversion5` is priced for: see `fullScaleOf`; default 1. */
  readonly fullScale?: number;
}

/** Siemens at full scale of the crossbar that a conversion is priced for: 128 devices of 100 kOhm. */
const REFERENCE_FULL_SCALE = 128 * 10e-6;
/** Largest conductance of a device for which reading a pair is priced (`assumptions.cellRead`), siemens. */
export const REFERENCE_CONDUCTANCE = 25e-6;

/**
 * Full scale of a crossbar's converters relative to the reference.
 *
 * @param lines  full scale as a number of lines at the largest conductance; null: calibrated, so it grows with the rows and the
 * devices
 * @param maxConductance  siemens
 */
export function fullScaleOf(
  {
    rows,
    lines,
    maxConductance,
  }: { readonly rows: number; readonly lines: number | null; readonly maxConductance: number },
  { referenceRows }: Technology,
): number {
  if (lines !== null) return (lines * maxConductance) / REFERENCE_FULL_SCALE;
  return ((rows / referenceRows) * maxConductance) / REFERENCE_CONDUCTANCE;
}

/** Largest number of bits of the circuit model, and smallest number covered by the survey. */
const SIMULATED_BITS = 8;
const FEWEST_SURVEYED = 4;

/** Energy and time per conversion, area of one converter. */
export function converter({ bits, fullScale = 1 }: ConverterSize, technology: Technology): UnitPrice {
  const { conversion5, converterArea, analogLeakage, structure } = technology;
  const time = conversionTime({ bits }, analogTimes(technology));
  // One price for everything: the area of the converters is included in that of their crossbar.
  if (structure === 0) {
    return { energy: conversionEnergy(technology, bits), time, area: 0, leakage: 0 };
  }
  const energy = conversion5 * relativeEnergy(bits, fullScale, technology);
  const area = converterArea * relativeArea(bits, technology);
  return { energy, time, area, leakage: area * analogLeakage };
}

/**
 * Trimming a converter's offset: the capacitors of a converter with this many bits, and a register. It does not switch, so it
 * adds no energy except leakage, which follows its area.
 */
export function trim({ bits }: Pick<ConverterSize, "bits">, technology: Technology): Pick<UnitPrice, "area"> {
  if (bits === 0) return { area: 0 };
  const capacitors = (isaac.prices.areaPerStep.value * 2 ** bits) / capacitorArea(5);
  return { area: technology.converterArea * capacitors + bits * technology.registerArea };
}

/** Energy relative to 5 bits at the reference full scale. */
function relativeEnergy(bits: number, fullScale: number, technology: Technology): number {
  const { conversionLoad: load, conversionBitShare: share, flashConverter } = technology;
  const cycles = (bits + 1) / 6;
  const current = load * fullScale * (flashConverter ? 1 : cycles);
  if (flashConverter) return (1 - load) * 2 ** (bits - 5) + current;
  if (technology.surveyConverter)
    return ((1 - load) * surveyed(bits, technology).energy) / surveyed(5, technology).energy + current;
  const simulated = Math.min(bits, SIMULATED_BITS);
  const beyond =
    surveyed(Math.max(bits, SIMULATED_BITS), technology).energy / surveyed(SIMULATED_BITS, technology).energy;
  return (1 - load) * ((simulated + 1) / 6) * (1 + share * (simulated - 5)) * beyond + current;
}

function relativeArea(bits: number, technology: Technology): number {
  if (technology.flashConverter) return 2 ** (bits - 5);
  if (technology.surveyConverter) return surveyed(bits, technology).area / surveyed(5, technology).area;
  return capacitorArea(bits) / capacitorArea(5);
}

/** At 45 nm: only ratios are used, and prices are scaled to a node beforehand. */
const surveyed = (bits: number, { conversionTime }: Technology) =>
  surveyConverter({ bits: Math.max(bits, FEWEST_SURVEYED), rate: 1 / conversionTime, node: 45 });

const capacitorArea = (bits: number): number =>
  isaac.prices.areaPerBit.value * bits + isaac.prices.areaPerStep.value * 2 ** bits;
