/**
 * Generator of the control of a board with a machine: requests become accesses to the registers of `xpike_axi`, whole prompts of vectors,
 * and the answers to them.
 *
 * Vectors wait in a memory until their frame is complete and intact, because the machine cannot give one back; answers stay in another, so
 * that a reply that is lost on the line can be asked for again. Nothing waits for what may never come: vectors are taken only while a
 * prompt is open, and an open prompt takes all of them.
 */
import { bitsFor } from "../../hardware/ssa-parameters.ts";
import { addressBits, type MachineFacts } from "../axi/register-map.ts";
import { OKAY } from "../axi/registers.ts";
import { streamSizes } from "../axi/top.ts";
import { unused } from "../encoder.ts";
import { both, indexBits, isAt, stepped } from "../machine/parts.ts";
import * as sv from "../syntax.ts";
import { REFUSAL, REPLY, REQUEST } from "./protocol.ts";
import { FRAME_PINS, LIGHT_PINS } from "./serial-top.ts";

export const MACHINE_LINK = "machine_link";

const STATES = [
  "Kind",
  "Words",
  "Vectors",
  "Check",
  "Whole",
  "Excess",
  "Unknown",
  "Access",
  "Start",
  "Stream",
  "Wait",
  "Answer",
  "Load",
  "Send",
] as const;
type State = (typeof STATES)[number];
const STATE_BITS = 4;
const CODES = STATES.map((which, n) => sv.constant(which, STATE_BITS, sv.sized(STATE_BITS, n)));
const codeOf = sv.signals([], CODES);
/** The first state after a request has been received, and the first of a reply. */
const [FIRST_DEAF, FIRST_REPLYING]: State[] = ["Access", "Wait"];

/** Bytes of an address, of a word and of a fingerprint. */
const WORD_BYTES = 4;

/** The link's side of the pins of `xpike_axi`. */
export const machinePins = (facts: MachineFacts) => {
  const { input, output } = streamSizes(facts);
  const address = addressBits(facts.windowWords);
  return [
    sv.output("awaddr_o", address),
    sv.output("awvalid_o"),
    sv.input("awready_i"),
    sv.output("wdata_o", 32),
    sv.output("wvalid_o"),
    sv.input("wready_i"),
    sv.input("bresp_i", 2),
    sv.input("bvalid_i"),
    sv.output("bready_o"),
    sv.output("araddr_o", address),
    sv.output("arvalid_o"),
    sv.input("arready_i"),
    sv.input("rdata_i", 32),
    sv.input("rresp_i", 2),
    sv.input("rvalid_i"),
    sv.output("rready_o"),
    sv.output("vector_o", input),
    sv.output("vector_last_o"),
    sv.output("vector_valid_o"),
    sv.input("vector_ready_i"),
    sv.input("answer_i", output),
    sv.input("answer_valid_i"),
    sv.output("answer_ready_o"),
    sv.output("running_o"),
  ];
};

