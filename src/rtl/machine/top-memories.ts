/**
 * Resources shared by the layers of the machine, except its edge: attention with the buffers on both sides, and the residual
 * stream's memory.
 */
import * as sv from "../syntax.ts";
import { ATTENTION_UNIT } from "./attention-unit.ts";
import { meetsStream, streamAccess, streamWords } from "./layer-sizes.ts";
import { STREAM_MEMORY, type StreamPort } from "./memories.ts";
import { both, countUp, countWaiting, indexBits, isAt, stepped } from "./parts.ts";
import { embedOf, type LayerPlan, type MachinePlan, shortName } from "./plan.ts";
import type { StepMajorPlan } from "./step-major-plan.ts";

/** The wires at a layer's instance. */
export interface LayerWires {
  readonly ready: sv.Signal;
  readonly take: sv.Signal;
  readonly valid: sv.Signal;
  readonly lines: sv.Signal;
  /** Null for the head. */
  readonly spikes: sv.Signal | null;
  /** To the memory of the residual stream; null where the layer does not meet it, or only reads. */
  readonly stream: {
    readonly valid: sv.Signal | null;
    readonly address: sv.Signal | null;
    readonly next: sv.Signal | null;
  };
  readonly declared: readonly sv.Declaration[];
}

export type WiresOf = (layer: LayerPlan) => LayerWires;

export function layerWires(plan: MachinePlan, layer: LayerPlan): LayerWires {
  const wire = (what: string, width = 1) => sv.signal(`${shortName(layer)}_${what}`, width);
  const [ready, take, valid] = [wire("ready"), wire("take"), wire("valid")];
  const lines = wire("lines", layer.lines);
  const spikes = layer.answers ? null : wire("spikes", layer.outputs);
  const isStream = plan.hasStream && meetsStream(layer);
  const writes = isStream && streamAccess(plan, layer).writes;
  const size = isStream ? streamWords(plan, embedOf(plan)) : null;
  const stream = {
    valid: writes ? wire("stream_valid") : null,
    address: size ? wire("stream_address", indexBits(size.entries)) : null,
    next: size && writes ? wire("stream", size.width) : null,
  };
  const others = [lines, spikes, ...Object.values(stream)].filter((one) => one !== null);
  const declared = [sv.declare(ready, take, valid), ...others.map((one) => sv.declare(one))];
  return { ready, take, valid, lines, spikes, stream, declared };
}

/** Pins with which the machine passes seeds on. */
export type SeedPins = sv.Signals<"seed_write_i" | "seed_address_i" | "seed_data_i">;
export const seedPorts = ({ seed_write_i, seed_address_i, seed_data_i }: SeedPins) => ({
  seed_write_i,
  seed_address_i,
  seed_data_i,
});
const anyOf = (conditions: readonly sv.Expression[]) => conditions.reduce((sum, one) => sv.binary(sum, "|", one));
const gated = (condition: sv.Signal, value: sv.Signal) => sv.binary(sv.repeat(value.width!, condition), "&", value);
/** Layers with results that attention reads, and those that read attention, block by block. */
export const aroundAttention = ({
  layers,
}: MachinePlan): { readonly before: LayerPlan[]; readonly behind: LayerPlan[] } => ({
  before: layers.filter(({ attention }) => attention !== null),
  behind: layers.filter(({ attended }) => attended !== null),
});

