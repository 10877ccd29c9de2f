/** Generator of the board's control: it decodes requests, buffers columns for the engine, and sends the reply. */
import { bitsFor } from "../../hardware/ssa-parameters.ts";
import { type SsaDesign, seedBits } from "../design.ts";
import { timesConstant, unused } from "../encoder.ts";
import { MAX_STEPS, STEP_BITS } from "../ssa-engine.ts";
import * as sv from "../syntax.ts";
import { REFUSAL, REPLY, REQUEST } from "./protocol.ts";
import { FRAME_PINS, LIGHT_PINS } from "./serial-top.ts";

export const BOARD_LINK = "board_link";

/** Sizes of the transfers over the line. */
export interface LinkSizes {
  /** Bits and bytes of a column of V, K and Q, of the seeds, and of a column of A. */
  readonly columnBits: number;
  readonly columnBytes: number;
  readonly seedBytes: number;
  readonly spikeBits: number;
  readonly spikeBytes: number;
}

export function linkSizes(design: SsaDesign): LinkSizes {
  const spikeBits = design.heads * design.parameters.tokens;
  const columnBits = 3 * spikeBits;
  const bytes = (bits: number) => Math.ceil(bits / 8);
  return {
    columnBits,
    columnBytes: bytes(columnBits),
    seedBytes: seedBits(design) / 8,
    spikeBits,
    spikeBytes: bytes(spikeBits),
  };
}

const STATES = [
  "Kind",
  "Steps",
  "Seeds",
  "Columns",
  "Check",
  "Whole",
  "Excess",
  "Unknown",
  "Start",
  "Run",
  "Answer",
  "Load",
  "Send",
] as const;
type State = (typeof STATES)[number];
const STATE_BITS = 4;
const CODES = STATES.map((which, n) => sv.constant(which, STATE_BITS, sv.sized(STATE_BITS, n)));
const codeOf = sv.signals([], CODES);
/** The first state after a request has been received. */
const FIRST_DEAF: State = "Start";
/** The first state of a reply. */
const FIRST_REPLYING: State = "Answer";

/** Bytes of the fingerprint. */
const IDENTITY_BYTES = 4;

