/** Generator of the SSA engine: H tiles in parallel, their LFSRs, and the control of windows and steps. */
import { seedWords } from "../hardware/draws.ts";
import { bitsFor, type SsaParameters } from "../hardware/ssa-parameters.ts";
import type { TilePass } from "../hardware/tile-plan.ts";
import { ORDERED_SCORE } from "../model/neuron/bernoulli.ts";
import { unusedBits } from "./encoder.ts";
import { blocksOf, openInPass, type TileSizes } from "./passes.ts";
import * as sv from "./syntax.ts";

/** Bits of the step count: up to 64 steps, and the window after the last. */
export const STEP_BITS = 7;
export const MAX_STEPS = 64;
/** Name of the top module. */
export const ENGINE = "ssa_engine";

/** What a kind of tile adds to the control of windows and steps. */
export interface EngineKind {
  readonly name: string;
  readonly title: string;
  readonly tile: string;
  /** Most time steps of a run. */
  readonly steps: number;
  /** Null for tiles that draw no random numbers. */
  readonly random: (Pick<SsaParameters, "draws" | "sharedByHeads"> & { readonly seedBits: number }) | null;
  /** Whether neurons keep membranes from step to step: in cells, and at feet. */
  readonly neurons: { readonly cells: boolean; readonly feet: boolean };
  /** Whether a run of all steps may begin in the last clock of the one before; default: not. */
  readonly isFollowed?: boolean;
}

/** @param isFollowed whether a run may begin in the last clock of the one before */
export function ssaEngine(parameters: SsaParameters, heads: number, isFollowed = false): sv.Module {
  const { draws, sharedByHeads } = parameters;
  return tileEngine(parameters, heads, {
    name: ENGINE,
    title: "SSA engine",
    tile: "ssa_tile",
    steps: MAX_STEPS,
    random: { draws, sharedByHeads, seedBits: 32 * seedWords(parameters) },
    neurons: { cells: false, feet: false },
    isFollowed,
  });
}

