/**
 * Attention of all blocks in token-major order: the SSA engine, the seeds of its registers, the buffers on both sides, and the
 * control that starts it.
 */

import type { TilePlan } from "../../hardware/tile-plan.ts";
import { unused } from "../encoder.ts";
import { blocksOf } from "../passes.ts";
import { STEP_BITS } from "../ssa-engine.ts";
import * as sv from "../syntax.ts";
import { type MachineEngine, SEED_BITS, type TileEngine } from "./engine.ts";
import { ATTENTION_BUFFER, type AttentionSize, QKV_BUFFER } from "./memories.ts";
import { both, countUp, indexBits, isAt } from "./parts.ts";
import type { MachinePlan } from "./plan.ts";

export const ATTENTION_UNIT = "attention_unit";

export const attentionSize = (
  { tokens, steps, heads, width }: MachinePlan,
  { tile }: Pick<TileEngine, "tile">,
): AttentionSize => ({
  tokens,
  steps,
  heads,
  dimension: width / heads,
  tileTokens: tile.plan.tileTokens,
  blocks: blocksOf(tile.plan),
});

/** For an engine of several passes: the blocks of queries and keys in a pass, and when a step and a column end. */
export function passTables({ passes, ...plan }: TilePlan): {
  readonly items: readonly sv.Item[];
  readonly signals: sv.Signals<"pass" | "column_block" | "query_block" | "key_block">;
  readonly queriesEnd: sv.Expression;
  readonly blocksEnd: sv.Expression;
} {
  const blocks = blocksOf({ passes, ...plan });
  const bits = indexBits(blocks);
  const declared = [
    sv.logic(indexBits(passes.length), "pass"),
    sv.logic(bits, "column_block", "query_block", "key_block"),
  ];
  const s = sv.signals([], declared);
  const blockOf = (which: "queryBlock" | "keyBlock"): sv.Expression =>
    passes.reduceRight<sv.Expression>(
      (rest, pass, p) =>
        p === passes.length - 1
          ? sv.sized(bits, pass[which])
          : sv.choose(isAt(s.pass, p), sv.sized(bits, pass[which]), rest),
      sv.zeros,
    );
  return {
    items: [...declared, sv.wire(s.query_block, blockOf("queryBlock")), sv.wire(s.key_block, blockOf("keyBlock"))],
    signals: s,
    queriesEnd: isAt(s.pass, passes.length - 1),
    blocksEnd: isAt(s.column_block, blocks - 1),
  };
}

/** The pins of attention, whatever computes it. */
export const attentionPorts = (
  { tokens, steps, width, depth }: MachinePlan,
  { parts, seedBits }: Pick<MachineEngine, "parts" | "seedBits">,
) => [
  ...sv.CLOCKED,
  sv.input("seed_write_i"),
  sv.input("seed_address_i", indexBits((depth * seedBits) / SEED_BITS)),
  sv.input("seed_data_i", SEED_BITS),
  sv.input("write_i"),
  sv.input("spikes_i", parts.length * width),
  sv.input("address_i", indexBits(tokens * steps)),
  sv.output("vector_o", width),
  sv.output("delivered_o"),
  sv.output("delivered_block_o", indexBits(depth)),
];

/** When the engine starts: with the last token's first vector, or so much later that no vector arrives too late. */
export function startItems(
  { attentionWaits, tokens }: MachinePlan,
  s: sv.Signals<"write_i" | "token_q" | "token_step_q" | "block_q">,
): { readonly start: sv.Signal; readonly wait: number; readonly items: readonly sv.Item[] } {
  const wait = Math.max(...attentionWaits);
  const waitBits = indexBits(wait + 1);
  const own = sv.signals([], [sv.logic(1, "start"), sv.logic(waitBits, "wait_q", "wait_d")]);
  const { start } = own;
  const isFirstOfLast = both(s.write_i, isAt(s.token_q, tokens - 1), isAt(s.token_step_q, 0));
  if (wait === 0) return { start, wait, items: [sv.declare(start), sv.wire(start, isFirstOfLast)] };
  const waitOf = attentionWaits.reduceRight<sv.Expression>(
    (rest, clocks, b) =>
      attentionWaits.slice(b).every((later) => later === clocks)
        ? sv.sized(waitBits, clocks)
        : sv.choose(isAt(s.block_q, b), sv.sized(waitBits, clocks), rest),
    sv.sized(waitBits, 0),
  );
  const items = [
    sv.declare(start),
    sv.declare(own.wait_q, own.wait_d),
    sv.wire(own.wait_d, waitOf),
    sv.wire(
      start,
      sv.binary(
        both(isFirstOfLast, sv.binary(own.wait_d, "==", sv.sized(waitBits, 0))),
        "|",
        sv.binary(own.wait_q, "==", sv.sized(waitBits, 1)),
      ),
    ),
    sv.registers(
      [sv.set(own.wait_q, sv.zeros)],
      [
        sv.when(
          isFirstOfLast,
          [sv.set(own.wait_q, own.wait_d)],
          [
            sv.when(sv.binary(own.wait_q, "!=", sv.sized(waitBits, 0)), [
              sv.set(own.wait_q, sv.binary(own.wait_q, "-", sv.sized(waitBits, 1))),
            ]),
          ],
        ),
      ],
    ),
  ];
  return { start, wait, items };
}

