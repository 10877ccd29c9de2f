/** Image files made in tests: IDX, CIFAR-10 batches, tar archives and .npy arrays, as their formats specify. */

export function idxFile(shape: readonly number[], data: Uint8Array, magic = 0x800 | shape.length): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic);
  shape.forEach((size, i) => {
    view.setUint32(4 + 4 * i, size);
  });
  bytes.set(data, 4 + 4 * shape.length);
  return bytes;
}

/** Bytes 0, 7, 14, ... modulo 251. */
export function patternBytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (7 * i) % 251);
}

/** Records with the given labels; the pixels differ from image to image. */
export function cifarFile(labels: readonly number[]): Uint8Array {
  const bytes = patternBytes(3073 * labels.length);
  labels.forEach((label, i) => {
    bytes[3073 * i] = label;
  });
  return bytes;
}

export function tarFile(files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (const [name, content] of Object.entries(files)) {
    const header = new Uint8Array(512);
    const put = (text: string, at: number) => header.set(new TextEncoder().encode(text), at);
    // A name longer than 100 bytes is split at a slash; the part before it is the prefix.
    const cut = name.length > 100 ? name.indexOf("/", name.length - 101) : -1;
    put(name.slice(cut + 1), 0);
    if (cut > 0) put(name.slice(0, cut), 345);
    put("0000644\0", 100);
    put(`${content.length.toString(8).padStart(11, "0")}\0`, 124);
    put("        ", 148);
    put("0", 156);
    put("ustar\x0000", 257);
    const sum = header.reduce((all, byte) => all + byte, 0);
    put(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    const padded = new Uint8Array(512 * Math.ceil(content.length / 512));
    padded.set(content);
    blocks.push(header, padded);
  }
  return Buffer.concat([...blocks, new Uint8Array(1024)]);
}

/** `version` 1 or 2; `header` replaces the dictionary. */
export function npyFile(
  descr: string,
  shape: readonly number[],
  data: Uint8Array,
  { version = 1, header = npyHeader(descr, shape) } = {},
): Uint8Array {
  const length = version === 1 ? 2 : 4;
  const start = Buffer.concat([Uint8Array.of(0x93), Buffer.from("NUMPY"), Uint8Array.of(version, 0)]);
  const size = Buffer.alloc(length);
  size.writeUIntLE(header.length, 0, length);
  return Uint8Array.from(Buffer.concat([start, size, Buffer.from(header), data]));
}

export const npyHeader = (descr: string, shape: readonly number[]): string =>
  `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(", ")}${shape.length === 1 ? "," : ""}), }\n`;
