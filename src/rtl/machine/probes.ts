/** The signals of the machine that its testbench compares, and the modules in which it does so. */
import {
  binary,
  call,
  decimal,
  type Expression,
  input,
  logic,
  type Module,
  name,
  put,
  sized,
  text,
  when,
} from "../syntax.ts";
import { complaints, count, fallingEdges, readLine } from "../testbench-parts.ts";
import { attentionSize } from "./attention-unit.ts";
import { decisionBits, decisionSize } from "./decision-unit.ts";
import type { MachineDesign } from "./design.ts";
import { answerBits, answersOf } from "./top.ts";
import { ANSWER_FILE, DECISION_FILE, expectFile } from "./vectors.ts";

/** A compared point of the machine: its signals, the file of expected results, and their number per prompt. */
export interface Probe {
  readonly label: string;
  readonly width: number;
  readonly valid: Expression;
  readonly vector: Expression;
  readonly file: string;
  readonly perPrompt: number;
  readonly isTimed: boolean;
}

const at = (signal: string) => name(`u_machine.${signal}`);

export function probesOf({ plan }: MachineDesign): Probe[] {
  const { layers, steps, depth, heads } = plan;
  const { dimension, tileTokens, blocks } = attentionSize(plan);
  const ofLayers = layers.map(({ module, role, outputs, tokens: read }): Probe => {
    const short = module.replace(/^layer_/, "");
    const isHead = role === "head";
    return {
      label: short,
      width: isHead ? outputs * plan.arithmetic.logitBits : outputs,
      valid: isHead ? name("logits_valid") : at(`${short}_valid`),
      vector: isHead ? name("logits") : at(`${short}_spikes`),
      file: expectFile(module),
      perPrompt: read.length * steps,
      isTimed: true,
    };
  });
  return [
    ...ofLayers,
    {
      label: "attention",
      width: heads * tileTokens,
      valid: at("u_attention.valid"),
      vector: at("u_attention.column"),
      file: expectFile("attention"),
      perPrompt: depth * steps * blocks * dimension,
      isTimed: true,
    },
    {
      label: "answers",
      width: answerBits(plan),
      valid: name("taken_q"),
      vector: name("answer_q"),
      file: ANSWER_FILE,
      perPrompt: answersOf(plan),
      isTimed: false,
    },
    {
      label: "decisions",
      width: decisionBits(decisionSize(plan)),
      valid: name("taken_q"),
      vector: name("decision_q"),
      file: DECISION_FILE,
      perPrompt: answersOf(plan),
      isTimed: false,
    },
  ];
}

export const checkerName = (width: number) => `expect_vectors_${width}`;

/** Compares the result of a clock with the next line of a file. */
export function checker(width: number): Module {
  const complain = complaints(5, name("Label"), name("checked"));
  const counters = ["checked", "errors"];
  return {
    name: checkerName(width),
    header: [`Compares vectors of ${width} bits and their clocks with the lines of a file.`],
    parameters: [
      ["Expected", text("expected.hex")],
      ["Label", text("vectors")],
    ],
    ports: [input("clk_i"), input("valid_i"), input("vector_i", width), input("timed_i"), input("clock_i", 32)],
    items: [
      { kind: "integer", names: ["file", "got", ...counters] },
      logic(32, "clock"),
      logic(width, "vector"),
      {
        kind: "initial",
        body: [
          ...counters.map((variable) => put(name(variable), decimal(0))),
          put(name("file"), call("$fopen", name("Expected"), text("r"))),
          {
            kind: "while",
            condition: sized(1, 1),
            body: [
              fallingEdges(1, "clk_i"),
              when(name("valid_i"), [
                readLine(name("file"), "%h %h", "clock", "vector"),
                complain(binary(name("got"), "!=", decimal(2)), "%s: result %0d is one too many"),
                complain(
                  binary(name("vector_i"), "!==", name("vector")),
                  "%s: result %0d is %h, expected %h",
                  name("vector_i"),
                  name("vector"),
                ),
                complain(
                  binary(name("timed_i"), "&&", binary(name("clock_i"), "!==", name("clock"))),
                  "%s: result %0d comes in clock %0d, expected in %0d",
                  name("clock_i"),
                  name("clock"),
                ),
                count("checked"),
              ]),
            ],
          },
        ],
      },
    ],
  };
}
