/** The part of the edge's testbench that sends prompts through the queue: two numbers wait, and their vectors follow one another. */
import { INPUT_FILE, type MachineVectors } from "../machine/vectors.ts";
import * as sv from "../syntax.ts";
import { nextLine } from "../testbench-parts.ts";
import { INTERRUPT, type MachineFacts, type RegisterName, STATUS } from "./register-map.ts";
import { OKAY, SLVERR } from "./registers.ts";

/** What the testbench does over the bus. */
export interface Bus {
  write(register: RegisterName, word: sv.Expression, response: number): sv.Statement[];
  ask(register: RegisterName): sv.Statement[];
  expect(register: RegisterName, word: sv.Expression): sv.Statement[];
  complain(condition: sv.Expression, message: string, ...values: sv.Expression[]): sv.Statement;
  give(data: sv.Expression, last: sv.Expression): sv.Statement[];
}

/** Prompts that go through the queue, the first ones of the files. */
export const queuedPrompts = ({ prompts }: MachineVectors): number => Math.min(2, prompts);

/** @param inQueue is 1 from here on */
export function queuePhase(
  { vectors, queueDepth }: MachineFacts,
  files: MachineVectors,
  bus: Bus,
  s: sv.Signals<"got" | "input_file" | "vector" | "rdata_q" | "in_queue">,
  input: number,
): sv.Statement[] {
  const queued = queuedPrompts(files);
  const word = (value: number) => sv.hex(32, value);
  const drained = 2 ** INTERRUPT.drained;
  const isLast = sv.cast(1, sv.binary(sv.name("n"), "==", sv.decimal(vectors - 1)));
  return [
    sv.comment("The first prompts again, through the queue."),
    sv.put(s.in_queue, sv.sized(1, 1)),
    sv.put(s.input_file, sv.call("$fopen", sv.text(INPUT_FILE), sv.text("r"))),
    ...bus.write("PENDING", word(drained), OKAY),
    ...bus.expect("ROOM", word(queueDepth)),
    ...Array.from({ length: queued }, (_, n) => bus.write("SUBMIT", word(n), OKAY)).flat(),
    ...bus.expect("QUEUED", word(queued - 1)),
    ...bus.write("CONTROL", word(1), SLVERR),
    sv.forEach(
      "prompt",
      queued,
      sv.forEach(
        "n",
        vectors,
        ...nextLine(s.got, s.input_file, "%h", s.vector),
        ...bus.give(sv.cast(input, s.vector), isLast),
      ),
    ),
    ...bus.ask("STATUS"),
    sv.loopWhile(sv.isFalse(sv.bit(s.rdata_q, STATUS.idle)), ...bus.ask("STATUS")),
    ...bus.expect("ANSWERED", word(queued - 1)),
    ...bus.expect("PROMPTS", word(files.prompts + queued)),
    ...bus.expect("QUEUED", word(0)),
    ...bus.ask("PENDING"),
    bus.complain(sv.isFalse(sv.bit(s.rdata_q, INTERRUPT.drained)), "after the queue PENDING is %h", s.rdata_q),
  ];
}
