/**
 * The energy of a machine's work, item by item: `machine-price.ts` lists what each part pays for, and has the prices of its units.
 *
 *   energy of a part = sum over its items of count * price
 */
import type { ActionTally } from "../hardware/actions.ts";
import { calibrationReads } from "../hardware/compensation.ts";
import type { MachineUnits } from "../machine/machine.ts";
import { blocksIn, trunkOf } from "../machine/network.ts";
import { sumOver } from "./attention-units.ts";
import { feetEnergy } from "./feet.ts";
import { flipFlopsOf, gatesOf, idleCounters } from "./flip-flops.ts";
import { type EnergyPart, LIF_BITS, type MachinePrice, type PricedUnits, priceUnits } from "./machine-price.ts";
import { trafficOf, wiresBetween, wiresInLayers } from "./machine-wires.ts";
import { actionsOf, type BufferSize, type MachineSizes, type MachineWork } from "./machine-work.ts";
import { neuronPrices } from "./neurons.ts";
import type { Technology } from "./parameters.ts";
import { calibration, lineDrive, programming } from "./prices/crossbar.ts";
import { dieLink } from "./prices/floorplan.ts";
import { clockGate, register } from "./prices/logic.ts";
import { dram } from "./prices/memory.ts";
import { upkeep } from "./prices/upkeep.ts";

export function priceMachine(work: MachineWork, technology: Technology): MachinePrice {
  const units = priceUnits(work, technology);
  const { area, leakage, dies } = units;
  return { energy: energyOf(work, units, technology), area, leakage, dies };
}

/** Actions of one kind that a part of the machine pays for, or all that it pays for in an inference, with a count of 1. */
export interface EnergyItem {
  readonly part: EnergyPart;
  readonly what: string;
  readonly count: number;
  /** Of the count. */
  readonly unit: "1" | "s";
  /** Joules: the count times the price of one, or its mean where units of several sizes act. */
  readonly energy: number;
}

/** Joules of the work at the prices of its machine's units. */
export function energyOf(
  work: MachineWork,
  units: PricedUnits,
  technology: Technology,
): Readonly<Record<EnergyPart, number>> {
  const energy = { ...NOTHING };
  for (const item of energyItems(work, units, technology)) energy[item.part] += item.energy;
  return energy;
}

const NOTHING: Readonly<Record<EnergyPart, number>> = {
  conversions: 0,
  array: 0,
  drivers: 0,
  digital: 0,
  feet: 0,
  neurons: 0,
  stream: 0,
  attention: 0,
  fifos: 0,
  random: 0,
  buffers: 0,
  clock: 0,
  control: 0,
  wires: 0,
  links: 0,
  leakage: 0,
  upkeep: 0,
};

