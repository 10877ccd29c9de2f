/** `test/golden/devices.json`, written by `devices.py` next to it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Stream } from "../../src/numeric/stream.ts";

interface Moments {
  readonly mean: number;
  readonly deviation: number;
}

export interface GoldenDevices {
  /** Relative conductances, and seconds after programming, for which the maps are given. */
  readonly x: readonly number[];
  readonly times: readonly number[];
  readonly table: { readonly conductances: number[]; readonly means: number[]; readonly deviations: number[] };
  readonly maps: Readonly<Record<string, GoldenMaps>>;
  readonly reram: {
    readonly x: readonly number[];
    readonly fits: readonly { readonly time: number; readonly sigma: readonly number[] }[];
  };
  readonly replay: {
    readonly weights: readonly number[];
    readonly rows: number;
    readonly columns: number;
    /** Number of weights with a sign flipped by the programming error. */
    readonly turned: number;
    readonly programmed: readonly number[];
    readonly newScale: number;
    /** By purpose: for the positive devices, and for the negative ones. */
    readonly normals: Readonly<Record<"program" | "exponent" | "read", readonly [number[], number[]]>>;
    readonly reads: readonly {
      readonly time: number;
      readonly aihwkit: readonly number[];
      readonly physical: readonly number[];
      readonly factor: number;
      readonly columnFactors: readonly number[];
    }[];
  };
  readonly statistics: {
    readonly chips: number;
    readonly size: number;
    readonly times: readonly number[];
    /** By pair handling, then by time. */
    readonly modes: Readonly<
      Record<"aihwkit" | "physical", readonly Readonly<Record<"error" | "compensatedError" | "factor", Moments>>[]>
    >;
  };
}

export interface GoldenMaps {
  readonly sigma: readonly number[];
  readonly mu: readonly number[];
  readonly sd: readonly number[];
  readonly q: readonly number[];
  readonly integrals: readonly number[];
  /** Drift factors of the exponents 0.049 and 0.1. */
  readonly drift: readonly (readonly number[])[];
}

export const golden: GoldenDevices = JSON.parse(
  readFileSync(join(import.meta.dirname, "../golden/devices.json"), "utf8"),
);

/** A stream with forks that return given normal numbers, by label. */
export function scriptedStream(forks: Readonly<Record<string, Stream | readonly number[]>>): Stream {
  const refuse = () => {
    throw new Error("nothing but forks was scripted");
  };
  return {
    key: [0, 0],
    position: 0,
    fork: (label) => {
      const script = forks[String(label)];
      if (script === undefined) throw new Error(`no numbers were scripted for "${label}"`);
      return "fork" in script ? script : scriptedNormals(script);
    },
    word: refuse,
    uniform: refuse,
    integer: refuse,
    normal: refuse,
  };
}

function scriptedNormals(normals: readonly number[]): Stream {
  let next = 0;
  const normal = () => {
    if (next === normals.length) throw new Error(`only ${normals.length} normal numbers were scripted`);
    return normals[next++];
  };
  return { ...scriptedStream({}), normal };
}
