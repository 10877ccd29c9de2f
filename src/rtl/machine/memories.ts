/**
 * The memories of the machine. Large ones are macros, black boxes for synthesis: constants, the residual stream, and the two
 * buffers in which attention transposes tokens into features and back. The queue before a layer consists of registers. All are
 * written at the clock edge and read combinationally, in the clock that presents the address.
 */
import type { LoopOrder } from "../../experiment/hardware.ts";
import * as sv from "../syntax.ts";
import { task } from "../testbench-parts.ts";
import { countUp, indexBits } from "./parts.ts";

export interface MemorySize {
  readonly width: number;
  readonly entries: number;
}

export const romName = ({ width, entries }: MemorySize): string => `constant_memory_${width}x${entries}`;

/** Constants of a layer: factors, offsets, positions. */
export function constantMemory(size: MemorySize): sv.Module {
  const { width, entries } = size;
  const ports = [sv.input("address_i", indexBits(entries)), sv.output("data_o", width)];
  const declared = [sv.memory(width, "words", entries)];
  const s = sv.signals(ports, declared);

  return {
    name: romName(size),
    header: [
      `${entries} words of ${width} bits, constants of a layer from the file Contents, one word per line.`,
      "Latency: data_o belongs to address_i of the same clock.",
    ],
    parameters: [["Contents", sv.text("contents.hex")]],
    isBlackBox: true,
    ports,
    items: [
      ...declared,
      sv.initial(task("$readmemh", sv.name("Contents"), s.words)),
      sv.wire(s.data_o, sv.bit(s.words, s.address_i)),
    ],
  };
}

export const stateName = ({ width, entries }: MemorySize): string => `state_memory_${width}x${entries}`;

/** State of every token kept from step to step: membranes, or totals of the head. */
export function stateMemory(size: MemorySize): sv.Module {
  const { width, entries } = size;
  const ports = [
    sv.CLOCK,
    sv.input("write_i"),
    sv.input("address_i", indexBits(entries)),
    sv.input("data_i", width),
    sv.output("data_o", width),
  ];
  const declared = [sv.memory(width, "words", entries)];
  const s = sv.signals(ports, declared);

  return {
    name: stateName(size),
    header: [
      `${entries} words of ${width} bits with one port, which reads and writes the same word.`,
      "Latency: data_o belongs to address_i of the same clock; a written word can be read from the next clock on.",
    ],
    isBlackBox: true,
    ports,
    items: [
      ...declared,
      sv.wire(s.data_o, sv.bit(s.words, s.address_i)),
      sv.clocked(sv.when(s.write_i, [sv.set(sv.bit(s.words, s.address_i), s.data_i)])),
    ],
  };
}

export const STREAM_MEMORY = "stream_memory";

export interface StreamPort {
  readonly name: string;
  readonly reads: boolean;
  readonly writes: boolean;
}

/** The residual stream, with a port for each of the layers that may access it in the same clock. */
export function streamMemory({ width, entries }: MemorySize, streamPorts: readonly StreamPort[]): sv.Module {
  const words = sv.memory(width, "words", entries);
  const wordAt = (address: sv.Signal) => sv.bit(words.signals[0], address);
  const pins = streamPorts.map(({ name: port, reads, writes }) => ({
    write: writes ? sv.input(`${port}_write_i`) : null,
    address: sv.input(`${port}_address_i`, indexBits(entries)),
    next: writes ? sv.input(`${port}_data_i`, width) : null,
    data: reads ? sv.output(`${port}_data_o`, width) : null,
  }));
  return {
    name: STREAM_MEMORY,
    header: [
      `The residual stream: ${entries} words of ${width} bits with ${pins.length} ports, ${streamPorts.map(({ name }) => name).join(" and ")}, that never write the same word in a clock.`,
      "Latency: data_o belongs to the address of the same clock; a written word can be read from the next clock on.",
    ],
    isBlackBox: true,
    ports: [sv.CLOCK, ...pins.flatMap((pin) => Object.values(pin).filter((one) => one !== null))],
    items: [
      words,
      ...pins.flatMap(({ address, data }) => (data ? [sv.wire(data, wordAt(address))] : [])),
      ...pins.flatMap(({ write, address, next }) =>
        write && next ? [sv.clocked(sv.when(write, [sv.set(wordAt(address), next)]))] : [],
      ),
    ],
  };
}

export interface QueueSize extends MemorySize {
  /** A full flag for a source that may have to wait. */
  readonly isGuarded?: boolean;
}

export const queueName = ({ width, entries, isGuarded = false }: QueueSize): string =>
  `spike_queue_${width}x${entries}${isGuarded ? "_guarded" : ""}`;

