/**
 * The bottom-up preset: one consistent 45 nm set from publications, and the same rules for every machine: buffers of its own
 * size, clocks of the same node, inputs from DRAM for all or for none, as many weight bits in the digital SNN as our cells
 * hold, and no work where there is no spike.
 *
 * `SIMULATED` prices the whole simulated machine, and the costs of keeping the digital engines running.
 *
 * `CLAIM` has the same prices under the rules of the original comparison, which favour Xpikeformer. Nothing in either was
 * tuned, except that two conventions (32-bit sums in the ANN, 16-bit sums of 8-bit weights in the digital SNN) were chosen
 * knowing the paper's claims; the preset `op-only` has the leaner ones.
 */
import type { ParameterId } from "./parameters.ts";
import type { Price } from "./receipt.ts";
import { assumed } from "./sources/assumptions.ts";
import { cacti } from "./sources/balasubramonian-taco-2017.ts";
import { gpuAnchors } from "./sources/gpu-anchors.ts";
import { horowitz } from "./sources/horowitz-isscc-2014.ts";
import { trimmedComparator } from "./sources/ieice-e93a-2010.ts";
import { wires } from "./sources/keckler-micro-2011.ts";
import { unitCapacitor } from "./sources/lee-jssc-2017.ts";
import { timely } from "./sources/li-isca-2020.ts";
import { swifttron } from "./sources/marchisio-ijcnn-2023.ts";
import { gates } from "./sources/nangate-45.ts";
import { dram } from "./sources/oconnor-micro-2017.ts";
import { neurosim } from "./sources/peng-iedm-2019.ts";
import { links } from "./sources/poulton-jssc-2013.ts";
import { dynamicComparator } from "./sources/satapathy-cssp-2023.ts";
import { aladdin } from "./sources/shao-isca-2014.ts";
import { ssaPaper } from "./sources/song-aicas-2024.ts";
import { paper } from "./sources/song-tvlsi-2025.ts";
import { xformer } from "./sources/sridharan-tvlsi-2023.ts";
import { UNCHARGED } from "./uncharged.ts";

const o = assumed.prices;

