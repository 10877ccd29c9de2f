/**
 * What a machine with several prompts in flight has instead of waits (`flight.ts`): the timetable, turns of layers, attention that
 * starts by the clock, and an edge that admits a prompt while others are inside.
 */
import * as sv from "../syntax.ts";
import { ATTENTION_UNIT } from "./attention-unit.ts";
import type { InFlightPlan } from "./flight.ts";
import { both, countUp, countWaiting, indexBits, isAt } from "./parts.ts";
import { type LayerPlan, type MachinePlan, shortName } from "./plan.ts";
import { promptTimetable, TIMETABLE, type TimetableEntry, turnName } from "./timetable.ts";
import { aroundAttention, joinedParts, partOf, type SeedPins, seedPorts, type WiresOf } from "./top-memories.ts";

const beginsOf = (layer: LayerPlan): string => `${shortName(layer)}_begins`;

/** The starts of a prompt: of layers in their first clock, of the engine in the clock before. */
const entriesOf = ({ layers, attention }: MachinePlan): TimetableEntry[] => [
  ...layers.map((layer) => ({ port: `${beginsOf(layer)}_o`, offset: layer.start })),
  ...attention.map(([start], b) => ({ port: `attention_${b}_begins_o`, offset: start - 1 })),
];

export const timetableOf = (plan: MachinePlan, inFlight: InFlightPlan): sv.Module =>
  promptTimetable(inFlight, entriesOf(plan));

/** The timetable, and the turn of each layer. */
export function turnItems(
  plan: MachinePlan,
  of: WiresOf,
  edge: sv.Signals<"waiting" | "admit" | "runs_begin">,
): sv.Item[] {
  const { layers, steps, depth } = plan;
  const begins = layers.map((layer) => sv.signal(beginsOf(layer)));
  const runs = plan.attention.map((_, b) => (depth === 1 ? edge.runs_begin : sv.bit(edge.runs_begin, b)));
  const to: readonly sv.Expression[] = [...begins, ...runs];
  return [
    ...begins.map((one) => sv.declare(one)),
    sv.instance(TIMETABLE, "u_timetable", {
      ...sv.CLOCKS,
      waiting_i: edge.waiting,
      admit_o: edge.admit,
      ...Object.fromEntries(entriesOf(plan).map(({ port }, i) => [port, to[i]])),
    }),
    ...layers.map((layer, i) =>
      sv.instance(turnName(layer.tokens.length * steps), `u_turn_${shortName(layer)}`, {
        ...sv.CLOCKS,
        begin_i: begins[i],
        take_i: of(layer).take,
        active_o: of(layer).ready,
      }),
    ),
  ];
}

/** A layer never waits for a vector. */
export const arrivesInTime = (label: string, ready: sv.Signal, there: sv.Signal): sv.Item =>
  sv.simulation(
    sv.registers([], [sv.assert(sv.binary(sv.isFalse(ready), "||", there), `a vector of ${label} is late`)]),
  );

/** Pins and wires of the machine's edge. */
type Edge = sv.Signals<
  "in_valid_i" | "in_ready_o" | "in_data_i" | "out_valid_o" | "out_ready_i" | "busy_o" | "entered" | "waiting" | "admit"
>;

export const edgeDeclarations = ({ depth }: MachinePlan) => [
  sv.logic(1, "entered", "waiting", "admit"),
  sv.logic(depth, "runs_begin"),
];

/**
 * Counts a prompt's vectors as they enter, and the prompts between their admission and their last answer.
 *
 * @param full all vectors of a prompt are in the queue
 * @param there there are some
 */
