/** The public API of Node: files, image data, worker threads, training into a folder, hardware tools, and reports as pages and tables. */
export { dataCache, FASHION_SLICE, findImageFolder, type LoadedImageData, loadImageData } from "./node/data.ts";
export { type Downloaded, type DownloadOptions, downloadImageData } from "./node/download.ts";
export { readFileChecked, writeFileAtomic } from "./node/files.ts";
export { type Equivalence, type EquivalenceOptions, PROVEN_BLOCKS, proveGates } from "./node/rtl-equivalence.ts";
export { type CompiledEngine, compileEngine, type SimulatorTool, type StreamCheck } from "./node/rtl-stream.ts";
export {
  type BlockCells,
  type Synthesis,
  type SynthesisOptions,
  synthesiseNetlist,
  synthesiseRtl,
  synthesiseSources,
} from "./node/rtl-synthesis.ts";
export { hasTool, type RtlCheck, verifyRtl } from "./node/rtl-tools.ts";
export { nodeExecutor } from "./node/threads.ts";
export {
  type FolderEvent,
  type FolderOptions,
  type FolderResult,
  RUN_FILES,
  trainToFolder,
} from "./node/training.ts";
export { findYosys, type Yosys, type YosysKind, type YosysOutcome } from "./node/yosys.ts";
export { chartSvg } from "./report/chart-svg.ts";
export { reportHtml } from "./report/html.ts";
export { terminalTable } from "./report/table.ts";
