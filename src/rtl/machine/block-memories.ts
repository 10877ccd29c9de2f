/**
 * The memories of a machine without macros: each has one write port and one read port. Those that may be large are read at the clock edge,
 * which FPGA tools map to block memory; the others are small banks, for lookup tables.
 *
 * Attention transposes tokens into features and back, so neither of its buffers can be one memory. A bank for each token takes a vector
 * feature after feature, and all banks are read at once; a bank for each feature takes all tokens, and all banks are read at once.
 */
import { invariant } from "../../errors.ts";
import * as sv from "../syntax.ts";
import {
  ATTENTION_BUFFER,
  type AttentionSize,
  type MemorySize,
  QKV_BUFFER,
  romName,
  STREAM_MEMORY,
  type StreamPort,
} from "./memories.ts";
import { blockMemory, both, countUp, filled, indexBits, isAt } from "./parts.ts";

/** Constants of a layer, read a clock later. */
export function registeredConstants(size: MemorySize): sv.Module {
  const { width, entries } = size;
  const ports = [sv.CLOCK, sv.input("address_i", indexBits(entries)), sv.output("data_o", width)];
  const declared = [blockMemory(width, "words", entries, true)];
  const s = sv.signals(ports, declared);
  return {
    name: romName(size),
    header: [
      `${entries} words of ${width} bits, constants of a layer from the file Contents, one word per line.`,
      "Latency: 1 clock from address_i to data_o.",
    ],
    parameters: [["Contents", sv.text("")]],
    ports,
    items: [...declared, filled("Contents", s.words), sv.clocked(sv.set(s.data_o, sv.bit(s.words, s.address_i)))],
  };
}

/** Layers that use the stream's memory; each kind has a port of its own. */
export const STREAM_PORTS = ["embed", "branch", "end"] as const;

/** The residual stream in two halves: what a branch reads next, and what the end of a block reads next. */
export function halvedStream({ width, entries }: MemorySize, streamPorts: readonly StreamPort[]): sv.Module {
  invariant(
    streamPorts.map(({ name, reads }) => `${name} ${reads}`).join() === "embed false,branch true,end true",
    "every block has a layer that reads the stream for attention, and one that ends it",
  );
  const ports = [
    sv.CLOCK,
    ...STREAM_PORTS.flatMap((port) => [
      sv.input(`${port}_write_i`),
      sv.input(`${port}_address_i`, indexBits(entries)),
      sv.input(`${port}_data_i`, width),
      ...(port === "embed" ? [] : [sv.output(`${port}_data_o`, width)]),
    ]),
  ];
  const declared = (["branch_words", "end_words"] as const).map((half) => blockMemory(width, half, entries, false));
  const s = sv.signals<string, string>(ports, declared);
  return {
    name: STREAM_MEMORY,
    header: [
      `The residual stream: ${entries} words of ${width} bits twice, for branch and for end. Values go from embed or end to branch, and from branch to end; embed and end never write in the same clock.`,
      "Latency: 1 clock from an address to its data; a word that is written in the same clock reads as anything.",
    ],
    ports,
    items: [
      ...declared,
      sv.clocked(
        sv.set(s.branch_data_o, sv.bit(s.branch_words, s.branch_address_i)),
        sv.when(sv.binary(s.embed_write_i, "|", s.end_write_i), [
          sv.set(
            sv.bit(s.branch_words, sv.choose(s.embed_write_i, s.embed_address_i, s.end_address_i)),
            sv.choose(s.embed_write_i, s.embed_data_i, s.end_data_i),
          ),
        ]),
      ),
      sv.clocked(
        sv.set(s.end_data_o, sv.bit(s.end_words, s.end_address_i)),
        sv.when(s.branch_write_i, [sv.set(sv.bit(s.end_words, s.branch_address_i), s.branch_data_i)]),
      ),
    ],
  };
}

const bankName = ({ width, entries }: MemorySize): string => `bank_${width}x${entries}`;

/** A small memory, read in the clock that presents the address. */
function bank(size: MemorySize): sv.Module {
  const { width, entries } = size;
  const address = indexBits(entries);
  const ports = [
    sv.CLOCK,
    sv.input("write_i"),
    sv.input("write_address_i", address),
    sv.input("data_i", width),
    sv.input("address_i", address),
    sv.output("data_o", width),
  ];
  const declared = [sv.memory(width, "words", entries)];
  const s = sv.signals(ports, declared);
  return {
    name: bankName(size),
    header: [
      `${entries} words of ${width} bits, with one write port and one read port.`,
      "Latency: data_o belongs to address_i of the same clock; a written word can be read from the next clock on.",
    ],
    ports,
    items: [
      ...declared,
      sv.wire(s.data_o, sv.bit(s.words, s.address_i)),
      sv.clocked(sv.when(s.write_i, [sv.set(sv.bit(s.words, s.write_address_i), s.data_i)])),
    ],
  };
}

