/**
 * The cycle simulator: values, cycles and real activity. The network of `reference/simulate.ts` with attention on clocked tiles
 * (`hardware/clocked-tile.ts`), and a timeline of one inference (`timeline.ts`).
 *
 * On every digital path it gives the functional simulator's bits and counted actions; beyond them it knows when each unit is busy and
 * how many register bits of the SSA engine toggled.
 */
import type { TileActivity } from "../hardware/clocked-tile.ts";
import { runClockedTile } from "../hardware/clocked-tile.ts";
import { lfsrSeeds, lfsrWiring } from "../hardware/draws.ts";
import { ssaParametersOf } from "../mapping/mapping.ts";
import type { Stream } from "../numeric/stream.ts";
import type { SpikeTrain } from "../spike/train.ts";
import type { Chip } from "./chip.ts";
import { runTiles, seedStream, tileDraws } from "./reference/attention.ts";
import { simulate } from "./reference/simulate.ts";
import { inferenceTimeline, type Timeline } from "./timeline.ts";
import type { Trace, TraceOptions } from "./trace.ts";

/** q, k, v of a head of a block, what its tile gave, and its registers' seeds: vectors for the RTL. */
export interface TileRecord {
  readonly block: number;
  readonly prompt: number;
  readonly head: number;
  readonly query: SpikeTrain;
  readonly key: SpikeTrain;
  readonly value: SpikeTrain;
  readonly output: SpikeTrain;
  /** Null when random numbers are ideal. */
  readonly seeds: Uint32Array | null;
}

export interface CycleTrace extends Trace {
  /** When each unit is busy in one inference; every prompt takes the same clocks. */
  readonly timeline: Timeline;
  /** Of all tiles, all prompts. */
  readonly activity: TileActivity;
}

export interface CycleOptions extends TraceOptions {
  /** Called after every tile run. */
  readonly onTile?: (record: TileRecord) => void;
}

/**
 * Runs the chip on spikes, tiles clock by clock.
 *
 * Shapes, random, throws as `simulate`
 */
export function simulateCycles(chip: Chip, input: SpikeTrain, random: Stream, options: CycleOptions = {}): CycleTrace {
  const parameters = ssaParametersOf(chip.network, chip.hardware);
  const registers = lfsrWiring(parameters.lfsr.sharing, parameters.plan.tileTokens).registers;
  const lfsr = chip.hardware.ssa.random === "lfsr";
  const seedsOf = seedStream(chip, random);
  const drawsOf = tileDraws(chip, input.steps, random);
  const activity: TileActivity = {
    counterToggles: 0,
    scoreToggles: 0,
    fifoToggles: 0,
    valueAndOnes: 0,
    outputToggles: 0,
    lfsrToggles: 0,
  };
  const trace = simulate(chip, input, random, {
    ...options,
    engine: (qkv, block, firstPrompt, tally) =>
      runTiles(qkv, chip.mapping.ssa, (query, key, value, p, head) => {
        const prompt = firstPrompt + p;
        const seeds = lfsr ? lfsrSeeds(registers, seedsOf(block, prompt, head)) : null;
        const source = seeds ? { seeds } : { draws: drawsOf(block, prompt, head) };
        const run = runClockedTile(query, key, value, parameters, source, tally);
        for (const name of Object.keys(activity) as (keyof TileActivity)[]) activity[name] += run.activity[name];
        options.onTile?.({ block, prompt, head, query, key, value, output: run.output, seeds });
        return run;
      }),
  });
  return { ...trace, timeline: inferenceTimeline(chip.mapping, input.steps), activity };
}