export function admissionItems(
  { tokens, steps }: MachinePlan,
  { prompts }: InFlightPlan,
  answers: number,
  edge: Edge,
  { full, there }: { readonly full: sv.Expression; readonly there: sv.Expression },
): sv.Item[] {
  const vectors = tokens * steps;
  const bits = indexBits(prompts + 1);
  const declared = [
    sv.logic(indexBits(vectors), "vector_q"),
    sv.logic(indexBits(answers), "answer_q"),
    sv.logic(bits, "prompts_q"),
    sv.logic(1, "given", "answered"),
  ];
  const s = sv.signals([], declared);
  const pushed = sv.binary(edge.in_valid_i, "&", edge.in_ready_o);
  return [
    ...declared,
    sv.wire(edge.entered, both(pushed, isAt(s.vector_q, vectors - 1))),
    sv.wire(s.given, sv.binary(edge.out_valid_o, "&", edge.out_ready_i)),
    sv.wire(s.answered, both(s.given, isAt(s.answer_q, answers - 1))),
    sv.comment("A prompt is admitted when it is there as a whole and its answers have room."),
    sv.wire(edge.waiting, both(full, sv.binary(s.prompts_q, "!=", sv.sized(bits, prompts)))),
    sv.wire(edge.busy_o, sv.binary(there, "|", sv.binary(s.prompts_q, "!=", sv.sized(bits, 0)))),
    sv.registers(sv.cleared(s.vector_q, s.answer_q, s.prompts_q), [
      sv.when(pushed, [countUp(s.vector_q, vectors)]),
      sv.when(s.given, [countUp(s.answer_q, answers)]),
      ...countWaiting(s.prompts_q, edge.admit, s.answered),
    ]),
  ];
}

/** Attention of blocks that all work at once, in the clocks of the timetable. */
export function attentionByClock(
  plan: MachinePlan,
  { attentionRuns }: InFlightPlan,
  of: WiresOf,
  pins: SeedPins & sv.Signals<"entered" | "runs_begin">,
): sv.Item[] {
  const { tokens, steps, width, depth, engine } = plan;
  const { before, behind } = aroundAttention(plan);
  const qkv = before.map(of);
  const held = attentionRuns * steps;
  const row = indexBits(tokens * held);
  const declared = [
    sv.logic(depth, "qkv_valid"),
    sv.logic(depth * engine.parts.length * width, "qkv"),
    sv.logic(depth * row, "vector_address"),
    sv.logic(depth * width, "vectors"),
  ];
  const s = sv.signals([], declared);
  const projections = behind.map((layer) => {
    const wire = (what: string, bits: number) => sv.signal(`${shortName(layer)}_${what}`, bits);
    return {
      ...of(layer),
      token: wire("token_q", indexBits(tokens)),
      step: wire("step_q", indexBits(steps)),
      run: attentionRuns > 1 ? wire("run_q", indexBits(attentionRuns)) : null,
      row: wire("row", row),
    };
  });
  const scaled = (factor: number, signal: sv.Signal): sv.Expression =>
    sv.binary(sv.sized(row, factor), "*", sv.cast(row, signal));
  return [
    ...declared,
    sv.wire(s.qkv_valid, joinedParts(qkv.map(({ valid }) => valid))),
    sv.wire(s.qkv, joinedParts(qkv.map(({ spikes }) => spikes!))),
    sv.instance(ATTENTION_UNIT, "u_attention", {
      ...sv.CLOCKS,
      ...seedPorts(pins),
      entered_i: pins.entered,
      begin_i: pins.runs_begin,
      write_i: s.qkv_valid,
      spikes_i: s.qkv,
      address_i: s.vector_address,
      vector_o: s.vectors,
    }),
    sv.gap,
    ...projections.flatMap(({ take, lines, token, step, run, row: address }, b): sv.Item[] => {
      const ofToken = sv.binary(scaled(held, token), "+", sv.cast(row, step));
      return [
        ...[token, step, ...(run ? [run] : []), address].map((one) => sv.declare(one)),
        sv.wire(address, run ? sv.binary(ofToken, "+", scaled(steps, run)) : ofToken),
        sv.wire(lines, partOf(s.vectors, plan, b)),
        sv.registers(sv.cleared(token, step, ...(run ? [run] : [])), [
          sv.when(take, [
            countUp(step, steps),
            sv.when(isAt(step, steps - 1), [
              countUp(token, tokens),
              ...(run ? [sv.when(isAt(token, tokens - 1), [countUp(run, attentionRuns)])] : []),
            ]),
          ]),
        ]),
      ];
    }),
    sv.wire(s.vector_address, joinedParts(projections.map(({ row: address }) => address))),
  ];
}
