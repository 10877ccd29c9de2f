/** Generators of column counters (`hardware/attention/column-counters.ts`): one unit for each head, and the control that all share. */
import { type ColumnCounters, slotClocks } from "../../hardware/attention/column-counters.ts";
import { bitsFor } from "../../hardware/ssa-parameters.ts";
import { MAX_STEPS, STEP_BITS } from "../ssa-engine.ts";
import * as sv from "../syntax.ts";
import { attentionNeuron, membraneRegister, requireWhole } from "./neuron.ts";
import { ATTENTION_ENGINE } from "./pair-tile.ts";

const OUTPUT_NEURON = "output_neuron";

/** Leaves first. */
export function columnModules(unit: ColumnCounters, heads: number): sv.Module[] {
  const { neurons } = unit.outputNeurons;
  requireWhole(neurons);
  return [attentionNeuron(OUTPUT_NEURON, neurons, countBitsOf(unit)), columnUnit(unit), columnEngine(unit, heads)];
}

const countBitsOf = ({ rows }: ColumnCounters): number => bitsFor(Math.max(1, rows.largest));
const hasEmptyRow = ({ rows }: ColumnCounters): boolean => rows.rows.some(({ kept }) => kept === null);
/** Inputs of a unit: the parts that meet before the counters, then the gated one. */
const partsOf = ({ counted, gated }: ColumnCounters) => [...counted, gated];

function columnUnit(unit: ColumnCounters): sv.Module {
  const { dimension, counterBits, counted, gated, rows, outputNeurons } = unit;
  const { membraneBits } = outputNeurons.neurons;
  const countBits = countBitsOf(unit);
  const isKept = hasEmptyRow(unit);
  const membranes = membraneRegister(rows.kept, dimension * membraneBits);
  const ports = [
    sv.CLOCK,
    sv.input("count_i"),
    sv.input("restart_i"),
    sv.input("update_i"),
    ...(isKept ? [sv.input("kept_i")] : []),
    sv.input("rest_i"),
    ...partsOf(unit).map((part) => sv.input(`${part}_i`, dimension)),
    sv.output("spike_o", dimension),
  ] as const;
  const declared = [
    sv.logic(dimension, "bits", "fires", "gate_q"),
    sv.logic(dimension * counterBits, "counts_q", "counts_d"),
    sv.logic(dimension * membraneBits, "membranes", "membranes_d"),
  ];
  const s = sv.signals<string, "bits" | "fires" | "gate_q" | "counts_q" | "counts_d" | "membranes" | "membranes_d">(
    ports,
    declared,
  );
  const met = counted.map((part): sv.Expression => s[`${part}_i`]).reduce((left, right) => sv.binary(left, "&", right));
  const c = sv.name("c");
  const one = (signal: sv.Signal) => (dimension === 1 ? signal : sv.bit(signal, c));
  const lane = (signal: sv.Signal, width: number, of = width) =>
    of === 1 && width === 1 ? one(signal) : sv.part(signal, sv.times(of, "c"), width);
  const count = lane(s.counts_q, counterBits);
  return {
    name: "column_unit",
    header: [
      `Column counters of a head: a counter and a neuron for each of ${dimension} features. A token's ${counted.join(" and ")} ${counted.length > 1 ? "meet in ANDs and are" : "is"} counted with count_i, from 0 with restart_i.`,
      "With update_i the neurons take the counts, including that clock's bits, and their bits go to the gate register, which gates the " +
        `${gated} of each token until the next update. ${rows.kept > 1 ? `Membranes of ${rows.kept} rows of the mask take turns.` : "A membrane per neuron."}` +
        `${isKept ? " For a row that attends to nothing, marked by kept_i = 0, all gates close." : ""} rest_i marks the first time step.`,
      "Latency: a gate changes in the clock after update_i; spike_o follows its token by one register.",
    ],
    ports,
    items: [
      ...declared,
      sv.declare(membranes.register),
      sv.wire(s.bits, sv.binary(sv.repeat(dimension, s.count_i), "&", met)),
      sv.wire(s.membranes, membranes.first),
      sv.loop("c", dimension, "gen_column", [
        sv.wire(
          lane(s.counts_d, counterBits),
          sv.binary(
            sv.choose(s.restart_i, sv.sized(counterBits, 0), count),
            "+",
            sv.widen(one(s.bits), 1, counterBits),
          ),
        ),
        sv.instance(OUTPUT_NEURON, "u_neuron", {
          rest_i: s.rest_i,
          count_i: lane(s.counts_d, countBits, counterBits),
          membrane_i: lane(s.membranes, membraneBits),
          fires_o: one(s.fires),
          membrane_o: lane(s.membranes_d, membraneBits),
        }),
      ]),
      sv.gap,
      sv.clocked(
        sv.when(sv.binary(s.count_i, "|", s.restart_i), [sv.set(s.counts_q, s.counts_d)]),
        sv.when(
          s.update_i,
          isKept
            ? [
                sv.set(s.gate_q, sv.binary(sv.repeat(dimension, s.kept_i), "&", s.fires)),
                sv.when(s.kept_i, [membranes.next(s.membranes_d)]),
              ]
            : [sv.set(s.gate_q, s.fires), membranes.next(s.membranes_d)],
        ),
        sv.set(s.spike_o, sv.binary(s[`${gated}_i`], "&", s.gate_q)),
      ),
    ],
  };
}