export function attentionUnit(plan: MachinePlan, engine: TileEngine): sv.Module {
  const { tokens, steps, heads, depth } = plan;
  const { passes } = engine.tile.plan;
  const seeds = engine.seedBits;
  const { dimension, tileTokens } = attentionSize(plan, engine);
  const tables = passes.length > 1 ? passTables(engine.tile.plan) : null;
  const [queriesEnd, blocksEnd] = [tables?.queriesEnd ?? null, tables?.blocksEnd ?? null];
  const only = (condition: sv.Expression | null, statement: sv.Statement): sv.Statement =>
    condition ? sv.when(condition, [statement]) : statement;
  const words = seeds / SEED_BITS;
  const [stepBits, blockBits] = [indexBits(steps), indexBits(depth)];
  const lastFeature = (register: sv.Signal) => isAt(register, dimension - 1);
  const ports = attentionPorts(plan, engine);
  const declared = [
    sv.logic(indexBits(tokens), "token_q"),
    sv.logic(stepBits, "token_step_q", "step_q", "out_step_q"),
    sv.logic(indexBits(dimension), "feature_q", "out_feature_q"),
    sv.logic(blockBits, "block_q"),
  ];
  const s = sv.signals(ports, [
    ...declared,
    sv.logic(1, "busy", "take", "valid"),
    sv.logic(heads * tileTokens, "query", "key", "value", "column"),
    sv.memory(SEED_BITS, "seeds_q", depth * words),
    sv.logic(seeds, "seed"),
  ]);
  const { start, wait, items: started } = startItems(plan, s);
  return {
    name: ATTENTION_UNIT,
    header: [
      `Attention of ${depth} blocks, one after another: ${heads} heads of ${dimension} features, ${tokens} tokens, ${steps} steps.`,
      "q, k and v arrive token by token, all steps of a token in succession, a vector in each clock of write_i, q in the low bits. The engine starts with the last " +
        `token's first vector${wait > 0 ? `, at most ${wait} clocks later, so no vector arrives too late` : ""}. ${
          engine.random
            ? `Its seeds are ${words} words of ${SEED_BITS} bits for each block, block after block, which must be written before.`
            : "It draws nothing: seeds are ignored."
        }`,
      `Latency: the vector at step t of a token can be read at vector_o from ${dimension} (t + 2) + 1 clocks after the engine's first column on; delivered_o is 1 ` +
        "in the clock before, and delivered_block_o names its block.",
    ],
    ports,
    items: [
      ...declared,
      ...started,
      sv.declare(s.busy, s.take, s.valid),
      sv.declare(s.query, s.key, s.value, s.column),
      ...(tables ? tables.items : []),
      sv.gap,
      ...(engine.random ? seedItems() : unused("seeds", sv.concat(s.seed_write_i, s.seed_address_i, s.seed_data_i))),
      sv.gap,
      sv.instance(QKV_BUFFER, "u_qkv", {
        clk_i: s.clk_i,
        write_i: s.write_i,
        token_i: s.token_q,
        token_step_i: s.token_step_q,
        spikes_i: s.spikes_i,
        step_i: s.step_q,
        feature_i: s.feature_q,
        ...(tables ? { query_block_i: tables.signals.query_block, key_block_i: tables.signals.key_block } : {}),
        query_o: s.query,
        key_o: s.key,
        value_o: s.value,
      }),
      sv.instance(engine.name, "u_engine", {
        clk_i: s.clk_i,
        rst_ni: s.rst_ni,
        start_i: start,
        steps_i: sv.sized(STEP_BITS, steps),
        ...(engine.random ? { seed_i: s.seed } : {}),
        query_i: s.query,
        key_i: s.key,
        value_i: s.value,
        busy_o: s.busy,
        take_o: s.take,
        ...(tables ? { pass_o: tables.signals.pass, block_o: tables.signals.column_block } : {}),
        valid_o: s.valid,
        spike_o: s.column,
      }),
      sv.instance(ATTENTION_BUFFER, "u_attention", {
        clk_i: s.clk_i,
        write_i: s.valid,
        step_i: s.out_step_q,
        feature_i: s.out_feature_q,
        ...(tables ? { block_i: tables.signals.column_block } : {}),
        spikes_i: s.column,
        address_i: s.address_i,
        vector_o: s.vector_o,
      }),
      sv.wire(s.delivered_o, both(s.valid, lastFeature(s.out_feature_q), ...(blocksEnd ? [blocksEnd] : []))),
      sv.wire(s.delivered_block_o, s.block_q),
      sv.gap,
      sv.registers(
        sv.cleared(s.token_q, s.token_step_q, s.step_q, s.feature_q, s.out_step_q, s.out_feature_q, s.block_q),
        [
          sv.when(s.write_i, [
            countUp(s.token_step_q, steps),
            sv.when(isAt(s.token_step_q, steps - 1), [countUp(s.token_q, tokens)]),
          ]),
          sv.when(s.take, [
            countUp(s.feature_q, dimension),
            sv.when(lastFeature(s.feature_q), [only(queriesEnd, countUp(s.step_q, steps))]),
          ]),
          sv.when(s.valid, [
            countUp(s.out_feature_q, dimension),
            sv.when(both(lastFeature(s.out_feature_q), ...(blocksEnd ? [blocksEnd] : [])), [
              countUp(s.out_step_q, steps),
              sv.when(isAt(s.out_step_q, steps - 1), [countUp(s.block_q, depth)]),
            ]),
          ]),
        ],
      ),
      sv.simulation(
        sv.registers(
          [],
          [sv.assert(sv.binary(sv.isFalse(start), "||", sv.isFalse(s.busy)), "attention starts while it is busy")],
        ),
      ),
    ],
  };

  function seedItems(): sv.Item[] {
    const write = sv.clocked(sv.when(s.seed_write_i, [sv.set(sv.bit(s.seeds_q, s.seed_address_i), s.seed_data_i)]));
    switch (plan.fabric.kind) {
      case "macros":
        return [
          sv.declare(s.seeds_q),
          write,
          sv.declare(s.seed),
          ...Array.from({ length: words }, (_, w) => seedWire(w)),
        ];
      case "memories":
        return [sv.inBlocks(sv.declare(s.seeds_q)), write, ...loadedItems()];
    }
  }
  /** Seeds of a block move from their memory to a register, a word in each clock, when its first vector arrives. */
  function loadedItems(): sv.Item[] {
    const own = sv.signals(
      [],
      [
        sv.logic(indexBits(depth * words), "seed_address_q"),
        sv.logic(indexBits(words), "seed_count_q"),
        sv.logic(SEED_BITS, "seed_word_q"),
        sv.logic(1, "seed_reads_q", "seed_loads_q"),
      ],
    );
    const {
      seed_address_q: address,
      seed_count_q: count,
      seed_word_q: word,
      seed_reads_q: reads,
      seed_loads_q: loads,
    } = own;
    const begins = both(s.write_i, isAt(s.token_q, 0), isAt(s.token_step_q, 0));
    return [
      ...Object.values(own).map((one) => sv.declare(one)),
      sv.declare(s.seed),
      sv.registers(sv.cleared(address, count, reads, loads), [
        sv.set(loads, reads),
        sv.when(begins, [sv.set(reads, sv.sized(1, 1))]),
        sv.when(reads, [
          countUp(address, depth * words),
          countUp(count, words),
          sv.when(isAt(count, words - 1), [sv.set(reads, sv.zeros)]),
        ]),
      ]),
      sv.clocked(
        sv.set(word, sv.bit(s.seeds_q, address)),
        sv.when(loads, [sv.set(s.seed, words === 1 ? word : sv.concat(word, sv.slice(s.seed, seeds - 1, SEED_BITS)))]),
      ),
    ];
  }
  /** A seed word of the current block. */
  function seedWire(w: number): sv.Item {
    const at = indexBits(depth * words);
    const block =
      depth === 1
        ? sv.sized(at, w)
        : sv.binary(sv.binary(wideBlock(at), "*", sv.sized(at, words)), "+", sv.sized(at, w));
    return sv.wire(sv.slice(s.seed, SEED_BITS * (w + 1) - 1, SEED_BITS * w), sv.bit(s.seeds_q, block));
  }
  function wideBlock(bits: number): sv.Expression {
    return bits === blockBits ? s.block_q : sv.concat(sv.sized(bits - blockBits, 0), s.block_q);
  }
}