export function tileEngine(parameters: TileSizes, heads: number, kind: EngineKind): sv.Module {
  const { dimension, plan } = parameters;
  const { random, neurons, isFollowed = false } = kind;
  const { tileTokens: tokens, passes } = plan;
  const isBlockwise = passes.length > 1;
  // A run is one step, and the next may begin as the last values leave.
  const isStepwise = plan.drained === "step";
  const [passBits, blockBits] = [bitsFor(passes.length - 1), bitsFor(blocksOf(plan) - 1)];
  const arrays = random?.sharedByHeads ? 1 : heads;
  const perArray = random?.seedBits ?? 0;
  const ports = [
    ...sv.CLOCKED,
    sv.input("start_i"),
    sv.input(isStepwise ? "step_i" : "steps_i", STEP_BITS),
    ...(random ? [sv.input("seed_i", perArray * arrays)] : []),
    sv.input("query_i", heads * tokens),
    sv.input("key_i", heads * tokens),
    sv.input("value_i", heads * tokens),
    sv.output("busy_o"),
    ...(isStepwise ? [sv.output("ready_o")] : []),
    sv.output("take_o"),
    ...(isBlockwise ? [sv.output("pass_o", passBits)] : []),
    sv.output("valid_o"),
    ...(isBlockwise ? [sv.output("block_o", blockBits)] : []),
    sv.output("spike_o", heads * tokens),
  ] as const;
  const spread = random !== null && random.draws !== "independent";
  const follows = spread || neurons.feet;
  const featureBits = bitsFor(dimension - 1);
  const declared = [
    sv.logic(featureBits, "feature_q"),
    ...(isStepwise
      ? [sv.logic(STEP_BITS, "step_q"), sv.logic(1, "window_q")]
      : [sv.logic(STEP_BITS, "window_q", "steps_q"), ...(follows ? [sv.logic(STEP_BITS, "emitted_q")] : [])]),
    sv.logic(1, "last_feature", "last_window"),
  ];
  const s = sv.signals(ports, [
    ...declared,
    sv.logic(8, "score_offset", "output_offset"),
    sv.logic(heads * tokens, "query", "key", "value"),
    sv.logic(1, "load"),
    sv.logic(perArray * arrays, "bytes"),
    sv.logic(8, "score_random", "output_random"),
    sv.logic(passBits, "emitted_pass_q"),
    sv.logic(1, "emits", "emit_first", "emit_last", "fires"),
    sv.logic(blockBits, "emitted_block"),
  ]);
  const lastPass = sv.binary(s.pass_o, "==", sv.sized(passBits, passes.length - 1));
  const stepEnds = isBlockwise ? sv.binary(s.last_feature, "&", lastPass) : s.last_feature;
  const hasMask = passes.some((pass) => openInPass(parameters, pass).includes(0));
  const one = (width: number) => sv.sized(width, 1);
  const gated = (signal: sv.Signal) => sv.binary(sv.repeat(heads * tokens, s.take_o), "&", signal);
  const [lastFeature, lastWindow] = [s.last_feature, s.last_window];
  const isFree = sv.isFalse(s.busy_o);
  const isDone = sv.binary(s.last_feature, "&", s.last_window);
  const start = sv.binary(
    s.start_i,
    "&",
    isStepwise ? s.ready_o : isFollowed ? sv.binary(isFree, "|", isDone) : isFree,
  );
  const emits = isStepwise ? s.window_q : sv.binary(s.window_q, "!=", sv.sized(STEP_BITS, 0));
  const nextWindow = sv.set(
    s.window_q,
    isStepwise ? sv.isFalse(s.window_q) : sv.binary(s.window_q, "+", one(STEP_BITS)),
  );
  const lane = (signal: sv.Signal, width: number) =>
    heads === 1 ? signal : sv.part(signal, sv.times(width, "h"), width);
  const fires = sv.binary(s.busy_o, "&", isBlockwise ? s.emits : emits);
  const whole = (products: sv.Expression) => (isBlockwise ? sv.binary(products, "&", s.emit_last) : products);
  const isFirstStep = (step: sv.Signal) => sv.binary(step, "==", sv.sized(STEP_BITS, 0));
  return {
    name: kind.name,
    header: [
      `${kind.title}: ${heads} tiles for ${heads} heads of ${parameters.tokens} tokens and ${dimension} features each, ${random ? "mask and random numbers" : "mask"} included.`,
      (isStepwise
        ? `A pulse of start_i while ready_o is 1 begins a run of one time step: step_i is its number (0 to ${kind.steps - 1}). Its seeds must be at seed_i from then until ready_o rises. From the next clock `
        : `A pulse of start_i${isFollowed ? " while busy_o is 0, or in its last clock," : ""} takes steps_i (1 to ${kind.steps})${random ? ` and the seeds, which must stay at seed_i until busy_o falls${isFollowed ? " or the next run starts" : ""}` : ""}. From the next clock `) +
        "on, while take_o is 1, one feature of all tokens of all heads is taken per clock: the engine does not wait.",
      ...(isBlockwise
        ? [
            `A tile holds ${tokens} tokens, so a step takes ${passes.length} passes: block b has tokens from ${tokens} b on. While take_o is 1, pass_o is the pass of the ` +
              `column, each with its block of queries and its block of keys and values: ${passes.map(({ queryBlock, keyBlock }, p) => `${p} (${queryBlock}, ${keyBlock})`).join(", ")}. Tokens past ` +
              "the last must be 0. block_o has the block of the spikes while valid_o is 1.",
            isStepwise
              ? `Latency: the engine is busy for ${(passes.length + 1) * dimension} clocks. Feature f of pass p enters at clock ${dimension} p + f; of the last pass of its queries it leaves at clock ` +
                `${dimension} (p + 1) + f + 1, marked by valid_o.`
              : `Latency: with T steps the engine is busy for (${passes.length} T + 1) x ${dimension} clocks. Feature f of pass p of step t enters at clock ${dimension} (${passes.length} t + p) + f; ` +
                `of the last pass of its queries it leaves at clock ${dimension} (${passes.length} t + p + 1) + f + 1, marked by valid_o.`,
          ]
        : [
            isStepwise
              ? `Latency: the engine is busy for ${2 * dimension} clocks. Feature f enters at clock f and leaves at clock ${dimension} + f + 1, marked by valid_o: the last feature leaves in the first clock of a run ` +
                "that follows immediately. Simulation asserts both."
              : `Latency: with T steps the engine is busy for (T + 1) x ${dimension} clocks. Feature f of step t enters at clock ${dimension} t + f and leaves at clock ` +
                `${dimension} (t + 1) + f + 1, marked by valid_o. Simulation asserts both.`,
          ]),
    ],
    ports,
    items: [
      ...declared,
      sv.wire(lastFeature, sv.binary(s.feature_q, "==", sv.sized(featureBits, dimension - 1))),
      ...(isBlockwise ? passItems(parameters, emits, passBits, blockBits, s) : []),
      ...(isStepwise
        ? [sv.wire(lastWindow, s.window_q), sv.wire(s.ready_o, sv.binary(isFree, "|", isDone))]
        : [sv.wire(lastWindow, sv.binary(s.window_q, "==", s.steps_q))]),
      sv.wire(s.take_o, sv.binary(s.busy_o, "&", sv.isFalse(lastWindow))),
      ...(neurons.feet ? [sv.declare(s.fires), sv.wire(s.fires, fires)] : []),
      sv.gap,
      sv.registers(
        [sv.set(s.busy_o, sv.sized(1, 0)), sv.set(s.valid_o, sv.sized(1, 0))],
        [
          sv.set(s.valid_o, whole(neurons.feet ? s.fires : fires)),
          sv.when(start, [sv.set(s.busy_o, sv.sized(1, 1))], [sv.when(isDone, [sv.set(s.busy_o, sv.sized(1, 0))])]),
        ],
      ),
      sv.gap,
      sv.comment("Registers set by a start matter only during a run, and have no reset."),
      sv.clocked(
        ...(isBlockwise ? [sv.set(s.block_o, s.emitted_block)] : []),
        sv.when(
          start,
          [
            sv.set(s.feature_q, sv.zeros),
            sv.set(s.window_q, sv.zeros),
            ...(isBlockwise ? [sv.set(s.pass_o, sv.zeros)] : []),
            isStepwise ? sv.set(s.step_q, s.step_i) : sv.set(s.steps_q, s.steps_i),
          ],
          [
            sv.when(s.busy_o, [
              sv.set(s.feature_q, sv.binary(s.feature_q, "+", one(featureBits))),
              sv.when(lastFeature, [
                sv.set(s.feature_q, sv.zeros),
                ...(isBlockwise
                  ? [
                      sv.set(s.emitted_pass_q, s.pass_o),
                      sv.when(
                        lastPass,
                        [sv.set(s.pass_o, sv.zeros), nextWindow],
                        [sv.set(s.pass_o, sv.binary(s.pass_o, "+", one(passBits)))],
                      ),
                    ]
                  : [nextWindow]),
                ...(follows && !isStepwise ? [sv.set(s.emitted_q, s.window_q)] : []),
              ]),
            ]),
          ],
        ),
      ),
      sv.gap,
      ...(spread
        ? [
            sv.comment(
              isStepwise
                ? "The bit-reversed step."
                : "The bit-reversed step: scores use the step that enters, outputs the one that leaves.",
            ),
            sv.declare(s.score_offset, s.output_offset),
            sv.wire(s.score_offset, reversed(isStepwise ? s.step_q : s.window_q)),
            sv.wire(s.output_offset, reversed(isStepwise ? s.step_q : s.emitted_q)),
            sv.gap,
          ]
        : []),
      ...(random ? [...(random.draws === "ordered" ? orderedItems(dimension, s) : arrayItems()), sv.gap] : []),
      sv.comment("While the last values leave, nothing enters."),
      sv.declare(s.query, s.key, s.value),
      sv.wire(s.query, gated(s.query_i)),
      sv.wire(s.key, gated(s.key_i)),
      sv.wire(s.value, gated(s.value_i)),
      sv.loop("h", heads, "gen_head", [
        sv.instance(kind.tile, "u_tile", {
          clk_i: s.clk_i,
          rst_ni: s.rst_ni,
          last_i: lastFeature,
          query_i: lane(s.query, tokens),
          key_i: lane(s.key, tokens),
          value_i: lane(s.value, tokens),
          ...(neurons.cells ? { rest_i: isFirstStep(s.window_q) } : {}),
          ...(neurons.feet ? { fires_i: s.fires, foot_rest_i: isFirstStep(s.emitted_q) } : {}),
          ...(random?.draws === "ordered"
            ? { score_random_i: s.score_random, output_random_i: s.output_random }
            : random
              ? { bytes_i: random.sharedByHeads ? s.bytes : lane(s.bytes, perArray) }
              : {}),
          ...(random?.draws === "stratified"
            ? { score_offset_i: s.score_offset, output_offset_i: s.output_offset }
            : {}),
          ...(hasMask && isBlockwise ? { pass_i: s.pass_o } : {}),
          ...(isBlockwise ? { emit_first_i: s.emit_first, emit_last_i: s.emit_last } : {}),
          spike_o: lane(s.spike_o, tokens),
        }),
      ]),
      sv.gap,
      sv.simulation(...latencyAssertions(dimension, passes.length, start, { isStepwise, isFollowed }, kind.steps, s)),
    ],
  };

  /** Arrays of LFSRs, loaded with the seeds at a start and, if every step repeats its numbers, at the end of a step. */
  function arrayItems(): sv.Item[] {
    return [
      ...(spread ? [sv.comment("Every step starts from the same numbers.")] : []),
      sv.declare(s.load),
      sv.wire(s.load, spread ? sv.binary(start, "|", sv.binary(s.busy_o, "&", stepEnds)) : start),
      sv.declare(s.bytes),
      sv.loop("a", arrays, "gen_lfsr", [
        sv.instance("ssa_lfsr_array", "u_lfsr", {
          clk_i: s.clk_i,
          load_i: s.load,
          seed_i: sv.part(s.seed_i, sv.times(perArray, "a"), perArray),
          bytes_o: sv.part(s.bytes, sv.times(perArray, "a"), perArray),
        }),
      ]),
    ];
  }
}