/** @param fingerprint 32 bits that identify this engine */
export function boardLink(design: SsaDesign, fingerprint: number): sv.Module {
  const { dimension } = design.parameters;
  const sizes = linkSizes(design);
  const { columnBits, columnBytes, seedBytes, spikeBits, spikeBytes } = sizes;
  const entries = MAX_STEPS * dimension;
  const addressBits = bitsFor(entries - 1);
  const countBits = STEP_BITS + bitsFor(dimension);
  const replyBytes = Math.max(IDENTITY_BYTES, spikeBytes);
  const byteBits = bitsFor(Math.max(seedBytes, columnBytes, replyBytes) - 1);
  const ports = [
    ...sv.CLOCKED,
    ...FRAME_PINS,
    sv.output("start_o"),
    sv.output("steps_o", STEP_BITS),
    sv.output("seed_o", 8 * seedBytes),
    sv.output("query_o", spikeBits),
    sv.output("key_o", spikeBits),
    sv.output("value_o", spikeBits),
    sv.input("busy_i"),
    sv.input("take_i"),
    sv.input("spikes_valid_i"),
    sv.input("spike_i", spikeBits),
    ...LIGHT_PINS,
  ];
  const s = sv.signals(ports, [
    sv.logic(STATE_BITS, "state_q"),
    sv.logic(byteBits, "byte_q", "left_q"),
    sv.logic(8, "kind_q"),
    sv.logic(STEP_BITS, "steps_q"),
    sv.logic(countBits, "in_q", "out_q", "columns", "in_d", "out_next"),
    sv.logic(8 * seedBytes, "seed_q"),
    sv.logic(8 * columnBytes, "word_q", "word_d"),
    sv.logic(8 * replyBytes, "reply_q"),
    sv.logic(columnBits, "column_q"),
    sv.logic(spikeBits, "spike_q"),
    sv.logic(1, "last_q", "refused_q", "hears", "replies", "abort", "column_ends", "stored"),
    sv.memory(columnBits, "columns_in", entries),
    sv.memory(spikeBits, "columns_out", entries),
  ]);
  const [state, count, byte] = [s.state_q, s.byte_q, s.data_i];
  const inState = (which: State) => sv.binary(state, "==", codeOf[which]);
  const to = (which: State) => sv.set(state, codeOf[which]);
  const isByte = (last: number) => sv.binary(count, "==", sv.sized(byteBits, last));
  const restart = sv.set(count, sv.zeros);
  const countOn = sv.set(count, sv.binary(count, "+", sv.sized(byteBits, 1)));
  const more = (counter: sv.Signal) => sv.set(counter, sv.binary(counter, "+", sv.sized(countBits, 1)));
  const none = (counter: sv.Signal) => sv.set(counter, sv.zeros);
  const address = (counter: sv.Signal) => sv.slice(counter, addressBits - 1, 0);
  const onByte = (which: State, ...body: sv.Statement[]) => sv.when(sv.binary(s.valid_i, "&", inState(which)), body);
  /** A reply of one kind, with a word of the given number of bytes in reply_q. */
  const reply = (kind: sv.Expression, word: sv.Expression, wordBytes: number): sv.Statement[] => [
    sv.set(s.kind_q, kind),
    sv.set(s.reply_q, word),
    sv.set(s.left_q, sv.sized(byteBits, wordBytes - 1)),
    sv.set(s.last_q, sv.sized(1, 1)),
    to("Answer"),
  ];
  const refusal = sv.choose(
    sv.isFalse(s.intact_i),
    sv.hex(8, REFUSAL.damaged),
    sv.choose(inState("Unknown"), sv.hex(8, REFUSAL.unknown), sv.hex(8, REFUSAL.length)),
  );
  const legal = sv.binary(sv.binary(byte, "!=", sv.sized(8, 0)), "&", sv.binary(byte, "<=", sv.sized(8, MAX_STEPS)));
  const wordOf = (bits: sv.Expression, width: number) => sv.widen(bits, width, 8 * replyBytes);
  return {
    name: BOARD_LINK,
    header: [
      "Control of the board: takes the content of a frame byte by byte, and outputs the content of the reply.",
      `A run (kind ${REQUEST.run}) brings steps, ${seedBytes} bytes of seeds and, for each step, ${dimension} columns of ${columnBytes} bytes. The columns are stored in a memory, because the engine takes one per clock; ` +
        "when the frame is complete and intact the engine runs, and its spikes are stored in a second memory until they are sent.",
      "The end of a frame aborts a reply in progress. Bytes that arrive while the engine runs or a reply is sent are lost.",
    ],
    ports,
    items: [
      ...CODES,
      sv.gap,
      sv.declare(s.state_q),
      sv.declare(s.byte_q, s.left_q),
      sv.declare(s.kind_q),
      sv.declare(s.steps_q),
      sv.declare(s.in_q, s.out_q, s.columns, s.in_d, s.out_next),
      sv.declare(s.seed_q),
      sv.declare(s.word_q, s.word_d),
      sv.declare(s.reply_q),
      sv.declare(s.column_q),
      sv.declare(s.spike_q),
      sv.declare(s.last_q, s.refused_q, s.hears, s.replies, s.abort, s.column_ends, s.stored),
      sv.declare(s.columns_in),
      sv.declare(s.columns_out),
      sv.gap,
      sv.wire(s.columns, timesConstant(s.steps_q, STEP_BITS, dimension, countBits)),
      sv.wire(s.hears, sv.binary(state, "<", codeOf[FIRST_DEAF])),
      sv.wire(s.word_d, columnBytes === 1 ? byte : sv.concat(byte, sv.slice(s.word_q, 8 * columnBytes - 1, 8))),
      sv.wire(s.column_ends, sv.binary(sv.binary(s.valid_i, "&", inState("Columns")), "&", isByte(columnBytes - 1))),
      sv.wire(s.stored, sv.binary(inState("Run"), "&", s.spikes_valid_i)),
      sv.comment(
        "The engine takes a column at every clock, so columns are read a clock ahead; a column of A has the time of its bytes.",
      ),
      sv.wire(s.in_d, sv.choose(s.take_i, sv.binary(s.in_q, "+", sv.sized(countBits, 1)), s.in_q)),
      sv.wire(s.out_next, sv.binary(s.out_q, "+", sv.sized(countBits, 1))),
      sv.clocked(
        sv.when(s.column_ends, [sv.set(sv.bit(s.columns_in, address(s.in_q)), sv.slice(s.word_d, columnBits - 1, 0))]),
        sv.set(s.column_q, sv.bit(s.columns_in, address(s.in_d))),
      ),
      sv.clocked(
        sv.when(s.stored, [sv.set(sv.bit(s.columns_out, address(s.out_q)), s.spike_i)]),
        sv.set(s.spike_q, sv.bit(s.columns_out, address(s.out_q))),
      ),
      sv.clocked(
        sv.when(sv.binary(s.valid_i, "&", inState("Seeds")), [
          sv.set(s.seed_q, sv.concat(byte, sv.slice(s.seed_q, 8 * seedBytes - 1, 8))),
        ]),
        sv.when(sv.binary(s.valid_i, "&", inState("Columns")), [sv.set(s.word_q, s.word_d)]),
      ),
      ...(8 * columnBytes > columnBits ? unused("padding", sv.slice(s.word_d, 8 * columnBytes - 1, columnBits)) : []),
      ...(columnBytes === 1 ? unused("word", s.word_q) : unused("word", sv.slice(s.word_q, 7, 0))),
      ...unused("address", sv.slice(s.in_d, countBits - 1, addressBits)),
      sv.gap,
      sv.wire(s.query_o, sv.slice(s.column_q, spikeBits - 1, 0)),
      sv.wire(s.key_o, sv.slice(s.column_q, 2 * spikeBits - 1, spikeBits)),
      sv.wire(s.value_o, sv.slice(s.column_q, 3 * spikeBits - 1, 2 * spikeBits)),
      sv.wire(s.seed_o, s.seed_q),
      sv.wire(s.steps_o, s.steps_q),
      sv.wire(s.start_o, inState("Start")),
      sv.gap,
      sv.wire(s.replies, sv.binary(state, ">=", codeOf[FIRST_REPLYING])),
      sv.wire(s.abort, sv.binary(s.end_i, "&", s.replies)),
      sv.wire(s.abort_o, s.abort),
      sv.wire(s.valid_o, sv.binary(inState("Answer"), "|", inState("Send"))),
      sv.wire(s.data_o, sv.choose(inState("Answer"), s.kind_q, sv.slice(s.reply_q, 7, 0))),
      sv.wire(
        s.last_o,
        sv.binary(sv.binary(inState("Send"), "&", s.last_q), "&", sv.binary(s.left_q, "==", sv.sized(byteBits, 0))),
      ),
      sv.wire(s.receiving_o, sv.binary(s.hears, "&", sv.isFalse(inState("Kind")))),
      sv.wire(s.replying_o, s.replies),
      sv.wire(s.refused_o, s.refused_q),
      sv.gap,
      sv.registers(
        [
          to("Kind"),
          restart,
          sv.set(s.left_q, sv.zeros),
          sv.set(s.kind_q, sv.zeros),
          sv.set(s.steps_q, sv.zeros),
          none(s.in_q),
          none(s.out_q),
          sv.set(s.reply_q, sv.zeros),
          sv.set(s.last_q, sv.sized(1, 0)),
          sv.set(s.refused_q, sv.sized(1, 0)),
        ],
        [
          onByte(
            "Kind",
            sv.set(s.kind_q, byte),
            restart,
            none(s.in_q),
            sv.when(
              sv.binary(byte, "==", sv.hex(8, REQUEST.identify)),
              [to("Check")],
              [sv.when(sv.binary(byte, "==", sv.hex(8, REQUEST.run)), [to("Steps")], [to("Unknown")])],
            ),
          ),
          onByte(
            "Steps",
            sv.set(s.steps_q, sv.slice(byte, STEP_BITS - 1, 0)),
            sv.when(legal, [to("Seeds")], [to("Excess")]),
          ),
          onByte("Seeds", countOn, sv.when(isByte(seedBytes - 1), [restart, to("Columns")])),
          onByte("Columns", countOn),
          sv.when(s.column_ends, [
            restart,
            more(s.in_q),
            sv.when(sv.binary(sv.binary(s.in_q, "+", sv.sized(countBits, 1)), "==", s.columns), [to("Check")]),
          ]),
          onByte("Check", countOn, sv.when(isByte(1), [to("Whole")])),
          onByte("Whole", to("Excess")),
          sv.comment("The end of a request, or an abort of the reply."),
          sv.when(s.end_i, [
            sv.when(sv.binary(s.hears, "&", sv.isFalse(inState("Kind"))), [
              sv.set(s.refused_q, sv.sized(1, 0)),
              sv.when(
                sv.binary(inState("Whole"), "&", s.intact_i),
                [
                  sv.when(
                    sv.binary(s.kind_q, "==", sv.hex(8, REQUEST.run)),
                    [none(s.in_q), to("Start")],
                    reply(sv.hex(8, REPLY.identity), wordOf(sv.hex(32, fingerprint >>> 0), 32), IDENTITY_BYTES),
                  ),
                ],
                [sv.set(s.refused_q, sv.sized(1, 1)), ...reply(sv.hex(8, REPLY.refused), wordOf(refusal, 8), 1)],
              ),
            ]),
          ]),
          sv.when(inState("Start"), [none(s.out_q), to("Run")]),
          sv.when(inState("Run"), [
            sv.set(s.in_q, s.in_d),
            sv.when(s.stored, [more(s.out_q)]),
            sv.when(sv.binary(sv.isFalse(s.busy_i), "&", sv.isFalse(s.spikes_valid_i)), [
              none(s.out_q),
              sv.set(s.kind_q, sv.hex(8, REPLY.spikes)),
              sv.set(s.last_q, sv.sized(1, 0)),
              to("Answer"),
            ]),
          ]),
          sv.when(sv.binary(inState("Answer"), "&", s.ready_i), [
            sv.when(sv.binary(s.kind_q, "==", sv.hex(8, REPLY.spikes)), [to("Load")], [to("Send")]),
          ]),
          sv.when(inState("Load"), [
            sv.set(s.reply_q, wordOf(s.spike_q, spikeBits)),
            sv.set(s.left_q, sv.sized(byteBits, spikeBytes - 1)),
            sv.set(s.out_q, s.out_next),
            sv.set(s.last_q, sv.binary(s.out_next, "==", s.columns)),
            to("Send"),
          ]),
          sv.when(sv.binary(inState("Send"), "&", s.ready_i), [
            sv.set(s.reply_q, sv.concat(sv.sized(8, 0), sv.slice(s.reply_q, 8 * replyBytes - 1, 8))),
            sv.set(s.left_q, sv.binary(s.left_q, "-", sv.sized(byteBits, 1))),
            sv.when(sv.binary(s.left_q, "==", sv.sized(byteBits, 0)), [sv.when(s.last_q, [to("Kind")], [to("Load")])]),
          ]),
          sv.when(s.abort, [to("Kind")]),
        ],
      ),
    ],
  };
}
