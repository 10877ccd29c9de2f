/**
 * One writer per folder: a writer holds a lock, and anyone else is told who holds it, where and since when.
 *
 * The lock is a file that names its holder. It is hard-linked into place, so it appears complete or not at all, for exactly one
 * of those that try. The holder rewrites it regularly as a heartbeat. A lock is stale when its process is gone from this machine
 * or, if that cannot be seen, when the last heartbeat is too old by the clock of the disk, which all machines share.
 *
 * Removing a stale lock is a race: of two processes that find it, the slower could remove the lock that the faster has just
 * created. So only the holder of a second lock, named after the content of the stale one, may remove it, after checking again.
 * The second lock follows the same rules. Lock libraries (such as proper-lockfile) name no holder, and do not prevent this race.
 */
import { randomUUID } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { type FileHandle, link, open, readdir, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { FileError } from "../errors.ts";
import { sha256Of } from "./content-hash.ts";
import { fileError, READ_WITHOUT_WAITING, temporaryName } from "./files.ts";
import { withFile } from "./with-file.ts";

/** Name of the lock in its folder. */
export const LOCK_FILE = ".xpike.lock";

/**
 * Heartbeat interval, and the age after which a holder on another machine counts as dead. Both are long compared with
 * network-disk caches.
 */
const SIGN_OF_LIFE = 10_000;
const DEAD_AFTER = 180_000;
/** Our locks are never longer. */
const LONGEST_LOCK = 2 ** 16;

/** The folder belongs to this process until `release`. */
export interface FolderLock {
  /** Throws FileError when another process has taken the folder, because this one gave no heartbeat for too long. */
  check(): Promise<void>;
  /** Releases the folder. Does nothing if it was lost or removed. */
  release(): Promise<void>;
}

interface Holder {
  /** The command line, or what the program calls itself. */
  readonly command: string;
  readonly pid: number;
  readonly host: string;
  /** The same for all processes that share process numbers, and for no others. */
  readonly machine: string;
  /** When the process started, by its machine's own count; distinguishes it from a later process with the same number. */
  readonly started: string;
  /** When the lock was taken, in human-readable form. */
  readonly since: string;
  /** Makes the content unique. */
  readonly token: string;
}

/** A lock as found; `holder` is null if the content is not ours. Times are the disk's, in milliseconds. */
interface Found {
  readonly text: string;
  readonly holder: Holder | null;
  readonly signOfLife: number;
  readonly now: number;
}

/**
 * Locks the folder for `command`, which errors show to others.
 * Throws  FileError when another process holds it, or it cannot be written
 */
export async function lockFolder(folder: string, command: string): Promise<FolderLock> {
  const path = join(folder, LOCK_FILE);
  const { file, text } = await acquire(path, command, folder);
  await removeClaims(folder);

  const isMine = async (): Promise<boolean> => (await readText(path)) === text;
  let beating: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    // Rewriting the same bytes updates the time on disk.
    beating = file.write(text, 0).catch(() => {});
  }, SIGN_OF_LIFE);
  timer.unref();
  return {
    check: async () => {
      if (await isMine()) return;
      throw new FileError(
        folder,
        `Another process took over the folder, or removed its ${LOCK_FILE}, after this one had not responded ` +
          `for ${DEAD_AFTER / 1000} s. Nothing more is written; continue with --resume when the folder is free.`,
      );
    },
    release: async () => {
      clearInterval(timer);
      await beating;
      await file.close();
      // A full disk has no room for a claim.
      const removed = removeIf(path, text, command, folder, isMine);
      await removed.catch(async () => (await isMine()) && rm(path, { force: true })).catch(() => {});
    },
  };
}

/**
 * Refuses a folder that a process on this machine holds, before time is spent on work that would be refused. Takes no lock:
 * `lockFolder` decides everything else, such as holders on other machines, judged by the clock of the disk, and folders that
 * cannot be read.
 * Throws  FileError when the folder is in use
 */
export async function requireFree(folder: string): Promise<void> {
  const found = await look(join(folder, LOCK_FILE), Number.NaN).catch(() => null);
  if (found?.holder?.machine === thisProcess().machine && !isStale(found)) throw inUse(folder, found);
}

/** Claims on earlier locks, left by killed processes: while this lock exists, no claim has any effect. */
async function removeClaims(folder: string): Promise<void> {
  const claims = (await readdir(folder)).filter((name) => name.startsWith(`${LOCK_FILE}.`));
  for (const name of claims) await rm(join(folder, name), { force: true });
}

/** The open lock file that this process created at `path`, and its content. */
async function acquire(path: string, command: string, folder: string): Promise<{ file: FileHandle; text: string }> {
  const text = JSON.stringify({ ...thisProcess(), command, since: new Date().toISOString(), token: randomUUID() });
  for (;;) {
    const made = await create(path, text).catch((cause) => {
      throw fileError(folder, cause, "written");
    });
    if (typeof made === "object") return { file: made, text };
    const found = await look(path, made);
    if (found === null) continue;
    if (!isStale(found)) throw inUse(folder, found);
    await removeIf(path, found.text, command, folder, async () => {
      const again = await look(path, made);
      return again?.text === found.text && isStale(again);
    });
  }
}

