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
 * A stem's layers come first, with one job per window (`stem-schedule.ts`); attention waits for the last token anyway.
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
import type { NoUnit } from "../hardware/attention/catalogue.ts";
import { OUTPUT_REGISTERS } from "../hardware/ssa-tile.ts";
import { beginsStream, followsAttention } from "../model/layers.ts";
import { pixels, poolsCurrents, type StemLayer } from "../model/stem.ts";
import { type Alive, type BufferUse, bufferUses } from "./buffers.ts";
import { type Calendar, calendarOf } from "./calendar.ts";
import type { LayerUnit, Machine } from "./machine.ts";
import { keptUntil, type Places, placesOf, poolTimes, windowArrivals } from "./stem-schedule.ts";
import { engineTransfers, layerTransfers, type Transfer } from "./transfers.ts";

/** The jobs of a unit in order, as clocks from the first job of the prompt. */
export interface ScheduledUnit {
  /** Layer as in the mapping (`blocks.0.qkv`), or `blocks.0.attention` for the SSA engine working on that block. */
  readonly name: string;
  readonly kind: "linear" | "attention";
  /** Index of its block, null outside the blocks, and its name there. */
  readonly block: number | null;
  readonly part: string;
  /** Name of the spike train that it reads. */
  readonly trainIn: string;
  /** Load of the chip in which these jobs run; a layer split over two loads is two units. */
  readonly load: number;
  readonly start: Float64Array;
  /** First clock after each job. */
  readonly end: Float64Array;
  /** Clocks that it works per prompt. */
  readonly busy: number;
  /** What its jobs read from buffers and write to them. */
  readonly transfers: readonly Transfer[];
}

export interface Timetable {
  /** Clocks from the first spike in to the last sum out. */
  readonly clocks: number;
  /** In the order in which a prompt passes through them. */
  readonly units: readonly ScheduledUnit[];
  /** Peak content of the buffers between units. */
  readonly buffers: readonly BufferUse[];
}

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

/** Clocks per prompt of the busiest unit: layers have their own crossbars, blocks share the engine. */
function busiest({ shape, attention }: Machine, { units }: Timetable): number {
  const layers = units.filter(({ kind }) => kind === "linear").map(({ busy }) => busy);
  return Math.max(...layers, shape.depth * (runsOf(shape.steps, attention)?.clocks ?? 0));
}

/** Units that work on attention. */
type Engine = Exclude<Machine["attention"], NoUnit>;
/** Runs of the engine for one block: their number, and the clocks of one and of all. */
type Runs = NonNullable<ReturnType<typeof runsOf>>;

/** Null without units. */
function runsOf(steps: number, attention: Machine["attention"]) {
  if (attention.unit === "none") return null;
  const { groups, drained, clocks } = attention;
  const count = drained === "step" ? steps : 1;
  const length = groups * ((steps / count) * clocks.step + clocks.drain);
  return { engine: attention, count, length, clocks: count * length };
}

