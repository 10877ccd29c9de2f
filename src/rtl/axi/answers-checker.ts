/** Testbench part that takes the answers at a machine's AXI edge, at once or late, and compares each with the simulator's. */
import { ANSWER_FILE, DECISION_FILE } from "../machine/vectors.ts";
import {
  binary,
  call,
  decimal,
  input,
  logic,
  type Module,
  name,
  put,
  type Statement,
  sized,
  slice,
  text,
  when,
} from "../syntax.ts";
import { complaints, count, readLine, risingEdge } from "../testbench-parts.ts";
import type { MachineFacts } from "./register-map.ts";
import { streamSizes } from "./top.ts";

export const ANSWERS_CHECKER = "expect_answers";

const complain = complaints(8);

/** Takes answers, at once or late, and compares each with the files. */
export function answersChecker(facts: MachineFacts): Module {
  const { answers, totalBits, decisionBits } = facts;
  const sizes = streamSizes(facts);
  const field = (low: number, bits: number) => slice(name("tdata_i"), low + bits - 1, low);
  /** The first number of a line is a clock, which is not compared here. */
  const next = (file: string, target: string): Statement[] => [
    readLine(name(file), "%*h %h", target),
    complain(binary(name("got"), "!=", decimal(1)), `${file}: answer %0d is one too many`, name("seen")),
  ];
  /** Padding of the last byte of totals, and of the decision. */
  const fillers = [
    [totalBits, sizes.decisionAt],
    [sizes.decisionAt + decisionBits, sizes.output],
  ].filter(([from, to]) => to > from);
  return {
    name: ANSWERS_CHECKER,
    header: ["Compares the answers of an AXI-Stream with the files of expected answers."],
    ports: [
      input("clk_i"),
      input("live_i"),
      input("tdata_i", sizes.output),
      input("tlast_i"),
      input("tvalid_i"),
      input("tready_i"),
    ],
    items: [
      { kind: "integer", names: ["totals_file", "decision_file", "got", "seen", "errors"] },
      logic(totalBits, "totals"),
      logic(decisionBits, "decision"),
      {
        kind: "initial",
        body: [
          ...["seen", "errors"].map((counter) => put(name(counter), decimal(0))),
          put(name("totals_file"), call("$fopen", text(ANSWER_FILE), text("r"))),
          put(name("decision_file"), call("$fopen", text(DECISION_FILE), text("r"))),
          {
            kind: "while",
            condition: sized(1, 1),
            body: [
              risingEdge("clk_i"),
              when(binary(binary(name("live_i"), "&&", name("tvalid_i")), "&&", name("tready_i")), [
                ...next("totals_file", "totals"),
                ...next("decision_file", "decision"),
                complain(
                  binary(field(0, totalBits), "!==", name("totals")),
                  "totals of answer %0d are %h, expected %h",
                  name("seen"),
                  field(0, totalBits),
                  name("totals"),
                ),
                complain(
                  binary(field(sizes.decisionAt, decisionBits), "!==", name("decision")),
                  "answer %0d decides for %h, expected %h",
                  name("seen"),
                  field(sizes.decisionAt, decisionBits),
                  name("decision"),
                ),
                ...fillers.map(([from, to]) =>
                  complain(
                    binary(field(from, to - from), "!==", sized(to - from, 0)),
                    `bits from ${from} on of answer %0d are %b, expected 0`,
                    name("seen"),
                    field(from, to - from),
                  ),
                ),
                complain(
                  binary(
                    name("tlast_i"),
                    "!==",
                    binary(binary(name("seen"), "%", decimal(answers)), "==", decimal(answers - 1)),
                  ),
                  "tlast of answer %0d is %b",
                  name("seen"),
                  name("tlast_i"),
                ),
                count("seen"),
              ]),
            ],
          },
        ],
      },
    ],
  };
}
