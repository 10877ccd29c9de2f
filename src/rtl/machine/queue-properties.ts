/**
 * The guarantees of a queue in the machine, as a module for formal verification: first in, first out, never more than it holds,
 * and its head stays unchanged until it is taken.
 *
 * The module assumes the queue's handshake (nothing arrives when it is full unless something leaves, nothing is taken from an
 * empty one), keeps its own count, and follows one vector of the prover's choice from entry to exit. `holds_o` is 1 if the
 * guarantees hold and pointers and contents agree with the count, without which no induction would close: they are nets of the
 * queue, which the prover connects to `head`, `tail`, `filled` and `place_<n>`.
 */
import {
  binary,
  choose,
  clocked,
  type Expression,
  input,
  instance,
  isFalse,
  logic,
  type Module,
  name,
  output,
  set,
  sized,
  slice,
  when,
  wire,
} from "../syntax.ts";
import { type QueueSize, queueName } from "./memories.ts";
import { both, indexBits } from "./parts.ts";

export const QUEUE_PROPERTIES = "queue_properties";
/** Instance of the queue. */
export const QUEUE = "u_queue";

/** The contents of a place of the queue. */
export const placeName = (at: number): string => `place_${at}`;

/** @param followed number of leading bits of a vector that are followed */
export function queueProperties(size: QueueSize, followed: number): Module {
  const { width, entries, isGuarded = false } = size;
  const first = (vector: string) => (followed === width ? name(vector) : slice(name(vector), followed - 1, 0));
  const bits = indexBits(entries + 1);
  const pointer = indexBits(entries);
  const isSingle = entries === 1;
  const [count, ahead, slot] = [name("count_q"), name("ahead_q"), name("slot_q")];
  const [none, all] = [sized(bits, 0), sized(bits, entries)];
  const add = (value: Expression) => binary(value, "+", sized(bits, 1));
  const subtract = (value: Expression) => binary(value, "-", sized(bits, 1));
  const implies = (condition: Expression, consequence: Expression) => binary(isFalse(condition), "|", consequence);
  const equal = (a: Expression, b: Expression) => binary(a, "==", b);
  /** The place at a given distance after another, modulo the queue's length. */
  const wide = (value: string, from: number): Expression => ({
    kind: "concat",
    parts: [sized(bits + 1 - from, 0), name(value)],
  });
  const behind = (value: Expression): Expression =>
    choose(binary(value, ">=", sized(bits + 1, entries)), binary(value, "-", sized(bits + 1, entries)), value);
  const isPlace = (target: string, distance: string): Expression =>
    equal(wide(target, pointer), behind(binary(wide("head", pointer), "+", wide(distance, bits))));
  const inside = (register: string): Expression => binary(wide(register, pointer), "<", sized(bits + 1, entries));
  const isFollowed = name("follows_q");
  return {
    name: QUEUE_PROPERTIES,
    header: [`Guarantees of ${queueName(size)} for formal verification: holds_o is always 1.`],
    ports: [
      input("clk_i"),
      input("push_i"),
      input("pop_i"),
      input("mark_i"),
      input("data_i", width),
      output("holds_o"),
    ],
    items: [
      logic(1, "begun_q", "push", "pop", "valid", "full", "follows_q", "waits_q"),
      logic(width, "data"),
      logic(followed, "kept_q", "stood_q"),
      logic(bits, "count_q", "ahead_q", "filled"),
      ...(isSingle ? [] : [logic(pointer, "head", "tail", "slot_q")]),
      logic(width, ...Array.from({ length: entries }, (_, at) => placeName(at))),
      wire(name("pop"), both(name("begun_q"), name("pop_i"), binary(count, "!=", none))),
      wire(name("push"), both(name("begun_q"), name("push_i"), binary(binary(count, "!=", all), "|", name("pop")))),
      instance(queueName(size), QUEUE, {
        clk_i: name("clk_i"),
        rst_ni: name("begun_q"),
        push_i: name("push"),
        data_i: name("data_i"),
        pop_i: name("pop"),
        valid_o: name("valid"),
        data_o: name("data"),
        ...(isGuarded ? { full_o: name("full") } : {}),
      }),
      clocked(
        set(name("begun_q"), sized(1, 1)),
        set(name("waits_q"), both(name("begun_q"), name("valid"), isFalse(name("pop")))),
        set(name("stood_q"), first("data")),
        when(
          isFalse(name("begun_q")),
          [set(count, none), set(isFollowed, sized(1, 0))],
          [
            when(both(name("push"), isFalse(name("pop"))), [set(count, add(count))]),
            when(both(name("pop"), isFalse(name("push"))), [set(count, subtract(count))]),
            when(
              both(name("push"), name("mark_i"), isFalse(isFollowed)),
              [
                set(isFollowed, sized(1, 1)),
                set(name("kept_q"), first("data_i")),
                set(ahead, choose(name("pop"), subtract(count), count)),
                ...(isSingle ? [] : [set(slot, name("tail"))]),
              ],
              [
                when(both(isFollowed, name("pop")), [
                  when(equal(ahead, none), [set(isFollowed, sized(1, 0))], [set(ahead, subtract(ahead))]),
                ]),
              ],
            ),
          ],
        ),
      ),
      wire(
        name("holds_o"),
        implies(
          name("begun_q"),
          both(
            equal(name("valid"), binary(count, "!=", none)),
            ...(isGuarded ? [equal(name("full"), equal(count, all))] : []),
            implies(both(isFollowed, equal(ahead, none)), equal(first("data"), name("kept_q"))),
            implies(name("waits_q"), both(name("valid"), equal(first("data"), name("stood_q")))),
            equal(name("filled"), count),
            binary(count, "<=", all),
            implies(isFollowed, binary(ahead, "<", count)),
            ...(isSingle
              ? [implies(isFollowed, equal(first(placeName(0)), name("kept_q")))]
              : [
                  both(inside("head"), inside("tail"), isPlace("tail", "count_q")),
                  implies(isFollowed, both(inside("slot_q"), isPlace("slot_q", "ahead_q"))),
                  implies(isFollowed, equal(contentAt(), name("kept_q"))),
                ]),
          ),
        ),
      ),
    ],
  };

  function contentAt(): Expression {
    const places = Array.from({ length: entries }, (_, at) => first(placeName(at)));
    return places.reduceRight((rest, content, at) => choose(equal(slot, sized(pointer, at)), content, rest));
  }
}
