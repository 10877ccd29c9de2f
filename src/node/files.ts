/**
 * Files that are complete or absent: writing uses a temporary file and a rename, reading has a size limit.
 */
import { randomUUID } from "node:crypto";
import { constants, existsSync, readdirSync, type Stats } from "node:fs";
import {
  access,
  type FileHandle,
  mkdir,
  open,
  readdir,
  readlink,
  rename,
  rm,
  rmdir,
  stat,
  writeFile,
} from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { FileError, suggest } from "../errors.ts";
import { withFile } from "./with-file.ts";

/** Opens a pipe without a writer at once, instead of blocking; Windows has neither this flag nor such pipes. */
export const READ_WITHOUT_WAITING = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** Names of the temporary files that `writeFileAtomic` creates. */
export const TEMPORARY = /^\..+\.[0-9a-f]{32}\.tmp$/;
/** Age, in milliseconds, after which a temporary file is no longer being written. */
const LEFTOVER_AGE = 3_600_000;
/** Longest chain of symbolic links; systems follow no more. */
const MOST_LINKS = 40;

/** Bytes, in one or several pieces, or a text. */
type Content = Uint8Array | string | readonly Uint8Array[];

/**
 * Replaces the file at `path`. At every moment, even after a power failure, it holds either the old or the new content.
 *
 * The content goes to a temporary file in the same folder (a rename does not cross file systems), is synced to disk, and gets
 * the file's name; then the folder is synced. A file keeps its mode and owner, a symbolic link stays a link, and a device or a
 * pipe is written to directly.
 * Throws  FileError when the folder is missing, full or not writable; the temporary file is then removed
 */
export async function writeFileAtomic(path: string, content: Content): Promise<void> {
  let isNew = true;
  let temporary: string | undefined;
  try {
    const old = await stat(path).catch(nullWhereMissing);
    isNew = old === null;
    if (old?.isDirectory()) throw new FileError(path, "This is a folder. Name a file in it.");
    if (old && !old.isFile()) return await writeFile(path, content);
    const target = await linkedPath(path);
    const folder = dirname(target);
    temporary = join(folder, temporaryName(basename(target)));
    await writeDurably(temporary, content, old);
    await rename(temporary, target);
    await syncFolder(folder);
    await removeLeftovers(folder, basename(target));
  } catch (error) {
    if (temporary) await rm(temporary, { force: true });
    throw error instanceof FileError ? error : await writingError(path, error, isNew);
  }
}

const nullWhereMissing = (error: NodeJS.ErrnoException): null => {
  if (error.code === "ENOENT") return null;
  throw error;
};

/** The target of symbolic links, even if it does not exist yet. */
async function linkedPath(path: string): Promise<string> {
  let target = path;
  for (let links = 0; links < MOST_LINKS; links++) {
    const next = await readlink(target).catch(() => null);
    if (next === null) return target;
    target = resolve(dirname(target), next);
  }
  return target;
}

/** Leftovers of processes that were killed while writing this file. Newer ones may be in use. */
async function removeLeftovers(folder: string, name: string): Promise<void> {
  for (const other of await readdir(folder)) {
    if (!other.startsWith(`.${name}.`) || !TEMPORARY.test(other)) continue;
    const left = await stat(join(folder, other)).catch(() => null);
    if (left && Date.now() - left.mtimeMs > LEFTOVER_AGE) await rm(join(folder, other), { force: true });
  }
}

/**
 * Replaces several files of one result in a folder; those without content are removed. All are written before any gets its final
 * name, and the files of an older result are removed before the first rename, so files of two results are never mixed.
 * Throws  FileError as `writeFileAtomic`; the old files are then unchanged
 */
export async function writeFilesTogether(
  folder: string,
  contents: Readonly<Record<string, Uint8Array | string | null>>,
): Promise<void> {
  const written: { temporary: string; path: string }[] = [];
  let path = folder;
  try {
    for (const [name, content] of Object.entries(contents)) {
      path = join(folder, name);
      await requireNoFolder(path);
      if (content === null) continue;
      const temporary = join(folder, temporaryName(name));
      written.push({ temporary, path });
      await writeDurably(temporary, content);
    }
    for (const name of Object.keys(contents)) await rm(join(folder, name), { force: true });
    await syncFolder(folder);
    for (const { temporary, path } of written) await rename(temporary, path);
    await syncFolder(folder);
  } catch (error) {
    for (const { temporary } of written) await rm(temporary, { force: true });
    throw error instanceof FileError ? error : await writingError(path, error, true);
  }
}

async function requireNoFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory()) throw new FileError(path, "A folder already has this name. Move it, or write elsewhere.");
}

