/** The public API of Node: what needs files, threads or other programs. Everything else is in the other entry points. */

// Threads: all cores, for whatever takes an executor.

export { nodeExecutor } from "./node/threads.ts";

// Files, bundled networks, and devices of one's own.

export { loadExperimentDevice } from "./node/devices.ts";
export { writeFileAtomic } from "./node/files.ts";
export { bundledNetwork, bundledNetworks, networkFile } from "./node/networks.ts";

// Data of tasks: found, checked and downloaded.

export type { ImageDataName } from "./data/catalogue.ts";
export { FASHION_SLICE, loadImageData, MNIST_SLICE } from "./node/data.ts";
export type { DataUse, LoadedImageData } from "./node/packed-images.ts";
export { type DataLocation, type LoadedTaskData, loadTaskData } from "./node/task-data.ts";

// Channels of other programs, and soft bits for them.

export type { ResponsePart } from "./channel/given.ts";
export type { SlotPreset } from "./experiment/slot-presets.ts";
export {
  type FileSlots,
  readSlots,
  type SlotFileOptions,
  type SoftBits,
  writeSoftBits,
} from "./node/channel-file.ts";

// Training into a folder, which goes on where it was stopped.

export { type FolderEvent, type FolderOptions, type FolderResult, trainToFolder } from "./node/training.ts";
export type { BestNumbers } from "./train/state.ts";

// Sweeps into a folder, which go on where they were stopped.

export { SWEEP_FILES } from "./node/sweep/folder.ts";
export { type PlannedSweep, planSweep } from "./node/sweep/plan.ts";
export { type Engine, runSweep, type SweepOptions } from "./node/sweep/sweep.ts";
export { threadsEngine } from "./node/sweep/threads.ts";

// Hardware tools: simulators of the RTL, boards and synthesis.

export { type CosimBus, connectCosim } from "./node/cosim-bus.ts";
export { type BoardCheck, checkBoard, type HostOptions, type MachineBoardCheck } from "./node/rtl-board.ts";
export { type Cosim, type CosimCheck, checkCosim, startCosim } from "./node/rtl-cosim.ts";
export type { CoveragePoint } from "./node/rtl-plays.ts";
export type { BlockPower, PowerParts, PromptPower } from "./node/rtl-power.ts";
export type { PromptCheck, PromptChoice } from "./node/rtl-prompts.ts";
export type { RtlTool } from "./node/rtl-simulators.ts";
export { type CompiledEngine, compileEngine, type SimulatorTool, type StreamCheck } from "./node/rtl-stream.ts";
export {
  type BlockCells,
  type FolderSynthesisOptions,
  type Synthesis,
  type SynthesisOptions,
  synthesiseRtl,
  synthesiseSources,
} from "./node/rtl-synthesis.ts";
export type { WorstPath } from "./node/rtl-timing.ts";
export { type RtlCheck, type RtlQuestion, type VerifyOptions, verifyRtl } from "./node/rtl-tools.ts";
export type { YosysKind } from "./node/yosys.ts";
export type { ByteLine } from "./rtl/board/serial-line.ts";
export type { SourceBits } from "./rtl/power/transitions.ts";

// Reports as pages.

export { chartSvg } from "./report/chart-svg.ts";
export { reportHtml } from "./report/html.ts";

// The studio: a page at which a simulated chip works.

export { STUDIO_POLICY, type StudioOptions, type StudioServer, serveStudio } from "./node/studio-server.ts";
