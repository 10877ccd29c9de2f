/**
 * A layer of weights: its crossbars, the readout units behind them, and the control of a vector's clocks.
 *
 *   clock      of a vector of c clocks: settle + M conversions
 *   0          the vector's first clock: it stands at lines_i, and stays
 *   ...        multiplexer step m converts in clock settle + (m + 1) conversion - 1, its last
 *   c - 1      take_o: the next vector may stand there in the next clock
 *   c + 2      valid_o: result of step M - 1 and with it of the vector, combinational; registers behind show it in clock c + 3
 *
 * Behind a conversion: codes in the macro's registers, products, sums, and then stream, neurons or accumulators (three clocks, LIF_LATENCY).
 */

import { unusedBits } from "../encoder.ts";
import {
  binary,
  CLOCKED,
  choose,
  clocked,
  type Expression,
  gap,
  type Item,
  input,
  instance,
  logic,
  type Module,
  name,
  output,
  type Port,
  registers,
  type Statement,
  set,
  sized,
  slice,
  text,
  when,
  wire,
  zeros,
} from "../syntax.ts";
import { ACCUMULATORS, totalBits } from "./accumulators.ts";
import { macroName } from "./aimc-macro.ts";
import { hasNoise } from "./erring-converters.ts";
import { type MemorySize, romName } from "./memories.ts";
import { neuronsName } from "./neurons.ts";
import { both, countUp, indexBits, isAt } from "./parts.ts";
import type { GroupPlan, LayerPlan, LayerRole, MachinePlan } from "./plan.ts";
import { SUM_BITS, scaledSumsName } from "./scaled-sums.ts";
import { type StreamAdderSize, streamAddersName } from "./stream-adders.ts";

/** Layers whose sums meet the residual stream. */
export const meetsStream = (role: LayerRole): boolean => role === "embed" || role === "projection" || role === "down";

/** Files with a layer's constants. */
export const constantFile = (layer: LayerPlan, what: "factors" | "offsets" | "positions"): string =>
  `${layer.module.replace(/^layer_/, "")}_${what}.hex`;

export const factorMemory = ({ arithmetic }: MachinePlan, { lanes, rowBlocks, multiplexerSteps }: LayerPlan) => ({
  width: lanes * rowBlocks * arithmetic.factorBits,
  entries: multiplexerSteps,
});
export const offsetMemory = ({ arithmetic }: MachinePlan, { lanes, multiplexerSteps }: LayerPlan): MemorySize => ({
  width: lanes * arithmetic.offsetBits,
  entries: multiplexerSteps,
});
export const positionMemory = (
  { arithmetic, tokens }: MachinePlan,
  { lanes, multiplexerSteps }: LayerPlan,
): MemorySize => ({ width: lanes * arithmetic.offsetBits, entries: tokens * multiplexerSteps });
/** Words of the stream are those of a step of the multiplexers. */
export const streamWords = (
  { arithmetic, tokens, steps }: MachinePlan,
  { lanes, multiplexerSteps }: LayerPlan,
): MemorySize => ({ width: lanes * arithmetic.streamBits, entries: tokens * steps * multiplexerSteps });

/** What is added to the sum in front of the stream's register; null: nothing. */
export const joined = (plan: MachinePlan, { role }: LayerPlan): "position" | "stream" | null =>
  role === "embed" ? (plan.hasPositions ? "position" : null) : plan.hasStream ? "stream" : null;

export const joinAdder = (plan: MachinePlan, layer: LayerPlan): StreamAdderSize => {
  const { offsetBits, streamBits } = plan.arithmetic;
  return {
    a: joined(plan, layer) === "stream" ? streamBits : offsetBits,
    b: SUM_BITS,
    sum: streamBits,
    lanes: layer.lanes,
  };
};

/** Outputs of the head that make one answer. */
export const addedOutputs = ({ machine, steps, tokens }: MachinePlan): number =>
  steps * (machine.shape.meanReadOut ? tokens : 1);

export const macroSize = ({ lanes }: GroupPlan, multiplexerSteps: number, rows: number, columns: number) => ({
  ...{ rows, columns, lanes, multiplexerSteps },
});

