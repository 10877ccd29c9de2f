import { expect, test } from "vitest";
import { delaySpread } from "../../test/support/sampling.ts";
import { crc32 } from "../numeric/checksum.ts";
import { type ProfileName, profileOf } from "./profiles.ts";

const NAMES: readonly ProfileName[] = ["A", "B", "C", "D", "E"];
const KINDS = ["tdl", "cdl"] as const;

/** Delays, powers in dB over the strongest path, angles, spreads: what the tables print. */
function printed(kind: (typeof KINDS)[number], name: ProfileName): string {
  const { paths, raySpreads, crossPolarisation } = profileOf(kind, name);
  const strongest = Math.max(...paths.map(({ power }) => power));
  const rows = paths.map(({ delay, power, aod, aoa, zod, zoa }) =>
    [delay, (10 * Math.log10(power / strongest)).toFixed(2), aod, aoa, zod, zoa].join(),
  );
  return [...rows, raySpreads, crossPolarisation].join(";");
}

test("the tables are those that were compared with TR 38.901, to a checksum", () => {
  const sums = KINDS.flatMap((kind) => NAMES.map((name) => crc32(new TextEncoder().encode(printed(kind, name)))));
  expect(sums).toEqual([
    3144385920, 1839034854, 2618020996, 3318284084, 1405111991, 3144385920, 1839034854, 2618020996, 3318284084,
    3151486486,
  ]);
});

test("a profile has as many paths as its table, of total power 1, the first at delay 0", () => {
  for (const kind of KINDS) {
    expect(NAMES.map((name) => profileOf(kind, name).paths.length)).toEqual([23, 23, 24, 14, 15]);
    for (const name of NAMES) {
      const { paths } = profileOf(kind, name);
      expect(paths.reduce((sum, { power }) => sum + power, 0)).toBeCloseTo(1, 14);
      expect(paths[0].delay).toBe(0);
    }
  }
});

test("delays are in units of the RMS delay spread, within the rounding of the tables", () => {
  for (const kind of KINDS) {
    for (const name of ["A", "B", "C", "E"] as const) {
      expect(Math.abs(delaySpread(profileOf(kind, name).paths) - 1)).toBeLessThan(3e-4);
    }
    // The standard's table of D is 0.6 % off.
    expect(delaySpread(profileOf(kind, "D").paths)).toBeCloseTo(0.99372, 5);
  }
});

test("Ricean factors of D and E are 13.3 and 22 dB, as printed under their tables", () => {
  for (const [name, factor] of [
    ["D", 13.3],
    ["E", 22],
  ] as const) {
    const { paths, lineOfSight } = profileOf("tdl", name);
    expect(lineOfSight).toBe(true);
    expect(10 * Math.log10(paths[0].power / paths[1].power)).toBeCloseTo(factor, 9);
  }
});

test("only the last delay of E differs between taps and clusters", () => {
  for (const name of NAMES) {
    const [taps, clusters] = KINDS.map((kind) => profileOf(kind, name).paths.map(({ delay }) => delay));
    const differing = taps.flatMap((delay, i) => (delay === clusters[i] ? [] : [[delay, clusters[i]]]));
    expect(differing).toEqual(name === "E" ? [[20.6519, 20.6419]] : []);
  }
});
