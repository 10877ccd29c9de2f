/**
 * The public API for browsers and Node, in the order of work: `Experiment -> Network -> Mapping -> Trace -> Cost -> Report`, training
 * beside it.
 * Needs zod and nothing else. What only Node can do is in `node.ts`.
 */

// Experiment: what a person writes down.

export { type ArithmeticSpec, RECOMMENDED_FORMATS } from "./experiment/arithmetic.ts";
export type { CompensationSchedule, CompensationSpec } from "./experiment/compensation.ts";
export type { ConverterErrorSpec } from "./experiment/converter-errors.ts";
export type { DeviceLayers, DeviceSpec } from "./experiment/device.ts";
export { type Duration, parseDuration, parseDurations } from "./experiment/duration.ts";
export {
  type EvaluationSpec,
  type Experiment,
  type ExperimentDocument,
  type ExperimentOf,
  type FieldOf,
  isSymbolDetection,
  type KindOf,
} from "./experiment/experiment.ts";
export type {
  AdcSpec,
  CrossbarSpec,
  HardwareSpec,
  LfsrSpec,
  LoopOrder,
  SsaSpec,
  WireSpec,
} from "./experiment/hardware.ts";
export type {
  AnnSpec,
  DrawKind,
  LifConstants,
  ModelSpec,
  NeuronKind,
  NeuronReset,
  NeuronSpec,
  ReadOut,
  SpikingSpec,
  StemSpec,
  SurrogateSpec,
} from "./experiment/model.ts";
export {
  missingNoise,
  type NoiseSource,
  type NoiseSourceId,
  noiseSources,
  withNoiseAlone,
  withNoiseOf,
  withoutNoise,
} from "./experiment/noise-sources.ts";
export { machineByName, parseExperiment } from "./experiment/parse.ts";
export { type Preset, presets } from "./experiment/presets.ts";
export { experimentJsonSchema, type JsonSchema } from "./experiment/schema.ts";
export { parseSweep, type Sweep, type SweepValue } from "./experiment/sweep.ts";
export type {
  EventClassificationSpec,
  ImageClassificationSpec,
  SpecOf,
  SymbolDetectionSpec,
  TaskSpec,
} from "./experiment/task.ts";
export type { StageSpec, TrainingSpec } from "./experiment/training.ts";

// Task: data plus metric; classical receivers.

export { type Answers, answer } from "./task/answers.ts";
export { softBits } from "./task/bits.ts";
export { type DataOf, type ErrorsOf, kitOf, type TaskOf } from "./task/catalogue.ts";
export { createTask, networkGeometry, type TaskAndModel } from "./task/create.ts";
export type { EventTask, SensorShape } from "./task/event-classification.ts";
export type { ImageTask } from "./task/image-classification.ts";
export type { TaskKit, TaskMetric, TaskSource } from "./task/kit.ts";
export {
  bitErrors,
  type ClassificationErrors,
  classificationErrors,
  type DetectionErrors,
  detectionErrors,
  type ErrorRate,
  errorsByContext,
  type TaskErrors,
} from "./task/metrics.ts";
export { type Given, type Openable, type Opened, openExperiment } from "./task/open.ts";
export type { ImageShape } from "./task/patches.ts";
export { type ChannelKnowledge, detect, type Receiver, type ReceiverKind } from "./task/receivers.ts";
export type { PromptBatch, SymbolDetectionTask, SymbolDrawOptions } from "./task/symbol-detection.ts";
export type { Batch, DataPlace, DrawOptions, Metric, Task, TaskGeometry } from "./task/task.ts";

// Data: readers of published formats, the split, and augmentation.

export { type Augmentation, augmentImage, epochOrder } from "./data/augment.ts";
export {
  findImageData,
  IMAGE_DATA,
  type ImageDataName,
  type PublishedFile,
  type PublishedImages,
} from "./data/catalogue.ts";
export { readCifarBatch } from "./data/cifar.ts";
export { type CameraEvent, type EventData, type EventSet, type EventShape, readEventFile } from "./data/events.ts";
export { type IdxPair, readIdxImages } from "./data/idx.ts";
export {
  type ImageData,
  type ImageSet,
  joinImages,
  pickImages,
  splitValidation,
  withValidation,
} from "./data/images.ts";
export { type LabelledData, type LabelledSet, splitIndices, VALIDATION_SHARE } from "./data/labelled.ts";
export { movingBars } from "./data/moving-bars.ts";
export { type NpyArray, npyImages, readNpy } from "./data/npy.ts";

