/** The public API of Node: files, worker threads, training into a folder, gates by Yosys, and reports as pages and tables. */
export { readFileChecked, writeFileAtomic } from "./node/files.ts";
export { type Equivalence, type EquivalenceOptions, PROVEN_BLOCKS, proveGates } from "./node/rtl-equivalence.ts";
export {
  type BlockCells,
  type Synthesis,
  type SynthesisOptions,
  synthesiseNetlist,
  synthesiseRtl,
  synthesiseSources,
} from "./node/rtl-synthesis.ts";
export { nodeExecutor } from "./node/threads.ts";
export {
  type FolderEvent,
  type FolderOptions,
  type FolderResult,
  RUN_FILES,
  trainToFolder,
} from "./node/training.ts";
export { findYosys, type Yosys, type YosysKind, type YosysOutcome } from "./node/yosys.ts";
export { reportHtml } from "./report/html.ts";
export { terminalTable } from "./report/table.ts";