/** What happens in a clock of a step, apart from the step. */
export interface SlotClock {
  /** The token counted, and whether counters restart; null: none. */
  readonly counted: number | null;
  readonly restarts: boolean;
  /** Whether neurons update in this clock, and whether their row attends to anything. */
  readonly updates: boolean;
  readonly kept: boolean;
  /** The token whose bits of A leave in the next clock; null: none. */
  readonly served: number | null;
  /** Whether counting is already for the next step. */
  readonly next: boolean;
}

/** The clocks of a step: those of its slots, one row of the mask after another. */
export function clocksOfStep({ rows: { rows } }: Pick<ColumnCounters, "rows">): SlotClock[] {
  return slotClocks({ rows }).flatMap((clocks, r) => {
    const following = (r + 1) % rows.length;
    const { added, restarts, kept } = rows[following];
    return Array.from({ length: clocks }, (_, clock): SlotClock => {
      const n = clock - (clocks - Math.max(1, added.length));
      return {
        counted: added[n] ?? null,
        restarts: n === 0 && (restarts || following === 0),
        updates: clock === clocks - 1,
        kept: kept !== null,
        served: rows[r].served[clock] ?? null,
        next: following === 0,
      };
    });
  });
}

function columnEngine(unit: ColumnCounters, heads: number): sv.Module {
  const { tokens, dimension, clocks, rows, outputNeurons } = unit;
  const steps = outputNeurons.neurons.steps ?? MAX_STEPS;
  const [step, parts] = [clocksOfStep(unit), partsOf(unit)];
  const [clockBits, tokenBits] = [bitsFor(step.length - 1), bitsFor(tokens - 1)];
  const lastServed = step.findLastIndex(({ served }) => served !== null);
  const isKept = hasEmptyRow(unit);
  const ports = [
    ...sv.CLOCKED,
    sv.input("start_i"),
    sv.input("steps_i", STEP_BITS),
    ...parts.map((part) => sv.input(`${part}_i`, heads * dimension)),
    sv.output("busy_o"),
    sv.output("count_o"),
    sv.output("count_token_o", tokenBits),
    sv.output("count_step_o", STEP_BITS),
    sv.output("gate_o"),
    sv.output("gate_token_o", tokenBits),
    sv.output("gate_step_o", STEP_BITS),
    sv.output("valid_o"),
    sv.output("last_o"),
    sv.output("token_o", tokenBits),
    sv.output("step_o", STEP_BITS),
    sv.output("spike_o", heads * dimension),
  ] as const;
  const declared = [
    sv.logic(clockBits, "clock_q"),
    sv.logic(STEP_BITS, "steps_q", "step_q"),
    sv.logic(1, "serves_q", "ends", "counts_next", "counts"),
  ];
  const s = sv.signals<string, string>(ports, declared);
  const isClock = (clock: number) => sv.binary(s.clock_q, "==", sv.sized(clockBits, clock));
  const table = (title: string, width: number, entries: readonly (number | null)[]) =>
    tableOf(s.clock_q, clockBits, title, width, entries);
  const bits = (title: string, entry: (clock: SlotClock) => boolean) =>
    table(
      title,
      1,
      step.map((clock) => Number(entry(clock))),
    );
  const tables = {
    counted: bits("Counts", ({ counted }) => counted !== null),
    countedToken: table(
      "CountedToken",
      tokenBits,
      step.map(({ counted }) => counted),
    ),
    restarts: bits("Restarts", ({ restarts }) => restarts),
    updates: bits("Updates", ({ updates }) => updates),
    kept: bits("Kept", ({ kept }) => kept),
    served: bits("Serves", ({ served }) => served !== null),
    servedToken: table(
      "ServedToken",
      tokenBits,
      step.map(({ served }) => served),
    ),
    next: bits("CountsNext", ({ next }) => next),
  };
  const one = sv.sized(STEP_BITS, 1);
  const during = (bit: sv.Expression) => also(s.counts, bit);
  const lane = (signal: sv.Signal) => (heads === 1 ? signal : sv.part(signal, sv.times(dimension, "h"), dimension));
  const start = sv.binary(s.start_i, "&", sv.isFalse(s.busy_o));
  return {
    name: ATTENTION_ENGINE,
    header: [
      `Engine of column counters: ${heads} units for ${heads} heads of ${tokens} tokens and ${dimension} features each, mask included.`,
      `A pulse of start_i takes steps_i (1 to ${steps}). In each clock of count_o the engine takes the ${unit.counted.join(" and ")} of all heads of token count_token_o at step count_step_o; ` +
        `in each clock of gate_o the ${unit.gated} of token gate_token_o at gate_step_o. It does not wait.`,
      `A step has ${step.length} clocks, in which ${rows.rows.length === 1 ? "the only row of the mask is served" : `${rows.rows.length} rows of the mask are served one after another`}, and tokens of the next row are counted meanwhile.`,
      `Latency: with T steps the engine is busy for ${step.length} T + ${clocks.drain} clocks: ${clocks.first} count the first row. A of a token leaves one clock after its gate_o, marked by valid_o, token_o and step_o; last_o marks ` +
        `the last of a step, at clock ${step.length} (t + 1) + ${clocks.drain}. Simulation asserts when the engine is busy.`,
    ],
    ports,
    items: [
      ...declared,
      ...Object.entries(tables).flatMap(([name, { items }]) => (name === "kept" && !isKept ? [] : items)),
      sv.gap,
      sv.wire(s.counts_next, tables.next.value),
      sv.comment("Counting is for the step that is served, or already for the next one, if there is one."),
      sv.wire(
        s.counts,
        sv.binary(s.busy_o, "&", sv.choose(s.counts_next, sv.binary(s.step_q, "!=", s.steps_q), s.serves_q)),
      ),
      sv.wire(s.count_o, during(tables.counted.value)),
      sv.wire(s.count_token_o, tables.countedToken.value),
      sv.wire(s.count_step_o, sv.choose(s.counts_next, s.step_q, s.gate_step_o)),
      sv.wire(s.gate_o, also(sv.binary(s.busy_o, "&", s.serves_q), tables.served.value)),
      sv.wire(s.gate_token_o, tables.servedToken.value),
      sv.wire(
        s.ends,
        sv.binary(sv.binary(s.serves_q, "&", sv.binary(s.step_q, "==", s.steps_q)), "&", isClock(lastServed)),
      ),
      sv.gap,
      sv.registers(
        [sv.set(s.busy_o, sv.sized(1, 0)), sv.set(s.valid_o, sv.sized(1, 0))],
        [
          sv.set(s.valid_o, s.gate_o),
          sv.when(start, [sv.set(s.busy_o, sv.sized(1, 1))], [sv.when(s.ends, [sv.set(s.busy_o, sv.sized(1, 0))])]),
        ],
      ),
      sv.gap,
      sv.comment("Registers set by a start matter only during a run, and have no reset."),
      sv.clocked(
        sv.set(s.token_o, s.gate_token_o),
        sv.set(s.step_o, s.gate_step_o),
        sv.set(s.last_o, sv.binary(s.gate_o, "&", isClock(lastServed))),
        sv.when(
          start,
          [
            sv.set(s.steps_q, s.steps_i),
            sv.set(s.step_q, sv.zeros),
            sv.set(s.serves_q, sv.sized(1, 0)),
            sv.set(s.clock_q, sv.sized(clockBits, step.length - clocks.first)),
          ],
          [
            sv.when(s.busy_o, [
              sv.set(
                s.clock_q,
                sv.choose(
                  isClock(step.length - 1),
                  sv.sized(clockBits, 0),
                  sv.binary(s.clock_q, "+", sv.sized(clockBits, 1)),
                ),
              ),
              sv.when(isClock(step.length - 1), [
                sv.set(s.serves_q, sv.sized(1, 1)),
                sv.set(s.gate_step_o, s.step_q),
                sv.set(s.step_q, sv.binary(s.step_q, "+", one)),
              ]),
            ]),
          ],
        ),
      ),
      sv.gap,
      sv.loop("h", heads, "gen_head", [
        sv.instance("column_unit", "u_unit", {
          clk_i: s.clk_i,
          count_i: s.count_o,
          restart_i: during(tables.restarts.value),
          update_i: during(tables.updates.value),
          ...(isKept ? { kept_i: tables.kept.value } : {}),
          rest_i: sv.binary(s.count_step_o, "==", sv.sized(STEP_BITS, 0)),
          ...Object.fromEntries(parts.map((part) => [`${part}_i`, lane(s[`${part}_i`])])),
          spike_o: lane(s.spike_o),
        }),
      ]),
      sv.gap,
      sv.simulation(...assertions(unit, start, s)),
    ],
  };
}

