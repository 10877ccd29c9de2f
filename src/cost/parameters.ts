/**
 * All parameters of the cost model, by name: prices of actions, sizes of the machine, and switches. A preset (`presets.ts`)
 * gives each a price with its receipt; `resolve.ts` scales them to a node and returns plain numbers.
 */
import type { Unit } from "./receipt.ts";

/** How a value follows the technology node: energies, times and areas by laws of `node.ts`; `clock` as 1 / `delay`; `fixed` does not. */
export type Scaling = "digital" | "delay" | "clock" | "wire" | "sram" | "aimc" | "conversionTime" | "area" | "fixed";

export interface Parameter {
  readonly label: string;
  readonly unit: Unit;
  readonly scaling: Scaling;
}

const parameter = (label: string, unit: Unit, scaling: Scaling = "fixed"): Parameter => ({ label, unit, scaling });
const digital = (label: string, unit: Unit = "J") => parameter(label, unit, "digital");
const analog = (label: string) => parameter(label, "J", "aimc");
const area = (label: string, unit: Unit = "m2") => parameter(label, unit, "area");

export const PARAMETERS = {
  // Arithmetic.
  multiply8: digital("8-bit multiplication"),
  add8: digital("8-bit addition"),
  add16: digital("16-bit addition"),
  add32: digital("32-bit addition"),
  binaryMac: digital("Product of two bits and its share of counting them"),
  ternaryMac: digital("Product of two ternary digits and its share of counting them"),
  multiplyFp16: digital("16-bit floating-point multiplication"),
  addFp16: digital("16-bit floating-point addition"),
  registerBit: digital("Register access of the ANN's arithmetic, per bit", "J/bit"),
  comparison32: digital("32-bit comparison"),
  gate: digital("Gate of two inputs"),
  flipFlopClock: digital("Flip-flop, per clock"),
  clockTree: digital("Clock tree, per flip-flop and clock"),
  lfsrShift: digital("Shift of a 32-bit LFSR by one bit, without its clock"),
  controllerFlipFlops: parameter("Flip-flops that control one kind of unit", "1"),
  accumulatorBits: parameter("Width of the ANN's accumulator: 8 or 32", "bit"),
  softmaxElement: digital("Softmax, per score"),
  layerNormElement: digital("LayerNorm, per element"),
  geluElement: digital("GELU, per element"),
  // Memory.
  sramRead: parameter("SRAM read at 32 kB, per byte", "J/B", "sram"),
  sramExponent: parameter("Exponent of SRAM energy over size", "1"),
  sramWriteFactor: parameter("Energy of a write relative to a read", "1"),
  sramLineShare: parameter("Share of a 16-byte access paid by a word of any width", "1"),
  sramPort: parameter("Relative growth of a memory cell's sides per additional port", "1"),
  sramLeakage: parameter("Leakage of SRAM, per byte", "W/B", "area"),
  weightBuffer: parameter("Weight buffer", "B"),
  activationBuffer: parameter("Activation buffer", "B"),
  partialSumBuffer: parameter("Partial-sum and membrane buffer", "B"),
  spikeBuffer: parameter("Spike buffer", "B"),
  ownBuffers: parameter(
    "1: buffers of the digital engines fit their contents, in banks of the given size; 0: they have the given size",
    "1",
  ),
  inputDram: parameter("Machines that fetch inputs from DRAM: 0: none; 1: all; 2: only the digital ANNs", "1"),
  dramBit: parameter("DRAM access, per bit", "J/bit"),
  dieLink: parameter("Link between dies, per bit", "J/bit"),
  wireBit: parameter("Wire across the chip, per bit and metre", "J/bit/m", "wire"),
  annWeightsOnChip: parameter("1: the ANN's weights stay on chip; 0: streamed from DRAM", "1"),
  snnWeightsOnChip: parameter("1: the digital SNN's weights stay on chip; 0: streamed from DRAM", "1"),
  arrayRows: parameter("Rows of the ANN's array of multipliers", "1"),
  arrayColumns: parameter("Columns of the ANN's array of multipliers", "1"),
  activationTraffic: parameter("Multiplies the activation traffic of both ANNs", "1"),
  partialSumTraffic: parameter("Multiplies the partial-sum traffic of the digital ANN", "1"),
  weightTraffic: parameter("Multiplies the weight fetches of the digital engines; 0: not charged", "1"),
  // Crossbars.
  rows: parameter("Rows of a crossbar", "1"),
  columns: parameter("Columns of a crossbar", "1"),
  structure: parameter(
    "1: prices follow rows, columns, full scale and sharing; 0: one price for every crossbar, as in published projections",
    "1",
  ),
  wholeMachine: parameter(
    "1: price every unit of the simulated machine, and clock, wires and leakage of all machines; 0: only actions that published comparisons count",
    "1",
  ),
  referenceRows: parameter("Rows and columns of the crossbar behind the prices per conversion and area", "1"),
  adcBits: parameter("Bits of a conversion", "bit"),
  flashConverter: parameter("1: energy doubles per bit, as in flash converters; 0: SAR", "1"),
  surveyConverter: parameter("1: energy grows with bits and rate as in converter surveys", "1"),
  conversion5: analog("5-bit conversion"),
  conversionLoad: parameter("Share of a 5-bit conversion's energy that scales with its full scale", "1"),
  conversionBitShare: parameter("Relative growth of a conversion cycle's energy per additional bit", "1"),
  periphery: analog("Multiplexer, sample and hold, switches, decoder, per conversion"),
  accumulation: analog("Adders after the converters, per conversion"),
  interconnect: analog("Wires within the layer, per conversion"),
  buffer: analog("Buffers within the layer, per conversion"),
  conversionsPerSum: parameter("1: differential conversion; 2: both lines of a pair", "1"),
  columnsPerConverter: parameter("Columns that share a converter", "1"),
  cellRead: parameter("Reading one pair of devices for one spike", "J"),
  lineDrive: analog("Raising a line past 128 devices"),
  programDevice: parameter("Programming a device", "J"),
  lifetime: parameter("Time from one programming of a chip to the next", "s"),
  residualInputBits: parameter("Bits of the inputs of qkv and the first feed-forward layer, one read per bit", "bit"),
  skipSilentBlocks: parameter("1: a row block without spikes is not converted", "1"),
  // The hybrid ANN's crossbars.
  hybridInputBits: parameter("Input bits of the hybrid ANN, one read each", "bit"),
  hybridWeightBits: parameter("Weight bits of the hybrid ANN", "bit"),
  hybridCellBits: parameter("Bits per cell of the hybrid ANN", "bit"),
  hybridAdcBits: parameter("Converter bits of the hybrid ANN", "bit"),
  hybridConversionFactor: parameter(
    "Multiplies the hybrid ANN's energy per conversion, with everything paid per conversion",
    "1",
  ),
  // Spiking parts.
  lifUpdate: digital("Update of a LIF neuron with its registers, where flip-flops are not charged apart"),
  lifLogic: digital("Adder and comparator of a LIF update"),
  softReset: digital("Additional energy of a soft reset per update"),
  sacOperation: digital("One operation of a stochastic attention cell"),
  randomNumber: digital("8 random bits and their comparison"),
  randomSharing: parameter("Comparisons that share one random number", "1"),
  attentionTraffic: parameter("Share of the SSA tiles' reads and writes that pass the spike buffer", "1"),
  residualAddition: digital("Addition to the residual stream"),
  residualTrafficBits: parameter("Bits of the residual stream read and written at each addition", "bit"),
  // The digital SNN.
  snnWeightBits: parameter("Weight bits of the digital SNN", "bit"),
  snnSparseScores: parameter(
    "1: the digital SNN adds to a score only where spikes of q and k coincide; 0: it processes all pairs",
    "1",
  ),
  accumulateBits: parameter("Width of the digital SNN's accumulation: 8, 16 or 32", "bit"),
  snnRegisterBit: digital("Register access of the digital SNN's accumulation, per bit", "J/bit"),
  bundle: parameter("Token-steps that share one fetch of a weight; 0: all of an inference", "1"),
  membraneTraffic: parameter("Times per step that a 2-byte membrane is read and written", "1"),
  addressBits: parameter("Bits of address per spike", "bit"),
  snnAccumulateFactor: parameter("Multiplies the energy of the digital SNN's accumulation", "1"),
  // Always on.
  analogStaticShare: parameter("Static share on top of Xpikeformer's energy", "1"),
  digitalStaticShare: parameter("Static share on top of the digital engines' energy", "1"),
  // Time.
  settleTime: parameter("Settling of a crossbar's lines", "s"),
  lineTime: parameter("Time constant of a line past 128 devices", "s"),
  conversionTime: parameter("One 5-bit conversion", "s", "conversionTime"),
  ssaClock: parameter("Clock of the SSA tiles", "Hz", "clock"),
  ssaTiles: parameter("SSA tiles", "1"),
  inferenceRate: parameter("Inferences per second that every machine is asked for; 0: as many as it can", "Hz"),
  annClock: parameter("Clock of the ANN engine", "Hz", "clock"),
  annUnits: parameter("Multipliers of the ANN engine", "1"),
  annUtilisation: parameter("Fraction of the ANN engine's multipliers that are busy", "1"),
  globalMovement: parameter("Moving data across the chip, per inference", "s"),
  // GPU.
  gpuEfficiency: parameter("Operations per joule", "op/J"),
  gpuPower: parameter("Power while running", "W"),
  gpuLaunch: parameter("Launching a kernel", "s"),
  // Area.
  crossbarArea: area("Crossbar of 128 x 128 pairs with converters, drivers and wires"),
  converterArea: area("5-bit converter"),
  cellArea: area("Pair of devices"),
  sacArea: area("Stochastic attention cell"),
  lifArea: area("LIF unit"),
  softResetArea: area("Additional area of a soft reset per LIF unit"),
  macArea: area("int8 multiplier with accumulator"),
  adderArea: area("32-bit adder"),
  multiplierArea: area("32-bit multiplier"),
  comparatorArea: area("32-bit comparator"),
  registerArea: area("Flip-flop"),
  sramArea: area("SRAM, per byte", "m2/B"),
  sramBankArea: area("SRAM bank, excluding its cells"),
  reticle: parameter("Largest die", "m2"),
  // Leakage.
  logicLeakage: parameter("Leakage of logic, per area", "W/m2"),
  analogLeakage: parameter("Leakage of crossbars with their periphery, per area", "W/m2"),
  // Columns without converters, and the floorplan. At the end: draws of the prices above stay as they were.
  decision: analog("Decision of a column's comparator"),
  trimShare: parameter("Share of a trimmed comparator's energy that its trim takes", "1"),
  switchDrive: analog("Switches of a column's foot, per charge sharing or reset"),
  footCapacitor: parameter("Capacitor of a column's foot, if the experiment states none", "F"),
  trimCapacitor: parameter("Capacitor of a trim's smallest step", "F"),
  comparatorFoot: area("Comparator of a column"),
  capacitorArea: area("Capacitor of 1 fF"),
  floorplan: area(
    "Crossbar of the floorplan, which wires within a layer follow; 0: that of its price, with wires as simulated",
  ),
} as const satisfies Record<string, Parameter>;

export type ParameterId = keyof typeof PARAMETERS;
export const PARAMETER_IDS = Object.keys(PARAMETERS) as ParameterId[];

/** Plain numbers in SI units at the chosen node: the only input of the formulas. */
export type Technology = Readonly<Record<ParameterId, number>>;
