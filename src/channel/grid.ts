/**
 * The grid of a slot: OFDM symbols times subcarriers, and which of its elements carry pilots.
 *
 * In the pilot symbols, transmit antenna a has its pilots on subcarriers a, a + comb, a + 2 comb, ..., where the others are silent: pilots
 * of different antennas are orthogonal. Offsets that no antenna uses carry data, as do all other symbols. The comb must have room for
 * all antennas; codes over several pilots (CDM groups of TS 38.211) are left out.
 *
 * Pilots and the cyclic prefix are overhead: they cost energy and time, but carry no information.
 */
import { ValueError } from "../errors.ts";
import type { ChannelSpec } from "../experiment/channel.ts";
import { fromDecibels } from "../numeric/exponential.ts";

export type GridSpec = Pick<ChannelSpec, "subcarriers" | "spacingKilohertz" | "symbols" | "cyclicPrefix" | "pilots">;

export interface SlotGrid {
  readonly symbols: number;
  readonly subcarriers: number;
  readonly transmitAntennas: number;
  readonly receiveAntennas: number;
  /** Hz. */
  readonly spacing: number;
  /** Seconds of cyclic prefix before each symbol. */
  readonly prefix: number;
  /** Middle of each symbol without its prefix, seconds after the start of the slot, `[symbols]`. */
  readonly times: Float64Array;
  /** OFDM symbols with pilots. */
  readonly pilotSymbols: readonly number[];
  readonly comb: number;
  /** Power of a pilot; a data symbol has 1. */
  readonly pilotPower: number;
  /** Elements with a pilot of each transmit antenna. An element's number is symbol times subcarriers plus subcarrier. */
  readonly pilots: readonly Int32Array[];
  /** Elements with data, in ascending order. */
  readonly data: Int32Array;
}

/**
 * The grid of a spec between so many antennas.
 * Throws  ValueError when the comb has no room for all transmit antennas
 */
export function gridOf(spec: GridSpec, transmitAntennas: number, receiveAntennas: number): SlotGrid {
  const { symbols, subcarriers, pilots } = spec;
  if (pilots.comb < transmitAntennas || subcarriers < transmitAntennas) {
    throw new ValueError(
      "channel.pilots.comb",
      `A comb of ${pilots.comb} over ${subcarriers} subcarriers keeps the pilots of ${Math.min(pilots.comb, subcarriers)} antennas apart, but there are ${transmitAntennas} transmit antennas. ` +
        `Set the comb to ${transmitAntennas} or more.`,
    );
  }
  const spacing = spec.spacingKilohertz * 1000;
  const prefix = spec.cyclicPrefix / spacing;
  const hasPilots = new Set(pilots.symbols);
  const places: number[][] = Array.from({ length: transmitAntennas }, () => []);
  const data: number[] = [];
  for (let element = 0; element < symbols * subcarriers; element++) {
    const offset = (element % subcarriers) % pilots.comb;
    const isPilot = hasPilots.has(Math.floor(element / subcarriers)) && offset < transmitAntennas;
    (isPilot ? places[offset] : data).push(element);
  }
  return {
    symbols,
    subcarriers,
    transmitAntennas,
    receiveAntennas,
    spacing,
    prefix,
    times: Float64Array.from({ length: symbols }, (_, i) => (i + 1) * prefix + (i + 0.5) / spacing),
    pilotSymbols: pilots.symbols,
    comb: pilots.comb,
    pilotPower: fromDecibels(pilots.boostDecibels),
    pilots: places.map((elements) => Int32Array.from(elements)),
    data: Int32Array.from(data),
  };
}

/** What a slot costs and carries. */
export interface SlotRates {
  /** Seconds. */
  readonly duration: number;
  /** Coded bits over all antennas. */
  readonly codedBits: number;
  readonly informationBits: number;
  /** Information bits per second and hertz. */
  readonly spectralEfficiency: number;
  /** Share of elements with pilots. */
  readonly pilotOverhead: number;
  /** Share of time in cyclic prefixes. */
  readonly prefixOverhead: number;
}

/** Rates at so many bits per antenna's symbol and a code of this rate (1: uncoded). */
export function slotRates(grid: SlotGrid, bitsPerSymbol: number, codeRate: number): SlotRates {
  const elements = grid.symbols * grid.subcarriers;
  const duration = grid.symbols * (1 / grid.spacing + grid.prefix);
  const codedBits = grid.data.length * grid.transmitAntennas * bitsPerSymbol;
  const informationBits = codedBits * codeRate;
  return {
    duration,
    codedBits,
    informationBits,
    spectralEfficiency: informationBits / (duration * grid.subcarriers * grid.spacing),
    pilotOverhead: (elements - grid.data.length) / elements,
    prefixOverhead: (grid.prefix * grid.spacing) / (1 + grid.prefix * grid.spacing),
  };
}

/**
 * Complex noise variance of an element at Eb/N0, per receive antenna. Eb is all energy of the slot, with pilots and prefixes, over its
 * information bits; a data symbol of one antenna has energy 1 without its prefix.
 */
export function noiseVarianceAt(ebN0Decibels: number, grid: SlotGrid, bitsPerSymbol: number, codeRate: number): number {
  const { informationBits } = slotRates(grid, bitsPerSymbol, codeRate);
  const pilots = grid.pilots.reduce((sum, { length }) => sum + length, 0);
  const energy = grid.data.length * grid.transmitAntennas + pilots * grid.pilotPower;
  return ((1 + grid.prefix * grid.spacing) * energy) / informationBits / fromDecibels(ebN0Decibels);
}
