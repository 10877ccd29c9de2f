/**
 * Downloads that survive a broken connection. Received bytes stay in `NAME.part`, the next attempt requests the rest (HTTP
 * Range), and the file gets its final name only after its checksum has been verified. The server's freedom is limited: how slowly
 * it sends, how much, and where it redirects.
 */
import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { PublishedFile, PublishedImages } from "../data/catalogue.ts";
import { inflateChunks, isGzip } from "../data/gzip.ts";
import { FileError, isXpikeError, SpecError } from "../errors.ts";
import { shorten } from "../experiment/json.ts";
import { fileError, makeFolder } from "./files.ts";

export interface DownloadOptions {
  /** Base address to download from, instead of the catalogue's. */
  readonly from?: string;
  /** Called with the number of bytes received so far, at the start of each attempt and as more arrive. */
  readonly onProgress?: (file: PublishedFile, bytes: number) => void;
  /** Milliseconds without a byte after which an attempt ends. Default 30 s: slow servers pause, dead ones pause for longer. */
  readonly patience?: number;
  /** Bytes per second, over each `patience`, below which an attempt ends. Default 1024: even a telephone line is faster. */
  readonly leastRate?: number;
}

export interface Downloaded {
  readonly path: string;
  /** False if the file was already there, with the right content. */
  readonly isNew: boolean;
}

/** Attempts at one address, each continuing from the last, and how many in a row may deliver nothing. */
const ATTEMPTS = 20;
const VAIN_ATTEMPTS = 2;
const PATIENCE = 30_000;
const LEAST_RATE = 1024;
const MOST_REDIRECTS = 5;
/** A mirror may have recompressed the file, or not compressed it; a file larger by more than this is a different one. */
const MOST_GROWTH = 8;
/** Most bytes that a compressed file may hold. */
const MOST_CONTENT = 2 ** 30;

/**
 * Downloads the missing files of a data set into `folder`, which is created if needed.
 * Throws  SpecError when the set has no address; FileError when no address gives a file with the published content, or the disk refuses
 */
export async function downloadImageData(
  set: PublishedImages,
  folder: string,
  options: DownloadOptions = {},
): Promise<Downloaded[]> {
  const addresses = options.from === undefined ? set.addresses : [options.from];
  if (set.files.length === 0 || addresses.length === 0) {
    throw new SpecError("data", `${set.name} comes with this package and needs no download.`);
  }
  await makeFolder(folder, "--data");
  const done: Downloaded[] = [];
  for (const file of set.files) done.push(await downloadFile(file, addresses, join(folder, file.name), options));
  return done;
}

/** One file, from the first address that delivers it. Throws FileError. */
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
      const { isWhole } = await completePart(file, address, part, options);
      if (await isAsPublished(file, part)) {
        await rename(part, path);
        // Left by a process that was killed.
        await rm(anew(part), { force: true });
        return { path, isNew: true };
      }
      if (!isWhole) {
        failures.push(
          `${address}: the server does not give the file's length, and the file ends after ${await sizeOf(part)} bytes`,
        );
        continue;
      }
      await rm(part, { force: true });
      failures.push(`${address}: the SHA-256 differs from the published one; the file was deleted`);
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

/** A problem at one address; another may work. */
class AddressError extends Error {}

/** This address delivers too little, however often it is asked. */
class SlowError extends AddressError {}

/** The server has no bytes from the requested position, and does not say that the file ends there. */
class NoRangeError extends AddressError {}

/** Receives a file from its start, while a partial copy is in `part`. */
const anew = (part: string): string => `${part}.anew`;

interface Received {
  /** Whether the server announced the end of the file; otherwise a broken connection looks the same. */
  readonly isWhole: boolean;
}

function addressOf(folder: string, name: string): string {
  try {
    return new URL(name, folder.endsWith("/") ? folder : `${folder}/`).href;
  } catch (cause) {
    throw new SpecError("from", `"${folder}" is not an address. Write it as https://example.org/folder/.`, { cause });
  }
}

/** Completes `part`, in several attempts if the connection breaks. Throws AddressError, and disk errors. */
async function completePart(
  file: PublishedFile,
  address: string,
  part: string,
  options: DownloadOptions,
): Promise<Received> {
  let vain = 0;
  let knowsRanges = true;
  for (let attempt = 1; ; attempt++) {
    const before = await sizeOf(part);
    try {
      const received = await receive(file, address, part, knowsRanges ? before : 0, options);
      if (received.isWhole || (await isAsPublished(file, part))) return received;
      // The connection may have broken: request the rest.
      vain = (await sizeOf(part)) > before ? 0 : vain + 1;
      if (attempt === ATTEMPTS || vain === VAIN_ATTEMPTS) return received;
    } catch (error) {
      if (!(error instanceof AddressError)) throw error;
      if (error instanceof NoRangeError) knowsRanges = false;
      vain = (await sizeOf(part)) > before && !(error instanceof SlowError) ? 0 : vain + 1;
      if (attempt === ATTEMPTS || vain === VAIN_ATTEMPTS) throw error;
    }
  }
}

