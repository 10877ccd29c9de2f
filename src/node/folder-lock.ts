/**
 * One writer in a folder: who writes there holds a lock, and anybody else is told who, where and since when.
 *
 * The lock is a file that names its holder. It is linked into place, so that it is there whole or not at all, for one of those who
 * try. The holder rewrites it now and then, as a sign of life. A lock is stale when its process is gone from this machine, or,
 * where that cannot be seen, when the last sign of life is too old by the clock of the disk, which all machines share.
 *
 * Removing a stale lock has a race: of two who find it, the slower one could remove the lock that the faster one has just made. So
 * only who holds a second lock, named after the content of the stale one, may remove it, after another look. That one is taken by
 * the same rules. Locks of libraries (such as proper-lockfile) name no holder, and leave this race open.
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

/** Between signs of life, and the age from which on a holder on another machine counts as dead. Long next to caches of network disks. */
const SIGN_OF_LIFE = 10_000;
const DEAD_AFTER = 180_000;
/** No lock of ours is longer. */
const LONGEST_LOCK = 2 ** 16;

/** The folder is this process's own until `release`. */
export interface FolderLock {
  /** Throws FileError when another has taken the folder, because this process gave no sign of life for too long. */
  check(): Promise<void>;
  /** Lets others in. Does nothing when the folder was lost or removed. */
  release(): Promise<void>;
}

interface Holder {
  /** What was typed, or what the program calls itself. */
  readonly command: string;
  readonly pid: number;
  readonly host: string;
  /** Same for all processes that see each other's numbers, and for no others. */
  readonly machine: string;
  /** When the process started, by its machine's own count; tells it from a later one of the same number. */
  readonly started: string;
  /** When the lock was taken, as a person reads it. */
  readonly since: string;
  /** Makes the content unlike any other. */
  readonly token: string;
}

/** A lock as it was found; `holder` is null where the content is not of ours. Times are the disk's, in milliseconds. */
interface Found {
  readonly text: string;
  readonly holder: Holder | null;
  readonly signOfLife: number;
  readonly now: number;
}

/**
 * Takes the folder for `command`, which errors show to others.
 * Throws  FileError when somebody holds it, or it cannot be written
 */
export async function lockFolder(folder: string, command: string): Promise<FolderLock> {
  const path = join(folder, LOCK_FILE);
  const { file, text } = await acquire(path, command, folder);
  await removeClaims(folder);

  const isMine = async (): Promise<boolean> => (await readText(path)) === text;
  let beating: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    // The same bytes once more: the disk notes the time.
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
      // On a full disk there is no room for a claim.
      const removed = removeIf(path, text, command, folder, isMine);
      await removed.catch(async () => (await isMine()) && rm(path, { force: true })).catch(() => {});
    },
  };
}

/**
 * Refuses a folder that a process on this machine holds, before anything is spent on work that would be refused. It takes nothing: all
 * else is told by `lockFolder`, holders on other machines, who are dead or alive by the clock of the disk, and folders that cannot be read.
 * Throws  FileError when the folder is in use
 */
export async function requireFree(folder: string): Promise<void> {
  const found = await look(join(folder, LOCK_FILE), Number.NaN).catch(() => null);
  if (found?.holder?.machine === thisProcess().machine && !isStale(found)) throw inUse(folder, found);
}

/** Claims on earlier locks, of processes that were killed: as long as this lock is there, no claim allows anything. */
async function removeClaims(folder: string): Promise<void> {
  const claims = (await readdir(folder)).filter((name) => name.startsWith(`${LOCK_FILE}.`));
  for (const name of claims) await rm(join(folder, name), { force: true });
}

/** The open lock file that this process has made at `path`, and its content. */
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

/** Makes the lock, or, where one is there, gives the time by the clock of the disk. */
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
    // Who holds the folder has swept temporary files away: the next attempt finds the holder.
    if (code === "ENOENT") return now;
    if (["EPERM", "ENOTSUP", "ENOSYS", "EOPNOTSUPP"].includes(code)) return createUnlinked(path, text, now);
    throw error;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** For file systems without links, such as those of memory cards: for a moment the lock is there and empty. */
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

/** Removes the lock of this content, if `isStill` says so once nobody else may remove it. */
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

/** Null when there is no lock any more. */
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

/** Whether the process runs that took a lock on this machine. One that has ended and that nobody has asked about runs no more. */
function isRunning({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const found = startOf(pid);
  return found === null || found === started;
}

/** Null where the system does not tell; empty for a process that has ended. */
function startOf(pid: number): string | null {
  const text = readKernel(`/proc/${pid}/stat`);
  if (text === null) return null;
  // The name, in parentheses, may hold anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return "ZX".includes(fields[0]) ? "" : fields[19];
}

function thisProcess(): Pick<Holder, "pid" | "host" | "machine" | "started"> {
  const host = hostname();
  const boot = readKernel("/proc/sys/kernel/random/boot_id");
  // Containers of one machine may have one name, and number their processes each for itself.
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
