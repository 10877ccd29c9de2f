/**
 * The whole machine: layers, attention, the memories between them, and its edge, a stream of vectors in and a stream of answers
 * out.
 *
 * Layers of one kind in different blocks share a port of the stream's memory, and blocks share the engine and its buffers: with
 * a single prompt they never work at the same time. With several in flight they do (`top-in-flight.ts`).
 */
import { isStraight, lineOrder, type Wiring } from "../../hardware/line-order.ts";
import { meanReadOut } from "../../machine/network.ts";
import { unused } from "../encoder.ts";
import * as sv from "../syntax.ts";
import { totalBits } from "./accumulators.ts";
import { DECISION_UNIT, decisionBits, decisionSize } from "./decision-unit.ts";
import { SEED_BITS } from "./engine.ts";
import type { InFlightPlan } from "./flight.ts";
import { addedOutputs } from "./layer-sizes.ts";
import { type Loads, loadItems } from "./loads.ts";
import { queueName } from "./memories.ts";
import { both, countUp, indexBits, isAt } from "./parts.ts";
import { inputOf, type LayerPlan, type MachinePlan, seedPortOf, shortName as short } from "./plan.ts";
import { admissionItems, arrivesInTime, attentionByClock, edgeDeclarations, turnItems } from "./top-in-flight.ts";
import {
  attentionInTurn,
  attentionOfBlocks,
  type LayerWires,
  layerWires,
  streamItems,
  streamPortOf,
  streamWires,
} from "./top-memories.ts";

/** Name of the top module. */
export const MACHINE = "xpike_machine";

/** Bits of an answer: its totals. */
export const answerBits = (plan: MachinePlan): number =>
  plan.layers[plan.layers.length - 1].outputs * totalBits(plan.arithmetic, addedOutputs(plan));

/** Answers per prompt. */
export const answersOf = ({ machine, layers }: MachinePlan): number =>
  meanReadOut(machine.network.graph) ? 1 : layers[layers.length - 1].tokens.length;

/** Answers wait with their decisions. */
export const answerQueue = (plan: MachinePlan) => ({
  width: answerBits(plan) + decisionBits(decisionSize(plan)),
  entries: answersOf(plan) * (plan.inFlight?.prompts ?? 1),
});

export const windowsName = (layer: LayerPlan): string => `windows_${short(layer)}`;

/** All steps of a token; in step-major order, and with prompts in flight, the whole prompt. */
export const inputQueue = ({ layers, steps, tokens, stepMajor, inFlight }: MachinePlan) => ({
  width: layers[0].inputs,
  entries: (stepMajor ?? inFlight) ? tokens * steps : steps,
  isGuarded: true,
});

/** Whether the head skips tokens. */
export const isFiltered = (plan: MachinePlan): boolean =>
  plan.layers[plan.layers.length - 1].tokens.length < plan.tokens;

/** What the parts of the top module share: its pins, and the wires between its parts. */
type TopSignals = ReturnType<typeof topSignals>;

/** @param window words of seeds, and of constants behind them; undefined: seeds only */
function topPorts(plan: MachinePlan, window: number | undefined) {
  const head = headOf(plan);
  const seeds = seedPortOf(plan, window);
  return [
    ...sv.CLOCKED,
    sv.input("seed_write_i"),
    sv.input("seed_address_i", indexBits(seeds.places)),
    sv.input("seed_data_i", seeds.width),
    sv.input("in_valid_i"),
    sv.output("in_ready_o"),
    sv.input("in_data_i", inputOf(plan).width),
    sv.output("out_valid_o"),
    sv.input("out_ready_i"),
    sv.output("out_data_o", answerBits(plan)),
    sv.output("out_decision_o", decisionBits(decisionSize(plan))),
    sv.output("logits_valid_o"),
    sv.output("logits_o", head.outputs * plan.arithmetic.logitBits),
    sv.output("busy_o"),
  ];
}

