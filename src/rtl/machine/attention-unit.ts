/**
 * Attention of all blocks in token-major order: the SSA engine, the seeds of its registers, the buffers on both sides, and the
 * control that starts it.
 */

import type { TilePlan } from "../../hardware/tile-plan.ts";
import { blocksOf } from "../passes.ts";
import { STEP_BITS } from "../ssa-engine.ts";
import {
  binary,
  bit,
  CLOCKED,
  choose,
  clocked,
  concat,
  type Expression,
  gap,
  type Item,
  input,
  instance,
  isFalse,
  logic,
  type Module,
  name,
  output,
  registers,
  type Statement,
  set,
  sized,
  when,
  wire,
  zeros,
} from "../syntax.ts";
import { ATTENTION_BUFFER, type AttentionSize, QKV_BUFFER } from "./memories.ts";
import { both, countUp, indexBits, isAt } from "./parts.ts";
import type { MachinePlan } from "./plan.ts";

export const ATTENTION_UNIT = "attention_unit";
/** Bits of a word of seeds. */
export const SEED_BITS = 32;

export const attentionSize = ({ tokens, steps, heads, width, ssa }: MachinePlan): AttentionSize => ({
  ...{ tokens, steps, heads, dimension: width / heads, tileTokens: ssa.plan.tileTokens, blocks: blocksOf(ssa.plan) },
});

/** For an engine of several passes: the blocks of queries and keys in a pass, and when a step and a column end. */
export function passTables({ passes, ...plan }: TilePlan): {
  readonly items: readonly Item[];
  readonly queriesEnd: Expression;
  readonly blocksEnd: Expression;
} {
  const blocks = blocksOf({ passes, ...plan });
  const bits = indexBits(blocks);
  const blockOf = (which: "queryBlock" | "keyBlock"): Expression =>
    passes.reduceRight<Expression>(
      (rest, pass, p) =>
        p === passes.length - 1
          ? sized(bits, pass[which])
          : choose(isAt("pass", p, passes.length), sized(bits, pass[which]), rest),
      zeros,
    );
  return {
    items: [
      logic(indexBits(passes.length), "pass"),
      logic(bits, "column_block", "query_block", "key_block"),
      wire(name("query_block"), blockOf("queryBlock")),
      wire(name("key_block"), blockOf("keyBlock")),
    ],
    queriesEnd: isAt("pass", passes.length - 1, passes.length),
    blocksEnd: isAt("column_block", blocks - 1, blocks),
  };
}

