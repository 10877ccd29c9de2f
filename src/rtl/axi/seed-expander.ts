/**
 * Generator of a block that makes the seeds of a prompt from its number, as the simulators do: forks of a stream, and words of the
 * last one.
 *
 *   key = T(T(T(root; block), prompt), head)        each fork counts label, 2^31;   T = Threefry-2x32 with 20 rounds (`numeric/stream.ts`)
 *   seed 2 j, seed 2 j + 1 = T(key; j, 0)           a word of 0 becomes 1
 *
 * A round takes a clock, so a prompt's seeds take thousands of them; they wait in a memory of their own while the machine works on the
 * prompt before.
 */
import { blockMemory, both, indexBits, isAt, stepped } from "../machine/parts.ts";
import * as sv from "../syntax.ts";
import { GROUPS, PARITY, ROTATIONS, rotated } from "../threefry.ts";

export const SEED_EXPANDER = "seed_expander";

/** Where the seeds of a prompt come from. */
export interface SeedExpansion {
  /** Of the stream that all blocks fork. */
  readonly key: readonly [number, number];
  readonly blocks: number;
  /** Null: a block's seeds serve all of its heads, and are not forked by head. */
  readonly heads: number | null;
  /** Of a head, or of a block. */
  readonly words: number;
}

/** Bits of a prompt's number. */
export const NUMBER_BITS = 32;

const WORD = 32;
const ROUNDS = ROTATIONS.length;
/** Set in the high word of a counter by a fork. */
const FORKED = 0x80000000;

const PHASES = { load: 0, mix: 1, low: 2, high: 3 } as const;

const forksOf = ({ heads }: SeedExpansion): number => (heads === null ? 2 : 3);
const placesOf = ({ blocks, heads }: SeedExpansion): number => blocks * (heads ?? 1);

/** Clocks from the one with `expand_i` until the seeds wait, and from a taken start until the machine has them. */
export function expansionClocks(expansion: SeedExpansion): { readonly expand: number; readonly copy: number } {
  const { words } = expansion;
  const cipher = 1 + GROUPS * (ROUNDS + 1);
  const pairs = Math.ceil(words / 2);
  return {
    expand: 1 + placesOf(expansion) * (forksOf(expansion) * (cipher + 1) + pairs * cipher + words),
    copy: placesOf(expansion) * words + 1,
  };
}

