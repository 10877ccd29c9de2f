/**
 * Generator of the queue of prompts: numbers of prompts, first in, first out, and what becomes of the first of them.
 *
 *   queue ──► expander of seeds, as soon as it is free ──► start, as soon as no prompt runs
 *
 * The seeds of a number are so made while the prompt before it runs. A machine that draws nothing has no expander, and starts the first
 * number of the queue. The host's own numbers (EXPAND) and starts never mix with those of the queue: each is refused while the other waits.
 */
import { both, countUp, countWaiting, indexBits, isAt } from "../machine/parts.ts";
import * as sv from "../syntax.ts";
import type { MachineFacts } from "./register-map.ts";
import { NUMBER_BITS } from "./seed-expander.ts";

export const PROMPT_QUEUE = "prompt_queue";

/** Bits of the count of numbers that wait. */
export const queuedBits = ({ queueDepth }: Pick<MachineFacts, "queueDepth">): number => indexBits(queueDepth + 1);

/** Pins of the expander's side. */
const EXPANDER_PINS = [
  sv.input("occupied_i"),
  sv.input("pending_i"),
  sv.output("expand_o"),
  sv.output("claimed_o"),
] as const;

export function promptQueue(facts: Pick<MachineFacts, "queueDepth" | "expansion">): sv.Module {
  const { queueDepth: depth, expansion } = facts;
  const hasExpander = expansion !== null;
  const [pointer, count] = [indexBits(depth), queuedBits(facts)];
  const ports = [
    ...sv.CLOCKED,
    sv.input("submit_i"),
    sv.input("number_i", NUMBER_BITS),
    sv.input("clear_i"),
    sv.input("runs_i"),
    ...(hasExpander ? EXPANDER_PINS : []),
    sv.output("start_o"),
    sv.output("number_o", NUMBER_BITS),
    sv.output("queued_o", count),
    sv.output("full_o"),
    sv.output("waits_o"),
  ];
  const declared = [
    sv.memory(NUMBER_BITS, "numbers_q", depth),
    sv.logic(pointer, "head_q", "tail_q"),
    sv.logic(count, "queued_q"),
    sv.logic(1, "valid", "pops", ...(hasExpander ? ["next_q"] : [])),
  ];
  const s = sv.signals<string, string>(ports, declared);
  const state = [s.head_q, s.tail_q, s.queued_q, ...(hasExpander ? [s.next_q] : [])];
  return {
    name: PROMPT_QUEUE,
    header: [
      `Up to ${depth} numbers of prompts, first in, first out. submit_i brings one while full_o is 0, and clear_i drops all, also one that leaves.`,
      ...(hasExpander
        ? [
            "expand_o gives the first number to the expander of seeds in a clock in which that is free; start_o starts its prompt when none runs (runs_i), also before its seeds wait.",
            "claimed_o: the expander has a number of the host, whose start has not come.",
          ]
        : ["start_o starts the first number's prompt in a clock in which none runs (runs_i)."]),
      "waits_o: a number's prompt has not started. Latency: a submitted number can leave in the next clock.",
    ],
    ports,
    items: [
      ...declared,
      sv.gap,
      sv.wire(s.valid, sv.isFalse(isAt(s.queued_q, 0))),
      sv.wire(s.number_o, sv.bit(s.numbers_q, s.head_q)),
      sv.wire(s.queued_o, s.queued_q),
      sv.wire(s.full_o, isAt(s.queued_q, depth)),
      ...(hasExpander
        ? [
            sv.wire(s.pops, both(s.valid, sv.isFalse(s.occupied_i))),
            sv.wire(s.expand_o, s.pops),
            sv.wire(s.start_o, both(s.next_q, sv.isFalse(s.runs_i))),
            sv.wire(s.waits_o, sv.binary(s.valid, "|", s.next_q)),
            sv.wire(s.claimed_o, both(s.pending_i, sv.isFalse(s.next_q))),
          ]
        : [
            sv.wire(s.pops, both(s.valid, sv.isFalse(s.runs_i))),
            sv.wire(s.start_o, s.pops),
            sv.wire(s.waits_o, s.valid),
          ]),
      sv.gap,
      sv.clocked(sv.when(s.submit_i, [sv.set(sv.bit(s.numbers_q, s.tail_q), s.number_i)])),
      sv.registers(sv.cleared(...state), [
        sv.when(s.clear_i, sv.cleared(...state), [
          sv.when(s.submit_i, [countUp(s.tail_q, depth)]),
          sv.when(s.pops, [countUp(s.head_q, depth)]),
          ...countWaiting(s.queued_q, s.submit_i, s.pops),
          ...(hasExpander
            ? [sv.when(s.pops, [sv.set(s.next_q, sv.sized(1, 1))]), sv.when(s.start_o, [sv.set(s.next_q, sv.zeros)])]
            : []),
        ]),
      ]),
      sv.gap,
      sv.simulation(
        sv.registers([], [sv.assert(sv.isFalse(both(s.submit_i, s.full_o)), `a queue of ${depth} prompts overflows`)]),
      ),
    ],
  };
}
