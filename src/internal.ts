/**
 * What the studio and the experiments of the repository need besides the public API, for browsers and Node. **No promises**: names
 * here come and go with any version, without a line in the changelog. To rely on one, ask for it to become public.
 */

// Experiment: what a person writes down.

export { type ArithmeticSpec, RECOMMENDED_FORMATS } from "./experiment/arithmetic.ts";
export type { SsaSpec } from "./experiment/hardware.ts";
export { requireTransformer } from "./experiment/model.ts";
export { parseSweep, type Sweep, type SweepValue } from "./experiment/sweep.ts";
export { totalSteps } from "./experiment/training.ts";

// Task: data plus metric; classical receivers.

export { kitOf } from "./task/catalogue.ts";
export { guessingRate } from "./task/guessing.ts";
export {
  agreements,
  bestScale,
  type Calibration,
  type CalibrationBin,
  calibration,
  informationByRow,
  mutualInformation,
} from "./task/soft-bits.ts";
export { detectSoft, type SoftReceiver, type SoftReceiverKind } from "./task/soft-receivers.ts";

// Channels and their receivers: a slot over a fading channel, channel estimates, soft detection.

export { gridOf, noiseVarianceAt, type SlotGrid, type SlotRates, slotRates } from "./channel/grid.ts";
export { channelModel } from "./channel/model.ts";
export { drawSlot, type Slot, type SlotRequest } from "./channel/slot.ts";
export type { ChannelModel, Tap } from "./channel/taps.ts";
export { type ChannelSpec, channelSpec } from "./experiment/channel.ts";
export { type SlotDetectionSpec, slotDetectionSpec } from "./experiment/slot-detection.ts";
export { type Detector, detectSlot, jointDetector, mmseDetector } from "./receiver/detect.ts";
export { type ChannelEstimate, knownChannel, leastSquares } from "./receiver/estimate.ts";
export { kBestDetector } from "./receiver/k-best.ts";
export { lmmseEstimator } from "./receiver/lmmse.ts";
export { antennaSymbols } from "./task/link.ts";
export { type SlotBatch, type SlotDetectionTask, slotDetection } from "./task/slot-detection.ts";

// Channel coding: the LDPC codes of 5G NR.

export { type LdpcCode, type LdpcSizes, ldpcCode } from "./coding/code.ts";
export { type DecoderOptions, type LdpcDecoder, ldpcDecoder } from "./coding/decode.ts";
export { encodeBlock } from "./coding/encode.ts";

// Data: readers of published formats, the split, and augmentation.

export { findImageData, type PublishedFile, type PublishedImages } from "./data/catalogue.ts";
export { type IdxPair, readIdxImages } from "./data/idx.ts";
export { withValidation } from "./data/images.ts";

// Spikes: bits over time.

export { density, packSpikes } from "./spike/train.ts";

// Network: an architecture with its parameters.

export { linearLayers } from "./model/network.ts";

// Training: `(Network, Task) -> Network`.

export { placeOf, placesText } from "./train/places.ts";
export { decodeState, encodeState } from "./train/state.ts";

// Device and hardware: blocks made of cells and gates.

export { deviceOfSpec } from "./device/catalogue.ts";
export { type CurveFile, type MeasuredCurves, readMeasuredCurves } from "./device/measured-csv.ts";
export { idealDraws, LFSR_SETUP, type LfsrWiring, lfsrWiring, type TilePlace } from "./hardware/draws.ts";
export { codeRange } from "./hardware/integer-arithmetic.ts";
export { lineOrder } from "./hardware/line-order.ts";
export { type SsaRequest, ssaParameters } from "./hardware/ssa-parameters.ts";
export { encoderFires, runSsaTile, type SsaTileRun } from "./hardware/ssa-tile.ts";

// Simulation: what comes out.

export { neuronTrains } from "./mapping/mapping.ts";
export { chipFrom, stateOfChip } from "./simulation/chip.ts";
export { calibrateFast } from "./simulation/fast/simulate.ts";
export { inspectNeuron, type NeuronView } from "./simulation/inspect-neuron.ts";
export { type TileWaves, tileWaves, WAVES, type WaveName, type WavePlace } from "./simulation/tile-waves.ts";

// Cost: the energy of chips as receipts.

export { type ItemisedEnergy, itemiseChips, type Receipt, type ReceiptItem } from "./cost/itemised.ts";
export { type EnergyRatio, energyRatios, type Shown } from "./report/energy-ratios.ts";
export { partLabel } from "./report/machine-cost.ts";

// Evaluation: networks, chips and receivers on the same prompts; chips under several conditions.

export { ageingChips, compensatedHardware, weightErrors } from "./evaluation/ageing.ts";
export type { Condition } from "./evaluation/shared-chip.ts";
export { type ConditionResult, runStudy, type StudyOptions } from "./evaluation/study.ts";

// A GPU: whether it does some work.

export { type Backend, chooseBackend } from "./webgpu/gpu.ts";

// Runs: from networks to a report.

export { rateChange, receiverRates } from "./runs/catalogue.ts";
export { type AnnBeside, chipFigures } from "./runs/chip-figures.ts";
export { firstChip } from "./runs/first-chip.ts";
export { asCompared, asDescribed } from "./runs/fit.ts";
export { chipWithRegisters } from "./runs/rtl.ts";
export { evaluateSweep } from "./runs/sweep.ts";

// Costs: prices of single units, and the flip-flops that a machine writes.

export { flipFlopsOf } from "./cost/flip-flops.ts";
export { priceUnits } from "./cost/machine-price.ts";
export { neuronPrices } from "./cost/neurons.ts";
export { planMachine } from "./cost/planned.ts";
export { nodeFactor } from "./cost/sources/node.ts";

// Sweeps: a design space, its points round by round, what each comes to, and the front.

export { parseDesign } from "./experiment/design.ts";
export { experimentAt } from "./sweep/points.ts";
export { type Effort, effortOf } from "./sweep/rounds.ts";

// Numbers: named random streams, functions with the same bits everywhere, and statistics with honest intervals.

export type { ArrayMath, InversePower, NoisyDecay } from "./numeric/array-math.ts";
export { nonInferiority, type RatePair } from "./numeric/non-inferiority.ts";
export { deviation, mean, standardError } from "./numeric/statistics.ts";
export { pairedDifference, type Sample, type SampleMean, sampleMean, sampleOf } from "./numeric/variance-components.ts";

// Errors and units: `tag`, `path` and a message with the way out; SI.

export { PlatformError } from "./errors.ts";
