/**
 * When each unit works on a prompt, over the graph: every operation gives its value when the rows that it reads are there.
 *
 *   linear      one job per row; its results follow the end of a job by a few registers
 *   attention   one run per prompt, or per step, on units that operations of a kind share; without units, rows pass on
 *   windows     a window is there when its last pixel is
 *   pool        a square begins with its first pixel and is complete with its last
 *   add         with the last of its operands; all others pass rows on, and a mean waits for all of them
 */
import type { LoopOrder } from "../experiment/hardware.ts";
import { OUTPUT_REGISTERS } from "../hardware/ssa-tile.ts";
import type { AttentionOperation } from "../model/attention/operation.ts";
import { INPUT } from "../model/graph.ts";
import type { LinearOperation } from "../model/linear.ts";
import type { Operation } from "../model/operations.ts";
import { type BufferUse, bufferUses } from "./buffers.ts";
import { type Calendar, calendarOf } from "./calendar.ts";
import { type Arrival, holdings, type Reading } from "./holdings.ts";
import type { Engine, LayerUnit, Machine } from "./machine.ts";
import { type Places, placesOf, poolTimes, windowArrivals } from "./stem-schedule.ts";
import { engineTransfers, layerTransfers, type Transfer } from "./transfers.ts";

/** The jobs of a unit in order, as clocks from the first job of the prompt. */
export interface ScheduledUnit {
  /** A layer of the mapping (`blocks.0.qkv`), or attention (`blocks.0.attention`) for the engine that works on it. */
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

/** Runs of an engine for one operation: their number, the steps of one, and the clocks of one and of all; null without units. */
export function runsOf(engine: Engine, steps: number) {
  if (engine.unit === "none") return null;
  const { groups, drained, clocks } = engine;
  const count = drained === "step" ? steps : 1;
  const length = groups * ((steps / count) * clocks.step + clocks.drain);
  return { engine, count, steps: steps / count, length, clocks: count * length };
}

type Runs = NonNullable<ReturnType<typeof runsOf>>;

/** @param period clocks between prompts; infinite for a single prompt */
export function timetable(machine: Machine, period: number): Timetable {
  const { network, order, engines } = machine;
  const { graph, steps } = network;
  const layers = new Map(machine.layers.map((layer) => [layer.name, layer]));
  const loads = loadsOf(machine);
  const turns = engines.map((engine) => {
    const runs = runsOf(engine, steps);
    return runs && { runs, calendar: calendarOf(period, runs.length) };
  });
  const units: ScheduledUnit[] = [];
  const arrivals = new Map<string, Arrival>();
  const readings = new Map<string, Reading>();
  let clocks = 0;
  /** Every load of the chip begins when all work of the previous one is done. */
  let [load, loaded] = [0, 0];
  const rowsOf = (value: string) => graph.values.get(value)!.rows;
  const placesAt = (value: string) => placesOf(order, rowsOf(value), steps);
  const at = (value: string) => arrivals.get(value)!;

  function work({ name, block, reads: [read] }: LinearOperation): Arrival {
    const layer = layers.get(name)!;
    const place = placesAt(read);
    const { ready } = at(read);
    const jobs = jobsOf(layer, steps, order, place);
    const busy = jobs.length * layer.clocks;
    let [start, end]: Float64Array[] = [new Float64Array(), new Float64Array()];
    const [firstLoad, lastLoad] = loads.get(name)!;
    for (let part = firstLoad; part <= lastLoad; part++) {
      if (part > load) [load, loaded] = [part, clocks];
      start = startsOf(jobs, ready, loaded, layer.clocks, period);
      end = start.map((clock) => clock + layer.clocks);
      clocks = Math.max(clocks, end[end.length - 1] + layer.latency);
      const transfers = part === lastLoad ? layerTransfers(machine, layer) : [];
      units.push({
        ...{ name, part: layer.part, block, trainIn: read, kind: "linear", load: part },
        ...{ start, end, busy, transfers },
      });
    }
    readings.set(name, { start: placed(start, jobs, ready.length), end: placed(end, jobs, ready.length) });
    return whole(resultsOf(layer, steps, jobs, end, place, ready.length));
  }

  function attend({ name, block, reads: [read] }: AttentionOperation): Arrival {
    const i = engines.findIndex(({ serves }) => serves.includes(name));
    const turn = turns[i];
    const { ready } = at(read);
    if (turn === null) return whole(ready);
    const { runs, calendar } = turn;
    const { start, reading, arrival } = run(runs, calendar, ready, rowsOf(read), placesAt(read));
    const end = start.map((clock) => clock + runs.length);
    const transfers = engineTransfers(machine, engines[i], name, runs.count);
    const part = block === null ? name : "attention";
    units.push({
      ...{ name, part, block, trainIn: read, kind: "attention", load },
      ...{ start, end, busy: runs.clocks, transfers },
    });
    clocks = Math.max(clocks, end[end.length - 1] + OUTPUT_REGISTERS);
    readings.set(name, reading);
    return arrival;
  }

  function arrive(operation: Operation): Arrival {
    const [read] = operation.reads;
    switch (operation.kind) {
      case "linear":
        return work(operation);
      case "attention":
        return attend(operation);
      case "windows":
        return whole(windowArrivals(operation.size, at(read).ready, order, steps));
      case "pool": {
        const { from, ready } = poolTimes(operation.size, at(read).ready, order, steps);
        return { coming: from, ready };
      }
      case "add":
        return whole(latestOf(operation.reads.map((value) => at(value).ready)));
      case "token-mean":
        return whole(ofAllRows(at(read).ready, rowsOf(read), placesAt(read), steps));
      case "batch-normalisation":
      case "position":
      case "neurons":
      case "sum":
      case "read-out":
      case "activation":
      case "layer-normalisation":
      case "rounding":
        return whole(at(read).ready);
    }
  }

  arrivals.set(INPUT, whole(new Float64Array(rowsOf(INPUT) * steps)));
  for (const operation of graph.operations) arrivals.set(operation.writes, arrive(operation));
  return { clocks, units, buffers: bufferUses(machine, holdings(machine, { arrivals, readings }), period) };
}

const whole = (ready: Float64Array): Arrival => ({ coming: ready, ready });

function latestOf(all: readonly Float64Array[]): Float64Array {
  const [first, ...others] = all;
  return first.map((clock, i) => others.reduce((latest, other) => Math.max(latest, other[i]), clock));
}

/** One row at each step, when all rows are there. */
function ofAllRows(ready: Float64Array, rows: number, place: Places, steps: number): Float64Array {
  const last = new Float64Array(steps);
  for (let t = 0; t < steps; t++) for (let n = 0; n < rows; n++) last[t] = Math.max(last[t], ready[place(n, t)]);
  return last;
}

/** Indices of a layer's jobs among all rows and steps, in the order in which the layer takes them. */
function jobsOf({ tokens, everyStep }: LayerUnit, steps: number, order: LoopOrder, place: Places): Int32Array {
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

/** Clocks of jobs at their places. */
function placed(clocks: Float64Array, jobs: Int32Array, places: number): Float64Array {
  const at = new Float64Array(places);
  for (let i = 0; i < jobs.length; i++) at[jobs[i]] = clocks[i];
  return at;
}

/** When the results of each row and step are available; for a layer that works once, the same for all steps. */
function resultsOf(
  { everyStep, latency, tokens }: LayerUnit,
  steps: number,
  jobs: Int32Array,
  end: Float64Array,
  place: Places,
  places: number,
): Float64Array {
  const done = new Float64Array(places);
  if (everyStep) for (let i = 0; i < jobs.length; i++) done[jobs[i]] = end[i] + latency;
  else
    tokens.forEach((n, i) => {
      for (let t = 0; t < steps; t++) done[place(n, t)] = end[i] + latency;
    });
  return done;
}

/** Runs for one operation: their starts, when q, k and v have been read, and when A arrives. */
function run(
  { engine, count, steps, length }: Runs,
  calendar: Calendar,
  ready: Float64Array,
  rows: number,
  place: Places,
) {
  const { groups, clocks } = engine;
  const { step } = clocks;
  const group = length / groups;
  const start = new Float64Array(count);
  const [begins, read, coming, out] = [0, 0, 0, 0].map(() => new Float64Array(ready.length));
  for (let r = 0; r < count; r++) {
    let earliest = r === 0 ? 0 : start[r - 1] + length;
    for (let i = 0; i < steps; i++) {
      // All rows of a step are there.
      for (let n = 0; n < rows; n++) earliest = Math.max(earliest, ready[place(n, r * steps + i)] - i * step);
    }
    start[r] = calendar.reserve(earliest);
    for (let i = 0; i < steps; i++) {
      const begun = start[r] + i * step;
      const last = begun + step + (groups - 1) * group;
      for (let n = 0; n < rows; n++) {
        const job = place(n, r * steps + i);
        begins[job] = begun;
        read[job] = last + clocks.late;
        coming[job] = begun + clocks.first;
        out[job] = last + clocks.drain + OUTPUT_REGISTERS;
      }
    }
  }
  return { start, reading: { start: begins, end: read }, arrival: { coming, ready: out } };
}

/** First and last load of the chip that holds a layer's blocks. */
const loadsOf = ({ mapping }: Machine): Map<string, readonly [number, number]> =>
  new Map(mapping.layers.map(({ name, blocks }) => [name, [blocks[0].load, blocks[blocks.length - 1].load]]));
