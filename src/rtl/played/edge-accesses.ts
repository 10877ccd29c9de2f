/**
 * What the masters of `edge.ts` write and read: commands, seeds, numbers, or anything, with more of what an open point needs. A write may
 * also be poised: its address goes ahead, and its data wait for the clock before a number leaves the queue, or a prompt ends.
 */
import type { Stream } from "../../numeric/stream.ts";
import {
  addressBits,
  CONTROL,
  type MachineFacts,
  REGISTERS,
  type RegisterName,
  registerOf,
  seedBase,
} from "../axi/register-map.ts";
import { type EdgeState, isClaimed, isWaiting } from "./edge-model.ts";
import type { Phase } from "./edge-points.ts";
import { pick } from "./numbers.ts";

export interface Write {
  readonly address: number;
  readonly data: number;
  readonly strobe: number;
}

/** What its data wait for: that a number leaves the queue, or that a prompt ends, in the next clock. */
export interface Poised {
  readonly write: Write;
  readonly until: "leaves" | "ends";
}

/** What masters go by in a clock. */
export interface Sight {
  readonly state: EdgeState;
  readonly phase: Phase;
  /** Whether the machine has a vector, and whether it offers an answer. */
  readonly isFed: boolean;
  readonly isOffering: boolean;
  /** Whether the prompt that runs came from the queue. */
  readonly isQueued: boolean;
  /** Whether its last vector came too early. */
  readonly isStuck: boolean;
  /** Whether a clear has emptied the queue, and no answer has shown since that it is right. */
  readonly isFound: boolean;
}

export interface Accesses {
  write(sight: Sight): Write;
  /** Null: nothing is worth it. */
  poised(sight: Sight): Poised | null;
  read(sight: Sight): number;
  /** Whether a prompt or its seeds, which take a large machine long, must go on for a point. */
  isExpected(sight: Sight): boolean;
}

const FULL = 15;
/** Points that a prompt of the queue reaches as another waits, those of a full queue, and all for which numbers are submitted. */
const RUNNING = [
  ...["first_of_queue_answered", "answered_while_queued", "start_while_queued", "number_as_one_leaves"],
  ...["submit_as_one_leaves", "submit_to_full_as_one_leaves", "clear_as_one_leaves"],
];
const FILLING = ["submit_fills", "submit_while_full", "submit_error_read", "full_read", "submit_to_full_as_one_leaves"];
/** Points for which the host gives numbers. */
const NUMBERED = /^(number|waiting|submit_while_claimed|(start|clear)_\w*seeds|(clear|reset)_expanding)/;
const QUEUEING =
  /^(submit(?!_while_claimed|_partial)|first_of_queue|answered_while|queue|room|full|done|start_while_queued|clear_with_(queue|next)|\w+_as_one_leaves)/;
/** Numbers are submitted in turns of the queue. */
const OTHERS = REGISTERS.filter(({ name }) => name !== "SUBMIT");
/** Clocks before its seeds wait, from which on a number counts as about to leave room. */
const SOON = 64;

