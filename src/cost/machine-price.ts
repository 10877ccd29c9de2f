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
import { type ActionCounts, type ActionTally, emptyTally } from "../hardware/actions.ts";
import { calibrationReads } from "../hardware/compensation.ts";
import { largestConductance } from "../hardware/crossbar.ts";
import { bitsFor } from "../hardware/ssa-parameters.ts";
import type { MachineUnits } from "../machine/machine.ts";
import { attentionPrices, sumOver, tileSizes } from "./attention-units.ts";
import { feetEnergy, feetPrices } from "./feet.ts";
import { DRAW_BITS, flipFlopsOf, gatesOf, idleCounters } from "./flip-flops.ts";
import { trafficOf, wiresBetween, wiresInLayers } from "./machine-wires.ts";
import type { BufferSize, Idle, MachineSizes, MachineWork } from "./machine-work.ts";
import { neuronPrices } from "./neurons.ts";
import type { Technology } from "./parameters.ts";
import { converter, fullScaleOf } from "./prices/converter.ts";
import { type CrossbarSize, calibration, crossbar, lineDrive, programming } from "./prices/crossbar.ts";
import { countDies, dieLink } from "./prices/floorplan.ts";
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
import { dram, sram } from "./prices/memory.ts";
import { upkeep } from "./prices/upkeep.ts";

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
const LIF_BITS = 16;

export function priceMachine(work: MachineWork, technology: Technology): MachinePrice {
  const units = priceUnits(work, technology);
  const { area, leakage, dies } = units;
  return { energy: energyOf(work, units, technology), area, leakage, dies };
}

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
  const { units, attention, shape, layers } = machine;
  const tile = tileSizes(attention);
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
    cell: attentionCell({ counterBits: tile.counterBits }, technology),
    /** Area of a cell's clock gate. */
    cellGate: hardware.clocking === "gated" ? clockGate(technology).area : 0,
    attention: attentionPrices(attention, shape, technology),
    fifo: fifoShift({ bits: tile.fifoBits }, technology),
    lfsr: lfsr(technology),
    scoreDraw: draw({ bits: DRAW_BITS, factorBits: factorBits(shape.width / shape.heads) }, technology),
    outputDraw: draw({ bits: DRAW_BITS, factorBits: factorBits(shape.tokens) }, technology),
    buffers: new Map(work.buffers.map((buffer) => [buffer.name, memoryPrice(buffer, work, technology)])),
    control: controller({ kinds: layers.length + 1 }, technology),
  };
}

type Prices = ReturnType<typeof unitPrices>;