function topSignals(plan: MachinePlan, window: number | undefined) {
  const ports = topPorts(plan, window);
  const declared = [
    sv.logic(1, "answer", "decided"),
    sv.logic(answerBits(plan), "totals", "decided_totals"),
    sv.logic(decisionBits(decisionSize(plan)), "decision"),
    ...(plan.inFlight ? edgeDeclarations(plan) : []),
  ];
  const wires = new Map(plan.layers.map((layer) => [layer, layerWires(plan, layer)]));
  const of = (layer: LayerPlan): LayerWires => wires.get(layer)!;
  return { ports, declared, s: sv.signals(ports, declared), of, streamWires: streamWires(plan) };
}

/** Words of seeds of a prompt. */
export const seedWordsOf = ({ depth, engine }: MachinePlan): number => (depth * engine.seedBits) / SEED_BITS;

export function topModule(plan: MachinePlan, loads: Loads | null): sv.Module {
  const { layers, hasStream, inFlight } = plan;
  const words = seedWordsOf(plan);
  const top = topSignals(plan, loads?.windowWords);
  const loading = loads ? loadItems(loads, top.s) : null;
  const { ports, declared, of, streamWires: stream } = top;
  const filter = isFiltered(plan) ? tokenFilter(plan, top) : null;
  return {
    name: MACHINE,
    header: headerOf(plan, words),
    ports,
    items: [
      ...layers.flatMap((layer) => of(layer).declared),
      ...[...stream.values()].flatMap((port) => port.declared),
      ...declared,
      sv.gap,
      ...(inFlight ? edgeInFlight(plan, inFlight, top) : edgeItems(plan, top)),
      ...(loading?.items ?? []),
      sv.gap,
      ...(filter ? [...filter.items, sv.gap] : []),
      ...layers.map((layer) => layerInstance(plan, layer, top, loading?.layerPins ?? {})),
      sv.gap,
      ...layers.flatMap((_, i) => waitingRoom(plan, i, of, filter?.isRead ?? null)),
      sv.gap,
      ...attentionItems(plan, top, { ...top.s, ...loading?.seeds }),
      ...(hasStream ? [sv.gap, ...streamItems(plan, of, stream)] : []),
    ],
  };
}

function attentionItems(plan: MachinePlan, { of }: TopSignals, s: TopSignals["s"]): sv.Item[] {
  const { stepMajor, inFlight, engine } = plan;
  if (engine.unit === "none") return unused("seeds", sv.concat(s.seed_write_i, s.seed_address_i, s.seed_data_i));
  if (stepMajor) return attentionOfBlocks(plan, stepMajor, of, s);
  return inFlight ? attentionByClock(plan, inFlight, of, s) : attentionInTurn(plan, of, s);
}

export const headOf = ({ layers }: Pick<MachinePlan, "layers">): LayerPlan => layers[layers.length - 1];

function layerInstance(
  plan: MachinePlan,
  layer: LayerPlan,
  { s, of, streamWires: stream }: TopSignals,
  more: Readonly<Record<string, sv.Signal>>,
): sv.Item {
  const own = of(layer);
  return sv.instance(layer.module, `u_${short(layer)}`, {
    ...sv.CLOCKS,
    valid_i: own.ready,
    lines_i: own.lines,
    take_o: own.take,
    ...(own.stream.address
      ? {
          ...(own.stream.valid ? { stream_valid_o: own.stream.valid } : {}),
          stream_address_o: own.stream.address,
          ...(own.stream.next ? { stream_o: own.stream.next } : {}),
          ...(layer.beginsStream ? {} : { stream_i: stream.get(streamPortOf(plan, layer))!.data! }),
        }
      : {}),
    ...more,
    valid_o: own.valid,
    ...(layer.answers ? { logits_o: s.logits_o, answer_o: s.answer, totals_o: s.totals } : { spikes_o: own.spikes! }),
  });
}

