/**
 * Named, counter-based random streams.
 *
 * A stream is a 64-bit key; word `i` of a stream is a pure function of key and `i` (Threefry-2x32 with 20 rounds, Salmon et al.,
 * "Parallel random numbers: as easy as 1, 2, 3", SC 2011). Forking by purpose derives a new key, so adding a draw in one place
 * changes nothing elsewhere, and any part of a stream can be drawn on any thread.
 *
 * Uses only 32-bit integer operations and IEEE addition, multiplication, division and square root, so every value is the same on
 * every platform. (`Math.log` and similar functions may differ between engines and are not used.)
 */

const PARITY = 0x1bd11bda;

/**
 * One Threefry-2x32-20 block: writes two 32-bit words (as signed integers) into `out`.
 *
 * Five groups of four rounds; a round adds x1 to x0, rotates x1 and mixes x0 into it. After group g, the next two of the three
 * key words (k0, k1 and their parity k2) are added, and g to the second.
 */
export function threefry2x32(key0: number, key1: number, counter0: number, counter1: number, out: Int32Array): void {
  let x0 = (counter0 + key0) | 0;
  let x1 = (counter1 + key1) | 0;
  let [first, second, third] = [key1 | 0, key0 ^ key1 ^ PARITY, key0 | 0];
  for (let group = 1; group <= 5; group++) {
    const odd = group & 1;
    x0 = (x0 + x1) | 0;
    x1 = rotate(x1, odd ? 13 : 17) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = rotate(x1, odd ? 15 : 29) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = rotate(x1, odd ? 26 : 16) ^ x0;
    x0 = (x0 + x1) | 0;
    x1 = rotate(x1, odd ? 6 : 24) ^ x0;
    x0 = (x0 + first) | 0;
    x1 = (x1 + second + group) | 0;
    const used = first;
    first = second;
    second = third;
    third = used;
  }
  out[0] = x0;
  out[1] = x1;
}

const rotate = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));

/** A named source of random numbers. Drawing advances `position`; forking does not. */
export interface Stream {
  readonly key: readonly [number, number];
  /** Index of the next 32-bit word. */
  position: number;
  /** Whether word `i` is Threefry of `key` and `i`, so that kernels may draw it; false for predefined numbers. */
  readonly counterBased?: boolean;
  /** A stream for another purpose; the same labels always give the same stream. */
  fork(...labels: readonly (string | number)[]): Stream;
  /** Next 32-bit word, 0 .. 2^32 - 1. */
  word(): number;
  /** Uniform in [0, 1), a multiple of 2^-32. */
  uniform(): number;
  /** Uniform integer in 0 .. bound - 1; bias at most bound / 2^32. */
  integer(bound: number): number;
  /** Standard normal, by inversion of one 32-bit uniform (support within +-6.4). */
  normal(): number;
}

/** The root stream of a seed (any safe integer). */
export function stream(seed: number): Stream {
  return streamOfKey(seed | 0, Math.floor(seed / 4294967296) | 0);
}

export function streamOfKey(key0: number, key1: number): Stream {
  const block = new Int32Array(2);
  let held = -1;
  const self: Stream = {
    key: [key0, key1],
    position: 0,
    counterBased: true,
    fork: (...labels) => {
      let [k0, k1] = [key0, key1];
      for (const label of labels) {
        const [h0, h1] = hashLabel(label);
        // The high counter bit keeps forked keys apart from drawn words.
        threefry2x32(k0, k1, h0, h1 | 0x80000000, block);
        held = -1;
        [k0, k1] = [block[0], block[1]];
      }
      return streamOfKey(k0, k1);
    },
    word: () => {
      const index = self.position++;
      const pair = Math.floor(index / 2);
      if (pair !== held) {
        threefry2x32(key0, key1, pair | 0, Math.floor(pair / 4294967296), block);
        held = pair;
      }
      return block[index & 1] >>> 0;
    },
    uniform: () => self.word() / 4294967296,
    integer: (bound) => Math.floor((self.word() * bound) / 4294967296),
    normal: () => normalQuantile((self.word() + 0.5) / 4294967296),
  };
  return self;
}