/** @param open points that have not been reached */
export function accesses(facts: MachineFacts, random: Stream, open: ReadonlySet<string>): Accesses {
  const { windowWords, expansion, queueDepth } = facts;
  // Its prompts are rarely answered unless clears are rare too.
  const isLong = facts.vectors > 256;
  const address = addressBits(windowWords);
  const base = seedBase(windowWords);
  const chance = (one: number, of: number) => random.integer(of) < one;
  const at = (name: RegisterName) => registerOf(name).offset + (chance(1, 8) ? random.integer(4) : 0);
  const control = (start: boolean, clear: boolean): Write => ({
    address: at("CONTROL"),
    data: (Number(start) << CONTROL.start) | (Number(clear) << CONTROL.clear) | (random.integer(16) << 2),
    strobe: FULL,
  });
  const number = (name: "EXPAND" | "SUBMIT"): Write => ({ address: at(name), data: random.word(), strobe: FULL });
  const needs = (points: readonly string[]) => points.some((point) => open.has(point));
  const needsAny = (points: RegExp) => [...open].some((point) => points.test(point));
  const needsQueue = () => needsAny(QUEUEING);
  const isOfQueue = ({ state, isQueued }: Sight) => isQueued || isWaiting(state);
  const isExpected = (sight: Sight) =>
    !sight.isStuck &&
    (isOfQueue(sight)
      ? needsQueue()
      : (sight.state.expander?.left ?? 0) > 0 && (open.has("start_with_seeds") || open.has("clear_with_seeds")));
  /** Numbers that are still submitted in this turn of the queue; null: it is the host's turn. */
  let left: number | null = null;

  /** The queue has its turns while the edge is idle in between. */
  function takeTurns({ running, expander, queue }: EdgeState): void {
    if (running || expander !== null || queue.length > 0 || (left ?? 0) > 0) return;
    const isWanted = needsQueue() && (chance(1, 2) || [...open].every((point) => QUEUEING.test(point)));
    left = isWanted ? (needs(FILLING) ? queueDepth + 4 : needs(RUNNING) ? 3 : 1 + random.integer(2)) : null;
  }

  /** Of how many writes one is a clear; null: none. */
  function rarityOfClear(sight: Sight, isBusy: boolean): number | null {
    const { state, phase } = sight;
    if (sight.isStuck) return 8;
    if (isOfQueue(sight) && needsQueue()) {
      if (needs(RUNNING)) return null;
      const isFound =
        state.queue.length > 0 &&
        (open.has("clear_with_queue") || (open.has("queue_right_after_clear") && !sight.isFound));
      const isWanted = isFound || (state.isNext && open.has("clear_with_next"));
      // A long queue takes a large machine too long.
      return isWanted || (left === 0 && state.queue.length > 2) ? 8 : null;
    }
    if (isExpected(sight)) return null;
    const isDropped = state.expander?.left === 0 && open.has("clear_with_seeds");
    return open.has(`clear_${phase}`) || isDropped ? 3 : isBusy ? Math.max(60, facts.vectors) : 20;
  }

  return {
    isExpected,
    write(sight) {
      const { state } = sight;
      takeTurns(state);
      const strobe = chance(1, 8) ? random.integer(FULL) : FULL;
      const isBusy = state.running || sight.isFed || isWaiting(state);
      // Writes without effect come first: they cost a large machine no seeds.
      const isPartial = open.has("submit_partial_strobes") && state.queue.length === 0 && !isClaimed(state);
      if (isPartial && chance(1, 8)) return { ...number("SUBMIT"), strobe: random.integer(FULL) };
      if (open.has("number_partial_strobes") && state.expander === null && chance(1, 8))
        return { ...number("EXPAND"), strobe: random.integer(FULL) };
      if (left !== null && left > 0 && chance(2, 3)) {
        left--;
        return { ...number("SUBMIT"), strobe };
      }
      if (isClaimed(state) && chance(1, open.has("submit_while_claimed") ? 4 : 32))
        return { ...number("SUBMIT"), strobe };
      if (chance(1, needsAny(NUMBERED) ? 12 : 200)) return { ...number("EXPAND"), strobe };
      const isEarly = isExpected(sight) && open.has("start_with_seeds") && isClaimed(state);
      const kind = random.integer(16);
      if (!isBusy && !isEarly && kind < 6) return { ...control(true, false), strobe: chance(1, 8) ? strobe : FULL };
      const rarity = rarityOfClear(sight, isBusy);
      if (rarity !== null && chance(1, rarity)) return control(chance(1, 2), true);
      if (!isEarly && kind < 8) return { ...control(true, false), strobe };
      if (kind < 11) return { address: base + 4 * random.integer(windowWords), data: random.word(), strobe };
      if (kind < 12)
        return { address: at(pick(["ERROR", "ENABLE", "PENDING"], random)), data: random.integer(16), strobe };
      if (kind < 13) {
        const { offset } = pick(OTHERS, random);
        // Seldom a clear.
        return {
          address: offset,
          data: (random.word() & ~(Number(rarity === null || (isBusy && isLong)) << CONTROL.clear)) >>> 0,
          strobe,
        };
      }
      return { address: random.integer(2 ** address), data: random.word(), strobe };
    },
    poised({ state, isOffering }) {
      const { expander, queue, running } = state;
      if (queue.length > 0 && (expansion ? expander?.taken && expander.left < SOON : isOffering)) {
        const isFull = queue.length === queueDepth;
        if (open.has("submit_to_full_as_one_leaves") && isFull) return { write: number("SUBMIT"), until: "leaves" };
        if (open.has("submit_as_one_leaves") && !isFull) return { write: number("SUBMIT"), until: "leaves" };
        if (open.has("number_as_one_leaves")) return { write: number("EXPAND"), until: "leaves" };
        if (open.has("clear_as_one_leaves")) return { write: control(false, true), until: "leaves" };
      }
      const isEnding = running && isOffering && isWaiting(state);
      return isEnding && open.has("start_while_queued") ? { write: control(true, false), until: "ends" } : null;
    },
    read({ state, isOffering }) {
      if (isOffering && open.has("prompts_read_before_last_answer")) return registerOf("PROMPTS").offset;
      if (state.queue.length > 0 && chance(1, 4)) {
        return registerOf(pick(["QUEUED", "ROOM", "STATUS", "ERROR"] as const, random)).offset;
      }
      const named = pick(
        ["STATUS", "ERROR", "PENDING", "ENABLE", "PROMPTS", "CLOCKS", "WAITING", "QUEUED", "ROOM", "ANSWERED"] as const,
        random,
      );
      if (chance(1, 2)) return registerOf(named).offset;
      return chance(1, 2) ? pick(REGISTERS, random).offset + random.integer(4) : random.integer(2 ** address);
    },
  };
}