/** The queue or the windows before a layer; attention and the edge bring their own. */
function waitingRoom(
  { layers, inFlight }: MachinePlan,
  i: number,
  of: (layer: LayerPlan) => LayerWires,
  isRead: sv.Expression | null,
): sv.Item[] {
  const layer = layers[i];
  const hasWindows = layer.windows !== null && i > 0;
  if (!hasWindows && layer.waiting === null) return [];
  const [own, before] = [of(layer), of(layers[i - 1])];
  const module = hasWindows ? windowsName(layer) : queueName({ width: layer.inputs, entries: layer.waiting! });
  const isFilteredHere = !hasWindows && layer.answers && isRead !== null;
  const there = sv.signal(`${short(layer)}_there`);
  return [
    ...(inFlight ? [sv.declare(there)] : []),
    sv.instance(module, `u_${hasWindows ? "windows" : "queue"}_${short(layer)}`, {
      ...sv.CLOCKS,
      push_i: isFilteredHere ? sv.binary(before.valid, "&", isRead) : before.valid,
      data_i: before.spikes!,
      pop_i: own.take,
      valid_o: inFlight ? there : own.ready,
      data_o: own.lines,
    }),
    ...(inFlight ? [arrivesInTime(short(layer), own.ready, there)] : []),
  ];
}

/** The head reads some tokens only: whether it reads the one whose vector has just left the layer before it. */
function tokenFilter(plan: MachinePlan, { of }: TopSignals): { items: sv.Item[]; isRead: sv.Expression } {
  const { layers, tokens, steps, stepMajor } = plan;
  const mask = sv.constant("TokensRead", tokens, sv.hex(tokens, readMask(headOf(plan))));
  const token = sv.signal("token_q", indexBits(tokens));
  const step = sv.signal("token_step_q", indexBits(steps));
  const { valid } = of(layers[layers.length - 2]);
  const counting = stepMajor
    ? [countUp(token, tokens)]
    : [countUp(step, steps), sv.when(isAt(step, steps - 1), [countUp(token, tokens)])];
  const registers = stepMajor ? [token] : [token, step];
  return {
    items: [
      mask,
      ...registers.map((register) => sv.declare(register)),
      sv.registers(sv.cleared(...registers), [sv.when(valid, counting)]),
    ],
    isRead: sv.bit(mask.signals[0], token),
  };
}

/** The stream of vectors in, the stream of answers out, and the prompt between them. */
function edgeItems(plan: MachinePlan, top: TopSignals): sv.Item[] {
  const { layers, steps } = plan;
  const { s, of } = top;
  const first = of(layers[0]);
  const { valid: headValid } = of(headOf(plan));
  const firstVectors = layers[0].tokens.length * steps;
  const headVectors = headOf(plan).tokens.length * steps;
  const declared = [
    sv.logic(indexBits(firstVectors), "entered_q"),
    sv.logic(indexBits(headVectors), "left_q"),
    sv.logic(1, "closed_q", "answered_q", "started_q"),
    sv.logic(1, "entered", "full", "left"),
  ];
  const own = sv.signals([], declared);
  return [
    ...declared,
    ...inputItems(plan, top, own),
    ...firstReady(plan, first.ready, own),
    sv.wire(s.logits_valid_o, headValid),
    sv.wire(s.busy_o, sv.binary(own.started_q, "|", first.ready)),
    sv.comment("After a reset nothing leaves, and old contents are gone before a vector has entered."),
    sv.clocked(
      sv.when(both(headValid, isAt(own.left_q, headVectors - 1)), [sv.set(own.answered_q, sv.sized(1, 1))]),
      sv.when(own.left, [sv.set(own.answered_q, sv.zeros)]),
    ),
    sv.wire(own.left, both(own.answered_q, sv.isFalse(s.decided), sv.isFalse(s.out_valid_o))),
    sv.registers(sv.cleared(own.entered_q, own.left_q, own.closed_q, own.started_q), [
      sv.when(first.ready, [sv.set(own.started_q, sv.sized(1, 1))]),
      sv.when(first.take, [
        countUp(own.entered_q, firstVectors),
        sv.when(isAt(own.entered_q, firstVectors - 1), [sv.set(own.closed_q, sv.sized(1, 1))]),
      ]),
      sv.when(headValid, [countUp(own.left_q, headVectors)]),
      sv.when(own.left, sv.cleared(own.closed_q, own.started_q)),
    ]),
    ...answerItems(plan, s),
  ];
}

