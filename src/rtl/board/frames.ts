/** Generators of the frame layer (`protocol.ts`): the checksum, and the modules that receive and send frames on a line of bytes. */
import * as sv from "../syntax.ts";
import { CRC_POLYNOMIAL, CRC_RESIDUE, CRC_START, END, ESCAPE, ESCAPED_END, ESCAPED_ESCAPE } from "./protocol.ts";

export const FRAME_RECEIVER = "frame_receiver";
export const FRAME_SENDER = "frame_sender";
const FRAME_CRC = "frame_crc";

const is = (value: sv.Expression, byte: number): sv.Expression => sv.binary(value, "==", sv.hex(8, byte));
const start = sv.hex(16, CRC_START);

export function frameCrc(): sv.Module {
  const steps: sv.Item[] = [];
  const crc = Array.from({ length: 9 }, (_, n) => sv.signal(`crc_${n}`, 16));
  for (let n = 0; n < 8; n++) {
    const before = crc[n];
    const feedback = sv.binary(sv.repeat(16, sv.bit(before, 15)), "&", sv.hex(16, CRC_POLYNOMIAL));
    steps.push(
      sv.declare(crc[n + 1]),
      sv.wire(crc[n + 1], sv.binary(sv.concat(sv.slice(before, 14, 0), sv.sized(1, 0)), "^", feedback)),
    );
  }
  const ports = [sv.input("crc_i", 16), sv.input("data_i", 8), sv.output("crc_o", 16)];
  const s = sv.signals(ports);
  return {
    name: FRAME_CRC,
    header: [
      `CRC-16 with one more byte: polynomial 0x${CRC_POLYNOMIAL.toString(16)}, high bit first. A frame starts from 0x${CRC_START.toString(16)}; over a frame and its own check, the inverted register, it is 0x${CRC_RESIDUE.toString(16)}.`,
      "Combinational.",
    ],
    ports,
    items: [
      sv.declare(crc[0]),
      sv.wire(crc[0], sv.binary(s.crc_i, "^", sv.concat(s.data_i, sv.sized(8, 0)))),
      ...steps,
      sv.wire(s.crc_o, crc[8]),
    ],
  };
}

const CHECKED = sv.logic(16, "crc_q", "crc_next");
const checkOf = (byte: sv.Signal, s: sv.Signals<"crc_q" | "crc_next">): sv.Item[] => [
  CHECKED,
  sv.instance(FRAME_CRC, "u_crc", { crc_i: s.crc_q, data_i: byte, crc_o: s.crc_next }),
];

export function frameReceiver(): sv.Module {
  const ports = [
    ...sv.CLOCKED,
    sv.input("valid_i"),
    sv.input("ok_i"),
    sv.input("data_i", 8),
    sv.output("valid_o"),
    sv.output("data_o", 8),
    sv.output("end_o"),
    sv.output("intact_o"),
  ];
  const declared = [
    sv.logic(1, "escaped_q", "damaged_q", "arrives", "ends", "escapes", "content"),
    sv.logic(8, "byte_d"),
  ];
  const s = sv.signals(ports, [...declared, CHECKED]);
  const [data, escaped, damaged] = [s.data_i, s.escaped_q, s.damaged_q];
  const arrives = sv.binary(s.valid_i, "&", s.ok_i);
  const isKnown = sv.binary(is(data, ESCAPED_END), "|", is(data, ESCAPED_ESCAPE));
  return {
    name: FRAME_RECEIVER,
    header: [
      "Extracts frames from a line of bytes: bytes of the content including the checksum, then end_o.",
      "Latency: combinational. At end_o, intact_o is 1 if the checksum is right, no stop bit was missing and every escape is valid.",
    ],
    ports,
    items: [
      ...declared,
      sv.wire(s.arrives, arrives),
      sv.wire(s.ends, sv.binary(s.arrives, "&", is(data, END))),
      sv.wire(s.escapes, sv.binary(sv.binary(s.arrives, "&", sv.isFalse(escaped)), "&", is(data, ESCAPE))),
      sv.wire(s.content, sv.binary(sv.binary(s.arrives, "&", sv.isFalse(s.ends)), "&", sv.isFalse(s.escapes))),
      sv.wire(s.byte_d, sv.choose(escaped, sv.choose(is(data, ESCAPED_END), sv.hex(8, END), sv.hex(8, ESCAPE)), data)),
      ...checkOf(s.byte_d, s),
      sv.gap,
      sv.wire(s.valid_o, s.content),
      sv.wire(s.data_o, s.byte_d),
      sv.wire(s.end_o, s.ends),
      sv.wire(
        s.intact_o,
        sv.binary(
          sv.binary(sv.isFalse(damaged), "&", sv.isFalse(escaped)),
          "&",
          sv.binary(s.crc_q, "==", sv.hex(16, CRC_RESIDUE)),
        ),
      ),
      sv.gap,
      sv.registers(
        [sv.set(s.crc_q, start), sv.set(escaped, sv.sized(1, 0)), sv.set(damaged, sv.sized(1, 0))],
        [
          sv.when(
            s.ends,
            [sv.set(s.crc_q, start), sv.set(escaped, sv.sized(1, 0)), sv.set(damaged, sv.sized(1, 0))],
            [
              sv.when(s.escapes, [sv.set(escaped, sv.sized(1, 1))]),
              sv.when(s.content, [
                sv.set(s.crc_q, s.crc_next),
                sv.set(escaped, sv.sized(1, 0)),
                sv.when(sv.binary(escaped, "&", sv.isFalse(isKnown)), [sv.set(damaged, sv.sized(1, 1))]),
              ]),
              sv.when(sv.binary(s.valid_i, "&", sv.isFalse(s.ok_i)), [sv.set(damaged, sv.sized(1, 1))]),
            ],
          ),
        ],
      ),
    ],
  };
}

