/**
 * Resources shared by the layers of the machine, except its edge: attention with the buffers on both sides, and the residual
 * stream's memory.
 */
import {
  binary,
  bit,
  concat,
  type Expression,
  gap,
  type Item,
  instance,
  logic,
  name,
  registers,
  repeat,
  set,
  sized,
  slice,
  when,
  widen,
  wire,
  zeros,
} from "../syntax.ts";
import { ATTENTION_UNIT } from "./attention-unit.ts";
import { meetsStream, streamAccess, streamWords } from "./layer-sizes.ts";
import { STREAM_MEMORY, type StreamPort } from "./memories.ts";
import { both, countUp, countWaiting, indexBits, isAt } from "./parts.ts";
import { embedOf, type LayerPlan, type MachinePlan, shortName } from "./plan.ts";
import type { StepMajorPlan } from "./step-major-plan.ts";

const clocked = { clk_i: name("clk_i"), rst_ni: name("rst_ni") };
const seedPorts = Object.fromEntries(
  ["seed_write_i", "seed_address_i", "seed_data_i"].map((port) => [port, name(port)]),
);
const anyOf = (conditions: readonly Expression[]) => conditions.reduce((sum, one) => binary(sum, "|", one));
const gated = (bits: number, condition: Expression, value: Expression) => binary(repeat(bits, condition), "&", value);
const named = ({ layers }: MachinePlan, role: LayerPlan["role"]) =>
  layers.filter((layer) => layer.role === role).map(shortName);

/** Attention of one block after another: layers of different blocks never work at the same time, so they share buffers and their ports. */
export function attentionInTurn(plan: MachinePlan): Item[] {
  const { tokens, steps, width, depth } = plan;
  const vectors = tokens * steps;
  const [qkv, projections] = [named(plan, "attention input"), named(plan, "attention output")];
  const row = indexBits(vectors);
  const deliveredBits = indexBits(steps + 1);
  return [
    logic(1, "qkv_valid", "delivered"),
    logic(3 * width, "qkv"),
    logic(indexBits(depth), "delivered_block"),
    logic(row, "vector_address"),
    logic(width, "vector"),
    wire(name("qkv_valid"), anyOf(qkv.map((n) => name(`${n}_valid`)))),
    wire(name("qkv"), anyOf(qkv.map((n) => gated(3 * width, name(`${n}_valid`), name(`${n}_spikes`))))),
    instance(ATTENTION_UNIT, "u_attention", {
      ...clocked,
      ...seedPorts,
      write_i: name("qkv_valid"),
      spikes_i: name("qkv"),
      address_i: name("vector_address"),
      vector_o: name("vector"),
      delivered_o: name("delivered"),
      delivered_block_o: name("delivered_block"),
    }),
    gap,
    ...projections.flatMap((n, b): Item[] => [
      logic(deliveredBits, `${n}_delivered_q`),
      logic(row, `${n}_row_q`),
      logic(indexBits(steps), `${n}_step_q`),
      wire(
        name(`${n}_ready`),
        binary(widen(name(`${n}_step_q`), indexBits(steps), deliveredBits), "<", name(`${n}_delivered_q`)),
      ),
      wire(name(`${n}_lines`), name("vector")),
      registers(
        [`${n}_delivered_q`, `${n}_row_q`, `${n}_step_q`].map((register) => set(name(register), zeros)),
        [
          when(binary(name("delivered"), "&", isAt("delivered_block", b, depth)), [
            set(name(`${n}_delivered_q`), binary(name(`${n}_delivered_q`), "+", sized(deliveredBits, 1))),
          ]),
          when(name(`${n}_take`), [
            countUp(`${n}_row_q`, vectors),
            countUp(`${n}_step_q`, steps),
            when(isAt(`${n}_row_q`, vectors - 1, vectors), [set(name(`${n}_delivered_q`), zeros)]),
          ]),
        ],
      ),
    ]),
    wire(name("vector_address"), anyOf(projections.map((n) => gated(row, name(`${n}_ready`), name(`${n}_row_q`))))),
  ];
}

