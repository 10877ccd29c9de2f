/**
 * The price of a machine: every counted action at the price of its unit, every unit's area, and leakage.
 *
 *   conversions   converters and multiplexers per conversion; wires and buffers of the layer per local sum, because the two codes of
 *                 a pair are subtracted at the converters; wires by the size of the layer
 *   array         per pair that a spike reads; drivers per line raised
 *   digital       subtractions of codes, scalings, sums of row blocks, offsets: multipliers and adders of their widths; detecting
 *                 silent row blocks, if those are not converted
 *   feet          where comparators decide on columns: charges, leaks, decisions, resets (`feet.ts`)
 *   neurons       updates, and membranes stored in SRAM
 *   stream        additions, and the words read and written
 *   attention     ANDs with their counters, partial sums; FIFOs of V; random numbers; units with neurons as in `attention-units.ts`
 *   buffers       spikes read and written, in memories of the size that the schedule needs
 *                 (for stream and membranes a bank per column group)
 *   clock         every flip-flop that is written (`prices/logic.ts`), except those of FIFOs and control; in detail in `flip-flops.ts`
 *   control, wires, links, leakage, upkeep
 *
 * Floorplan: layers follow one another, with each block of the network in a square. The output of LIF units travels to the next
 * layer, as far as the side of that square; q, k, v and the output of attention travel to the SSA engine and back, half the
 * side of the chip. If the chip consists of several dies, a stream value and a spike of every feature pass from one to the
 * next.
 *
 * Left out: registers that hold their value, power gating, input and output.
 */
import { largestConductance } from "../hardware/crossbar.ts";
import { bitsFor } from "../hardware/ssa-parameters.ts";
import { trunkOf } from "../machine/network.ts";
import { attentionPrices, tileSizes } from "./attention-units.ts";
import { feetPrices } from "./feet.ts";
import { DRAW_BITS } from "./flip-flops.ts";
import type { BufferSize, Idle } from "./machine-work.ts";
import { neuronPrices } from "./neurons.ts";
import type { Technology } from "./parameters.ts";
import { converter, fullScaleOf } from "./prices/converter.ts";
import { type CrossbarSize, crossbar } from "./prices/crossbar.ts";
import { countDies } from "./prices/floorplan.ts";
import {
  adder,
  attentionCell,
  clockGate,
  controller,
  draw,
  fifoShift,
  lfsr,
  multiplier,
  register,
  shifter,
  zeroDetector,
} from "./prices/logic.ts";
import { sram } from "./prices/memory.ts";

export type EnergyPart =
  | ("conversions" | "array" | "drivers" | "digital" | "feet" | "neurons" | "stream")
  | ("attention" | "fifos" | "random" | "buffers")
  | ("clock" | "control" | "wires" | "links" | "leakage" | "upkeep");

export type AreaPart =
  | ("crossbars" | "scalers" | "adders" | "feet" | "neurons" | "residual")
  | ("attention" | "fifos" | "random" | "buffers" | "control");

export interface MachinePrice {
  /** Joules per inference. */
  readonly energy: Readonly<Record<EnergyPart, number>>;
  /** Square metres. */
  readonly area: Readonly<Record<AreaPart, number>>;
  /** Watts. */
  readonly leakage: number;
  readonly dies: number;
}

/** Converter bits if the experiment passes exact currents: those of Table II, as a default. */
const ANY_BITS = 5;
/** Bit width for which a LIF unit is priced. */
export const LIF_BITS = 16;

/** The units of a machine at their prices: all that an energy needs besides actions and time. */
export interface PricedUnits extends Pick<MachinePrice, "area" | "leakage" | "dies"> {
  readonly prices: Prices;
  /** Square metres. */
  readonly chip: number;
}

