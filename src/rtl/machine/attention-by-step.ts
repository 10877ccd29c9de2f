/**
 * Attention of all blocks in step-major order: blocks take turns at the SSA engine after every step. Each block therefore has
 * its own buffers on both sides of the engine, and crossbars work on other steps meanwhile.
 *
 * Blocks take turns in the order of the schedule. A run begins when q, k and v of its step are complete and the engine is free,
 * which includes the clock right after the last one of the previous run. Draws are stratified: every step starts from the
 * block's seeds, so no other engine state has to be saved while other blocks use it.
 */
import { STEP_BITS } from "../ssa-engine.ts";
import {
  binary,
  bit,
  CLOCKED,
  cast,
  choose,
  clocked,
  comment,
  decimal,
  type Expression,
  gap,
  hex,
  type Item,
  input,
  instance,
  isFalse,
  logic,
  loop,
  type Module,
  name,
  output,
  part,
  registers,
  set,
  sized,
  times,
  when,
  widen,
  wire,
  zeros,
} from "../syntax.ts";
import { ATTENTION_UNIT, attentionSize, passTables, SEED_BITS } from "./attention-unit.ts";
import { ATTENTION_BUFFER, QKV_BUFFER } from "./memories.ts";
import { both, countUp, countWaiting, indexBits, isAt } from "./parts.ts";
import type { MachinePlan } from "./plan.ts";
import type { StepMajorPlan } from "./step-major-plan.ts";