/** A condition and a bit of a table, which may be 1 in all clocks. */
const also = (condition: sv.Expression, bit: sv.Expression): sv.Expression =>
  bit.kind === "number" && bit.value === 1n ? condition : sv.binary(condition, "&", bit);

/** A number for each clock of a step, from a table, or without one where a constant or the clock itself is the number. */
function tableOf(
  clock: sv.Signal,
  clockBits: number,
  title: string,
  width: number,
  entries: readonly (number | null)[],
): { readonly items: readonly sv.Item[]; readonly value: sv.Expression } {
  const known = entries.filter((entry) => entry !== null);
  if (known.every((entry) => entry === known[0])) return { items: [], value: sv.sized(width, known[0] ?? 0) };
  if (width === clockBits && entries.every((entry, at) => entry === null || entry === at)) {
    return { items: [], value: clock };
  }
  const all = entries.reduceRight((bits, entry) => (bits << BigInt(width)) | BigInt(entry ?? 0), 0n);
  const table = sv.constant(title, width * entries.length, sv.hex(width * entries.length, all));
  const index = sv.widen(clock, clockBits, 32);
  const of = table.signals[0];
  const value = width === 1 ? sv.bit(of, index) : sv.part(of, sv.binary(sv.decimal(width), "*", index), width);
  return { items: [table], value };
}

