/**
 * A layer of weights: its crossbars, the readout units after them, and the control of a vector's clocks.
 *
 *   clock      of a vector of c clocks: settle + M conversions
 *   0          the vector's first clock: it is at lines_i, and stays
 *   ...        multiplexer step m converts in clock settle + (m + 1) conversion - 1, its last
 *   c - 1      take_o: the next vector may be there in the next clock
 *   c + 2      valid_o: result of step M - 1 and thus of the vector, combinational; registers after it show it in clock c + 3
 *
 * After a conversion: codes in the macro's registers, products, sums, and then stream, neurons or accumulators (three clocks,
 * LIF_LATENCY).
 */

import type { LayerRole } from "../../model/layers.ts";
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
import { ACCUMULATORS, totalBits, totalMemory } from "./accumulators.ts";
import { macroName } from "./aimc-macro.ts";
import { hasNoise } from "./erring-converters.ts";
import {
  accumulatorSize,
  addedOutputs,
  constantFile,
  factorMemory,
  joinAdder,
  joined,
  macroSize,
  meetsStream,
  neuronSize,
  offsetMemory,
  positionMemory,
  streamAccess,
  streamWords,
} from "./layer-sizes.ts";
import { type MemorySize, romName } from "./memories.ts";
import { membraneMemory, neuronsName } from "./neurons.ts";
import { both, countUp, indexBits, isAt, wordOfToken } from "./parts.ts";
import type { LayerPlan, MachinePlan } from "./plan.ts";
import { SUM_BITS, scaledSumsName } from "./scaled-sums.ts";
import { streamAddersName } from "./stream-adders.ts";

