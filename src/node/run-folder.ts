/** The folder of a run: made when it is missing, locked while somebody works in it, and gone again when nothing came of the work. */
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder, removeEmptyFolders, TEMPORARY } from "./files.ts";
import { type FolderLock, lockFolder } from "./folder-lock.ts";

/** What work in a folder may want to know of it. */
export interface OpenFolder {
  readonly lock: FolderLock;
  /** The folder was not there before. */
  readonly isNew: boolean;
}

/**
 * Works in a folder that nobody else may write meanwhile. Temporary files of processes that were killed there are removed first.
 *
 * @param command what errors call the work to whoever wants the folder too
 * Throws  FileError when the folder is in use, or cannot be made or written; as `work`. Folders that were made are removed then,
 *         unless something lies in them
 */
export async function useFolder<T>(
  folder: string,
  command: string,
  work: (open: OpenFolder) => Promise<T>,
): Promise<T> {
  const made = await makeFolder(folder);
  let done = false;
  try {
    const lock = await lockFolder(folder, command);
    try {
      await removeTemporaries(folder);
      const result = await work({ lock, isNew: made.length > 0 });
      done = true;
      return result;
    } finally {
      await lock.release();
    }
  } finally {
    if (!done) await removeEmptyFolders(made);
  }
}

/** Nobody is writing them: the folder is ours. Who tries for the lock meanwhile tries again. */
async function removeTemporaries(folder: string): Promise<void> {
  for (const name of await readdir(folder)) if (TEMPORARY.test(name)) await rm(join(folder, name), { force: true });
}
