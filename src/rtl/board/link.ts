/** Generator of the board's control: it decodes requests, buffers columns for the engine, and sends the reply. */
import { bitsFor } from "../../hardware/ssa-parameters.ts";
import { type SsaDesign, seedBits } from "../design.ts";
import { timesConstant, unused } from "../encoder.ts";
import { MAX_STEPS, STEP_BITS } from "../ssa-engine.ts";
import {
  binary,
  bit,
  CLOCKED,
  choose,
  clocked,
  comment,
  concat,
  type Expression,
  gap,
  hex,
  type Item,
  input,
  isFalse,
  logic,
  type Module,
  name,
  output,
  registers,
  type Statement,
  set,
  sized,
  slice,
  when,
  widen,
  wire,
  zeros,
} from "../syntax.ts";
import { REFUSAL, REPLY, REQUEST } from "./protocol.ts";

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
  ...["Kind", "Steps", "Seeds", "Columns", "Check", "Whole", "Excess", "Unknown"],
  ...["Start", "Run", "Answer", "Load", "Send"],
] as const;
type State = (typeof STATES)[number];
const STATE_BITS = 4;
/** The first state after a request has been received. */
const FIRST_DEAF: State = "Start";
/** The first state of a reply. */
const FIRST_REPLYING: State = "Answer";

/** Bytes of the fingerprint. */
const IDENTITY_BYTES = 4;

