/**
 * The machine's testbench: it sends whole prompts and compares every spike train, head output, answer and decision, each with
 * its clock.
 *
 *   +prompts=N   uses the first N prompts
 *   +stall=N     first breaks off a prompt with a reset; then sends vectors late and takes answers late, at random with seed N, and
 *                does not compare clocks
 *
 * It prints one line that begins with PASS or FAIL.
 */
import {
  binary,
  call,
  comment,
  decimal,
  type Expression,
  gap,
  type Item,
  instance,
  isFalse,
  logic,
  type Module,
  name,
  put,
  registers,
  type Statement,
  set,
  sized,
  text,
  when,
} from "../syntax.ts";
import { fallingEdges, nextLine, risingEdge, shortReset, task } from "../testbench-parts.ts";
import { SEED_BITS } from "./attention-unit.ts";
import { decisionBits, decisionSize } from "./decision-unit.ts";
import type { MachineDesign } from "./design.ts";
import { both, indexBits } from "./parts.ts";
import { inputOf } from "./plan.ts";
import { checker, checkerName, type Probe, probesOf } from "./probes.ts";
import { answerBits, MACHINE } from "./top.ts";
import { INPUT_FILE, type MachineVectors, SEED_FILE } from "./vectors.ts";

export const MACHINE_TESTBENCH = `${MACHINE}_tb`;
/** Timeout of a prompt as a multiple of its clocks, including stalls. */
const PATIENCE = 64;
export const STALL = "stall";
export const PROMPTS = "prompts";

/** The modules in which the testbench compares, then the testbench itself. */
export function machineTestbench(design: MachineDesign, vectors: MachineVectors): Module[] {
  const probes = probesOf(design);
  const widths = [...new Set(probes.map(({ width }) => width))];
  return [...widths.map(checker), testbench(design, probes, vectors)];
}