/** Vectors that wait for a layer, first in, first out. */
export function spikeQueue(size: QueueSize): sv.Module {
  const { width, entries, isGuarded = false } = size;
  const countBits = indexBits(entries + 1);
  const isSingle = entries === 1;
  const pointer = indexBits(entries);
  const ports = [
    ...sv.CLOCKED,
    sv.input("push_i"),
    sv.input("data_i", width),
    sv.input("pop_i"),
    sv.output("valid_o"),
    sv.output("data_o", width),
    ...(isGuarded ? [sv.output("full_o")] : []),
  ];
  const s = sv.signals(ports, [
    sv.logic(width, "vector_q"),
    sv.memory(width, "vectors_q", entries),
    sv.logic(pointer, "head_q", "tail_q"),
    sv.logic(countBits, "filled_q"),
  ]);
  const place = (register: sv.Signal) => (isSingle ? s.vector_q : sv.bit(s.vectors_q, register));
  const filled = s.filled_q;
  const push = s.push_i;
  const pop = s.pop_i;
  return {
    name: queueName(size),
    header: [
      `${isSingle ? "A vector" : `${entries} vectors`} of ${width} spikes, first in, first out: the most that ever wait here.`,
      "Latency: a pushed vector is available in the next clock. A full queue accepts a vector in a clock in which one leaves.",
    ],
    ports,
    items: [
      isSingle ? sv.declare(s.vector_q) : sv.declare(s.vectors_q),
      ...(isSingle ? [] : [sv.declare(s.head_q, s.tail_q)]),
      sv.declare(s.filled_q),
      ...(isGuarded ? [sv.wire(s.full_o, sv.binary(filled, "==", sv.sized(countBits, entries)))] : []),
      sv.wire(s.valid_o, sv.binary(filled, "!=", sv.sized(countBits, 0))),
      sv.wire(s.data_o, place(s.head_q)),
      sv.clocked(sv.when(push, [sv.set(place(s.tail_q), s.data_i)])),
      sv.registers(
        [...(isSingle ? [] : sv.cleared(s.head_q, s.tail_q)), sv.set(filled, sv.zeros)],
        [
          ...(isSingle
            ? []
            : [sv.when(push, [countUp(s.tail_q, entries)]), sv.when(pop, [countUp(s.head_q, entries)])]),
          sv.when(
            sv.binary(push, "&", sv.isFalse(pop)),
            [sv.set(filled, sv.binary(filled, "+", sv.sized(countBits, 1)))],
            [
              sv.when(sv.binary(pop, "&", sv.isFalse(push)), [
                sv.set(filled, sv.binary(filled, "-", sv.sized(countBits, 1))),
              ]),
            ],
          ),
        ],
      ),
      sv.simulation(
        sv.registers(
          [],
          [
            sv.assert(
              sv.binary(
                sv.binary(sv.isFalse(push), "||", pop),
                "||",
                sv.binary(filled, "!=", sv.sized(countBits, entries)),
              ),
              `a queue of ${entries} overflows`,
            ),
            sv.assert(sv.binary(sv.isFalse(pop), "||", s.valid_o), "an empty queue is read"),
          ],
        ),
      ),
    ],
  };
}

/** Sizes of attention, for the buffers on both sides of the engine. */
export interface AttentionSize {
  readonly tokens: number;
  /** Number held. */
  readonly steps: number;
  readonly heads: number;
  readonly dimension: number;
  /** Tokens that the engine takes at once, and the number of such blocks. */
  readonly tileTokens: number;
  readonly blocks: number;
}

export const QKV_BUFFER = "qkv_buffer";

