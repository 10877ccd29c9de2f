/** Generators of the frame layer (`protocol.ts`): the checksum, and the modules that receive and send frames on a line of bytes. */
import {
  binary,
  bit,
  CLOCKED,
  choose,
  concat,
  type Expression,
  gap,
  hex,
  type Item,
  input,
  instance,
  isFalse,
  logic,
  type Module,
  name,
  not,
  output,
  registers,
  repeat,
  set,
  sized,
  slice,
  when,
  wire,
} from "../syntax.ts";
import { CRC_POLYNOMIAL, CRC_RESIDUE, CRC_START, END, ESCAPE, ESCAPED_END, ESCAPED_ESCAPE } from "./protocol.ts";

export const FRAME_RECEIVER = "frame_receiver";
export const FRAME_SENDER = "frame_sender";
const FRAME_CRC = "frame_crc";

const is = (value: Expression, byte: number): Expression => binary(value, "==", hex(8, byte));
const start = hex(16, CRC_START);

export function frameCrc(): Module {
  const steps: Item[] = [];
  for (let n = 0; n < 8; n++) {
    const before = name(`crc_${n}`);
    const feedback = binary(repeat(16, bit(before, 15)), "&", hex(16, CRC_POLYNOMIAL));
    steps.push(
      logic(16, `crc_${n + 1}`),
      wire(name(`crc_${n + 1}`), binary(concat(slice(before, 14, 0), sized(1, 0)), "^", feedback)),
    );
  }
  return {
    name: FRAME_CRC,
    header: [
      `CRC-16 with one more byte: polynomial 0x${CRC_POLYNOMIAL.toString(16)}, high bit first. A frame starts from 0x${CRC_START.toString(16)}; over a frame and its own check, the inverted register, it is 0x${CRC_RESIDUE.toString(16)}.`,
      "Combinational.",
    ],
    ports: [input("crc_i", 16), input("data_i", 8), output("crc_o", 16)],
    items: [
      logic(16, "crc_0"),
      wire(name("crc_0"), binary(name("crc_i"), "^", concat(name("data_i"), sized(8, 0)))),
      ...steps,
      wire(name("crc_o"), name("crc_8")),
    ],
  };
}

const checkOf = (byte: string): Item[] => [
  logic(16, "crc_q", "crc_next"),
  instance(FRAME_CRC, "u_crc", { crc_i: name("crc_q"), data_i: name(byte), crc_o: name("crc_next") }),
];

export function frameReceiver(): Module {
  const [data, escaped, damaged] = [name("data_i"), name("escaped_q"), name("damaged_q")];
  const arrives = binary(name("valid_i"), "&", name("ok_i"));
  const isKnown = binary(is(data, ESCAPED_END), "|", is(data, ESCAPED_ESCAPE));
  return {
    name: FRAME_RECEIVER,
    header: [
      "Extracts frames from a line of bytes: bytes of the content including the checksum, then end_o.",
      "Latency: combinational. At end_o, intact_o is 1 if the checksum is right, no stop bit was missing and every escape is valid.",
    ],
    ports: [
      ...CLOCKED,
      input("valid_i"),
      input("ok_i"),
      input("data_i", 8),
      output("valid_o"),
      output("data_o", 8),
      output("end_o"),
      output("intact_o"),
    ],
    items: [
      logic(1, "escaped_q", "damaged_q", "arrives", "ends", "escapes", "content"),
      logic(8, "byte_d"),
      wire(name("arrives"), arrives),
      wire(name("ends"), binary(name("arrives"), "&", is(data, END))),
      wire(name("escapes"), binary(binary(name("arrives"), "&", isFalse(escaped)), "&", is(data, ESCAPE))),
      wire(name("content"), binary(binary(name("arrives"), "&", isFalse(name("ends"))), "&", isFalse(name("escapes")))),
      wire(name("byte_d"), choose(escaped, choose(is(data, ESCAPED_END), hex(8, END), hex(8, ESCAPE)), data)),
      ...checkOf("byte_d"),
      gap,
      wire(name("valid_o"), name("content")),
      wire(name("data_o"), name("byte_d")),
      wire(name("end_o"), name("ends")),
      wire(
        name("intact_o"),
        binary(binary(isFalse(damaged), "&", isFalse(escaped)), "&", binary(name("crc_q"), "==", hex(16, CRC_RESIDUE))),
      ),
      gap,
      registers(
        [set(name("crc_q"), start), set(escaped, sized(1, 0)), set(damaged, sized(1, 0))],
        [
          when(
            name("ends"),
            [set(name("crc_q"), start), set(escaped, sized(1, 0)), set(damaged, sized(1, 0))],
            [
              when(name("escapes"), [set(escaped, sized(1, 1))]),
              when(name("content"), [
                set(name("crc_q"), name("crc_next")),
                set(escaped, sized(1, 0)),
                when(binary(escaped, "&", isFalse(isKnown)), [set(damaged, sized(1, 1))]),
              ]),
              when(binary(name("valid_i"), "&", isFalse(name("ok_i"))), [set(damaged, sized(1, 1))]),
            ],
          ),
        ],
      ),
    ],
  };
}

