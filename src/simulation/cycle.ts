/**
 * The cycle simulator: values, cycles and real activity. The network of `reference/simulate.ts` with attention on clocked tiles
 * (`hardware/clocked-tile.ts`), and the schedule of a prompt (`machine/schedule.ts`).
 *
 * On every digital path it gives the functional simulator's bits and counted actions; beyond them it knows when each unit is busy and
 * how many register bits of the SSA engine toggled.
 */
import { ACTION_NAMES, emptyTally } from "../hardware/actions.ts";
import type { TileActivity } from "../hardware/clocked-tile.ts";
import { runClockedTile } from "../hardware/clocked-tile.ts";
import { lfsrSeeds, seedWords } from "../hardware/draws.ts";
import { machineOf } from "../machine/machine.ts";
import { type Schedule, scheduleOf } from "../machine/schedule.ts";
import { shapeOf } from "../machine/shape.ts";
import { ssaParametersOf } from "../mapping/mapping.ts";
import type { Stream } from "../numeric/stream.ts";
import type { SpikeTrain } from "../spike/train.ts";
import type { Chip } from "./chip.ts";
import { runTiles, seedStream, shiftsRegisters, tileDraws } from "./reference/attention.ts";
import { type SimulationOptions, simulate } from "./reference/simulate.ts";
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
  /** When each unit is busy with a prompt; every prompt takes the same clocks. */
  readonly schedule: Schedule;
  /** Of all tiles, all prompts. */
  readonly activity: TileActivity;
}

export interface CycleOptions extends TraceOptions, Pick<SimulationOptions, "onCodes"> {
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
  const lfsr = chip.hardware.ssa.random === "lfsr";
  const seedsOf = seedStream(chip, random);
  const drawsOf = tileDraws(chip, input.steps, random);
  const counted = shiftsRegisters(chip);
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
        const seeds = lfsr ? lfsrSeeds(seedWords(parameters), seedsOf(block, prompt, head)) : null;
        const source = seeds ? { seeds } : { draws: drawsOf(block, prompt, head) };
        const own = emptyTally();
        const run = runClockedTile(query, key, value, parameters, source, own);
        // What an engine's registers do for several heads at a time happens once.
        const shifting = counted(head);
        for (const action of ACTION_NAMES) if (action !== "lfsrShifts" || shifting) tally[action] += own[action];
        for (const name of Object.keys(activity) as (keyof TileActivity)[]) {
          if (name !== "lfsrToggles" || shifting) activity[name] += run.activity[name];
        }
        options.onTile?.({ block, prompt, head, query, key, value, output: run.output, seeds });
        return run;
      }),
  });
  const { model, geometry } = chip.network;
  const machine = machineOf(chip.hardware, shapeOf({ ...model, steps: input.steps }, geometry));
  return { ...trace, schedule: scheduleOf(machine), activity };
}
