/** Numbers and names as the page writes them. Quantities with units are written by the package's `formatQuantity`. */

/** "1 wrong bit", "2 wrong bits". */
export const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

/** A class as the bits that it stands for: 6 of 16 is `0110`. */
export const bitsOfClass = (label: number, classes: number): string =>
  label.toString(2).padStart(Math.round(Math.log2(classes)), "0");

const TRAINS: Readonly<Record<string, string>> = {
  input: "into q, k, v",
  qkv: "q, k, v",
  attention: "attention",
  middle: "into feed-forward",
  hidden: "hidden",
};

/** A spike train of a trace in words: `blocks.0.qkv` is "block 1, q, k, v". */
export function trainName(name: string): string {
  const parts = /^blocks\.(\d+)\.(\w+)$/.exec(name);
  if (!parts) return name;
  return `block ${Number(parts[1]) + 1}, ${TRAINS[parts[2]] ?? parts[2]}`;
}