/** One request: the rest of the file from byte `before`, or all of it if that is 0 or the server does not support ranges. */
async function receive(
  file: PublishedFile,
  address: string,
  part: string,
  before: number,
  options: DownloadOptions,
): Promise<Received> {
  const watch = watchLine(options);
  try {
    const headers = { "Accept-Encoding": "identity", ...(before > 0 ? { Range: `bytes=${before}-` } : {}) };
    const response = await request(address, headers, watch);
    if (before > 0 && response.status === 416) {
      await response.body?.cancel();
      // Nothing follows: the part is complete, or of another file. Its checksum tells.
      if (response.headers.get("content-range") === `bytes */${before}`) return { isWhole: true };
      if (await isAsPublished(file, part)) return { isWhole: true };
      throw new NoRangeError(`the server has no bytes after ${before}, but does not say that the file ends there`);
    }
    if (response.status !== 200 && response.status !== 206) {
      await response.body?.cancel();
      throw new AddressError(`the server answers ${response.status} ${response.statusText}`.trimEnd());
    }
    const start = response.status === 206 ? startOf(response, before) : 0;
    // The partial file is not given up for a connection that may break earlier.
    const target = start === 0 && (await sizeOf(part)) > 0 ? anew(part) : part;
    try {
      return await writeBody(response, { file, target, start, watch, options });
    } finally {
      if (target !== part) {
        if ((await sizeOf(target)) > (await sizeOf(part))) await rename(target, part);
        else await rm(target, { force: true });
      }
    }
  } finally {
    watch.end();
  }
}

interface Body {
  readonly file: PublishedFile;
  readonly target: string;
  /** Position in the file at which the body begins. */
  readonly start: number;
  readonly watch: LineWatch;
  readonly options: DownloadOptions;
}

async function writeBody(response: Response, { file, target, start, watch, options }: Body): Promise<Received> {
  const { headers } = response;
  // A body that was encoded in transit has another length.
  const announced = headers.has("content-encoding") ? null : headers.get("content-length");
  const expected = Number(announced ?? Number.NaN);
  // A mirror may have recompressed a file that is compared by its content.
  const most = file.of === "file" ? file.bytes : MOST_GROWTH * file.bytes;
  if (start + expected > most) {
    await response.body?.cancel();
    throw new AddressError(`${start + expected} bytes are announced, but ${file.bytes} are expected`);
  }
  const output = await open(target, start > 0 ? "r+" : "w");
  try {
    await output.truncate(start);
    let size = start;
    options.onProgress?.(file, size);
    for await (const bytes of chunksOf(response, watch)) {
      watch.arrived(bytes.length);
      size += bytes.length;
      if (size > most) {
        await output.truncate(start);
        throw new AddressError(`more than ${most} bytes arrive, but ${file.bytes} are expected`);
      }
      await writeAt(output, bytes, size - bytes.length);
      options.onProgress?.(file, size);
    }
    if (size - start < expected)
      throw new AddressError(`the connection broke after ${size - start} of ${expected} bytes`);
    await output.sync();
    return { isWhole: announced !== null || headers.has("content-encoding") || headers.has("transfer-encoding") };
  } finally {
    await output.close();
  }
}

interface LineWatch {
  readonly signal: AbortSignal;
  arrived(bytes: number): void;
  /** Describes why a connection failed. */
  reasonOf(error: unknown): AddressError;
  end(): void;
}

/** Ends a request that is silent, or slower than the minimum rate. */
function watchLine({ patience = PATIENCE, leastRate = LEAST_RATE }: DownloadOptions): LineWatch {
  const abort = new AbortController();
  const silence = setTimeout(() => abort.abort(), patience);
  let inWindow = 0;
  let slow: SlowError | undefined;
  const rate = setInterval(() => {
    const least = (leastRate * patience) / 1000;
    if (inWindow > 0 && inWindow < least) {
      slow = new SlowError(`${inWindow} bytes in ${patience / 1000} s are fewer than ${leastRate} per second`);
      abort.abort();
    }
    inWindow = 0;
  }, patience);
  return {
    signal: abort.signal,
    arrived: (bytes) => {
      silence.refresh();
      inWindow += bytes;
    },
    reasonOf: (error) => slow ?? new AddressError(reasonOf(error, patience), { cause: error }),
    end: () => {
      clearTimeout(silence);
      clearInterval(rate);
      abort.abort();
    },
  };
}

async function writeAt(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}

/** Follows redirects, but never from an encrypted connection to an unencrypted one. */
async function request(address: string, headers: Record<string, string>, watch: LineWatch): Promise<Response> {
  let url = new URL(address);
  for (let redirects = 0; ; redirects++) {
    const response = await fetch(url, { headers, signal: watch.signal, redirect: "manual" }).catch((error: unknown) => {
      throw watch.reasonOf(error);
    });
    const location = response.headers.get("location");
    if (response.status < 301 || response.status > 308 || location === null) return response;
    await response.body?.cancel();
    const next = URL.canParse(location, url) ? new URL(location, url) : null;
    if (next === null || !["http:", "https:"].includes(next.protocol)) {
      throw new AddressError(`the server redirects to ${shorten(location)}, which is not an address`);
    }
    if (url.protocol === "https:" && next.protocol !== "https:") {
      throw new AddressError(`the server redirects from https to ${next.origin}, which is not encrypted`);
    }
    if (redirects === MOST_REDIRECTS) throw new AddressError(`the server redirects more than ${MOST_REDIRECTS} times`);
    url = next;
  }
}

async function* chunksOf(response: Response, watch: LineWatch): AsyncGenerator<Uint8Array> {
  if (!response.body) return;
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read().catch((error: unknown) => {
        throw watch.reasonOf(error);
      });
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** The start of a partial answer. Throws AddressError when it differs from the request. */
function startOf(response: Response, before: number): number {
  const range = response.headers.get("content-range") ?? "";
  const [, start] = /^bytes (\d+)-/.exec(range) ?? [];
  if (Number(start) !== before) {
    throw new AddressError(`the server sends the range "${range}" instead of bytes from ${before}`);
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

/** Whether the file has the published content; also false if it is not a complete gzip file. */
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
