/**
 * What a vector of spikes takes on wires between units: its bits, or the addresses of its spikes.
 *
 *   bits     n, spike or silence
 *   events   a header with the number s of spikes, and an address of each
 *   fewer    a header that says how many addresses follow, or that all n bits do, whichever is fewer
 *
 * Headers make it decodable: they have as many bits as their values need, 0 .. n for `events`, and 0 .. floor(n / a) and one more for
 * `fewer`, where an address has a bits. A row of a train is cut into vectors of `hardware.transport.vector` features, q, k and v each for
 * themselves; the last may be shorter.
 *
 * What is sent depends on the spikes of each vector, so simulators count it vector by vector. From a density p alone, s is taken to be
 * binomial, and the expectation is exact:  sum over s of  C(n, s) p^s (1 - p)^(n - s) bits(s).  Spikes that cluster in some vectors
 * take fewer bits than that in `fewer`, and as many in `events`.
 */
import type { HardwareSpec } from "../experiment/hardware.ts";
import { exponential } from "../numeric/exponential.ts";
import { naturalLog } from "../numeric/stream.ts";
import { popcount32, type SpikeTrain, wordsPerRow } from "../spike/train.ts";
import { bitsFor } from "./ssa-parameters.ts";

export type Transport = HardwareSpec["transport"];

/** Bits of a vector of `size` features with this many spikes. */
export function sentBits({ code }: Transport, size: number, spikes: number): number {
  if (code === "bits") return size;
  const address = addressBits(size);
  if (code === "events") return bitsFor(size) + spikes * address;
  return bitsFor(Math.floor(size / address) + 1) + Math.min(size, spikes * address);
}

const addressBits = (size: number): number => bitsFor(size - 1);

/** Sizes of the vectors that `features` features are cut into, and how many there are of each. */
function vectorsOf({ vector }: Transport, features: number): (readonly [size: number, count: number])[] {
  const size = Math.min(vector ?? features, features);
  const rest = features % size;
  return [[size, Math.floor(features / size)], ...(rest > 0 ? [[rest, 1] as const] : [])];
}

/**
 * Bits sent for a train.
 *
 * @param parts of equal width that a row consists of
 * @param times how often a part of a row is sent; default once
 */
export function trainBits(
  transport: Transport,
  { steps, rows, features, words }: SpikeTrain,
  parts = 1,
  times: (part: number, row: number) => number = () => 1,
): number {
  const width = features / parts;
  const stride = wordsPerRow(features);
  const size = Math.min(transport.vector ?? width, width);
  let sent = 0;
  for (let r = 0; r < steps * rows; r++) {
    for (let part = 0; part < parts; part++) {
      const repeats = times(part, r % rows);
      if (repeats === 0) continue;
      const end = (part + 1) * width;
      for (let from = part * width; from < end; from += size) {
        const to = Math.min(end, from + size);
        sent += repeats * sentBits(transport, to - from, onesBetween(words, r * stride, from, to));
      }
    }
  }
  return sent;
}

/** Ones among the bits `from` .. `to` - 1 of the row that starts at word `row`. */
function onesBetween(words: Uint32Array, row: number, from: number, to: number): number {
  let ones = 0;
  for (let bit = from; bit < to; ) {
    const [word, shift] = [bit >> 5, bit & 31];
    const count = Math.min(32 - shift, to - bit);
    const mask = count === 32 ? 0xffffffff : ((1 << count) - 1) << shift;
    ones += popcount32(words[row + word] & mask);
    bit += count;
  }
  return ones;
}

/** Expected bits of `features` features, each a spike with probability `density`. */
export function expectedBits(transport: Transport, features: number, density: number): number {
  if (transport.code === "bits") return features;
  return vectorsOf(transport, features).reduce(
    (sum, [size, count]) => sum + count * expectedOfVector(transport, size, density),
    0,
  );
}

function expectedOfVector(transport: Transport, size: number, density: number): number {
  if (density <= 0 || density >= 1) return sentBits(transport, size, density <= 0 ? 0 : size);
  const odds = naturalLog(density / (1 - density));
  let logarithm = size * naturalLog(1 - density);
  let sum = 0;
  for (let spikes = 0; spikes <= size; spikes++) {
    sum += exponential(logarithm) * sentBits(transport, size, spikes);
    if (spikes < size) logarithm += odds + naturalLog((size - spikes) / (spikes + 1));
  }
  return sum;
}