/**
 * 62 bits of a label. Integers map to themselves; strings go through two FNV-1a hashes (tagged by the top bits), as do other
 * numbers, written in decimal: 2.5 and 2 are different labels.
 */
function hashLabel(value: string | number): [number, number] {
  if (Number.isSafeInteger(value)) {
    const label = value as number;
    return [label | 0, Math.floor(label / 4294967296) & 0x3fffffff];
  }
  const label = String(value);
  let a = 0x811c9dc5;
  let b = 0xc9dc5118;
  for (let i = 0; i < label.length; i++) {
    a = Math.imul(a ^ label.charCodeAt(i), 0x01000193);
    b = Math.imul(b ^ label.charCodeAt(i), 0x01000193) ^ (b >>> 15);
  }
  return [a, (b & 0x3fffffff) | 0x40000000];
}

const bits64 = new DataView(new ArrayBuffer(8));

/** Natural logarithm of a positive normal number, from basic IEEE operations only; within 3 units in the last place. */
export function naturalLog(x: number): number {
  bits64.setFloat64(0, x);
  const high = bits64.getUint32(0);
  let exponent = (high >>> 20) - 1023;
  bits64.setUint32(0, (high & 0x000fffff) | 0x3ff00000);
  let m = bits64.getFloat64(0);
  if (m > Math.SQRT2) {
    m /= 2;
    exponent += 1;
  }
  // ln m = 2 atanh(s), s = (m - 1)/(m + 1), |s| < 0.1716: the term s^25/25 is below 3e-21.
  const s = (m - 1) / (m + 1);
  const z = s * s;
  let sum = 0;
  for (let n = 23; n >= 1; n -= 2) sum = sum * z + 1 / n;
  return exponent * Math.LN2 + 2 * s * sum;
}

// Wichura, Algorithm AS 241 (PPND16), Applied Statistics 37 (1988) 477-484; relative accuracy about 1e-16.
const A = [
  3.387132872796366608, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125, 45921.953931549871457,
  67265.770927008700853, 33430.575583588128105, 2509.0809287301226727,
];
const B = [
  1, 42.313330701600911252, 687.1870074920579083, 5394.1960214247511077, 21213.794301586595867, 39307.89580009271061,
  28729.085735721942674, 5226.495278852854561,
];
const C = [
  1.42343711074968357734, 4.6303378461565452959, 5.7694972214606914055, 3.64784832476320460504, 1.27045825245236838258,
  0.24178072517745061177, 0.0227238449892691845833, 7.7454501427834140764e-4,
];
const D = [
  1, 2.05319162663775882187, 1.6763848301838038494, 0.68976733498510000455, 0.14810397642748007459,
  0.0151986665636164571966, 5.475938084995344946e-4, 1.05075007164441684324e-9,
];
const E = [
  6.6579046435011037772, 5.4637849111641143699, 1.7848265399172913358, 0.29656057182850489123, 0.026532189526576123093,
  0.0012426609473880784386, 2.71155556874348757815e-5, 2.01033439929228813265e-7,
];
const F = [
  1, 0.59983220655588793769, 0.13692988092273580531, 0.0148753612908506148525, 7.868691311456132591e-4,
  1.8463183175100546818e-5, 1.4215117583164458887e-7, 2.04426310338993978564e-15,
];

/** A polynomial of degree 7. Written out: programming a chip evaluates millions of them. */
function polynomial(c: readonly number[], x: number): number {
  return ((((((c[7] * x + c[6]) * x + c[5]) * x + c[4]) * x + c[3]) * x + c[2]) * x + c[1]) * x + c[0];
}

/** Inverse of the standard normal distribution function, for 0 < p < 1. */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * polynomial(A, r)) / polynomial(B, r);
  }
  const tail = Math.sqrt(-naturalLog(q < 0 ? p : 1 - p));
  const r = tail <= 5 ? tail - 1.6 : tail - 5;
  const value = tail <= 5 ? polynomial(C, r) / polynomial(D, r) : polynomial(E, r) / polynomial(F, r);
  return q < 0 ? -value : value;
}
