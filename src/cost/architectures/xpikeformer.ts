/**
 * Xpikeformer: counted actions times prices. If a technology prices the whole machine, `machine-price.ts` is used; otherwise
 * only the actions that published comparisons count:
 *
 *   adc, periphery, accumulation, interconnect, buffers   per conversion
 *   array        per pair of devices read by a spike
 *   drivers      per line raised, two segments of 128 devices for 128 pairs
 *   scaling      scaling a local sum to the layer's unit: an 8-bit multiplication; and offsets, a 16-bit addition
 *   lif          per update; where comparators decide on columns, their decisions, switches and periphery, without the capacitors' charge
 *   ssaCells     the energy of an 8-bit addition per AND of a cell: counter and its share of the column adder
 *                units with neurons: 8-bit counters, 16-bit sums, gates; their neurons are in `lif`
 *   ssaRandom    per random number, including its comparison
 *   spikeBuffer  bits read and written at the crossbars, and the share of the tiles' bits that passes through the buffer
 *   residual     an addition each, with its reads and writes of the stream
 *
 * Included in another price, hence not listed: subtractions and accumulations (in `accumulation`), counter increments,
 * column additions, partial sums and FIFO shifts (in `ssaCells`), comparisons and LFSR shifts (in `ssaRandom`).
 */
import type { Action, ActionCounts } from "../../hardware/actions.ts";
import { countActions, type OperationCounts } from "../../machine/counts.ts";
import type { NetworkShape } from "../../machine/shape.ts";
import { areaOfUnits, type OwnArea } from "../area.ts";
import { coreFor } from "../hardware.ts";
import type { MachinePrice } from "../machine-price.ts";
import { neuronPrices } from "../neurons.ts";
import type { Technology } from "../parameters.ts";
import { type PlannedMachine, type Planner, planMachine, priceUnitsOf } from "../planned.ts";
import { addInputs, addStatic, type Breakdown, conversionEnergy, sramByte, totalOf } from "../unit-energies.ts";
import type { Workload } from "../workload.ts";

/** An operation's actions for pricing; `repeat` equal operations, default one. A layer's wires are priced by its name. */
export interface PricedOperation {
  readonly name?: string;
  readonly kind: "linear" | "neurons" | "attention" | "residual";
  readonly actions: ActionCounts;
  readonly repeat?: number;
}

export type XpikeformerComponent =
  | "adc"
  | "periphery"
  | "accumulation"
  | "interconnect"
  | "buffers"
  | "array"
  | "drivers"
  | "scaling"
  | "lif"
  | "ssaCells"
  | "ssaRandom"
  | "spikeBuffer"
  | "residual";

/** Which component pays for an action; every action of the simulator is in here. */
export const PAID_BY: Readonly<Record<Action, readonly XpikeformerComponent[]>> = {
  lineDrives: ["drivers"],
  cellReads: ["array"],
  conversions: ["adc", "periphery", "accumulation", "interconnect", "buffers"],
  subtractions: ["accumulation"],
  scalings: ["scaling"],
  accumulations: ["accumulation"],
  offsetAdditions: ["scaling"],
  residualAdditions: ["residual"],
  streamReads: ["residual"],
  streamWrites: ["residual"],
  chargeTransfers: ["lif"],
  chargeSharings: ["lif"],
  decisions: ["lif"],
  membraneResets: ["lif"],
  lifUpdates: ["lif"],
  membraneReads: ["lif"],
  membraneWrites: ["lif"],
  bitsRead: ["spikeBuffer"],
  bitsWritten: ["spikeBuffer"],
  bitsSent: ["spikeBuffer"],
  scoreAnds: ["ssaCells"],
  counterIncrements: ["ssaCells"],
  scoreComparisons: ["ssaRandom"],
  valueAnds: ["ssaCells"],
  columnAdditions: ["ssaCells"],
  outputComparisons: ["ssaRandom"],
  randomNumbers: ["ssaRandom"],
  partialSums: ["ssaCells"],
  fifoShifts: ["ssaCells"],
  lfsrShifts: ["ssaRandom"],
  scoreNors: ["ssaCells"],
  countComparisons: ["ssaCells"],
  gatedAdditions: ["ssaCells"],
  outerAnds: ["ssaCells"],
  channelCounts: ["ssaCells"],
  treeBits: ["ssaCells"],
  tokenAnds: ["ssaCells"],
  scoreUpdates: ["lif"],
  outputUpdates: ["lif"],
  stateReads: ["lif"],
  stateWrites: ["lif"],
};

/** The actions of an inference, from shape and densities only. */
export const workloadActions = (workload: Workload, technology: Technology): OperationCounts[] =>
  countActions(coreFor(workload, technology), workload, {
    scaled: workload.scaled || technology.wholeMachine === 1,
    skipSilentBlocks: technology.skipSilentBlocks === 1,
  });

/** From a workload alone, or from counted actions. */
export function xpikeformer(
  workload: Workload,
  technology: Technology,
  operations?: readonly PricedOperation[],
  plan: Planner = planMachine,
): Breakdown {
  if (technology.wholeMachine === 1 && !Number.isInteger(workload.steps)) {
    return betweenSteps(workload, technology, plan);
  }
  return ownPrices(workload, technology, plan).energy(operations ?? workloadActions(workload, technology));
}

/** A machine runs whole time steps; between them, linear interpolation, for searches of where a ratio crosses a level. */
function betweenSteps(workload: Workload, technology: Technology, plan: Planner): Breakdown {
  const floor = Math.floor(workload.steps);
  const [below, above] = [floor, floor + 1].map((steps) =>
    xpikeformer({ ...workload, steps }, technology, undefined, plan),
  );
  const share = workload.steps - floor;
  return Object.fromEntries(Object.keys(below).map((part) => [part, (1 - share) * below[part] + share * above[part]]));
}