/** The same, item by item: the energy of a part is the sum of its items, in this order. */
export function energyItems(
  work: MachineWork,
  { prices, chip, dies, leakage }: PricedUnits,
  technology: Technology,
): EnergyItem[] {
  const { machine, time } = work;
  const { units, network, mapping } = machine;
  const { crossbars, lif, residual } = units;
  const total = actionsOf(work);
  const attended = prices.engines.map((priced) => ({ ...priced, total: actionsOf(work, priced.engine) }));
  const { periphery, buffer } = technology;
  const bits = trafficOf(work);
  const perBit = (name: BufferSize["name"], which: "energy" | "write") => {
    const memory = prices.buffers.get(name);
    return memory ? memory[which] / memory.wordBits : 0;
  };
  const word = (name: BufferSize["name"], which: "energy" | "write") => prices.buffers.get(name)?.[which] ?? 0;
  const { shifts, ownOffsets } = takenCodes(work);
  const { hardware } = work;
  const flipFlops = flipFlopsOf(work, prices.codeBits, total, bits, attended, ownOffsets);
  const written = Object.values(flipFlops).reduce((sum, bits) => sum + bits, 0) - idleCounters(work, attended);
  const block = Math.sqrt(chip / blocksIn(network.graph));
  const engine = Math.sqrt(chip) / 2;
  const trunk = trunkOf(network.graph);
  const crossing = (dies - 1) * trunk.rows * network.steps * trunk.features * (1 + residual.bits);
  const items: EnergyItem[] = [];
  const times = (part: EnergyPart, what: string, count: number, price: number) =>
    items.push({ part, what, count, unit: "1", energy: count * price });
  const whole = (part: EnergyPart, what: string, energy: number, count = 1) =>
    items.push({ part, what, count, unit: "1", energy });
  /** Of several engines, each at the prices of its own sizes. */
  const ofEach = (
    part: EnergyPart,
    what: string,
    countOf: (total: ActionTally) => number,
    priceOf: (engine: Attended) => number,
  ) => {
    const energy = attended.reduce((sum, engine) => sum + countOf(engine.total) * priceOf(engine), 0);
    whole(part, what, energy, countOf(total));
  };
  const sums = total.conversions - total.subtractions;
  times("conversions", "conversions", total.conversions, prices.conversion.energy + periphery);
  times("conversions", "codes in the output buffer", sums, buffer);
  whole("conversions", "local sums along the wires of their layer", wiresInLayers(work, prices, technology), sums);
  times("array", "pairs of devices read by a spike", total.cellReads, prices.crossbar.energy);
  times("drivers", "lines raised", total.lineDrives, lineDrive(crossbars, technology));
  times("digital", "subtractions of a pair's codes", total.subtractions, prices.difference.energy);
  times("digital", "codes multiplied by their factor", total.scalings, prices.scaler.energy);
  times("digital", "codes shifted", shifts, prices.shifter.energy);
  times("digital", "additions of sums and offsets", total.accumulations + total.offsetAdditions, prices.sum.energy);
  times("digital", "checks for silent blocks", bits.linearRead / crossbars.rows, prices.silence.energy);
  whole("feet", "charges, decisions and resets", feetEnergy(work.operations, prices.feet));
  const update = (total.lifUpdates * neuronPrices(network, technology).logic * lif.membraneBits) / LIF_BITS;
  whole("neurons", "updates of membranes", update, total.lifUpdates);
  times("neurons", "membranes read from memory", total.membraneReads, word("membranes", "energy"));
  times("neurons", "membranes written to memory", total.membraneWrites, word("membranes", "write"));
  times("stream", "additions to the residual stream", total.residualAdditions, prices.residual.energy);
  times("stream", "words of the stream read", total.streamReads, word("stream", "energy"));
  times("stream", "words of the stream written", total.streamWrites, word("stream", "write"));
  const ands = ({ scoreAnds, valueAnds }: ActionTally) => scoreAnds + valueAnds;
  ofEach("attention", "ANDs of cells, counted", ands, ({ cell }) => cell.energy);
  times("attention", "partial sums of tiles", total.partialSums, prices.sum.energy);
  const firing = attended.reduce((sum, { energy, total }) => sum + sumOver(energy, total), 0);
  whole("attention", "actions of units with neurons", firing);
  times("attention", "states read from memory", total.stateReads, word("states", "energy"));
  times("attention", "states written to memory", total.stateWrites, word("states", "write"));
  ofEach(
    "fifos",
    "shifts of a FIFO",
    (of) => of.fifoShifts,
    ({ fifo }) => fifo.energy,
  );
  const [scores, outputs] = ["comparisons of scores with random numbers", "comparisons of outputs with random numbers"];
  ofEach(
    "random",
    scores,
    (of) => of.scoreComparisons,
    ({ scoreDraw }) => scoreDraw.energy,
  );
  ofEach(
    "random",
    outputs,
    (of) => of.outputComparisons,
    ({ outputDraw }) => outputDraw.energy,
  );
  times("random", "shifts of a feedback register", total.lfsrShifts, prices.lfsr.energy);
  times("buffers", "bits of spikes read", bits.linearRead, perBit("spikes", "energy"));
  times("buffers", "bits of spikes written", bits.linearWritten, perBit("spikes", "write"));
  times("buffers", "bits of q, k and v read", bits.engineRead, perBit("qkv", "energy"));
  times("buffers", "bits of attention written", bits.engineWritten, perBit("attention", "write"));
  whole("clock", "flip-flops written", register({ bits: written }, technology).energy, written);
  whole("clock", "clock gates", gatesOf(work, total, technology));
  whole("control", "control", controlOf(work, prices, technology));
  whole("wires", "spikes between units", wiresBetween(bits, hardware, block, engine, technology), bits.linearWritten);
  whole("links", "bits between dies", dieLink({ bits: crossing }, technology).energy, crossing);
  items.push({ part: "leakage", what: "time between inferences", count: time, unit: "s", energy: leakage * time });
  whole("upkeep", "programming and calibration", upkeepOf(work, prices, technology));
  whole("upkeep", "loads of weights", loadsOf(mapping.totals, crossbars, technology));
  return items;
}

/** An engine with its prices and its actions. */
type Attended = PricedUnits["prices"]["engines"][number] & { readonly total: ActionTally };

/** Joules of control: at every clock or, behind a gate for each kind of unit, while its unit works; engines' always. */
function controlOf(
  { machine, hardware, time }: MachineWork,
  { control }: PricedUnits["prices"],
  technology: Technology,
): number {
  const clocks = time * technology.ssaClock;
  if (hardware.clocking === "written") return control.energy * time * technology.ssaClock;
  const { layers, engines, network } = machine;
  const kinds = layers.length + engines.length;
  const busy = layers.map(({ clocks: each, tokens, everyStep }) =>
    Math.min(clocks, each * tokens.length * (everyStep ? network.steps : 1)),
  );
  const open = busy.reduce((sum, one) => sum + one, engines.length * clocks);
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

function upkeepOf(
  { machine, hardware, time }: MachineWork,
  prices: PricedUnits["prices"],
  technology: Technology,
): number {
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
