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
import * as sv from "../syntax.ts";
import { ACCUMULATORS, totalBits, totalMemory } from "./accumulators.ts";
import { type AimcMacroSize, macroName, servicePins } from "./aimc-macro.ts";
import { hasNoise } from "./erring-converters.ts";
import { CONSTANT_LATENCY } from "./fabric.ts";
import {
  accumulatorSize,
  addedOutputs,
  cellFile,
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
  thresholdMemory,
} from "./layer-sizes.ts";
import { baseOf, type Loads, loadableName, loadPins, loadPorts } from "./loads.ts";
import { type MemorySize, romName } from "./memories.ts";
import { membraneMemory, neuronsName } from "./neurons.ts";
import { both, countUp, indexBits, isAt, stepped, wordOfToken } from "./parts.ts";
import type { LayerPlan, MachinePlan } from "./plan.ts";
import { SUM_BITS, scaledSumsName } from "./scaled-sums.ts";
import { streamAddersName } from "./stream-adders.ts";

/** What the parts of a layer share. */
interface LayerParts {
  readonly plan: MachinePlan;
  readonly layer: LayerPlan;
  readonly loads: Loads | null;
  readonly ports: readonly sv.Port[];
  readonly s: Control;
  /** The multiplexers' step of a vector in the conversion, and one, two and three clocks later; null with a single step. */
  readonly muxes: readonly sv.Signal[] | null;
  /** A number for each readout unit. */
  readonly sums: sv.Signal;
  readonly values: sv.Signal;
  readonly token: sv.Signal;
  readonly step: sv.Signal;
}

type Control = sv.Signals<
  ReturnType<typeof layerPorts | typeof loadPorts>[number]["name"] | "timer_q" | "convert" | Stage
>;
/** Registers that mark the clocks after a conversion. */
const STAGES = ["coded_q", "scaled_q", "summed_q"] as const;
type Stage = (typeof STAGES)[number];

/**
 * @param settings of a crossbar's macro: its parameters
 * @param loads where constants can be loaded; null: they are fixed
 */
export function layerModule(
  plan: MachinePlan,
  layer: LayerPlan,
  settings: (crossbar: number) => Readonly<Record<string, sv.Expression>>,
  loads: Loads | null,
): sv.Module {
  const { multiplexerSteps, lanes } = layer;
  const ports = [...layerPorts(plan, layer), ...(loads ? loadPorts(loads) : [])];
  const timing = timingDeclarations(plan);
  const muxNames = ["mux_q", "mux_1_q", "mux_2_q", "mux_3_q"];
  const parts: LayerParts = {
    plan,
    layer,
    loads,
    ports,
    s: sv.signals(ports, timing),
    muxes: multiplexerSteps > 1 ? muxNames.map((one) => sv.signal(one, indexBits(multiplexerSteps))) : null,
    sums: sv.signal("sums", lanes * SUM_BITS),
    values: sv.signal("values", lanes * plan.arithmetic.streamBits),
    token: sv.signal("token_q", indexBits(layer.tokens.length)),
    step: sv.signal("step_q", indexBits(plan.steps)),
  };
  const codes = Array.from({ length: layer.rowBlocks }, (_, b) => sv.signal(`codes_${b}`, lanes * plan.codeBits));
  const word = meetsStream(layer.role) && plan.hasStream ? wordCounter(plan, layer) : null;
  const stream = meetsStream(layer.role) ? streamItems(parts, word) : [];
  return {
    name: layer.module,
    header: headerOf(plan, layer),
    ports,
    items: [
      ...controlItems(parts, timing),
      sv.gap,
      ...crossbarItems(parts, codes, settings),
      sv.gap,
      ...sumItems(parts, codes),
      sv.gap,
      ...countingItems(parts, word),
      ...(stream.length > 0 ? [sv.gap, ...stream] : []),
      sv.gap,
      ...(layer.role === "head" ? answerItems(parts) : neuronItems(parts)),
    ],
  };
}

function layerPorts(plan: MachinePlan, layer: LayerPlan) {
  const { arithmetic } = plan;
  const { role, lines, outputs, lanes } = layer;
  const { writes } = streamAccess(plan, layer);
  const streamed = lanes * arithmetic.streamBits;
  return [
    ...sv.CLOCKED,
    sv.input("valid_i"),
    sv.input("lines_i", lines),
    sv.output("take_o"),
    ...(meetsStream(role) && plan.hasStream
      ? [
          ...(writes ? [sv.output("stream_valid_o")] : []),
          sv.output("stream_address_o", indexBits(streamWords(plan, layer).entries)),
          ...(writes ? [sv.output("stream_o", streamed)] : []),
          ...(joined(plan, layer) === "stream" ? [sv.input("stream_i", streamed)] : []),
        ]
      : []),
    sv.output("valid_o"),
    ...(role === "head"
      ? [
          sv.output("logits_o", outputs * arithmetic.logitBits),
          sv.output("answer_o"),
          sv.output("totals_o", outputs * totalBits(arithmetic, addedOutputs(plan))),
        ]
      : [sv.output("spikes_o", outputs)]),
  ];
}