/** A machine at prices, ready for any actions. */
export interface OwnPrices extends OwnArea {
  /** Joules per inference by component; by default at the rate of the technology. */
  readonly energy: (operations: readonly PricedOperation[], at?: Pick<Technology, "inferenceRate">) => Breakdown;
  /** Joules by operation, in the given order, without upkeep and static shares. */
  readonly byOperation: (operations: readonly PricedOperation[]) => number[];
  /** For every unit, whether or not the technology's comparisons count it. */
  readonly price: (operations: readonly PricedOperation[]) => MachinePrice;
}

/** One machine for many questions: it is planned, and its units are priced, once. */
export function ownPrices(workload: Workload, technology: Technology, plan: Planner = planMachine): OwnPrices {
  if (technology.wholeMachine === 0) {
    const unshared = { ...technology, analogStaticShare: 0 };
    return {
      ...areaOfUnits(workload, technology),
      energy: (operations) => addInputs(priceOperations(operations, technology, workload), workload, technology),
      byOperation: (operations) => operations.map((one) => totalOf(priceOperations([one], unshared, workload))),
      price: (operations) => priceUnitsOf(plan(workload, technology), technology).price(operations),
    };
  }
  return wholePrices(plan(workload, technology), workload, technology);
}

/** Every unit of a planned machine at its price, whatever network it was planned for. */
export function wholePrices(
  planned: PlannedMachine,
  inputs: Parameters<typeof addInputs>[1],
  technology: Technology,
): OwnPrices {
  const { energy, ...priced } = priceUnitsOf(planned, technology);
  return {
    ...priced,
    energy: (operations, at) =>
      addInputs(addStatic({ ...energy(operations, at) }, technology.analogStaticShare), inputs, technology),
    byOperation: (operations) =>
      operations.map((one) => {
        const parts = { ...energy([one]) };
        return totalOf(parts) - standingEnergy(parts);
      }),
  };
}

/** Energy of the parts that keep the machine running regardless of its computation. */
export const standingEnergy = ({ control, links, leakage, upkeep }: Readonly<Breakdown>): number =>
  control + links + leakage + upkeep;

/** Joules of attention units that count in other ways than the SSA tile, with 8-bit counters and 16-bit sums. */
const countingEnergy = (actions: ActionCounts, technology: Technology): number =>
  (actions.outerAnds + actions.channelCounts) * technology.sacOperation +
  actions.gatedAdditions * technology.add16 +
  (actions.treeBits * technology.add8) / 8 +
  (actions.countComparisons * technology.comparison32 * 8) / 32 +
  (actions.scoreNors + actions.tokenAnds) * technology.gate;

/** Joules of columns on which comparators decide. */
const decidingEnergy = (actions: ActionCounts, { decision, periphery, switchDrive }: Technology): number =>
  actions.decisions * decision +
  actions.chargeTransfers * periphery +
  (actions.chargeSharings + actions.membraneResets) * switchDrive;

/** From the counted operations of one inference, such as a trace's. */
export function priceOperations(
  operations: readonly PricedOperation[],
  technology: Technology,
  network: Pick<NetworkShape, "reset"> = {},
): Breakdown {
  const parts: Record<XpikeformerComponent, number> = {
    adc: 0,
    periphery: 0,
    accumulation: 0,
    interconnect: 0,
    buffers: 0,
    array: 0,
    drivers: 0,
    scaling: 0,
    lif: 0,
    ssaCells: 0,
    ssaRandom: 0,
    spikeBuffer: 0,
    residual: 0,
  };
  const { update } = neuronPrices(network, technology);
  const bufferBit = sramByte(technology, technology.spikeBuffer) / 8;
  const { sramWriteFactor: write } = technology;
  const conversion = conversionEnergy(technology, technology.adcBits);
  const line = (2 * technology.columns * technology.lineDrive) / 128;
  // A stream value is read and written again at each addition.
  const residualAddition = technology.residualAddition + technology.residualTrafficBits * (1 + write) * bufferBit;
  for (const { kind, actions, repeat = 1 } of operations) {
    const conversions = actions.conversions * repeat;
    parts.adc += conversions * conversion;
    parts.periphery += conversions * technology.periphery;
    parts.accumulation += conversions * technology.accumulation;
    parts.interconnect += conversions * technology.interconnect;
    parts.buffers += conversions * technology.buffer;
    parts.array += repeat * actions.cellReads * technology.cellRead;
    parts.drivers += repeat * actions.lineDrives * line;
    parts.scaling += repeat * (actions.scalings * technology.multiply8 + actions.offsetAdditions * technology.add16);
    parts.lif += repeat * (actions.lifUpdates + actions.scoreUpdates + actions.outputUpdates) * update;
    parts.lif += repeat * decidingEnergy(actions, technology);
    parts.ssaCells += repeat * (actions.scoreAnds + actions.valueAnds) * technology.sacOperation;
    parts.ssaCells += repeat * countingEnergy(actions, technology);
    parts.ssaRandom += (repeat * actions.randomNumbers * technology.randomNumber) / technology.randomSharing;
    const share = kind === "attention" ? technology.attentionTraffic : 1;
    parts.spikeBuffer += repeat * share * (actions.bitsRead + write * actions.bitsWritten) * bufferBit;
    parts.residual += repeat * actions.residualAdditions * residualAddition;
  }
  return addStatic(parts, technology.analogStaticShare);
}
