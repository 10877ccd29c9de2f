/**
 * Prompts in flight in the machine's testbench: vectors of a prompt follow those of the one before, seeds are written meanwhile, and
 * prompts are answered every `interval` clocks.
 *
 * A prompt's seeds are written when the last vector of the one before has entered; its own last vector waits for them.
 */
import * as sv from "../syntax.ts";
import { complaints, count, fallingEdges, task } from "../testbench-parts.ts";
import type { InFlightPlan } from "./flight.ts";
import { both } from "./parts.ts";
import { type SeedPort, sendSeeds, sendVector, stallsOf } from "./sending.ts";

/** Prompts with seeds and with all vectors sent, answers taken, wrong intervals, and clocks of last answers. */
export const flightDeclarations = [
  sv.integers("seeded", "sent", "answered", "late"),
  sv.logic(32, "first_clock", "last_clock"),
  sv.logic(1, "begun_q"),
] as const;

type Sent = Parameters<typeof sendVector>[0] &
  Parameters<typeof stallsOf>[0] &
  sv.Signals<"seeded" | "sent" | "busy" | "prompt_count">;

/** Whether the first layer has had a vector. */
export const begun = ({ begun_q, live }: sv.Signals<"begun_q" | "live">): sv.Expression =>
  both(live, sv.binary(begun_q, "|", sv.name("u_machine.embed_ready")));

/** With stalls, one time in `rarely`, a pause of `clocks` on average. */
const pause = (
  { stall, clk_i }: sv.Signals<"stall" | "clk_i">,
  rarely: number,
  clocks: number,
  ...before: sv.Statement[]
): sv.Statement => {
  const isZero = (among: number): sv.Expression =>
    sv.binary(sv.binary(sv.call("$urandom"), "%", sv.sized(32, among)), "==", sv.sized(32, 0));
  const begins = sv.binary(sv.binary(stall, "!=", sv.decimal(0)), "&&", isZero(rarely));
  return sv.when(begins, [...before, sv.loopWhile(sv.isFalse(isZero(clocks)), fallingEdges(clk_i))]);
};

/** With stalls, answers that wait until their queue is full: the first ones, and others at random. */
export const answersWait = (
  s: sv.Signals<"stall" | "clk_i" | "live" | "out_ready">,
  { interval, prompts }: InFlightPlan,
): { readonly first: sv.Statement[]; readonly later: sv.Statement[] } => ({
  first: [
    sv.loopWhile(sv.isFalse(s.live), fallingEdges(s.clk_i)),
    sv.when(sv.binary(s.stall, "!=", sv.decimal(0)), [fallingEdges(s.clk_i, 4 * prompts * interval)]),
  ],
  later: [pause(s, 4 * prompts * interval, 2 * prompts * interval, sv.put(s.out_ready, sv.sized(1, 0)))],
});

export const sentInFlight = (s: Sent, vectors: number, { interval }: InFlightPlan): sv.Statement[] => {
  const edge = fallingEdges(s.clk_i);
  const isLast = sv.binary(sv.name("vector"), "==", sv.decimal(vectors - 1));
  const seedsAreMissing = sv.binary(s.seeded, "<=", sv.name("prompt"));
  return [
    sv.forEach(
      "prompt",
      s.prompt_count,
      pause(s, 4, 3 * interval),
      sv.forEach(
        "vector",
        vectors,
        stallsOf(s),
        ...sendVector(s, sv.when(isLast, [sv.loopWhile(seedsAreMissing, edge)])),
      ),
      count(s.sent),
    ),
    edge,
    sv.loopWhile(s.busy, edge),
  ];
};

/** What happens at the same time: seeds are written, and the clocks between last answers compared. */
export const besideInFlight = (
  s: Sent &
    Parameters<typeof sendSeeds>[0] &
    sv.Signals<"live" | "taken_q" | "answered" | "late" | "first_clock" | "last_clock" | "clock_q">,
  { interval }: InFlightPlan,
  { seeds, answers }: { readonly seeds: SeedPort; readonly answers: number },
): sv.Item[] => {
  const edge = fallingEdges(s.clk_i);
  const untilLive = sv.loopWhile(sv.isFalse(s.live), edge);
  const complain = complaints(s.late, 5, s.answered);
  const passed = sv.binary(s.clock_q, "-", s.last_clock);
  const isPromptsLast = sv.binary(sv.binary(s.answered, "%", sv.decimal(answers)), "==", sv.decimal(0));
  return [
    sv.comment("Seeds are written while other prompts are inside."),
    sv.initial(
      sv.put(s.seeded, sv.decimal(0)),
      untilLive,
      sv.forEach(
        "prompt",
        s.prompt_count,
        sv.loopWhile(sv.binary(s.sent, "<", sv.name("prompt")), edge),
        pause(s, 4, interval),
        ...sendSeeds(s, seeds),
        count(s.seeded),
      ),
    ),
    sv.gap,
    sv.comment("A prompt's last answer follows that of the one before by the interval."),
    sv.initial(
      ...[s.answered, s.late, s.sent].map((variable) => sv.put(variable, sv.decimal(0))),
      ...[s.first_clock, s.last_clock].map((variable) => sv.put(variable, sv.zeros)),
      untilLive,
      sv.loopWhile(
        sv.sized(1, 1),
        edge,
        sv.when(s.taken_q, [
          count(s.answered),
          sv.when(isPromptsLast, [
            sv.when(
              sv.binary(s.answered, "==", sv.decimal(answers)),
              [sv.put(s.first_clock, s.clock_q)],
              [
                complain(
                  sv.binary(
                    sv.binary(s.stall, "==", sv.decimal(0)),
                    "&&",
                    sv.binary(passed, "!==", sv.sized(32, interval)),
                  ),
                  `answer %0d comes %0d clocks after that of the prompt before, expected after ${interval}`,
                  passed,
                ),
              ],
            ),
            sv.put(s.last_clock, s.clock_q),
            task("$display", sv.text("prompt %0d is done"), sv.binary(s.answered, "/", sv.decimal(answers))),
          ]),
        ]),
      ),
    ),
  ];
};