export const BOTTOM_UP: Readonly<Record<ParameterId, Price>> = {
  multiply8: horowitz.prices.multiply8,
  add8: horowitz.prices.add8,
  add16: horowitz.prices.add16,
  add32: horowitz.prices.add32,
  binaryMac: horowitz.prices.binaryMac,
  ternaryMac: horowitz.prices.ternaryMac,
  multiplyFp16: horowitz.prices.multiplyFp16,
  addFp16: horowitz.prices.addFp16,
  registerBit: o.noRegister,
  comparison32: aladdin.prices.comparison,
  gate: gates.prices.andGate,
  flipFlopClock: gates.prices.flipFlopClock,
  clockTree: gates.prices.clockTree,
  lfsrShift: gates.prices.lfsrStep,
  controllerFlipFlops: o.controllerFlipFlops,
  accumulatorBits: o.accumulator32,
  softmaxElement: o.softmaxElement,
  layerNormElement: o.layerNormElement,
  geluElement: o.geluElement,
  sramRead: cacti.prices.read32k,
  sramExponent: cacti.prices.exponent,
  sramWriteFactor: cacti.prices.writeFactor,
  sramLineShare: cacti.prices.lineShare,
  sramPort: cacti.prices.port,
  sramLeakage: cacti.prices.leakage,
  weightBuffer: o.weightBuffer,
  activationBuffer: o.activationBuffer,
  partialSumBuffer: o.partialSumBuffer,
  spikeBuffer: o.spikeBuffer,
  ownBuffers: o.ownBuffers,
  inputDram: o.noInputs,
  dramBit: dram.prices.mobile,
  dieLink: links.prices.bit,
  wireBit: wires.prices.bit,
  annWeightsOnChip: o.yes,
  snnWeightsOnChip: o.yes,
  arrayRows: o.array,
  arrayColumns: o.array,
  activationTraffic: o.one,
  partialSumTraffic: o.one,
  weightTraffic: o.one,
  rows: paper.prices.rows,
  columns: paper.prices.columns,
  structure: o.yes,
  wholeMachine: o.no,
  referenceRows: o.asOneCrossbar,
  adcBits: paper.prices.adcBits,
  flashConverter: o.no,
  surveyConverter: o.no,
  conversion5: neurosim.prices.conversion5,
  conversionLoad: neurosim.prices.conversionLoad,
  conversionBitShare: neurosim.prices.conversionBitShare,
  periphery: neurosim.prices.periphery,
  accumulation: neurosim.prices.accumulation,
  interconnect: neurosim.prices.interconnect,
  buffer: neurosim.prices.buffer,
  conversionsPerSum: o.differential,
  columnsPerConverter: paper.prices.columnsPerConverter,
  cellRead: o.cellRead,
  lineDrive: o.lineDrive,
  programDevice: o.programDevice,
  lifetime: o.lifetime,
  residualInputBits: o.oneBit,
  skipSilentBlocks: o.no,
  hybridInputBits: xformer.prices.inputBits,
  hybridWeightBits: xformer.prices.weightBits,
  hybridCellBits: xformer.prices.cellBits,
  hybridAdcBits: xformer.prices.adcBits,
  hybridConversionFactor: o.one,
  lifUpdate: gates.prices.lifUpdate,
  lifLogic: gates.prices.lifLogic,
  softReset: gates.prices.softReset,
  sacOperation: ssaPaper.prices.sacOperation,
  randomNumber: gates.prices.randomNumber,
  randomSharing: o.one,
  attentionTraffic: o.none,
  residualAddition: horowitz.prices.add8,
  residualTrafficBits: o.noBits,
  snnWeightBits: o.fiveBitWeights,
  snnSparseScores: o.sparseScores,
  accumulateBits: o.accumulate13,
  snnRegisterBit: o.noRegister,
  bundle: o.bundleAll,
  membraneTraffic: o.no,
  addressBits: o.noBits,
  snnAccumulateFactor: o.one,
  analogStaticShare: o.none,
  digitalStaticShare: o.none,
  settleTime: o.settleTime,
  lineTime: o.lineTime,
  conversionTime: neurosim.prices.conversionTime,
  ssaClock: paper.prices.ssaClock,
  ssaTiles: o.ssaTiles,
  inferenceRate: o.fullRate,
  annClock: swifttron.prices.clock45,
  annUnits: swifttron.prices.units,
  annUtilisation: swifttron.prices.utilisation,
  globalMovement: o.noTime,
  gpuEfficiency: gpuAnchors.prices.efficiency,
  gpuPower: gpuAnchors.prices.power,
  gpuLaunch: gpuAnchors.prices.launch,
  crossbarArea: neurosim.prices.crossbarArea,
  converterArea: neurosim.prices.converterArea,
  cellArea: neurosim.prices.cellArea,
  sacArea: gates.prices.sacArea,
  lifArea: gates.prices.lifArea,
  softResetArea: gates.prices.softResetArea,
  macArea: gates.prices.macArea,
  adderArea: aladdin.prices.adderArea,
  multiplierArea: aladdin.prices.multiplierArea,
  comparatorArea: aladdin.prices.comparatorArea,
  registerArea: aladdin.prices.registerArea,
  sramArea: cacti.prices.area,
  sramBankArea: o.bankArea,
  reticle: o.reticle,
  logicLeakage: aladdin.prices.leakage,
  analogLeakage: o.analogLeakage,
  decision: dynamicComparator.prices.decision,
  trimShare: trimmedComparator.prices.trimShare,
  switchDrive: o.switchDrive,
  footCapacitor: o.footCapacitor,
  trimCapacitor: unitCapacitor.prices.unit,
  comparatorFoot: timely.prices.comparatorArea,
  capacitorArea: o.capacitorArea,
  floorplan: o.anyFloorplan,
};

/** The whole of the simulated machine where an experiment sets nothing else: the defaults of `hardware`, with all of its units. */
export const SIMULATED: Readonly<Record<ParameterId, Price>> = {
  ...BOTTOM_UP,
  wholeMachine: o.yes,
  columnsPerConverter: o.twoColumns,
  ssaTiles: paper.prices.ssaTiles,
};

export const CLAIM: Readonly<Record<ParameterId, Price>> = {
  ...BOTTOM_UP,
  ...UNCHARGED,
  annClock: swifttron.prices.clock,
  ownBuffers: o.fixedBuffers,
  inputDram: o.annInputs,
  snnWeightBits: o.eightBitWeights,
  snnSparseScores: o.denseScores,
  accumulateBits: o.accumulate16,
};
