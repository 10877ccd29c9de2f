/**
 * Attention of all blocks with several prompts in flight: the SSA engine, each block's buffers on both sides, seeds of several prompts,
 * and the control that follows the timetable (`flight.ts`).
 *
 * A block's buffers hold whole runs, used in turn. Runs of a block are those of its prompts, in order, so each block counts its own. A
 * run may start in the last clock of the one before; its last values leave in the first clock of the next.
 */
import { STEP_BITS } from "../ssa-engine.ts";
import * as sv from "../syntax.ts";
import { ATTENTION_UNIT, attentionSize, passTables } from "./attention-unit.ts";
import { SEED_BITS, type TileEngine } from "./engine.ts";
import type { InFlightPlan } from "./flight.ts";
import { ATTENTION_BUFFER, QKV_BUFFER } from "./memories.ts";
import { both, countUp, indexBits, isAt } from "./parts.ts";
import { type MachinePlan, seedPortOf } from "./plan.ts";

export function attentionInFlight(plan: MachinePlan, inFlight: InFlightPlan, engine: TileEngine): sv.Module {
  const { tokens, steps, heads, width, depth } = plan;
  const { qkvRuns, attentionRuns, seedBanks } = inFlight;
  const { dimension, tileTokens } = attentionSize(plan, engine);
  const { passes } = engine.tile.plan;
  const seeds = engine.seedBits;
  const words = seeds / SEED_BITS;
  const column = heads * tileTokens;
  const [blockBits, stepBits, bankBits] = [depth, steps, seedBanks].map(indexBits);
  const [qkvBits, attentionBits] = [qkvRuns, attentionRuns].map(indexBits);
  const rowBits = indexBits(tokens * attentionRuns * steps);
  /** Buffers of a single run have none to count. */
  const [hasTurns, hasOutTurns] = [qkvRuns > 1, attentionRuns > 1];
  const tables = passes.length > 1 ? passTables(engine.tile.plan) : null;
  const lastFeature = (register: sv.Signal) => isAt(register, dimension - 1);
  /** For a signal with a part per block: the part of the loop's block, and that of a block by number. */
  const own = (signal: sv.Signal, bits: number): sv.Expression =>
    depth === 1 ? signal : bits === 1 ? sv.bit(signal, sv.name("b")) : sv.part(signal, sv.times(bits, "b"), bits);
  const of = (signal: sv.Signal, bits: number, block: sv.Signal): sv.Expression => {
    if (depth === 1) return signal;
    if (bits === 1) return sv.bit(signal, block);
    return sv.part(signal, sv.binary(sv.decimal(bits), "*", sv.widen(block, blockBits, 32)), bits);
  };
  const isOwn = (block: sv.Signal, condition: sv.Expression): sv.Expression =>
    depth === 1 ? condition : both(condition, sv.binary(block, "==", sv.cast(blockBits, sv.name("b"))));
  /** A step among those of several runs. */
  const place = (run: sv.Signal, runs: number, step: sv.Signal): sv.Expression => {
    const bits = indexBits(runs * steps);
    const ofRun = sv.cast(bits, step);
    return runs === 1 ? ofRun : sv.binary(sv.binary(sv.cast(bits, run), "*", sv.sized(bits, steps)), "+", ofRun);
  };
  const { atOnce, width: seedWidth, writes } = seedPortOf(plan);
  const seedCount = seedBanks * writes;
  const ports = [
    ...sv.CLOCKED,
    sv.input("seed_write_i"),
    sv.input("seed_address_i", indexBits(writes)),
    sv.input("seed_data_i", seedWidth),
    sv.input("entered_i"),
    sv.input("begin_i", depth),
    sv.input("write_i", depth),
    sv.input("spikes_i", depth * 3 * width),
    sv.input("address_i", depth * rowBits),
    sv.output("vector_o", depth * width),
  ];
  const declared = [
    sv.logic(1, "start", "busy", "take", "valid", "counted", "delivered"),
    ...(hasOutTurns ? [sv.logic(1, "whole")] : []),
    sv.logic(depth * column, "queries", "keys", "values"),
    sv.logic(column, "column"),
    ...(hasTurns ? [sv.logic(depth * qkvBits, "runs")] : []),
    sv.logic(depth * bankBits, "banks"),
    sv.logic(indexBits(dimension), "feature_q", "out_feature_q"),
    sv.logic(stepBits, "step_q", "out_step_q"),
    ...(hasTurns ? [sv.logic(qkvBits, "run_q")] : []),
    ...(depth > 1 ? [sv.logic(blockBits, "next_block", "block_q", "out_block_q")] : []),
  ];
  const seedDeclared = [
    sv.memory(seedWidth, "seeds_q", seedCount),
    sv.logic(bankBits, "write_bank_q", "bank_q", "seed_bank"),
    ...(depth > 1 ? [sv.logic(blockBits, "seed_block")] : []),
    sv.logic(seeds, "seed"),
  ];
  const s = sv.signals<string, string>(ports, [
    ...declared,
    ...seedDeclared,
    sv.logic(1, "begins"),
    sv.logic(indexBits(tokens), "token_q"),
    sv.logic(stepBits, "written_q"),
    sv.logic(qkvBits, "written_run_q", "read_run_q"),
    sv.logic(attentionBits, "out_run_q"),
    sv.logic(bankBits, "bank_of_run_q"),
  ]);
  const others = sv.binary(s.begin_i, "&", sv.binary(s.begin_i, "-", sv.sized(depth, 1)));
  const isSingle = sv.binary(others, "==", sv.sized(depth, 0));
  const ofBlocks = sv.loop("b", depth, "gen_block", [
    sv.declare(s.begins),
    sv.declare(s.token_q),
    sv.declare(s.written_q),
    ...(hasTurns ? [sv.declare(s.written_run_q, s.read_run_q)] : []),
    ...(hasOutTurns ? [sv.declare(s.out_run_q)] : []),
    sv.declare(s.bank_of_run_q),
    sv.wire(s.begins, own(s.begin_i, 1)),
    ...(hasTurns ? [sv.wire(own(s.runs, qkvBits), s.read_run_q)] : []),
    sv.wire(own(s.banks, bankBits), s.bank_of_run_q),
    sv.instance(QKV_BUFFER, "u_qkv", {
      clk_i: s.clk_i,
      write_i: own(s.write_i, 1),
      token_i: s.token_q,
      token_step_i: place(s.written_run_q, qkvRuns, s.written_q),
      spikes_i: own(s.spikes_i, 3 * width),
      step_i: place(s.run_q, qkvRuns, s.step_q),
      feature_i: s.feature_q,
      ...(tables ? { query_block_i: tables.signals.query_block, key_block_i: tables.signals.key_block } : {}),
      query_o: own(s.queries, column),
      key_o: own(s.keys, column),
      value_o: own(s.values, column),
    }),
    sv.instance(ATTENTION_BUFFER, "u_attention", {
      clk_i: s.clk_i,
      write_i: isOwn(s.out_block_q, s.valid),
      step_i: place(s.out_run_q, attentionRuns, s.out_step_q),
      feature_i: s.out_feature_q,
      ...(tables ? { block_i: tables.signals.column_block } : {}),
      spikes_i: s.column,
      address_i: own(s.address_i, rowBits),
      vector_o: own(s.vector_o, width),
    }),
    sv.registers(
      sv.cleared(
        s.token_q,
        s.written_q,
        ...(hasTurns ? [s.written_run_q, s.read_run_q] : []),
        ...(hasOutTurns ? [s.out_run_q] : []),
        s.bank_of_run_q,
      ),
      [
        sv.when(own(s.write_i, 1), [
          countUp(s.written_q, steps),
          sv.when(isAt(s.written_q, steps - 1), [
            countUp(s.token_q, tokens),
            ...(hasTurns ? [sv.when(isAt(s.token_q, tokens - 1), [countUp(s.written_run_q, qkvRuns)])] : []),
          ]),
        ]),
        sv.when(s.begins, [...(hasTurns ? [countUp(s.read_run_q, qkvRuns)] : []), countUp(s.bank_of_run_q, seedBanks)]),
        ...(hasOutTurns ? [sv.when(isOwn(s.out_block_q, s.whole), [countUp(s.out_run_q, attentionRuns)])] : []),
      ],
    ),
  ]);
  return {
    name: ATTENTION_UNIT,
    header: [
      `Attention of ${depth === 1 ? "a block" : `${depth} blocks`}, with prompts in flight: ${heads} heads of ${dimension} features, ${tokens} tokens, ${steps} steps. In a signal with one part per block, block 0 is in the low bits.`,
      "q, k and v arrive token by token, all steps of a token in succession, a vector in each clock of the block's write_i, q in the low bits. The engine starts a block's run in the clock of " +
        `its begin_i, before the last vectors are there. Buffers hold ${qkvRuns} runs of q, k and v and ${attentionRuns} of their output for each block, used in turn.`,
      `A prompt's seeds are ${words} words of ${SEED_BITS} bits for each block, block after block. They must be written before the clock of entered_i, which turns to the next of ${seedBanks} prompts' seeds.`,
      `Latency: a run's vectors at step t can be read at vector_o from ${dimension} (${passes.length} (t + 1) + 1) + 1 clocks after the engine's first column on, which follows begin_i.`,
    ],
    ports,
    items: [
      ...declared,
      ...(tables ? tables.items : []),
      sv.gap,
      sv.wire(s.start, depth === 1 ? s.begin_i : sv.anyOne(s.begin_i)),
      ...(depth > 1 ? [numberOfBegin()] : []),
      sv.wire(s.counted, both(s.take, lastFeature(s.feature_q), ...(tables ? [tables.queriesEnd] : []))),
      sv.wire(s.delivered, both(s.valid, lastFeature(s.out_feature_q), ...(tables ? [tables.blocksEnd] : []))),
      ...(hasOutTurns ? [sv.wire(s.whole, both(s.delivered, isAt(s.out_step_q, steps - 1)))] : []),
      sv.gap,
      ...seedItems(),
      sv.gap,
      sv.instance(engine.name, "u_engine", {
        clk_i: s.clk_i,
        rst_ni: s.rst_ni,
        start_i: s.start,
        steps_i: sv.sized(STEP_BITS, steps),
        seed_i: s.seed,
        query_i: of(s.queries, column, s.block_q),
        key_i: of(s.keys, column, s.block_q),
        value_i: of(s.values, column, s.block_q),
        busy_o: s.busy,
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
        sv.cleared(
          ...(depth > 1 ? [s.block_q, s.out_block_q] : []),
          ...(hasTurns ? [s.run_q] : []),
          s.feature_q,
          s.step_q,
          s.out_feature_q,
          s.out_step_q,
        ),
        [
          ...(depth > 1 ? [sv.set(s.out_block_q, s.block_q)] : []),
          sv.when(s.start, [
            ...(depth > 1 ? [sv.set(s.block_q, s.next_block)] : []),
            ...(hasTurns ? [sv.set(s.run_q, of(s.runs, qkvBits, s.next_block))] : []),
          ]),
          sv.when(s.take, [countUp(s.feature_q, dimension)]),
          sv.when(s.counted, [countUp(s.step_q, steps)]),
          sv.when(s.valid, [countUp(s.out_feature_q, dimension)]),
          sv.when(s.delivered, [countUp(s.out_step_q, steps)]),
        ],
      ),
      sv.simulation(
        sv.registers(
          [],
          [
            ...(depth > 1 ? [sv.assert(isSingle, "two runs of attention start together")] : []),
            sv.assert(sv.binary(sv.isFalse(s.start), "||", sv.isFalse(s.take)), "attention starts while it is busy"),
            sv.assert(sv.binary(sv.isFalse(s.take), "||", s.busy), "attention takes a feature while it is idle"),
          ],
        ),
      ),
    ],
  };

  /** The number of the block that begins. */
  function numberOfBegin(): sv.Item {
    const parts = Array.from({ length: depth }, (_, b) => b).filter((b) => b > 0);
    const gated = (b: number) => sv.binary(sv.repeat(blockBits, sv.bit(s.begin_i, b)), "&", sv.sized(blockBits, b));
    return sv.wire(
      s.next_block,
      parts.slice(1).reduce<sv.Expression>((sum, b) => sv.binary(sum, "|", gated(b)), gated(1)),
    );
  }

  function seedItems(): sv.Item[] {
    const at = indexBits(seedCount);
    const address = (bank: sv.Signal, rest: sv.Expression): sv.Expression =>
      sv.binary(sv.binary(sv.cast(at, bank), "*", sv.sized(at, writes)), "+", rest);
    const first =
      depth === 1 ? sv.sized(at, 0) : sv.binary(sv.cast(at, s.seed_block), "*", sv.sized(at, words / atOnce));
    return [
      ...seedDeclared,
      sv.clocked(
        sv.when(s.seed_write_i, [
          sv.set(sv.bit(s.seeds_q, address(s.write_bank_q, sv.cast(at, s.seed_address_i))), s.seed_data_i),
        ]),
      ),
      ...(depth > 1 ? [sv.wire(s.seed_block, sv.choose(s.start, s.next_block, s.block_q))] : []),
      sv.wire(s.seed_bank, sv.choose(s.start, of(s.banks, bankBits, s.next_block), s.bank_q)),
      sv.registers(sv.cleared(s.write_bank_q, s.bank_q), [
        sv.when(s.entered_i, [countUp(s.write_bank_q, seedBanks)]),
        sv.set(s.bank_q, s.seed_bank),
      ]),
      ...Array.from({ length: words / atOnce }, (_, w) =>
        sv.wire(
          sv.slice(s.seed, seedWidth * (w + 1) - 1, seedWidth * w),
          sv.bit(s.seeds_q, address(s.seed_bank, sv.binary(first, "+", sv.sized(at, w)))),
        ),
      ),
    ];
  }
}