function assertions({ clocks, outputNeurons }: ColumnCounters, start: sv.Expression, s: sv.Signals<string>): sv.Item[] {
  const own = sv.signals([], [sv.logic(32, "age_q"), sv.logic(1, "started_q")]);
  const steps = outputNeurons.neurons.steps ?? MAX_STEPS;
  const taken = sv.concat(sv.sized(32 - STEP_BITS, 0), s.steps_q);
  const end = sv.binary(sv.binary(taken, "*", sv.sized(32, clocks.step)), "+", sv.sized(32, clocks.drain));
  const inRange = sv.binary(
    sv.binary(s.steps_i, "!=", sv.sized(STEP_BITS, 0)),
    "&&",
    sv.binary(s.steps_i, "<=", sv.sized(STEP_BITS, steps)),
  );
  return [
    sv.declare(own.age_q),
    sv.declare(own.started_q),
    sv.registers(
      [sv.set(own.age_q, sv.zeros), sv.set(own.started_q, sv.sized(1, 0))],
      [
        sv.when(
          start,
          [
            sv.set(own.age_q, sv.zeros),
            sv.set(own.started_q, sv.sized(1, 1)),
            sv.assert(inRange, `steps_i must be 1 to ${steps}, is %0d`, s.steps_i),
          ],
          [sv.set(own.age_q, sv.binary(own.age_q, "+", sv.sized(32, 1)))],
        ),
        sv.when(own.started_q, [
          sv.assert(
            sv.binary(s.busy_o, "==", sv.binary(own.age_q, "<", end)),
            "busy_o is %b at clock %0d",
            s.busy_o,
            own.age_q,
          ),
        ]),
      ],
    ),
  ];
}