/** @param settings of a crossbar's macro: its parameters */
export function layerModule(
  plan: MachinePlan,
  layer: LayerPlan,
  settings: (crossbar: number) => Readonly<Record<string, Expression>>,
): Module {
  const { arithmetic, timing, codeBits, tokens, steps } = plan;
  const { role, inputs, outputs, rowBlocks, multiplexerSteps: muxes, lanes } = layer;
  const { streamBits, membraneBits } = arithmetic;
  const isShared = muxes > 1;
  const muxBits = indexBits(muxes);
  const longest = timing.settle + timing.conversion;
  const timerBits = indexBits(longest);
  const isHead = role === "head";
  const inStream = meetsStream(role);
  const join = inStream ? joined(plan, layer) : null;
  const clock = { clk_i: name("clk_i") };
  const lastConversion = sized(timerBits, timing.conversion - 1);
  const end = isShared
    ? choose(isAt("mux_q", 0, muxes), sized(timerBits, longest - 1), lastConversion)
    : sized(timerBits, longest - 1);
  const muxAt = (stage: number) => (stage === 0 ? "mux_q" : `mux_${stage}_q`);
  const lastMux = (stage: number): Expression | null => (isShared ? isAt(muxAt(stage), muxes - 1, muxes) : null);
  const atLast = (condition: Expression, stage: number) => {
    const last = lastMux(stage);
    return last ? both(condition, last) : condition;
  };
  const select = (stage: number): Record<string, Expression> => (isShared ? { select_i: name(muxAt(stage)) } : {});
  const stages = ["coded_q", "scaled_q", "summed_q"];
  const vectors = layer.tokens.length * steps;

  const control: Item[] = [
    logic(timerBits, "timer_q"),
    ...(isShared ? [logic(muxBits, ...[0, 1, 2, 3].map(muxAt))] : []),
    logic(1, ...stages),
    logic(1, "convert"),
    wire(name("convert"), both(name("valid_i"), binary(name("timer_q"), "==", end))),
    wire(name("take_o"), atLast(name("convert"), 0)),
    registers(
      [
        ...["timer_q", ...(isShared ? [0, 1, 2, 3].map(muxAt) : []), ...stages].map((register) =>
          set(name(register), zeros),
        ),
      ],
      [
        when(name("valid_i"), [
          set(
            name("timer_q"),
            choose(name("convert"), sized(timerBits, 0), binary(name("timer_q"), "+", sized(timerBits, 1))),
          ),
        ]),
        ...(isShared ? [when(name("convert"), [countUp("mux_q", muxes)])] : []),
        set(name("coded_q"), name("convert")),
        set(name("scaled_q"), name("coded_q")),
        set(name("summed_q"), name("scaled_q")),
        ...(isShared ? [1, 2, 3].map((stage) => set(name(muxAt(stage)), name(muxAt(stage - 1)))) : []),
      ],
    ),
  ];

  const address = (stage: number) => (isShared ? name(muxAt(stage)) : sized(1, 0));
  const rom = (what: "factors" | "offsets" | "positions", size: MemorySize, at: Expression): Item[] => [
    logic(size.width, what),
    instance(
      romName(size),
      `u_${what}`,
      { address_i: at, data_o: name(what) },
      { Contents: text(constantFile(layer, what)) },
    ),
  ];
  const analog: Item[] = [
    ...Array.from({ length: rowBlocks }, (_, b) => logic(lanes * codeBits, `codes_${b}`)),
    ...layer.groups.flatMap((group) =>
      group.blocks.map(({ crossbar, rowStart, rows, columns }, b) =>
        instance(
          macroName(macroSize(group, muxes, rows, columns)),
          `u_crossbar_${crossbar}`,
          {
            ...clock,
            ...(hasNoise(plan.adc) ? { rst_ni: name("rst_ni") } : {}),
            convert_i: name("convert"),
            ...select(0),
            lines_i: slice(name("lines_i"), rowStart + rows - 1, rowStart),
            codes_o: slice(
              name(`codes_${b}`),
              (group.firstLane + group.lanes) * codeBits - 1,
              group.firstLane * codeBits,
            ),
          },
          settings(crossbar),
        ),
      ),
    ),
  ];
  const digital: Item[] = [
    ...rom("factors", factorMemory(plan, layer), address(1)),
    ...rom("offsets", offsetMemory(plan, layer), address(2)),
    logic(lanes * SUM_BITS, "sums"),
    instance(scaledSumsName({ lanes, rowBlocks }), "u_sums", {
      ...clock,
      ...Object.fromEntries(Array.from({ length: rowBlocks }, (_, b) => [`codes_${b}_i`, name(`codes_${b}`)])),
      factors_i: name("factors"),
      offsets_i: name("offsets"),
      sums_o: name("sums"),
    }),
  ];

  const word = indexBits(vectors * muxes);
  const stream: Item[] = !inStream
    ? []
    : [
        ...(join === "position"
          ? [
              logic(indexBits(tokens * muxes), "position_address"),
              wire(name("position_address"), positionAddress()),
              ...rom("positions", positionMemory(plan, layer), name("position_address")),
            ]
          : []),
        logic(lanes * streamBits, "values"),
        instance(streamAddersName(joinAdder(plan, layer)), "u_stream", {
          values_i: join === null ? zeros : name(join === "position" ? "positions" : "stream_i"),
          sums_i: name("sums"),
          values_o: name("values"),
        }),
        ...(plan.hasStream
          ? [
              wire(name("stream_o"), name("values")),
              wire(name("stream_valid_o"), name("summed_q")),
              wire(name("stream_address_o"), name("word_q")),
            ]
          : []),
      ];

  const counters: { register: string; count: number; when: Expression }[] = [
    ...(inStream && plan.hasStream ? [{ register: "word_q", count: vectors * muxes, when: name("summed_q") }] : []),
    { register: "step_q", count: steps, when: name("valid_o") },
    ...(join === "position" || (isHead && plan.machine.shape.meanReadOut)
      ? [
          {
            register: "token_q",
            count: layer.tokens.length,
            when: both(name("valid_o"), isAt("step_q", steps - 1, steps)),
          },
        ]
      : []),
  ];
  const counting: Item[] = [
    ...counters.map(({ register, count }) => logic(indexBits(count), register)),
    registers(
      counters.map(({ register }) => set(name(register), zeros)),
      counters.map(({ register, count, when: condition }): Statement => when(condition, [countUp(register, count)])),
    ),
    wire(name("valid_o"), atLast(name("summed_q"), 3)),
  ];

  const currentBits = inStream ? streamBits : SUM_BITS;
  const fired: Item[] = isHead
    ? []
    : [
        logic(lanes, "fired"),
        instance(neuronsName({ lanes, multiplexerSteps: muxes, currentBits, membraneBits }), "u_neurons", {
          ...clock,
          valid_i: name("summed_q"),
          first_i: isAt("step_q", 0, steps),
          ...select(3),
          currents_i: name(inStream ? "values" : "sums"),
          spikes_o: name("fired"),
        }),
        ...held("fired", 1, "spikes_o"),
      ];

  const added = addedOutputs(plan);
  const total = totalBits(arithmetic, added);
  const isMean = plan.machine.shape.meanReadOut ?? false;
  const first = isMean ? both(isAt("token_q", 0, tokens), isAt("step_q", 0, steps)) : isAt("step_q", 0, steps);
  const last = isMean
    ? both(isAt("token_q", tokens - 1, tokens), isAt("step_q", steps - 1, steps))
    : isAt("step_q", steps - 1, steps);
  const answers: Item[] = !isHead
    ? []
    : [
        logic(lanes * arithmetic.logitBits, "logits"),
        logic(lanes * total, "sums_of_logits"),
        instance(ACCUMULATORS, "u_accumulators", {
          ...clock,
          valid_i: name("summed_q"),
          first_i: first,
          ...select(3),
          sums_i: name("sums"),
          logits_o: name("logits"),
          totals_o: name("sums_of_logits"),
        }),
        ...held("logits", arithmetic.logitBits, "logits_o"),
        ...held("sums_of_logits", total, "totals_o"),
        wire(name("answer_o"), both(name("valid_o"), last)),
      ];

  const ports: Port[] = [
    ...CLOCKED,
    input("valid_i"),
    input("lines_i", inputs),
    output("take_o"),
    ...(inStream && plan.hasStream
      ? [
          output("stream_valid_o"),
          output("stream_address_o", word),
          output("stream_o", lanes * streamBits),
          ...(join === "stream" ? [input("stream_i", lanes * streamBits)] : []),
        ]
      : []),
    output("valid_o"),
    ...(isHead
      ? [output("logits_o", outputs * arithmetic.logitBits), output("answer_o"), output("totals_o", outputs * total)]
      : [output("spikes_o", outputs)]),
  ];
  return {
    name: layer.module,
    header: headerOf(plan, layer),
    ports,
    items: [
      ...control,
      gap,
      ...analog,
      gap,
      ...digital,
      gap,
      ...counting,
      ...(stream.length > 0 ? [gap, ...stream] : []),
      gap,
      ...fired,
      ...answers,
    ],
  };

  function positionAddress(): Expression {
    const address = indexBits(tokens * muxes);
    const token = { kind: "cast", width: address, operand: name("token_q") } as const;
    if (!isShared) return token;
    return binary(binary(token, "*", sized(address, muxes)), "+", {
      kind: "cast",
      width: address,
      operand: name(muxAt(3)),
    });
  }

  /** Whether a readout unit has a column at a step of the multiplexers. */
  function hasColumn(lane: number, m: number): boolean {
    const { columns, lanes: own, firstLane } = layer.groups.findLast((group) => group.firstLane <= lane)!;
    return m * own + lane - firstLane < columns;
  }

  /** A result of all steps of the multiplexers: those before the last one are held in registers. */
  function held(signal: string, bits: number, to: string): Item[] {
    const stored = (m: number) => `${signal}_${m}_q`;
    const steps = Array.from({ length: muxes - 1 }, (_, m) => m);
    const parts = layer.groups.flatMap(({ columns, lanes: own, firstLane }) =>
      Array.from({ length: muxes }, (_, m) => {
        const count = Math.min(own, columns - m * own);
        const source = m === muxes - 1 ? signal : stored(m);
        return count <= 0 ? [] : [slice(name(source), (firstLane + count) * bits - 1, firstLane * bits)];
      }).flat(),
    );
    let low = 0;
    return [
      ...steps.flatMap((m) => [
        logic(lanes * bits, stored(m)),
        clocked(when(both(name("summed_q"), isAt(muxAt(3), m, muxes)), [set(name(stored(m)), name(signal))])),
        ...unusedBits(stored(m), lanes * bits, (bit) => hasColumn(Math.floor(bit / bits), m)),
      ]),
      ...parts.map((of) => {
        const width = of.kind === "slice" ? of.high - of.low + 1 : 0;
        low += width;
        return wire(slice(name(to), low - 1, low - width), of);
      }),
    ];
  }
}