const timingDeclarations = ({ timing }: MachinePlan) => [
  sv.logic(indexBits(timing.settle + timing.conversion), "timer_q"),
  sv.logic(1, ...STAGES),
  sv.logic(1, "convert"),
];

/** The conversion of the multiplexers' last step, or of the only one. */
const isLastMux = ({ muxes, layer }: LayerParts, stage: number): sv.Expression[] =>
  muxes ? [isAt(muxes[stage], layer.multiplexerSteps - 1)] : [];

const select = ({ muxes }: LayerParts, stage: number): Record<string, sv.Expression> =>
  muxes ? { select_i: muxes[stage] } : {};

/** Counts the clocks of a conversion, the steps of the multiplexers, and follows each step through the clocks after it. */
function controlItems(parts: LayerParts, [timer, stages, convert]: readonly sv.Declaration[]): sv.Item[] {
  const { plan, layer, s, muxes } = parts;
  const { settle, conversion } = plan.timing;
  const { timer_q } = s;
  const clock = (value: number) => sv.sized(timer_q.width!, value);
  const lastOfFirst = clock(settle + conversion - 1);
  const end = muxes ? sv.choose(isAt(muxes[0], 0), lastOfFirst, clock(conversion - 1)) : lastOfFirst;
  return [
    timer,
    ...(muxes ? [sv.declare(...muxes)] : []),
    stages,
    convert,
    sv.wire(s.convert, both(s.valid_i, sv.binary(timer_q, "==", end))),
    sv.wire(s.take_o, both(s.convert, ...isLastMux(parts, 0))),
    sv.registers(sv.cleared(timer_q, ...(muxes ? [muxes[0]] : []), s.coded_q, s.scaled_q, s.summed_q), [
      sv.when(s.valid_i, [sv.set(timer_q, sv.choose(s.convert, clock(0), stepped(timer_q)))]),
      ...(muxes ? [sv.when(s.convert, [countUp(muxes[0], layer.multiplexerSteps)])] : []),
      sv.set(s.coded_q, s.convert),
      sv.set(s.scaled_q, s.coded_q),
      sv.set(s.summed_q, s.scaled_q),
    ]),
    ...(muxes ? [sv.clocked(...[1, 2, 3].map((stage) => sv.set(muxes[stage], muxes[stage - 1])))] : []),
  ];
}

/** The analog part: crossbars with their converters, row block by row block. */
function crossbarItems(
  parts: LayerParts,
  codes: readonly sv.Signal[],
  settings: (crossbar: number) => Readonly<Record<string, sv.Expression>>,
): sv.Item[] {
  const { plan, layer, s, loads } = parts;
  const loaded = plan.fabric.kind === "memories" ? loads : null;
  return [
    ...codes.map((one) => sv.declare(one)),
    ...layer.groups.flatMap((group) =>
      group.blocks.map(({ crossbar, rowStart, rows, columns }, b) =>
        sv.instance(
          macroName(macroSize(group, layer.multiplexerSteps, rows, columns)),
          `u_crossbar_${crossbar}`,
          {
            clk_i: s.clk_i,
            ...macroPins(plan, s, { rows, columns }),
            ...(loaded ? loadPins(s) : {}),
            convert_i: s.convert,
            ...select(parts, 0),
            lines_i: sv.slice(s.lines_i, rowStart + rows - 1, rowStart),
            codes_o: sv.slice(
              codes[b],
              (group.firstLane + group.lanes) * plan.codeBits - 1,
              group.firstLane * plan.codeBits,
            ),
          },
          { ...settings(crossbar), ...(loaded ? baseOf(loaded, cellFile(crossbar)) : {}) },
        ),
      ),
    ),
  ];
}

/**
 * What a macro needs besides lines and conversions: noise counts vectors, and memory is read while a vector is there. Service pins are for
 * a tester.
 */
const macroPins = (
  { fabric, adc }: MachinePlan,
  { rst_ni, valid_i }: Control,
  size: Pick<AimcMacroSize, "rows" | "columns">,
): Record<string, sv.Expression> => {
  switch (fabric.kind) {
    case "macros":
      return {
        ...(hasNoise(adc) ? { rst_ni } : {}),
        ...Object.fromEntries(servicePins(size).map(({ name, width }) => [name, sv.sized(width ?? 1, 0)])),
      };
    case "memories":
      return { rst_ni, run_i: valid_i };
  }
};

