/** Numbers and names in words. The package's `formatQuantity` writes quantities with units. */
import type { ScheduledUnit } from "xpikeformer";
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

/** A layer of the mapping, or a unit of the schedule. */
type Part = Pick<ScheduledUnit, "name" | "part" | "block">;

/** Spike trains inside a block, by the part that reads them. */
const TRAINS: Readonly<Record<string, string>> = {
  qkv: "input of q, k, v",
  attention: "q, k, v",
  projection: "attention",
  up: "input of feed-forward",
  down: "hidden",
};

const PARTS: Readonly<Record<string, string>> = {
  qkv: "weights of q, k, v",
  projection: "projection",
  up: "feed-forward, up",
  down: "feed-forward, down",
  attention: "attention",
};

/** Parts outside the blocks. */
const WHOLE: Readonly<Record<string, string>> = { embed: "embedding", head: "read-out", input: "input lines" };

/** Words for a part of a block: "block 1, q, k, v". */
const inWords = (name: string, { block, part }: Part, words: Readonly<Record<string, string>>): string =>
  block === null ? (WHOLE[name] ?? name) : `block ${block + 1}, ${words[part] ?? part}`;

/** A spike train of a trace in words. */
export function trainName(name: string, units: readonly ScheduledUnit[]): string {
  const reader = units.find(({ trainIn }) => trainIn === name);
  if (reader) return inWords(name, reader, TRAINS);
  // Without an output projection no unit reads attention, which then has the name of its unit.
  const unit = units.find((unit) => unit.name === name);
  return unit ? partName(unit) : (WHOLE[name] ?? name);
}

export const partName = (part: Part): string => inWords(part.name, part, PARTS);

export function placeName(place: Place, layers: readonly Part[], units: readonly ScheduledUnit[]): string {
  switch (place.kind) {
    case "network":
      return "The network";
    case "layer": {
      const layer = layers.find(({ name }) => name === place.layer);
      return layer ? partName(layer) : place.layer;
    }
    case "crossbar":
      return `crossbar ${place.crossbar + 1}`;
    case "cell":
      return `row ${place.row + 1}, column ${place.column + 1}`;
    case "neuron":
      return `${trainName(place.train, units)}, neuron ${place.neuron + 1}`;
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