/** Takes q, k and v token by token, and outputs one feature of all tokens at a time. */
export function qkvBuffer({ tokens, steps, heads, dimension, tileTokens, blocks }: AttentionSize): sv.Module {
  const isBlockwise = blocks > 1;
  const features = 3 * heads * dimension;
  const ports = [
    sv.CLOCK,
    sv.input("write_i"),
    sv.input("token_i", indexBits(tokens)),
    sv.input("token_step_i", indexBits(steps)),
    sv.input("spikes_i", features),
    sv.input("step_i", indexBits(steps)),
    sv.input("feature_i", indexBits(dimension)),
    ...(isBlockwise ? [sv.input("query_block_i", indexBits(blocks)), sv.input("key_block_i", indexBits(blocks))] : []),
    ...(["query_o", "key_o", "value_o"] as const).map((port) => sv.output(port, heads * tileTokens)),
  ];
  const declared = [sv.memory(tokens, "features", features * steps)];
  const s = sv.signals(ports, [...declared, sv.logic(tileTokens * blocks, "word")]);
  const row = (step: sv.Signal, feature: sv.Expression): sv.Expression =>
    sv.bit(s.features, sv.binary(sv.binary(sv.decimal(features), "*", wide(step)), "+", feature));
  const lane = (port: sv.Signal) => sv.part(port, sv.times(tileTokens, "head"), tileTokens);
  const of = (part: number) =>
    row(s.step_i, sv.binary(sv.plus(sv.times(dimension, "head"), part * heads * dimension), "+", wide(s.feature_i)));
  /** A word, or the requested block of it; silence past the last token. */
  const taken = (port: "query" | "key" | "value", number: number): sv.Statement[] => {
    if (!isBlockwise) return [sv.put(lane(s[`${port}_o`]), of(number))];
    const block = wide(port === "query" ? s.query_block_i : s.key_block_i);
    return [
      sv.put(s.word, sv.widen(of(number), tokens, tileTokens * blocks)),
      sv.put(lane(s[`${port}_o`]), sv.part(s.word, sv.binary(sv.decimal(tileTokens), "*", block), tileTokens)),
    ];
  };
  return {
    name: QKV_BUFFER,
    header: [
      `q, k and v of ${tokens} tokens and ${steps} steps: written token by token, read feature by feature. A word is a feature of all tokens at a step; ` +
        "a token has one bit in each, so every word has a write enable per bit.",
      ...(isBlockwise
        ? [
            `A read returns one block of ${tileTokens} tokens of a word: query_block_i, or key_block_i for keys and values.`,
          ]
        : []),
      "Latency: outputs belong to step_i and feature_i of the same clock; a written word can be read from the next clock on.",
    ],
    isBlackBox: true,
    ports,
    items: [
      ...declared,
      sv.clocked(
        sv.when(s.write_i, [
          sv.forEach(
            "feature",
            features,
            sv.set(sv.bit(row(s.token_step_i, sv.name("feature")), s.token_i), sv.bit(s.spikes_i, sv.name("feature"))),
          ),
        ]),
      ),
      ...(isBlockwise ? [sv.declare(s.word)] : []),
      sv.combinational(sv.forEach("head", heads, ...taken("query", 0), ...taken("key", 1), ...taken("value", 2))),
    ],
  };
}

export const ATTENTION_BUFFER = "attention_buffer";

/** Takes one feature of all tokens at a time from the engine, and outputs the vector of a token. */
export function attentionBuffer(
  { tokens, steps, heads, dimension, tileTokens, blocks }: AttentionSize,
  order: LoopOrder,
): sv.Module {
  const isStepMajor = order === "step-major";
  const isBlockwise = blocks > 1;
  const width = heads * dimension;
  const ports = [
    sv.CLOCK,
    sv.input("write_i"),
    sv.input("step_i", indexBits(steps)),
    sv.input("feature_i", indexBits(dimension)),
    ...(isBlockwise ? [sv.input("block_i", indexBits(blocks))] : []),
    sv.input("spikes_i", heads * tileTokens),
    sv.input("address_i", indexBits(tokens * steps)),
    sv.output("vector_o", width),
  ];
  const declared = [sv.memory(width, "vectors", tokens * steps)];
  const s = sv.signals(ports, declared);

  const first = isBlockwise ? sv.binary(sv.decimal(tileTokens), "*", wide(s.block_i)) : null;
  const token = first ? sv.binary(first, "+", sv.name("token")) : sv.name("token");
  const step = wide(s.step_i);
  const vector = isStepMajor
    ? sv.binary(sv.binary(sv.decimal(tokens), "*", step), "+", token)
    : sv.binary(sv.binary(sv.decimal(steps), "*", token), "+", step);
  const write = sv.set(
    sv.bit(sv.bit(s.vectors, vector), feature()),
    sv.bit(s.spikes_i, sv.binary(sv.times(tileTokens, "head"), "+", sv.name("token"))),
  );
  function feature(): sv.Expression {
    return sv.binary(sv.times(dimension, "head"), "+", wide(s.feature_i));
  }
  return {
    name: ATTENTION_BUFFER,
    header: [
      `Output of attention for ${tokens} tokens and ${steps} steps: written feature by feature of all heads, read token by token. A word is the vector of a token ` +
        `at a step, at ${isStepMajor ? "token + tokens * step" : "step + steps * token"}.`,
      ...(isBlockwise ? [`Features arrive for block_i, a block of ${tileTokens} tokens.`] : []),
      "Latency: vector_o belongs to address_i of the same clock; a written word can be read from the next clock on.",
    ],
    isBlackBox: true,
    ports,
    items: [
      ...declared,
      sv.clocked(
        sv.when(s.write_i, [
          sv.forEach(
            "token",
            tileTokens,
            sv.forEach(
              "head",
              heads,
              tileTokens * blocks > tokens ? sv.when(sv.binary(token, "<", sv.decimal(tokens)), [write]) : write,
            ),
          ),
        ]),
      ),
      sv.wire(s.vector_o, sv.bit(s.vectors, s.address_i)),
    ],
  };
}

/** An index, taken from the 32 bits of a loop variable. */
const wide = (signal: sv.Signal): sv.Expression => sv.widen(signal, signal.width!, 32);