/** Codes times factors, summed over row blocks, plus offsets. */
function sumItems(parts: LayerParts, codes: readonly sv.Signal[]): sv.Item[] {
  const { plan, layer, s, muxes, sums } = parts;
  const early = CONSTANT_LATENCY[plan.fabric.kind];
  const address = (stage: number) => (muxes ? muxes[stage - early] : sv.sized(1, 0));
  const [factors, offsets] = [
    constantItems(parts, "factors", factorMemory(plan, layer), address(1)),
    constantItems(parts, "offsets", offsetMemory(plan, layer), address(2)),
  ];
  return [
    ...factors.items,
    ...offsets.items,
    sv.declare(sums),
    sv.instance(scaledSumsName({ lanes: layer.lanes, rowBlocks: layer.rowBlocks }), "u_sums", {
      clk_i: s.clk_i,
      ...Object.fromEntries(codes.map((one, b) => [`codes_${b}_i`, one])),
      factors_i: factors.data,
      offsets_i: offsets.data,
      sums_o: sums,
    }),
  ];
}

/** A memory of constants and the word at an address. */
function constantItems(
  { plan: { fabric }, layer, s, loads }: LayerParts,
  what: "factors" | "offsets" | "positions" | "threshold",
  size: MemorySize,
  address: sv.Expression,
): { readonly items: sv.Item[]; readonly data: sv.Signal } {
  const data = sv.signal(what, size.width);
  const file = constantFile(layer, what);
  const contents = { Contents: sv.text(file), ...(loads ? baseOf(loads, file) : {}) };
  const pins = {
    ...(CONSTANT_LATENCY[fabric.kind] > 0 || loads ? { clk_i: sv.CLOCK } : {}),
    address_i: address,
    data_o: data,
    ...(loads ? loadPins(s) : {}),
  };
  const module = loads ? loadableName(size) : romName(size);
  return { items: [sv.declare(data), sv.instance(module, `u_${what}`, pins, contents)], data };
}

/** Sums join the residual stream, or positions begin it. */
function streamItems(parts: LayerParts, word: Counter | null): sv.Item[] {
  const { plan, layer, s, muxes, sums, values, token } = parts;
  const join = joined(plan, layer);
  const address = sv.signal("position_address", indexBits(plan.tokens * layer.multiplexerSteps));
  const positions =
    join === "position" ? constantItems(parts, "positions", positionMemory(plan, layer), address) : null;
  return [
    ...(positions
      ? [
          sv.declare(address),
          sv.wire(
            address,
            wordOfToken(
              token,
              plan.tokens,
              muxes?.[3 - CONSTANT_LATENCY[plan.fabric.kind]] ?? null,
              layer.multiplexerSteps,
            ),
          ),
          ...positions.items,
        ]
      : []),
    sv.declare(values),
    sv.instance(streamAddersName(joinAdder(plan, layer)), "u_stream", {
      values_i: join === null ? sv.zeros : (positions?.data ?? s.stream_i),
      sums_i: sums,
      values_o: values,
    }),
    ...(streamAccess(plan, layer).writes ? [sv.wire(s.stream_o, values), sv.wire(s.stream_valid_o, s.summed_q)] : []),
    ...(word ? [sv.wire(s.stream_address_o, word.register)] : []),
  ];
}

interface Counter {
  readonly register: sv.Signal;
  readonly count: number;
}

/** Words of the stream as the layer meets them. */
function wordCounter(plan: MachinePlan, layer: LayerPlan): Counter {
  const { entries } = streamWords(plan, layer);
  return { register: sv.signal("word_q", indexBits(entries)), count: entries };
}

const isMean = ({ machine }: MachinePlan, { role }: LayerPlan): boolean =>
  role === "head" && (machine.shape.meanReadOut ?? false);

/** Counters of words, and of the tokens and steps whose results leave; the outer one advances with the last value of the inner. */
function countingItems(parts: LayerParts, word: Counter | null): sv.Item[] {
  const { plan, layer, s, token, step } = parts;
  const tokens = { register: token, count: layer.tokens.length };
  const steps = { register: step, count: plan.steps };
  const needsToken = joined(plan, layer) === "position" || isMean(plan, layer);
  const nested = plan.stepMajor ? [tokens, steps] : needsToken ? [steps, tokens] : [steps];
  const counters: (Counter & { when: sv.Expression })[] = [
    ...(word ? [{ ...word, when: s.summed_q }] : []),
    ...nested.map((counter, n) => ({
      ...counter,
      when: both(s.valid_o, ...nested.slice(0, n).map(({ register, count }) => isAt(register, count - 1))),
    })),
  ];
  return [
    ...counters.map(({ register }) => sv.declare(register)),
    sv.registers(
      sv.cleared(...counters.map(({ register }) => register)),
      counters.map(({ register, count, when }) => sv.when(when, [countUp(register, count)])),
    ),
    sv.wire(s.valid_o, both(s.summed_q, ...isLastMux(parts, 3))),
  ];
}

