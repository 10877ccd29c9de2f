/**
 * Which unit works on what, and when (Xpikeformer, section IV-C), for one prompt alone and for pipelined prompts. The only
 * model of time.
 *
 * A job of a layer is one input vector: a token at a step. It starts when the layer is free and the vector is available; its
 * results follow its end by a few registers. A run of the SSA engine needs q, k and v of all tokens at a step.
 *
 *   token-major   all T steps of a token, then the next token. Attention waits for the last token, so phases alternate:
 *                   [embed, qkv] -> SSA -> [projection, up, down, qkv] -> SSA -> ... -> [projection, up, down, head]
 *                 A run of an SSA tile is T windows plus one in which it drains, (T + 1) d clocks.
 *   step-major    all tokens of a step, then the next step. Attention works on one step while crossbars work on the next. A run of an
 *                 SSA tile is one window plus one in which it drains, 2 d clocks; blocks take turns.
 *
 * Other attention units have clocks of their own (`hardware/attention/`). Without a unit, values pass on to the next layer.
 *
 * `timetable.ts` runs a prompt through the graph; layers on a map have one job per window (`stem-schedule.ts`).
 *
 * A single prompt starts every job as early as possible. In the pipeline, a prompt enters every `interval` clocks, as set by
 * the busiest unit. Each layer then takes its vectors without gaps, and the engine's runs take slots of a table that repeats
 * with the interval, so two prompts never meet at a unit. These waits give a pipelined prompt a longer latency than a single
 * one.
 *
 * Left out: transfers between buffers and units, which are assumed to keep up; the time to program a load when a chip has
 * several.
 */
import { MappingError } from "../errors.ts";
import type { LoopOrder } from "../experiment/hardware.ts";
import type { BufferUse } from "./buffers.ts";
import type { Machine } from "./machine.ts";
import { runsOf, type ScheduledUnit, type Timetable, timetable } from "./timetable.ts";

export interface Schedule {
  readonly order: LoopOrder;
  /** One prompt at a time. */
  readonly alone: Timetable;
  /** A prompt in the pipeline; null where prompts cannot overlap: the chip is loaded several times, or its SRAM is too small. */
  readonly inFlight: (Timetable & { readonly prompts: number }) | null;
  /** Clocks from one prompt to the next. */
  readonly interval: number;
}

/** The part of a schedule that costs depend on. */
export interface Pace {
  /** Clocks of a single prompt, and from one prompt to the next. */
  readonly clocks: number;
  readonly interval: number;
  /** Buffers between units for a single prompt. */
  readonly buffers: readonly BufferUse[];
}

/**
 * The pace of `scheduleOf`, computed faster: with unlimited memory, prompts follow each other as fast as the busiest unit
 * allows. Throws as `scheduleOf`.
 */
export function paceOf(machine: Machine): Pace {
  if (machine.sram !== null || machine.mapping.totals.loads > 1) {
    const { alone, interval } = scheduleOf(machine);
    return { clocks: alone.clocks, interval, buffers: alone.buffers };
  }
  const alone = timetable(machine, Number.POSITIVE_INFINITY);
  const { clocks, buffers } = alone;
  return { clocks, interval: Math.min(clocks, busiest(machine, alone)), buffers };
}

/**
 * Schedules one prompt. The schedule does not depend on spikes.
 *
 * Throws MappingError when the buffers do not fit the machine's SRAM, or a step-major machine would have to be reloaded at
 * every step
 */
export function scheduleOf(machine: Machine): Schedule {
  const { order, mapping } = machine;
  if (order === "step-major" && mapping.totals.loads > 1) {
    throw new MappingError(
      "hardware.order",
      `The chip's ${mapping.totals.crossbars} crossbars take ${mapping.totals.loads} loads for ${mapping.totals.blocks} blocks of weights, and ` +
        `"step-major" order repeats all of them at every time step. Set hardware.crossbars to ${mapping.totals.blocks}, or order to "token-major".`,
    );
  }
  const alone = timetable(machine, Number.POSITIVE_INFINITY);
  requireRoom(machine, alone);
  const period = busiest(machine, alone);
  const together = mapping.totals.loads === 1 && period < alone.clocks ? timetable(machine, period) : null;
  if (together === null || bytesOf(together) > room(machine)) {
    return { order, alone, inFlight: null, interval: alone.clocks };
  }
  const prompts = Math.ceil(together.clocks / period);
  return { order, alone, inFlight: { ...together, prompts }, interval: period };
}

/** Fraction of the clocks between prompts in which a unit works. */
export const utilisation = ({ busy }: ScheduledUnit, { interval }: Pick<Schedule, "interval">): number =>
  busy / interval;

/** Bytes of all buffers together. */
export const bytesOf = ({ buffers }: Pick<Timetable, "buffers">): number =>
  Math.ceil(buffers.reduce((sum, { bits }) => sum + bits, 0) / 8);

const room = ({ sram }: Machine): number => sram ?? Number.POSITIVE_INFINITY;

function requireRoom(machine: Machine, alone: Timetable): void {
  const needed = bytesOf(alone);
  if (needed <= room(machine)) return;
  const parts = alone.buffers.filter(({ bits }) => bits > 0).map(({ name, bits }) => `${name} ${Math.ceil(bits / 8)}`);
  const other = machine.order === "token-major" ? "step-major" : "token-major";
  throw new MappingError(
    "hardware.sram",
    `One prompt in ${machine.order} order needs ${parts.join(" + ")} = ${needed} bytes, but the chip has ${machine.sram}. ` +
      `Set hardware.sram to at least ${needed}, use fewer time steps, or try "${other}" order, which buffers other data.`,
  );
}

/** Clocks per prompt of the busiest unit: layers have their own crossbars, operations of attention share engines. */
function busiest({ network, engines }: Machine, { units }: Timetable): number {
  const layers = units.filter(({ kind }) => kind === "linear").map(({ busy }) => busy);
  const shared = engines.map((engine) => engine.serves.length * (runsOf(engine, network.steps)?.clocks ?? 0));
  return Math.max(...layers, ...shared);
}