/** Vectors wait until the first layer may take them, and reach its lines in the order of the wiring. */
function inputItems(
  plan: MachinePlan,
  { s, of }: TopSignals,
  { entered, full }: sv.Signals<"entered" | "full">,
): sv.Item[] {
  const { layers, wiring } = plan;
  const { take, lines } = of(layers[0]);
  const isWired = !isStraight(wiring);
  const vector = sv.signal(`${short(layers[0])}_vector`, layers[0].inputs);
  const linesOfVector = [...lineOrder(layers[0].inputs, wiring)].map((input) => sv.bit(vector, input));
  return [
    ...(isWired
      ? [sv.declare(vector), sv.comment(wiringComment(wiring)), sv.wire(lines, sv.concat(...linesOfVector.reverse()))]
      : []),
    sv.instance(layers[0].windows ? windowsName(layers[0]) : queueName(inputQueue(plan)), "u_queue_input", {
      ...sv.CLOCKS,
      push_i: sv.binary(s.in_valid_i, "&", s.in_ready_o),
      data_i: s.in_data_i,
      pop_i: take,
      valid_o: entered,
      data_o: isWired ? vector : lines,
      full_o: full,
    }),
    sv.wire(s.in_ready_o, layers[0].windows ? sv.isFalse(full) : sv.binary(sv.isFalse(full), "|", take)),
  ];
}

/** When the first layer takes the next vector of a machine that works on one prompt. */
function firstReady(
  { layers, tokens, steps, stepMajor }: MachinePlan,
  ready: sv.Signal,
  { entered, full, closed_q, entered_q }: sv.Signals<"entered" | "full" | "closed_q" | "entered_q">,
): sv.Item[] {
  if (layers[0].windows) return [sv.wire(ready, both(entered, full, sv.isFalse(closed_q)))];
  const isWaiting = sv.isFalse(isAt(entered_q, stepMajor ? 0 : (tokens - 1) * steps));
  return [
    sv.comment(
      stepMajor
        ? "Blocks take turns at attention as scheduled: a prompt begins when it has arrived completely."
        : "Attention does not wait for steps of the last token: they enter when all have arrived.",
    ),
    sv.wire(ready, both(both(entered, sv.isFalse(closed_q)), sv.binary(isWaiting, "|", full))),
  ];
}

/** The edge with prompts in flight. */
function edgeInFlight(plan: MachinePlan, inFlight: InFlightPlan, top: TopSignals): sv.Item[] {
  const { s, of } = top;
  const declared = [sv.logic(1, "there", "full")];
  const { there, full } = sv.signals([], declared);
  return [
    ...declared,
    ...inputItems(plan, top, { entered: there, full }),
    sv.wire(s.logits_valid_o, of(headOf(plan)).valid),
    ...admissionItems(plan, inFlight, answersOf(plan), s, { full, there }),
    ...turnItems(plan, of, s),
    ...answerItems(plan, s),
  ];
}

/** Totals are decided, and wait with their decision until they are taken. */
function answerItems(plan: MachinePlan, s: TopSignals["s"]): sv.Item[] {
  return [
    sv.instance(DECISION_UNIT, "u_decision", {
      ...sv.CLOCKS,
      valid_i: s.answer,
      totals_i: s.totals,
      valid_o: s.decided,
      totals_o: s.decided_totals,
      decision_o: s.decision,
    }),
    sv.instance(queueName(answerQueue(plan)), "u_queue_answers", {
      ...sv.CLOCKS,
      push_i: s.decided,
      data_i: sv.concat(s.decision, s.decided_totals),
      pop_i: sv.binary(s.out_valid_o, "&", s.out_ready_i),
      valid_o: s.out_valid_o,
      data_o: sv.concat(s.out_decision_o, s.out_data_o),
    }),
  ];
}

