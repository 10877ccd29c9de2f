/** Generator of the SSA engine: H tiles in parallel, their LFSRs, and the control of windows and steps. */
import { seedWords } from "../hardware/draws.ts";
import { bitsFor, type SsaParameters } from "../hardware/ssa-parameters.ts";
import type { TilePass } from "../hardware/tile-plan.ts";
import { ORDERED_SCORE } from "../model/neuron/bernoulli.ts";
import { unusedBits } from "./encoder.ts";
import { blocksOf, openInPass } from "./passes.ts";
import {
  binary,
  bit,
  CLOCKED,
  clocked,
  comment,
  concat,
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
  repeat,
  set,
  sized,
  text,
  times,
  when,
  wire,
  zeros,
} from "./syntax.ts";

/** Bits of the step count: up to 64 steps, and the window after the last. */
export const STEP_BITS = 7;
export const MAX_STEPS = 64;
/** Name of the top module. */
export const ENGINE = "ssa_engine";

export function ssaEngine(parameters: SsaParameters, heads: number): Module {
  const { dimension, draws, sharedByHeads, plan } = parameters;
  const { tileTokens: tokens, passes } = plan;
  const isBlockwise = passes.length > 1;
  // A run is one step, and the next may begin as the last values leave.
  const isStepwise = plan.drained === "step";
  const [passBits, blockBits] = [bitsFor(passes.length - 1), bitsFor(blocksOf(plan) - 1)];
  const lastPass = binary(name("pass_o"), "==", sized(passBits, passes.length - 1));
  const stepEnds = isBlockwise ? binary(name("last_feature"), "&", lastPass) : name("last_feature");
  const hasMask = passes.some((pass) => openInPass(parameters, pass).includes(0));
  const arrays = sharedByHeads ? 1 : heads;
  const perArray = 32 * seedWords(parameters);
  const spread = draws !== "independent";
  const featureBits = bitsFor(dimension - 1);
  const one = (width: number) => sized(width, 1);
  const gated = (signal: string) => binary(repeat(heads * tokens, name("take_o")), "&", name(signal));
  const [lastFeature, lastWindow] = [name("last_feature"), name("last_window")];
  const start = binary(name("start_i"), "&", isStepwise ? name("ready_o") : isFalse(name("busy_o")));
  const emits = isStepwise ? name("window_q") : binary(name("window_q"), "!=", sized(STEP_BITS, 0));
  const nextWindow = set(
    name("window_q"),
    isStepwise ? isFalse(name("window_q")) : binary(name("window_q"), "+", one(STEP_BITS)),
  );
  const lane = (signal: string, width: number) =>
    heads === 1 ? name(signal) : part(name(signal), times(width, "h"), width);
  return {
    name: ENGINE,
    header: [
      `SSA engine: ${heads} tiles for ${heads} heads of ${parameters.tokens} tokens and ${dimension} features each, mask and random numbers included.`,
      (isStepwise
        ? `A pulse of start_i while ready_o is 1 begins a run of one time step: step_i is its number (0 to ${MAX_STEPS - 1}). Its seeds must be at seed_i from then until ready_o rises. From the next clock `
        : `A pulse of start_i takes steps_i (1 to ${MAX_STEPS}) and the seeds, which must stay at seed_i until busy_o falls. From the next clock `) +
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
    ports: [
      ...CLOCKED,
      input("start_i"),
      input(isStepwise ? "step_i" : "steps_i", STEP_BITS),
      input("seed_i", perArray * arrays),
      input("query_i", heads * tokens),
      input("key_i", heads * tokens),
      input("value_i", heads * tokens),
      output("busy_o"),
      ...(isStepwise ? [output("ready_o")] : []),
      output("take_o"),
      ...(isBlockwise ? [output("pass_o", passBits)] : []),
      output("valid_o"),
      ...(isBlockwise ? [output("block_o", blockBits)] : []),
      output("spike_o", heads * tokens),
    ],
    items: [
      logic(featureBits, "feature_q"),
      ...(isStepwise
        ? [logic(STEP_BITS, "step_q"), logic(1, "window_q")]
        : [logic(STEP_BITS, "window_q", "steps_q"), ...(spread ? [logic(STEP_BITS, "emitted_q")] : [])]),
      logic(1, "last_feature", "last_window"),
      wire(lastFeature, binary(name("feature_q"), "==", sized(featureBits, dimension - 1))),
      ...(isBlockwise ? passItems(parameters, emits, passBits, blockBits) : []),
      ...(isStepwise
        ? [
            wire(lastWindow, name("window_q")),
            wire(
              name("ready_o"),
              binary(isFalse(name("busy_o")), "|", binary(name("last_feature"), "&", name("last_window"))),
            ),
          ]
        : [wire(lastWindow, binary(name("window_q"), "==", name("steps_q")))]),
      wire(name("take_o"), binary(name("busy_o"), "&", isFalse(lastWindow))),
      gap,
      registers(
        [set(name("busy_o"), sized(1, 0)), set(name("valid_o"), sized(1, 0))],
        [
          set(
            name("valid_o"),
            isBlockwise
              ? binary(binary(name("busy_o"), "&", name("emits")), "&", name("emit_last"))
              : binary(name("busy_o"), "&", emits),
          ),
          when(
            start,
            [set(name("busy_o"), sized(1, 1))],
            [when(binary(lastFeature, "&", lastWindow), [set(name("busy_o"), sized(1, 0))])],
          ),
        ],
      ),
      gap,
      comment("Registers set by a start matter only during a run, and have no reset."),
      clocked(
        ...(isBlockwise ? [set(name("block_o"), name("emitted_block"))] : []),
        when(
          start,
          [
            set(name("feature_q"), zeros),
            set(name("window_q"), zeros),
            ...(isBlockwise ? [set(name("pass_o"), zeros)] : []),
            isStepwise ? set(name("step_q"), name("step_i")) : set(name("steps_q"), name("steps_i")),
          ],
          [
            when(name("busy_o"), [
              set(name("feature_q"), binary(name("feature_q"), "+", one(featureBits))),
              when(lastFeature, [
                set(name("feature_q"), zeros),
                ...(isBlockwise
                  ? [
                      set(name("emitted_pass_q"), name("pass_o")),
                      when(
                        lastPass,
                        [set(name("pass_o"), zeros), nextWindow],
                        [set(name("pass_o"), binary(name("pass_o"), "+", one(passBits)))],
                      ),
                    ]
                  : [nextWindow]),
                ...(spread && !isStepwise ? [set(name("emitted_q"), name("window_q"))] : []),
              ]),
            ]),
          ],
        ),
      ),
      gap,
      ...(spread
        ? [
            comment(
              isStepwise
                ? "The bit-reversed step."
                : "The bit-reversed step: scores use the step that enters, outputs the one that leaves.",
            ),
            logic(8, "score_offset", "output_offset"),
            wire(name("score_offset"), reversed(isStepwise ? "step_q" : "window_q")),
            wire(name("output_offset"), reversed(isStepwise ? "step_q" : "emitted_q")),
            gap,
          ]
        : []),
      ...(draws === "ordered" ? orderedItems(dimension, perArray * arrays) : arrayItems()),
      gap,
      comment("While the last values leave, nothing enters."),
      logic(heads * tokens, "query", "key", "value"),
      wire(name("query"), gated("query_i")),
      wire(name("key"), gated("key_i")),
      wire(name("value"), gated("value_i")),
      loop("h", heads, "gen_head", [
        instance("ssa_tile", "u_tile", {
          clk_i: name("clk_i"),
          rst_ni: name("rst_ni"),
          last_i: lastFeature,
          query_i: lane("query", tokens),
          key_i: lane("key", tokens),
          value_i: lane("value", tokens),
          ...(draws === "ordered"
            ? { score_random_i: name("score_random"), output_random_i: name("output_random") }
            : { bytes_i: sharedByHeads ? name("bytes") : lane("bytes", perArray) }),
          ...(draws === "stratified"
            ? { score_offset_i: name("score_offset"), output_offset_i: name("output_offset") }
            : {}),
          ...(hasMask && isBlockwise ? { pass_i: name("pass_o") } : {}),
          ...(isBlockwise ? { emit_first_i: name("emit_first"), emit_last_i: name("emit_last") } : {}),
          spike_o: lane("spike_o", tokens),
        }),
      ]),
      gap,
      { kind: "simulation", body: latencyAssertions(dimension, passes.length, start, isStepwise) },
    ],
  };

  /** Arrays of LFSRs, loaded with the seeds at a start and, if every step repeats its numbers, at the end of a step. */
  function arrayItems(): Item[] {
    return [
      ...(spread ? [comment("Every step starts from the same numbers.")] : []),
      logic(1, "load"),
      wire(name("load"), spread ? binary(start, "|", binary(name("busy_o"), "&", stepEnds)) : start),
      logic(perArray * arrays, "bytes"),
      loop("a", arrays, "gen_lfsr", [
        instance("ssa_lfsr_array", "u_lfsr", {
          clk_i: name("clk_i"),
          load_i: name("load"),
          seed_i: part(name("seed_i"), times(perArray, "a"), perArray),
          bytes_o: part(name("bytes"), times(perArray, "a"), perArray),
        }),
      ]),
    ];
  }
}

/** The constants that all cells and all feet compare with when draws are ordered: `orderedDraws`, as wiring. */
function orderedItems(dimension: number, seeds: number): Item[] {
  const featureBits = bitsFor(dimension - 1);
  const digits = Array.from({ length: Math.min(8, featureBits) }, (_, n) => bit(name("feature_q"), n));
  const half = featureBits < 8 ? [sized(1, 1)] : [];
  const rest = 8 - digits.length - half.length;
  const output = concat(...digits, ...half, ...(rest > 0 ? [sized(rest, 0)] : []));
  return [
    comment(
      "Nothing is random: a constant for scores, and for outputs the bit-reversed index of the feature that leaves, plus half a level.",
    ),
    logic(8, "score_random", "output_random"),
    wire(name("score_random"), binary(hex(8, ORDERED_SCORE), "+", name("score_offset"))),
    wire(name("output_random"), binary(output, "+", name("output_offset"))),
    ...unusedBits("seed_i", seeds, () => false),
  ];
}

/** Seven bits of a step, reversed into the top of a byte. */
const reversed = (step: string): Expression =>
  concat(...Array.from({ length: STEP_BITS }, (_, n) => bit(name(step), n)), sized(1, 0));

/** The meaning of the previous window's pass for the products that leave now. */
function passItems({ plan }: SsaParameters, emits: Expression, passBits: number, blockBits: number): Item[] {
  const { passes } = plan;
  const table = (title: string, width: number, entry: (pass: TilePass) => number): Item => {
    let bits = 0n;
    passes.forEach((pass, p) => {
      bits |= BigInt(entry(pass)) << BigInt(width * p);
    });
    const all = width * passes.length;
    return { kind: "constant", type: `logic [${all - 1}:0]`, name: title, value: hex(all, bits) };
  };
  const emitted = concat(sized(32 - passBits, 0), name("emitted_pass_q"));
  return [
    gap,
    comment("One bit per pass: whether it is the first or the last of its queries; and their block."),
    table("FirstOfQueries", 1, ({ first }) => Number(first)),
    table("LastOfQueries", 1, ({ last }) => Number(last)),
    table("BlockOfQueries", blockBits, ({ queryBlock }) => queryBlock),
    logic(passBits, "emitted_pass_q"),
    logic(1, "emits", "emit_first", "emit_last"),
    logic(blockBits, "emitted_block"),
    wire(name("emits"), binary(emits, "|", binary(name("pass_o"), "!=", sized(passBits, 0)))),
    wire(name("emit_first"), bit(name("FirstOfQueries"), emitted)),
    wire(name("emit_last"), bit(name("LastOfQueries"), emitted)),
    wire(
      name("emitted_block"),
      part(name("BlockOfQueries"), blockBits === 1 ? emitted : binary(decimal(blockBits), "*", emitted), blockBits),
    ),
    gap,
  ];
}

function latencyAssertions(dimension: number, passes: number, start: Expression, isStepwise: boolean): Item[] {
  const age = name("age_q");
  const steps = concat(sized(32 - STEP_BITS, 0), name("steps_q"));
  const windows = passes === 1 ? steps : binary(steps, "*", sized(32, passes));
  const end = isStepwise
    ? sized(32, (passes + 1) * dimension)
    : binary(binary(windows, "+", sized(32, 1)), "*", sized(32, dimension));
  const inside = (first: Expression, last: Expression) =>
    binary(binary(age, ">=", first), "&&", binary(age, "<=", last));
  // The last value of a run appears in the first clock of a run that follows immediately.
  const leaves = inside(sized(32, dimension + 1), end);
  const shows = isStepwise
    ? binary(leaves, "||", binary(binary(age, "==", sized(32, 0)), "&&", name("follows_q")))
    : leaves;
  const [asked, first, most] = isStepwise ? ["step_i", 0, MAX_STEPS - 1] : ["steps_i", 1, MAX_STEPS];
  const inRange = binary(name(asked), "<=", sized(STEP_BITS, most));
  return [
    comment(`Clock 0 of a run is the one after start_i; age_q is the number of the clock.`),
    logic(32, "age_q"),
    logic(1, "started_q", ...(isStepwise ? ["follows_q"] : [])),
    registers(
      [
        set(age, zeros),
        set(name("started_q"), sized(1, 0)),
        ...(isStepwise ? [set(name("follows_q"), sized(1, 0))] : []),
      ],
      [
        when(
          start,
          [
            set(age, zeros),
            set(name("started_q"), sized(1, 1)),
            ...(isStepwise ? [set(name("follows_q"), name("busy_o"))] : []),
            {
              kind: "assert",
              condition: isStepwise ? inRange : binary(binary(name(asked), "!=", sized(STEP_BITS, 0)), "&&", inRange),
              message: [text(`${asked} must be ${first} to ${most}, is %0d`), name(asked)],
            },
          ],
          [set(age, binary(age, "+", sized(32, 1)))],
        ),
        when(name("started_q"), [
          {
            kind: "assert",
            condition:
              passes === 1 ? binary(name("valid_o"), "==", shows) : binary(isFalse(name("valid_o")), "||", shows),
            message: [text("valid_o is %b at clock %0d"), name("valid_o"), age],
          },
          {
            kind: "assert",
            condition: binary(name("busy_o"), "==", binary(age, "<", end)),
            message: [text("busy_o is %b at clock %0d"), name("busy_o"), age],
          },
        ]),
      ],
    ),
  ];
}
