/**
 * Downloads that survive a broken line: what has arrived stays in `NAME.part`, the next attempt asks for the rest (HTTP
 * Range), and the file takes its name only after its checksum was found right.
 */
import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { PublishedFile, PublishedImages } from "../data/catalogue.ts";
import { inflateChunks, isGzip } from "../data/gzip.ts";
import { FileError, isXpikeError, SpecError } from "../errors.ts";
import { fileError, makeFolder } from "./files.ts";

export interface DownloadOptions {
  /** A folder to download from, as an address, instead of those of the catalogue. */
  readonly from?: string;
  /** Told the bytes of a file that are here, at the start of each attempt and as more arrive. */
  readonly onProgress?: (file: PublishedFile, bytes: number) => void;
  /** Milliseconds without a byte after which an attempt ends. Default 30 s: slow servers pause, dead ones do so for longer. */
  readonly patience?: number;
}

export interface Downloaded {
  readonly path: string;
  /** False when it was there already, with the right content. */
  readonly isNew: boolean;
}

/** Attempts at one address, each going on where the last one broke off, and how many in a row may bring nothing. */
const ATTEMPTS = 20;
const VAIN_ATTEMPTS = 2;
const PATIENCE = 30_000;
/** A mirror may have compressed anew, or not at all; a file larger by more than this is another one. */
const MOST_GROWTH = 8;
/** Most bytes that a compressed file may hold. */
const MOST_CONTENT = 2 ** 30;

/**
 * Downloads what is missing of a data set into `folder`, which is made if needed.
 * Throws  SpecError when the set has no address; FileError when no address gives a file with the published content, or the
 *         disk refuses
 */
export async function downloadImageData(
  set: PublishedImages,
  folder: string,
  options: DownloadOptions = {},
): Promise<Downloaded[]> {
  const addresses = options.from === undefined ? set.addresses : [options.from];
  if (set.files.length === 0 || addresses.length === 0) {
    throw new SpecError("data", `${set.name} has no address: it comes with this package, and needs no download.`);
  }
  await makeFolder(folder);
  const done: Downloaded[] = [];
  for (const file of set.files) done.push(await downloadFile(file, addresses, join(folder, file.name), options));
  return done;
}

/** One file, from the first address that gives it. Throws FileError. */
async function downloadFile(
  file: PublishedFile,
  addresses: readonly string[],
  path: string,
  options: DownloadOptions,
): Promise<Downloaded> {
  if ((await sizeOf(path)) > 0 && (await isAsPublished(file, path))) return { path, isNew: false };
  const part = `${path}.part`;
  const failures: string[] = [];
  for (const folder of addresses) {
    const address = addressOf(folder, file.name);
    try {
      await completePart(file, address, part, options);
      if (await isAsPublished(file, part)) {
        await rename(part, path);
        return { path, isNew: true };
      }
      await rm(part, { force: true });
      failures.push(`${address}: the content is not the published one, by SHA-256; it was deleted`);
    } catch (error) {
      if (!(error instanceof AddressError)) throw isXpikeError(error) ? error : fileError(part, error, "written");
      failures.push(`${address}: ${error.message}`);
    }
  }
  const arrived = await sizeOf(part);
  const rest =
    arrived > 0 ? ` ${arrived} bytes are kept in ${basename(part)}; the same command goes on from there.` : "";
  throw new FileError(
    path,
    `The file could not be downloaded.\n${failures.join("\n")}\nTry again, give a mirror with --from, or put the file there ` +
      `by hand.${rest}`,
  );
}

/** What is wrong at one address; another may do. */
class AddressError extends Error {}

function addressOf(folder: string, name: string): string {
  try {
    return new URL(name, folder.endsWith("/") ? folder : `${folder}/`).href;
  } catch (cause) {
    throw new SpecError("from", `"${folder}" is no address. Write it as https://example.org/folder/.`, { cause });
  }
}

/** Brings `part` to its end, in several attempts if the line breaks. Throws AddressError; what the disk says. */
async function completePart(
  file: PublishedFile,
  address: string,
  part: string,
  options: DownloadOptions,
): Promise<void> {
  let vain = 0;
  for (let attempt = 1; ; attempt++) {
    const before = await sizeOf(part);
    try {
      await receive(file, address, part, before, options);
      return;
    } catch (error) {
      if (!(error instanceof AddressError)) throw error;
      vain = (await sizeOf(part)) > before ? 0 : vain + 1;
      if (attempt === ATTEMPTS || vain === VAIN_ATTEMPTS) throw error;
    }
  }
}