/** A new file, opened exclusively, with the mode and, if permitted, the owner of the file that it replaces. */
async function writeDurably(path: string, content: Content, old: Stats | null = null): Promise<void> {
  const file = await open(path, "wx", old ? old.mode & 0o777 : undefined);
  try {
    if (old) {
      await file.chown(old.uid, old.gid).catch(() => {});
      await file.chmod(old.mode & 0o7777);
    }
    await writeFile(file, content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A unique name next to the final file. */
export const temporaryName = (name: string): string => `.${name}.${randomUUID().replaceAll("-", "")}.tmp`;

/**
 * The bytes of a file of at most `maxBytes`.
 * Throws  FileError when it is missing, larger, not readable or not a regular file
 */
export async function readFileChecked(path: string, maxBytes: number): Promise<Uint8Array> {
  try {
    return await withFile(path, READ_WITHOUT_WAITING, async (file) => {
      const stats = await file.stat();
      if (stats.isDirectory()) throw new FileError(path, "This is a folder. Name a file in it.");
      if (!stats.isFile()) throw new FileError(path, "This is a device or pipe. Copy its content to a file first.");
      if (stats.size > maxBytes) {
        throw new FileError(
          path,
          `The file has ${stats.size} bytes, more than the limit of ${maxBytes}. Is it the right file?`,
        );
      }
      return readExactly(file, stats.size);
    });
  } catch (error) {
    throw error instanceof FileError ? error : fileError(path, error, "read");
  }
}

/**
 * Throws FileError when there is no such folder, with the folder that is probably meant.
 *
 * @param consequence what follows, such as "there is no run to resume"
 */
export function requireFolder(folder: string, consequence: string, wayOut: string): void {
  if (existsSync(folder)) return;
  const [parent, name] = [dirname(folder), basename(folder)];
  const near = existsSync(parent) ? suggest(name, readdirSync(parent)) : undefined;
  const meant = near === undefined ? "" : ` Did you mean ${join(parent, near)}?`;
  throw new FileError(folder, `There is no such folder, so ${consequence}. ${wayOut}${meant}`);
}

/** The names in a folder. Throws FileError when it is missing or cannot be read. */
export async function listFolder(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    throw fileError(path, error, "read");
  }
}

/**
 * Creates a folder to write into, including its parents; an existing folder must be writable.
 *
 * @param option the command-line option that selects another folder
 * Returns  the folders that it created, outermost first
 * Throws   FileError; folders created before are then removed
 */
export async function makeFolder(path: string, option = "--out"): Promise<string[]> {
  const made: string[] = [];
  try {
    await makeMissing(resolve(path), made);
    await access(path, constants.W_OK);
    return made;
  } catch (cause) {
    await removeEmptyFolders(made);
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    const known: Record<string, string> = {
      EEXIST: "a part of the path is a file",
      ENOTDIR: "a part of the path is a file",
      ENOENT: "the system makes no folders there",
      EACCES: "permission denied",
      EPERM: "permission denied",
      EROFS: "the disk is read-only",
    };
    throw new FileError(
      path,
      `The folder cannot be created or written: ${known[code] ?? code}. Choose another folder with ${option}.`,
      { cause },
    );
  }
}

/** Removes those folders created by `makeFolder` that are empty, so that failed work leaves nothing behind. */
export async function removeEmptyFolders(made: readonly string[]): Promise<void> {
  for (const folder of made.toReversed()) await rmdir(folder).catch(() => {});
}

/** Outermost first, one folder at a time: Node's recursive `mkdir` never returns where a folder cannot hold another, as in /proc. */
async function makeMissing(folder: string, made: string[]): Promise<void> {
  const isFolder = async () => (await stat(folder)).isDirectory();
  const there = await isFolder().catch(() => undefined);
  if (there) return;
  const above = dirname(folder);
  if (there === undefined && above !== folder) await makeMissing(above, made);
  try {
    await mkdir(folder);
    made.push(folder);
  } catch (error) {
    // Another process may have created it meanwhile.
    if (!(await isFolder().catch(() => false))) throw error;
  }
}

/** Up to `size` bytes: a file that grows meanwhile is cut there, one that shrinks gives what remains. */
async function readExactly(file: FileHandle, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let filled = 0;
  while (filled < size) {
    const { bytesRead } = await file.read(bytes, filled, size - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/** Makes the rename itself durable. Windows cannot open folders and orders renames itself. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  await withFile(folder, "r", (file) => file.sync());
}

/** Why a file was not written, and what happened to the old one. */
async function writingError(path: string, cause: unknown, isNew: boolean): Promise<FileError> {
  const { code } = cause as NodeJS.ErrnoException;
  const folder = await stat(dirname(path)).catch(() => null);
  if (code === "ENOENT" && folder) {
    return new FileError(path, "Another process removed the file during the write. Write it again.", { cause });
  }
  const error = fileError(path, cause, "written");
  return isNew ? error : new FileError(path, `${error.message} The old file is unchanged.`, { cause });
}

/** The system's error about a file, in words. */
export function fileError(path: string, cause: unknown, verb: "read" | "written"): FileError {
  const { code = "", syscall } = cause as NodeJS.ErrnoException;
  const thing = syscall === "scandir" ? "folder" : "file";
  const known: Record<string, string> = {
    ENOENT:
      verb === "read" ? `There is no such ${thing}. Check the path.` : "The folder does not exist. Create it first.",
    ENOTDIR: "A part of the path is a file, not a folder. Check the path.",
    EISDIR: "This is a folder. Name a file in it.",
    EACCES: `The file cannot be ${verb}: permission denied.`,
    EPERM: `The file cannot be ${verb}: permission denied.`,
    EROFS: "The disk is read-only. Write somewhere else.",
    ENOSPC: "The disk is full. Free some space.",
    EDQUOT: "Your disk quota is used up. Free some space.",
    EMFILE: "Too many files are open. Raise the limit with `ulimit -n 1024`.",
    ENFILE: "Too many files are open on this machine. Close some programs.",
    ELOOP: "Symbolic links lead in a circle. Check the path.",
    ENAMETOOLONG: "The name is too long. Choose a shorter one.",
  };
  const message = known[code] ?? `The file cannot be ${verb} (${code || String(cause)}).`;
  return new FileError(path, message, { cause });
}