/** The constants that all cells and all feet compare with when draws are ordered: `orderedDraws`, as wiring. */
function orderedItems(
  dimension: number,
  s: sv.Signals<"feature_q" | "score_offset" | "output_offset" | "score_random" | "output_random" | "seed_i">,
): sv.Item[] {
  const featureBits = bitsFor(dimension - 1);
  const digits = Array.from({ length: Math.min(8, featureBits) }, (_, n) => sv.bit(s.feature_q, n));
  const half = featureBits < 8 ? [sv.sized(1, 1)] : [];
  const rest = 8 - digits.length - half.length;
  const output = sv.concat(...digits, ...half, ...(rest > 0 ? [sv.sized(rest, 0)] : []));
  return [
    sv.comment(
      "Nothing is random: a constant for scores, and for outputs the bit-reversed index of the feature that leaves, plus half a level.",
    ),
    sv.declare(s.score_random, s.output_random),
    sv.wire(s.score_random, sv.binary(sv.hex(8, ORDERED_SCORE), "+", s.score_offset)),
    sv.wire(s.output_random, sv.binary(output, "+", s.output_offset)),
    ...unusedBits(s.seed_i, () => false),
  ];
}

/** Seven bits of a step, reversed into the top of a byte. */
const reversed = (step: sv.Signal): sv.Expression =>
  sv.concat(...Array.from({ length: STEP_BITS }, (_, n) => sv.bit(step, n)), sv.sized(1, 0));

