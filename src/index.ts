/**
 * What a user of the library needs, in browsers and in Node, in the order of work: `Experiment -> Network -> Mapping -> Trace ->
 * Cost -> Report`, training beside it. Every value here is used by an example, a page of docs/ or the studio.
 *
 * Prices are in `cost.ts`, SystemVerilog in `rtl.ts`, reports in `report.ts`, and what only Node can do in `node.ts`.
 */

// Experiment: what a person writes down.

export type { DrawKind } from "./experiment/attention.ts";
export {
  type Composed,
  type ComposedDomain,
  type ComposedRows,
  compose,
  type OperationDocument,
} from "./experiment/compose.ts";
export type { DeviceSpec } from "./experiment/device.ts";
export { type Duration, parseDurations } from "./experiment/duration.ts";
export type { Experiment, ExperimentDocument, ExperimentOf, FieldOf, KindOf } from "./experiment/experiment.ts";
export type { AdcSpec, HardwareSpec, LfsrSpec, LoopOrder } from "./experiment/hardware.ts";
export type { AnnSpec, GraphSpec, ModelSpec, ReadOut, SpikingSpec, TransformerSpec } from "./experiment/model.ts";
export type { LifConstants, NeuronReset, NeuronSpec } from "./experiment/neuron.ts";
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
export type {
  EventClassificationSpec,
  ImageClassificationSpec,
  SpecOf,
  SymbolDetectionSpec,
  TaskSpec,
  TimeSeriesSpec,
} from "./experiment/task.ts";
export type { TrainingSpec } from "./experiment/training.ts";

// Task: data plus metric; classical receivers.

export { type Answers, answer } from "./task/answers.ts";
export { softBits } from "./task/bits.ts";
export type { DataOf, ErrorsOf, TaskOf } from "./task/catalogue.ts";
export { createTask, networkGeometry, type TaskAndModel } from "./task/create.ts";
export type { EventTask, SensorShape } from "./task/event-classification.ts";
export type { ImageTask } from "./task/image-classification.ts";
export type { TaskKit, TaskMetric, TaskSource } from "./task/kit.ts";
export {
  bitErrors,
  type ClassificationErrors,
  type DetectionErrors,
  detectionErrors,
  type ErrorRate,
  type TaskErrors,
} from "./task/metrics.ts";
export { type Given, type Openable, type Opened, openExperiment } from "./task/open.ts";
export type { ImageShape } from "./task/patches.ts";
export { type ChannelKnowledge, detect, type Receiver, type ReceiverKind } from "./task/receivers.ts";
export type { PromptBatch, SymbolDetectionTask, SymbolDrawOptions } from "./task/symbol-detection.ts";
export type { Batch, DataPlace, DrawOptions, Metric, Task, TaskGeometry } from "./task/task.ts";

// Data: sets of labelled images and recordings, augmentation, and recordings to try.

export { type Augmentation, augmentImage, epochOrder } from "./data/augment.ts";
export type { EventData, EventSet, EventShape } from "./data/events.ts";
export type { ImageData, ImageSet } from "./data/images.ts";
export type { LabelledData, LabelledSet } from "./data/labelled.ts";
export { mackeyGlass } from "./data/mackey-glass.ts";
export { movingBars } from "./data/moving-bars.ts";
export { type SeriesData, seriesData } from "./data/series.ts";

// Spikes: bits over time.

export { type SpikeTrain, unpackSpikes } from "./spike/train.ts";

// Network: an architecture with its parameters, in exact arithmetic; checkpoints.

export { decodeCheckpoint } from "./model/checkpoint.ts";
export { foldNetwork } from "./model/fold.ts";
export type { Geometry, Grid } from "./model/geometry.ts";
export type { LinearLayer } from "./model/layers.ts";
export { initialise, isSpiking, type Network, type Tensor } from "./model/network.ts";
export { encodeSafetensors, type NamedArray, type SafetensorsOptions } from "./model/safetensors.ts";
export type { StemLayer, WindowSize } from "./model/stem.ts";

// Training: `(Network, Task) -> Network`.

export { encodeTrained } from "./train/checkpoint.ts";
export { gpuBackend } from "./train/gpu-training.ts";
export type { Tensors, TrainingState } from "./train/state.ts";
export { type TrainingEvent, type TrainOptions, type TrainResult, train, type Validation } from "./train/train.ts";
export type { TrainingBackend } from "./train/workplace.ts";

// Threads and GPUs: what everything long takes to compute on.

export { type BrowserExecutor, browserExecutor } from "./browser/threads.ts";
export { jobs } from "./evaluation/jobs.ts";
export {
  type Executor,
  inlineExecutor,
  type Job,
  type JobRegistry,
  type OnResult,
  type OpenJob,
  type Session,
  withGpu,
} from "./threads/executor.ts";
export { type Gpu, openGpu } from "./webgpu/gpu.ts";

// Device and hardware: blocks made of cells and gates.

export type { DeviceModel, ProgrammedDevices } from "./device/device.ts";
export { loadDevice, type ModuleSpec } from "./device/module.ts";
export type { ProgrammedPairs } from "./device/pairs.ts";
export { type Action, type ActionCounts, type ActionTally, emptyTally } from "./hardware/actions.ts";
export type { ReadoutSums } from "./hardware/compensation.ts";
export type { ConverterErrors, LineErrors } from "./hardware/converter-errors.ts";
export { type CrossbarReading, type ProgrammedCrossbar, readCrossbar } from "./hardware/crossbar.ts";
export { type LfsrSetup, type LfsrSharing, lfsrDraws, type TileDraws, type TileShape } from "./hardware/draws.ts";
export type { FittedRegister } from "./hardware/integer-arithmetic.ts";
export { runLifUnits } from "./hardware/lif.ts";
export type { TilePass, TilePlan } from "./hardware/tile-plan.ts";
export type { Timing } from "./hardware/timing.ts";