/** @param fingerprint 32 bits that identify this engine */
export function boardLink(design: SsaDesign, fingerprint: number): Module {
  const { dimension } = design.parameters;
  const sizes = linkSizes(design);
  const { columnBits, columnBytes, seedBytes, spikeBits, spikeBytes } = sizes;
  const entries = MAX_STEPS * dimension;
  const addressBits = bitsFor(entries - 1);
  const countBits = STEP_BITS + bitsFor(dimension);
  const replyBytes = Math.max(IDENTITY_BYTES, spikeBytes);
  const byteBits = bitsFor(Math.max(seedBytes, columnBytes, replyBytes) - 1);
  const [state, count, byte] = [name("state_q"), name("byte_q"), name("data_i")];
  const inState = (which: State) => binary(state, "==", name(which));
  const to = (which: State) => set(state, name(which));
  const isByte = (last: number) => binary(count, "==", sized(byteBits, last));
  const restart = set(count, zeros);
  const countOn = set(count, binary(count, "+", sized(byteBits, 1)));
  const more = (counter: string) => set(name(counter), binary(name(counter), "+", sized(countBits, 1)));
  const none = (counter: string) => set(name(counter), zeros);
  const address = (counter: string) => slice(name(counter), addressBits - 1, 0);
  const onByte = (which: State, ...body: Statement[]) => when(binary(name("valid_i"), "&", inState(which)), body);
  /** A reply of one kind, with a word of the given number of bytes in reply_q. */
  const reply = (kind: Expression, word: Expression, wordBytes: number): Statement[] => [
    set(name("kind_q"), kind),
    set(name("reply_q"), word),
    set(name("left_q"), sized(byteBits, wordBytes - 1)),
    set(name("last_q"), sized(1, 1)),
    to("Answer"),
  ];
  const refusal = choose(
    isFalse(name("intact_i")),
    hex(8, REFUSAL.damaged),
    choose(inState("Unknown"), hex(8, REFUSAL.unknown), hex(8, REFUSAL.length)),
  );
  const legal = binary(binary(byte, "!=", sized(8, 0)), "&", binary(byte, "<=", sized(8, MAX_STEPS)));
  const wordOf = (bits: Expression, width: number) => widen(bits, width, 8 * replyBytes);
  return {
    name: BOARD_LINK,
    header: [
      "Control of the board: takes the content of a frame byte by byte, and outputs the content of the reply.",
      `A run (kind ${REQUEST.run}) brings steps, ${seedBytes} bytes of seeds and, for each step, ${dimension} columns of ${columnBytes} bytes. The columns are stored in a memory, because the engine takes one per clock; ` +
        "when the frame is complete and intact the engine runs, and its spikes are stored in a second memory until they are sent.",
      "The end of a frame aborts a reply in progress. Bytes that arrive while the engine runs or a reply is sent are lost.",
    ],
    ports: [
      ...CLOCKED,
      input("valid_i"),
      input("data_i", 8),
      input("end_i"),
      input("intact_i"),
      output("abort_o"),
      output("valid_o"),
      output("data_o", 8),
      output("last_o"),
      input("ready_i"),
      output("start_o"),
      output("steps_o", STEP_BITS),
      output("seed_o", 8 * seedBytes),
      output("query_o", spikeBits),
      output("key_o", spikeBits),
      output("value_o", spikeBits),
      input("busy_i"),
      input("take_i"),
      input("spikes_valid_i"),
      input("spike_i", spikeBits),
      output("receiving_o"),
      output("replying_o"),
      output("refused_o"),
    ],
    items: [
      ...STATES.map(
        (which, n): Item => ({
          kind: "constant",
          type: `logic [${STATE_BITS - 1}:0]`,
          name: which,
          value: sized(STATE_BITS, n),
        }),
      ),
      gap,
      logic(STATE_BITS, "state_q"),
      logic(byteBits, "byte_q", "left_q"),
      logic(8, "kind_q"),
      logic(STEP_BITS, "steps_q"),
      logic(countBits, "in_q", "out_q", "columns", "in_d", "out_next"),
      logic(8 * seedBytes, "seed_q"),
      logic(8 * columnBytes, "word_q", "word_d"),
      logic(8 * replyBytes, "reply_q"),
      logic(columnBits, "column_q"),
      logic(spikeBits, "spike_q"),
      logic(1, "last_q", "refused_q", "hears", "replies", "abort", "column_ends", "stored"),
      { kind: "memory", width: columnBits, name: "columns_in", entries },
      { kind: "memory", width: spikeBits, name: "columns_out", entries },
      gap,
      wire(name("columns"), timesConstant(name("steps_q"), STEP_BITS, dimension, countBits)),
      wire(name("hears"), binary(state, "<", name(FIRST_DEAF))),
      wire(name("word_d"), columnBytes === 1 ? byte : concat(byte, slice(name("word_q"), 8 * columnBytes - 1, 8))),
      wire(name("column_ends"), binary(binary(name("valid_i"), "&", inState("Columns")), "&", isByte(columnBytes - 1))),
      wire(name("stored"), binary(inState("Run"), "&", name("spikes_valid_i"))),
      comment(
        "The engine takes a column at every clock, so columns are read a clock ahead; a column of A has the time of its bytes.",
      ),
      wire(name("in_d"), choose(name("take_i"), binary(name("in_q"), "+", sized(countBits, 1)), name("in_q"))),
      wire(name("out_next"), binary(name("out_q"), "+", sized(countBits, 1))),
      clocked(
        when(name("column_ends"), [
          set(bit(name("columns_in"), address("in_q")), slice(name("word_d"), columnBits - 1, 0)),
        ]),
        set(name("column_q"), bit(name("columns_in"), address("in_d"))),
      ),
      clocked(
        when(name("stored"), [set(bit(name("columns_out"), address("out_q")), name("spike_i"))]),
        set(name("spike_q"), bit(name("columns_out"), address("out_q"))),
      ),
      clocked(
        when(binary(name("valid_i"), "&", inState("Seeds")), [
          set(name("seed_q"), concat(byte, slice(name("seed_q"), 8 * seedBytes - 1, 8))),
        ]),
        when(binary(name("valid_i"), "&", inState("Columns")), [set(name("word_q"), name("word_d"))]),
      ),
      ...(8 * columnBytes > columnBits
        ? unused("padding", slice(name("word_d"), 8 * columnBytes - 1, columnBits))
        : []),
      ...(columnBytes === 1 ? unused("word", name("word_q")) : unused("word", slice(name("word_q"), 7, 0))),
      ...unused("address", slice(name("in_d"), countBits - 1, addressBits)),
      gap,
      wire(name("query_o"), slice(name("column_q"), spikeBits - 1, 0)),
      wire(name("key_o"), slice(name("column_q"), 2 * spikeBits - 1, spikeBits)),
      wire(name("value_o"), slice(name("column_q"), 3 * spikeBits - 1, 2 * spikeBits)),
      wire(name("seed_o"), name("seed_q")),
      wire(name("steps_o"), name("steps_q")),
      wire(name("start_o"), inState("Start")),
      gap,
      wire(name("replies"), binary(state, ">=", name(FIRST_REPLYING))),
      wire(name("abort"), binary(name("end_i"), "&", name("replies"))),
      wire(name("abort_o"), name("abort")),
      wire(name("valid_o"), binary(inState("Answer"), "|", inState("Send"))),
      wire(name("data_o"), choose(inState("Answer"), name("kind_q"), slice(name("reply_q"), 7, 0))),
      wire(
        name("last_o"),
        binary(binary(inState("Send"), "&", name("last_q")), "&", binary(name("left_q"), "==", sized(byteBits, 0))),
      ),
      wire(name("receiving_o"), binary(name("hears"), "&", isFalse(inState("Kind")))),
      wire(name("replying_o"), name("replies")),
      wire(name("refused_o"), name("refused_q")),
      gap,
      registers(
        [
          to("Kind"),
          restart,
          set(name("left_q"), zeros),
          set(name("kind_q"), zeros),
          set(name("steps_q"), zeros),
          none("in_q"),
          none("out_q"),
          set(name("reply_q"), zeros),
          set(name("last_q"), sized(1, 0)),
          set(name("refused_q"), sized(1, 0)),
        ],
        [
          onByte(
            "Kind",
            set(name("kind_q"), byte),
            restart,
            none("in_q"),
            when(
              binary(byte, "==", hex(8, REQUEST.identify)),
              [to("Check")],
              [when(binary(byte, "==", hex(8, REQUEST.run)), [to("Steps")], [to("Unknown")])],
            ),
          ),
          onByte(
            "Steps",
            set(name("steps_q"), slice(byte, STEP_BITS - 1, 0)),
            when(legal, [to("Seeds")], [to("Excess")]),
          ),
          onByte("Seeds", countOn, when(isByte(seedBytes - 1), [restart, to("Columns")])),
          onByte("Columns", countOn),
          when(name("column_ends"), [
            restart,
            more("in_q"),
            when(binary(binary(name("in_q"), "+", sized(countBits, 1)), "==", name("columns")), [to("Check")]),
          ]),
          onByte("Check", countOn, when(isByte(1), [to("Whole")])),
          onByte("Whole", to("Excess")),
          comment("The end of a request, or an abort of the reply."),
          when(name("end_i"), [
            when(binary(name("hears"), "&", isFalse(inState("Kind"))), [
              set(name("refused_q"), sized(1, 0)),
              when(
                binary(inState("Whole"), "&", name("intact_i")),
                [
                  when(
                    binary(name("kind_q"), "==", hex(8, REQUEST.run)),
                    [none("in_q"), to("Start")],
                    reply(hex(8, REPLY.identity), wordOf(hex(32, fingerprint >>> 0), 32), IDENTITY_BYTES),
                  ),
                ],
                [set(name("refused_q"), sized(1, 1)), ...reply(hex(8, REPLY.refused), wordOf(refusal, 8), 1)],
              ),
            ]),
          ]),
          when(inState("Start"), [none("out_q"), to("Run")]),
          when(inState("Run"), [
            set(name("in_q"), name("in_d")),
            when(name("stored"), [more("out_q")]),
            when(binary(isFalse(name("busy_i")), "&", isFalse(name("spikes_valid_i"))), [
              none("out_q"),
              set(name("kind_q"), hex(8, REPLY.spikes)),
              set(name("last_q"), sized(1, 0)),
              to("Answer"),
            ]),
          ]),
          when(binary(inState("Answer"), "&", name("ready_i")), [
            when(binary(name("kind_q"), "==", hex(8, REPLY.spikes)), [to("Load")], [to("Send")]),
          ]),
          when(inState("Load"), [
            set(name("reply_q"), wordOf(name("spike_q"), spikeBits)),
            set(name("left_q"), sized(byteBits, spikeBytes - 1)),
            set(name("out_q"), name("out_next")),
            set(name("last_q"), binary(name("out_next"), "==", name("columns"))),
            to("Send"),
          ]),
          when(binary(inState("Send"), "&", name("ready_i")), [
            set(name("reply_q"), concat(sized(8, 0), slice(name("reply_q"), 8 * replyBytes - 1, 8))),
            set(name("left_q"), binary(name("left_q"), "-", sized(byteBits, 1))),
            when(binary(name("left_q"), "==", sized(byteBits, 0)), [when(name("last_q"), [to("Kind")], [to("Load")])]),
          ]),
          when(name("abort"), [to("Kind")]),
        ],
      ),
    ],
  };
}