// Spikes: bits over time.

export { bernoulliEncode, decodeRates, type Rates, repeatBits } from "./spike/encode.ts";
export { density, packSpikes, type SpikeTrain, unpackSpikes } from "./spike/train.ts";

// Network: an architecture with its parameters, in exact arithmetic; checkpoints.

export { type AnnBlockCache, type AnnCache, type AnnForward, type AnnInput, annForward } from "./model/ann.ts";
export type { AnnStemCache } from "./model/ann-stem.ts";
export type { BatchNormCache, BatchStatistics } from "./model/batch-norm.ts";
export { decodeCheckpoint, encodeCheckpoint } from "./model/checkpoint.ts";
export type { DenseCache, ForwardMode } from "./model/dense.ts";
export { foldNetwork } from "./model/fold.ts";
export { type Geometry, type Grid, tokensRead } from "./model/geometry.ts";
export type { HeadLayout, HeadShape, HeadVectors } from "./model/heads.ts";
export type { LayerNormCache } from "./model/layer-norm.ts";
export type { Layer, LayerRole, LinearLayer } from "./model/layers.ts";
export type { LifAttention, LifAttentionCache } from "./model/lif-attention.ts";
export {
  initialise,
  isSpiking,
  linearLayers,
  logitsOf,
  type Network,
  type ParameterLayout,
  parameterLayout,
  type Tensor,
} from "./model/network.ts";
export type { NeuronCache } from "./model/neuron/neuron.ts";
export {
  decodeSafetensors,
  encodeSafetensors,
  type NamedArray,
  type Safetensors,
  type SafetensorsOptions,
} from "./model/safetensors.ts";
export type { SoftmaxAttentionCache } from "./model/softmax-attention.ts";
export {
  drawBlocks,
  repeatInput,
  type SpikingBlockCache,
  type SpikingCache,
  type SpikingForward,
  type SpikingInput,
  type SpikingOptions,
  spikeInput,
  spikingForward,
} from "./model/spiking.ts";
export type { SpikingAttentionCache } from "./model/spiking-attention.ts";
export type { SpikingStemCache } from "./model/spiking-stem.ts";
export type { StemLayer, WindowSize } from "./model/stem.ts";
export type { AttentionDraws, StochasticAttention, StochasticAttentionCache } from "./model/stochastic-attention.ts";

// Training: `(Network, Task) -> Network`.

export { encodeTrained } from "./train/checkpoint.ts";
export { scheduledRate } from "./train/schedule.ts";
export { type BestNumbers, decodeState, encodeState, type Tensors, type TrainingState } from "./train/state.ts";
export {
  type TrainingEvent,
  type TrainOptions,
  type TrainResult,
  totalSteps,
  train,
  type Validation,
} from "./train/train.ts";

// Threads: what everything long takes to compute on.

export { type BrowserExecutor, browserExecutor } from "./browser/threads.ts";
export { jobs } from "./evaluation/jobs.ts";
export {
  canShareMemory,
  type Executor,
  inlineExecutor,
  type Job,
  type JobRegistry,
  type OnResult,
  type OpenJob,
  type Session,
} from "./threads/executor.ts";

// Device and hardware: blocks made of cells and gates.

