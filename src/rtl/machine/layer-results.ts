/**
 * What becomes of a layer's sums: they join the residual stream, fire neurons or add up to answers. Results of all multiplexer steps leave
 * together.
 */
import { meanReadOut } from "../../machine/network.ts";
import { unusedBits } from "../encoder.ts";
import * as sv from "../syntax.ts";
import { ACCUMULATORS, totalBits, totalMemory } from "./accumulators.ts";
import { CONSTANT_LATENCY } from "./fabric.ts";
import { constantItems, isLastMux, type LayerParts, select } from "./layer-parts.ts";
import {
  accumulatorSize,
  addedOutputs,
  joinAdder,
  joined,
  meetsStream,
  neuronSize,
  positionMemory,
  streamAccess,
  streamWords,
  thresholdMemory,
} from "./layer-sizes.ts";
import type { MemorySize } from "./memories.ts";
import { membraneMemory, neuronsName } from "./neurons.ts";
import { both, countUp, indexBits, isAt, wordOfToken } from "./parts.ts";
import type { LayerPlan, MachinePlan } from "./plan.ts";
import { streamAddersName } from "./stream-adders.ts";

/** Sums join the residual stream, or positions begin it. */
export function streamItems(parts: LayerParts, word: Counter | null): sv.Item[] {
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
export function wordCounter(plan: MachinePlan, layer: LayerPlan): Counter {
  const { entries } = streamWords(plan, layer);
  return { register: sv.signal("word_q", indexBits(entries)), count: entries };
}

const isMean = ({ machine }: MachinePlan, { answers }: LayerPlan): boolean =>
  answers && meanReadOut(machine.network.graph);

/** Counters of words, and of the tokens and steps whose results leave; the outer one advances with the last value of the inner. */
export function countingItems(parts: LayerParts, word: Counter | null): sv.Item[] {
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

export function neuronItems(parts: LayerParts): sv.Item[] {
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
      currents_i: meetsStream(layer) ? values : sums,
      spikes_o: fired,
    }),
    ...heldItems(parts, fired, 1, s.spikes_o),
  ];
}

/** The head's outputs at every step, and their totals. */
export function answerItems(parts: LayerParts): sv.Item[] {
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
