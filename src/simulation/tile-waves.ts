/**
 * The waveform of a head's tile: the signals of one cell and its row over the clocks of a prompt, from the cycle model that the RTL is
 * held to. Names are those of the RTL, except `step` and `sum`.
 */
import { ValueError } from "../errors.ts";
import type { TileClock } from "../hardware/clocked-tile.ts";
import type { Stream } from "../numeric/stream.ts";
import type { SpikeTrain } from "../spike/train.ts";
import type { Chip } from "./chip.ts";
import { simulateCycles } from "./cycle.ts";
import { servedByTiles } from "./served.ts";

/** Signals in the order in which they are drawn, with what each means. */
export const WAVES = [
  ["take_o", "a feature of all tokens enters"],
  ["step", "time step that enters, from 0"],
  ["feature_q", "feature that enters, from 0"],
  ["query_i", "spike of the query"],
  ["key_i", "spike of the key"],
  ["count_q", "features so far in which both fire"],
  ["score_q", "score bit of the step before, held"],
  ["value_i", "spike of the value"],
  ["delayed", "that value one step later"],
  ["sum", "keys whose score and value are both 1"],
  ["valid_o", "an output bit leaves"],
  ["spike_o", "output bit of the query"],
] as const;

export type WaveName = (typeof WAVES)[number][0];

/** A cell of a head's tile, by tokens; blocks are counted by their attention. */
export interface WavePlace {
  readonly block: number;
  readonly head: number;
  readonly query: number;
  readonly key: number;
}

export interface TileWaves {
  /** Each signal by clock. */
  readonly signals: Readonly<Record<WaveName, Uint16Array>>;
  /** The bit that leaves in each clock, as an index into the head's output `[T, N, d]`; -1 where none of a query's does. */
  readonly leaves: Int32Array;
  readonly tokens: number;
  readonly dimension: number;
}

/**
 * Shapes   input: a prompt, `[T][N][inputs]`
 * Random   as `simulateCycles`
 * Throws   as `simulateCycles`, and ValueError for a place that the network lacks
 */
export function tileWaves(
  chip: Chip,
  input: SpikeTrain,
  random: Stream,
  { block, head, query, key }: WavePlace,
  firstPrompt = 0,
): TileWaves {
  const served = servedByTiles(chip);
  const requireOne = (name: string, at: number, count: number) => {
    if (!Number.isInteger(at) || at < 0 || at >= count)
      throw new ValueError(name, `is ${at}, but the network has ${count}. Choose one of 0 to ${count - 1}.`);
  };
  requireOne("block", block, served.length);
  const { heads, tokens, dimension } = served[block].operation;
  const { plan } = served[block].unit;
  requireOne("head", head, heads);
  requireOne("query", query, tokens);
  requireOne("key", key, tokens);
  const [i, j] = [query % plan.tileTokens, key % plan.tileTokens];
  const seen = WAVES.map((): number[] => []);
  const leaves: number[] = [];
  const onClock = (at: TileClock) => {
    const { valid } = at;
    const values: Readonly<Record<WaveName, number>> = {
      take_o: at.takes ? 1 : 0,
      step: at.step,
      feature_q: at.feature,
      query_i: at.query(i),
      key_i: at.key(j),
      count_q: at.count(i, j),
      score_q: at.score(i, j),
      value_i: at.value(j),
      delayed: at.delayed(j),
      sum: at.sum(i),
      valid_o: valid ? 1 : 0,
      spike_o: at.spike(i),
    };
    for (const [n, [name]] of WAVES.entries()) seen[n].push(values[name]);
    const token = valid && valid.firstQuery + i;
    leaves.push(token !== null && token < tokens ? (valid!.step * tokens + token) * dimension + valid!.feature : -1);
  };
  simulateCycles(chip, input, random, { firstPrompt, watch: { block, head, onClock } });
  const signals = Object.fromEntries(WAVES.map(([name], n) => [name, Uint16Array.from(seen[n])]));
  return { signals: signals as Record<WaveName, Uint16Array>, leaves: Int32Array.from(leaves), tokens, dimension };
}
