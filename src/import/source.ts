/** Tensors of another program's file: a PyTorch `.pth` file or a safetensors file, distinguished by their first bytes. */
import { FileError } from "../errors.ts";
import { shorten } from "../experiment/json.ts";
import { readLayout } from "../model/safetensors.ts";
import { ELEMENTS, type ElementType, readRun, type SourceTensor } from "./elements.ts";
import { decodePytorch, type PytorchTensors } from "./pytorch.ts";
import { isZip } from "./zip.ts";

const SAFETENSORS_TYPES = {
  F64: "float64",
  F32: "float32",
  F16: "float16",
  BF16: "bfloat16",
  I64: "int64",
  I32: "int32",
  I16: "int16",
  I8: "int8",
  U8: "uint8",
  BOOL: "bool",
} as const satisfies Record<string, ElementType>;

type SafetensorsType = keyof typeof SAFETENSORS_TYPES;

const SAFETENSORS_SIZES = Object.fromEntries(
  Object.entries(SAFETENSORS_TYPES).map(([name, type]) => [name, ELEMENTS[type].bytes]),
) as Record<SafetensorsType, number>;

/**
 * The tensors of a file. `select` names a nested table within a `.pth` file (see `decodePytorch`); `path` names the file in error
 * messages.
 *
 * Throws  FileError when the file is damaged, of another format, or asks to run code
 */
export function decodeTensors(bytes: Uint8Array, select = "", path = "checkpoint"): PytorchTensors {
  if (isZip(bytes)) return decodePytorch(bytes, select, path);
  // The first byte of a pickle, with which files of torch.save before 1.6 begin.
  if (bytes[0] === 0x80 && bytes[1] < 6) {
    throw new FileError(
      path,
      "This is a bare pickle, the format of torch.save before PyTorch 1.6, which cannot be read. If you trust it, load it in Python " +
        'and save it again: torch.save(torch.load("old.pth"), "new.pth").',
    );
  }
  if (select !== "") {
    throw new FileError(path, `A safetensors file has no tables, so leave out the table name ${shorten(select)}.`);
  }
  return { tensors: decodeForeignSafetensors(bytes, path), others: [] };
}

/** Every type in `ELEMENTS`; our checkpoints have three. */
function decodeForeignSafetensors(bytes: Uint8Array, path: string): Map<string, SourceTensor> {
  const { entries, start } = readLayout(bytes, SAFETENSORS_SIZES, path);
  const view = new DataView(bytes.buffer, bytes.byteOffset + start);
  const tensors = new Map<string, SourceTensor>();
  for (const { name, dtype, shape, begin, count } of entries) {
    const type = SAFETENSORS_TYPES[dtype];
    const data = readRun(view, type, true, begin, count);
    if (type === "int64" && !data.every(Number.isSafeInteger)) {
      throw new FileError(
        path,
        `${shorten(name)} holds integers beyond 2^53, which cannot be read. Save them as float64.`,
      );
    }
    tensors.set(name, { type, shape, data });
  }
  return tensors;
}
