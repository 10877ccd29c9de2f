/**
 * Bits that a job reads from buffers and writes to them, and the number of a unit's jobs that do so.
 *
 *   linear      lines of a vector, for each read; after the converters the stream's words, membranes kept in SRAM, and spikes
 *   attention   q, k and v of a run, once for every pass that needs them, the bits of its output, and membranes kept in SRAM
 *
 * Membranes are written at every step but the last and read at every step but the first.
 *
 * These are the accesses that simulators count and the cost model prices. Left out, as there: sums of an embedding of values,
 * which come from outside the chip, and logits. Without an output projection, neurons sit between attention and the next layer:
 * its spikes are written, and the output of attention is read once. For a layer on several loads of the chip, the last load has
 * all accesses.
 */
import { membranesOf, widestMembrane } from "../hardware/attention/unit.ts";
import { readsFor } from "../hardware/line-reads.ts";
import { type Behind, workBehind } from "../mapping/behind.ts";
import { type Graph, readersOf } from "../model/graph.ts";
import { largestOf } from "../model/operation.ts";
import type { BufferUse } from "./buffers.ts";
import type { Engine, LayerUnit, Machine } from "./machine.ts";
import { layersOnce, type MachineNetwork } from "./network.ts";

export interface Transfer {
  readonly way: "read" | "write";
  /** A buffer, or the outside. */
  readonly buffer: Exclude<BufferUse["name"], "embedding" | "logits"> | "input";
  /** Per job that transfers any. */
  readonly bits: number;
  /** Number of the unit's jobs that do. */
  readonly jobs: number;
}

type Move = (way: Transfer["way"], buffer: Transfer["buffer"], bits: number, jobs: number) => void;

/** Collects transfers, of which none is empty. */
function transfers(collect: (move: Move) => void): Transfer[] {
  const moves: Transfer[] = [];
  collect((way, buffer, bits, jobs) => {
    if (bits > 0 && jobs > 0) moves.push({ way, buffer, bits, jobs });
  });
  return moves;
}

/** Where a layer reads: behind attention without a unit, the values themselves. Sums were sent by adders. */
function readFrom({ engines }: Machine, { readsInput, attended, most }: LayerUnit): Transfer["buffer"] {
  if (attended !== null && most === 1) {
    return engines.find(({ serves }) => serves.includes(attended))!.unit === "none" ? "qkv" : "attention";
  }
  return readsInput ? "input" : "spikes";
}

/** Transfers of a layer's jobs. Values that enter once are read outside the chip, and their sums enter with the first layer. */
export const layerTransfers = (machine: Machine, layer: LayerUnit): Transfer[] =>
  transfers((move) => {
    const { inputs, reads, tokens, everyStep, name } = layer;
    if (!everyStep) return;
    move("read", readFrom(machine, layer), inputs * reads, tokens.length * machine.network.steps);
    moveBehind(machine, name, move);
  });

/** What the adders and neurons behind a unit read and write. */
function moveBehind({ network, words, units, crossbar }: Machine, unit: string, move: Move): void {
  const { graph, steps } = network;
  const { stored, added, fired, sent } = workOf(network).get(unit) ?? NOTHING;
  const word = (value: string) => graph.values.get(value)!.features * words.stream;
  const vectors = (value: string) => graph.values.get(value)!.rows;
  for (const { writes } of added) move("read", "stream", word(writes), vectors(writes) * steps);
  for (const value of stored) move("write", "stream", word(value), vectors(value) * steps);
  for (const value of sent) {
    const { features, domain } = graph.values.get(value)!;
    move("write", "spikes", features * readsFor(largestOf(domain)!, crossbar.integers), vectors(value) * steps);
  }
  for (const { writes } of fired) {
    const { rows, features } = graph.values.get(writes)!;
    if (units.lif.place === "sram") {
      const state = features * units.lif.stateWords * words.membrane;
      move("read", "membranes", state, rows * (steps - 1));
      move("write", "membranes", state, rows * (steps - 1));
    }
    for (const buffer of sentTo(graph, writes)) move("write", buffer, features, rows * steps);
  }
}

const NOTHING: Behind = { stored: [], added: [], fired: [], sent: [] };

/** The buffers that hold the spikes of neurons: one for attention, and one for anyone else. */
function sentTo(graph: Graph, train: string): readonly ("spikes" | "qkv")[] {
  const attends = readersOf(graph, train).map(({ kind }) => kind === "attention");
  return [
    ...(attends.includes(false) ? (["spikes"] as const) : []),
    ...(attends.includes(true) ? (["qkv"] as const) : []),
  ];
}

/** Computed once for each network. */
function workOf(network: MachineNetwork): ReadonlyMap<string, Behind> {
  const known = works.get(network) ?? workBehind(network.graph, layersOnce(network));
  works.set(network, known);
  return known;
}

const works = new WeakMap<MachineNetwork, ReadonlyMap<string, Behind>>();

/**
 * Transfers of the runs of attention units for one operation; none without units.
 *
 * @param runs number of runs per prompt
 */
export const engineTransfers = (machine: Machine, engine: Engine, name: string, runs: number): Transfer[] =>
  transfers((move) => {
    if (engine.unit === "none") return;
    const { tokens, heads, dimension, vectors } = engine;
    const perRun = (machine.network.steps / runs) * heads * dimension;
    move("read", "qkv", perRun * vectors, runs);
    move("write", "attention", perRun * tokens, runs);
    moveBehind(machine, name, move);
    if (engine.unit === "ssa-tile" || engine.drained === "run" || runs === 1) return;
    // Membranes wait in SRAM while other blocks have their turn.
    const states = heads * membranesOf(engine) * widestMembrane(engine);
    move("read", "states", states, runs - 1);
    move("write", "states", states, runs - 1);
  });

/** Total bits transferred by jobs. */
export const bitsOf = (transfers: readonly Transfer[], way: Transfer["way"], buffer: Transfer["buffer"]): number =>
  transfers.reduce((sum, move) => sum + (move.way === way && move.buffer === buffer ? move.bits * move.jobs : 0), 0);