function neuronItems(parts: LayerParts): sv.Item[] {
  const { plan, layer, s, sums, values, step } = parts;
  const size = neuronSize(plan, layer);
  const fired = sv.signal("fired", layer.lanes);
  const isStored = size.tokens > 1;
  const address = isStored ? tokenAddress(parts, membraneMemory(size)) : null;
  const threshold = parts.loads ? constantItems(parts, "threshold", thresholdMemory(plan), sv.sized(1, 0)) : null;
  return [
    sv.declare(fired),
    ...(threshold?.items ?? []),
    ...(address?.items ?? []),
    sv.instance(neuronsName(size), "u_neurons", {
      clk_i: s.clk_i,
      valid_i: s.summed_q,
      first_i: isAt(step, 0),
      ...(address ? { last_i: isAt(step, plan.steps - 1), address_i: address.signal } : select(parts, 3)),
      ...(threshold ? { threshold_i: threshold.data } : {}),
      currents_i: meetsStream(layer.role) ? values : sums,
      spikes_o: fired,
    }),
    ...heldItems(parts, fired, 1, s.spikes_o),
  ];
}

/** The head's outputs at every step, and their totals. */
function answerItems(parts: LayerParts): sv.Item[] {
  const { plan, layer, s, sums, token, step } = parts;
  const { arithmetic, steps } = plan;
  const size = accumulatorSize(plan, layer);
  const total = totalBits(arithmetic, addedOutputs(plan));
  const logits = sv.signal("logits", layer.lanes * arithmetic.logitBits);
  const totals = sv.signal("sums_of_logits", layer.lanes * total);
  const address = size.tokens > 1 ? tokenAddress(parts, totalMemory(size, arithmetic)) : null;
  const ofMean = (at: number) => (isMean(plan, layer) ? [isAt(token, at)] : []);
  return [
    sv.declare(logits),
    sv.declare(totals),
    ...(address?.items ?? []),
    sv.instance(ACCUMULATORS, "u_accumulators", {
      clk_i: s.clk_i,
      valid_i: s.summed_q,
      first_i: both(...ofMean(0), isAt(step, 0)),
      ...(address ? { address_i: address.signal } : select(parts, 3)),
      sums_i: sums,
      logits_o: logits,
      totals_o: totals,
    }),
    ...heldItems(parts, logits, arithmetic.logitBits, s.logits_o),
    ...heldItems(parts, totals, total, s.totals_o),
    sv.wire(s.answer_o, both(s.valid_o, both(...ofMean(plan.tokens - 1), isAt(step, steps - 1)))),
  ];
}

/** The memory word of a token at a multiplexer step, where every token's state is kept. */
function tokenAddress({ layer, muxes, token }: LayerParts, memory: MemorySize) {
  const signal = sv.signal("token_address", indexBits(memory.entries));
  const word = wordOfToken(token, layer.tokens.length, muxes?.[3] ?? null, layer.multiplexerSteps);
  return { signal, items: [sv.declare(signal), sv.wire(signal, word)] };
}

/** A result of all multiplexer steps: those before the last are held in registers. */
function heldItems({ layer, s, muxes }: LayerParts, result: sv.Signal, bits: number, to: sv.Signal): sv.Item[] {
  const { multiplexerSteps, groups } = layer;
  const stored = Array.from({ length: multiplexerSteps - 1 }, (_, m) =>
    sv.signal(`${result.name}_${m}_q`, result.width),
  );
  const sources = [...stored, result];
  const parts = groups.flatMap(({ columns, lanes, firstLane }) =>
    sources.flatMap((source, m) => {
      const count = Math.min(lanes, columns - m * lanes);
      const [low, width] = [firstLane * bits, count * bits];
      // A one-bit signal has no parts.
      const of = result.width === 1 ? source : sv.slice(source, low + width - 1, low);
      return count <= 0 ? [] : [{ of, width }];
    }),
  );
  let low = 0;
  return [
    ...stored.flatMap((register, m) => [
      sv.declare(register),
      sv.clocked(sv.when(both(s.summed_q, isAt(muxes![3], m)), [sv.set(register, result)])),
      ...unusedBits(register, (bit) => hasColumn(layer, Math.floor(bit / bits), m)),
    ]),
    ...parts.map(({ of, width }) => {
      low += width;
      return sv.wire(sv.slice(to, low - 1, low - width), of);
    }),
  ];
}

/** Whether a readout unit has a column at a step of the multiplexers. */
function hasColumn({ groups }: LayerPlan, lane: number, m: number): boolean {
  const { columns, lanes, firstLane } = groups.findLast((group) => group.firstLane <= lane)!;
  return m * lanes + lane - firstLane < columns;
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
