/**
 * The guarantees of a queue in the machine, as a module for formal verification: first in, first out, never more than it holds,
 * and its head stays unchanged until it is taken.
 *
 * The module assumes the queue's handshake (nothing arrives when it is full unless something leaves, nothing is taken from an
 * empty one), keeps its own count, and follows one vector of the prover's choice from entry to exit. `holds_o` is 1 if the
 * guarantees hold and pointers and contents agree with the count, without which no induction would close: they are nets of the
 * queue, which the prover connects to `head`, `tail`, `filled` and `place_<n>`.
 */
import * as sv from "../syntax.ts";
import { type QueueSize, queueName } from "./memories.ts";
import { both, indexBits } from "./parts.ts";

export const QUEUE_PROPERTIES = "queue_properties";
/** Instance of the queue. */
export const QUEUE = "u_queue";

/** The contents of a place of the queue. */
export const placeName = (at: number): string => `place_${at}`;

/** @param followed number of leading bits of a vector that are followed */
export function queueProperties(size: QueueSize, followed: number): sv.Module {
  const { width, entries, isGuarded = false } = size;
  const first = (vector: sv.Signal) => (followed === width ? vector : sv.slice(vector, followed - 1, 0));
  const bits = indexBits(entries + 1);
  const pointer = indexBits(entries);
  const isSingle = entries === 1;
  const ports = [
    sv.CLOCK,
    sv.input("push_i"),
    sv.input("pop_i"),
    sv.input("mark_i"),
    sv.input("data_i", width),
    sv.output("holds_o"),
  ];
  const places = sv.logic(width, ...Array.from({ length: entries }, (_, at) => placeName(at)));
  const declared = [
    sv.logic(1, "begun_q", "push", "pop", "valid", "full", "follows_q", "waits_q"),
    sv.logic(width, "data"),
    sv.logic(followed, "kept_q", "stood_q"),
    sv.logic(bits, "count_q", "ahead_q", "filled"),
    ...(isSingle ? [] : [sv.logic(pointer, "head", "tail", "slot_q")]),
    places,
  ];
  const s = sv.signals(ports, declared);
  const [count, ahead, slot] = [s.count_q, s.ahead_q, s.slot_q];
  const [none, all] = [sv.sized(bits, 0), sv.sized(bits, entries)];
  const add = (value: sv.Expression) => sv.binary(value, "+", sv.sized(bits, 1));
  const subtract = (value: sv.Expression) => sv.binary(value, "-", sv.sized(bits, 1));
  const implies = (condition: sv.Expression, consequence: sv.Expression) =>
    sv.binary(sv.isFalse(condition), "|", consequence);
  const equal = (a: sv.Expression, b: sv.Expression) => sv.binary(a, "==", b);
  /** The place at a given distance after another, modulo the queue's length. */
  const wide = (value: sv.Signal): sv.Expression => sv.widen(value, value.width!, bits + 1);
  const behind = (value: sv.Expression): sv.Expression =>
    sv.choose(
      sv.binary(value, ">=", sv.sized(bits + 1, entries)),
      sv.binary(value, "-", sv.sized(bits + 1, entries)),
      value,
    );
  const isPlace = (target: sv.Signal, distance: sv.Signal): sv.Expression =>
    equal(wide(target), behind(sv.binary(wide(s.head), "+", wide(distance))));
  const inside = (register: sv.Signal): sv.Expression => sv.binary(wide(register), "<", sv.sized(bits + 1, entries));
  const isFollowed = s.follows_q;
  return {
    name: QUEUE_PROPERTIES,
    header: [`Guarantees of ${queueName(size)} for formal verification: holds_o is always 1.`],
    ports,
    items: [
      ...declared,
      sv.wire(s.pop, both(s.begun_q, s.pop_i, sv.binary(count, "!=", none))),
      sv.wire(s.push, both(s.begun_q, s.push_i, sv.binary(sv.binary(count, "!=", all), "|", s.pop))),
      sv.instance(queueName(size), QUEUE, {
        clk_i: s.clk_i,
        rst_ni: s.begun_q,
        push_i: s.push,
        data_i: s.data_i,
        pop_i: s.pop,
        valid_o: s.valid,
        data_o: s.data,
        ...(isGuarded ? { full_o: s.full } : {}),
      }),
      sv.clocked(
        sv.set(s.begun_q, sv.sized(1, 1)),
        sv.set(s.waits_q, both(s.begun_q, s.valid, sv.isFalse(s.pop))),
        sv.set(s.stood_q, first(s.data)),
        sv.when(
          sv.isFalse(s.begun_q),
          [sv.set(count, none), sv.set(isFollowed, sv.sized(1, 0))],
          [
            sv.when(both(s.push, sv.isFalse(s.pop)), [sv.set(count, add(count))]),
            sv.when(both(s.pop, sv.isFalse(s.push)), [sv.set(count, subtract(count))]),
            sv.when(
              both(s.push, s.mark_i, sv.isFalse(isFollowed)),
              [
                sv.set(isFollowed, sv.sized(1, 1)),
                sv.set(s.kept_q, first(s.data_i)),
                sv.set(ahead, sv.choose(s.pop, subtract(count), count)),
                ...(isSingle ? [] : [sv.set(slot, s.tail)]),
              ],
              [
                sv.when(both(isFollowed, s.pop), [
                  sv.when(equal(ahead, none), [sv.set(isFollowed, sv.sized(1, 0))], [sv.set(ahead, subtract(ahead))]),
                ]),
              ],
            ),
          ],
        ),
      ),
      sv.wire(
        s.holds_o,
        implies(
          s.begun_q,
          both(
            equal(s.valid, sv.binary(count, "!=", none)),
            ...(isGuarded ? [equal(s.full, equal(count, all))] : []),
            implies(both(isFollowed, equal(ahead, none)), equal(first(s.data), s.kept_q)),
            implies(s.waits_q, both(s.valid, equal(first(s.data), s.stood_q))),
            equal(s.filled, count),
            sv.binary(count, "<=", all),
            implies(isFollowed, sv.binary(ahead, "<", count)),
            ...(isSingle
              ? [implies(isFollowed, equal(first(places.signals[0]), s.kept_q))]
              : [
                  both(inside(s.head), inside(s.tail), isPlace(s.tail, s.count_q)),
                  implies(isFollowed, both(inside(s.slot_q), isPlace(s.slot_q, s.ahead_q))),
                  implies(isFollowed, equal(contentAt(), s.kept_q)),
                ]),
          ),
        ),
      ),
    ],
  };

  function contentAt(): sv.Expression {
    return places.signals
      .map(first)
      .reduceRight((rest, content, at) => sv.choose(equal(slot, sv.sized(pointer, at)), content, rest));
  }
}
