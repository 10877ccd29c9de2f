/**
 * Generator of a stream of bytes that changes its width: beats of some bytes come, beats of as many others leave, the first byte in the
 * low bits. Buses move powers of two of bytes; a vector or an answer has as many as it needs.
 */
import { both, indexBits, isAt } from "../machine/parts.ts";
import * as sv from "../syntax.ts";

/** A stream's pins on either side of the module. */
const side = <Side extends "in" | "out">(name: Side, bytes: number) => {
  const [comes, goes] = name === "in" ? [sv.input, sv.output] : [sv.output, sv.input];
  const [c, g] = name === "in" ? (["i", "o"] as const) : (["o", "i"] as const);
  return [
    comes(`${name}_data_${c}`, 8 * bytes),
    comes(`${name}_keep_${c}`, bytes),
    comes(`${name}_last_${c}`),
    comes(`${name}_valid_${c}`),
    goes(`${name}_ready_${g}`),
  ];
};

export const streamBytesName = (from: number, to: number): string => `stream_bytes_${from}_to_${to}`;

/**
 * @param from bytes of a beat that comes
 * @param to bytes of a beat that leaves
 */
export function streamBytes(from: number, to: number): sv.Module {
  /** It takes a beat while less than a whole one can leave. */
  const room = to - 1 + from;
  const count = indexBits(room + 1);
  const kept = indexBits(from + 1);
  const ports = [...sv.CLOCKED, ...side("in", from), ...side("out", to)];
  const declared = [
    sv.logic(8 * room, "bytes_q"),
    sv.logic(count, "held_q"),
    sv.logic(1, "last_q", "is_whole", "comes", "goes"),
    sv.logic(8 * from, "given"),
    sv.logic(kept, "added"),
  ];
  const s = sv.signals<string, string>(ports, declared);
  const state = [s.bytes_q, s.held_q, s.last_q];
  const each = Array.from({ length: from }, (_, n) => from - 1 - n);
  const holdsMore = (bytes: number) => sv.binary(s.held_q, ">", sv.sized(count, bytes));
  const size = (value: number) => sv.sized(count, value);
  return {
    name: streamBytesName(from, to),
    header: [
      `Beats of up to ${from} ${from === 1 ? "byte" : "bytes"} in, beats of ${to} out, low bytes first; the last beat of a packet may have fewer, which out_keep_o says.`,
      "in_keep_i has ones from bit 0 on, at least one. Latency: a byte can leave in the clock after it came.",
    ],
    ports,
    items: [
      ...declared,
      sv.gap,
      sv.wire(s.is_whole, sv.binary(s.held_q, ">=", size(to))),
      sv.wire(s.in_ready_o, sv.isFalse(sv.binary(s.is_whole, "|", s.last_q))),
      sv.wire(s.comes, both(s.in_valid_i, s.in_ready_o)),
      sv.wire(
        s.given,
        sv.concat(
          ...each.map((n) =>
            sv.binary(
              sv.slice(s.in_data_i, 8 * n + 7, 8 * n),
              "&",
              sv.repeat(8, from === 1 ? s.in_keep_i : sv.bit(s.in_keep_i, n)),
            ),
          ),
        ),
      ),
      sv.wire(
        s.added,
        each
          .map((n): sv.Expression => sv.widen(from === 1 ? s.in_keep_i : sv.bit(s.in_keep_i, n), 1, kept))
          .reduce((sum, one) => sv.binary(sum, "+", one)),
      ),
      sv.gap,
      sv.wire(s.out_valid_o, sv.binary(s.is_whole, "|", s.last_q)),
      sv.wire(s.out_data_o, sv.slice(s.bytes_q, 8 * to - 1, 0)),
      sv.wire(
        s.out_keep_o,
        to === 1 ? holdsMore(0) : sv.concat(...Array.from({ length: to }, (_, n) => holdsMore(to - 1 - n))),
      ),
      sv.wire(s.out_last_o, both(s.last_q, sv.isFalse(holdsMore(to)))),
      sv.wire(s.goes, both(s.out_valid_o, s.out_ready_i)),
      sv.gap,
      sv.registers(sv.cleared(...state), [
        sv.when(s.comes, [
          sv.set(
            s.bytes_q,
            sv.binary(
              s.bytes_q,
              "|",
              sv.binary(sv.widen(s.given, 8 * from, 8 * room), "<<", sv.concat(s.held_q, sv.sized(3, 0))),
            ),
          ),
          sv.set(s.held_q, sv.binary(s.held_q, "+", sv.widen(s.added, kept, count))),
          sv.set(s.last_q, s.in_last_i),
        ]),
        sv.when(s.goes, [
          sv.set(
            s.bytes_q,
            room === to ? sv.zeros : sv.widen(sv.slice(s.bytes_q, 8 * room - 1, 8 * to), 8 * (room - to), 8 * room),
          ),
          sv.set(s.held_q, sv.choose(holdsMore(to), sv.binary(s.held_q, "-", size(to)), size(0))),
          sv.when(s.out_last_o, sv.cleared(s.last_q)),
        ]),
      ]),
      sv.gap,
      sv.simulation(
        sv.registers(
          [],
          [
            sv.assert(
              sv.binary(
                sv.isFalse(s.comes),
                "|",
                sv.binary(
                  sv.isFalse(isAt(s.added, 0)),
                  "&",
                  sv.isFalse(sv.anyOne(sv.binary(s.in_keep_i, "&", sv.binary(s.in_keep_i, "+", sv.sized(from, 1))))),
                ),
              ),
              "a beat without bytes, or with a gap between them",
            ),
          ],
        ),
      ),
    ],
  };
}
