// The random number sources to compare: ideal words, and shift registers by sharing and shifts per clock.
import { lfsrDraws } from "xpikeformer";
import { idealDraws, LFSR_SETUP } from "xpikeformer/internal";

export const PATTERNS = ["column-row", "row", "column", "cell", "single"];
export const SHIFTS = [1, 8];
export const KINDS = ["stratified", "independent"];

/** `setup` is null for ideal words. */
export const SOURCES = [
  { name: "ideal", setup: null },
  ...PATTERNS.flatMap((sharing) =>
    SHIFTS.map((shiftsPerClock) => ({
      name: `${sharing}, ${shiftsPerClock}`,
      setup: { ...LFSR_SETUP, sharing, shiftsPerClock },
    })),
  ),
];

/** The draws of one tile. Random: ideal words use the key of `random`; registers take their seeds from `random`. */
export function drawsOf({ setup }, shape, kind, random) {
  if (setup === null) return idealDraws(shape, kind, { key: random.key, block: 0, prompt: 0, head: 0 });
  return lfsrDraws(shape, kind, random, setup);
}
