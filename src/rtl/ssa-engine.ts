/** Generator of the SSA engine: H tiles side by side, their LFSRs, and the control of windows and steps. */
import { lfsrWiring } from "../hardware/draws.ts";
import { bitsFor, type SsaParameters } from "../hardware/ssa-parameters.ts";
import {
  binary,
  bit,
  CLOCKED,
  comment,
  concat,
  type Expression,
  gap,
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
  const { tokens, dimension, draws, lfsr, sharedByHeads } = parameters;
  const arrays = sharedByHeads ? 1 : heads;
  const perArray = 32 * lfsrWiring(lfsr.sharing, tokens).registers;
  const stratified = draws === "stratified";
  const featureBits = bitsFor(dimension - 1);
  const one = (width: number) => sized(width, 1);
  const gated = (signal: string) => binary(repeat(heads * tokens, name("take_o")), "&", name(signal));
  const [lastFeature, lastWindow] = [name("last_feature"), name("last_window")];
  const start = binary(name("start_i"), "&", isFalse(name("busy_o")));
  const lane = (signal: string, width: number) =>
    heads === 1 ? name(signal) : part(name(signal), times(width, "h"), width);
  return {
    name: ENGINE,
    header: [
      `SSA engine: ${heads} tiles for ${heads} heads of ${tokens} tokens and ${dimension} features each, mask and random numbers included.`,
      `A pulse of start_i takes steps_i (1 to ${MAX_STEPS}) and the seeds, which stay at seed_i until busy_o falls. From the next clock on, while take_o is 1, one ` +
        "feature of all tokens of all heads is taken per clock: the engine does not wait.",
      `Latency: with T steps the engine is busy for (T + 1) x ${dimension} clocks. Feature f of step t enters at clock ${dimension} t + f and leaves at clock ` +
        `${dimension} (t + 1) + f + 1, marked by valid_o. Simulation asserts both.`,
    ],
    ports: [
      ...CLOCKED,
      input("start_i"),
      input("steps_i", STEP_BITS),
      input("seed_i", perArray * arrays),
      input("query_i", heads * tokens),
      input("key_i", heads * tokens),
      input("value_i", heads * tokens),
      output("busy_o"),
      output("take_o"),
      output("valid_o"),
      output("spike_o", heads * tokens),
    ],
    items: [
      logic(featureBits, "feature_q"),
      logic(STEP_BITS, "window_q", "steps_q"),
      ...(stratified ? [logic(STEP_BITS, "emitted_q")] : []),
      logic(1, "last_feature", "last_window"),
      wire(lastFeature, binary(name("feature_q"), "==", sized(featureBits, dimension - 1))),
      wire(lastWindow, binary(name("window_q"), "==", name("steps_q"))),
      wire(name("take_o"), binary(name("busy_o"), "&", isFalse(lastWindow))),
      gap,
      registers(
        [
          set(name("busy_o"), sized(1, 0)),
          set(name("valid_o"), sized(1, 0)),
          set(name("feature_q"), zeros),
          set(name("window_q"), zeros),
          set(name("steps_q"), zeros),
          ...(stratified ? [set(name("emitted_q"), zeros)] : []),
        ],
        [
          set(name("valid_o"), binary(name("busy_o"), "&", binary(name("window_q"), "!=", sized(STEP_BITS, 0)))),
          when(
            start,
            [
              set(name("busy_o"), sized(1, 1)),
              set(name("feature_q"), zeros),
              set(name("window_q"), zeros),
              set(name("steps_q"), name("steps_i")),
            ],
            [
              when(name("busy_o"), [
                set(name("feature_q"), binary(name("feature_q"), "+", one(featureBits))),
                when(lastFeature, [
                  set(name("feature_q"), zeros),
                  set(name("window_q"), binary(name("window_q"), "+", one(STEP_BITS))),
                  ...(stratified ? [set(name("emitted_q"), name("window_q"))] : []),
                  when(lastWindow, [set(name("busy_o"), sized(1, 0))]),
                ]),
              ]),
            ],
          ),
        ],
      ),
      gap,
      ...(stratified
        ? [
            comment("The bit-reversed step: scores belong to the step that enters, outputs to the one that leaves."),
            logic(8, "score_offset", "output_offset"),
            wire(name("score_offset"), reversed("window_q")),
            wire(name("output_offset"), reversed("emitted_q")),
            gap,
            comment("Every step starts from the same numbers."),
          ]
        : []),
      logic(1, "load"),
      wire(name("load"), stratified ? binary(start, "|", binary(name("busy_o"), "&", lastFeature)) : start),
      logic(perArray * arrays, "bytes"),
      loop("a", arrays, "gen_lfsr", [
        instance("ssa_lfsr_array", "u_lfsr", {
          clk_i: name("clk_i"),
          rst_ni: name("rst_ni"),
          load_i: name("load"),
          seed_i: part(name("seed_i"), times(perArray, "a"), perArray),
          bytes_o: part(name("bytes"), times(perArray, "a"), perArray),
        }),
      ]),
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
          bytes_i: sharedByHeads ? name("bytes") : lane("bytes", perArray),
          ...(stratified ? { score_offset_i: name("score_offset"), output_offset_i: name("output_offset") } : {}),
          spike_o: lane("spike_o", tokens),
        }),
      ]),
      gap,
      { kind: "simulation", body: latencyAssertions(dimension) },
    ],
  };
}

/** Seven bits of a step, reversed into the top of a byte. */
const reversed = (step: string): Expression =>
  concat(...Array.from({ length: STEP_BITS }, (_, n) => bit(name(step), n)), sized(1, 0));

function latencyAssertions(dimension: number): Item[] {
  const age = name("age_q");
  const steps = concat(sized(32 - STEP_BITS, 0), name("steps_q"));
  const end = binary(binary(steps, "+", sized(32, 1)), "*", sized(32, dimension));
  const inside = (first: Expression, last: Expression) =>
    binary(binary(age, ">=", first), "&&", binary(age, "<=", last));
  return [
    comment(`Clock 0 of a run is the one after start_i; age_q is the number of the clock.`),
    logic(32, "age_q"),
    logic(1, "started_q"),
    registers(
      [set(age, zeros), set(name("started_q"), sized(1, 0))],
      [
        when(
          binary(name("start_i"), "&", isFalse(name("busy_o"))),
          [
            set(age, zeros),
            set(name("started_q"), sized(1, 1)),
            {
              kind: "assert",
              condition: binary(
                binary(name("steps_i"), "!=", sized(STEP_BITS, 0)),
                "&&",
                binary(name("steps_i"), "<=", sized(STEP_BITS, MAX_STEPS)),
              ),
              message: [text(`steps_i must be 1 to ${MAX_STEPS}, is %0d`), name("steps_i")],
            },
          ],
          [set(age, binary(age, "+", sized(32, 1)))],
        ),
        when(name("started_q"), [
          {
            kind: "assert",
            condition: binary(name("valid_o"), "==", inside(sized(32, dimension + 1), end)),
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