/** @param fingerprint 32 bits that identify this machine */
export function machineLink(facts: MachineFacts, fingerprint: number): sv.Module {
  const { vectors, answers, windowWords } = facts;
  const { input, output } = streamSizes(facts);
  const [vectorBytes, answerBytes] = [input / 8, output / 8];
  const address = addressBits(windowWords);
  const replyBytes = Math.max(WORD_BYTES, answerBytes);
  const byteBits = bitsFor(Math.max(2 * WORD_BYTES, vectorBytes, replyBytes) - 1);
  const vectorBits = indexBits(vectors);
  const answerIndex = indexBits(answers);
  const gotBits = bitsFor(answers);
  const ports = [...sv.CLOCKED, ...FRAME_PINS, ...machinePins(facts), ...LIGHT_PINS];
  const declared = [
    sv.logic(STATE_BITS, "state_q"),
    sv.logic(byteBits, "byte_q", "left_q"),
    sv.logic(8, "kind_q"),
    sv.logic(8 * 2 * WORD_BYTES, "words_q"),
    sv.logic(32, "address"),
    sv.logic(vectorBits, "in_q", "in_d"),
    sv.logic(answerIndex, "out_q"),
    sv.logic(gotBits, "got_q"),
    sv.logic(input, "word_q", "word_d", "vector_q"),
    sv.logic(output, "answer_q"),
    sv.logic(8 * replyBytes, "reply_q"),
    sv.logic(1, "asked_q", "brought_q", "asks_q", "last_q", "bare_q", "refused_q"),
    sv.logic(1, "hears", "replies", "abort", "reads", "vector_ends", "taken", "got", "is_complete", "is_outside"),
    sv.memory(input, "vectors_in", vectors),
    sv.memory(output, "answers_out", answers),
  ];
  const s = sv.signals(ports, declared);
  const byte = s.data_i;
  const yes = sv.sized(1, 1);
  const inState = (which: State) => sv.binary(s.state_q, "==", codeOf[which]);
  const to = (which: State) => sv.set(s.state_q, codeOf[which]);
  const isKind = (kind: keyof typeof REQUEST) => sv.binary(s.kind_q, "==", sv.hex(8, REQUEST[kind]));
  const isReply = (kind: keyof typeof REPLY) => sv.binary(s.kind_q, "==", sv.hex(8, REPLY[kind]));
  const onByte = (which: State, ...body: sv.Statement[]) => sv.when(both(s.valid_i, inState(which)), body);
  const toByte = (value: number) => sv.sized(byteBits, value);
  const wordOf = (bits: sv.Expression, width: number) => sv.widen(bits, width, 8 * replyBytes);
  /** A reply with a word of the given number of bytes; 0: with nothing but its kind. */
  const reply = (kind: keyof typeof REPLY, word: sv.Expression, bytes: number): sv.Statement[] => [
    sv.set(s.kind_q, sv.hex(8, REPLY[kind])),
    ...(bytes === 0 ? [] : [sv.set(s.reply_q, word), sv.set(s.left_q, toByte(bytes - 1))]),
    sv.set(s.last_q, yes),
    sv.set(s.bare_q, sv.sized(1, bytes === 0 ? 1 : 0)),
    to("Answer"),
  ];
  const refuse = (why: sv.Expression): sv.Statement[] => [
    sv.set(s.refused_q, yes),
    ...reply("refused", wordOf(why, 8), 1),
  ];
  const because = (why: keyof typeof REFUSAL) => sv.hex(8, REFUSAL[why]);
  const badFrame = sv.choose(
    sv.isFalse(s.intact_i),
    because("damaged"),
    sv.choose(inState("Unknown"), because("unknown"), because("length")),
  );
  const isRight = (response: sv.Signal) => sv.binary(response, "==", sv.sized(2, OKAY));
  const shiftedIn = (into: sv.Signal) =>
    into.width === 8 ? byte : sv.concat(byte, sv.slice(into, into.width! - 1, 8));
  const cases = (...list: readonly (readonly [sv.Expression, sv.Statement[]])[]): sv.Statement[] =>
    list.reduceRight<sv.Statement[]>((rest, [condition, body]) => [sv.when(condition, body, rest)], []);
  const startOf = (kind: keyof typeof REQUEST, next: State): readonly [sv.Expression, sv.Statement[]] => [
    sv.binary(byte, "==", sv.hex(8, REQUEST[kind])),
    [to(next)],
  ];
  return {
    name: MACHINE_LINK,
    header: [
      "Control of a board with a machine: takes the content of a frame byte by byte, and outputs the content of the reply.",
      `A read and a write are accesses of AXI4-Lite. A request with vectors brings ${vectors} of ${vectorBytes} ${vectorBytes === 1 ? "byte" : "bytes"}, which enter the machine when the frame is complete and intact, if a ` +
        `start admits them. Its ${answers === 1 ? "answer is" : `${answers} answers are`} stored when they come, and sent as often as they are requested.`,
      "The end of a frame aborts a reply in progress. Bytes that arrive during an access or a reply are lost.",
    ],
    ports,
    items: [
      ...CODES,
      sv.gap,
      ...declared,
      sv.gap,
      sv.wire(s.hears, sv.binary(s.state_q, "<", codeOf[FIRST_DEAF])),
      sv.wire(s.replies, sv.binary(s.state_q, ">=", codeOf[FIRST_REPLYING])),
      sv.wire(s.reads, isKind("read")),
      sv.comment("The last word shifted in is the highest: a read has its address there, a write its word."),
      sv.wire(s.address, sv.choose(s.reads, sv.slice(s.words_q, 63, 32), sv.slice(s.words_q, 31, 0))),
      sv.wire(s.is_outside, sv.anyOne(sv.slice(s.address, 31, address))),
      sv.wire(s.awaddr_o, sv.slice(s.address, address - 1, 0)),
      sv.wire(s.araddr_o, sv.slice(s.address, address - 1, 0)),
      sv.wire(s.wdata_o, sv.slice(s.words_q, 63, 32)),
      sv.wire(s.awvalid_o, both(inState("Access"), sv.isFalse(s.reads), sv.isFalse(s.asked_q))),
      sv.wire(s.wvalid_o, both(inState("Access"), sv.isFalse(s.reads), sv.isFalse(s.brought_q))),
      sv.wire(s.arvalid_o, both(inState("Access"), s.reads, sv.isFalse(s.asked_q))),
      sv.wire(s.bready_o, both(inState("Access"), sv.isFalse(s.reads))),
      sv.wire(s.rready_o, both(inState("Access"), s.reads)),
      sv.gap,
      sv.comment("A vector is read a clock before it is offered."),
      sv.wire(s.word_d, shiftedIn(s.word_q)),
      sv.wire(s.vector_ends, both(s.valid_i, inState("Vectors"), sv.binary(s.byte_q, "==", toByte(vectorBytes - 1)))),
      sv.wire(s.vector_valid_o, inState("Stream")),
      sv.wire(s.vector_o, s.vector_q),
      sv.wire(s.vector_last_o, isAt(s.in_q, vectors - 1)),
      sv.wire(s.taken, both(s.vector_valid_o, s.vector_ready_i)),
      sv.wire(s.in_d, sv.choose(s.taken, stepped(s.in_q), s.in_q)),
      sv.clocked(
        sv.when(s.vector_ends, [sv.set(sv.bit(s.vectors_in, s.in_q), s.word_d)]),
        sv.set(s.vector_q, sv.bit(s.vectors_in, s.in_d)),
      ),
      sv.gap,
      sv.wire(s.is_complete, sv.binary(s.got_q, "==", sv.sized(gotBits, answers))),
      sv.wire(s.answer_ready_o, sv.isFalse(s.is_complete)),
      sv.wire(s.got, both(s.answer_valid_i, s.answer_ready_o)),
      sv.wire(s.running_o, both(s.asks_q, sv.isFalse(s.is_complete))),
      sv.clocked(
        sv.when(s.got, [sv.set(sv.bit(s.answers_out, sv.slice(s.got_q, answerIndex - 1, 0)), s.answer_i)]),
        sv.set(s.answer_q, sv.bit(s.answers_out, s.out_q)),
      ),
      sv.gap,
      sv.wire(s.abort, both(s.end_i, s.replies)),
      sv.wire(s.abort_o, s.abort),
      sv.wire(s.valid_o, sv.binary(inState("Answer"), "|", inState("Send"))),
      sv.wire(s.data_o, sv.choose(inState("Answer"), s.kind_q, sv.slice(s.reply_q, 7, 0))),
      sv.wire(s.last_o, sv.choose(inState("Answer"), s.bare_q, both(s.last_q, sv.binary(s.left_q, "==", toByte(0))))),
      sv.wire(s.receiving_o, both(s.hears, sv.isFalse(inState("Kind")))),
      sv.wire(s.replying_o, s.replies),
      sv.wire(s.refused_o, s.refused_q),
      sv.gap,
      sv.clocked(
        sv.when(both(s.valid_i, inState("Words")), [sv.set(s.words_q, shiftedIn(s.words_q))]),
        sv.when(both(s.valid_i, inState("Vectors")), [sv.set(s.word_q, s.word_d)]),
      ),
      ...unused("word", vectorBytes === 1 ? s.word_q : sv.slice(s.word_q, 7, 0)),
      sv.registers(
        [
          ...sv.cleared(s.state_q, s.byte_q, s.left_q, s.kind_q, s.in_q, s.out_q, s.got_q, s.reply_q),
          ...sv.cleared(s.asked_q, s.brought_q, s.asks_q, s.last_q, s.bare_q, s.refused_q),
        ],
        [
          onByte(
            "Kind",
            sv.set(s.kind_q, byte),
            ...sv.cleared(s.byte_q, s.in_q, s.asked_q, s.brought_q),
            ...cases(
              startOf("identify", "Check"),
              startOf("answers", "Check"),
              startOf("read", "Words"),
              startOf("write", "Words"),
              startOf("vectors", "Vectors"),
              [yes, [to("Unknown")]],
            ),
          ),
          onByte(
            "Words",
            sv.set(s.byte_q, stepped(s.byte_q)),
            sv.when(sv.binary(s.byte_q, "==", sv.choose(s.reads, toByte(WORD_BYTES - 1), toByte(2 * WORD_BYTES - 1))), [
              ...sv.cleared(s.byte_q),
              to("Check"),
            ]),
          ),
          onByte("Vectors", sv.set(s.byte_q, stepped(s.byte_q))),
          sv.when(s.vector_ends, [
            ...sv.cleared(s.byte_q),
            sv.set(s.in_q, stepped(s.in_q)),
            sv.when(isAt(s.in_q, vectors - 1), [to("Check")]),
          ]),
          onByte(
            "Check",
            sv.set(s.byte_q, stepped(s.byte_q)),
            sv.when(sv.binary(s.byte_q, "==", toByte(1)), [to("Whole")]),
          ),
          onByte("Whole", to("Excess")),
          sv.comment("The end of a request, or an abort of the reply."),
          sv.when(both(s.end_i, s.hears, sv.isFalse(inState("Kind"))), [
            sv.set(s.refused_q, sv.zeros),
            ...cases(
              [sv.isFalse(both(inState("Whole"), s.intact_i)), refuse(badFrame)],
              [isKind("identify"), reply("identity", wordOf(sv.hex(32, fingerprint >>> 0), 32), WORD_BYTES)],
              [isKind("vectors"), [...sv.cleared(s.in_q), to("Start")]],
              [isKind("answers"), [sv.when(s.asks_q, [to("Wait")], refuse(because("idle")))]],
              [s.is_outside, refuse(because("slave"))],
              [yes, [to("Access")]],
            ),
          ]),
          sv.when(inState("Access"), [
            sv.when(sv.binary(both(s.awvalid_o, s.awready_i), "|", both(s.arvalid_o, s.arready_i)), [
              sv.set(s.asked_q, yes),
            ]),
            sv.when(both(s.wvalid_o, s.wready_i), [sv.set(s.brought_q, yes)]),
            sv.when(both(s.bvalid_i, s.bready_o), [
              sv.when(isRight(s.bresp_i), reply("done", sv.zeros, 0), refuse(because("slave"))),
            ]),
            sv.when(both(s.rvalid_i, s.rready_o), [
              sv.when(isRight(s.rresp_i), reply("word", wordOf(s.rdata_i, 32), WORD_BYTES), refuse(because("slave"))),
            ]),
          ]),
          sv.when(s.got, [sv.set(s.got_q, stepped(s.got_q))]),
          sv.when(inState("Start"), [
            sv.when(
              s.vector_ready_i,
              [...sv.cleared(s.got_q), sv.set(s.asks_q, yes), to("Stream")],
              refuse(because("closed")),
            ),
          ]),
          sv.when(inState("Stream"), [
            sv.set(s.in_q, s.in_d),
            sv.when(both(s.taken, s.vector_last_o), reply("done", sv.zeros, 0)),
          ]),
          sv.when(both(inState("Wait"), s.is_complete), [
            ...sv.cleared(s.out_q, s.last_q, s.bare_q),
            sv.set(s.kind_q, sv.hex(8, REPLY.answers)),
            to("Answer"),
          ]),
          sv.when(both(inState("Answer"), s.ready_i), [
            ...cases([s.bare_q, [to("Kind")]], [isReply("answers"), [to("Load")]], [yes, [to("Send")]]),
          ]),
          sv.when(inState("Load"), [
            sv.set(s.reply_q, wordOf(s.answer_q, output)),
            sv.set(s.left_q, toByte(answerBytes - 1)),
            sv.set(s.out_q, stepped(s.out_q)),
            sv.set(s.last_q, isAt(s.out_q, answers - 1)),
            to("Send"),
          ]),
          sv.when(both(inState("Send"), s.ready_i), [
            sv.set(s.reply_q, sv.concat(sv.sized(8, 0), sv.slice(s.reply_q, 8 * replyBytes - 1, 8))),
            sv.set(s.left_q, sv.binary(s.left_q, "-", toByte(1))),
            sv.when(sv.binary(s.left_q, "==", toByte(0)), [sv.when(s.last_q, [to("Kind")], [to("Load")])]),
          ]),
          sv.when(s.abort, [to("Kind")]),
        ],
      ),
    ],
  };
}
