/** The signals of the machine that its testbench compares, and the modules in which it does so. */
import * as sv from "../syntax.ts";
import { complaints, count, fallingEdges, readLine } from "../testbench-parts.ts";
import { attentionResults } from "./attention.ts";
import { decisionBits, decisionSize } from "./decision-unit.ts";
import type { MachineDesign } from "./design.ts";
import { indexBits } from "./parts.ts";
import { answerBits, answersOf } from "./top.ts";
import { ANSWER_FILE, attentionName, DECISION_FILE, expectFile } from "./vectors.ts";

/** A compared point of the machine: its signals, the file of expected results, and their number per prompt. */
export interface Probe {
  readonly label: string;
  readonly width: number;
  readonly valid: sv.Expression;
  readonly vector: sv.Expression;
  readonly file: string;
  readonly perPrompt: number;
  readonly isTimed: boolean;
}

const at = (signal: string) => sv.name(`u_machine.${signal}`);

/** @param s of the testbench around the machine */
export function probesOf(
  { plan }: MachineDesign,
  s: sv.Signals<"logits_valid" | "logits" | "taken_q" | "answer_q" | "decision_q">,
): Probe[] {
  const { layers, steps, depth, inFlight, engine } = plan;
  const ofLayers = layers.map(({ module, answers, outputs, tokens: read }): Probe => {
    const short = module.replace(/^layer_/, "");
    return {
      label: short,
      width: answers ? outputs * plan.arithmetic.logitBits : outputs,
      valid: answers ? s.logits_valid : at(`${short}_valid`),
      vector: answers ? s.logits : at(`${short}_spikes`),
      file: expectFile(module),
      perPrompt: read.length * steps,
      isTimed: true,
    };
  });
  const { width, perPrompt } = attentionResults(plan);
  const attention = { width, vector: at("u_attention.column"), isTimed: true };
  const valid = at("u_attention.valid");
  const ofBlock = (b: number): Probe => ({
    ...attention,
    label: attentionName(b),
    valid:
      depth === 1
        ? valid
        : sv.binary(valid, "&", sv.binary(at("u_attention.out_block_q"), "==", sv.sized(indexBits(depth), b))),
    file: expectFile(attentionName(b)),
    perPrompt: perPrompt / depth,
  });
  return [
    ...ofLayers,
    ...(engine.unit === "none"
      ? []
      : inFlight
        ? Array.from({ length: depth }, (_, b) => ofBlock(b))
        : [{ ...attention, label: "attention", valid, file: expectFile("attention"), perPrompt }]),
    {
      label: "answers",
      width: answerBits(plan),
      valid: s.taken_q,
      vector: s.answer_q,
      file: ANSWER_FILE,
      perPrompt: answersOf(plan),
      isTimed: inFlight !== null,
    },
    {
      label: "decisions",
      width: decisionBits(decisionSize(plan)),
      valid: s.taken_q,
      vector: s.decision_q,
      file: DECISION_FILE,
      perPrompt: answersOf(plan),
      isTimed: inFlight !== null,
    },
  ];
}

export const checkerName = (width: number) => `expect_vectors_${width}`;

/** Compares the result of a clock with the next line of a file. */
export function checker(width: number): sv.Module {
  const ports = [
    sv.CLOCK,
    sv.input("valid_i"),
    sv.input("vector_i", width),
    sv.input("timed_i"),
    sv.input("clock_i", 32),
  ];
  const declared = [sv.integers("file", "got", "checked", "errors"), sv.logic(32, "clock"), sv.logic(width, "vector")];
  const s = sv.signals(ports, declared);
  const complain = complaints(s.errors, 5, sv.name("Label"), s.checked);
  return {
    name: checkerName(width),
    header: [`Compares vectors of ${width} bits and their clocks with the lines of a file.`],
    parameters: [
      ["Expected", sv.text("expected.hex")],
      ["Label", sv.text("vectors")],
    ],
    ports,
    items: [
      ...declared,
      sv.initial(
        ...[s.checked, s.errors].map((variable) => sv.put(variable, sv.decimal(0))),
        sv.put(s.file, sv.call("$fopen", sv.name("Expected"), sv.text("r"))),
        sv.loopWhile(
          sv.sized(1, 1),
          fallingEdges(s.clk_i),
          sv.when(s.valid_i, [
            readLine(s.got, s.file, "%h %h", s.clock, s.vector),
            complain(sv.binary(s.got, "!=", sv.decimal(2)), "%s: result %0d is one too many"),
            complain(sv.binary(s.vector_i, "!==", s.vector), "%s: result %0d is %h, expected %h", s.vector_i, s.vector),
            complain(
              sv.binary(s.timed_i, "&&", sv.binary(s.clock_i, "!==", s.clock)),
              "%s: result %0d comes in clock %0d, expected in %0d",
              s.clock_i,
              s.clock,
            ),
            count(s.checked),
          ]),
        ),
      ),
    ],
  };
}
