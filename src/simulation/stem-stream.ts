/**
 * Digital arithmetic on numbers between layers: the maximum of currents, sums of trains, and the mean over tokens. Both simulators use it;
 * whole numbers are rounded down.
 */
import { maxPoolForward } from "../model/max-pool.ts";
import type { PoolSize } from "../model/stem.ts";
import type { SumOperation, TokenMeanOperation } from "../model/stream.ts";

/** Shapes: currents [images, pixels, channels]; returns [images, pooled pixels, channels]. */
export const largestCurrents = (currents: ArrayLike<number>, size: PoolSize, images: number): Float64Array =>
  maxPoolForward(Float64Array.from(currents), size, images).output;

/** The sums of trains next to each other: spikes [rows, trains width] as numbers to [rows, width]. */
export function sumOfTrains(
  spikes: ArrayLike<number>,
  { trains, width }: Pick<SumOperation, "trains" | "width">,
): Float64Array {
  const sums = new Float64Array(spikes.length / trains);
  for (let i = 0; i < spikes.length; i++) sums[Math.floor(i / (trains * width)) * width + (i % width)] += spikes[i];
  return sums;
}

/** The mean over the tokens of every prompt: stream [T B N, width] to [T B, width]. */
export function streamMean(
  stream: ArrayLike<number>,
  { tokens, width }: Pick<TokenMeanOperation, "tokens" | "width">,
  whole: boolean,
): Float64Array {
  const means = new Float64Array(stream.length / tokens);
  for (let i = 0; i < stream.length; i++) means[Math.floor(i / (tokens * width)) * width + (i % width)] += stream[i];
  return means.map((sum) => (whole ? Math.floor(sum / tokens) : Math.fround(sum / tokens)));
}
