/** The public API of Node: files, image data, worker threads, training into a folder, and reports as pages and tables. */
export { dataCache, FASHION_SLICE, findImageFolder, type LoadedImageData, loadImageData } from "./node/data.ts";
export { type Downloaded, type DownloadOptions, downloadImageData } from "./node/download.ts";
export { readFileChecked, writeFileAtomic } from "./node/files.ts";
export { nodeExecutor } from "./node/threads.ts";
export {
  type FolderEvent,
  type FolderOptions,
  type FolderResult,
  RUN_FILES,
  trainToFolder,
} from "./node/training.ts";
export { reportHtml } from "./report/html.ts";
export { terminalTable } from "./report/table.ts";
