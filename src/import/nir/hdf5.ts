/**
 * HDF5 files as trees of arrays, through the package h5wasm (HDF5 1.14 compiled to WebAssembly), which the caller passes in: Node and
 * browsers load it in their own ways, and only those who exchange NIR graphs need it.
 *
 * Sizes are checked before memory is taken; links to other files, soft links, and types other than numbers and texts are refused.
 */
import { FileError, isXpikeError } from "../../errors.ts";
import { shorten } from "../../experiment/json.ts";
import { isGroup, type NirArray, type NirData, type NirGroup } from "./tree.ts";

/** The part of the module h5wasm that is used: `import * as h5wasm from "h5wasm"`. */
export interface Hdf5 {
  readonly ready: Promise<Hdf5Module>;
  readonly File: new (name: string, mode: "r" | "w") => Hdf5Group & { close(): unknown };
}

/** The module's memory, and reading into it. */
export interface Hdf5Module {
  readonly FS: Hdf5Files;
  readonly HEAPU8: Uint8Array;
  _malloc(bytes: number): number;
  _free(pointer: number): void;
  UTF8ToString(pointer: number): string;
  get_dataset_data(
    file: bigint,
    path: string,
    count: bigint[] | null,
    offset: bigint[] | null,
    strides: bigint[] | null,
    pointer: bigint,
  ): unknown;
  reclaim_vlen_memory(file: bigint, path: string, attribute: string, pointer: bigint): unknown;
  reclaim_vlen_memory_count(file: bigint, path: string, attribute: string, pointer: bigint, count: bigint[]): unknown;
}

/** Files in the module's memory. */
export interface Hdf5Files {
  writeFile(name: string, bytes: Uint8Array): void;
  readFile(name: string): Uint8Array;
  unlink(name: string): void;
  open(name: string, mode: "w+"): object;
  close(stream: object): void;
  /** By number, as POSIX counts them; the package's types leave it out. */
  streams?: (object | null)[];
}

export interface Hdf5Group {
  readonly type: string;
  keys(): string[];
  get(name: string): unknown;
  create_group(name: string): unknown;
  create_dataset(dataset: {
    name: string;
    data: NirArray | string | string[];
    shape?: number[];
    dtype?: string;
    chunks?: number[];
    compression?: "gzip";
  }): unknown;
}

export interface Hdf5Dataset {
  readonly file_id: bigint;
  readonly path: string;
  readonly type: string;
  readonly dtype: unknown;
  readonly shape: readonly number[] | null;
  readonly metadata: { readonly size: number; readonly vlen: boolean; readonly chunks: readonly number[] | null };
  readonly filters: readonly { readonly name: string }[];
  readonly value: unknown;
}

/** Largest file, and most bytes of all its arrays together. */
export const LARGEST_NIR = 2 ** 28;
const MOST_BYTES = 2 ** 30;
/** Bytes of arrays that every file may declare, and per byte of a file that may declare more. Reading takes up to three times as many. */
const ALWAYS_READ = 2 ** 26;
const MOST_RATIO = 64;
const MOST_ENTRIES = 100_000;
/** Groups within groups: a graph and its nodes take two levels. */
const DEEPEST = 32;
/** Arrays from this size on are compressed, as NIR's own writer does with all. */
const COMPRESSED = 1024;

const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Whether bytes begin as HDF5 files do. */
export const isHdf5 = (bytes: Uint8Array): boolean => SIGNATURE.every((byte, i) => bytes[i] === byte);

/** How h5wasm names the types of numbers, least significant byte first. */
const TYPES: readonly (readonly [string, new (length: number) => NirArray])[] = [
  ["<b", Int8Array],
  ["<B", Uint8Array],
  ["<h", Int16Array],
  ["<H", Uint16Array],
  ["<i", Int32Array],
  ["<I", Uint32Array],
  ["<q", BigInt64Array],
  ["<Q", BigUint64Array],
  ["<f", Float32Array],
  ["<d", Float64Array],
];

/**
 * The groups and arrays of a file.
 * Throws  FileError when it is larger than the limits, damaged, or holds something else than numbers and texts
 */
export async function readHdf5(bytes: Uint8Array, hdf5: Hdf5, path: string): Promise<NirGroup> {
  if (!isHdf5(bytes))
    throw new FileError(path, "This is not an HDF5 file, of which NIR graphs are made: its first bytes differ.");
  if (bytes.length > LARGEST_NIR) {
    throw new FileError(
      path,
      `The file has ${bytes.length} bytes, but at most ${LARGEST_NIR} are read. Split the graph.`,
    );
  }
  return withFile(hdf5, (library, name, complaint) => {
    const damaged = (reason: string, cause?: unknown): FileError =>
      new FileError(path, `The HDF5 file is damaged: ${reason}. Copy or write it again.`, { cause });
    library.FS.writeFile(name, bytes);
    try {
      const file = new hdf5.File(name, "r");
      try {
        // The library complains, and goes on with whatever it has, perhaps without end.
        const check = (): void => {
          const reason = complaint();
          if (reason !== null) throw damaged(reason);
        };
        check();
        return readGroup(
          file,
          { path, library, size: bytes.length, check, take: allowance(bytes.length, path), entries: 0 },
          "",
          0,
        );
      } finally {
        file.close();
      }
    } catch (cause) {
      const reason = complaint();
      if (reason === null && isXpikeError(cause)) throw cause;
      throw damaged(reason ?? shorten(String((cause as Error)?.message ?? cause).split("\n")[0]), cause);
    }
  });
}

