/** Numbers and names in words. The package's `formatQuantity` writes quantities with units. */
import type { Place } from "./state/place.ts";
import type { PromptView } from "./workers/chip.ts";

/** "1 wrong bit", "2 wrong bits". */
export const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

/** A class as its bits: 6 of 16 is `0110`. */
const bitsOfClass = (label: number, classes: number): string =>
  label.toString(2).padStart(Math.round(Math.log2(classes)), "0");

/** A class in words: the bits of a symbol, or the name of an image class. */
export const className = (label: number, { classes, image }: Pick<PromptView, "classes" | "image">): string =>
  image ? image.names[label] : bitsOfClass(label, classes);

const TRAINS: Readonly<Record<string, string>> = {
  input: "input of q, k, v",
  qkv: "q, k, v",
  attention: "attention",
  middle: "input of feed-forward",
  hidden: "hidden",
};

const LAYERS: Readonly<Record<string, string>> = {
  qkv: "weights of q, k, v",
  projection: "projection",
  up: "feed-forward, up",
  down: "feed-forward, down",
  attention: "attention",
};

/** A name of block and part in words: `blocks.0.qkv` is "block 1, q, k, v". */
function inWords(name: string, words: Readonly<Record<string, string>>): string {
  const parts = /^blocks\.(\d+)\.(\w+)$/.exec(name);
  if (!parts) return WHOLE[name] ?? name;
  return `block ${Number(parts[1]) + 1}, ${words[parts[2]] ?? parts[2]}`;
}

/** Parts outside the blocks. */
const WHOLE: Readonly<Record<string, string>> = { embed: "embedding", head: "read-out", input: "input lines" };

/** A spike train of a trace in words. */
export const trainName = (name: string): string => inWords(name, TRAINS);

/** A layer of the mapping, or a unit of the schedule, in words. */
export const layerName = (name: string): string => inWords(name, LAYERS);

export function placeName(place: Place): string {
  switch (place.kind) {
    case "network":
      return "The network";
    case "layer":
      return layerName(place.layer);
    case "crossbar":
      return `crossbar ${place.crossbar + 1}`;
    case "cell":
      return `row ${place.row + 1}, column ${place.column + 1}`;
    case "head":
      return `block ${place.block + 1}, head ${place.head + 1}`;
    case "tile-cell":
      return `query ${place.query + 1}, key ${place.key + 1}`;
  }
}

const UNITS = [
  [365.25 * 86_400, "year"],
  [86_400, "day"],
  [3600, "hour"],
  [60, "minute"],
] as const;

/** A time after programming: "1 s", "2.8 hours", "10 years". */
export function ageName(seconds: number): string {
  const [size, unit] = UNITS.find(([size]) => seconds >= 0.99 * size) ?? [1, "s"];
  const count = seconds / size;
  const written = count < 9.95 ? Number(count.toFixed(1)) : Math.round(count);
  return unit === "s" ? `${written} s` : plural(written, unit);
}

/** A waiting time: "8 s", "3 min", "2 h 5 min". */
export function timeName(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 100) return `${whole} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