export { deviceOfCrossbar, deviceOfSpec } from "./device/catalogue.ts";
export type { DeviceModel, ProgrammedDevices } from "./device/device.ts";
export { loadDevice, type ModuleSpec } from "./device/module.ts";
export type { ProgrammedPairs } from "./device/pairs.ts";
export {
  ACTIONS,
  type Action,
  type ActionCounts,
  type ActionTally,
  emptyTally,
  sumActions,
} from "./hardware/actions.ts";
export { type Converter, convertColumns, converter } from "./hardware/adc.ts";
export type { LifPins } from "./hardware/clocked-lif.ts";
export type { CalibrationHistory, ReadoutSums } from "./hardware/compensation.ts";
export {
  type ConversionNoise,
  type ConvertedVectors,
  type ConverterErrors,
  convertWithErrors,
  drawConversionNoise,
  drawConverterErrors,
  fixedFullScale,
  type LineErrors,
} from "./hardware/converter-errors.ts";
export { type CrossbarReading, type ProgrammedCrossbar, programCrossbar, readCrossbar } from "./hardware/crossbar.ts";
export {
  idealDraws,
  LFSR_SETUP,
  type LfsrSetup,
  type LfsrSharing,
  type LfsrWiring,
  lfsrDraws,
  lfsrShifts,
  lfsrWiring,
  orderedDraws,
  type TileDraws,
  type TilePlace,
  type TileShape,
} from "./hardware/draws.ts";
export { type FittedRegister, type IntegerLifConstants, integerLifConstants } from "./hardware/integer-arithmetic.ts";
export { runIntegerLif, runIntegerLifUnits } from "./hardware/integer-lif.ts";
export { runLifUnits } from "./hardware/lif.ts";
export {
  type LifParameters,
  type LifRequest,
  type LifSettings,
  lifParameters,
  lifSettings,
  type WholeRange,
} from "./hardware/lif-parameters.ts";
export { type SsaParameters, type SsaRequest, ssaParameters } from "./hardware/ssa-parameters.ts";
export {
  encoderFires,
  runSsaTile,
  type SsaTileRun,
  type SsaTileSettings,
  ssaTileCycles,
} from "./hardware/ssa-tile.ts";
export type { TilePass, TilePlan } from "./hardware/tile-plan.ts";
export { type Timing, timingOf } from "./hardware/timing.ts";

// Mapping: what goes where.

export {
  type CrossbarBlock,
  type LayerMapping,
  type Mapping,
  type MappingTotals,
  mapNetwork,
  type Placement,
  type SsaMapping,
} from "./mapping/mapping.ts";

// Machine: its units, when each works, and the actions it takes.

export type { BufferUse } from "./machine/buffers.ts";
export { type CountingRules, countActions, type OperationCounts } from "./machine/counts.ts";
export type { BlockDensities, Densities } from "./machine/densities.ts";
export { jobOf } from "./machine/job.ts";
export {
  coreOf,
  type LayerUnit,
  type Machine,
  type MachineCore,
  type MachineUnits,
  machineOf,
  type SsaUnit,
  type WordBits,
} from "./machine/machine.ts";
export {
  bytesOf,
  type Pace,
  paceOf,
  type Schedule,
  type ScheduledUnit,
  scheduleOf,
  type Timetable,
  utilisation,
} from "./machine/schedule.ts";
export { type NetworkShape, shapeOf } from "./machine/shape.ts";
export { bitsOf, type Transfer } from "./machine/transfers.ts";

// Simulation: what comes out.

export { attentionMaps } from "./simulation/attention-map.ts";
export {
  type Chip,
  type ChipState,
  chipAt,
  chipFrom,
  type MappedNetwork,
  programChip,
  readChip,
  stateOfChip,
} from "./simulation/chip.ts";
export { type CompensationCost, compensationCost } from "./simulation/compensation.ts";
export { calibrateFast, simulateFast } from "./simulation/fast/simulate.ts";
export {
  type CrossbarView,
  type EncoderView,
  type Inspection,
  inspectCrossbar,
  inspectPrompt,
  inspectTile,
  type TileView,
} from "./simulation/inspect.ts";
export type { AttentionRun } from "./simulation/reference/attention.ts";
export type { CodeRecord } from "./simulation/reference/linear.ts";
export { calibrate, type SimulationOptions, simulate } from "./simulation/reference/simulate.ts";
export type { RegisterCount, RegisterCounts } from "./simulation/registers.ts";
export {
  clippedShare,
  meanLogits,
  type OperationTrace,
  type SpikeCount,
  type Trace,
  type TraceOptions,
} from "./simulation/trace.ts";

// Evaluation: networks, chips and receivers on the same prompts; chips under several conditions.

export { type ChipEvaluation, type EvaluateChipsOptions, evaluateChips } from "./evaluation/chips.ts";
export { type ExitAnswers, exitByMargin } from "./evaluation/exit.ts";
export { type Keeper, keeperOf } from "./evaluation/keeper.ts";
export { type EvaluateOptions, evaluateNetwork, type NetworkEvaluation } from "./evaluation/network.ts";
export { evaluateReceivers, type ReceiverEvaluation } from "./evaluation/receivers.ts";
export type { Condition } from "./evaluation/shared-chip.ts";
export type { Evaluation } from "./evaluation/slices.ts";
export { type ConditionResult, runStudy, type StudyOptions, type WrongAnswers } from "./evaluation/study.ts";