/** @param period clocks between prompts; infinite for a single prompt */
function timetable(machine: Machine, period: number): Timetable {
  const { shape, order, layers } = machine;
  const { tokens, steps } = shape;
  const runs = runsOf(steps, machine.attention);
  const calendar = runs && calendarOf(period, runs.length);
  const place = placesOf(order, tokens, steps);
  const loads = loadsOf(machine);
  const units: ScheduledUnit[] = [];
  const alive: Alive = { lines: [], qkv: [], attention: [], embedded: null, stream: null };
  /** When the input of each job is available; for an engine's output, also when it starts to arrive. */
  let arrived: Float64Array = new Float64Array((shape.stem ? pixels(shape.stem[0].grid) : tokens) * steps);
  let coming = arrived;
  let clocks = 0;
  /** Every load of the chip begins when all work of the previous one is done. */
  let [load, loaded] = [0, 0];

  /** The results of a layer's jobs, and their ends. */
  const work = (layer: LayerUnit, vectors: number, place: Places) => {
    const jobs = jobsOf(layer, shape, order, place);
    const busy = jobs.length * layer.clocks;
    let end: Float64Array = new Float64Array(jobs.length);
    const [firstLoad, lastLoad] = loads.get(layer.name)!;
    for (let part = firstLoad; part <= lastLoad; part++) {
      if (part > load) [load, loaded] = [part, clocks];
      const start = startsOf(jobs, arrived, loaded, layer.clocks, period);
      end = start.map((clock) => clock + layer.clocks);
      clocks = Math.max(clocks, end[end.length - 1] + layer.latency);
      const transfers = part === lastLoad ? layerTransfers(machine, layer) : [];
      units.push({ ...unitOf(layer), kind: "linear", load: part, start, end, busy, transfers });
    }
    return { jobs, end, done: resultsOf(layer, { vectors, steps }, jobs, end, place) };
  };
  /** When pixels of the map that a stem's next layer reads start to arrive; null for the input. */
  let mapComing: Float64Array | null = null;
  /** When the currents of a shortcut around the embedding are there. */
  let around: Float64Array | null = null;
  const keepMap = (size: StemLayer, jobs: Int32Array, end: Float64Array) => {
    if (mapComing === null) return;
    const ends = new Float64Array(end.length);
    for (let i = 0; i < end.length; i++) ends[jobs[i]] = end[i];
    alive.lines.push({ bits: size.channels, from: mapComing, to: keptUntil(size, ends, order, steps) });
  };
  for (const [l, layer] of layers.entries()) {
    const size = shape.stem?.[l];
    if (size) arrived = windowArrivals(size, arrived, order, steps);
    if (size && layer.ownNeurons) {
      const vectors = pixels(size.windows);
      const { jobs, end, done } = work(layer, vectors, placesOf(order, vectors, steps));
      keepMap(size, jobs, end);
      const { from, ready } = poolTimes(size, done, order, steps);
      // A square of currents is a number until its last pixel, and then a spike or none.
      const isNumber = poolsCurrents(size);
      if (isNumber) alive.lines.push({ bits: layer.outputs * machine.words.current, from, to: ready });
      [mapComing, arrived] = [isNumber ? ready : from, ready];
      if (layer.joins !== null) around = arrived;
      continue;
    }
    const { jobs, end, done } = work(layer, tokens, place);
    if (size) keepMap(size, jobs, end);
    if (size && around) {
      const ends = new Float64Array(end.length);
      for (let i = 0; i < end.length; i++) ends[jobs[i]] = end[i];
      alive.lines.push({ bits: shape.width * machine.words.stream, from: around, to: ends });
    }
    if (!layer.everyStep) alive.embedded = { from: done, to: done };
    else if (layer.attended !== null) {
      // Without attention units, the next layer reads the values where they are.
      const held = runs === null ? alive.qkv : alive.attention;
      held.push({ from: arrivalsOf(jobs, coming), to: end });
    } else if (!size && !layer.readsInput) {
      alive.lines.push({ bits: layer.inputs * layer.reads, from: arrivalsOf(jobs, arrived), to: end });
    }
    arrived = done;
    if (layer.attention === null) continue;
    if (runs === null || calendar === null) {
      coming = arrived;
      continue;
    }
    const run = attend(machine, arrived, place, calendar, runs);
    const attention = { name: layer.attention, part: "attention", block: layer.block };
    units.push({ ...run.unit, ...attention, trainIn: layer.trainOut!, load });
    alive.qkv.push({ from: arrived, to: run.read });
    [arrived, coming] = [run.out, run.coming];
    clocks = Math.max(clocks, run.unit.end[runs.count - 1] + OUTPUT_REGISTERS);
  }
  keepStream(alive, units, machine, place);
  return { clocks, units, buffers: bufferUses(machine, alive, period) };
}

/** What a unit of the schedule says about its layer. */
const unitOf = ({ name, part, block, trainIn }: LayerUnit) => ({ name, part, block, trainIn });

/** Indices of a layer's jobs among all tokens and steps, in the order in which the layer takes them. */
function jobsOf(
  { tokens, everyStep }: LayerUnit,
  { steps }: Machine["shape"],
  order: LoopOrder,
  place: Places,
): Int32Array {
  if (!everyStep) return tokens.map((n) => place(n, 0));
  const jobs = new Int32Array(tokens.length * steps);
  let i = 0;
  if (order === "token-major") {
    for (const n of tokens) for (let t = 0; t < steps; t++) jobs[i++] = place(n, t);
  } else {
    for (let t = 0; t < steps; t++) for (const n of tokens) jobs[i++] = place(n, t);
  }
  return jobs;
}

/**
 * Alone: as early as vectors arrive and the layer is free. Pipelined: without gaps, from the earliest start that never waits
 * for a vector.
 */
function startsOf(
  jobs: Int32Array,
  arrived: Float64Array,
  loaded: number,
  clocks: number,
  period: number,
): Float64Array {
  const starts = new Float64Array(jobs.length);
  if (Number.isFinite(period)) {
    let first = loaded;
    for (let i = 0; i < jobs.length; i++) first = Math.max(first, arrived[jobs[i]] - i * clocks);
    return starts.map((_, i) => first + i * clocks);
  }
  let free = loaded;
  for (let i = 0; i < jobs.length; i++) {
    starts[i] = Math.max(free, arrived[jobs[i]]);
    free = starts[i] + clocks;
  }
  return starts;
}

