/**
 * Runs of an engine on any spikes, computed twice: by the functional tile and clock by clock. The RTL must match what both
 * agree on.
 */
import { invariant } from "../errors.ts";
import { ACTION_NAMES, emptyTally } from "../hardware/actions.ts";
import { runClockedTile } from "../hardware/clocked-tile.ts";
import { lfsrDraws, lfsrSeeds, seedWords } from "../hardware/draws.ts";
import type { SsaParameters } from "../hardware/ssa-parameters.ts";
import { runSsaTile } from "../hardware/ssa-tile.ts";
import type { Stream } from "../numeric/stream.ts";
import { emptySpikeTrain, type SpikeTrain, wordsPerRow } from "../spike/train.ts";
import type { SsaDesign } from "./design.ts";
import type { EngineRun } from "./testbench.ts";

/** Spikes of one head, `[T][N][d]` each. */
export interface HeadInput {
  readonly query: SpikeTrain;
  readonly key: SpikeTrain;
  readonly value: SpikeTrain;
}

export interface SimulatedTile extends HeadInput {
  readonly output: SpikeTrain;
  readonly scores: SpikeTrain;
  readonly seeds: Uint32Array;
}

/**
 * One head.
 *
 * Random   seeds of the registers; `random` gives the same stream at every call
 * Throws   an internal error when functional tile and cycle model differ in a bit of S or A or in a counted action
 */
export function simulatedTile(parameters: SsaParameters, input: HeadInput, random: () => Stream): SimulatedTile {
  const { tokens, dimension, lfsr, plan, draws: kind } = parameters;
  const { query, key, value } = input;
  const seeds = lfsrSeeds(seedWords(parameters), random());
  const [functionalTally, clockedTally] = [emptyTally(), emptyTally()];
  const draws = lfsrDraws({ steps: query.steps, tokens, dimension }, kind, random(), lfsr, plan);
  const functional = runSsaTile(query, key, value, parameters, draws, functionalTally);
  const clocked = runClockedTile(query, key, value, parameters, { seeds }, clockedTally);
  const agree =
    sameSpikes(functional.scores, clocked.scores) &&
    sameSpikes(functional.output, clocked.output) &&
    ACTION_NAMES.every((action) => functionalTally[action] === clockedTally[action]);
  invariant(agree, "functional tile and cycle model give the same bits and counts");
  return { query, key, value, ...clocked, seeds };
}

/** All heads. Random: seeds from `random.fork(head)`, or `random.fork(0)` if heads share them. Throws as `simulatedTile`. */
export function simulatedRun({ parameters }: SsaDesign, inputs: readonly HeadInput[], random: Stream): EngineRun {
  const { sharedByHeads } = parameters;
  return engineRun(
    parameters,
    inputs.map((input, head) => simulatedTile(parameters, input, () => random.fork(sharedByHeads ? 0 : head))),
  );
}

/** Tiles in parallel. If they share registers, the first tile's seeds are those of all. */
export function engineRun({ sharedByHeads }: SsaParameters, heads: readonly SimulatedTile[]): EngineRun {
  const seeds = (sharedByHeads ? heads.slice(0, 1) : heads).flatMap((tile) => [...tile.seeds]);
  return { heads, seeds: Uint32Array.from(seeds) };
}

/**
 * Splits a run of an engine into runs of engines with fewer heads, `heads` at a time, in order. Throws an internal error when
 * they do not divide.
 */
export function splitHeads({ heads, seeds }: EngineRun, { sharedByHeads }: SsaParameters, apart: number): EngineRun[] {
  invariant(heads.length % apart === 0, "heads go into groups of one size");
  const perHead = seeds.length / heads.length;
  return Array.from({ length: heads.length / apart }, (_, group) => {
    const first = group * apart;
    return {
      heads: heads.slice(first, first + apart),
      seeds: sharedByHeads ? seeds : seeds.slice(first * perHead, (first + apart) * perHead),
    };
  });
}

/** Whether two trains of one shape have the same bits. */
export const sameSpikes = (a: SpikeTrain, b: SpikeTrain): boolean =>
  a.words.length === b.words.length && a.words.every((word, n) => word === b.words[n]);

/**
 * A run of T = 1 to `longest` steps. Densities vary from train to train: silence, a quarter, a half, three quarters, all ones.
 *
 * Random   steps, densities, spikes and seeds from forks of `random`
 */
export const randomRun = (design: SsaDesign, longest: number, random: Stream): EngineRun =>
  runOfSteps(design, 1 + random.fork("steps").integer(longest), random);

/** The same with a given number of steps. */
export function runOfSteps(design: SsaDesign, steps: number, random: Stream): EngineRun {
  const { tokens, dimension } = design.parameters;
  const train = (name: string, head: number) => randomTrain(steps, tokens, dimension, random.fork(name, head));
  const inputs = Array.from({ length: design.heads }, (_, head) => ({
    query: train("query", head),
    key: train("key", head),
    value: train("value", head),
  }));
  return simulatedRun(design, inputs, random.fork("seeds"));
}

/** Sixteenths of trains: one silent, one full, four of a quarter, six of a half, four of three quarters. */
export function randomTrain(steps: number, tokens: number, dimension: number, random: Stream): SpikeTrain {
  const train = emptySpikeTrain(steps, tokens, dimension);
  const stride = wordsPerRow(dimension);
  const kind = random.integer(16);
  const word = () => {
    if (kind < 2) return kind === 0 ? 0 : 0xffffffff;
    if (kind < 6) return random.word() & random.word();
    return kind < 12 ? random.word() : random.word() | random.word();
  };
  const rest = dimension % 32 === 0 ? 0xffffffff : 2 ** (dimension % 32) - 1;
  for (let n = 0; n < train.words.length; n++)
    train.words[n] = word() & (n % stride === stride - 1 ? rest : 0xffffffff);
  return train;
}