/** The bytes of a file with these groups and arrays. */
export async function writeHdf5(root: NirGroup, hdf5: Hdf5): Promise<Uint8Array> {
  return withFile(hdf5, ({ FS }, name) => {
    const file = new hdf5.File(name, "w");
    try {
      writeGroup(file, root);
    } finally {
      file.close();
    }
    return FS.readFile(name);
  });
}

let counted = 0;

/**
 * Runs `use` with a name in the module's memory, and removes the file of that name. `complaint` is the innermost message of the library's
 * first error so far, such as "file has been truncated", or null: it prints errors, which go to a file meanwhile. Its exceptions would
 * leak the module's stack.
 */
async function withFile<Result>(
  hdf5: Hdf5,
  use: (library: Hdf5Module, name: string, complaint: () => string | null) => Result,
): Promise<Result> {
  const library = await hdf5.ready;
  const { FS } = library;
  const name = `graph-${counted++}.nir`;
  const log = `${name}.log`;
  const streams = FS.streams!;
  const errors = streams[STANDARD_ERROR];
  const stream = FS.open(log, "w+");
  streams[STANDARD_ERROR] = stream;
  const complaint = (): string | null => {
    const [first] = new TextDecoder().decode(FS.readFile(log)).split(/\n(?=HDF5-DIAG)/);
    return [...first.matchAll(/ in \w+\(\): (.+)$/gm)].at(-1)?.[1] ?? null;
  };
  try {
    return use(library, name, complaint);
  } finally {
    streams[STANDARD_ERROR] = errors;
    FS.close(stream);
    FS.unlink(log);
    quietly(() => FS.unlink(name));
  }
}

const STANDARD_ERROR = 2;

/** For what may be gone already. */
function quietly(clean: () => void): void {
  try {
    clean();
  } catch {
    // It was never there.
  }
}

interface Reading {
  readonly path: string;
  readonly library: Hdf5Module;
  /** Bytes of the file. */
  readonly size: number;
  /** Throws if the library has complained. */
  check(): void;
  /** Counts bytes of memory before they are taken; `what` begins the message. Throws FileError beyond what the file may take. */
  take(bytes: number, what: string): void;
  entries: number;
}

/** Counts the memory of a file's arrays. */
function allowance(size: number, path: string): Reading["take"] {
  const most = Math.min(MOST_BYTES, Math.max(ALWAYS_READ, MOST_RATIO * size));
  let taken = 0;
  return (bytes, what) => {
    taken += bytes;
    if (taken <= most) return;
    const rule =
      most === MOST_BYTES
        ? ""
        : `: ${most === ALWAYS_READ ? "this much is always read" : `${MOST_RATIO} times the file's size`}`;
    throw new FileError(
      path,
      `${what}, the arrays of this file of ${size} bytes take ${taken} bytes of memory, more than ${most}${rule}. If the file is what ` +
        "you expect, write it again without compression.",
    );
  };
}

function readGroup(group: Hdf5Group, reading: Reading, at: string, depth: number): NirGroup {
  const fail = (problem: string): never => {
    throw new FileError(reading.path, `${problem} No NIR graph has this; write the file again.`);
  };
  if (depth > DEEPEST) fail(`${shorten(at)} lies deeper than ${DEEPEST} groups.`);
  const entries = new Map<string, NirData | NirGroup>();
  const names = group.keys();
  reading.check();
  reading.entries += names.length;
  if (reading.entries > MOST_ENTRIES) fail(`The file has more than ${MOST_ENTRIES} entries.`);
  for (const name of names) {
    const entry = group.get(name) as Hdf5Group | Hdf5Dataset | null;
    const where = `${at}/${name}`;
    reading.check();
    if (entry?.type === "Group") entries.set(name, readGroup(entry as Hdf5Group, reading, where, depth + 1));
    else if (entry?.type === "Dataset") entries.set(name, readDataset(entry as Hdf5Dataset, reading, where, fail));
    else
      fail(
        `${shorten(where)} is ${entry === null ? "unreadable" : `a ${entry.type}`}, not numbers, a text or a group.`,
      );
  }
  return entries;
}

