/**
 * Sums and means of the residual stream's rows: of several spike trains behind an embedding, and over the tokens of a prompt.
 * Rows are `[T][B][N]`.
 */
import type { Geometry } from "./geometry.ts";

/** The sum of the trains of every row: [rows, trains width] to [rows, width]. */
export function sumTrains(rows: Float64Array, trains: number, width: number): Float64Array {
  if (trains === 1) return rows;
  const sums = new Float64Array(rows.length / trains);
  for (const [i, value] of rows.entries()) sums[sumOf(i, trains, width)] += value;
  return sums;
}

/** The gradient of every train is that of the sum. */
export const sumTrainsBackward = (gradient: Float64Array, trains: number, width: number): Float64Array =>
  trains === 1
    ? gradient
    : Float64Array.from({ length: gradient.length * trains }, (_, i) => gradient[sumOf(i, trains, width)]);

const sumOf = (i: number, trains: number, width: number): number =>
  Math.floor(i / (trains * width)) * width + (i % width);

/** With the read-out `stream-mean`, the mean over the tokens of every prompt: [T B N, width] to [T B, width]. */
export function tokenMean({ readOut, tokens }: Geometry, stream: Float64Array, width: number): Float64Array {
  if (readOut !== "stream-mean") return stream;
  const mean = new Float64Array(stream.length / tokens);
  for (const [i, value] of stream.entries()) mean[meanOf(i, tokens, width)] += value / tokens;
  return mean;
}

/** From the gradient of the means, [T B, width], to that of the stream. */
export const tokenMeanBackward = (
  { readOut, tokens }: Geometry,
  gradient: Float64Array,
  width: number,
): Float64Array =>
  readOut === "stream-mean"
    ? Float64Array.from({ length: gradient.length * tokens }, (_, i) => gradient[meanOf(i, tokens, width)] / tokens)
    : gradient;

const meanOf = (i: number, tokens: number, width: number): number =>
  Math.floor(i / (tokens * width)) * width + (i % width);