/** @param settings of a crossbar's macro: its parameters */
export function layerModule(
  plan: MachinePlan,
  layer: LayerPlan,
  settings: (crossbar: number) => Readonly<Record<string, Expression>>,
): Module {
  const { arithmetic, timing, codeBits, tokens, steps } = plan;
  const { role, lines, outputs, rowBlocks, multiplexerSteps: muxes, lanes } = layer;
  const { streamBits } = arithmetic;
  const isShared = muxes > 1;
  const muxBits = indexBits(muxes);
  const longest = timing.settle + timing.conversion;
  const timerBits = indexBits(longest);
  const isHead = role === "head";
  const inStream = meetsStream(role);
  const join = inStream ? joined(plan, layer) : null;
  const isMean = isHead && (plan.machine.shape.meanReadOut ?? false);
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
  const access = streamAccess(plan, layer);
  const { entries } = streamWords(plan, layer);
  const stepMajor = plan.stepMajor !== null;

  const control: Item[] = [
    logic(timerBits, "timer_q"),
    ...(isShared ? [logic(muxBits, ...[0, 1, 2, 3].map(muxAt))] : []),
    logic(1, ...stages),
    logic(1, "convert"),
    wire(name("convert"), both(name("valid_i"), binary(name("timer_q"), "==", end))),
    wire(name("take_o"), atLast(name("convert"), 0)),
    registers(
      [...["timer_q", ...(isShared ? [muxAt(0)] : []), ...stages].map((register) => set(name(register), zeros))],
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
      ],
    ),
    ...(isShared ? [clocked(...[1, 2, 3].map((stage) => set(name(muxAt(stage)), name(muxAt(stage - 1)))))] : []),
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

  const stream: Item[] = !inStream
    ? []
    : [
        ...(join === "position"
          ? [
              logic(indexBits(tokens * muxes), "position_address"),
              wire(name("position_address"), wordOfToken(tokens, isShared ? muxAt(3) : null, muxes)),
              ...rom("positions", positionMemory(plan, layer), name("position_address")),
            ]
          : []),
        logic(lanes * streamBits, "values"),
        instance(streamAddersName(joinAdder(plan, layer)), "u_stream", {
          values_i: join === null ? zeros : name(join === "position" ? "positions" : "stream_i"),
          sums_i: name("sums"),
          values_o: name("values"),
        }),
        ...(access.writes
          ? [wire(name("stream_o"), name("values")), wire(name("stream_valid_o"), name("summed_q"))]
          : []),
        ...(plan.hasStream ? [wire(name("stream_address_o"), name("word_q"))] : []),
      ];

  const counters: { register: string; count: number; when: Expression }[] = [
    ...(inStream && plan.hasStream ? [{ register: "word_q", count: entries, when: name("summed_q") }] : []),
    ...(stepMajor ? [counter("token"), counter("step", "token")] : [counter("step")]),
    ...(!stepMajor && (join === "position" || isMean) ? [counter("token", "step")] : []),
  ];
  const counting: Item[] = [
    ...counters.map(({ register, count }) => logic(indexBits(count), register)),
    registers(
      counters.map(({ register }) => set(name(register), zeros)),
      counters.map(({ register, count, when: condition }): Statement => when(condition, [countUp(register, count)])),
    ),
    wire(name("valid_o"), atLast(name("summed_q"), 3)),
  ];

  const neurons = isHead ? null : neuronSize(plan, layer);
  const fired: Item[] = !neurons
    ? []
    : [
        logic(lanes, "fired"),
        ...(neurons.tokens > 1 ? addressed(membraneMemory(neurons)) : []),
        instance(neuronsName(neurons), "u_neurons", {
          ...clock,
          valid_i: name("summed_q"),
          first_i: isAt("step_q", 0, steps),
          ...(neurons.tokens > 1
            ? { last_i: isAt("step_q", steps - 1, steps), address_i: name("token_address") }
            : select(3)),
          currents_i: name(inStream ? "values" : "sums"),
          spikes_o: name("fired"),
        }),
        ...held("fired", 1, "spikes_o"),
      ];

  const accumulated = accumulatorSize(plan, layer);
  const total = totalBits(arithmetic, addedOutputs(plan));
  const first = isMean ? both(isAt("token_q", 0, tokens), isAt("step_q", 0, steps)) : isAt("step_q", 0, steps);
  const last = isMean
    ? both(isAt("token_q", tokens - 1, tokens), isAt("step_q", steps - 1, steps))
    : isAt("step_q", steps - 1, steps);
  const answers: Item[] = !isHead
    ? []
    : [
        logic(lanes * arithmetic.logitBits, "logits"),
        logic(lanes * total, "sums_of_logits"),
        ...(accumulated.tokens > 1 ? addressed(totalMemory(accumulated, arithmetic)) : []),
        instance(ACCUMULATORS, "u_accumulators", {
          ...clock,
          valid_i: name("summed_q"),
          first_i: first,
          ...(accumulated.tokens > 1 ? { address_i: name("token_address") } : select(3)),
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
    input("lines_i", lines),
    output("take_o"),
    ...(inStream && plan.hasStream
      ? [
          ...(access.writes ? [output("stream_valid_o")] : []),
          output("stream_address_o", indexBits(entries)),
          ...(access.writes ? [output("stream_o", lanes * streamBits)] : []),
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

  /** A counter of reads or services; the outer one advances with the last value of the inner. */
  function counter(of: "token" | "step", inner?: "token" | "step") {
    const counts = { token: layer.tokens.length, step: steps };
    const last = inner && isAt(`${inner}_q`, counts[inner] - 1, counts[inner]);
    return { register: `${of}_q`, count: counts[of], when: last ? both(name("valid_o"), last) : name("valid_o") };
  }

  /** The memory word of a token at a multiplexer step, where every token's state is kept. */
  function addressed(memory: MemorySize): Item[] {
    return [
      logic(indexBits(memory.entries), "token_address"),
      wire(name("token_address"), wordOfToken(layer.tokens.length, isShared ? muxAt(3) : null, muxes)),
    ];
  }

  /** Whether a readout unit has a column at a step of the multiplexers. */
  function hasColumn(lane: number, m: number): boolean {
    const { columns, lanes: own, firstLane } = layer.groups.findLast((group) => group.firstLane <= lane)!;
    return m * own + lane - firstLane < columns;
  }

  /** A result of all multiplexer steps: those before the last are held in registers. */
  function held(signal: string, bits: number, to: string): Item[] {
    const stored = (m: number) => `${signal}_${m}_q`;
    const steps = Array.from({ length: muxes - 1 }, (_, m) => m);
    const parts = layer.groups.flatMap(({ columns, lanes: own, firstLane }) =>
      Array.from({ length: muxes }, (_, m) => {
        const count = Math.min(own, columns - m * own);
        const source = m === muxes - 1 ? signal : stored(m);
        const [low, width] = [firstLane * bits, count * bits];
        // A one-bit signal has no parts.
        const of = lanes * bits === 1 ? name(source) : slice(name(source), low + width - 1, low);
        return count <= 0 ? [] : [{ of, width }];
      }).flat(),
    );
    let low = 0;
    return [
      ...steps.flatMap((m) => [
        logic(lanes * bits, stored(m)),
        clocked(when(both(name("summed_q"), isAt(muxAt(3), m, muxes)), [set(name(stored(m)), name(signal))])),
        ...unusedBits(stored(m), lanes * bits, (bit) => hasColumn(Math.floor(bit / bits), m)),
      ]),
      ...parts.map(({ of, width }) => {
        low += width;
        return wire(slice(name(to), low - 1, low - width), of);
      }),
    ];
  }
}

function headerOf(
  { timing, stepMajor }: MachinePlan,
  { name, role, lines, outputs, groups, lanes, rowBlocks, multiplexerSteps }: LayerPlan,
) {
  const behind: Record<LayerRole, string> = {
    convolution: "followed by neurons that give the pixels of a map",
    embedding: "sums and positions begin the residual stream, followed by neurons",
    "attention input": "followed by neurons that give q, k and v",
    "attention output": "sums join the residual stream, followed by neurons",
    "feed-forward up": "followed by neurons",
    "feed-forward down": "sums join the residual stream, followed by neurons",
    head: "followed by accumulators of the outputs",
  };
  const clocks = timing.settle + multiplexerSteps * timing.conversion;
  return [
    `Layer ${name}: ${lines} lines to ${outputs} columns on ${groups.length * rowBlocks} crossbars, ${rowBlocks} row ${rowBlocks === 1 ? "block" : "blocks"} by ${groups.length} column ` +
      `${groups.length === 1 ? "group" : "groups"}; ${lanes} readout units, ${multiplexerSteps} multiplexer ${multiplexerSteps === 1 ? "step" : "steps"}; ${behind[role]}.`,
    `A vector is held at lines_i while valid_i is 1, from its first clock to take_o, ${clocks} clocks; the next may follow at once. Vectors arrive ` +
      (stepMajor
        ? "step by step, all tokens of a step in succession."
        : "token by token, all steps of a token in succession."),
    `Latency: valid_o and the results are combinational, ${clocks} + 2 clocks after the first clock of a vector.`,
  ];
}
