/**
 * What the buffers between units hold, and from when to when: of each value, a row at a step is an entry. `buffers.ts` lists the buffers.
 *
 *   spikes      what a layer reads, from its arrival until the last layer has read it; of windows, the pixels of their map. Squares of
 *               currents, from the first pixel to the last
 *   qkv         what attention reads, until it has counted it; without units, until the next layer has read it
 *   attention   its output, from the first bit until the next layer has read it
 *   stream      a value that an adder will read, from one sum to the next
 *   embedding   sums of a layer that works once, from their arrival until the last step has read them
 */
import { sourcesOf, waitingOf, workersOf } from "../mapping/behind.ts";
import { operationsOf, writerOf } from "../model/graph.ts";
import type { LayerUnit, Machine } from "./machine.ts";
import { layersOnce } from "./network.ts";
import { keptUntil, placesOf } from "./stem-schedule.ts";

/** By row and step, in the order in which layers take them: when a row starts to arrive, and when it is complete. */
export interface Arrival {
  readonly coming: Float64Array;
  readonly ready: Float64Array;
}

/** By row and step of what a unit reads: when its job on them starts, and when it has read them; 0 for rows that it does not serve. */
export interface Reading {
  readonly start: Float64Array;
  readonly end: Float64Array;
}

/** What happens to a prompt: arrivals by value, and readings by the name of a layer or of attention on units. */
export interface Course {
  readonly arrivals: ReadonlyMap<string, Arrival>;
  readonly readings: ReadonlyMap<string, Reading>;
}

/** Entries of a value in a buffer, each of `bits`. */
export interface Holding {
  readonly buffer: "spikes" | "qkv" | "attention" | "stream" | "embedding";
  readonly bits: number;
  /** First clock of each entry, and the first one after it. */
  readonly from: Float64Array;
  readonly to: Float64Array;
}

export function holdings(machine: Machine, { arrivals, readings }: Course): Holding[] {
  const { network, order, words } = machine;
  const { graph, steps } = network;
  const held = new Map<string, Holding>();
  const featuresOf = (value: string) => graph.values.get(value)!.features;
  const rowsOf = (value: string) => graph.values.get(value)!.rows;
  const placesAt = (value: string) => placesOf(order, rowsOf(value), steps);
  const at = (value: string) => arrivals.get(value)!;

  /** A value with several readers is held until the last one has read it. */
  function hold(buffer: Holding["buffer"], value: string, bits: number, from: Float64Array, to: Float64Array): void {
    const key = `${buffer} ${value}`;
    const known = held.get(key);
    held.set(key, {
      ...{ buffer, from },
      bits: Math.max(bits, known?.bits ?? 0),
      to: known ? to.map((clock, i) => Math.max(clock, known.to[i])) : to,
    });
  }

  /** Clocks of the rows of `from`, at the rows of `to`: where these are others, they all wait for the last one. */
  function aligned(clocks: Float64Array, from: string, to: string): Float64Array {
    if (rowsOf(from) === rowsOf(to)) return clocks;
    const [place, left] = [placesAt(from), placesAt(to)];
    const all = new Float64Array(rowsOf(to) * steps);
    for (let t = 0; t < steps; t++) {
      let last = 0;
      for (let n = 0; n < rowsOf(from); n++) last = Math.max(last, clocks[place(n, t)]);
      for (let n = 0; n < rowsOf(to); n++) all[left(n, t)] = last;
    }
    return all;
  }

  function read({ name, trainIn, attended, readsInput, reads, most }: LayerUnit): void {
    if (readsInput) return;
    const { end } = readings.get(name)!;
    const writer = writerOf(graph, trainIn)!;
    const isMap = writer.kind === "windows";
    const value = isMap ? writer.reads[0] : trainIn;
    const until = isMap ? keptUntil(writer.size, end, order, steps) : end;
    if (attended === null || most !== 1) {
      hold("spikes", value, featuresOf(value) * reads, at(value).coming, until);
      if (attended === null) return;
    }
    const hasUnits = readings.has(attended);
    const kept = hasUnits ? attended : writerOf(graph, attended)!.reads[0];
    hold(hasUnits ? "attention" : "qkv", kept, featuresOf(kept), at(kept).coming, aligned(until, value, kept));
  }

  for (const layer of machine.layers) read(layer);
  for (const {
    name,
    reads: [train],
  } of operationsOf(graph, "attention")) {
    const reading = readings.get(name);
    if (reading) hold("qkv", train, featuresOf(train), at(train).ready, reading.end);
  }
  for (const { writes } of operationsOf(graph, "pool")) {
    const { features, domain } = graph.values.get(writes)!;
    if (domain.kind !== "bits") hold("spikes", writes, features * words.current, at(writes).coming, at(writes).ready);
  }

  const once = layersOnce(network);
  const [sources, workers] = [sourcesOf(graph), workersOf(graph, once)];
  /** When adders have a value: at the end of the last job that it waited for, or when its reader asks for it. */
  function added(value: string): Float64Array {
    const worker = workers(value);
    if (worker === sources.get(value)) {
      const { latency } = machine.layers.find(({ name }) => name === worker.name)!;
      return at(value).ready.map((clock) => clock - latency);
    }
    return aligned(readings.get(worker.name)?.start ?? at(value).ready, worker.reads[0], value);
  }
  const { stored } = waitingOf(graph);
  for (const { reads, writes } of operationsOf(graph, "add")) {
    for (const value of reads) {
      if (stored.has(value)) hold("stream", value, featuresOf(value) * words.stream, added(value), added(writes));
    }
  }
  for (const { name, writes } of operationsOf(graph, "linear")) {
    if (!once.has(name)) continue;
    const place = placesAt(writes);
    const reader = workers(writes);
    const end = aligned(readings.get(reader.name)!.end, reader.reads[0], writes);
    const ofRows = (clocks: Float64Array, step: number) =>
      Float64Array.from({ length: rowsOf(writes) }, (_, n) => clocks[place(n, step)]);
    const bits = featuresOf(writes) * words.current;
    hold("embedding", writes, bits, ofRows(at(writes).ready, 0), ofRows(end, steps - 1));
  }
  return [...held.values()].map(lasting);
}

/** Without entries that nobody reads. */
function lasting({ from, to, ...of }: Holding): Holding {
  if (from.every((clock, i) => clock < to[i])) return { ...of, from, to };
  const lasts = (_: number, i: number) => from[i] < to[i];
  return { ...of, from: from.filter(lasts), to: to.filter(lasts) };
}