function testbench(design: MachineDesign, probes: readonly Probe[], vectors: MachineVectors): Module {
  const { plan } = design;
  const { layers, schedule } = plan;
  const words = design.plan.depth * seedWords(design);
  const entering = inputOf(plan);
  const { clocks } = schedule.alone;
  // Pins change at falling edges, and whether a rising edge takes them is checked right there.
  const [edge, rising] = [fallingEdges(1, "clk_i"), risingEdge("clk_i")];
  const counters = ["got", "stall", "limit", "errors", "checked", "wanted"];
  const sum = (of: "errors" | "checked") =>
    probes.map(({ label }) => name(`u_expect_${label}.${of}`)).reduce((all, one) => binary(all, "+", one));
  const perPrompt = probes.reduce((all, probe) => all + probe.perPrompt, 0);
  const isLate = binary(
    binary(name("stall"), "!=", decimal(0)),
    "&&",
    binary(binary(call("$urandom"), "&", decimal(3)), "!=", decimal(0)),
  );
  const stalls: Statement = when(binary(name("stall"), "!=", decimal(0)), [
    { kind: "while", condition: binary(binary(call("$urandom"), "&", decimal(3)), "!=", decimal(0)), body: [edge] },
  ]);
  const whole = (of: number) => Math.floor(of / vectors.prompts);
  return {
    name: MACHINE_TESTBENCH,
    header: [
      `Checks the machine against the simulator and the schedule: ${vectors.prompts} prompts of ${clocks} clocks, ${whole(vectors.spikes)} spikes and ${whole(vectors.logits)} outputs of ` +
        "the head each, and every result's clock.",
      `+${PROMPTS}=N uses the first N prompts. +${STALL}=N breaks off a prompt with a reset, then sends vectors late and takes answers late, at random; clocks are then not compared.`,
    ],
    ports: [],
    items: [
      logic(
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
      logic(indexBits(words), "seed_address"),
      logic(SEED_BITS, "seed_data", "seed_next"),
      logic(entering.width, "in_data", "in_next"),
      logic(answerBits(plan), "out_data", "answer_q"),
      logic(decisionBits(decisionSize(plan)), "out_decision", "decision_q"),
      logic(layers[layers.length - 1].outputs * plan.arithmetic.logitBits, "logits"),
      logic(1, "live"),
      logic(32, "clock_q", "waited_q"),
      { kind: "integer", names: ["seed_file", "input_file", "prompt_count", ...counters] },
      gap,
      { kind: "clock", signal: "clk_i", halfPeriod: 5 },
      gap,
      instance(MACHINE, "u_machine", {
        clk_i: name("clk_i"),
        rst_ni: name("rst_ni"),
        seed_write_i: name("seed_write"),
        seed_address_i: name("seed_address"),
        seed_data_i: name("seed_data"),
        in_valid_i: name("in_valid"),
        in_ready_o: name("in_ready"),
        in_data_i: name("in_data"),
        out_valid_o: name("out_valid"),
        out_ready_i: name("out_ready"),
        out_data_o: name("out_data"),
        out_decision_o: name("out_decision"),
        logits_valid_o: name("logits_valid"),
        logits_o: name("logits"),
        busy_o: name("busy"),
      }),
      gap,
      comment("Clock 0 is the first one of a prompt's first vector."),
      registers(
        [
          ...["clock_q", "waited_q"].map((counter) => set(name(counter), sized(32, 0))),
          set(name("taken_q"), sized(1, 0)),
          ...["answer_q", "decision_q"].map((register) => set(name(register), { kind: "fill", bit: 0 })),
        ],
        [
          countWhile("clock_q", name("busy")),
          countWhile("waited_q", binary(name("busy"), "|", name("in_valid"))),
          set(name("taken_q"), binary(name("out_valid"), "&", name("out_ready"))),
          set(name("answer_q"), name("out_data")),
          set(name("decision_q"), name("out_decision")),
        ],
      ),
      ...probes.map(
        (probe): Item =>
          instance(
            checkerName(probe.width),
            `u_expect_${probe.label}`,
            {
              clk_i: name("clk_i"),
              valid_i: both(probe.valid, name("live")),
              vector_i: probe.vector,
              timed_i: probe.isTimed ? binary(name("stall"), "==", decimal(0)) : sized(1, 0),
              clock_i: name("clock_q"),
            },
            { Expected: text(probe.file), Label: text(probe.label) },
          ),
      ),
      gap,
      {
        kind: "initial",
        body: [
          when(isFalse(call("$value$plusargs", text(`${PROMPTS}=%d`), name("prompt_count"))), [
            put(name("prompt_count"), decimal(vectors.prompts)),
          ]),
          when(isFalse(call("$value$plusargs", text(`${STALL}=%d`), name("stall"))), [put(name("stall"), decimal(0))]),
          when(binary(name("stall"), "!=", decimal(0)), [put(name("got"), call("$urandom", name("stall")))]),
          put(name("seed_file"), call("$fopen", text(SEED_FILE), text("r"))),
          put(name("input_file"), call("$fopen", text(INPUT_FILE), text("r"))),
          ...["seed_write", "in_valid", "live"].map((signal) => put(name(signal), sized(1, 0))),
          ...["seed_address", "seed_data", "in_data"].map((signal) =>
            put(name(signal), { kind: "fill", bit: 0 } as const),
          ),
          ...shortReset("rst_ni"),
          when(binary(name("stall"), "!=", decimal(0)), [
            comment("A prompt of ones, broken off in the middle."),
            put(name("in_valid"), sized(1, 1)),
            put(name("in_data"), { kind: "fill", bit: 1 }),
            { kind: "for", variable: "clock", below: decimal(Math.ceil(clocks / 2)), body: [edge] },
            put(name("in_valid"), sized(1, 0)),
            ...shortReset("rst_ni"),
          ]),
          put(name("live"), sized(1, 1)),
          edge,
          {
            kind: "for",
            variable: "prompt",
            below: name("prompt_count"),
            body: [
              {
                kind: "for",
                variable: "word",
                below: decimal(words),
                body: [
                  ...nextLine("seed_file", "%h", "seed_next"),
                  put(name("seed_write"), sized(1, 1)),
                  put(name("seed_address"), { kind: "cast", width: indexBits(words), operand: name("word") }),
                  put(name("seed_data"), name("seed_next")),
                  edge,
                ],
              },
              put(name("seed_write"), sized(1, 0)),
              {
                kind: "for",
                variable: "vector",
                below: decimal(entering.vectors),
                body: [
                  stalls,
                  ...nextLine("input_file", "%h", "in_next"),
                  put(name("in_valid"), sized(1, 1)),
                  put(name("in_data"), name("in_next")),
                  rising,
                  { kind: "while", condition: isFalse(name("in_ready")), body: [rising] },
                  edge,
                  put(name("in_valid"), sized(1, 0)),
                ],
              },
              edge,
              { kind: "while", condition: name("busy"), body: [edge] },
              task("$display", text("prompt %0d is done"), name("prompt")),
            ],
          },
          edge,
          edge,
          put(name("errors"), sum("errors")),
          put(name("checked"), sum("checked")),
          put(name("wanted"), binary(name("prompt_count"), "*", decimal(perPrompt))),
          when(
            binary(binary(name("errors"), "==", decimal(0)), "&&", binary(name("checked"), "==", name("wanted"))),
            [
              task(
                "$display",
                text(
                  `PASS %0d prompts, ${whole(vectors.spikes)} spikes, ${whole(vectors.logits)} outputs of the head and ${clocks} clocks each, %0d results`,
                ),
                name("prompt_count"),
                name("checked"),
              ),
            ],
            [
              task(
                "$display",
                text("FAIL %0d errors, %0d of %0d results"),
                name("errors"),
                name("checked"),
                name("wanted"),
              ),
            ],
          ),
          task("$finish"),
        ],
      },
      gap,
      comment("Answers are taken at once, or late."),
      {
        kind: "initial",
        body: [
          put(name("out_ready"), sized(1, 0)),
          {
            kind: "while",
            condition: sized(1, 1),
            body: [edge, put(name("out_ready"), isFalse(isLate))],
          },
        ],
      },
      gap,
      comment("A machine that hangs fails, whether busy or not accepting vectors."),
      {
        kind: "initial",
        body: [
          put(name("limit"), decimal(PATIENCE * clocks)),
          edge,
          { kind: "while", condition: binary(name("waited_q"), "<", name("limit")), body: [edge] },
          task("$display", text("FAIL a prompt is not done after %0d clocks"), name("waited_q")),
          task("$finish"),
        ],
      },
    ],
  };
}

/** A counter that is reset when the condition ends. */
const countWhile = (counter: string, condition: Expression): Statement =>
  set(name(counter), {
    kind: "choice",
    condition,
    yes: binary(name(counter), "+", sized(32, 1)),
    no: sized(32, 0),
  });

/** Seed words per block. */
function seedWords({ modules }: MachineDesign): number {
  const unit = modules.find(({ name }) => name === "ssa_engine")!;
  return unit.ports.find((port) => port.name === "seed_i")!.width / SEED_BITS;
}