/** The arrivals of a layer's jobs, in their order; a layer that serves all vectors has them already. */
function arrivalsOf(jobs: Int32Array, arrived: Float64Array): Float64Array {
  if (jobs.length === arrived.length) return arrived;
  const arrivals = new Float64Array(jobs.length);
  for (let i = 0; i < jobs.length; i++) arrivals[i] = arrived[jobs[i]];
  return arrivals;
}

/** When the results of each token and step are available; for a layer that works once, the same for all steps. */
function resultsOf(
  { everyStep, latency }: LayerUnit,
  { vectors, steps }: { readonly vectors: number; readonly steps: number },
  jobs: Int32Array,
  end: Float64Array,
  place: Places,
): Float64Array {
  const done = new Float64Array(vectors * steps);
  if (everyStep) for (let i = 0; i < jobs.length; i++) done[jobs[i]] = end[i] + latency;
  else for (let n = 0; n < vectors; n++) for (let t = 0; t < steps; t++) done[place(n, t)] = end[n] + latency;
  return done;
}

interface EngineRun {
  readonly unit: Pick<ScheduledUnit, "kind" | "start" | "end" | "busy" | "transfers">;
  /** By job: when q, k and v have been read, when A starts to arrive, and when it is complete. */
  readonly read: Float64Array;
  readonly coming: Float64Array;
  readonly out: Float64Array;
}

function attend(machine: Machine, arrived: Float64Array, place: Places, calendar: Calendar, runs: Runs): EngineRun {
  const { groups, clocks }: Engine = runs.engine;
  const { tokens, steps } = machine.shape;
  const { step } = clocks;
  const perRun = steps / runs.count;
  const group = runs.length / groups;
  const start = new Float64Array(runs.count);
  const [read, coming, out] = [0, 0, 0].map(() => new Float64Array(tokens * steps));
  for (let r = 0; r < runs.count; r++) {
    let ready = r === 0 ? 0 : start[r - 1] + runs.length;
    for (let i = 0; i < perRun; i++) {
      // The last token's vectors arrive last, so they decide when a step's matrix is complete.
      ready = Math.max(ready, arrived[place(tokens - 1, r * perRun + i)] - i * step);
    }
    start[r] = calendar.reserve(ready);
    for (let i = 0; i < perRun; i++) {
      const begun = start[r] + i * step;
      const last = begun + step + (groups - 1) * group;
      for (let n = 0; n < tokens; n++) {
        const job = place(n, r * perRun + i);
        read[job] = last + clocks.late;
        coming[job] = begun + clocks.first;
        out[job] = last + clocks.drain + OUTPUT_REGISTERS;
      }
    }
  }
  const end = start.map((clock) => clock + runs.length);
  const transfers = engineTransfers(machine, runs.count);
  return { unit: { kind: "attention", start, end, busy: runs.clocks, transfers }, read, coming, out };
}

/** A value of the stream stays in its place from the first layer that reads it until its last branch has been added. */
function keepStream(
  alive: Alive,
  units: readonly ScheduledUnit[],
  { layers, order, shape }: Machine,
  place: Places,
): void {
  const { residuals, tokens, steps, embedding } = shape;
  const unit = (layer: LayerUnit) => units.find(({ name }) => name === layer.name)!;
  const embed = layers.findIndex(beginsStream);
  const first = unit(layers[embed + 1]);
  if (residuals > 0) {
    const joining = layers.findLast((layer) => layer.joins !== null || followsAttention(layer))!;
    const last = units.findLast(({ name }) => name === joining.name)!;
    // An embedding of lines is the stream's first value; an embedding of values is held separately and added to the stream step
    // by step.
    const begun = embedding === "lines" ? unit(layers[embed]).end : first.start;
    alive.stream = { from: arrivalsOf(jobsOf(joining, shape, order, place), begun), to: last.end };
  }
  if (alive.embedded === null) return;
  const from = Float64Array.from({ length: tokens }, (_, n) => alive.embedded!.from[place(n, 0)]);
  alive.embedded = { from, to: Float64Array.from({ length: tokens }, (_, n) => first.end[place(n, steps - 1)]) };
}

/** First and last load of the chip that holds a layer's blocks. */
const loadsOf = ({ mapping }: Machine): Map<string, readonly [number, number]> =>
  new Map(mapping.layers.map(({ name, blocks }) => [name, [blocks[0].load, blocks[blocks.length - 1].load]]));
