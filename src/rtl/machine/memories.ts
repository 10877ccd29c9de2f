/**
 * The memories of the machine. Large ones are macros, black boxes for synthesis: constants, the residual stream, and the two
 * buffers in which attention transposes tokens into features and back. The queue before a layer consists of registers. All are
 * written at the clock edge and read combinationally, in the clock that presents the address.
 */
import type { LoopOrder } from "../../experiment/hardware.ts";
import {
  binary,
  bit,
  CLOCKED,
  clocked,
  combinational,
  concat,
  decimal,
  type Expression,
  forEach,
  input,
  isFalse,
  logic,
  type Module,
  name,
  output,
  part,
  plus,
  put,
  registers,
  type Statement,
  set,
  sized,
  text,
  times,
  when,
  widen,
  wire,
  zeros,
} from "../syntax.ts";
import { task } from "../testbench-parts.ts";
import { countUp, indexBits } from "./parts.ts";

export interface MemorySize {
  readonly width: number;
  readonly entries: number;
}

export const romName = ({ width, entries }: MemorySize): string => `constant_memory_${width}x${entries}`;

/** Constants of a layer: factors, offsets, positions. */
export function constantMemory(size: MemorySize): Module {
  const { width, entries } = size;
  return {
    name: romName(size),
    header: [
      `${entries} words of ${width} bits, constants of a layer from the file Contents, one word per line.`,
      "Latency: data_o belongs to address_i of the same clock.",
    ],
    parameters: [["Contents", text("contents.hex")]],
    isBlackBox: true,
    ports: [input("address_i", indexBits(entries)), output("data_o", width)],
    items: [
      { kind: "memory", width, name: "words", entries },
      { kind: "initial", body: [task("$readmemh", name("Contents"), name("words"))] },
      wire(name("data_o"), bit(name("words"), name("address_i"))),
    ],
  };
}

export const stateName = ({ width, entries }: MemorySize): string => `state_memory_${width}x${entries}`;