/** The meaning of the previous window's pass for the products that leave now. */
function passItems(
  { plan }: TileSizes,
  emits: sv.Expression,
  passBits: number,
  blockBits: number,
  s: sv.Signals<"pass_o" | "emitted_pass_q" | "emits" | "emit_first" | "emit_last" | "emitted_block">,
): sv.Item[] {
  const { passes } = plan;
  const table = (title: string, width: number, entry: (pass: TilePass) => number) => {
    let bits = 0n;
    passes.forEach((pass, p) => {
      bits |= BigInt(entry(pass)) << BigInt(width * p);
    });
    const all = width * passes.length;
    return sv.constant(title, all, sv.hex(all, bits));
  };
  const tables = [
    table("FirstOfQueries", 1, ({ first }) => Number(first)),
    table("LastOfQueries", 1, ({ last }) => Number(last)),
    table("BlockOfQueries", blockBits, ({ queryBlock }) => queryBlock),
  ];
  const [isFirst, isLast, block] = tables.map(({ signals }) => signals[0]);
  const emitted = sv.widen(s.emitted_pass_q, passBits, 32);
  return [
    sv.gap,
    sv.comment("One bit per pass: whether it is the first or the last of its queries; and their block."),
    ...tables,
    sv.declare(s.emitted_pass_q),
    sv.declare(s.emits, s.emit_first, s.emit_last),
    sv.declare(s.emitted_block),
    sv.wire(s.emits, sv.binary(emits, "|", sv.binary(s.pass_o, "!=", sv.sized(passBits, 0)))),
    sv.wire(s.emit_first, sv.bit(isFirst, emitted)),
    sv.wire(s.emit_last, sv.bit(isLast, emitted)),
    sv.wire(
      s.emitted_block,
      sv.part(block, blockBits === 1 ? emitted : sv.binary(sv.decimal(blockBits), "*", emitted), blockBits),
    ),
    sv.gap,
  ];
}