export function priceUnits(machine: Idle, technology: Technology): PricedUnits {
  const prices = unitPrices(machine, technology);
  const area = areaOf(machine, prices, technology);
  const chip = Object.values(area).reduce((sum, part) => sum + part, 0);
  return { prices, area, chip, dies: countDies(chip, technology), leakage: leakageOf(area, prices, technology) };
}

/** The unit prices shared by energy and area. */
function unitPrices(work: Idle, technology: Technology) {
  const { machine, hardware } = work;
  const { units, engines, layers } = machine;
  const { crossbars, converters, scalers, adders, residual } = units;
  const { scaling } = hardware.crossbar;
  const bits = converters.bits ?? ANY_BITS;
  const maxConductance = largestConductance(hardware.crossbar) * 1e-6;
  const size: CrossbarSize = {
    rows: crossbars.rows,
    columns: crossbars.columns,
    devices: crossbars.devices,
    bits,
    maxConductance,
    converters: converters.count / crossbars.count,
    trimBits: hardware.adc.trim?.bits ?? 0,
  };
  const fullScale = fullScaleOf({ rows: crossbars.rows, lines: hardware.adc.fullScale, maxConductance }, technology);
  // Unless a count is a power of two, random numbers are multiplied by it.
  const factorBits = (count: number) =>
    hardware.ssa.normaliser === "power-of-two" || Number.isInteger(Math.log2(count)) ? 0 : bitsFor(count);
  const codeBits = scalers.codeBits ?? ANY_BITS;
  return {
    size,
    fullScale,
    codeBits,
    conversion: converter({ bits, fullScale }, technology),
    feet: feetPrices({ feet: units.comparators, circuit: hardware.readOut.circuit, size }, technology),
    /** Detection of row blocks without spikes, if such blocks are not converted. */
    silence: zeroDetector({ rows: technology.skipSilentBlocks ? crossbars.rows : 0 }, technology),
    crossbar: crossbar(size, technology),
    difference: adder({ bits: codeBits }, technology),
    scaler: multiplier({ a: codeBits, b: scalers.factorBits }, technology),
    shifter: shifter({ bits: codeBits, width: units.lif.membraneBits, shifts: units.shifters.shifts }, technology),
    /** Threshold and shift of a column whose neuron takes codes. */
    threshold: register({ bits: units.lif.membraneBits + bitsFor(units.shifters.shifts) }, technology),
    /** Factors of scaling, and of drift compensation if each column has its own. */
    factors: register(
      { bits: scalers.factorBits * factorsOf(scaling, hardware.compensation.scope, crossbars.columns) },
      technology,
    ),
    sum: adder({ bits: adders.bits }, technology),
    residual: adder({ bits: residual.bits }, technology),
    /** Area of a cell's clock gate. */
    cellGate: hardware.clocking === "gated" ? clockGate(technology).area : 0,
    lfsr: lfsr(technology),
    engines: engines.map((engine) => {
      const tile = tileSizes(engine);
      return {
        ...{ engine, tile, ...attentionPrices(engine, machine.network, technology) },
        cell: attentionCell({ counterBits: tile.counterBits }, technology),
        fifo: fifoShift({ bits: tile.fifoBits }, technology),
        scoreDraw: draw({ bits: DRAW_BITS, factorBits: factorBits(engine.dimension) }, technology),
        outputDraw: draw({ bits: DRAW_BITS, factorBits: factorBits(engine.tokens) }, technology),
      };
    }),
    buffers: new Map(work.buffers.map((buffer) => [buffer.name, memoryPrice(buffer, work, technology)])),
    control: controller({ kinds: layers.length + engines.length }, technology),
  };
}

type Prices = ReturnType<typeof unitPrices>;