/** Attention of one block after another: layers of different blocks never work at the same time, so they share buffers and their ports. */
export function attentionInTurn(plan: MachinePlan, of: WiresOf, pins: SeedPins): sv.Item[] {
  const { tokens, steps, width, depth, engine } = plan;
  const { before, behind } = aroundAttention(plan);
  const vectors = tokens * steps;
  const qkv = before.map(of);
  const row = indexBits(vectors);
  const deliveredBits = indexBits(steps + 1);
  const declared = [
    sv.logic(1, "qkv_valid", "delivered"),
    sv.logic(engine.parts.length * width, "qkv"),
    sv.logic(indexBits(depth), "delivered_block"),
    sv.logic(row, "vector_address"),
    sv.logic(width, "vector"),
  ];
  const s = sv.signals([], declared);
  const projections = behind.map((layer) => {
    const wire = (what: string, bits: number) => sv.signal(`${shortName(layer)}_${what}_q`, bits);
    return {
      ...of(layer),
      delivered: wire("delivered", deliveredBits),
      row: wire("row", row),
      step: wire("step", indexBits(steps)),
    };
  });
  return [
    ...declared,
    sv.wire(s.qkv_valid, anyOf(qkv.map(({ valid }) => valid))),
    sv.wire(s.qkv, anyOf(qkv.map(({ valid, spikes }) => gated(valid, spikes!)))),
    sv.instance(ATTENTION_UNIT, "u_attention", {
      ...sv.CLOCKS,
      ...seedPorts(pins),
      write_i: s.qkv_valid,
      spikes_i: s.qkv,
      address_i: s.vector_address,
      vector_o: s.vector,
      delivered_o: s.delivered,
      delivered_block_o: s.delivered_block,
    }),
    sv.gap,
    ...projections.flatMap(({ ready, take, lines, delivered, row, step }, b): sv.Item[] => [
      ...[delivered, row, step].map((register) => sv.declare(register)),
      sv.wire(ready, sv.binary(sv.widen(step, indexBits(steps), deliveredBits), "<", delivered)),
      sv.wire(lines, s.vector),
      sv.registers(sv.cleared(delivered, row, step), [
        sv.when(sv.binary(s.delivered, "&", isAt(s.delivered_block, b)), [sv.set(delivered, stepped(delivered))]),
        sv.when(take, [
          countUp(row, vectors),
          countUp(step, steps),
          sv.when(isAt(row, vectors - 1), sv.cleared(delivered)),
        ]),
      ]),
    ]),
    sv.wire(s.vector_address, anyOf(projections.map(({ ready, row }) => gated(ready, row)))),
  ];
}

/** Parts of all blocks, block 0 in the low bits. */
export const joinedParts = (parts: readonly sv.Expression[]): sv.Expression =>
  parts.length === 1 ? parts[0] : sv.concat(...parts.toReversed());

/** The vector of block b among those of all blocks. */
export const partOf = (
  vectors: sv.Signal,
  { depth, width }: Pick<MachinePlan, "depth" | "width">,
  b: number,
): sv.Expression => (depth === 1 ? vectors : sv.slice(vectors, (b + 1) * width - 1, b * width));

/** Attention of blocks that all work at once: each has its own lines to the unit and its own output vectors, one whole step at a time. */
export function attentionOfBlocks(
  plan: MachinePlan,
  { attentionSteps }: StepMajorPlan,
  of: WiresOf,
  pins: SeedPins,
): sv.Item[] {
  const { tokens, width, depth, engine } = plan;
  const { before, behind } = aroundAttention(plan);
  const qkv = before.map(of);
  const rows = tokens * attentionSteps;
  const row = indexBits(rows);
  const waitingBits = indexBits(attentionSteps + 1);
  const declared = [
    sv.logic(depth, "qkv_valid", "delivered"),
    sv.logic(depth * engine.parts.length * width, "qkv"),
    sv.logic(depth * row, "vector_address"),
    sv.logic(depth * width, "vectors"),
  ];
  const s = sv.signals([], declared);
  const projections = behind.map((layer) => {
    const wire = (what: string, bits: number) => sv.signal(`${shortName(layer)}_${what}`, bits);
    return {
      ...of(layer),
      waiting: wire("waiting_q", waitingBits),
      row: wire("row_q", row),
      token: wire("token_q", indexBits(tokens)),
      last: wire("last", 1),
    };
  });
  return [
    ...declared,
    sv.wire(s.qkv_valid, joinedParts(qkv.map(({ valid }) => valid))),
    sv.wire(s.qkv, joinedParts(qkv.map(({ spikes }) => spikes!))),
    sv.instance(ATTENTION_UNIT, "u_attention", {
      ...sv.CLOCKS,
      ...seedPorts(pins),
      write_i: s.qkv_valid,
      spikes_i: s.qkv,
      address_i: s.vector_address,
      vector_o: s.vectors,
      delivered_o: s.delivered,
    }),
    sv.gap,
    ...projections.flatMap(({ ready, take, lines, waiting, row, token, last }, b): sv.Item[] => [
      ...[waiting, row, token, last].map((one) => sv.declare(one)),
      sv.wire(ready, sv.binary(waiting, "!=", sv.sized(waitingBits, 0))),
      sv.wire(lines, partOf(s.vectors, plan, b)),
      sv.wire(last, both(take, isAt(token, tokens - 1))),
      sv.registers(sv.cleared(waiting, row, token), [
        sv.when(take, [countUp(row, rows), countUp(token, tokens)]),
        ...countWaiting(waiting, depth === 1 ? s.delivered : sv.bit(s.delivered, b), last),
      ]),
    ]),
    sv.wire(s.vector_address, joinedParts(projections.map(({ row }) => row))),
  ];
}