function latencyAssertions(
  dimension: number,
  passes: number,
  start: sv.Expression,
  { isStepwise, isFollowed }: { readonly isStepwise: boolean; readonly isFollowed: boolean },
  steps: number,
  s: sv.Signals<"steps_q" | "step_i" | "steps_i" | "busy_o" | "valid_o">,
): sv.Item[] {
  const own = sv.signals([], [sv.logic(32, "age_q"), sv.logic(1, "started_q", "follows_q")]);
  const age = own.age_q;
  const taken = sv.concat(sv.sized(32 - STEP_BITS, 0), s.steps_q);
  const windows = passes === 1 ? taken : sv.binary(taken, "*", sv.sized(32, passes));
  const end = isStepwise
    ? sv.sized(32, (passes + 1) * dimension)
    : sv.binary(sv.binary(windows, "+", sv.sized(32, 1)), "*", sv.sized(32, dimension));
  const inside = (first: sv.Expression, last: sv.Expression) =>
    sv.binary(sv.binary(age, ">=", first), "&&", sv.binary(age, "<=", last));
  // The last value of a run appears in the first clock of a run that follows immediately.
  const leaves = inside(sv.sized(32, dimension + 1), end);
  const hasFollowers = isStepwise || isFollowed;
  const shows = hasFollowers
    ? sv.binary(leaves, "||", sv.binary(sv.binary(age, "==", sv.sized(32, 0)), "&&", own.follows_q))
    : leaves;
  const asked = isStepwise ? s.step_i : s.steps_i;
  const [first, most] = isStepwise ? [0, steps - 1] : [1, steps];
  const inRange = sv.binary(asked, "<=", sv.sized(STEP_BITS, most));
  return [
    sv.comment(`Clock 0 of a run is the one after start_i; age_q is the number of the clock.`),
    sv.declare(own.age_q),
    sv.declare(own.started_q, ...(hasFollowers ? [own.follows_q] : [])),
    sv.registers(
      [
        sv.set(age, sv.zeros),
        sv.set(own.started_q, sv.sized(1, 0)),
        ...(hasFollowers ? [sv.set(own.follows_q, sv.sized(1, 0))] : []),
      ],
      [
        sv.when(
          start,
          [
            sv.set(age, sv.zeros),
            sv.set(own.started_q, sv.sized(1, 1)),
            ...(hasFollowers ? [sv.set(own.follows_q, s.busy_o)] : []),
            sv.assert(
              isStepwise ? inRange : sv.binary(sv.binary(asked, "!=", sv.sized(STEP_BITS, 0)), "&&", inRange),
              `${asked.name} must be ${first} to ${most}, is %0d`,
              asked,
            ),
          ],
          [sv.set(age, sv.binary(age, "+", sv.sized(32, 1)))],
        ),
        sv.when(own.started_q, [
          sv.assert(
            passes === 1 ? sv.binary(s.valid_o, "==", shows) : sv.binary(sv.isFalse(s.valid_o), "||", shows),
            "valid_o is %b at clock %0d",
            s.valid_o,
            age,
          ),
          sv.assert(sv.binary(s.busy_o, "==", sv.binary(age, "<", end)), "busy_o is %b at clock %0d", s.busy_o, age),
        ]),
      ],
    ),
  ];
}
