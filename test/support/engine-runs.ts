/** Small engines, and random runs of the cycle model on them. */

import type { DrawKind } from "../../src/experiment/attention.ts";
import { ssaSpec } from "../../src/experiment/hardware.ts";
import { emptyTally } from "../../src/hardware/actions.ts";
import { runClockedTile } from "../../src/hardware/clocked-tile.ts";
import { lfsrSeeds, seedWords } from "../../src/hardware/draws.ts";
import { ssaParameters } from "../../src/hardware/ssa-parameters.ts";
import { type Stream, stream } from "../../src/numeric/stream.ts";
import { type SsaDesign, ssaDesign } from "../../src/rtl/design.ts";
import type { EngineRun } from "../../src/rtl/testbench.ts";
import { packSpikes, type SpikeTrain } from "../../src/spike/train.ts";

export interface EngineSetting {
  readonly tokens: number;
  readonly dimension: number;
  readonly isCausal: boolean;
  readonly draws: DrawKind;
  readonly heads?: number;
  readonly gain?: number;
  /** Fields of `hardware.ssa`. */
  readonly ssa?: object;
}

export function smallDesign({ tokens, isCausal, heads = 1, gain = 1, ssa, ...rest }: EngineSetting): SsaDesign {
  const mask = Uint8Array.from({ length: tokens ** 2 }, (_, n) =>
    !isCausal || n % tokens <= Math.floor(n / tokens) ? 1 : 0,
  );
  const request = { ...rest, tokens, mask, scoreGain: gain, valueGain: gain };
  return ssaDesign(ssaParameters(ssaSpec.parse({ random: "lfsr", ...ssa }), request), heads);
}

/** Random   spikes of every density from 0 to 1, and seeds. */
export function randomRun(design: SsaDesign, steps: number, random: Stream): EngineRun {
  const { tokens, dimension } = design.parameters;
  const spikes = (name: string, head: number) => {
    const draws = random.fork(name, head);
    const density = draws.uniform();
    const bits = Array.from({ length: steps * tokens * dimension }, () => (draws.uniform() < density ? 1 : 0));
    return packSpikes(bits, steps, tokens, dimension);
  };
  const inputs = Array.from(
    { length: design.heads },
    (_, h) => [spikes("query", h), spikes("key", h), spikes("value", h)] as const,
  );
  return cycleRun(design, inputs, random.fork("seeds"));
}

/** Action counts, which are not read here. */
const unused = emptyTally();

/** The cycle model's output for these queries, keys and values of every head. Random: seeds. */
export function cycleRun(
  { parameters, heads }: SsaDesign,
  inputs: readonly (readonly [query: SpikeTrain, key: SpikeTrain, value: SpikeTrain])[],
  random: Stream,
): EngineRun {
  const seeds = Array.from({ length: parameters.sharedByHeads ? 1 : heads }, (_, h) =>
    lfsrSeeds(seedWords(parameters), random.fork("head", h)),
  );
  const tiles = inputs.map(([query, key, value], h) => {
    const source = { seeds: seeds[parameters.sharedByHeads ? 0 : h] };
    return { query, key, value, ...runClockedTile(query, key, value, parameters, source, unused) };
  });
  return { heads: tiles, seeds: Uint32Array.from(seeds.flatMap((of) => [...of])) };
}

/** Runs with 1 to `longest` steps, cycled through. */
export const randomRuns = (design: SsaDesign, count: number, longest: number, seed: number): EngineRun[] =>
  Array.from({ length: count }, (_, r) => randomRun(design, 1 + (r % longest), stream(seed).fork("run", r)));

/** One step of tokens with the bits of a number as features, the first token in the low bits. */
export const trainOfBits = (bits: number, tokens: number, dimension: number): SpikeTrain =>
  packSpikes(
    Array.from({ length: tokens * dimension }, (_, n) => (bits >> n) & 1),
    1,
    tokens,
    dimension,
  );