function readDataset(dataset: Hdf5Dataset, reading: Reading, where: string, fail: (problem: string) => never): NirData {
  const { shape, dtype } = dataset;
  reading.check();
  if (shape === null) return fail(`${shorten(where)} is empty.`);
  const count = shape.reduce((all, side) => all * side, 1);
  const type = typeof dtype === "string" ? dtype : JSON.stringify(dtype);
  const isText = /^S\d*$/.test(type);
  const kind = TYPES.find(([name]) => name === type || (name.length === 2 && `|${name[1]}` === type));
  if (!isText && !kind)
    return fail(`${shorten(where)} has the type ${shorten(type)}, but only numbers and texts are read.`);
  const { size, vlen, chunks } = dataset.metadata;
  // A text is a pointer in memory. A chunk is unpacked whole, and may be larger than its array.
  const chunk = chunks?.reduce((all, side) => all * side, 1) ?? 0;
  reading.take(
    Math.max(count, chunk) * (isText ? Math.max(8, size) : size),
    `With ${shorten(where)} [${shape}]${chunk > count ? ` in chunks of [${chunks}]` : ""}`,
  );
  // Each pass may multiply by a thousand again.
  const packers = chunk === 0 ? 0 : dataset.filters.filter(({ name }) => name === "deflate").length;
  if (packers > 1) return fail(`${shorten(where)} is compressed ${packers} times over.`);
  if (count === 0) return { shape, values: kind ? new kind[1](0) : [] };
  const value = vlen ? readTexts(dataset, reading, shape, where) : dataset.value;
  reading.check();
  if (isText) {
    const texts = Array.isArray(value) ? value : [value];
    if (texts.length !== count || !texts.every((each) => typeof each === "string"))
      return fail(`${shorten(where)} is no text.`);
    return { shape, values: texts };
  }
  const Numbers = kind![1];
  if (value instanceof Numbers && value.length === count) return { shape, values: value };
  if (typeof value !== "number" && typeof value !== "bigint")
    return fail(`${shorten(where)} does not hold ${count} numbers.`);
  const values = new Numbers(1);
  values[0] = value as never;
  return { shape, values };
}

/**
 * Texts of any length, which are pointers in the file's array. The package reads them into memory that it does not clear, and frees what
 * a damaged file left there, which may never end. Many pointers may lead to one long text, of which each gets a copy; so no more are read
 * at a time than would fit if each were as long as the file.
 */
function readTexts(
  { file_id, path }: Hdf5Dataset,
  { library, size, take }: Reading,
  shape: readonly number[],
  where: string,
): string[] {
  const texts: string[] = [];
  for (const { offset, count } of blocksOf(shape, Math.max(1, Math.floor(ALWAYS_READ / size)))) {
    const length = count.reduce((all, side) => all * side, 1);
    const start = library._malloc(4 * length);
    if (start === 0) throw new RangeError("no memory is left");
    library.HEAPU8.fill(0, start, start + 4 * length);
    // A scalar has no parts.
    const part = shape.length === 0 ? null : [count, offset, count.map(() => 1)].map((sides) => sides.map(BigInt));
    try {
      library.get_dataset_data(file_id, path, part?.[0] ?? null, part?.[1] ?? null, part?.[2] ?? null, BigInt(start));
      const pointers = new Uint32Array(library.HEAPU8.slice(start, start + 4 * length).buffer);
      for (const pointer of pointers) {
        const text = pointer === 0 ? "" : library.UTF8ToString(pointer);
        take(text.length, `With the texts of ${shorten(where)} [${shape}]`);
        texts.push(text);
      }
    } finally {
      if (part) library.reclaim_vlen_memory_count(file_id, path, "", BigInt(start), part[0]);
      else library.reclaim_vlen_memory(file_id, path, "", BigInt(start));
      library._free(start);
    }
  }
  return texts;
}

/** Blocks of an array in the order of its values, each of at most `most` values that are next to each other. */
function* blocksOf(shape: readonly number[], most: number): Generator<{ offset: number[]; count: number[] }> {
  const count = shape.map(() => 1);
  for (let dimension = shape.length - 1, left = most; dimension >= 0; dimension--) {
    count[dimension] = Math.min(shape[dimension], left);
    // Values of two parts of a dimension are not next to each other.
    left = count[dimension] < shape[dimension] ? 1 : Math.max(1, Math.floor(left / count[dimension]));
  }
  const blocks = shape.map((side, dimension) => Math.ceil(side / count[dimension]));
  const all = blocks.reduce((product, number) => product * number, 1);
  for (let block = 0; block < all; block++) {
    const offset: number[] = [];
    for (let dimension = shape.length - 1, rest = block; dimension >= 0; dimension--) {
      offset[dimension] = (rest % blocks[dimension]) * count[dimension];
      rest = Math.floor(rest / blocks[dimension]);
    }
    yield { offset, count: count.map((side, dimension) => Math.min(side, shape[dimension] - offset[dimension])) };
  }
}

function writeGroup(group: Hdf5Group, entries: NirGroup): void {
  for (const [name, entry] of entries) {
    if (isGroup(entry)) {
      writeGroup(group.create_group(name) as Hdf5Group, entry);
      continue;
    }
    const shape = [...entry.shape];
    if (!ArrayBuffer.isView(entry.values)) {
      group.create_dataset({ name, data: shape.length === 0 ? entry.values[0] : [...entry.values], shape, dtype: "S" });
      continue;
    }
    const { values } = entry;
    const [dtype] = TYPES.find(([, Numbers]) => values instanceof Numbers)!;
    const packed = values.byteLength >= COMPRESSED && shape.length > 0;
    group.create_dataset({ name, data: values, shape, dtype, ...(packed && { chunks: shape, compression: "gzip" }) });
  }
}
