/**
 * Inflates deflate data, for archives that were recompressed; `torch.save` itself stores without compression.
 *
 * The caller gives the size of the result, and nothing beyond it is ever written or allocated, so a few bytes cannot demand
 * gigabytes. Data are decoded bit by bit with canonical Huffman codes: short and simple, about 20 MB per second.
 *
 * Source: RFC 1951, sections 3.2.2 to 3.2.7.
 */
const LONGEST_CODE = 15;
const END_OF_BLOCK = 256;
/** Base and extra bits of the lengths 257 .. 285 and of the distances 0 .. 29 (section 3.2.5). */
const LENGTHS = table(29, (i) => (i < 8 ? 0 : i === 28 ? 0 : (i >> 2) - 1), 3, { 28: 258 });
const DISTANCES = table(30, (i) => (i < 4 ? 0 : (i >> 1) - 1), 1, {});
/** Order in which the lengths of the code-length code are stored (section 3.2.7). */
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** A canonical Huffman code: the number of codes of each length, and the symbols in code order. */
interface Code {
  readonly counts: Uint16Array;
  readonly symbols: Uint16Array;
}

const FIXED = {
  literals: huffman(Uint8Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8))),
  distances: huffman(new Uint8Array(30).fill(5)),
};

/** Describes what is wrong with the data; the caller knows the file. */
export class InflateError extends Error {}

/**
 * The `size` bytes that `data` decodes to.
 * Throws  InflateError when the data are damaged, end early, or decode to another size
 */
export function inflate(data: Uint8Array, size: number): Uint8Array {
  const output = new Uint8Array(size);
  let filled = 0;
  let at = 0;
  let held = 0;
  let heldBits = 0;

  for (let last = false; !last; ) {
    last = bits(1) === 1;
    const kind = bits(2);
    if (kind === 0) copyStored();
    else if (kind === 1) decodeBlock(FIXED.literals, FIXED.distances);
    else if (kind === 2) decodeBlock(...readCodes());
    else throw new InflateError("a block is of an unknown kind");
  }
  if (filled < size) throw new InflateError(`the data ends after ${filled} of ${size} bytes`);
  return output;

  function bits(count: number): number {
    while (heldBits < count) {
      if (at >= data.length) throw new InflateError("the data ends within a block");
      held |= data[at++] << heldBits;
      heldBits += 8;
    }
    const value = held & ((1 << count) - 1);
    held >>>= count;
    heldBits -= count;
    return value;
  }

  function symbol({ counts, symbols }: Code): number {
    // `first` is the first code of the current length, `index` the position of its symbol.
    for (let length = 1, code = 0, first = 0, index = 0; length <= LONGEST_CODE; length++) {
      code |= bits(1);
      if (code - first < counts[length]) return symbols[index + code - first];
      index += counts[length];
      first = (first + counts[length]) << 1;
      code <<= 1;
    }
    throw new InflateError("a code has no meaning");
  }

  function emit(byte: number): void {
    if (filled === size) throw new InflateError(`the data goes on after its ${size} bytes`);
    output[filled++] = byte;
  }

  function copyStored(): void {
    held = heldBits = 0;
    const length = bits(8) | (bits(8) << 8);
    if ((length ^ (bits(8) | (bits(8) << 8))) !== 0xffff) throw new InflateError("a stored block contradicts itself");
    for (let i = 0; i < length; i++) emit(bits(8));
  }

  function decodeBlock(literals: Code, distances: Code): void {
    for (;;) {
      const value = symbol(literals);
      if (value < END_OF_BLOCK) emit(value);
      else if (value === END_OF_BLOCK) return;
      else {
        const length = extended(LENGTHS, value - END_OF_BLOCK - 1);
        const distance = extended(DISTANCES, symbol(distances));
        if (distance > filled) throw new InflateError("a copy starts before the data");
        for (let i = 0; i < length; i++) emit(output[filled - distance]);
      }
    }
  }

  function extended({ base, extra }: typeof LENGTHS, index: number): number {
    if (index >= base.length) throw new InflateError("a length or distance is out of range");
    return base[index] + bits(extra[index]);
  }

  function readCodes(): [Code, Code] {
    const [literals, distances, count] = [bits(5) + 257, bits(5) + 1, bits(4) + 4];
    const meta = new Uint8Array(19);
    for (let i = 0; i < count; i++) meta[CODE_LENGTH_ORDER[i]] = bits(3);
    const code = huffman(meta);
    const lengths = new Uint8Array(literals + distances);
    for (let i = 0; i < lengths.length; ) {
      const value = symbol(code);
      if (value < 16) lengths[i++] = value;
      else {
        if (value === 16 && i === 0) throw new InflateError("a code length repeats nothing");
        const repeated = value === 16 ? lengths[i - 1] : 0;
        const times = value === 16 ? 3 + bits(2) : value === 17 ? 3 + bits(3) : 11 + bits(7);
        if (i + times > lengths.length) throw new InflateError("there are too many code lengths");
        lengths.fill(repeated, i, i + times);
        i += times;
      }
    }
    return [huffman(lengths.subarray(0, literals)), huffman(lengths.subarray(literals))];
  }
}

/** The code with these lengths by symbol, 0 for symbols that do not occur. */
function huffman(lengths: Uint8Array): Code {
  const counts = new Uint16Array(LONGEST_CODE + 1);
  for (const length of lengths) if (length > 0) counts[length]++;
  let free = 1;
  for (let length = 1; length <= LONGEST_CODE; length++) {
    free = 2 * free - counts[length];
    if (free < 0) throw new InflateError("there are more codes of a length than fit");
  }
  const starts = new Uint16Array(LONGEST_CODE + 2);
  for (let length = 1; length <= LONGEST_CODE; length++) starts[length + 1] = starts[length] + counts[length];
  const symbols = new Uint16Array(lengths.length);
  lengths.forEach((length, value) => {
    if (length > 0) symbols[starts[length]++] = value;
  });
  return { counts, symbols };
}

/** Each entry begins where the previous one ends, 2^extra values later, unless it is listed in `exceptions`. */
function table(count: number, extraOf: (i: number) => number, first: number, exceptions: Record<number, number>) {
  const extra = Array.from({ length: count }, (_, i) => extraOf(i));
  const base: number[] = [];
  for (let i = 0, next = first; i < count; next += 2 ** extra[i], i++) base.push(exceptions[i] ?? next);
  return { base, extra };
}