/** Creates the lock or, if there is one, returns the time by the clock of the disk. */
async function create(path: string, text: string): Promise<FileHandle | number> {
  const temporary = join(dirname(path), temporaryName(LOCK_FILE));
  const file = await open(temporary, "wx");
  try {
    await file.write(text, 0);
    await link(temporary, path);
    return file;
  } catch (error) {
    const now = (await file.stat()).mtimeMs;
    await file.close();
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return now;
    // The current holder has swept temporary files away; the next attempt finds the holder.
    if (code === "ENOENT") return now;
    if (["EPERM", "ENOTSUP", "ENOSYS", "EOPNOTSUPP"].includes(code)) return createUnlinked(path, text, now);
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** For file systems without links, such as those of memory cards: for a moment the lock exists and is empty. */
async function createUnlinked(path: string, text: string, now: number): Promise<FileHandle | number> {
  try {
    const file = await open(path, "wx");
    await file.write(text, 0);
    return file;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return now;
    throw error;
  }
}

/** Removes the lock with this content, if `isStill` confirms it once no one else may remove it. */
async function removeIf(
  path: string,
  text: string,
  command: string,
  folder: string,
  isStill: () => Promise<boolean>,
): Promise<void> {
  const claim = `${path}.${sha256Of(text).slice(0, 16)}`;
  const { file } = await acquire(claim, command, folder);
  try {
    if (await isStill()) await rm(path, { force: true });
  } finally {
    await file.close();
    await rm(claim, { force: true });
  }
}

/** Null when the lock is gone. */
async function look(path: string, now: number): Promise<Found | null> {
  try {
    return await withFile(path, READ_WITHOUT_WAITING, async (file) => {
      const { mtimeMs: signOfLife } = await file.stat();
      const { bytesRead, buffer } = await file.read(new Uint8Array(LONGEST_LOCK), 0, LONGEST_LOCK, 0);
      const text = new TextDecoder().decode(buffer.subarray(0, bytesRead));
      return { text, holder: parseHolder(text), signOfLife, now };
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw fileError(path, error, "read");
  }
}

const readText = async (path: string): Promise<string | null> => (await look(path, 0))?.text ?? null;

function parseHolder(text: string): Holder | null {
  try {
    const holder = JSON.parse(text) as Holder;
    const words = [holder.command, holder.host, holder.machine, holder.started, holder.since, holder.token];
    const isHolder = words.every((word) => typeof word === "string") && Number.isInteger(holder.pid);
    return isHolder && !Number.isNaN(Date.parse(holder.since)) ? holder : null;
  } catch {
    return null;
  }
}

function isStale({ holder, signOfLife, now }: Found): boolean {
  if (holder?.machine === thisProcess().machine) return !isRunning(holder);
  return now - signOfLife > DEAD_AFTER;
}

/** Whether the process that took a lock on this machine is running. A zombie is not running. */
function isRunning({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const found = startOf(pid);
  return found === null || found === started;
}

/** Null if the system does not tell; empty for a process that has ended. */
function startOf(pid: number): string | null {
  const text = readKernel(`/proc/${pid}/stat`);
  if (text === null) return null;
  // The name, in parentheses, may contain anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return "ZX".includes(fields[0]) ? "" : fields[19];
}

function thisProcess(): Pick<Holder, "pid" | "host" | "machine" | "started"> {
  const host = hostname();
  const boot = readKernel("/proc/sys/kernel/random/boot_id");
  // Containers on one machine may share a name but number their processes separately.
  const machine = boot === null ? host : `${boot.trim()} ${readNamespace()}`;
  return { pid: process.pid, host, machine, started: startOf(process.pid) ?? "" };
}

function readKernel(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function readNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}

function inUse(folder: string, { holder, signOfLife, now }: Found): FileError {
  const seconds = Math.max(0, Math.round((now - signOfLife) / 1000));
  const life =
    holder?.machine === thisProcess().machine
      ? ""
      : ` It last responded ${seconds} s ago; after ${DEAD_AFTER / 1000} s the folder counts as free.`;
  const who = holder
    ? `by \`${holder.command}\`, process ${holder.pid} on ${holder.host}, since ${age(holder.since)}`
    : `by a process that its ${LOCK_FILE} does not name`;
  return new FileError(
    folder,
    `The folder is in use ${who}.${life} Wait for it, stop it, or choose another folder with --out.`,
  );
}

/** `2026-11-26 10:04 UTC, 3 min ago`. */
function age(since: string): string {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(since)) / 1000));
  const ago = seconds < 60 ? `${seconds} s` : seconds < 3600 ? `${Math.floor(seconds / 60)} min` : hours(seconds);
  return `${since.slice(0, 16).replace("T", " ")} UTC, ${ago} ago`;
}

const hours = (seconds: number): string => `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