/** @param seeds bits of the engine's seeds, of one block */
export function attentionByStep(plan: MachinePlan, stepMajor: StepMajorPlan, seeds: number): Module {
  const { tokens, steps, heads, width, depth } = plan;
  const { runs, qkvSteps, attentionSteps } = stepMajor;
  const { dimension, tileTokens } = attentionSize(plan);
  const { passes } = plan.ssa.plan;
  const isBlockwise = passes.length > 1;
  const words = seeds / SEED_BITS;
  const column = heads * tileTokens;
  const [blockBits, stepBits, runBits] = [indexBits(depth), indexBits(steps), indexBits(runs.length)];
  const rowBits = indexBits(tokens * attentionSteps);
  const tables = isBlockwise ? passTables(plan.ssa.plan) : null;
  const index = (signal: string, bits: number) => widen(name(signal), bits, 32);
  /** For a signal with a part per block: the part of the loop's block, and that of a block by number. */
  const own = (signal: string, bits: number): Expression =>
    depth === 1 ? name(signal) : bits === 1 ? bit(name(signal), name("b")) : part(name(signal), times(bits, "b"), bits);
  const of = (signal: string, bits: number, block: string): Expression => {
    if (depth === 1) return name(signal);
    if (bits === 1) return bit(name(signal), name(block));
    return part(name(signal), binary(decimal(bits), "*", index(block, blockBits)), bits);
  };
  const isOwn = (block: string, condition: Expression): Expression =>
    depth === 1 ? condition : both(condition, binary(name(block), "==", cast(blockBits, name("b"))));
  const lastFeature = (register: string) => isAt(register, dimension - 1, dimension);
  const counters = ["token_q", "written_q", "step_q", "read_q", "out_q", "waiting_q"];
  const waitingBits = indexBits(qkvSteps + 1);

  const turns: Item[] =
    depth === 1
      ? []
      : [
          comment("The block of each run in order, the first in the low bits."),
          {
            kind: "constant",
            type: `logic [${blockBits * runs.length - 1}:0]`,
            name: "BlockOfRun",
            value: hex(
              blockBits * runs.length,
              runs.reduceRight((all, block) => (all << BigInt(blockBits)) | BigInt(block), 0n),
            ),
          },
          logic(runBits, "run_q"),
          wire(
            name("next_block"),
            blockBits === 1
              ? bit(name("BlockOfRun"), name("run_q"))
              : part(name("BlockOfRun"), binary(decimal(blockBits), "*", index("run_q", runBits)), blockBits),
          ),
        ];

  const ofBlocks = loop("b", depth, "gen_block", [
    logic(indexBits(tokens), "token_q"),
    logic(indexBits(qkvSteps), "written_q", "read_q"),
    logic(indexBits(attentionSteps), "out_q"),
    logic(stepBits, "step_q"),
    logic(waitingBits, "waiting_q"),
    logic(1, "whole", "begins"),
    wire(name("whole"), both(own("write_i", 1), isAt("token_q", tokens - 1, tokens))),
    wire(name("begins"), isOwn("next_block", name("start"))),
    wire(own("there", 1), binary(binary(name("waiting_q"), "!=", sized(waitingBits, 0)), "|", name("whole"))),
    wire(own("steps", stepBits), name("step_q")),
    wire(own("delivered_o", 1), isOwn("out_block_q", name("delivered"))),
    instance(QKV_BUFFER, "u_qkv", {
      clk_i: name("clk_i"),
      write_i: own("write_i", 1),
      token_i: name("token_q"),
      token_step_i: name("written_q"),
      spikes_i: own("spikes_i", 3 * width),
      step_i: name("read_q"),
      feature_i: name("feature_q"),
      ...(isBlockwise ? { query_block_i: name("query_block"), key_block_i: name("key_block") } : {}),
      query_o: own("queries", column),
      key_o: own("keys", column),
      value_o: own("values", column),
    }),
    instance(ATTENTION_BUFFER, "u_attention", {
      clk_i: name("clk_i"),
      write_i: isOwn("out_block_q", name("valid")),
      step_i: name("out_q"),
      feature_i: name("out_feature_q"),
      ...(isBlockwise ? { block_i: name("column_block") } : {}),
      spikes_i: name("column"),
      address_i: own("address_i", rowBits),
      vector_o: own("vector_o", width),
    }),
    registers(
      counters.map((register) => set(name(register), zeros)),
      [
        when(own("write_i", 1), [countUp("token_q", tokens)]),
        when(name("whole"), [countUp("written_q", qkvSteps)]),
        when(name("begins"), [countUp("step_q", steps)]),
        ...countWaiting("waiting_q", waitingBits, name("whole"), name("begins")),
        when(isOwn("block_q", name("counted")), [countUp("read_q", qkvSteps)]),
        when(isOwn("out_block_q", name("delivered")), [countUp("out_q", attentionSteps)]),
      ],
    ),
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
    ports: [
      ...CLOCKED,
      input("seed_write_i"),
      input("seed_address_i", indexBits(depth * words)),
      input("seed_data_i", SEED_BITS),
      input("write_i", depth),
      input("spikes_i", depth * 3 * width),
      input("address_i", depth * rowBits),
      output("vector_o", depth * width),
      output("delivered_o", depth),
    ],
    items: [
      logic(1, "start", "ready", "busy", "take", "valid", "counted", "delivered"),
      logic(depth, "there"),
      logic(depth * stepBits, "steps"),
      logic(depth * column, "queries", "keys", "values"),
      logic(column, "column"),
      ...(depth > 1 ? [logic(blockBits, "next_block", "block_q", "out_block_q")] : []),
      logic(indexBits(dimension), "feature_q", "out_feature_q"),
      ...(tables ? tables.items : []),
      gap,
      ...turns,
      wire(name("start"), both(name("ready"), of("there", 1, "next_block"))),
      wire(name("counted"), both(name("take"), lastFeature("feature_q"), ...(tables ? [tables.queriesEnd] : []))),
      wire(name("delivered"), both(name("valid"), lastFeature("out_feature_q"), ...(tables ? [tables.blocksEnd] : []))),
      gap,
      { kind: "memory", width: SEED_BITS, name: "seeds_q", entries: depth * words },
      clocked(when(name("seed_write_i"), [set(bit(name("seeds_q"), name("seed_address_i")), name("seed_data_i"))])),
      ...(depth > 1
        ? [
            logic(blockBits, "seed_block"),
            wire(name("seed_block"), choose(name("start"), name("next_block"), name("block_q"))),
          ]
        : []),
      logic(seeds, "seed"),
      ...Array.from({ length: words }, (_, w) => seedWire(w)),
      gap,
      instance("ssa_engine", "u_engine", {
        clk_i: name("clk_i"),
        rst_ni: name("rst_ni"),
        start_i: name("start"),
        step_i: widen(of("steps", stepBits, "next_block"), stepBits, STEP_BITS),
        seed_i: name("seed"),
        query_i: of("queries", column, "block_q"),
        key_i: of("keys", column, "block_q"),
        value_i: of("values", column, "block_q"),
        busy_o: name("busy"),
        ready_o: name("ready"),
        take_o: name("take"),
        ...(isBlockwise ? { pass_o: name("pass"), block_o: name("column_block") } : {}),
        valid_o: name("valid"),
        spike_o: name("column"),
      }),
      gap,
      ofBlocks,
      gap,
      comment("The last values of a run leave in the clock after it."),
      registers(
        [...(depth > 1 ? ["run_q", "block_q", "out_block_q"] : []), "feature_q", "out_feature_q"].map((register) =>
          set(name(register), zeros),
        ),
        [
          ...(depth > 1
            ? [
                when(name("start"), [countUp("run_q", runs.length), set(name("block_q"), name("next_block"))]),
                set(name("out_block_q"), name("block_q")),
              ]
            : []),
          when(name("take"), [countUp("feature_q", dimension)]),
          when(name("valid"), [countUp("out_feature_q", dimension)]),
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
                condition: binary(isFalse(name("take")), "||", name("busy")),
                message: [{ kind: "text", text: "attention takes a feature while it is idle" }],
              },
            ],
          ),
        ],
      },
    ],
  };

  /** A seed word of the block that starts, or that has the engine. */
  function seedWire(w: number): Item {
    const at = indexBits(depth * words);
    const word =
      depth === 1
        ? sized(at, w)
        : binary(binary(cast(at, name("seed_block")), "*", sized(at, words)), "+", sized(at, w));
    return wire(
      { kind: "slice", of: name("seed"), high: SEED_BITS * (w + 1) - 1, low: SEED_BITS * w },
      bit(name("seeds_q"), word),
    );
  }
}
