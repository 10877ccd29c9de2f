/** Zip archives and pickles written byte by byte, valid or not, for tests of the readers. */
import { crc32 } from "../../src/numeric/checksum.ts";

export interface ZipPart {
  readonly name: string;
  /** Unpacked bytes. */
  readonly content: Uint8Array;
  /** Bytes in the archive if they differ from the content: deflated. */
  readonly deflated?: Uint8Array;
  /** A false size when unpacked. */
  readonly size?: number;
  /** A false position of the local header. */
  readonly offset?: number;
  readonly flags?: number;
  readonly method?: number;
}

const text = new TextEncoder();

/** Local headers with their data, the directory, the end record. */
export function writeZip(parts: readonly ZipPart[], comment = ""): Uint8Array {
  const local: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const { name, content, deflated, size, offset, flags = 0x800, method } of parts) {
    const [packed, label] = [deflated ?? content, text.encode(name)];
    const common = [
      ...u16(flags),
      ...u16(method ?? (deflated ? 8 : 0)),
      ...u32(0),
      ...u32(crc32(content)),
      ...u32(packed.length),
      ...u32(size ?? content.length),
      ...u16(label.length),
      ...u16(0),
    ];
    const start = at;
    local.push(Uint8Array.of(...u32(0x04034b50), ...u16(20), ...common), label, packed);
    at += 30 + label.length + packed.length;
    const rest = [...u16(0), ...u16(0), ...u16(0), ...u32(0), ...u32(offset ?? start)];
    directory.push(Uint8Array.of(...u32(0x02014b50), ...u16(20), ...u16(20), ...common, ...rest), label);
  }
  const index = concat(directory);
  const counts = [...u16(0), ...u16(0), ...u16(parts.length), ...u16(parts.length)];
  const note = text.encode(comment);
  const end = Uint8Array.of(...u32(0x06054b50), ...counts, ...u32(index.length), ...u32(at), ...u16(note.length));
  return concat([...local, index, end, note]);
}

/** A `.pth` file containing a pickle and its storages. */
export function writePth(
  pickle: Uint8Array,
  storages: Readonly<Record<string, Uint8Array>> = {},
  byteOrder?: string,
): Uint8Array {
  const parts = Object.entries(storages).map(([key, content]) => ({ name: `w/data/${key}`, content }));
  const order = byteOrder === undefined ? [] : [{ name: "w/byteorder", content: text.encode(byteOrder) }];
  return writeZip([{ name: "w/data.pkl", content: pickle }, ...order, ...parts]);
}

/** Opcodes and operands in order: numbers are bytes, texts their UTF-8. */
export const assemble = (...parts: (number | string | Uint8Array | readonly number[])[]): Uint8Array =>
  concat(
    parts.map((part) => {
      if (typeof part === "number") return Uint8Array.of(part);
      return typeof part === "string" ? text.encode(part) : Uint8Array.from(part);
    }),
  );

/** BINUNICODE */
export const unicode = (value: string): Uint8Array => {
  const bytes = text.encode(value);
  return assemble("X", u32(bytes.length), bytes);
};

/** A table { name: tensor } with one tensor, parts of which can be falsified. */
export function tensorPickle({
  name = "a",
  type = "FloatStorage",
  key = "0",
  count = 6,
  offset = 0,
  shape = [2, 3],
  strides = [3, 1],
}: {
  name?: string;
  type?: string;
  key?: string;
  count?: number;
  offset?: number;
  shape?: readonly number[];
  strides?: readonly number[];
} = {}): Uint8Array {
  const integer = (value: number) => assemble("J", u32(value));
  const tuple = (values: readonly number[]) => assemble("(", ...values.map(integer), "t");
  return assemble(
    ...[0x80, 2, "}", unicode(name), "ctorch._utils\n_rebuild_tensor_v2\n", "(("],
    ...[unicode("storage"), `ctorch\n${type}\n`, unicode(key), unicode("cpu"), integer(count), "tQ"],
    ...[integer(offset), tuple(shape), tuple(strides), 0x89, "ccollections\nOrderedDict\n)R", "tR", "s."],
  );
}

export const concat = (parts: readonly Uint8Array[]): Uint8Array => {
  const all = new Uint8Array(parts.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};

export const u16 = (value: number): number[] => [value & 255, (value >>> 8) & 255];
export const u32 = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 255);
