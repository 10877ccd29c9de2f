/** Texts as one archive, in the ustar format of POSIX.1-1988: a 512-byte header before each file, and two blocks of zeros at the end. */

const BLOCK = 512;

/** The same texts give the same bytes: files have no time and no owner. Names are ASCII, at most 99 characters long. */
export function tarOf(files: Readonly<Record<string, string>>): Uint8Array<ArrayBuffer> {
  const contents = Object.entries(files).map(([name, text]) => [name, new TextEncoder().encode(text)] as const);
  const padded = (size: number) => Math.ceil(size / BLOCK) * BLOCK;
  const size = contents.reduce((sum, [, { length }]) => sum + BLOCK + padded(length), 2 * BLOCK);
  const archive = new Uint8Array(size);
  let at = 0;
  for (const [name, content] of contents) {
    archive.set(header(name, content.length), at);
    archive.set(content, at + BLOCK);
    at += BLOCK + padded(content.length);
  }
  return archive;
}

function header(name: string, size: number): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const write = (text: string, at: number) => block.set(new TextEncoder().encode(text), at);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  write(name, 0);
  write(octal(0o644, 7), 100);
  write(octal(0, 7), 108);
  write(octal(0, 7), 116);
  write(octal(size, 11), 124);
  write(octal(0, 11), 136);
  // The checksum counts its own field as spaces.
  write(" ".repeat(8), 148);
  write("0", 156);
  write("ustar\u000000", 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  write(`${octal(sum, 6)}\u0000 `, 148);
  return block;
}