/** State of every token kept from step to step: membranes, or totals of the head. */
export function stateMemory(size: MemorySize): Module {
  const { width, entries } = size;
  return {
    name: stateName(size),
    header: [
      `${entries} words of ${width} bits with one port, which reads and writes the same word.`,
      "Latency: data_o belongs to address_i of the same clock; a written word can be read from the next clock on.",
    ],
    isBlackBox: true,
    ports: [
      input("clk_i"),
      input("write_i"),
      input("address_i", indexBits(entries)),
      input("data_i", width),
      output("data_o", width),
    ],
    items: [
      { kind: "memory", width, name: "words", entries },
      wire(name("data_o"), bit(name("words"), name("address_i"))),
      clocked(when(name("write_i"), [set(bit(name("words"), name("address_i")), name("data_i"))])),
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
export function streamMemory({ width, entries }: MemorySize, ports: readonly StreamPort[]): Module {
  const bits = indexBits(entries);
  return {
    name: STREAM_MEMORY,
    header: [
      `The residual stream: ${entries} words of ${width} bits with ${ports.length} ports, ${ports.map((port) => port.name).join(" and ")}, that never write the same word in a clock.`,
      "Latency: data_o belongs to the address of the same clock; a written word can be read from the next clock on.",
    ],
    isBlackBox: true,
    ports: [
      input("clk_i"),
      ...ports.flatMap(({ name: port, reads, writes }) => [
        ...(writes ? [input(`${port}_write_i`)] : []),
        input(`${port}_address_i`, bits),
        ...(writes ? [input(`${port}_data_i`, width)] : []),
        ...(reads ? [output(`${port}_data_o`, width)] : []),
      ]),
    ],
    items: [
      { kind: "memory", width, name: "words", entries },
      ...ports
        .filter(({ reads }) => reads)
        .map(({ name: port }) => wire(name(`${port}_data_o`), bit(name("words"), name(`${port}_address_i`)))),
      ...ports
        .filter(({ writes }) => writes)
        .map(({ name: port }) =>
          clocked(
            when(name(`${port}_write_i`), [set(bit(name("words"), name(`${port}_address_i`)), name(`${port}_data_i`))]),
          ),
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
export function spikeQueue(size: QueueSize): Module {
  const { width, entries, isGuarded = false } = size;
  const countBits = indexBits(entries + 1);
  const isSingle = entries === 1;
  const pointer = indexBits(entries);
  const place = (register: string) => (isSingle ? name("vector_q") : bit(name("vectors_q"), name(register)));
  const filled = name("filled_q");
  const push = name("push_i");
  const pop = name("pop_i");
  return {
    name: queueName(size),
    header: [
      `${isSingle ? "A vector" : `${entries} vectors`} of ${width} spikes, first in, first out: the most that ever wait here.`,
      "Latency: a pushed vector is available in the next clock. A full queue accepts a vector in a clock in which one leaves.",
    ],
    ports: [
      ...CLOCKED,
      input("push_i"),
      input("data_i", width),
      input("pop_i"),
      output("valid_o"),
      output("data_o", width),
      ...(isGuarded ? [output("full_o")] : []),
    ],
    items: [
      isSingle ? logic(width, "vector_q") : { kind: "memory", width, name: "vectors_q", entries },
      ...(isGuarded ? [wire(name("full_o"), binary(filled, "==", sized(countBits, entries)))] : []),
      ...(isSingle ? [] : [logic(pointer, "head_q", "tail_q")]),
      logic(countBits, "filled_q"),
      wire(name("valid_o"), binary(filled, "!=", sized(countBits, 0))),
      wire(name("data_o"), place("head_q")),
      clocked(when(push, [set(place("tail_q"), name("data_i"))])),
      registers(
        [...(isSingle ? [] : ["head_q", "tail_q"]).map((register) => set(name(register), zeros)), set(filled, zeros)],
        [
          ...(isSingle ? [] : [when(push, [countUp("tail_q", entries)]), when(pop, [countUp("head_q", entries)])]),
          when(
            binary(push, "&", isFalse(pop)),
            [set(filled, binary(filled, "+", sized(countBits, 1)))],
            [when(binary(pop, "&", isFalse(push)), [set(filled, binary(filled, "-", sized(countBits, 1)))])],
          ),
        ],
      ),
      {
        kind: "simulation",
        body: [
          registers(
            [],
            [
              {
                kind: "assert",
                condition: binary(
                  binary(isFalse(push), "||", pop),
                  "||",
                  binary(filled, "!=", sized(countBits, entries)),
                ),
                message: [text(`a queue of ${entries} overflows`)],
              },
              {
                kind: "assert",
                condition: binary(isFalse(pop), "||", name("valid_o")),
                message: [text("an empty queue is read")],
              },
            ],
          ),
        ],
      },
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
export function qkvBuffer({ tokens, steps, heads, dimension, tileTokens, blocks }: AttentionSize): Module {
  const isBlockwise = blocks > 1;
  const features = 3 * heads * dimension;
  const row = (step: string, feature: Expression): Expression =>
    bit(name("features"), binary(binary(decimal(features), "*", wide(step, indexBits(steps))), "+", feature));
  const lane = (port: string) => part(name(port), times(tileTokens, "head"), tileTokens);
  const of = (part: number) =>
    row(
      "step_i",
      binary(plus(times(dimension, "head"), part * heads * dimension), "+", wide("feature_i", indexBits(dimension))),
    );
  /** A word, or the requested block of it; silence past the last token. */
  const taken = (port: "query" | "key" | "value", number: number): Statement[] => {
    if (!isBlockwise) return [put(lane(`${port}_o`), of(number))];
    const block = wide(port === "query" ? "query_block_i" : "key_block_i", indexBits(blocks));
    return [
      put(name("word"), widen(of(number), tokens, tileTokens * blocks)),
      put(lane(`${port}_o`), part(name("word"), binary(decimal(tileTokens), "*", block), tileTokens)),
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
    ports: [
      input("clk_i"),
      input("write_i"),
      input("token_i", indexBits(tokens)),
      input("token_step_i", indexBits(steps)),
      input("spikes_i", features),
      input("step_i", indexBits(steps)),
      input("feature_i", indexBits(dimension)),
      ...(isBlockwise ? ["query_block_i", "key_block_i"].map((port) => input(port, indexBits(blocks))) : []),
      ...["query_o", "key_o", "value_o"].map((port) => output(port, heads * tileTokens)),
    ],
    items: [
      { kind: "memory", width: tokens, name: "features", entries: features * steps },
      clocked(
        when(name("write_i"), [
          forEach(
            "feature",
            features,
            set(bit(row("token_step_i", name("feature")), name("token_i")), bit(name("spikes_i"), name("feature"))),
          ),
        ]),
      ),
      ...(isBlockwise ? [logic(tileTokens * blocks, "word")] : []),
      combinational(forEach("head", heads, ...taken("query", 0), ...taken("key", 1), ...taken("value", 2))),
    ],
  };
}

export const ATTENTION_BUFFER = "attention_buffer";

/** Takes one feature of all tokens at a time from the engine, and outputs the vector of a token. */
export function attentionBuffer(
  { tokens, steps, heads, dimension, tileTokens, blocks }: AttentionSize,
  order: LoopOrder,
): Module {
  const isStepMajor = order === "step-major";
  const isBlockwise = blocks > 1;
  const first = isBlockwise ? binary(decimal(tileTokens), "*", wide("block_i", indexBits(blocks))) : null;
  const token = first ? binary(first, "+", name("token")) : name("token");
  const width = heads * dimension;
  const step = wide("step_i", indexBits(steps));
  const vector = isStepMajor
    ? binary(binary(decimal(tokens), "*", step), "+", token)
    : binary(binary(decimal(steps), "*", token), "+", step);
  const write = set(
    bit(bit(name("vectors"), vector), feature()),
    bit(name("spikes_i"), binary(times(tileTokens, "head"), "+", name("token"))),
  );
  function feature(): Expression {
    return binary(times(dimension, "head"), "+", wide("feature_i", indexBits(dimension)));
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
    ports: [
      input("clk_i"),
      input("write_i"),
      input("step_i", indexBits(steps)),
      input("feature_i", indexBits(dimension)),
      ...(isBlockwise ? [input("block_i", indexBits(blocks))] : []),
      input("spikes_i", heads * tileTokens),
      input("address_i", indexBits(tokens * steps)),
      output("vector_o", width),
    ],
    items: [
      { kind: "memory", width, name: "vectors", entries: tokens * steps },
      clocked(
        when(name("write_i"), [
          forEach(
            "token",
            tileTokens,
            forEach(
              "head",
              heads,
              tileTokens * blocks > tokens ? when(binary(token, "<", decimal(tokens)), [write]) : write,
            ),
          ),
        ]),
      ),
      wire(name("vector_o"), bit(name("vectors"), name("address_i"))),
    ],
  };
}

/** An index, taken from the 32 bits of a loop variable. */
const wide = (signal: string, bits: number): Expression => concat(sized(32 - bits, 0), name(signal));