const PARTS = ["query", "key", "value"] as const;

/** Takes q, k and v token by token, and outputs one feature of all tokens at a time: a bank for each token. */
export function tokenBanks({ tokens, steps, heads, dimension, tileTokens, blocks }: AttentionSize): sv.Module[] {
  const isBlockwise = blocks > 1;
  const lanes = PARTS.length * heads;
  const size = { width: lanes, entries: dimension * steps };
  const [tokenBits, stepBits, featureBits] = [indexBits(tokens), indexBits(steps), indexBits(dimension)];
  const addressBits = indexBits(size.entries);
  const ports = [
    sv.CLOCK,
    sv.input("write_i"),
    sv.input("token_i", tokenBits),
    sv.input("token_step_i", stepBits),
    sv.input("spikes_i", lanes * dimension),
    sv.input("step_i", stepBits),
    sv.input("feature_i", featureBits),
    ...(isBlockwise ? [sv.input("query_block_i", indexBits(blocks)), sv.input("key_block_i", indexBits(blocks))] : []),
    ...PARTS.map((part) => sv.output(`${part}_o`, heads * tileTokens)),
  ];
  const padded = tileTokens * blocks * lanes;
  const declared = [
    sv.logic(lanes * dimension, "held_q"),
    sv.logic(tokenBits, "held_token_q"),
    sv.logic(stepBits, "held_step_q"),
    sv.logic(featureBits, "held_feature_q"),
    sv.logic(1, "writes_q"),
    sv.logic(addressBits, "write_address", "address"),
    sv.logic(lanes, "written", "held"),
    sv.logic(tokens * lanes, "words"),
    sv.logic(padded, "seen"),
  ];
  const s = sv.signals<string, string>(ports, declared);
  const place = (step: sv.Signal, feature: sv.Signal) => placed(addressBits, steps, step, dimension, feature);
  const isHeld = both(isAt(s.held_token_q, tokens - 1), sv.binary(s.held_step_q, "==", s.step_i));
  const top = (tokens - 1) * lanes;
  const last = sv.choose(isHeld, s.held, sv.slice(s.words, tokens * lanes - 1, top));
  const lane = (to: sv.Signal, feature: sv.Signal) =>
    sv.put(
      lanes === 1 ? to : sv.bit(to, sv.name("lane")),
      sv.bit(s.held_q, sv.binary(sv.times(dimension, "lane"), "+", wide(feature))),
    );
  const tokenOf = (part: (typeof PARTS)[number]): sv.Expression =>
    isBlockwise
      ? sv.binary(
          sv.binary(sv.decimal(tileTokens), "*", wide(part === "query" ? s.query_block_i : s.key_block_i)),
          "+",
          sv.name("token"),
        )
      : sv.name("token");
  const read = (part: (typeof PARTS)[number], n: number): sv.Statement =>
    sv.put(
      sv.bit(s[`${part}_o`], sv.binary(sv.times(tileTokens, "head"), "+", sv.name("token"))),
      sv.bit(
        s.seen,
        sv.plus(sv.binary(sv.binary(sv.decimal(lanes), "*", tokenOf(part)), "+", sv.name("head")), n * heads),
      ),
    );
  return [
    bank(size),
    {
      name: QKV_BUFFER,
      header: [
        `q, k and v of ${tokens} tokens and ${steps} steps: written token by token, read feature by feature. A vector is held, and a bank for its token takes it in ${dimension} clocks, one feature of ` +
          "all heads in each; vectors come no faster. The held vector of the last token can be read at once.",
        ...(isBlockwise
          ? [`A read returns one block of ${tileTokens} tokens: query_block_i, or key_block_i for keys and values.`]
          : []),
        "Latency: outputs belong to step_i and feature_i of the same clock; a written vector can be read from the next clock on if it is of the last token, any other one when it is in its bank.",
      ],
      ports,
      items: [
        ...declared,
        sv.clocked(
          sv.when(
            s.write_i,
            [
              sv.set(s.held_q, s.spikes_i),
              sv.set(s.held_token_q, s.token_i),
              sv.set(s.held_step_q, s.token_step_i),
              sv.set(s.held_feature_q, sv.zeros),
              sv.set(s.writes_q, sv.sized(1, 1)),
            ],
            [
              countUp(s.held_feature_q, dimension),
              sv.when(isAt(s.held_feature_q, dimension - 1), [sv.set(s.writes_q, sv.zeros)]),
            ],
          ),
        ),
        sv.wire(s.write_address, place(s.held_step_q, s.held_feature_q)),
        sv.wire(s.address, place(s.step_i, s.feature_i)),
        sv.combinational(sv.forEach("lane", lanes, lane(s.written, s.held_feature_q), lane(s.held, s.feature_i))),
        sv.loop("n", tokens, "gen_token", [
          sv.instance(bankName(size), "u_bank", {
            clk_i: s.clk_i,
            write_i: both(s.writes_q, sv.binary(s.held_token_q, "==", sv.cast(tokenBits, sv.name("n")))),
            write_address_i: s.write_address,
            data_i: s.written,
            address_i: s.address,
            data_o: sv.part(s.words, sv.times(lanes, "n"), lanes),
          }),
        ]),
        sv.wire(
          s.seen,
          sv.widen(tokens === 1 ? last : sv.concat(last, sv.slice(s.words, top - 1, 0)), tokens * lanes, padded),
        ),
        sv.combinational(
          sv.forEach("head", heads, sv.forEach("token", tileTokens, ...PARTS.map((part, n) => read(part, n)))),
        ),
      ],
    },
  ];
}