// Runs: from networks to a report.

export { chipFigures } from "./runs/chip-figures.ts";
export { evaluateDrift } from "./runs/drift.ts";
export { runExperiment } from "./runs/experiment.ts";
export { firstChip } from "./runs/first-chip.ts";
export { asDescribed } from "./runs/fit.ts";
export type { RunNetworks, RunOptions } from "./runs/prepare.ts";
export { networkRtl } from "./runs/rtl.ts";
export type { EvaluatedNetworks, EvaluationOptions } from "./runs/study.ts";
export { evaluateSweep } from "./runs/sweep.ts";

// Sweeps: a design space, its points round by round, what each comes to, and the front.

export { type Design, OBJECTIVES, type Objective, parseDesign } from "./experiment/design.ts";
export { frontPoints } from "./sweep/front.ts";
export { experimentAt, listPoints, type OpenedDesign, type PointValues } from "./sweep/points.ts";
export { type Effort, effortOf, isAdaptive, lastRows, type RoundPoint, sweepRounds } from "./sweep/rounds.ts";
export { sweepTable } from "./sweep/table.ts";
export { type Measures, measurePoint, type Row as SweepRow } from "./sweep/unit.ts";

// Cost: counted actions times published prices.

export {
  ARCHITECTURE_IDS,
  ARCHITECTURES,
  type Architecture,
  type ArchitectureId,
} from "./cost/architectures/catalogue.ts";
export { type SizedEngine, sizedEngine } from "./cost/architectures/engine-size.ts";
export type { Performance } from "./cost/architectures/performance.ts";
export { receiverEnergy } from "./cost/architectures/receiver.ts";
export {
  operationEnergies,
  type PricedOperation,
  priceOperations,
  workloadActions,
  xpikeformer,
} from "./cost/architectures/xpikeformer.ts";
export { type Area, countCrossbars, estimateArea } from "./cost/area.ts";
export { workloadsByStep } from "./cost/by-step.ts";
export { findPrice, findSource, SOURCES } from "./cost/catalogue.ts";
export { CLAIMED_RATIOS, type ClaimedRatio, isWithinRounding } from "./cost/claims.ts";
export {
  type ArchitectureCost,
  type CostEstimate,
  energyOf,
  estimateCost,
  type NamedOperation,
  ratioTo,
  sourcesOf,
} from "./cost/cost.ts";
export { exitEnergy } from "./cost/exit.ts";
export { hardwarePrices } from "./cost/hardware.ts";
export { chooseSteps, rivalSteps, type StepChoice, type StepRate } from "./cost/iso-accuracy.ts";
export { type Lever, type LeverFigure, leversOf } from "./cost/levers.ts";
export { type BreakEven, breakEven, breakEvens, converterMap, ratioMap, stepsByDensity } from "./cost/maps.ts";
export {
  comparedWith,
  experimentWorkload,
  type Measurement,
  measuredWorkload,
  perInference,
} from "./cost/measured.ts";
export { type MonteCarlo, monteCarlo, type Spread } from "./cost/monte-carlo.ts";
export { PARAMETERS, type Parameter, type ParameterId, type Scaling, type Technology } from "./cost/parameters.ts";
export { type PlannedMachine, type Planner, planMachine } from "./cost/planned.ts";
export { keptPlans } from "./cost/plans.ts";
export { COST_PRESETS, type CostPreset, findCostPreset } from "./cost/presets.ts";
export {
  type Priced,
  type PricedReceiver,
  type PricedWorkload,
  type PriceOptions,
  priceWorkload,
  type RatioMap,
  type Rivals,
} from "./cost/priced.ts";
export { type PriceRanges, priceRanges } from "./cost/ranges.ts";
export type { Basis, Price, PriceDraft, Source, SourceHeader, Unit } from "./cost/receipt.ts";
export { type CostChoice, type ResolvedTechnology, resolveTechnology } from "./cost/resolve.ts";
export { chipsCost } from "./cost/simulated.ts";
export { type NodeBlock, nodeFactor } from "./cost/sources/node.ts";
export { type AttentionBlock, annBlock, type BlockEnergy, SSA_BLOCK, ssaBlock } from "./cost/ssa-block.ts";
export { type Times, timesOf } from "./cost/times.ts";
export { type TornadoBar, tornado } from "./cost/tornado.ts";
export { type Breakdown, totalOf } from "./cost/unit-energies.ts";
export type { DesignMeasurement, PricedAction, ReadIn, SiliconDesign } from "./cost/validation/design.ts";
export { type ScalingRange, scalingRange } from "./cost/validation/scalings.ts";
export {
  type RatioRange,
  type SiliconValidation,
  type ValidatedDesign,
  validateModel,
} from "./cost/validation/validate.ts";
export { type Ratios, ratiosOf, type Variation, type Varied, vary } from "./cost/variation.ts";
export { type Waterfall, type WaterfallBar, waterfall } from "./cost/waterfall.ts";
export { type ComparedNetwork, meanDensity, scaleDensities, type Workload, withSteps } from "./cost/workload.ts";
export { atPublishedSteps, findWorkload, SPIKINGFORMER, WORKLOADS } from "./cost/workloads.ts";

