/**
 * The machine with the interfaces of a chip: AXI4-Lite for control and seeds, AXI-Stream for vectors and answers.
 *
 * Each prompt needs a start, so its seeds are there in time and no vector of the next prompt arrives early. A start is written, or it is
 * that of a number in the queue. Answers leave in the order of the starts, and each brings its prompt's number as tuser; a DMA drops that,
 * so ANSWERED has the number of the last answered prompt, and PROMPTS counts them.
 */
import { unused } from "../encoder.ts";
import { SEED_BITS } from "../machine/engine.ts";
import { both, countUp, indexBits, isAt } from "../machine/parts.ts";
import { MACHINE } from "../machine/top.ts";
import { resetSynchroniser, synchronised, TEST_MODE } from "../reset-synchroniser.ts";
import * as sv from "../syntax.ts";
import { holdsUntilTaken } from "./handshake.ts";
import { PROMPT_QUEUE, promptQueue, queuedBits } from "./prompt-queue.ts";
import { addressBits, type MachineFacts } from "./register-map.ts";
import { AXI_REGISTERS, axiLitePorts, axiRegisters } from "./registers.ts";
import { NUMBER_BITS, SEED_EXPANDER, seedExpander } from "./seed-expander.ts";

export const AXI_TOP = "xpike_axi";

/** Low in a reset, and for a clock after a clear. */
const STREAMS_RESET = sv.output("streams_rst_no");

const wholeBytes = (bits: number) => 8 * Math.ceil(bits / 8);

/** Contents of the streams. */
export interface StreamSizes {
  /** Bits of `s_axis_tdata`. */
  readonly input: number;
  /** Bits of `m_axis_tdata`, and the first bit of an answer's decision. */
  readonly output: number;
  readonly decisionAt: number;
}

export function streamSizes({ vectorBits, totalBits, decisionBits }: MachineFacts): StreamSizes {
  const decisionAt = wholeBytes(totalBits);
  return { input: wholeBytes(vectorBits), output: decisionAt + wholeBytes(decisionBits), decisionAt };
}

/** Zeros in front of `value`, if any. */
const padded = (bits: number, value: sv.Expression): readonly sv.Expression[] =>
  bits === 0 ? [value] : [sv.sized(bits, 0), value];