/** Takes one feature of all tokens at a time from the engine, and outputs the vector of a token: a bank for each feature. */
export function featureBanks({ tokens, steps, heads, dimension, tileTokens, blocks }: AttentionSize): sv.Module[] {
  const isBlockwise = blocks > 1;
  const width = heads * dimension;
  const size = { width: tileTokens, entries: steps * blocks };
  const vectorBits = indexBits(tokens * steps);
  const addressBits = indexBits(size.entries);
  const ports = [
    sv.CLOCK,
    sv.input("write_i"),
    sv.input("step_i", indexBits(steps)),
    sv.input("feature_i", indexBits(dimension)),
    ...(isBlockwise ? [sv.input("block_i", indexBits(blocks))] : []),
    sv.input("spikes_i", heads * tileTokens),
    sv.input("address_i", vectorBits),
    sv.output("vector_o", width),
  ];
  const declared = [
    sv.logic(addressBits, "write_address", "address"),
    sv.logic(vectorBits, "lane"),
    sv.logic(width * tileTokens, "words"),
  ];
  const s = sv.signals<string, string>(ports, declared);
  const divided = (value: sv.Expression, operator: "/" | "%", by: number) =>
    by === 1
      ? operator === "/"
        ? value
        : sv.sized(vectorBits, 0)
      : sv.binary(value, operator, sv.sized(vectorBits, by));
  // A single token is numbered by its step alone, and its count may not fit.
  const [token, step] =
    tokens === 1
      ? [sv.sized(vectorBits, 0), s.address_i]
      : [divided(s.address_i, "/", steps), divided(s.address_i, "%", steps)];
  const place = (step: sv.Expression, block: sv.Expression | null) =>
    block === null ? sv.cast(addressBits, step) : placed(addressBits, steps, step, blocks, block);
  return [
    bank(size),
    {
      name: ATTENTION_BUFFER,
      header: [
        `Output of attention for ${tokens} tokens and ${steps} steps: written feature by feature of all heads, read token by token at step + ${steps} * token. A bank for each feature of a head holds a bit of every token.`,
        ...(isBlockwise ? [`Features arrive for block_i, a block of ${tileTokens} tokens.`] : []),
        "Latency: vector_o belongs to address_i of the same clock; a written word can be read from the next clock on.",
      ],
      ports,
      items: [
        ...declared,
        sv.wire(s.write_address, place(s.step_i, isBlockwise ? s.block_i : null)),
        sv.wire(s.address, place(step, isBlockwise ? divided(token, "/", tileTokens) : null)),
        sv.wire(s.lane, isBlockwise ? divided(token, "%", tileTokens) : token),
        sv.loop("h", heads, "gen_head", [
          sv.loop("f", dimension, "gen_feature", [
            sv.instance(bankName(size), "u_bank", {
              clk_i: s.clk_i,
              write_i: both(s.write_i, sv.binary(s.feature_i, "==", sv.cast(indexBits(dimension), sv.name("f")))),
              write_address_i: s.write_address,
              data_i: sv.part(s.spikes_i, sv.times(tileTokens, "h"), tileTokens),
              address_i: s.address,
              data_o: sv.part(
                s.words,
                sv.binary(sv.decimal(tileTokens), "*", sv.binary(sv.times(dimension, "h"), "+", sv.name("f"))),
                tileTokens,
              ),
            }),
          ]),
        ]),
        sv.combinational(
          sv.forEach(
            "feature",
            width,
            sv.put(
              sv.bit(s.vector_o, sv.name("feature")),
              sv.bit(s.words, sv.binary(sv.times(tileTokens, "feature"), "+", wide(s.lane))),
            ),
          ),
        ),
      ],
    },
  ];
}

/** The address of a place, of `count`, at a step. */
const placed = (
  bits: number,
  steps: number,
  step: sv.Expression,
  count: number,
  place: sv.Expression,
): sv.Expression =>
  steps === 1
    ? sv.cast(bits, place)
    : sv.binary(sv.binary(sv.cast(bits, step), "*", sv.sized(bits, count)), "+", sv.cast(bits, place));

/** An index, taken from the 32 bits of a loop variable. */
const wide = (signal: sv.Signal): sv.Expression => sv.widen(signal, signal.width!, 32);
