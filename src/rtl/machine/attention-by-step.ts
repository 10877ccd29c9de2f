/**
 * Attention of all blocks in step-major order: blocks take turns at the SSA engine after every step. Each block therefore has
 * its own buffers on both sides of the engine, and crossbars work on other steps meanwhile.
 *
 * Blocks take turns in the order of the schedule. A run begins when q, k and v of its step are complete and the engine is free,
 * which includes the clock right after the last one of the previous run. Draws are stratified: every step starts from the
 * block's seeds, so no other engine state has to be saved while other blocks use it.
 */
import { STEP_BITS } from "../ssa-engine.ts";
import * as sv from "../syntax.ts";
import { ATTENTION_UNIT, attentionSize, passTables } from "./attention-unit.ts";
import { SEED_BITS, type TileEngine } from "./engine.ts";
import { ATTENTION_BUFFER, QKV_BUFFER } from "./memories.ts";
import { both, countUp, countWaiting, indexBits, isAt } from "./parts.ts";
import type { MachinePlan } from "./plan.ts";
import type { StepMajorPlan } from "./step-major-plan.ts";

export function attentionByStep(plan: MachinePlan, stepMajor: StepMajorPlan, engine: TileEngine): sv.Module {
  const { tokens, steps, heads, width, depth } = plan;
  const { runs, qkvSteps, attentionSteps } = stepMajor;
  const { dimension, tileTokens } = attentionSize(plan, engine);
  const { passes } = engine.tile.plan;
  const seeds = engine.seedBits;
  const words = seeds / SEED_BITS;
  const column = heads * tileTokens;
  const [blockBits, stepBits, runBits] = [indexBits(depth), indexBits(steps), indexBits(runs.length)];
  const rowBits = indexBits(tokens * attentionSteps);
  const tables = passes.length > 1 ? passTables(engine.tile.plan) : null;
  const index = (signal: sv.Signal, bits: number) => sv.widen(signal, bits, 32);
  /** For a signal with a part per block: the part of the loop's block, and that of a block by number. */
  const own = (signal: sv.Signal, bits: number): sv.Expression =>
    depth === 1 ? signal : bits === 1 ? sv.bit(signal, sv.name("b")) : sv.part(signal, sv.times(bits, "b"), bits);
  const of = (signal: sv.Signal, bits: number, block: sv.Signal): sv.Expression => {
    if (depth === 1) return signal;
    if (bits === 1) return sv.bit(signal, block);
    return sv.part(signal, sv.binary(sv.decimal(bits), "*", index(block, blockBits)), bits);
  };
  const isOwn = (block: sv.Signal, condition: sv.Expression): sv.Expression =>
    depth === 1 ? condition : both(condition, sv.binary(block, "==", sv.cast(blockBits, sv.name("b"))));
  const lastFeature = (register: sv.Signal) => isAt(register, dimension - 1);
  const waitingBits = indexBits(qkvSteps + 1);
  const ports = [
    ...sv.CLOCKED,
    sv.input("seed_write_i"),
    sv.input("seed_address_i", indexBits(depth * words)),
    sv.input("seed_data_i", SEED_BITS),
    sv.input("write_i", depth),
    sv.input("spikes_i", depth * 3 * width),
    sv.input("address_i", depth * rowBits),
    sv.output("vector_o", depth * width),
    sv.output("delivered_o", depth),
  ];
  const declared = [
    sv.logic(1, "start", "ready", "busy", "take", "valid", "counted", "delivered"),
    sv.logic(depth, "there"),
    sv.logic(depth * stepBits, "steps"),
    sv.logic(depth * column, "queries", "keys", "values"),
    sv.logic(column, "column"),
    ...(depth > 1 ? [sv.logic(blockBits, "next_block", "block_q", "out_block_q")] : []),
    sv.logic(indexBits(dimension), "feature_q", "out_feature_q"),
  ];
  const s = sv.signals(ports, [
    ...declared,
    sv.memory(SEED_BITS, "seeds_q", depth * words),
    sv.logic(blockBits, "seed_block"),
    sv.logic(seeds, "seed"),
    sv.logic(runBits, "run_q"),
    sv.logic(indexBits(tokens), "token_q"),
    sv.logic(indexBits(qkvSteps), "written_q", "read_q"),
    sv.logic(indexBits(attentionSteps), "out_q"),
    sv.logic(stepBits, "step_q"),
    sv.logic(waitingBits, "waiting_q"),
    sv.logic(1, "whole", "begins"),
  ]);
  const turnBits = blockBits * runs.length;
  const turnsOfBlocks = runs.reduceRight((all, block) => (all << BigInt(blockBits)) | BigInt(block), 0n);
  const blockOfRun = sv.constant("BlockOfRun", turnBits, sv.hex(turnBits, turnsOfBlocks));
  const turns: sv.Item[] =
    depth === 1
      ? []
      : [
          sv.comment("The block of each run in order, the first in the low bits."),
          blockOfRun,
          sv.declare(s.run_q),
          sv.wire(
            s.next_block,
            blockBits === 1
              ? sv.bit(blockOfRun.signals[0], s.run_q)
              : sv.part(
                  blockOfRun.signals[0],
                  sv.binary(sv.decimal(blockBits), "*", index(s.run_q, runBits)),
                  blockBits,
                ),
          ),
        ];
  const ofBlocks = sv.loop("b", depth, "gen_block", [
    sv.declare(s.token_q),
    sv.declare(s.written_q, s.read_q),
    sv.declare(s.out_q),
    sv.declare(s.step_q),
    sv.declare(s.waiting_q),
    sv.declare(s.whole, s.begins),
    sv.wire(s.whole, both(own(s.write_i, 1), isAt(s.token_q, tokens - 1))),
    sv.wire(s.begins, isOwn(s.next_block, s.start)),
    sv.wire(own(s.there, 1), sv.binary(sv.binary(s.waiting_q, "!=", sv.sized(waitingBits, 0)), "|", s.whole)),
    sv.wire(own(s.steps, stepBits), s.step_q),
    sv.wire(own(s.delivered_o, 1), isOwn(s.out_block_q, s.delivered)),
    sv.instance(QKV_BUFFER, "u_qkv", {
      clk_i: s.clk_i,
      write_i: own(s.write_i, 1),
      token_i: s.token_q,
      token_step_i: s.written_q,
      spikes_i: own(s.spikes_i, 3 * width),
      step_i: s.read_q,
      feature_i: s.feature_q,
      ...(tables ? { query_block_i: tables.signals.query_block, key_block_i: tables.signals.key_block } : {}),
      query_o: own(s.queries, column),
      key_o: own(s.keys, column),
      value_o: own(s.values, column),
    }),
    sv.instance(ATTENTION_BUFFER, "u_attention", {
      clk_i: s.clk_i,
      write_i: isOwn(s.out_block_q, s.valid),
      step_i: s.out_q,
      feature_i: s.out_feature_q,
      ...(tables ? { block_i: tables.signals.column_block } : {}),
      spikes_i: s.column,
      address_i: own(s.address_i, rowBits),
      vector_o: own(s.vector_o, width),
    }),
    sv.registers(sv.cleared(s.token_q, s.written_q, s.step_q, s.read_q, s.out_q, s.waiting_q), [
      sv.when(own(s.write_i, 1), [countUp(s.token_q, tokens)]),
      sv.when(s.whole, [countUp(s.written_q, qkvSteps)]),
      sv.when(s.begins, [countUp(s.step_q, steps)]),
      ...countWaiting(s.waiting_q, s.whole, s.begins),
      sv.when(isOwn(s.block_q, s.counted), [countUp(s.read_q, qkvSteps)]),
      sv.when(isOwn(s.out_block_q, s.delivered), [countUp(s.out_q, attentionSteps)]),
    ]),
  ]);

  return {
    name: ATTENTION_UNIT,
    header: [
      `Attention of ${depth > 1 ? `${depth} blocks, which take turns step by step` : "a block, step by step"}: ${heads} heads of ${dimension} features, ${tokens} tokens, ${steps} steps. In a signal with one part per block, block 0 is in the low bits.`,
      "q, k and v arrive step by step, all tokens of a step in succession, a vector in each clock of the block's write_i, q in the low bits. The engine starts with the last " +
        `token's vector, or when the previous run${depth > 1 ? " in the order of BlockOfRun" : ""} ends. A block's seeds are ${words} words of ${SEED_BITS} bits, block after block, which must be written before.`,
      `Buffers hold ${qkvSteps} and ${attentionSteps} steps of a block, used in turn: the peak numbers of the schedule.`,
      `Latency: all vectors of a step can be read at vector_o from ${dimension * (passes.length + 1) + 1} clocks after the engine's first column of the step on; the block's delivered_o is 1 in the clock before.`,
    ],
    ports,
    items: [
      ...declared,
      ...(tables ? tables.items : []),
      sv.gap,
      ...turns,
      sv.wire(s.start, both(s.ready, of(s.there, 1, s.next_block))),
      sv.wire(s.counted, both(s.take, lastFeature(s.feature_q), ...(tables ? [tables.queriesEnd] : []))),
      sv.wire(s.delivered, both(s.valid, lastFeature(s.out_feature_q), ...(tables ? [tables.blocksEnd] : []))),
      sv.gap,
      sv.declare(s.seeds_q),
      sv.clocked(sv.when(s.seed_write_i, [sv.set(sv.bit(s.seeds_q, s.seed_address_i), s.seed_data_i)])),
      ...(depth > 1
        ? [sv.declare(s.seed_block), sv.wire(s.seed_block, sv.choose(s.start, s.next_block, s.block_q))]
        : []),
      sv.declare(s.seed),
      ...Array.from({ length: words }, (_, w) => seedWire(w)),
      sv.gap,
      sv.instance(engine.name, "u_engine", {
        clk_i: s.clk_i,
        rst_ni: s.rst_ni,
        start_i: s.start,
        step_i: sv.widen(of(s.steps, stepBits, s.next_block), stepBits, STEP_BITS),
        seed_i: s.seed,
        query_i: of(s.queries, column, s.block_q),
        key_i: of(s.keys, column, s.block_q),
        value_i: of(s.values, column, s.block_q),
        busy_o: s.busy,
        ready_o: s.ready,
        take_o: s.take,
        ...(tables ? { pass_o: tables.signals.pass, block_o: tables.signals.column_block } : {}),
        valid_o: s.valid,
        spike_o: s.column,
      }),
      sv.gap,
      ofBlocks,
      sv.gap,
      sv.comment("The last values of a run leave in the clock after it."),
      sv.registers(
        sv.cleared(...(depth > 1 ? [s.run_q, s.block_q, s.out_block_q] : []), s.feature_q, s.out_feature_q),
        [
          ...(depth > 1
            ? [
                sv.when(s.start, [countUp(s.run_q, runs.length), sv.set(s.block_q, s.next_block)]),
                sv.set(s.out_block_q, s.block_q),
              ]
            : []),
          sv.when(s.take, [countUp(s.feature_q, dimension)]),
          sv.when(s.valid, [countUp(s.out_feature_q, dimension)]),
        ],
      ),
      sv.simulation(
        sv.registers(
          [],
          [sv.assert(sv.binary(sv.isFalse(s.take), "||", s.busy), "attention takes a feature while it is idle")],
        ),
      ),
    ],
  };

  /** A seed word of the block that starts, or that has the engine. */
  function seedWire(w: number): sv.Item {
    const at = indexBits(depth * words);
    const word =
      depth === 1
        ? sv.sized(at, w)
        : sv.binary(sv.binary(sv.cast(at, s.seed_block), "*", sv.sized(at, words)), "+", sv.sized(at, w));
    return sv.wire(sv.slice(s.seed, SEED_BITS * (w + 1) - 1, SEED_BITS * w), sv.bit(s.seeds_q, word));
  }
}