function headerOf(plan: MachinePlan, words: number): string[] {
  const { layers, tokens, steps, width, heads, depth, arithmetic, stepMajor, inFlight, engine } = plan;
  const head = headOf(plan);
  const entering = inputOf(plan);
  const { atOnce } = seedPortOf(plan);
  return [
    `The whole machine for one network: ${layers.length} layers on ${plan.machine.mapping.totals.blocks} crossbars, ${engine.unit === "none" ? "" : `${depth} blocks, ${width} features, ${heads} heads, `}${tokens} tokens, ${steps} ` +
      `steps. ${inFlight ? `It works on up to ${inFlight.prompts} prompts, which enter every ${inFlight.interval} clocks` : "It works on one prompt at a time"}; its layers work in parallel.`,
    `A prompt is ${entering.vectors} vectors of ${entering.width} spikes at in_data_i, ${vectorOrder(plan)}, line 0 in the low bit. in_valid_i and ` +
      `in_ready_o follow AXI-Stream: a vector stays until both are 1. ${layers[0].windows || stepMajor || inFlight ? "It begins" : "The last token enters"} when all of its vectors have arrived. ` +
      (engine.random
        ? `${inFlight ? "Between the last vector of the prompt before and its own last vector" : "Before its first vector"}, the prompt's ${words} seeds must be written, ${atOnce === 1 ? "a word" : `${atOnce} words, the first in the low bits,`} in each clock of seed_write_i: block after block, head after head.`
        : `Nothing is random: the machine ignores its ${words} words of seeds.`),
    `Answers appear at out_data_o, ${answersOf(plan)} per prompt, with out_valid_o and out_ready_i as in AXI-Stream: the totals of ${head.outputs} classes over ${addedOutputs(plan)} outputs of the head, ` +
      `${totalBits(arithmetic, addedOutputs(plan))} bits each in two's complement, class 0 in the low bits. At the same time out_decision_o has ${plan.readOut === "bits" ? "the decided bits, output 0 as the highest" : "the class with the largest total, the first in a tie"}. busy_o is 1 from the first vector until the last answer has been taken.${inFlight ? " Answers are those of one prompt after another." : ""}`,
    `logits_o has the outputs of the head at every step while logits_valid_o is 1, ${arithmetic.logitBits} bits each, class 0 in the low bits.`,
    `Latency: ${plan.timetable.clocks} clocks from the first clock of the first vector to the last total, if vectors arrive in time.${inFlight ? " A prompt that is late by a clock enters an interval later." : ""}`,
  ];
}

/** The order of vectors at the edge. */
export function vectorOrder({ layers, stepMajor }: MachinePlan): string {
  const isOfPixels = layers[0].windows !== null;
  if (stepMajor)
    return `step by step, all ${isOfPixels ? "pixels of a step row by row" : "tokens of a step in succession"}`;
  return isOfPixels
    ? "pixel by pixel, row by row, all steps of a pixel in succession"
    : "token by token, all steps of a token in succession";
}

/** A bit for each token that the head reads. */
function readMask({ tokens }: LayerPlan): bigint {
  let mask = 0n;
  for (const token of tokens) mask |= 1n << BigInt(token);
  return mask;
}

const wiringComment = ({ inputStride, linesPerInput }: Wiring): string =>
  [
    "The first layer's lines are",
    inputStride > 1 ? ` in strides of ${inputStride} of the vector` : " in the order of the vector",
    linesPerInput > 1 ? `, ${linesPerInput} for each bit.` : ".",
  ].join("");