// Mapping: what goes where.

export type {
  AttentionMapping,
  NoAttentionMapping,
  ServingMapping,
  StreamMapping,
  TileMapping,
} from "./mapping/attention.ts";
export {
  type CrossbarBlock,
  type LayerMapping,
  type Mapping,
  type MappingTotals,
  mapNetwork,
} from "./mapping/mapping.ts";

// Machine: its units, when each works, and the actions it takes.

export type { BufferUse } from "./machine/buffers.ts";
export { type CountingRules, countActions, type OperationCounts } from "./machine/counts.ts";
export type { BlockDensities, Densities } from "./machine/densities.ts";
export { jobOf } from "./machine/job.ts";
export {
  type AttentionUnit,
  type LayerUnit,
  type Machine,
  type MachineCore,
  type MachineUnits,
  machineOf,
  type SsaUnit,
  type WordBits,
} from "./machine/machine.ts";
export { type MachineNetwork, machineNetwork } from "./machine/network.ts";
export { type Schedule, scheduleOf } from "./machine/schedule.ts";
export type { NetworkShape } from "./machine/shape.ts";
export type { ScheduledUnit, Timetable } from "./machine/timetable.ts";
export type { Transfer } from "./machine/transfers.ts";

// Simulation: what comes out.

export { type Chip, type ChipState, chipAt, type MappedNetwork, programChip, readChip } from "./simulation/chip.ts";
export { simulateFast } from "./simulation/fast/simulate.ts";
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
export type { Keeper } from "./evaluation/keeper.ts";
export { type EvaluateOptions, evaluateNetwork, type NetworkEvaluation } from "./evaluation/network.ts";
export type { Evaluation } from "./evaluation/slices.ts";

// Runs: from networks to a report.

export { evaluateDrift } from "./runs/drift.ts";
export { runExperiment } from "./runs/experiment.ts";
export type { RunNetworks, RunOptions } from "./runs/prepare.ts";
export type { EvaluatedNetworks, EvaluationOptions } from "./runs/study.ts";

// Sweeps: what each point of a design space comes to, and the front.

export type { Design, Objective } from "./experiment/design.ts";
export { frontPoints } from "./sweep/front.ts";
export type { OpenedDesign, PointValues } from "./sweep/points.ts";
export { lastRows } from "./sweep/rounds.ts";
export type { Measures, Row as SweepRow } from "./sweep/unit.ts";

// Cost: counted actions times published prices.

export type { Architecture, ArchitectureId } from "./cost/architectures/catalogue.ts";
export type { Performance } from "./cost/architectures/performance.ts";
export type { PricedOperation } from "./cost/architectures/xpikeformer.ts";
export type { Area } from "./cost/area.ts";
export { type ArchitectureCost, type CostEstimate, estimateCost, type NamedOperation, ratioTo } from "./cost/cost.ts";
export { hardwarePrices } from "./cost/hardware.ts";
export { experimentWorkload } from "./cost/measured.ts";
export type { Parameter, ParameterId, Scaling, Technology } from "./cost/parameters.ts";
export { type CostPreset, findCostPreset } from "./cost/presets.ts";
export type { Basis, Price, PriceDraft, Unit } from "./cost/receipt.ts";
export { type CostChoice, type ResolvedTechnology, resolveTechnology } from "./cost/resolve.ts";
export type { NodeBlock } from "./cost/sources/node.ts";
export type { Times } from "./cost/times.ts";
export type { Breakdown } from "./cost/unit-energies.ts";
export type { ComparedNetwork, Workload } from "./cost/workload.ts";

// Report: results as a value.

export type { Report } from "./report/report.ts";

// Import and export: tensors of other programs.

export {
  type FoldedLinear,
  parseTensorMapping,
  type TensorExpression,
  type TensorMapping,
  type TensorNormalisation,
  type TensorStep,
} from "./experiment/tensor-mapping.ts";
export { findTensorMapping } from "./import/catalogue.ts";
export type { ElementType, SourceTensor } from "./import/elements.ts";
export { exportNetwork } from "./import/export.ts";
export { type ImportedNetwork, type ImportOptions, importNetwork } from "./import/import.ts";
export { type LayoutFile, type LayoutName, readLayout } from "./import/layouts/catalogue.ts";
export type { LayoutChoices, LayoutReading } from "./import/layouts/layout.ts";
export type { NirRules } from "./import/nir/forward.ts";
export {
  decodeNir,
  encodeNir,
  type NirFile,
  type NirGraph,
  type NirLeaf,
  type NirNode,
  type NirPrimitive,
} from "./import/nir/graph.ts";
export type { Hdf5, Hdf5Dataset, Hdf5Files, Hdf5Group } from "./import/nir/hdf5.ts";
export { type NirExportOptions, networkFromNir, networkToNir } from "./import/nir/network.ts";
export { type NirRunOptions, runNir, type Subgraphs } from "./import/nir/run.ts";
export type { NirArray, NirData, NirGroup } from "./import/nir/tree.ts";
export type { NirSignal } from "./import/nir/windows.ts";
export type { PytorchTensors } from "./import/pytorch.ts";
export { decodeTensors } from "./import/source.ts";

// Numbers: named random streams, functions with the same bits everywhere, and statistics with honest intervals.

export { exponential } from "./numeric/exponential.ts";
export type { Interval } from "./numeric/statistics.ts";
export { naturalLog, type Stream, stream } from "./numeric/stream.ts";

// Errors and units: `tag`, `path` and a message with the way out; SI.

export { type ErrorTag, FileError, isXpikeError, ValueError, XpikeError } from "./errors.ts";
