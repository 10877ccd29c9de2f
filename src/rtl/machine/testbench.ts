/**
 * The machine's testbench: it sends whole prompts and compares every spike train, head output, answer and decision, each with
 * its clock.
 *
 *   +prompts=N   uses the first N prompts
 *   +stall=N     first breaks off a prompt with a reset; then sends vectors late and takes answers late, at random with seed N, and
 *                does not compare clocks
 *
 * With prompts in flight it sends them one after another without waiting for answers, and compares the clocks between answers
 * (`flight-testbench.ts`).
 *
 * It prints one line that begins with PASS or FAIL.
 */
import * as sv from "../syntax.ts";
import { fallingEdges, shortReset, task } from "../testbench-parts.ts";
import { decisionBits, decisionSize } from "./decision-unit.ts";
import type { MachineDesign } from "./design.ts";
import { SEED_BITS } from "./engine.ts";
import { answersWait, begun, besideInFlight, flightDeclarations, sentInFlight } from "./flight-testbench.ts";
import { both, indexBits } from "./parts.ts";
import { inputOf, seedPortOf } from "./plan.ts";
import { checker, checkerName, type Probe, probesOf } from "./probes.ts";
import { sentInTurn } from "./sending.ts";
import { answerBits, answersOf, MACHINE } from "./top.ts";
import { INPUT_FILE, type MachineVectors, SEED_FILE } from "./vectors.ts";

export const MACHINE_TESTBENCH = `${MACHINE}_tb`;
/** Timeout of a prompt as a multiple of its clocks, including stalls. */
const PATIENCE = 64;
export const STALL = "stall";
export const PROMPTS = "prompts";

/** The modules in which the testbench compares, then the testbench itself. */
export function machineTestbench(design: MachineDesign, vectors: MachineVectors): sv.Module[] {
  const declared = pinDeclarations(design);
  const probes = probesOf(design, sv.signals([], declared));
  const widths = [...new Set(probes.map(({ width }) => width))];
  return [...widths.map(checker), testbench(design, probes, declared, vectors)];
}

/** Pins of the machine, and registers of the testbench. */
function pinDeclarations({ plan, loads }: MachineDesign) {
  const seeds = seedPortOf(plan, loads?.windowWords);
  const entering = inputOf(plan);
  const { layers } = plan;
  return [
    sv.logic(
      1,
      "clk_i",
      "rst_ni",
      "seed_write",
      "in_valid",
      "in_ready",
      "out_valid",
      "out_ready",
      "busy",
      "taken_q",
      "logits_valid",
    ),
    sv.logic(indexBits(seeds.places), "seed_address"),
    sv.logic(seeds.width, "seed_data"),
    sv.logic(SEED_BITS, "seed_next"),
    sv.logic(entering.width, "in_data", "in_next"),
    sv.logic(answerBits(plan), "out_data", "answer_q"),
    sv.logic(decisionBits(decisionSize(plan)), "out_decision", "decision_q"),
    sv.logic(layers[layers.length - 1].outputs * plan.arithmetic.logitBits, "logits"),
    sv.logic(1, "live"),
    sv.logic(32, "clock_q", "waited_q"),
  ];
}