/** Whether all layers may be active at once: without attention, in step-major order, and with several prompts in flight. */
const isAllAtOnce = ({ engine, stepMajor, inFlight }: MachinePlan): boolean =>
  engine.unit === "none" || (stepMajor ?? inFlight) !== null;

/**
 * A layer's port of the stream's memory. For a prompt in token-major order there are two: one for the layers before and after
 * attention, one for the layers that end a block; memories have another for the first layer. Where all layers may be active, each has
 * its own.
 */
export function streamPortOf(plan: MachinePlan, layer: LayerPlan): string {
  const { fabric } = plan;
  if (isAllAtOnce(plan)) return shortName(layer);
  if (layer.beginsStream) return fabric.kind === "memories" ? "embed" : "branch";
  return layer.attended === null ? "end" : "branch";
}

export function streamPorts(plan: MachinePlan): StreamPort[] {
  const ports = new Map<string, StreamPort>();
  for (const layer of plan.layers.filter(meetsStream)) {
    const port = streamPortOf(plan, layer);
    const before = ports.get(port);
    const { reads, writes } = streamAccess(plan, layer);
    ports.set(port, {
      name: port,
      reads: reads || (before?.reads ?? false),
      writes: writes || (before?.writes ?? false),
    });
  }
  return [...ports.values()];
}

/** The wires at a port of the stream's memory. */
interface StreamWires {
  readonly write: sv.Signal | null;
  readonly address: sv.Signal;
  readonly next: sv.Signal | null;
  readonly data: sv.Signal | null;
  readonly declared: readonly sv.Declaration[];
}

/** By name of the port; none without a stream. */
export function streamWires(plan: MachinePlan): ReadonlyMap<string, StreamWires> {
  if (!plan.hasStream) return new Map();
  const size = streamWords(plan, embedOf(plan));
  return new Map(
    streamPorts(plan).map(({ name, reads, writes }) => {
      const write = writes ? sv.signal(`${name}_write`) : null;
      const address = sv.signal(`${name}_address`, indexBits(size.entries));
      const next = writes ? sv.signal(`${name}_next`, size.width) : null;
      const data = reads ? sv.signal(`${name}_data`, size.width) : null;
      const words = [next, data].filter((one) => one !== null);
      const declared = [...(write ? [sv.declare(write)] : []), sv.declare(address), sv.declare(...words)];
      return [name, { write, address, next, data, declared }];
    }),
  );
}

export function streamItems(plan: MachinePlan, of: WiresOf, wires: ReadonlyMap<string, StreamWires>): sv.Item[] {
  const usersOf = (port: string) =>
    plan.layers
      .filter((layer) => meetsStream(layer) && streamPortOf(plan, layer) === port)
      .map((layer) => of(layer).stream);
  return [
    ...[...wires].flatMap(([port, { write, address, next }]): sv.Item[] => {
      const users = usersOf(port);
      /** Of the layer that owns the port, or of the layer currently using it. */
      const from = (signal: "address" | "next") =>
        isAllAtOnce(plan) ? users[0][signal]! : anyOf(users.map((user) => gated(user.valid!, user[signal]!)));
      /** An address is there a clock before it is used; of layers that do nothing it is 0. */
      const early = () => anyOf(users.map((user) => user.address!));
      return [
        ...(write ? [sv.wire(write, anyOf(users.map(({ valid }) => valid!)))] : []),
        sv.wire(address, plan.fabric.kind === "memories" ? early() : from("address")),
        ...(next ? [sv.wire(next, from("next"))] : []),
      ];
    }),
    sv.instance(STREAM_MEMORY, "u_stream", {
      clk_i: sv.CLOCK,
      ...Object.fromEntries(
        [...wires].flatMap(([port, { write, address, next, data }]): [string, sv.Signal][] => [
          ...(write ? [[`${port}_write_i`, write] as [string, sv.Signal]] : []),
          [`${port}_address_i`, address],
          ...(next ? [[`${port}_data_i`, next] as [string, sv.Signal]] : []),
          ...(data ? [[`${port}_data_o`, data] as [string, sv.Signal]] : []),
        ]),
      ),
    }),
  ];
}