/** States of the sender. */
const [OPEN, CONTENT, HIGH, LOW, CLOSE] = Array.from({ length: 5 }, (_, state) => sv.sized(3, state));

export function frameSender(): sv.Module {
  const ports = [
    ...sv.CLOCKED,
    sv.input("abort_i"),
    sv.input("valid_i"),
    sv.input("data_i", 8),
    sv.input("last_i"),
    sv.output("ready_o"),
    sv.output("valid_o"),
    sv.output("data_o", 8),
    sv.input("ready_i"),
  ];
  const declared = [
    sv.logic(3, "state_q"),
    sv.logic(1, "escaped_q", "frames", "special", "sends", "sent", "whole"),
    sv.logic(8, "byte_d", "second"),
  ];
  const s = sv.signals(ports, [...declared, CHECKED]);
  const [state, byte, escaped] = [s.state_q, s.byte_d, s.escaped_q];
  const inState = (value: sv.Expression) => sv.binary(state, "==", value);
  const to = (value: sv.Expression) => sv.set(state, value);
  const fresh = [to(OPEN), sv.set(escaped, sv.sized(1, 0)), sv.set(s.crc_q, start)];
  return {
    name: FRAME_SENDER,
    header: [
      "Sends frames on a line of bytes: END, the content with escapes, its checksum, END. A frame begins with the first byte at " +
        "data_i, and last_i marks its last.",
      "Latency: combinational; a byte is taken when ready_o is 1. abort_i aborts the current frame.",
    ],
    ports,
    items: [
      ...declared,
      ...checkOf(s.data_i, s),
      sv.gap,
      sv.wire(s.frames, sv.binary(inState(OPEN), "|", inState(CLOSE))),
      sv.wire(
        byte,
        sv.choose(
          inState(CONTENT),
          s.data_i,
          sv.choose(inState(HIGH), sv.not(sv.slice(s.crc_q, 15, 8)), sv.not(sv.slice(s.crc_q, 7, 0))),
        ),
      ),
      sv.wire(s.special, sv.binary(sv.isFalse(s.frames), "&", sv.binary(is(byte, END), "|", is(byte, ESCAPE)))),
      sv.wire(s.second, sv.choose(is(byte, END), sv.hex(8, ESCAPED_END), sv.hex(8, ESCAPED_ESCAPE))),
      sv.wire(s.sends, sv.choose(sv.binary(inState(OPEN), "|", inState(CONTENT)), s.valid_i, sv.sized(1, 1))),
      sv.wire(s.sent, sv.binary(s.sends, "&", s.ready_i)),
      sv.wire(s.whole, sv.binary(s.sent, "&", sv.binary(escaped, "|", sv.isFalse(s.special)))),
      sv.gap,
      sv.wire(s.valid_o, s.sends),
      sv.wire(
        s.data_o,
        sv.choose(
          s.frames,
          sv.hex(8, END),
          sv.choose(escaped, s.second, sv.choose(s.special, sv.hex(8, ESCAPE), byte)),
        ),
      ),
      sv.wire(s.ready_o, sv.binary(inState(CONTENT), "&", s.whole)),
      sv.gap,
      sv.registers(fresh, [
        sv.when(s.abort_i, fresh, [
          sv.when(s.sent, [sv.set(escaped, sv.binary(s.special, "&", sv.isFalse(escaped)))]),
          sv.when(s.whole, [
            sv.when(inState(OPEN), [to(CONTENT)]),
            sv.when(inState(CONTENT), [sv.set(s.crc_q, s.crc_next), sv.when(s.last_i, [to(HIGH)])]),
            sv.when(inState(HIGH), [to(LOW)]),
            sv.when(inState(LOW), [to(CLOSE)]),
            sv.when(inState(CLOSE), fresh),
          ]),
        ]),
      ]),
    ],
  };
}