/** A memory: joules for reading and writing one word, area and leakage. */
function memoryPrice(
  { name, bits, total = bits, wordBits }: BufferSize,
  { machine, hardware }: Idle,
  technology: Technology,
) {
  const { network, layers, units, engines } = machine;
  const { columns } = units.crossbars;
  const neurons = Math.max(1, ...engines.map((engine) => ("outputNeurons" in engine ? engine.outputNeurons.units : 1)));
  const readoutUnits = Math.ceil(columns / hardware.adc.sharing);
  const banks = {
    qkv: 1,
    attention: 1,
    embedding: 1,
    logits: 1,
    spikes: layers.length,
    stream: Math.ceil(trunkOf(network.graph).features / columns),
    membranes: Math.ceil(units.adders.count / readoutUnits),
    states: Math.max(1, sum(engines.map((engine) => tileSizes(engine).tiles))),
  }[name];
  // The readout units of a column group, and the neurons of a tile, deliver one word each in the same clock.
  const together = name === "stream" || name === "membranes" ? readoutUnits : name === "states" ? neurons : 1;
  const { energy, write, area, leakage } = sram({ bytes: bits / 8, wordBits: together * wordBits, banks }, technology);
  const copies = bits === 0 ? 1 : total / bits;
  return {
    wordBits,
    energy: energy / together,
    write: write / together,
    area: copies * area,
    leakage: copies * leakage,
  };
}

const sum = (parts: readonly number[]): number => parts.reduce((all, part) => all + part, 0);

/** Numbers that a crossbar stores to scale its codes. */
function factorsOf(scaling: string, scope: string, columns: number): number {
  return scaling === "column" || scope === "column" ? columns : 1;
}

function areaOf(
  { machine: { units, network, mapping } }: Idle,
  prices: Prices,
  technology: Technology,
): Record<AreaPart, number> {
  const { crossbars, scalers, shifters, adders, lif, residual } = units;
  // A chip that is loaded in turns has both everywhere.
  const scaled = crossbars.count - (mapping.totals.loads > 1 ? 0 : shifters.crossbars);
  const unit = neuronPrices(network, technology).area * (lif.membraneBits / LIF_BITS);
  // A unit contains the registers of one neuron.
  const kept = lif.place === "registers" ? Math.max(0, lif.membranes - lif.count) * lif.stateWords : 0;
  let buffers = 0;
  for (const { area } of prices.buffers.values()) buffers += area;
  return {
    crossbars: crossbars.count * prices.crossbar.area,
    scalers:
      scalers.count * (prices.scaler.area + prices.difference.area) +
      (scaled - prices.feet.crossbars) * prices.factors.area +
      shifters.count * (prices.shifter.area + prices.difference.area) +
      shifters.crossbars * crossbars.columns * prices.threshold.area +
      crossbars.count * prices.silence.area,
    adders: adders.count * prices.sum.area,
    feet: prices.feet.area,
    neurons: lif.count * unit + kept * register({ bits: lif.membraneBits }, technology).area,
    residual: residual.count * prices.residual.area,
    attention: sum(
      prices.engines.map(({ engine, area, cell, scoreDraw }) =>
        engine.unit === "ssa-tile"
          ? engine.tiles * engine.cells * (cell.area + scoreDraw.area + prices.cellGate)
          : tileSizes(engine).tiles * area,
      ),
    ),
    fifos: sum(prices.engines.map(({ tile, fifo }) => tile.tiles * tile.fifos * fifo.area)),
    random: sum(
      prices.engines.map(({ engine, outputDraw }) =>
        engine.unit === "ssa-tile"
          ? engine.registers * prices.lfsr.area + engine.tiles * engine.feet * outputDraw.area
          : 0,
      ),
    ),
    buffers,
    control: prices.control.area,
  };
}

function leakageOf(
  area: Record<AreaPart, number>,
  prices: Prices,
  { logicLeakage, analogLeakage }: Technology,
): number {
  let watts = (area.crossbars + area.feet) * analogLeakage;
  for (const { leakage } of prices.buffers.values()) watts += leakage;
  for (const part of Object.keys(area) as AreaPart[]) {
    if (part !== "crossbars" && part !== "feet" && part !== "buffers") watts += area[part] * logicLeakage;
  }
  return watts;
}