export function axiTop(facts: MachineFacts): sv.Module {
  const { vectors, answers, vectorBits, totalBits, decisionBits, windowWords, seedWords, expansion } = facts;
  const sizes = streamSizes(facts);
  const lite = axiLitePorts(addressBits(windowWords));
  const ports = [
    ...sv.CLOCKED,
    TEST_MODE,
    ...lite,
    sv.input("s_axis_tdata", sizes.input),
    sv.input("s_axis_tlast"),
    sv.input("s_axis_tvalid"),
    sv.output("s_axis_tready"),
    sv.output("m_axis_tdata", sizes.output),
    sv.output("m_axis_tuser", NUMBER_BITS),
    sv.output("m_axis_tlast"),
    sv.output("m_axis_tvalid"),
    sv.input("m_axis_tready"),
    sv.output("irq_o"),
    STREAMS_RESET,
  ];
  const declared = [
    sv.logic(1, "rst_n", "machine_rst_nq", "machine_rst_n", "open_q", "running_q"),
    sv.logic(1, "awready", "wready", "arready"),
    sv.logic(indexBits(vectors), "entered_q"),
    sv.logic(indexBits(answers), "answered_q"),
    sv.logic(1, "seed_write", "start", "clear", "busy", "machine_busy", "ready", "result"),
    sv.logic(1, "asked", "submit", "full", "waits", "runs", "begins"),
    sv.logic(queuedBits(facts), "queued"),
    sv.logic(NUMBER_BITS, "first_number", "number_q"),
    sv.logic(1, "taken", "is_last", "is_wrong", "given", "done"),
    sv.logic(indexBits(windowWords), "seed_address"),
    sv.logic(SEED_BITS, "seed_data"),
    sv.logic(totalBits, "totals"),
    sv.logic(decisionBits, "decision"),
    sv.logic(facts.logitBits, "logits"),
    ...(expansion
      ? [
          sv.logic(1, "expand", "occupied", "pending", "claimed", "pops", "copies", "copied"),
          sv.logic(NUMBER_BITS, "expanded"),
          sv.logic(indexBits(seedWords), "copy_address"),
          sv.logic(SEED_BITS, "copy_data"),
        ]
      : []),
  ];
  const s = sv.signals<string, string>(ports, declared);
  const [clocked, machine] = [s.rst_n, s.machine_rst_n].map((reset) => ({
    clk_i: s.clk_i,
    rst_ni: reset,
  }));
  const readies = (["awready", "wready", "arready"] as const).map((own) => [s[`s_axil_${own}`], s[own]] as const);
  return {
    name: AXI_TOP,
    header: [
      `${MACHINE} behind AXI: registers and seeds on AXI4-Lite (s_axil), vectors in on AXI-Stream (s_axis), answers out on AXI-Stream (m_axis), and an interrupt (irq_o, high while an enabled event pends). Pin names are those that AXI tools look for.`,
      `A start admits ${vectors} vectors, ${facts.vectorOrder}: line 0 in bit 0 of s_axis_tdata, tlast with the last. ` +
        `The prompt's ${answers === 1 ? "answer comes" : `${answers} answers come`} at m_axis, tlast with the last: totals in the low ${totalBits} bits of m_axis_tdata, class 0 lowest, and the decision from bit ${sizes.decisionAt} on.`,
      ...(expansion
        ? [
            "A prompt's number becomes its seeds, also while the prompt before it runs. The next start takes them, and opens the input when the machine has them.",
          ]
        : []),
      `Up to ${facts.queueDepth} numbers wait in a queue, and start by themselves. m_axis_tuser is the number of an answer's prompt, 0 if its seeds were written.`,
      "The release of rst_ni is synchronised, and the bus is ready from then on. With test_mode_i, rst_ni resets everything directly.",
      `A clear resets the machine for one clock, but not its memories. It withdraws an answer that waits at m_axis, which AXI-Stream allows only at a reset: clear the receiver of the answers together with the machine. ${STREAMS_RESET.name} is that reset, for what stands at the streams.`,
    ],
    ports,
    items: [
      ...declared,
      sv.gap,
      synchronised(s.rst_n, s.test_mode_i),
      sv.wire(s.machine_rst_n, sv.choose(s.test_mode_i, s.rst_ni, s.machine_rst_nq)),
      sv.wire(s.streams_rst_no, s.machine_rst_n),
      sv.gap,
      sv.instance(AXI_REGISTERS, "u_registers", {
        ...clocked,
        ...Object.fromEntries(lite.map((pin) => [pin.name, pin])),
        ...Object.fromEntries(readies.map(([pin, own]) => [pin.name, own])),
        seed_write_o: s.seed_write,
        seed_address_o: s.seed_address,
        seed_data_o: s.seed_data,
        ...(expansion ? { expand_o: s.expand, occupied_i: s.occupied, claimed_i: s.claimed } : {}),
        submit_o: s.submit,
        queued_i: s.queued,
        full_i: s.full,
        waits_i: s.waits,
        start_o: s.asked,
        clear_o: s.clear,
        busy_i: s.busy,
        machine_busy_i: s.machine_busy,
        result_i: s.result,
        length_error_i: s.is_wrong,
        done_i: s.done,
        number_i: s.number_q,
        irq_o: s.irq_o,
      }),
      sv.gap,
      sv.instance(PROMPT_QUEUE, "u_queue", {
        ...clocked,
        submit_i: s.submit,
        number_i: s.seed_data,
        clear_i: s.clear,
        runs_i: s.runs,
        ...(expansion ? { occupied_i: s.occupied, pending_i: s.pending, expand_o: s.pops, claimed_o: s.claimed } : {}),
        start_o: s.begins,
        number_o: s.first_number,
        queued_o: s.queued,
        full_o: s.full,
        waits_o: s.waits,
      }),
      sv.wire(s.start, sv.binary(s.asked, "|", s.begins)),
      sv.gap,
      ...(expansion
        ? [
            sv.instance(SEED_EXPANDER, "u_expander", {
              ...clocked,
              expand_i: sv.binary(s.expand, "|", s.pops),
              number_i: sv.choose(s.pops, s.first_number, s.seed_data),
              take_i: both(s.start, s.occupied),
              clear_i: s.clear,
              occupied_o: s.occupied,
              pending_o: s.pending,
              number_o: s.expanded,
              write_o: s.copies,
              address_o: s.copy_address,
              data_o: s.copy_data,
              last_o: s.copied,
            }),
            sv.gap,
          ]
        : []),
      sv.instance(MACHINE, "u_machine", {
        ...machine,
        ...(expansion
          ? {
              seed_write_i: sv.binary(s.seed_write, "|", s.copies),
              seed_address_i: sv.choose(
                s.copies,
                sv.widen(s.copy_address, indexBits(seedWords), indexBits(windowWords)),
                s.seed_address,
              ),
              seed_data_i: sv.choose(s.copies, s.copy_data, s.seed_data),
            }
          : { seed_write_i: s.seed_write, seed_address_i: s.seed_address, seed_data_i: s.seed_data }),
        in_valid_i: sv.binary(s.s_axis_tvalid, "&", s.open_q),
        in_ready_o: s.ready,
        in_data_i: sv.slice(s.s_axis_tdata, vectorBits - 1, 0),
        out_valid_o: s.m_axis_tvalid,
        out_ready_i: s.m_axis_tready,
        out_data_o: s.totals,
        out_decision_o: s.decision,
        logits_valid_o: s.result,
        logits_o: s.logits,
        busy_o: s.machine_busy,
      }),
      sv.gap,
      ...readies.map(([pin, own]) => sv.wire(pin, both(own, s.rst_n))),
      sv.wire(s.s_axis_tready, both(s.open_q, s.ready)),
      sv.wire(s.taken, both(s.s_axis_tvalid, s.s_axis_tready)),
      sv.wire(s.is_last, isAt(s.entered_q, vectors - 1)),
      sv.wire(s.is_wrong, both(s.taken, sv.binary(s.s_axis_tlast, "!=", s.is_last))),
      sv.wire(
        s.m_axis_tdata,
        sv.concat(
          ...padded(wholeBytes(decisionBits) - decisionBits, s.decision),
          ...padded(sizes.decisionAt - totalBits, s.totals),
        ),
      ),
      sv.wire(s.m_axis_tlast, isAt(s.answered_q, answers - 1)),
      sv.wire(s.given, both(s.m_axis_tvalid, s.m_axis_tready)),
      sv.wire(s.done, both(s.given, s.m_axis_tlast)),
      sv.wire(s.m_axis_tuser, s.number_q),
      sv.wire(s.runs, sv.binary(s.running_q, "|", s.machine_busy)),
      sv.wire(s.busy, sv.binary(s.runs, "|", s.waits)),
      sv.gap,
      sv.comment(
        `A prompt is open until its last vector, or a wrong one, has arrived, and runs until its last answer has been taken.${expansion ? " It opens at its start, or when the seeds of a number that waited have been copied." : ""}`,
      ),
      sv.registers(
        sv.cleared(s.machine_rst_nq, s.open_q, s.running_q, s.entered_q, s.answered_q, s.number_q),
        [
          sv.set(s.machine_rst_nq, sv.isFalse(s.clear)),
          sv.when(s.clear, sv.cleared(s.open_q, s.running_q, s.entered_q, s.answered_q), [
            sv.when(s.start, [
              sv.set(s.open_q, expansion ? sv.isFalse(s.occupied) : sv.sized(1, 1)),
              sv.set(s.running_q, sv.sized(1, 1)),
              sv.set(
                s.number_q,
                sv.choose(
                  expansion ? s.occupied : s.begins,
                  expansion ? s.expanded : s.first_number,
                  sv.sized(NUMBER_BITS, 0),
                ),
              ),
            ]),
            ...(expansion ? [sv.when(s.copied, [sv.set(s.open_q, sv.sized(1, 1))])] : []),
            sv.when(s.taken, [
              countUp(s.entered_q, vectors),
              sv.when(sv.binary(s.is_last, "|", s.is_wrong), [sv.set(s.open_q, sv.sized(1, 0))]),
            ]),
            sv.when(s.given, [countUp(s.answered_q, answers)]),
            sv.when(s.done, [sv.set(s.running_q, sv.sized(1, 0))]),
          ]),
        ],
        s.rst_n,
      ),
      sv.gap,
      ...unused("logits", s.logits),
      ...(sizes.input > vectorBits ? unused("padding", sv.slice(s.s_axis_tdata, sizes.input - 1, vectorBits)) : []),
      holdsUntilTaken({
        label: "s_axis",
        valid: s.s_axis_tvalid,
        ready: s.s_axis_tready,
        payload: [s.s_axis_tdata, s.s_axis_tlast],
        reset: s.clear,
      }),
      holdsUntilTaken({
        label: "m_axis",
        valid: s.m_axis_tvalid,
        ready: s.m_axis_tready,
        payload: [s.m_axis_tdata, s.m_axis_tuser, s.m_axis_tlast],
        reset: s.clear,
      }),
    ],
  };
}

/** The machine's edge, leaves first; its files follow the modules of the machine. */
export const axiModules = (facts: MachineFacts): sv.Module[] => [
  resetSynchroniser(),
  promptQueue(facts),
  ...(facts.expansion ? [seedExpander(facts.expansion)] : []),
  axiRegisters(facts),
  axiTop(facts),
];