/** A memory: joules for reading and writing one word, area and leakage. */
function memoryPrice(
  { name, bits, total = bits, wordBits }: BufferSize,
  { machine, hardware }: Idle,
  technology: Technology,
) {
  const { shape, layers, units, attention } = machine;
  const { columns } = units.crossbars;
  const neurons = attention.unit === "ssa-tile" || attention.unit === "none" ? 1 : attention.outputNeurons.units;
  const readoutUnits = Math.ceil(columns / hardware.adc.sharing);
  const banks = {
    qkv: 1,
    attention: 1,
    embedding: 1,
    logits: 1,
    spikes: layers.length,
    stream: Math.ceil(shape.width / columns),
    membranes: Math.ceil(units.adders.count / readoutUnits),
    states: Math.max(1, tileSizes(attention).tiles),
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

/** Numbers that a crossbar stores to scale its codes. */
function factorsOf(scaling: string, scope: string, columns: number): number {
  return scaling === "column" || scope === "column" ? columns : 1;
}

function areaOf(
  { machine: { units, attention, shape, mapping } }: Idle,
  prices: Prices,
  technology: Technology,
): Record<AreaPart, number> {
  const { crossbars, scalers, shifters, adders, lif, residual } = units;
  // A chip that is loaded in turns has both everywhere.
  const scaled = crossbars.count - (mapping.totals.loads > 1 ? 0 : shifters.crossbars);
  const unit = neuronPrices(shape, technology).area * (lif.membraneBits / LIF_BITS);
  // A unit contains the registers of one neuron.
  const kept = lif.place === "registers" ? Math.max(0, lif.membranes - lif.count) * lif.stateWords : 0;
  const tile = tileSizes(attention);
  const ssa = attention.unit === "ssa-tile" ? attention : null;
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
    attention: ssa
      ? ssa.tiles * ssa.cells * (prices.cell.area + prices.scoreDraw.area + prices.cellGate)
      : tile.tiles * prices.attention.area,
    fifos: tile.tiles * tile.fifos * prices.fifo.area,
    random: ssa ? ssa.registers * prices.lfsr.area + ssa.tiles * ssa.feet * prices.outputDraw.area : 0,
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

/** Joules of the work at the prices of its machine's units. */
export function energyOf(
  work: MachineWork,
  { prices, chip, dies, leakage }: PricedUnits,
  technology: Technology,
): Record<EnergyPart, number> {
  const { machine, time } = work;
  const { units, shape, mapping } = machine;
  const { crossbars, lif, residual } = units;
  const total = sumActions(work);
  const { periphery, buffer } = technology;
  const ands = total.scoreAnds + total.valueAnds;
  const bits = trafficOf(work);
  const perBit = (name: BufferSize["name"], which: "energy" | "write") => {
    const memory = prices.buffers.get(name);
    return memory ? memory[which] / memory.wordBits : 0;
  };
  const word = (name: BufferSize["name"], which: "energy" | "write") => prices.buffers.get(name)?.[which] ?? 0;
  const { shifts, ownOffsets } = takenCodes(work);
  const { hardware } = work;
  const flipFlops = flipFlopsOf(work, prices.codeBits, total, bits, prices.attention.written, ownOffsets);
  const written = Object.values(flipFlops).reduce((sum, bits) => sum + bits, 0);
  const block = Math.sqrt(chip / Math.max(1, shape.depth));
  const engine = Math.sqrt(chip) / 2;
  const crossing = (dies - 1) * shape.tokens * shape.steps * shape.width * (1 + residual.bits);
  return {
    conversions:
      total.conversions * (prices.conversion.energy + periphery) +
      (total.conversions - total.subtractions) * buffer +
      wiresInLayers(work, prices, technology),
    array: total.cellReads * prices.crossbar.energy,
    drivers: total.lineDrives * lineDrive(crossbars, technology),
    digital:
      total.subtractions * prices.difference.energy +
      total.scalings * prices.scaler.energy +
      shifts * prices.shifter.energy +
      (total.accumulations + total.offsetAdditions) * prices.sum.energy +
      (bits.linearRead / crossbars.rows) * prices.silence.energy,
    feet: feetEnergy(work.operations, prices.feet),
    neurons:
      (total.lifUpdates * neuronPrices(shape, technology).logic * lif.membraneBits) / LIF_BITS +
      total.membraneReads * word("membranes", "energy") +
      total.membraneWrites * word("membranes", "write"),
    stream:
      total.residualAdditions * prices.residual.energy +
      total.streamReads * word("stream", "energy") +
      total.streamWrites * word("stream", "write"),
    attention:
      ands * prices.cell.energy +
      total.partialSums * prices.sum.energy +
      sumOver(prices.attention.energy, total) +
      total.stateReads * word("states", "energy") +
      total.stateWrites * word("states", "write"),
    fifos: total.fifoShifts * prices.fifo.energy,
    random:
      total.scoreComparisons * prices.scoreDraw.energy +
      total.outputComparisons * prices.outputDraw.energy +
      total.lfsrShifts * prices.lfsr.energy,
    buffers:
      bits.linearRead * perBit("spikes", "energy") +
      bits.linearWritten * perBit("spikes", "write") +
      bits.engineRead * perBit("qkv", "energy") +
      bits.engineWritten * perBit("attention", "write"),
    clock:
      register({ bits: written - idleCounters(work, total) }, technology).energy + gatesOf(work, total, technology),
    control: controlOf(work, prices, technology),
    wires: wiresBetween(bits, hardware, block, engine, technology),
    links: dieLink({ bits: crossing }, technology).energy,
    leakage: leakage * time,
    upkeep: upkeepOf(work, prices, technology) + loadsOf(mapping.totals, crossbars, technology),
  };
}

function sumActions({ operations }: MachineWork): ActionTally {
  const sum = emptyTally();
  for (const { actions, repeat = 1 } of operations) {
    for (const action of Object.keys(actions) as (keyof ActionCounts)[]) {
      sum[action] += repeat * actions[action];
    }
  }
  return sum;
}

/** Joules of control: at every clock or, behind a gate for each kind of unit, while its unit works; attention's always. */
function controlOf({ machine, hardware, time }: MachineWork, { control }: Prices, technology: Technology): number {
  const clocks = time * technology.ssaClock;
  if (hardware.clocking === "written") return control.energy * time * technology.ssaClock;
  const { layers, shape } = machine;
  const kinds = layers.length + 1;
  const busy = layers.map(({ clocks: each, tokens, everyStep }) =>
    Math.min(clocks, each * tokens.length * (everyStep ? shape.steps : 1)),
  );
  const open = busy.reduce((sum, one) => sum + one, clocks);
  return (control.energy / kinds) * open + kinds * clocks * clockGate(technology).energy;
}

/** Codes that neurons take as they are, and the offsets that those neurons add. */
function takenCodes({ operations, machine: { layers } }: MachineWork): { shifts: number; ownOffsets: number } {
  const taken = new Set(layers.filter((layer) => layer.takesCodes).map(({ name }) => name));
  const sum = { shifts: 0, ownOffsets: 0 };
  for (const { name, kind, actions, repeat = 1 } of operations) {
    if (kind === "neurons") sum.ownOffsets += repeat * actions.offsetAdditions;
    else if (taken.has(name ?? "")) sum.shifts += repeat * (actions.conversions - actions.subtractions);
  }
  return sum;
}

function upkeepOf({ machine, hardware, time }: MachineWork, prices: Prices, technology: Technology): number {
  const { calibration: by, compensation, adc } = hardware;
  const { crossbars, converters } = machine.units;
  const { size, fullScale } = prices;
  const { atFirst, drivenAtFirst, each, drivenEach } = calibrationReads(hardware, size.rows);
  const conversionsPerSum = adc.mode === "pair" ? 2 : 1;
  const { feet } = prices;
  const reading = (vectors: number, driven: number) =>
    (crossbars.count - feet.crossbars) *
    calibration({ ...size, vectors, driven, conversionsPerSum, fullScale }, technology);
  // Columns without converters are searched; they have no range to set at first.
  const searched = calibrationReads(hardware, size.rows, false);
  const searching = (vectors: number, driven: number) =>
    feet.crossbars *
    (calibration({ ...size, vectors, driven, conversionsPerSum: 0 }, technology) + vectors * feet.search);
  const trimming =
    (adc.trim?.reads ?? 0) * converters.count * (prices.conversion.energy + technology.periphery) + feet.trimming;
  const devices = programming({ pairs: machine.mapping.totals.cells, devices: crossbars.devices }, technology);
  // The reference of exact currents is left out: an instrument reads it, once.
  const atStart = () => reading(atFirst, drivenAtFirst) + searching(searched.atFirst, searched.drivenAtFirst);
  const first = (by === "codes" ? atStart() : 0) + trimming;
  const { schedule, scope } = compensation;
  const again = () => reading(each, drivenEach) + searching(searched.each, searched.drivenEach) + trimming;
  const later = scope === "none" ? 0 : again();
  return upkeep({ programming: devices + first, calibration: later, schedule, interval: time }, technology);
}

/** A chip that is loaded several times per inference fetches all its weights and programs all its devices each time. */
function loadsOf(
  { cells, loads }: MachineSizes["mapping"]["totals"],
  { devices }: MachineUnits["crossbars"],
  technology: Technology,
): number {
  if (loads === 1) return 0;
  return programming({ pairs: cells, devices }, technology) + dram({ bits: WEIGHT_BITS * cells }, technology).energy;
}

/** A pair of 4-bit devices has a sign and 4 bits. */
const WEIGHT_BITS = 5;