export function seedExpander(expansion: SeedExpansion): sv.Module {
  const { key, blocks, heads, words } = expansion;
  const forks = forksOf(expansion);
  const all = placesOf(expansion) * words;
  const pairs = Math.ceil(words / 2);
  const at = indexBits(all);
  const ports = [
    ...sv.CLOCKED,
    sv.input("expand_i"),
    sv.input("number_i", NUMBER_BITS),
    sv.input("take_i"),
    sv.input("clear_i"),
    sv.output("occupied_o"),
    sv.output("pending_o"),
    sv.output("number_o", NUMBER_BITS),
    sv.output("write_o"),
    sv.output("address_o", at),
    sv.output("data_o", WORD),
    sv.output("last_o"),
  ];
  const declared = [
    blockMemory(WORD, "words", all, false),
    sv.logic(
      1,
      "expanding_q",
      "held_q",
      "taken_q",
      "copies_q",
      "ends_copy",
      "ends_mix",
      "writes",
      "ends_place",
      "ends",
    ),
    sv.logic(2, "phase_q"),
    sv.logic(NUMBER_BITS, "number_q"),
    sv.logic(indexBits(blocks), "block_q"),
    ...(heads === null ? [] : [sv.logic(indexBits(heads), "head_q")]),
    sv.logic(indexBits(forks + 1), "fork_q"),
    sv.logic(indexBits(pairs), "pair_q"),
    sv.logic(3, "group_q", "round_q"),
    sv.logic(2, "turn_q"),
    sv.logic(WORD, "key_0_q", "key_1_q", "key_2", "x_0_q", "x_1_q", "sum", "turned", "counter_0", "counter_1"),
    sv.logic(WORD, "first", "second", "seed"),
    sv.logic(at, "address_q", "read_q", "copied_q"),
  ] as const;
  const s = sv.signals<string, string>(ports, declared);
  const one = sv.sized(1, 1);
  const isIn = (phase: keyof typeof PHASES) => both(s.expanding_q, isAt(s.phase_q, PHASES[phase]));
  const go = (phase: keyof typeof PHASES) => sv.set(s.phase_q, sv.sized(2, PHASES[phase]));
  const draws = isAt(s.fork_q, forks);
  const turned = ROTATIONS.map(([odd, even]) =>
    sv.choose(sv.bit(s.group_q, 0), rotated(s.x_1_q, odd), rotated(s.x_1_q, even)),
  );
  const labels = [
    sv.widen(s.block_q, s.block_q.width!, WORD),
    s.number_q,
    ...(heads === null ? [] : [sv.widen(s.head_q, s.head_q.width!, WORD)]),
  ];
  const keys = [s.key_0_q, s.key_1_q, s.key_2];
  /** Of the key's words, in turns. */
  const keyAt = (offset: number) =>
    sv.choose(
      isAt(s.turn_q, 0),
      keys[offset % 3],
      sv.choose(isAt(s.turn_q, 1), keys[(1 + offset) % 3], keys[(2 + offset) % 3]),
    );
  const toRoot = [
    sv.set(s.key_0_q, sv.hex(WORD, key[0] >>> 0)),
    sv.set(s.key_1_q, sv.hex(WORD, key[1] >>> 0)),
    sv.set(s.fork_q, sv.zeros),
  ];
  const hasOdd = words % 2 === 1;
  const lastPair = isAt(s.pair_q, pairs - 1);
  const nextPlace: sv.Statement[] = [
    ...toRoot,
    ...(heads === null
      ? [sv.set(s.block_q, stepped(s.block_q))]
      : [
          sv.when(
            isAt(s.head_q, heads - 1),
            [sv.set(s.head_q, sv.zeros), sv.set(s.block_q, stepped(s.block_q))],
            [sv.set(s.head_q, stepped(s.head_q))],
          ),
        ]),
  ];
  return {
    name: SEED_EXPANDER,
    header: [
      `Expands the number of a prompt to its ${all} seeds: Threefry-2x32 with 20 rounds, of ${placesOf(expansion)} ${heads === null ? "blocks" : "heads of blocks"} with ${words} words each. The key of the simulators' stream is built in.`,
      "expand_i takes a number while occupied_o is 0; its seeds then wait for take_i, and leave by write_o in order, one in a clock; last_o marks the last. clear_i drops them. pending_o: no take_i has come; number_o stays until the next number.",
      `Latency: ${expansionClocks(expansion).expand} clocks from expand_i until they wait, and ${expansionClocks(expansion).copy} from take_i, or from then, to last_o.`,
    ],
    ports,
    items: [
      ...declared,
      sv.gap,
      sv.comment("A round of the cipher, and the words of the key that a group adds at its end."),
      sv.wire(s.key_2, sv.binary(sv.binary(s.key_0_q, "^", s.key_1_q), "^", sv.hex(WORD, PARITY))),
      sv.wire(s.sum, sv.binary(s.x_0_q, "+", s.x_1_q)),
      sv.wire(
        s.turned,
        turned
          .slice(0, -1)
          .reduceRight<sv.Expression>((rest, value, n) => sv.choose(isAt(s.round_q, n), value, rest), turned.at(-1)!),
      ),
      sv.wire(s.first, keyAt(0)),
      sv.wire(s.second, keyAt(1)),
      sv.wire(
        s.counter_0,
        labels.reduceRight<sv.Expression>(
          (rest, label, n) => sv.choose(isAt(s.fork_q, n), label, rest),
          sv.widen(s.pair_q, s.pair_q.width!, WORD),
        ),
      ),
      sv.wire(s.counter_1, sv.choose(draws, sv.sized(WORD, 0), sv.hex(WORD, FORKED))),
      sv.wire(s.ends_mix, both(isAt(s.round_q, ROUNDS), isAt(s.group_q, GROUPS))),
      sv.gap,
      sv.comment("A register may not hold 0."),
      sv.wire(s.seed, drawn()),
      sv.wire(s.writes, both(draws, sv.binary(isIn("low"), "|", isIn("high")))),
      sv.wire(s.ends_place, both(s.writes, lastPair, hasOdd ? isIn("low") : isIn("high"))),
      sv.wire(s.ends, both(s.writes, isAt(s.address_q, all - 1))),
      sv.wire(s.occupied_o, sv.binary(s.expanding_q, "|", s.held_q)),
      sv.wire(s.pending_o, both(s.occupied_o, sv.isFalse(s.taken_q))),
      sv.wire(s.number_o, s.number_q),
      sv.gap,
      sv.comment("The copy to the machine: a word is read in one clock and written in the next."),
      sv.wire(s.write_o, s.copies_q),
      sv.wire(s.address_o, s.copied_q),
      sv.wire(s.ends_copy, both(s.copies_q, isAt(s.copied_q, all - 1))),
      sv.wire(s.last_o, s.ends_copy),
      sv.clocked(
        sv.set(s.data_o, sv.bit(s.words, s.read_q)),
        sv.when(s.writes, [sv.set(sv.bit(s.words, s.address_q), s.seed)]),
        sv.set(s.copied_q, s.read_q),
      ),
      sv.gap,
      sv.registers(sv.cleared(s.expanding_q, s.held_q, s.taken_q, s.copies_q, s.read_q), [
        sv.when(
          sv.binary(s.clear_i, "|", s.ends_copy),
          sv.cleared(s.expanding_q, s.held_q, s.taken_q, s.copies_q, s.read_q),
          [
            sv.when(s.expand_i, [sv.set(s.expanding_q, one)]),
            sv.when(s.take_i, [sv.set(s.taken_q, one)]),
            sv.when(s.ends, [sv.set(s.expanding_q, sv.zeros), sv.set(s.held_q, one)]),
            sv.set(s.copies_q, both(s.held_q, s.taken_q)),
            sv.when(both(s.held_q, s.taken_q, sv.isFalse(isAt(s.read_q, all - 1))), [
              sv.set(s.read_q, stepped(s.read_q)),
            ]),
          ],
        ),
      ]),
      sv.clocked(
        sv.when(s.expand_i, [
          sv.set(s.number_q, s.number_i),
          sv.set(s.block_q, sv.zeros),
          ...(heads === null ? [] : [sv.set(s.head_q, sv.zeros)]),
          sv.set(s.address_q, sv.zeros),
          ...toRoot,
          go("load"),
        ]),
        sv.when(isIn("load"), [
          sv.set(s.x_0_q, sv.binary(s.counter_0, "+", s.key_0_q)),
          sv.set(s.x_1_q, sv.binary(s.counter_1, "+", s.key_1_q)),
          sv.set(s.group_q, sv.sized(3, 1)),
          sv.set(s.round_q, sv.zeros),
          sv.set(s.turn_q, sv.sized(2, 1)),
          go("mix"),
        ]),
        sv.when(isIn("mix"), [
          sv.when(
            isAt(s.round_q, ROUNDS),
            [
              sv.set(s.x_0_q, sv.binary(s.x_0_q, "+", s.first)),
              sv.set(s.x_1_q, sv.binary(sv.binary(s.x_1_q, "+", s.second), "+", sv.widen(s.group_q, 3, WORD))),
              sv.set(s.round_q, sv.zeros),
              sv.set(s.group_q, stepped(s.group_q)),
              sv.set(s.turn_q, sv.choose(isAt(s.turn_q, 2), sv.sized(2, 0), stepped(s.turn_q))),
              sv.when(s.ends_mix, [go("low")]),
            ],
            [
              sv.set(s.x_0_q, s.sum),
              sv.set(s.x_1_q, sv.binary(s.turned, "^", s.sum)),
              sv.set(s.round_q, stepped(s.round_q)),
            ],
          ),
        ]),
        sv.when(isIn("low"), [
          sv.when(
            draws,
            [go("high")],
            [
              sv.set(s.key_0_q, s.x_0_q),
              sv.set(s.key_1_q, s.x_1_q),
              sv.set(s.fork_q, stepped(s.fork_q)),
              sv.set(s.pair_q, sv.zeros),
              go("load"),
            ],
          ),
        ]),
        sv.when(isIn("high"), [sv.set(s.pair_q, stepped(s.pair_q)), go("load")]),
        sv.when(s.writes, [sv.set(s.address_q, stepped(s.address_q))]),
        sv.when(s.ends_place, [...nextPlace, go("load")]),
      ),
    ],
  };

  function drawn(): sv.Expression {
    const word = sv.choose(isAt(s.phase_q, PHASES.low), s.x_0_q, s.x_1_q);
    return sv.choose(sv.binary(word, "==", sv.sized(WORD, 0)), sv.sized(WORD, 1), word);
  }
}
