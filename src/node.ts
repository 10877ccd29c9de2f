/** The public API of Node: what needs files, threads or other programs. Everything else is in `index.ts`. */

// Threads: all cores, for whatever takes an executor.

export { nodeExecutor } from "./node/threads.ts";

// Files, bundled networks, and devices of one's own.

export { loadExperimentDevice } from "./node/devices.ts";
export { readFileChecked, writeFileAtomic } from "./node/files.ts";
export { bundledNetwork, bundledNetworks, networkFile } from "./node/networks.ts";

// Folders of runs: one process writes at a time, and what was stopped goes on where the question is the same.

export { buildId } from "./node/build.ts";
export { contentHash } from "./node/content-hash.ts";
export { type FolderLock, LOCK_FILE, lockFolder } from "./node/folder-lock.ts";
export {
  type OpenFolder,
  type OpenRun,
  QUESTION_FILE,
  type Question,
  type RunChoice,
  UNITS_FILE,
  useFolder,
  useRun,
} from "./node/run-folder.ts";

// Data of tasks: found, checked and downloaded.

export {
  dataCache,
  FASHION_SLICE,
  findImageFolder,
  type LoadedImageData,
  loadImageData,
  MNIST_SLICE,
} from "./node/data.ts";
export { type Downloaded, type DownloadOptions, downloadImageData } from "./node/download.ts";
export { type DataLocation, type LoadedTaskData, loadTaskData } from "./node/task-data.ts";

// Training into a folder, which goes on where it was stopped.

export {
  type FolderEvent,
  type FolderOptions,
  type FolderResult,
  RUN_FILES,
  trainToFolder,
} from "./node/training.ts";

// Sweeps into a folder, which go on where they were stopped, and their tables and pages.

export { writeTable } from "./node/sweep/duckdb.ts";
export { readQuestion, readRows, SWEEP_FILES } from "./node/sweep/folder.ts";
export { type PlannedSweep, planSweep } from "./node/sweep/plan.ts";
export { type Engine, runSweep, type SweepOptions } from "./node/sweep/sweep.ts";
export { threadsEngine } from "./node/sweep/threads.ts";
export { sweepHtml } from "./sweep/page.ts";

// Hardware tools: simulators of the RTL, synthesis, and proofs of gates.

export { type BoardCheck, checkBoard, type HostOptions } from "./node/rtl-board.ts";
export { type Equivalence, type EquivalenceOptions, PROVEN_BLOCKS, proveGates } from "./node/rtl-equivalence.ts";
export type { BlockPower, PowerParts, PromptPower } from "./node/rtl-power.ts";
export { hasTool, type RtlTool } from "./node/rtl-simulators.ts";
export { type CompiledEngine, compileEngine, type SimulatorTool, type StreamCheck } from "./node/rtl-stream.ts";
export {
  type BlockCells,
  type FolderSynthesisOptions,
  type Synthesis,
  type SynthesisOptions,
  synthesiseNetlist,
  synthesiseRtl,
  synthesiseSources,
} from "./node/rtl-synthesis.ts";
export type { WorstPath } from "./node/rtl-timing.ts";
export { type RtlCheck, type RtlQuestion, type VerifyOptions, verifyRtl } from "./node/rtl-tools.ts";
export type { ByteLine } from "./node/serial-port.ts";
export { findYosys, type Yosys, type YosysKind, type YosysOutcome } from "./node/yosys.ts";
export type { SourceBits } from "./rtl/power/transitions.ts";

// Reports as pages and tables.

export { chartSvg } from "./report/chart-svg.ts";
export { reportHtml } from "./report/html.ts";
export { type TableOptions, terminalTable } from "./report/table.ts";

// The studio: a page at which a simulated chip works.

export { type StudioOptions, type StudioServer, serveStudio } from "./node/studio-server.ts";
