// The results of this folder, and their numbers as text: for the tables of its page and for the README.
import { readFileSync } from "node:fs";

const PARTS = ["start", "budgets", "cost", "link-4x4", "link", "steps", "drift", "realism"];

const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));

/** By part; those of `images.` were measured by ../image-accuracy/measure.mjs. */
export const results = {
  ...Object.fromEntries(PARTS.map((part) => [part, read(`results/${part}.json`)])),
  "images.accuracy": read("../image-accuracy/results/accuracy.json"),
  "images.stem": read("../image-accuracy/results/stem.json"),
  "images.drift": read("../image-accuracy/results/drift.json"),
};

/** `[value, low, high]` of a figure. Throws when the part has no such figure. */
export function figure(part, id) {
  const found = results[part].figures[id];
  if (!found) throw new Error(`results/${part}.json has no figure "${id}": measure it again.`);
  return found;
}

/** What the chips' rate is times another's at an SNR, by `write`; a dash where too few prompts went wrong to say. */
export function ratioAt(other, snr, write) {
  const found = results.link.figures[`ratio.${other}.snr.${snr}`];
  return found ? write(found) : "–";
}

/** Decimals up to the second digit of half the interval's width; without an interval three digits. */
function decimalsOf([value, low, high]) {
  const size = low === undefined ? Math.abs(value) / 10 : (high - low) / 2;
  return Math.max(0, 1 - Math.floor(Math.log10(size)));
}

export const write = (x, decimals) =>
  `${x < 0 && Number(x.toFixed(decimals)) !== 0 ? "−" : ""}${Math.abs(x).toFixed(decimals)}`;

/** `0.0662`. */
export const value = (found) => write(found[0], decimalsOf(found));

/** `0.0598 to 0.0727`. */
const range = (found) => `${write(found[1], decimalsOf(found))} to ${write(found[2], decimalsOf(found))}`;

/** `0.0662 (0.0598 to 0.0727)`, or the value alone where nothing is known of its error. */
export const withRange = (found) => (found.length === 1 ? value(found) : `${value(found)} (${range(found)})`);

/** `+0.0085 (0.0071 to 0.0099)`. */
export const change = (found) => `${found[0] > 0 ? "+" : ""}${withRange(found)}`;

export const scaled = (found, factor) => found.map((x) => factor * x);

/** A ratio or an energy with a number of digits after the point. */
export const fixed = (found, digits) => write(found[0], digits);
