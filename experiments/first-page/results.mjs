// This folder's results, and their numbers as text for its page and for the README.
import { readFileSync } from "node:fs";

const PARTS = ["start", "budgets", "cost", "link-4x4", "link", "steps", "drift", "realism"];

const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));

/** Results by part. Those named `images.` were measured by ../image-accuracy/measure.mjs. */
export const results = {
  ...Object.fromEntries(PARTS.map((part) => [part, read(`results/${part}.json`)])),
  "images.accuracy": read("../image-accuracy/results/accuracy.json"),
  "images.stem": read("../image-accuracy/results/stem.json"),
  "images.drift": read("../image-accuracy/results/drift.json"),
};

/** `[value, low, high]` of a figure. Throws if the part has no such figure. */
export function figure(part, id) {
  const found = results[part].figures[id];
  if (!found) throw new Error(`results/${part}.json has no figure "${id}": measure it again.`);
  return found;
}

/** The chips' error rate divided by another detector's at an SNR, formatted by `write`; a dash if too few prompts had errors. */
export function ratioAt(other, snr, write) {
  const found = results.link.figures[`ratio.${other}.snr.${snr}`];
  return found ? write(found) : "–";
}

/** Number of decimals: two significant digits of half the interval's width, or three digits of the value if it has no interval. */
function decimalsOf([value, low, high]) {
  const size = low === undefined ? Math.abs(value) / 10 : (high - low) / 2;
  return Math.max(0, 1 - Math.floor(Math.log10(size)));
}

export const write = (x, decimals) =>
  `${x < 0 && Number(x.toFixed(decimals)) !== 0 ? "−" : ""}${Math.abs(x).toFixed(decimals)}`;

/** A whole number with commas between thousands. */
export const grouped = (number) => number.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ",");

/** `0.0662`. */
export const value = (found) => write(found[0], decimalsOf(found));

/** `0.0598 to 0.0727`. */
const range = (found) => `${write(found[1], decimalsOf(found))} to ${write(found[2], decimalsOf(found))}`;

/** `0.0662 (0.0598 to 0.0727)`, or the value alone if it has no interval. */
export const withRange = (found) => (found.length === 1 ? value(found) : `${value(found)} (${range(found)})`);

/** `+0.0085 (0.0071 to 0.0099)`. */
export const change = (found) => `${found[0] > 0 ? "+" : ""}${withRange(found)}`;

export const scaled = (found, factor) => found.map((x) => factor * x);

/** A ratio or an energy with a given number of decimals. */
export const fixed = (found, digits) => write(found[0], digits);