/** @param seeds bits of the engine's seeds, of one block */
export function attentionUnit(plan: MachinePlan, seeds: number): Module {
  const { tokens, steps, heads, width, depth, attentionWaits } = plan;
  const { passes } = plan.ssa.plan;
  const { dimension, tileTokens } = attentionSize(plan);
  const isBlockwise = passes.length > 1;
  const tables = isBlockwise ? passTables(plan.ssa.plan) : null;
  const [queriesEnd, blocksEnd] = [tables?.queriesEnd ?? null, tables?.blocksEnd ?? null];
  const only = (condition: Expression | null, statement: Statement): Statement =>
    condition ? when(condition, [statement]) : statement;
  const words = seeds / SEED_BITS;
  const wait = Math.max(...attentionWaits);
  const [stepBits, blockBits] = [indexBits(steps), indexBits(depth)];
  const waitBits = indexBits(wait + 1);
  const lastFeature = (register: string) => isAt(register, dimension - 1, dimension);
  const isFirstOfLast = both(name("write_i"), isAt("token_q", tokens - 1, tokens), isAt("token_step_q", 0, steps));
  const waitOf = attentionWaits.reduceRight<Expression>(
    (rest, clocks, b) =>
      attentionWaits.slice(b).every((later) => later === clocks)
        ? sized(waitBits, clocks)
        : choose(isAt("block_q", b, depth), sized(waitBits, clocks), rest),
    sized(waitBits, 0),
  );
  const started: Item[] =
    wait === 0
      ? [logic(1, "start"), wire(name("start"), isFirstOfLast)]
      : [
          logic(1, "start"),
          logic(waitBits, "wait_q", "wait_d"),
          wire(name("wait_d"), waitOf),
          wire(
            name("start"),
            binary(
              both(isFirstOfLast, binary(name("wait_d"), "==", sized(waitBits, 0))),
              "|",
              binary(name("wait_q"), "==", sized(waitBits, 1)),
            ),
          ),
          registers(
            [set(name("wait_q"), zeros)],
            [
              when(
                isFirstOfLast,
                [set(name("wait_q"), name("wait_d"))],
                [
                  when(binary(name("wait_q"), "!=", sized(waitBits, 0)), [
                    set(name("wait_q"), binary(name("wait_q"), "-", sized(waitBits, 1))),
                  ]),
                ],
              ),
            ],
          ),
        ];
  return {
    name: ATTENTION_UNIT,
    header: [
      `Attention of ${depth} blocks, one after another: ${heads} heads of ${dimension} features, ${tokens} tokens, ${steps} steps.`,
      "q, k and v arrive token by token, all steps of a token in succession, a vector in each clock of write_i, q in the low bits. The engine starts with the last " +
        `token's first vector${wait > 0 ? `, at most ${wait} clocks later, so no vector arrives too late` : ""}. Its seeds are ${words} words of ${SEED_BITS} bits for each block, block after block, which must be written before.`,
      `Latency: the vector at step t of a token can be read at vector_o from ${dimension} (t + 2) + 1 clocks after the engine's first column on; delivered_o is 1 ` +
        "in the clock before, and delivered_block_o names its block.",
    ],
    ports: [
      ...CLOCKED,
      input("seed_write_i"),
      input("seed_address_i", indexBits(depth * words)),
      input("seed_data_i", SEED_BITS),
      input("write_i"),
      input("spikes_i", 3 * width),
      input("address_i", indexBits(tokens * steps)),
      output("vector_o", width),
      output("delivered_o"),
      output("delivered_block_o", blockBits),
    ],
    items: [
      logic(indexBits(tokens), "token_q"),
      logic(stepBits, "token_step_q", "step_q", "out_step_q"),
      logic(indexBits(dimension), "feature_q", "out_feature_q"),
      logic(blockBits, "block_q"),
      ...started,
      logic(1, "busy", "take", "valid"),
      logic(heads * tileTokens, "query", "key", "value", "column"),
      ...(tables ? tables.items : []),
      gap,
      { kind: "memory", width: SEED_BITS, name: "seeds_q", entries: depth * words },
      clocked(when(name("seed_write_i"), [set(bit(name("seeds_q"), name("seed_address_i")), name("seed_data_i"))])),
      logic(seeds, "seed"),
      ...Array.from({ length: words }, (_, w) => seedWire(w)),
      gap,
      instance(QKV_BUFFER, "u_qkv", {
        clk_i: name("clk_i"),
        write_i: name("write_i"),
        token_i: name("token_q"),
        token_step_i: name("token_step_q"),
        spikes_i: name("spikes_i"),
        step_i: name("step_q"),
        feature_i: name("feature_q"),
        ...(isBlockwise ? { query_block_i: name("query_block"), key_block_i: name("key_block") } : {}),
        query_o: name("query"),
        key_o: name("key"),
        value_o: name("value"),
      }),
      instance("ssa_engine", "u_engine", {
        clk_i: name("clk_i"),
        rst_ni: name("rst_ni"),
        start_i: name("start"),
        steps_i: sized(STEP_BITS, steps),
        seed_i: name("seed"),
        query_i: name("query"),
        key_i: name("key"),
        value_i: name("value"),
        busy_o: name("busy"),
        take_o: name("take"),
        ...(isBlockwise ? { pass_o: name("pass"), block_o: name("column_block") } : {}),
        valid_o: name("valid"),
        spike_o: name("column"),
      }),
      instance(ATTENTION_BUFFER, "u_attention", {
        clk_i: name("clk_i"),
        write_i: name("valid"),
        step_i: name("out_step_q"),
        feature_i: name("out_feature_q"),
        ...(isBlockwise ? { block_i: name("column_block") } : {}),
        spikes_i: name("column"),
        address_i: name("address_i"),
        vector_o: name("vector_o"),
      }),
      wire(name("delivered_o"), both(name("valid"), lastFeature("out_feature_q"), ...(blocksEnd ? [blocksEnd] : []))),
      wire(name("delivered_block_o"), name("block_q")),
      gap,
      registers(
        ["token_q", "token_step_q", "step_q", "feature_q", "out_step_q", "out_feature_q", "block_q"].map((register) =>
          set(name(register), zeros),
        ),
        [
          when(name("write_i"), [
            countUp("token_step_q", steps),
            when(isAt("token_step_q", steps - 1, steps), [countUp("token_q", tokens)]),
          ]),
          when(name("take"), [
            countUp("feature_q", dimension),
            when(lastFeature("feature_q"), [only(queriesEnd, countUp("step_q", steps))]),
          ]),
          when(name("valid"), [
            countUp("out_feature_q", dimension),
            when(both(lastFeature("out_feature_q"), ...(blocksEnd ? [blocksEnd] : [])), [
              countUp("out_step_q", steps),
              when(isAt("out_step_q", steps - 1, steps), [countUp("block_q", depth)]),
            ]),
          ]),
        ],
      ),
      {
        kind: "simulation",
        body: [
          registers(
            [],
            [
              {
                kind: "assert",
                condition: binary(isFalse(name("start")), "||", isFalse(name("busy"))),
                message: [{ kind: "text", text: "attention starts while it is busy" }],
              },
            ],
          ),
        ],
      },
    ],
  };

  /** A seed word of the current block. */
  function seedWire(w: number): Item {
    const at = indexBits(depth * words);
    const block = depth === 1 ? sized(at, w) : binary(binary(wideBlock(at), "*", sized(at, words)), "+", sized(at, w));
    return wire(
      { kind: "slice", of: name("seed"), high: SEED_BITS * (w + 1) - 1, low: SEED_BITS * w },
      bit(name("seeds_q"), block),
    );
  }
  function wideBlock(bits: number): Expression {
    return bits === blockBits ? name("block_q") : concat(sized(bits - blockBits, 0), name("block_q"));
  }
}
