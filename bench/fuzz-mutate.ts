/** Inputs close to valid ones: JSON with some values changed, bytes with some fields changed, and noise. */
import type { Stream } from "../src/numeric/stream.ts";

/** Numbers that often break readers: limits of number types and their neighbours. */
const NUMBERS = [
  0,
  1,
  2,
  7,
  8,
  127,
  128,
  255,
  256,
  65_535,
  65_536,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 53,
];
const VALUES: readonly unknown[] = [
  ...[null, true, false, "", "constructor", "__proto__", "\u001b[2J", "\ud800", "x".repeat(2000)],
  ...[...NUMBERS, -1, 0.5, -0.5, 1e-300, 1e300, 2 ** 53 + 2],
  ...[[], {}, [[[[]]]], { kind: "none" }, Array(2000).fill(1), { from: 0, to: 1e9, count: 1e6 }],
];

const pick = <T>(random: Stream, list: readonly T[]): T => list[random.integer(list.length)];

/** One to four changes, of values, of keys, or of the text. */
export function mutateJson(text: string, random: Stream): string {
  let changed = text;
  for (let i = random.integer(4); i >= 0; i--) {
    changed = random.integer(5) === 0 ? mutateText(changed, random) : mutateValue(changed, random);
  }
  return changed;
}

function mutateValue(text: string, random: Stream): string {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return mutateText(text, random);
  }
  const places = placesOf(document);
  if (places.length === 0) return JSON.stringify(pick(random, VALUES)) ?? "null";
  const { holder, key } = pick(random, places);
  const other = pick(random, places);
  switch (random.integer(6)) {
    case 0:
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else delete holder[key];
      break;
    case 1:
      holder[key] = structuredClone(other.holder[other.key]);
      break;
    case 2:
      if (Array.isArray(holder)) holder.push(pick(random, VALUES));
      else holder[pick(random, [other.key, "constructor", `${key}s`, `${key}.${other.key}`])] = pick(random, VALUES);
      break;
    case 3:
      if (typeof holder[key] === "number")
        holder[key] = holder[key] * pick(random, [-1, 2, 0.5, 10, 1e6]) + pick(random, [0, 1, -1]);
      else holder[key] = pick(random, VALUES);
      break;
    default:
      holder[key] = pick(random, VALUES);
  }
  return JSON.stringify(document) ?? "null";
}

interface PlaceInJson {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

function placesOf(value: unknown): PlaceInJson[] {
  if (typeof value !== "object" || value === null) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...placesOf(holder[key])]);
}

const SNIPPETS = [
  "{",
  "}",
  "[",
  "]",
  '"',
  ",",
  ":",
  "//",
  "/*",
  "*/",
  "1e999",
  "-",
  "\\u",
  "\u0000",
  "\ufeff",
  "null",
  "0",
  " ",
  "\n",
];

/** Removes a piece, repeats it, or replaces it by another. */
export function mutateText(text: string, random: Stream): string {
  const at = random.integer(text.length + 1);
  const end = Math.min(text.length, at + random.integer(pick(random, [2, 8, 64])));
  const middle = pick(random, [
    "",
    pick(random, SNIPPETS),
    text.slice(at, end).repeat(2),
    String(pick(random, NUMBERS)),
  ]);
  return random.integer(20) === 0 ? text.slice(0, at) : text.slice(0, at) + middle + text.slice(end);
}

/** One to eight changes: bits, number fields in either byte order, pieces moved, removed or doubled, or a truncated end. */
export function mutateBytes(bytes: Uint8Array, random: Stream): Uint8Array {
  let changed = Uint8Array.from(bytes);
  for (let i = random.integer(8); i >= 0; i--) {
    // Headers are at the ends of files.
    const near = pick(random, [16, 64, 512, changed.length]);
    const from = random.integer(Math.min(near, changed.length) + 1);
    const at = random.integer(2) === 0 ? from : Math.max(0, changed.length - from);
    const length = Math.min(changed.length - at, random.integer(pick(random, [2, 5, 64])));
    switch (random.integer(8)) {
      case 0:
      case 1:
        if (at < changed.length) changed[at] ^= 1 << random.integer(8);
        break;
      case 2:
        if (at < changed.length) changed[at] = pick(random, [0, 1, 127, 128, 255, random.integer(256)]);
        break;
      case 3:
      case 4:
        writeNumber(changed, at, pick(random, [...NUMBERS, changed.length, changed.length + 1]), random);
        break;
      case 5:
        changed = joined(changed.subarray(0, at), changed.subarray(at + length));
        break;
      case 6:
        changed = joined(changed.subarray(0, at), changed.subarray(at, at + length), changed.subarray(at));
        break;
      default:
        if (random.integer(4) === 0) changed = changed.slice(0, at);
        else changed = joined(changed.subarray(0, at), noise(length, random), changed.subarray(at));
    }
  }
  return changed;
}

function writeNumber(bytes: Uint8Array, at: number, value: number, random: Stream): void {
  const size = pick(random, [2, 4, 8]);
  if (at + size > bytes.length) return;
  const view = new DataView(bytes.buffer);
  const little = random.integer(2) === 0;
  if (size === 2) view.setUint16(at, value, little);
  else if (size === 4) view.setUint32(at, value, little);
  else view.setBigUint64(at, BigInt(value), little);
}

export const noise = (length: number, random: Stream): Uint8Array =>
  Uint8Array.from({ length }, () => random.integer(256));

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
