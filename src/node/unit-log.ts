/**
 * Finished units of work in a file of their run's folder, as they come: one line each, with its checksum.
 *
 *   checksum {"question":{...}}                  what is computed
 *   checksum {"unit":"name","value":"..."}       a unit: its value as JSON, deflated, in base 64
 *
 * A line is written as soon as its unit is done, and the first incomplete line ends the file, so a process may be killed at any
 * moment. (Only a power failure loses lines, those of the last seconds.) The file is created with the first unit: a failure
 * before that leaves an older file unchanged.
 */
import { closeSync, openSync, truncateSync, writeSync } from "node:fs";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { FileError } from "../errors.ts";
import type { Keeper } from "../evaluation/keeper.ts";
import { checkedLine, readCheckedLine } from "./checked-line.ts";
import { fileError, readFileChecked } from "./files.ts";

/** Largest log that is read, and most bytes that one unit may inflate to. */
const LARGEST_LOG = 2 ** 31;
const LARGEST_UNIT = 2 ** 28;

/** A log as found. */
export interface FoundLog {
  readonly question: unknown;
  /** Values, still compressed, by the name of their unit. */
  readonly units: ReadonlyMap<string, readonly string[]>;
  /** Bytes before the first incomplete line. */
  readonly whole: number;
}

export interface UnitLog extends Keeper {
  /** Creates the file, if no unit has done so. */
  begin(): void;
  close(): void;
}

/**
 * The log at `path`; null if there is none, or it has no complete line.
 * Throws  FileError when it cannot be read
 */
export async function readUnitLog(path: string): Promise<FoundLog | null> {
  const bytes = await readFileChecked(path, LARGEST_LOG).catch((error: FileError) => {
    if ((error.cause as NodeJS.ErrnoException | undefined)?.code === "ENOENT") return new Uint8Array();
    throw error;
  });
  let question: unknown;
  const units = new Map<string, string[]>();
  let whole = 0;
  for (let start = 0; ; ) {
    const end = bytes.indexOf(NEW_LINE, start);
    const line = end < 0 ? null : readLine(bytes.subarray(start, end));
    if (line === null) break;
    if (start === 0) question = line.question;
    else if (!units.get(line.unit)?.push(line.value)) units.set(line.unit, [line.value]);
    start = end + 1;
    whole = start;
  }
  return question === undefined ? null : { question, units, whole };
}

/**
 * Keeps units in the file at `path`, after those of `found`, which answer the same question; without `found`, the file is replaced.
 * `keep` throws FileError when the disk refuses.
 */
export function openUnitLog(path: string, question: unknown, found: FoundLog | null): UnitLog {
  let file: number | undefined;
  const trying = (action: () => void) => {
    try {
      action();
    } catch (cause) {
      throw fileError(path, cause, "written");
    }
  };
  function open(): number {
    if (file !== undefined) return file;
    if (found) {
      truncateSync(path, found.whole);
      file = openSync(path, "a");
    } else {
      file = openSync(path, "w");
      append(file, { question });
    }
    return file;
  }
  return {
    kept: (name) => (found?.units.get(name) ?? []).map((packed) => unpack(packed, path)),
    keep: (name, value) => trying(() => append(open(), { unit: name, value: pack(value) })),
    begin: () => trying(open),
    close: () => {
      if (file !== undefined) closeSync(file);
    },
  };
}

const NEW_LINE = 10;

function append(file: number, content: object): void {
  const line = checkedLine(content);
  for (let written = 0; written < line.length; ) written += writeSync(file, line, written);
}

/** Null if the line is not as it was written. */
function readLine(line: Uint8Array): { question: unknown; unit: string; value: string } | null {
  const found = readCheckedLine(line);
  const content = "content" in found ? (found.content as ReturnType<typeof readLine>) : null;
  return typeof content === "object" && !Array.isArray(content) ? content : null;
}

const ARRAYS = { Uint8Array, Uint16Array, Uint32Array, Int32Array, Float32Array, Float64Array };
type ArrayName = keyof typeof ARRAYS;

/** Arrays of numbers as their bytes, so that every number is restored exactly. */
function pack(value: unknown): string {
  const json = JSON.stringify(value, (_, part: unknown) => {
    if (!ArrayBuffer.isView(part)) return part;
    const bytes = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
    return { [part.constructor.name]: bytes.toString("base64") };
  });
  return deflateRawSync(json, { level: 1 }).toString("base64");
}

function unpack(packed: string, path: string): unknown {
  try {
    const json = inflateRawSync(Buffer.from(packed, "base64"), { maxOutputLength: LARGEST_UNIT });
    return JSON.parse(json.toString(), (_, part: unknown) => {
      const [name, ...others] = typeof part === "object" && part !== null ? Object.keys(part) : [];
      if (name === undefined || others.length > 0 || !Object.hasOwn(ARRAYS, name)) return part;
      const bytes = new Uint8Array(Buffer.from((part as Record<ArrayName, string>)[name as ArrayName], "base64"));
      return new ARRAYS[name as ArrayName](bytes.buffer);
    });
  } catch (cause) {
    throw new FileError(path, "A unit of the run cannot be read. Start the run over with --force.", { cause });
  }
}
