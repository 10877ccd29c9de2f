/** The control of a machine with several prompts in flight: when each unit starts a prompt (`flight.ts`). */
import * as sv from "../syntax.ts";
import type { InFlightPlan } from "./flight.ts";
import { both, countUp, indexBits, isAt } from "./parts.ts";

export const TIMETABLE = "prompt_timetable";

/** A start of each prompt. */
export interface TimetableEntry {
  /** Of the output that is 1 in the clock. */
  readonly port: string;
  /** Clocks from a prompt's admission. */
  readonly offset: number;
}

export function promptTimetable({ interval, stages }: InFlightPlan, entries: readonly TimetableEntry[]): sv.Module {
  const ports = [
    ...sv.CLOCKED,
    sv.input("waiting_i"),
    sv.output("admit_o"),
    ...entries.map(({ port }) => sv.output(port)),
  ];
  const declared = [sv.logic(indexBits(interval), "phase_q"), sv.logic(stages, "admitted_q")];
  const s = sv.signals<string, string>(ports, declared);
  const { phase_q: phase, admitted_q: admitted, admit_o: admit } = s;
  const ago = (intervals: number): sv.Expression => (stages === 1 ? admitted : sv.bit(admitted, intervals));
  const starts = ({ offset }: TimetableEntry): sv.Expression => {
    const [intervals, clock] = [Math.floor(offset / interval), offset % interval];
    return offset === 0 ? admit : both(ago(intervals), isAt(phase, clock));
  };
  return {
    name: TIMETABLE,
    header: [
      `The timetable of prompts that enter every ${interval} clocks: a prompt is admitted in a clock of phase 0 with waiting_i, and each other output is 1 so many clocks later: ` +
        `${entries.map(({ port, offset }) => `${port} ${offset}`).join(", ")}.`,
      `Bit k of admitted_q tells that a prompt was admitted k intervals ago; after ${stages} intervals it has left. Without one the phase stays 0.`,
      "Latency: all outputs are combinational.",
    ],
    ports,
    items: [
      ...declared,
      sv.wire(admit, both(s.waiting_i, isAt(phase, 0))),
      ...entries.map((entry) => sv.wire(s[entry.port], starts(entry))),
      sv.registers(sv.cleared(phase, admitted), [
        sv.when(sv.binary(admit, "|", sv.anyOne(admitted)), [countUp(phase, interval)]),
        sv.when(admit, [sv.set(stages === 1 ? admitted : sv.bit(admitted, 0), sv.sized(1, 1))]),
        sv.when(isAt(phase, interval - 1), [
          sv.set(admitted, stages === 1 ? sv.zeros : sv.concat(sv.slice(admitted, stages - 2, 0), sv.sized(1, 0))),
        ]),
      ]),
    ],
  };
}

export const turnName = (vectors: number): string => `prompt_turn_${vectors}`;

/** A layer's turn: it takes all vectors of a prompt, one after another. */
export function promptTurn(vectors: number): sv.Module {
  const ports = [...sv.CLOCKED, sv.input("begin_i"), sv.input("take_i"), sv.output("active_o")];
  const declared = [sv.logic(1, "active_q"), sv.logic(indexBits(vectors), "vector_q")];
  const s = sv.signals(ports, declared);
  return {
    name: turnName(vectors),
    header: [
      `A layer's turn at a prompt of ${vectors} vectors: from begin_i until the last take_i.`,
      "Latency: active_o is combinational, and 1 from the clock of begin_i on; the next prompt may begin in the clock after the last take_i.",
    ],
    ports,
    items: [
      ...declared,
      sv.wire(s.active_o, sv.binary(s.begin_i, "|", s.active_q)),
      sv.registers(sv.cleared(s.active_q, s.vector_q), [
        sv.when(s.begin_i, [sv.set(s.active_q, sv.sized(1, 1))]),
        sv.when(s.take_i, [
          countUp(s.vector_q, vectors),
          sv.when(isAt(s.vector_q, vectors - 1), [sv.set(s.active_q, sv.zeros)]),
        ]),
      ]),
      sv.simulation(
        sv.registers(
          [],
          [
            sv.assert(
              sv.binary(sv.isFalse(s.begin_i), "||", sv.isFalse(s.active_q)),
              "a prompt begins before the last one has been taken",
            ),
          ],
        ),
      ),
    ],
  };
}
