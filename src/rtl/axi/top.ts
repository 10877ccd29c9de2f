/**
 * The machine with the interfaces of a chip: AXI4-Lite for control and seeds, AXI-Stream for vectors and answers.
 *
 * Each prompt needs a start, so its seeds are written in time and no vector of the next prompt arrives early.
 */
import { unused } from "../encoder.ts";
import { SEED_BITS } from "../machine/attention-unit.ts";
import { both, countUp, indexBits, isAt } from "../machine/parts.ts";
import { MACHINE } from "../machine/top.ts";
import {
  binary,
  CLOCKED,
  comment,
  concat,
  type Expression,
  gap,
  input,
  instance,
  isFalse,
  logic,
  type Module,
  name,
  output,
  registers,
  set,
  sized,
  slice,
  when,
  wire,
  zeros,
} from "../syntax.ts";
import { holdsUntilTaken } from "./handshake.ts";
import { addressBits, type MachineFacts } from "./register-map.ts";
import { AXI_REGISTERS, axiLitePorts, axiRegisters } from "./registers.ts";

export const AXI_TOP = "xpike_axi";

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
const padded = (bits: number, value: Expression): readonly Expression[] =>
  bits === 0 ? [value] : [sized(bits, 0), value];

export function axiTop(facts: MachineFacts): Module {
  const { vectors, answers, vectorBits, totalBits, decisionBits, seedWords } = facts;
  const sizes = streamSizes(facts);
  const [clocked, machine] = [name("rst_ni"), name("machine_rst_nq")].map((reset) => ({
    clk_i: name("clk_i"),
    rst_ni: reset,
  }));
  const lite = Object.fromEntries(axiLitePorts(0).map((port) => [port.name, name(port.name)]));
  return {
    name: AXI_TOP,
    header: [
      `${MACHINE} behind AXI: registers and seeds on AXI4-Lite (s_axil), vectors in on AXI-Stream (s_axis), answers out on AXI-Stream (m_axis). Pin names are those that AXI tools look for.`,
      `A start admits ${vectors} vectors, ${facts.vectorOrder}: line 0 in bit 0 of s_axis_tdata, tlast with the last. ` +
        `The prompt's ${answers === 1 ? "answer comes" : `${answers} answers come`} at m_axis, tlast with the last: totals in the low ${totalBits} bits of m_axis_tdata, class 0 lowest, and the decision from bit ${sizes.decisionAt} on.`,
      "A clear resets the machine for one clock, but not its memories. It withdraws an answer that waits at m_axis, which AXI-Stream allows only at a reset: clear the receiver of the answers together with the machine.",
    ],
    ports: [
      ...CLOCKED,
      ...axiLitePorts(addressBits(seedWords)),
      input("s_axis_tdata", sizes.input),
      input("s_axis_tlast"),
      input("s_axis_tvalid"),
      output("s_axis_tready"),
      output("m_axis_tdata", sizes.output),
      output("m_axis_tlast"),
      output("m_axis_tvalid"),
      input("m_axis_tready"),
    ],
    items: [
      logic(1, "machine_rst_nq", "open_q", "running_q"),
      logic(indexBits(vectors), "entered_q"),
      logic(indexBits(answers), "answered_q"),
      logic(1, "seed_write", "start", "clear", "busy", "machine_busy", "ready", "result"),
      logic(1, "taken", "is_last", "is_wrong", "given", "done"),
      logic(indexBits(seedWords), "seed_address"),
      logic(SEED_BITS, "seed_data"),
      logic(totalBits, "totals"),
      logic(decisionBits, "decision"),
      logic(facts.logitBits, "logits"),
      gap,
      instance(AXI_REGISTERS, "u_registers", {
        ...clocked,
        ...lite,
        seed_write_o: name("seed_write"),
        seed_address_o: name("seed_address"),
        seed_data_o: name("seed_data"),
        start_o: name("start"),
        clear_o: name("clear"),
        busy_i: name("busy"),
        machine_busy_i: name("machine_busy"),
        result_i: name("result"),
        length_error_i: name("is_wrong"),
        done_i: name("done"),
      }),
      gap,
      instance(MACHINE, "u_machine", {
        ...machine,
        seed_write_i: name("seed_write"),
        seed_address_i: name("seed_address"),
        seed_data_i: name("seed_data"),
        in_valid_i: binary(name("s_axis_tvalid"), "&", name("open_q")),
        in_ready_o: name("ready"),
        in_data_i: slice(name("s_axis_tdata"), vectorBits - 1, 0),
        out_valid_o: name("m_axis_tvalid"),
        out_ready_i: name("m_axis_tready"),
        out_data_o: name("totals"),
        out_decision_o: name("decision"),
        logits_valid_o: name("result"),
        logits_o: name("logits"),
        busy_o: name("machine_busy"),
      }),
      gap,
      wire(name("s_axis_tready"), both(name("open_q"), name("ready"))),
      wire(name("taken"), both(name("s_axis_tvalid"), name("s_axis_tready"))),
      wire(name("is_last"), isAt("entered_q", vectors - 1, vectors)),
      wire(name("is_wrong"), both(name("taken"), binary(name("s_axis_tlast"), "!=", name("is_last")))),
      wire(
        name("m_axis_tdata"),
        concat(
          ...padded(wholeBytes(decisionBits) - decisionBits, name("decision")),
          ...padded(sizes.decisionAt - totalBits, name("totals")),
        ),
      ),
      wire(name("m_axis_tlast"), isAt("answered_q", answers - 1, answers)),
      wire(name("given"), both(name("m_axis_tvalid"), name("m_axis_tready"))),
      wire(name("done"), both(name("given"), name("m_axis_tlast"))),
      wire(name("busy"), binary(name("running_q"), "|", name("machine_busy"))),
      gap,
      comment(
        "A prompt is open until its last vector, or a wrong one, has arrived, and runs until its last answer has been taken.",
      ),
      registers(
        ["machine_rst_nq", "open_q", "running_q", "entered_q", "answered_q"].map((register) =>
          set(name(register), zeros),
        ),
        [
          set(name("machine_rst_nq"), isFalse(name("clear"))),
          when(
            name("clear"),
            ["open_q", "running_q", "entered_q", "answered_q"].map((register) => set(name(register), zeros)),
            [
              when(name("start"), [set(name("open_q"), sized(1, 1)), set(name("running_q"), sized(1, 1))]),
              when(name("taken"), [
                countUp("entered_q", vectors),
                when(binary(name("is_last"), "|", name("is_wrong")), [set(name("open_q"), sized(1, 0))]),
              ]),
              when(name("given"), [countUp("answered_q", answers)]),
              when(name("done"), [set(name("running_q"), sized(1, 0))]),
            ],
          ),
        ],
      ),
      gap,
      ...unused("logits", name("logits")),
      ...(sizes.input > vectorBits ? unused("padding", slice(name("s_axis_tdata"), sizes.input - 1, vectorBits)) : []),
      holdsUntilTaken({
        ...{ label: "s_axis", valid: name("s_axis_tvalid"), ready: name("s_axis_tready") },
        ...{ payload: [name("s_axis_tdata"), name("s_axis_tlast")], width: sizes.input + 1 },
      }),
      holdsUntilTaken({
        ...{ label: "m_axis", valid: name("m_axis_tvalid"), ready: name("m_axis_tready") },
        ...{ payload: [name("m_axis_tdata"), name("m_axis_tlast")], width: sizes.output + 1 },
        reset: name("clear"),
      }),
    ],
  };
}

/** The machine's edge, leaves first; its files follow the modules of the machine. */
export const axiModules = (facts: MachineFacts): Module[] => [axiRegisters(facts), axiTop(facts)];
