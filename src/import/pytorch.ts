/**
 * Reads the tensors of a `.pth` file: the zip format that `torch.save` has written since PyTorch 1.6.
 *
 *   NAME/data.pkl     the table of tensors, a pickle (see `pickle.ts`)
 *   NAME/data/0 ...   one storage each: numbers, without a header
 *   NAME/byteorder    "little" or "big"; little if absent
 *
 * A tensor is a view of a storage by offset, shape and strides. Views are copied row by row, after checking every index against
 * the storage. No code in the file is run.
 *
 * Source: PyTorch's `torch/serialization.py` and `torch/_utils.py`, version 2.6. Left out: the format before 1.6, TorchScript,
 * sparse, quantised and complex tensors.
 */
import { didYouMean, FileError } from "../errors.ts";
import { shorten } from "../experiment/json.ts";
import { ELEMENTS, type ElementType, readElements, readRun, type SourceTensor } from "./elements.ts";
import { LONGEST_PROGRAM, readPickle } from "./pickle.ts";
import { isKind, type Pickled, type PickledTable, type PickledTensor } from "./pickled.ts";
import { openZip, type ZipArchive } from "./zip.ts";

export interface PytorchTensors {
  /** In the order of the file. */
  readonly tensors: ReadonlyMap<string, SourceTensor>;
  /** Entries that are not tensors, such as an epoch number. */
  readonly others: readonly string[];
}

const STORAGE_TYPES: Readonly<Record<string, ElementType>> = {
  DoubleStorage: "float64",
  FloatStorage: "float32",
  HalfStorage: "float16",
  BFloat16Storage: "bfloat16",
  LongStorage: "int64",
  IntStorage: "int32",
  ShortStorage: "int16",
  CharStorage: "int8",
  ByteStorage: "uint8",
  BoolStorage: "bool",
};

/** Limit for all tensors together, in bytes as our arrays. */
const MOST_BYTES = 2 ** 31;

/**
 * The tensors of a file. `select` names a nested table that holds them, such as `state_dict` or `checkpoint.model`; `path` names
 * the file in error messages.
 *
 * Throws  FileError when the file is damaged, of the older format, asks to run code, or holds no tensors there. Memory stays
 *         within 4 GiB, and within a small multiple of the given bytes unless they are compressed.
 */
export function decodePytorch(bytes: Uint8Array, select = "", path = "checkpoint.pth"): PytorchTensors {
  const archive = openZip(bytes, path);
  const fail = (problem: string): never => {
    throw new FileError(path, `${problem} The file is damaged or of another format; copy or save it again.`);
  };
  const folder = folderOf(archive, path);
  const little = byteOrder(archive, folder, fail);
  const program = `${folder}data.pkl`;
  const size = archive.size(program) ?? 0;
  if (size > LONGEST_PROGRAM) {
    fail(`Its list of tensors, data.pkl, unpacks to ${size} bytes; at most ${LONGEST_PROGRAM} are read.`);
  }
  const table = find(readPickle(archive.read(program), path), select, path);
  const storages = new Map<string, DataView>();
  const views: { name: string; tensor: PickledTensor; type: ElementType }[] = [];
  const others: string[] = [];
  for (const [key, value] of table.entries) {
    const name = String(key);
    if (isTensor(value)) views.push({ name, tensor: value, type: checkView(name, value, fail) });
    else others.push(name);
  }
  if (views.length === 0) throw noTensors(table, select, path);
  // Many names may share one storage, so the file's size does not bound their sum.
  const total = views.reduce((sum, { tensor }) => sum + 8 * countOf(tensor.shape), 0);
  if (total > MOST_BYTES) fail(`The tensors take ${total} bytes together; at most ${MOST_BYTES} are read.`);

  const tensors = new Map<string, SourceTensor>();
  for (const { name, tensor, type } of views) {
    const { shape } = tensor;
    const view = storageView(tensor, type);
    const data = isContiguous(tensor)
      ? readRun(view, type, little, tensor.offset * ELEMENTS[type].bytes, countOf(shape))
      : readElements(view, type, little, countOf(shape), positions(tensor, ELEMENTS[type].bytes));
    if (type === "int64" && !data.every(Number.isSafeInteger)) fail(`${shorten(name)} holds integers beyond 2^53.`);
    tensors.set(name, { type, shape, data });
  }
  return { tensors, others };

  function storageView({ storage }: PickledTensor, type: ElementType): DataView {
    const entry = `${folder}data/${storage.key}`;
    const expected = storage.count * ELEMENTS[type].bytes;
    const size = archive.size(entry);
    if (size !== expected) {
      const is = size === undefined ? "is missing" : `has ${size} bytes`;
      fail(
        `Storage ${shorten(storage.key)} of ${storage.count} numbers of type ${type} should take ${expected} bytes, but ${is}.`,
      );
    }
    let view = storages.get(storage.key);
    if (!view) {
      const content = archive.read(entry);
      view = new DataView(content.buffer, content.byteOffset, content.byteLength);
      storages.set(storage.key, view);
    }
    return view;
  }
}