function testbench(
  design: MachineDesign,
  probes: readonly Probe[],
  pins: ReturnType<typeof pinDeclarations>,
  vectors: MachineVectors,
): sv.Module {
  const { plan, loads } = design;
  const { inFlight } = plan;
  const seeds = seedPortOf(plan, loads?.windowWords);
  const entering = inputOf(plan);
  const { clocks } = plan.timetable;
  const ports: sv.Port<never>[] = [];
  const counters = ["got", "stall", "limit", "errors", "checked", "wanted"] as const;
  const files = sv.integers("seed_file", "input_file", "prompt_count", ...counters);
  const s = sv.signals(ports, [...pins, files, ...flightDeclarations]);
  // Pins change at falling edges, and whether a rising edge takes them is checked right there.
  const edge = fallingEdges(s.clk_i);
  const sum = (of: "errors" | "checked") =>
    probes.map(({ label }) => sv.name(`u_expect_${label}.${of}`)).reduce((all, one) => sv.binary(all, "+", one));
  const perPrompt = probes.reduce((all, probe) => all + probe.perPrompt, 0);
  const isLate = sv.binary(
    sv.binary(s.stall, "!=", sv.decimal(0)),
    "&&",
    sv.binary(sv.binary(sv.call("$urandom"), "&", sv.decimal(3)), "!=", sv.decimal(0)),
  );
  const waits = inFlight ? answersWait(s, inFlight) : null;
  const whole = (of: number) => Math.floor(of / vectors.prompts);
  return {
    name: MACHINE_TESTBENCH,
    header: [
      `Checks the machine against the simulator and the schedule: ${vectors.prompts} prompts of ${clocks} clocks${inFlight ? `, one every ${inFlight.interval} clocks` : ""}, ${whole(vectors.spikes)} spikes and ${whole(vectors.logits)} outputs of ` +
        "the head each, and every result's clock.",
      `+${PROMPTS}=N uses the first N prompts. +${STALL}=N breaks off a prompt with a reset, then sends vectors late and takes answers late, at random; clocks are then not compared.`,
    ],
    ports,
    items: [
      ...pins,
      files,
      ...(inFlight ? flightDeclarations : []),
      sv.gap,
      { kind: "clock", signal: s.clk_i, halfPeriod: 5 },
      sv.gap,
      sv.instance(MACHINE, "u_machine", {
        clk_i: s.clk_i,
        rst_ni: s.rst_ni,
        seed_write_i: s.seed_write,
        seed_address_i: s.seed_address,
        seed_data_i: s.seed_data,
        in_valid_i: s.in_valid,
        in_ready_o: s.in_ready,
        in_data_i: s.in_data,
        out_valid_o: s.out_valid,
        out_ready_i: s.out_ready,
        out_data_o: s.out_data,
        out_decision_o: s.out_decision,
        logits_valid_o: s.logits_valid,
        logits_o: s.logits,
        busy_o: s.busy,
      }),
      sv.gap,
      sv.comment(`Clock 0 is the first one of ${inFlight ? "the first" : "a"} prompt's first vector.`),
      sv.registers(
        [
          ...(inFlight ? [sv.set(s.begun_q, sv.sized(1, 0))] : []),
          ...[s.clock_q, s.waited_q].map((counter) => sv.set(counter, sv.sized(32, 0))),
          sv.set(s.taken_q, sv.sized(1, 0)),
          ...[s.answer_q, s.decision_q].map((register) => sv.set(register, sv.zeros)),
        ],
        [
          ...(inFlight ? [sv.set(s.begun_q, begun(s))] : []),
          countWhile(s.clock_q, inFlight ? begun(s) : s.busy),
          countWhile(
            s.waited_q,
            inFlight
              ? both(sv.binary(s.busy, "|", s.in_valid), sv.isFalse(s.taken_q))
              : sv.binary(s.busy, "|", s.in_valid),
          ),
          sv.set(s.taken_q, sv.binary(s.out_valid, "&", s.out_ready)),
          sv.set(s.answer_q, s.out_data),
          sv.set(s.decision_q, s.out_decision),
        ],
      ),
      ...probes.map(
        (probe): sv.Item =>
          sv.instance(
            checkerName(probe.width),
            `u_expect_${probe.label}`,
            {
              clk_i: s.clk_i,
              valid_i: both(probe.valid, s.live),
              vector_i: probe.vector,
              timed_i: probe.isTimed ? sv.binary(s.stall, "==", sv.decimal(0)) : sv.sized(1, 0),
              clock_i: s.clock_q,
            },
            { Expected: sv.text(probe.file), Label: sv.text(probe.label) },
          ),
      ),
      sv.gap,
      sv.initial(
        sv.when(sv.isFalse(sv.call("$value$plusargs", sv.text(`${PROMPTS}=%d`), s.prompt_count)), [
          sv.put(s.prompt_count, sv.decimal(vectors.prompts)),
        ]),
        sv.when(sv.isFalse(sv.call("$value$plusargs", sv.text(`${STALL}=%d`), s.stall)), [
          sv.put(s.stall, sv.decimal(0)),
        ]),
        sv.when(sv.binary(s.stall, "!=", sv.decimal(0)), [sv.put(s.got, sv.call("$urandom", s.stall))]),
        sv.put(s.seed_file, sv.call("$fopen", sv.text(SEED_FILE), sv.text("r"))),
        sv.put(s.input_file, sv.call("$fopen", sv.text(INPUT_FILE), sv.text("r"))),
        ...[s.seed_write, s.in_valid, s.live].map((signal) => sv.put(signal, sv.sized(1, 0))),
        ...[s.seed_address, s.seed_data, s.in_data].map((signal) => sv.put(signal, sv.zeros)),
        ...shortReset(s.rst_ni),
        sv.when(sv.binary(s.stall, "!=", sv.decimal(0)), [
          sv.comment("A prompt of ones, broken off in the middle."),
          sv.put(s.in_valid, sv.sized(1, 1)),
          sv.put(s.in_data, sv.ones),
          sv.forEach("clock", inFlight ? clocks + Math.ceil(inFlight.interval / 2) : Math.ceil(clocks / 2), edge),
          sv.put(s.in_valid, sv.sized(1, 0)),
          ...shortReset(s.rst_ni),
        ]),
        sv.put(s.live, sv.sized(1, 1)),
        edge,
        ...(inFlight ? sentInFlight(s, entering.vectors, inFlight) : sentInTurn(s, seeds, entering.vectors)),
        edge,
        edge,
        sv.put(s.errors, inFlight ? sv.binary(sum("errors"), "+", s.late) : sum("errors")),
        sv.put(s.checked, sum("checked")),
        sv.put(s.wanted, sv.binary(s.prompt_count, "*", sv.decimal(perPrompt))),
        sv.when(
          sv.binary(sv.binary(s.errors, "==", sv.decimal(0)), "&&", sv.binary(s.checked, "==", s.wanted)),
          [
            task(
              "$display",
              sv.text(
                `PASS %0d prompts, ${whole(vectors.spikes)} spikes, ${whole(vectors.logits)} outputs of the head and ${clocks} clocks each, ${inFlight ? "%0d clocks from the first one's last answer to the last one's, " : ""}%0d results`,
              ),
              s.prompt_count,
              ...(inFlight ? [sv.binary(s.last_clock, "-", s.first_clock)] : []),
              s.checked,
            ),
          ],
          [task("$display", sv.text("FAIL %0d errors, %0d of %0d results"), s.errors, s.checked, s.wanted)],
        ),
        task("$finish"),
      ),
      sv.gap,
      ...(inFlight ? [...besideInFlight(s, inFlight, { seeds, answers: answersOf(plan) }), sv.gap] : []),
      sv.comment("Answers are taken at once, or late."),
      sv.initial(
        sv.put(s.out_ready, sv.sized(1, 0)),
        ...(waits?.first ?? []),
        sv.loopWhile(sv.sized(1, 1), edge, ...(waits?.later ?? []), sv.put(s.out_ready, sv.isFalse(isLate))),
      ),
      sv.gap,
      sv.comment("A machine that hangs fails, whether busy or not accepting vectors."),
      sv.initial(
        sv.put(s.limit, sv.decimal(PATIENCE * clocks)),
        edge,
        sv.loopWhile(sv.binary(s.waited_q, "<", s.limit), edge),
        task("$display", sv.text("FAIL a prompt is not done after %0d clocks"), s.waited_q),
        task("$finish"),
      ),
    ],
  };
}

/** A counter that is reset when the condition ends. */
const countWhile = (counter: sv.Signal, condition: sv.Expression): sv.Statement =>
  sv.set(counter, {
    kind: "choice",
    condition,
    yes: sv.binary(counter, "+", sv.sized(32, 1)),
    no: sv.sized(32, 0),
  });
