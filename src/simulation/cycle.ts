/**
 * The cycle simulator: values, cycles and real activity. It runs the network of `reference/simulate.ts` with attention on
 * clocked tiles (`hardware/clocked-tile.ts`) and adds the schedule of a prompt (`machine/schedule.ts`).
 *
 * On every digital path it gives the same bits and counted actions as the functional simulator. In addition it reports when
 * each unit is busy and how many register bits of the SSA engine toggled.
 */
import { ACTION_NAMES, emptyTally } from "../hardware/actions.ts";
import type { TileActivity, TileClock } from "../hardware/clocked-tile.ts";
import { runClockedTile } from "../hardware/clocked-tile.ts";
import { lfsrSeeds, seedWords } from "../hardware/draws.ts";
import { machineOf } from "../machine/machine.ts";
import { machineNetwork } from "../machine/network.ts";
import { type Schedule, scheduleOf } from "../machine/schedule.ts";
import type { Stream } from "../numeric/stream.ts";
import type { SpikeTrain } from "../spike/train.ts";
import type { Chip } from "./chip.ts";
import { runTiles, seedStream, shiftsRegisters, tileDraws } from "./reference/attention.ts";
import { type SimulationOptions, simulate } from "./reference/simulate.ts";
import { servedByTiles } from "./served.ts";
import type { Trace, TraceOptions } from "./trace.ts";

/** q, k, v of a head of a block, the output of its tile, and the seeds of its registers: test vectors for the RTL. */
export interface TileRecord {
  readonly block: number;
  readonly prompt: number;
  readonly head: number;
  readonly query: SpikeTrain;
  readonly key: SpikeTrain;
  readonly value: SpikeTrain;
  readonly output: SpikeTrain;
  /** Null with ideal random numbers. */
  readonly seeds: Uint32Array | null;
}

export interface CycleTrace extends Trace {
  /** When each unit is busy with a prompt; every prompt takes the same clocks. */
  readonly schedule: Schedule;
  /** Total of all tiles and prompts. */
  readonly activity: TileActivity;
}

export interface CycleOptions extends TraceOptions, Pick<SimulationOptions, "onCodes"> {
  /** Called after every tile run. */
  readonly onTile?: (record: TileRecord) => void;
  /** Called in every clock of the tiles of this block and head. */
  readonly watch?: { readonly block: number; readonly head: number; readonly onClock: (signals: TileClock) => void };
}

/**
 * Runs the chip on spikes, with tiles simulated clock by clock.
 *
 * Shapes, random, throws as `simulate`; MappingError for other than stochastic attention, which has no clocked model yet
 */
export function simulateCycles(chip: Chip, input: SpikeTrain, random: Stream, options: CycleOptions = {}): CycleTrace {
  const served = servedByTiles(chip);
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
    engine: (qkv, block, firstPrompt, tally) => {
      const { unit: parameters, placed } = served[block];
      return runTiles(qkv, placed, (query, key, value, p, head) => {
        const prompt = firstPrompt + p;
        const seeds = lfsr ? lfsrSeeds(seedWords(parameters), seedsOf(block, prompt, head)) : null;
        const source = seeds ? { seeds } : { draws: drawsOf(block, prompt, head) };
        const own = emptyTally();
        const isWatched = options.watch?.block === block && options.watch.head === head;
        const onClock = isWatched ? options.watch.onClock : undefined;
        const run = runClockedTile(query, key, value, parameters, source, own, onClock);
        // Events in an engine's registers that serve several heads at a time happen once.
        const shifting = shiftsRegisters(chip, placed, head);
        for (const action of ACTION_NAMES) if (action !== "lfsrShifts" || shifting) tally[action] += own[action];
        for (const name of Object.keys(activity) as (keyof TileActivity)[]) {
          if (name !== "lfsrToggles" || shifting) activity[name] += run.activity[name];
        }
        options.onTile?.({ block, prompt, head, query, key, value, output: run.output, seeds });
        return run;
      });
    },
  });
  const { model, geometry } = chip.network;
  const machine = machineOf(chip.hardware, machineNetwork({ ...model, steps: input.steps }, geometry));
  return { ...trace, schedule: scheduleOf(machine), activity };
}