/** The folder that contains everything, with a slash. */
function folderOf({ names }: ZipArchive, path: string): string {
  const programs = names.filter((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (programs.length !== 1) {
    throw new FileError(
      path,
      "This zip archive has no data.pkl, so torch.save did not write it. Give a file written by torch.save, or a .safetensors file.",
    );
  }
  const folder = programs[0].slice(0, -"data.pkl".length);
  if (names.includes(`${folder}constants.pkl`)) {
    throw new FileError(
      path,
      'This is a TorchScript program, not a table of tensors. Save only the tensors: torch.save(module.state_dict(), "weights.pth").',
    );
  }
  return folder;
}

function byteOrder(archive: ZipArchive, folder: string, fail: (problem: string) => never): boolean {
  const entry = `${folder}byteorder`;
  const size = archive.size(entry);
  if (size === undefined) return true;
  const word = size > 6 ? "" : new TextDecoder().decode(archive.read(entry));
  if (word !== "little" && word !== "big") fail("The byte order is neither little nor big.");
  return word === "little";
}

/** The table at `select`, key by key. */
function find(root: Pickled, select: string, path: string): PickledTable {
  let value = root;
  const keys = select === "" ? [] : select.split(".");
  keys.forEach((key, i) => {
    const entries = isTable(value) ? value.entries : new Map<string | number, Pickled>();
    const next = entries.get(key) ?? (/^\d+$/.test(key) ? entries.get(Number(key)) : undefined);
    if (next === undefined) {
      const known = [...entries.keys()].map(String);
      const where = i === 0 ? "at its top" : `in ${shorten(keys.slice(0, i).join("."))}`;
      throw new FileError(
        path,
        `The file has no ${shorten(key)} ${where}; it has ${list(known)}.${didYouMean(key, known)}`,
      );
    }
    value = next;
  });
  if (isTable(value)) return value;
  const at = select === "" ? "The file" : `${shorten(select)} of the file`;
  throw new FileError(
    path,
    `${at} holds no table of tensors. Save one: torch.save(model.state_dict(), "weights.pth").`,
  );
}

function noTensors(table: PickledTable, select: string, path: string): FileError {
  const inner = [...table.entries].filter(([, value]) => isTable(value) && [...value.entries.values()].some(isTensor));
  const names = inner.map(([key]) => (select === "" ? String(key) : `${select}.${key}`));
  const where = select === "" ? "at its top" : `in ${shorten(select)}`;
  const way =
    names.length > 0
      ? `Tensors lie in ${list(names)}: name it with --path ${names[0]}.`
      : `It has ${list([...table.entries.keys()].map(String))} there.`;
  return new FileError(path, `The file has no tensors ${where}. ${way}`);
}

function list(names: readonly string[]): string {
  if (names.length === 0) return "nothing";
  const shown = names.slice(0, 8).map((name) => (name.length <= 60 ? name : `${name.slice(0, 56)} ...`));
  return shown.join(", ") + (names.length > 8 ? ` and ${names.length - 8} more` : "");
}

/** The type of a tensor, after checking that every index it can reach is in its storage. */
function checkView(name: string, tensor: PickledTensor, fail: (problem: string) => never): ElementType {
  const { storage, offset, shape, strides } = tensor;
  const quoted = shorten(name);
  if (!Object.hasOwn(STORAGE_TYPES, storage.type)) {
    const known = Object.values(STORAGE_TYPES).join(", ");
    fail(`${quoted} is of type torch.${storage.type}, but only ${known} can be read.`);
  }
  const count = countOf(shape);
  // Products beyond 2^53 are not exact, but they are larger than any storage.
  if (count > storage.count) {
    fail(
      `${quoted} of shape [${shape}] has ${count} values, but its storage has only ${storage.count}. If it is a view that repeats values, such as from expand, call contiguous() before saving.`,
    );
  }
  const last = count === 0 ? offset : shape.reduce((sum, size, i) => sum + (size - 1) * strides[i], offset);
  if (count > 0 && last >= storage.count) {
    fail(`${quoted} reaches value ${last} of a storage of ${storage.count}.`);
  }
  return STORAGE_TYPES[storage.type];
}

/** Whether the values are contiguous, in row-major order. */
function isContiguous({ shape, strides }: PickledTensor): boolean {
  return shape.every((size, i) => size === 1 || strides[i] === countOf(shape.slice(i + 1)));
}

/** Byte offsets of the values, in row-major order of the view. */
function* positions({ offset, shape, strides }: PickledTensor, bytes: number): Iterable<number> {
  const index = shape.map(() => 0);
  let at = offset;
  for (let left = countOf(shape); left > 0; left--) {
    yield at * bytes;
    for (let i = shape.length - 1; i >= 0; i--) {
      at += strides[i];
      if (++index[i] < shape[i]) break;
      at -= strides[i] * shape[i];
      index[i] = 0;
    }
  }
}

const countOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

const isTable = (value: Pickled): value is PickledTable => isKind(value, "table");

const isTensor = (value: Pickled): value is PickledTensor => isKind(value, "tensor");