/** Attention of blocks that all work at once: each has its own lines to the unit and its own output vectors, one whole step at a time. */
export function attentionOfBlocks(plan: MachinePlan, { attentionSteps }: StepMajorPlan): Item[] {
  const { tokens, width, depth } = plan;
  const [qkv, projections] = [named(plan, "attention input"), named(plan, "attention output")];
  const rows = tokens * attentionSteps;
  const row = indexBits(rows);
  const waitingBits = indexBits(attentionSteps + 1);
  /** Parts of all blocks, block 0 in the low bits. */
  const joinedParts = (parts: readonly Expression[]): Expression =>
    parts.length === 1 ? parts[0] : concat(...parts.toReversed());
  const of = (signal: string, b: number): Expression => (depth === 1 ? name(signal) : bit(name(signal), b));
  return [
    logic(depth, "qkv_valid", "delivered"),
    logic(depth * 3 * width, "qkv"),
    logic(depth * row, "vector_address"),
    logic(depth * width, "vectors"),
    wire(name("qkv_valid"), joinedParts(qkv.map((n) => name(`${n}_valid`)))),
    wire(name("qkv"), joinedParts(qkv.map((n) => name(`${n}_spikes`)))),
    wire(name("vector_address"), joinedParts(projections.map((n) => name(`${n}_row_q`)))),
    instance(ATTENTION_UNIT, "u_attention", {
      ...clocked,
      ...seedPorts,
      write_i: name("qkv_valid"),
      spikes_i: name("qkv"),
      address_i: name("vector_address"),
      vector_o: name("vectors"),
      delivered_o: name("delivered"),
    }),
    gap,
    ...projections.flatMap((n, b): Item[] => [
      logic(waitingBits, `${n}_waiting_q`),
      logic(row, `${n}_row_q`),
      logic(indexBits(tokens), `${n}_token_q`),
      logic(1, `${n}_last`),
      wire(name(`${n}_ready`), binary(name(`${n}_waiting_q`), "!=", sized(waitingBits, 0))),
      wire(name(`${n}_lines`), depth === 1 ? name("vectors") : slice(name("vectors"), (b + 1) * width - 1, b * width)),
      wire(name(`${n}_last`), both(name(`${n}_take`), isAt(`${n}_token_q`, tokens - 1, tokens))),
      registers(
        [`${n}_waiting_q`, `${n}_row_q`, `${n}_token_q`].map((register) => set(name(register), zeros)),
        [
          when(name(`${n}_take`), [countUp(`${n}_row_q`, rows), countUp(`${n}_token_q`, tokens)]),
          ...countWaiting(`${n}_waiting_q`, waitingBits, of("delivered", b), name(`${n}_last`)),
        ],
      ),
    ]),
  ];
}

/**
 * A layer's port of the stream's memory. In token-major order there are two: one for the layers before and after attention, one
 * for the layers that end a block. In step-major order all layers may be active, and each has its own.
 */
export const streamPortOf = ({ stepMajor }: MachinePlan, layer: LayerPlan): string =>
  stepMajor ? shortName(layer) : layer.role === "feed-forward down" ? "end" : "branch";

export function streamPorts(plan: MachinePlan): StreamPort[] {
  const ports = new Map<string, StreamPort>();
  for (const layer of plan.layers.filter(({ role }) => meetsStream(role))) {
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

export function streamItems(plan: MachinePlan): Item[] {
  const stream = streamWords(plan, embedOf(plan));
  const address = indexBits(stream.entries);
  const ports = streamPorts(plan);
  const usersOf = (port: string) =>
    plan.layers.filter((layer) => meetsStream(layer.role) && streamPortOf(plan, layer) === port).map(shortName);
  return [
    ...ports.flatMap(({ name: port, reads, writes }): Item[] => {
      const users = usersOf(port);
      /** For the layer that owns the port, or the layer currently using it. */
      const from = (bits: number, signal: string) =>
        plan.stepMajor
          ? name(`${users[0]}_${signal}`)
          : anyOf(users.map((n) => gated(bits, name(`${n}_stream_valid`), name(`${n}_${signal}`))));
      return [
        ...(writes ? [logic(1, `${port}_write`)] : []),
        logic(address, `${port}_address`),
        logic(stream.width, ...(writes ? [`${port}_next`] : []), ...(reads ? [`${port}_data`] : [])),
        ...(writes ? [wire(name(`${port}_write`), anyOf(users.map((n) => name(`${n}_stream_valid`))))] : []),
        wire(name(`${port}_address`), from(address, "stream_address")),
        ...(writes ? [wire(name(`${port}_next`), from(stream.width, "stream"))] : []),
      ];
    }),
    instance(STREAM_MEMORY, "u_stream", {
      clk_i: name("clk_i"),
      ...Object.fromEntries(
        ports.flatMap(({ name: port, reads, writes }) => [
          ...(writes ? [[`${port}_write_i`, name(`${port}_write`)]] : []),
          [`${port}_address_i`, name(`${port}_address`)],
          ...(writes ? [[`${port}_data_i`, name(`${port}_next`)]] : []),
          ...(reads ? [[`${port}_data_o`, name(`${port}_data`)]] : []),
        ]),
      ),
    }),
  ];
}
