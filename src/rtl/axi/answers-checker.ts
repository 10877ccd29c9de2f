/** Testbench part that takes the answers at a machine's AXI edge, at once or late, and compares each with the simulator's. */
import { ANSWER_FILE, DECISION_FILE } from "../machine/vectors.ts";
import * as sv from "../syntax.ts";
import { complaints, count, readLine, risingEdge } from "../testbench-parts.ts";
import type { MachineFacts } from "./register-map.ts";
import { NUMBER_BITS } from "./seed-expander.ts";
import { streamSizes } from "./top.ts";

export const ANSWERS_CHECKER = "expect_answers";

/**
 * Takes answers, at once or late, and compares each with the files.
 *
 * @param prompts of the files, which begin anew behind the last of them
 */
export function answersChecker(facts: MachineFacts, prompts: number): sv.Module {
  const { answers, totalBits, decisionBits } = facts;
  const sizes = streamSizes(facts);
  const ports = [
    sv.CLOCK,
    sv.input("live_i"),
    sv.input("tdata_i", sizes.output),
    sv.input("tuser_i", NUMBER_BITS),
    sv.input("tlast_i"),
    sv.input("tvalid_i"),
    sv.input("tready_i"),
    sv.input("number_i", NUMBER_BITS),
  ];
  const declared = [
    sv.integers("totals_file", "decision_file", "got", "seen", "errors"),
    sv.logic(totalBits, "totals"),
    sv.logic(decisionBits, "decision"),
  ];
  const s = sv.signals(ports, declared);
  const complain = complaints(s.errors, 8);
  const field = (low: number, bits: number) => sv.slice(s.tdata_i, low + bits - 1, low);
  const opened = [
    sv.put(s.totals_file, sv.call("$fopen", sv.text(ANSWER_FILE), sv.text("r"))),
    sv.put(s.decision_file, sv.call("$fopen", sv.text(DECISION_FILE), sv.text("r"))),
  ];
  /** The first number of a line is a clock, which is not compared here. */
  const next = (file: sv.Signal, target: sv.Signal): sv.Statement[] => [
    readLine(s.got, file, "%*h %h", target),
    complain(sv.binary(s.got, "!=", sv.decimal(1)), `${file.name}: answer %0d is one too many`, s.seen),
  ];
  /** Padding of the last byte of totals, and of the decision. */
  const fillers = [
    [totalBits, sizes.decisionAt],
    [sizes.decisionAt + decisionBits, sizes.output],
  ].filter(([from, to]) => to > from);
  return {
    name: ANSWERS_CHECKER,
    header: ["Compares the answers of an AXI-Stream with the files of expected answers."],
    ports,
    items: [
      ...declared,
      sv.initial(
        ...[s.seen, s.errors].map((counter) => sv.put(counter, sv.decimal(0))),
        ...opened,
        sv.loopWhile(
          sv.sized(1, 1),
          risingEdge(s.clk_i),
          sv.when(sv.binary(sv.binary(s.live_i, "&&", s.tvalid_i), "&&", s.tready_i), [
            sv.when(sv.binary(s.seen, "==", sv.decimal(answers * prompts)), opened),
            ...next(s.totals_file, s.totals),
            ...next(s.decision_file, s.decision),
            complain(
              sv.binary(field(0, totalBits), "!==", s.totals),
              "totals of answer %0d are %h, expected %h",
              s.seen,
              field(0, totalBits),
              s.totals,
            ),
            complain(
              sv.binary(field(sizes.decisionAt, decisionBits), "!==", s.decision),
              "answer %0d decides for %h, expected %h",
              s.seen,
              field(sizes.decisionAt, decisionBits),
              s.decision,
            ),
            complain(
              sv.binary(s.tuser_i, "!==", s.number_i),
              "answer %0d is of prompt %0d, expected %0d",
              s.seen,
              s.tuser_i,
              s.number_i,
            ),
            ...fillers.map(([from, to]) =>
              complain(
                sv.binary(field(from, to - from), "!==", sv.sized(to - from, 0)),
                `bits from ${from} on of answer %0d are %b, expected 0`,
                s.seen,
                field(from, to - from),
              ),
            ),
            complain(
              sv.binary(
                s.tlast_i,
                "!==",
                sv.binary(sv.binary(s.seen, "%", sv.decimal(answers)), "==", sv.decimal(answers - 1)),
              ),
              "tlast of answer %0d is %b",
              s.seen,
              s.tlast_i,
            ),
            count(s.seen),
          ]),
        ),
      ),
    ],
  };
}