// Report: results as a value.

export {
  type BriefDraft,
  buildReport,
  type ChartDraft,
  type ClaimDraft,
  type FigureDraft,
  type ReportDraft,
} from "./report/build-report.ts";
export { type CostCase, type CostReportInput, costReport } from "./report/cost-report.ts";
export { type FormattedQuantity, formatQuantity } from "./report/format.ts";
export { parseReport, reportJson } from "./report/json.ts";
export { figuresHtml } from "./report/page.ts";
export type { Chart, Claim, Figure, Report, ReportSource } from "./report/report.ts";
export { metricsCsv, type TrainingMetric, type TrainingRun, trainingReport } from "./report/training.ts";

// RTL: SystemVerilog of the attention engine, its gates, and what it must give.

export { rtlBundle } from "./rtl/bundle.ts";
export { type SourceFiles, type SsaDesign, sourceFiles, ssaDesign } from "./rtl/design.ts";
export type { FlipFlopType, Gate, GateType } from "./rtl/gates/cells.ts";
export { type FlipFlop, type GateNetlist, readNetlist } from "./rtl/gates/netlist.ts";
export { type EngineInput, type EngineOutput, runEngineGates } from "./rtl/gates/run-engine.ts";
export { type GateSimulation, simulateGates } from "./rtl/gates/simulate.ts";
export type { LifRuns } from "./rtl/lif-bundle.ts";
export { chipDesign, networkRuns, streamNetworkRuns } from "./rtl/network-vectors.ts";
export { type HeadInput, randomRun, simulatedRun } from "./rtl/simulated-run.ts";
export type { BinaryOperator, Expression, Item, Module, Port, Statement } from "./rtl/syntax.ts";
export type { EngineRun } from "./rtl/testbench.ts";

// Import and export: tensors of other programs.

export {
  type FoldedLinear,
  parseTensorMapping,
  type TensorExpression,
  type TensorMapping,
  type TensorNormalisation,
  type TensorStep,
} from "./experiment/tensor-mapping.ts";
export { findTensorMapping, TENSOR_MAPPING_NAMES, type TensorMappingName } from "./import/catalogue.ts";
export type { ElementType, SourceTensor } from "./import/elements.ts";
export { exportNetwork } from "./import/export.ts";
export { type ImportedNetwork, type ImportOptions, importNetwork } from "./import/import.ts";
export { decodePytorch, type PytorchTensors } from "./import/pytorch.ts";
export { decodeTensors } from "./import/source.ts";

// Numbers: named random streams, functions with the same bits everywhere, and statistics with honest intervals.

export type { ArrayMath, InversePower, NoisyDecay } from "./numeric/array-math.ts";
export { exponential } from "./numeric/exponential.ts";
export { type NonInferiority, nonInferiority, type RatePair } from "./numeric/non-inferiority.ts";
export { deviation, type Interval, mean, meanInterval, standardError, wilson } from "./numeric/statistics.ts";
export { naturalLog, type Stream, stream } from "./numeric/stream.ts";
export { pairedDifference, type Sample, type SampleMean, sampleMean } from "./numeric/variance-components.ts";

// Errors and units: `tag`, `path` and a message with the way out; SI.

export {
  CostError,
  type ErrorTag,
  FileError,
  isXpikeError,
  MappingError,
  PlatformError,
  ShapeError,
  SpecError,
  ValueError,
  XpikeError,
} from "./errors.ts";
export type { Joules, Seconds, Siemens, SquareMetres } from "./units.ts";