/** One request: the rest of the file from byte `before`, or all of it where the server knows no ranges. */
async function receive(
  file: PublishedFile,
  address: string,
  part: string,
  before: number,
  { onProgress, patience = PATIENCE }: DownloadOptions,
): Promise<void> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), patience);
  try {
    const headers = { "Accept-Encoding": "identity", ...(before > 0 ? { Range: `bytes=${before}-` } : {}) };
    const response = await request(address, headers, abort.signal, patience);
    if (before > 0 && response.status === 416) {
      await response.body?.cancel();
      // Nothing follows: the part is whole, or of another file. Its checksum tells.
      return;
    }
    if (response.status !== 200 && response.status !== 206) {
      await response.body?.cancel();
      throw new AddressError(`the server answers ${response.status} ${response.statusText}`.trimEnd());
    }
    const start = response.status === 206 ? startOf(response, before) : 0;
    const expected = Number(response.headers.get("content-length") ?? Number.NaN);
    const target = await open(part, start > 0 ? "r+" : "w");
    try {
      await target.truncate(start);
      let size = start;
      onProgress?.(file, size);
      for await (const bytes of chunksOf(response, patience)) {
        timer.refresh();
        size += bytes.length;
        if (size > MOST_GROWTH * file.bytes) {
          await target.truncate(0);
          throw new AddressError(
            `more than ${MOST_GROWTH * file.bytes} bytes arrive, where ${file.bytes} are expected`,
          );
        }
        await writeAt(target, bytes, size - bytes.length);
        onProgress?.(file, size);
      }
      // A body that was encoded on the way has another length.
      const isEncoded = response.headers.has("content-encoding");
      if (!isEncoded && Number.isFinite(expected) && size - start < expected) {
        throw new AddressError(`the line broke after ${size - start} of ${expected} bytes`);
      }
      await target.sync();
    } finally {
      await target.close();
    }
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
}

async function writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}

async function request(
  address: string,
  headers: Record<string, string>,
  signal: AbortSignal,
  patience: number,
): Promise<Response> {
  try {
    return await fetch(address, { headers, signal });
  } catch (error) {
    throw new AddressError(reasonOf(error, patience), { cause: error });
  }
}

async function* chunksOf(response: Response, patience: number): AsyncGenerator<Uint8Array> {
  if (!response.body) return;
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read().catch((error: unknown) => {
        throw new AddressError(reasonOf(error, patience), { cause: error });
      });
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** Where a partial answer starts. Throws AddressError when it is not where it was asked to. */
function startOf(response: Response, before: number): number {
  const range = response.headers.get("content-range") ?? "";
  const [, start] = /^bytes (\d+)-/.exec(range) ?? [];
  if (Number(start) !== before) {
    throw new AddressError(`the server sends the range "${range}", where bytes from ${before} were asked for`);
  }
  return before;
}

/** Node wraps the cause of a failed request. */
function reasonOf(error: unknown, patience: number): string {
  if (error instanceof Error && error.name === "AbortError") return `nothing arrived for ${patience / 1000} s`;
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const { code, message } = cause as NodeJS.ErrnoException;
  return `the line failed (${code ?? message ?? String(cause)})`;
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

/** Whether the file has the published content; false also where it is no whole gzip file. */
async function isAsPublished(file: PublishedFile, path: string): Promise<boolean> {
  const hash = createHash("sha256");
  try {
    await addContent(hash, file, path);
  } catch (error) {
    if (error instanceof FileError) return false;
    throw error;
  }
  return hash.digest("hex") === file.sha256;
}

async function addContent(hash: Hash, file: PublishedFile, path: string): Promise<void> {
  const bytes = createReadStream(path, { highWaterMark: 2 ** 14 });
  const isPacked = file.of === "content" && (await startsAsGzip(path));
  let size = 0;
  for await (const chunk of isPacked ? inflateChunks(bytes, path) : bytes) {
    size += chunk.length;
    if (size > MOST_CONTENT) throw new FileError(path, `The file holds more than ${MOST_CONTENT} bytes.`);
    hash.update(chunk);
  }
}

async function startsAsGzip(path: string): Promise<boolean> {
  const file = await open(path, "r");
  try {
    const { bytesRead, buffer } = await file.read(new Uint8Array(2), 0, 2, 0);
    return isGzip(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}