function headerOf(
  { timing }: MachinePlan,
  { name, role, inputs, outputs, groups, lanes, rowBlocks, multiplexerSteps }: LayerPlan,
) {
  const behind: Record<LayerRole, string> = {
    stem: "neurons behind them give the pixels of a map",
    embed: "their sums and positions begin the residual stream, in front of neurons",
    qkv: "neurons behind them give q, k and v",
    projection: "their sums join the residual stream, in front of neurons",
    up: "neurons behind them",
    down: "their sums join the residual stream, in front of neurons",
    head: "accumulators behind them add their outputs up",
  };
  const clocks = timing.settle + multiplexerSteps * timing.conversion;
  return [
    `Layer ${name}: ${inputs} lines to ${outputs} columns on ${groups.length * rowBlocks} crossbars, ${rowBlocks} row ${rowBlocks === 1 ? "block" : "blocks"} by ${groups.length} column ` +
      `${groups.length === 1 ? "group" : "groups"}; ${lanes} readout units, ${multiplexerSteps} multiplexer ${multiplexerSteps === 1 ? "step" : "steps"}; ${behind[role]}.`,
    `A vector stands at lines_i while valid_i is 1, from its first clock to take_o, ${clocks} clocks; a next one may follow at once. Vectors come token by ` +
      "token, all steps of a token one after another.",
    `Latency: valid_o and what belongs to it are combinational, ${clocks} + 2 clocks after a vector's first one.`,
  ];
}