/** States of the sender. */
const [OPEN, CONTENT, HIGH, LOW, CLOSE] = Array.from({ length: 5 }, (_, state) => sized(3, state));

export function frameSender(): Module {
  const [state, byte, escaped] = [name("state_q"), name("byte_d"), name("escaped_q")];
  const inState = (value: Expression) => binary(state, "==", value);
  const to = (value: Expression) => set(state, value);
  const fresh = [to(OPEN), set(escaped, sized(1, 0)), set(name("crc_q"), start)];
  return {
    name: FRAME_SENDER,
    header: [
      "Sends frames on a line of bytes: END, the content with escapes, its checksum, END. A frame begins with the first byte at " +
        "data_i, and last_i marks its last.",
      "Latency: combinational; a byte is taken when ready_o is 1. abort_i aborts the current frame.",
    ],
    ports: [
      ...CLOCKED,
      input("abort_i"),
      input("valid_i"),
      input("data_i", 8),
      input("last_i"),
      output("ready_o"),
      output("valid_o"),
      output("data_o", 8),
      input("ready_i"),
    ],
    items: [
      logic(3, "state_q"),
      logic(1, "escaped_q", "frames", "special", "sends", "sent", "whole"),
      logic(8, "byte_d", "second"),
      ...checkOf("data_i"),
      gap,
      wire(name("frames"), binary(inState(OPEN), "|", inState(CLOSE))),
      wire(
        byte,
        choose(
          inState(CONTENT),
          name("data_i"),
          choose(inState(HIGH), not(slice(name("crc_q"), 15, 8)), not(slice(name("crc_q"), 7, 0))),
        ),
      ),
      wire(name("special"), binary(isFalse(name("frames")), "&", binary(is(byte, END), "|", is(byte, ESCAPE)))),
      wire(name("second"), choose(is(byte, END), hex(8, ESCAPED_END), hex(8, ESCAPED_ESCAPE))),
      wire(name("sends"), choose(binary(inState(OPEN), "|", inState(CONTENT)), name("valid_i"), sized(1, 1))),
      wire(name("sent"), binary(name("sends"), "&", name("ready_i"))),
      wire(name("whole"), binary(name("sent"), "&", binary(escaped, "|", isFalse(name("special"))))),
      gap,
      wire(name("valid_o"), name("sends")),
      wire(
        name("data_o"),
        choose(
          name("frames"),
          hex(8, END),
          choose(escaped, name("second"), choose(name("special"), hex(8, ESCAPE), byte)),
        ),
      ),
      wire(name("ready_o"), binary(inState(CONTENT), "&", name("whole"))),
      gap,
      registers(fresh, [
        when(name("abort_i"), fresh, [
          when(name("sent"), [set(escaped, binary(name("special"), "&", isFalse(escaped)))]),
          when(name("whole"), [
            when(inState(OPEN), [to(CONTENT)]),
            when(inState(CONTENT), [set(name("crc_q"), name("crc_next")), when(name("last_i"), [to(HIGH)])]),
            when(inState(HIGH), [to(LOW)]),
            when(inState(LOW), [to(CLOSE)]),
            when(inState(CLOSE), fresh),
          ]),
        ]),
      ]),
    ],
  };
}
