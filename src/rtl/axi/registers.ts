/** The AXI4-Lite slave of a machine's edge: the registers of `register-map.ts`, and the window of seeds. */
import { unused } from "../encoder.ts";
import { SEED_BITS } from "../machine/engine.ts";
import { both, indexBits } from "../machine/parts.ts";
import * as sv from "../syntax.ts";
import { holdsUntilTaken } from "./handshake.ts";
import { queuedBits } from "./prompt-queue.ts";
import {
  addressBits,
  CONTROL,
  ERROR,
  INTERRUPT,
  type MachineFacts,
  REGISTERS,
  type Register,
  type RegisterName,
  registerOf,
  STATUS,
} from "./register-map.ts";
import { NUMBER_BITS } from "./seed-expander.ts";

export const AXI_REGISTERS = "axi_registers";
/** AXI responses. */
export const [OKAY, SLVERR] = [0b00, 0b10];
/** Bits of an offset: all registers lie below this power of two. */
const OFFSET_BITS = 7;
const WORD = 32;

/** The pins of AXI4-Lite, with the names that AXI tools look for; `address` is the number of address bits. */
export const axiLitePorts = (address: number) => [
  sv.input("s_axil_awaddr", address),
  sv.input("s_axil_awprot", 3),
  sv.input("s_axil_awvalid"),
  sv.output("s_axil_awready"),
  sv.input("s_axil_wdata", WORD),
  sv.input("s_axil_wstrb", WORD / 8),
  sv.input("s_axil_wvalid"),
  sv.output("s_axil_wready"),
  sv.output("s_axil_bresp", 2),
  sv.output("s_axil_bvalid"),
  sv.input("s_axil_bready"),
  sv.input("s_axil_araddr", address),
  sv.input("s_axil_arprot", 3),
  sv.input("s_axil_arvalid"),
  sv.output("s_axil_arready"),
  sv.output("s_axil_rdata", WORD),
  sv.output("s_axil_rresp", 2),
  sv.output("s_axil_rvalid"),
  sv.input("s_axil_rready"),
];

export function axiRegisters(facts: MachineFacts): sv.Module {
  const { seedWords, windowWords, expansion, queueDepth } = facts;
  const address = addressBits(windowWords);
  const queued = queuedBits(facts);
  const errors = Object.keys(ERROR).length;
  const events = Object.keys(INTERRUPT).length;
  const index = (of: sv.Signal) => sv.slice(of, OFFSET_BITS - 1, 2);
  const isAtRegister = (of: sv.Signal, register: RegisterName) =>
    sv.binary(index(of), "==", sv.hex(OFFSET_BITS - 2, registerOf(register).offset / 4));
  const isInMap = (of: sv.Signal) =>
    sv.binary(sv.slice(of, address - 1, 2), "<", sv.sized(address - 2, REGISTERS.length));
  const seedAddressBits = indexBits(windowWords);
  const pins = axiLitePorts(address);
  const ports = [
    ...sv.CLOCKED,
    ...pins,
    sv.output("seed_write_o"),
    sv.output("seed_address_o", seedAddressBits),
    sv.output("seed_data_o", SEED_BITS),
    ...(expansion ? [sv.output("expand_o"), sv.input("occupied_i"), sv.input("claimed_i")] : []),
    sv.output("submit_o"),
    sv.input("queued_i", queued),
    sv.input("full_i"),
    sv.input("waits_i"),
    sv.output("start_o"),
    sv.output("clear_o"),
    sv.input("busy_i"),
    sv.input("machine_busy_i"),
    sv.input("result_i"),
    sv.input("length_error_i"),
    sv.input("done_i"),
    sv.input("number_i", NUMBER_BITS),
    sv.output("irq_o"),
  ];
  const declared = [
    sv.logic(1, "address_held_q", "data_held_q", "bvalid_q", "rvalid_q"),
    sv.logic(1, "write", "read", "is_seed", "writes_seed", "writes_error", "writes_control"),
    sv.logic(1, "writes_enable", "writes_pending", "writes_submit", "submittable"),
    ...(expansion ? [sv.logic(1, "writes_expand", "expandable")] : []),
    sv.logic(1, "starts", "clears", "done", "irq_q"),
    sv.logic(address, "address_q"),
    sv.logic(WORD, "data_q", "rdata_q", "prompts_q", "clocks_q", "count_q", "done_q"),
    sv.logic(WORD / 8, "strobe_q"),
    sv.logic(2, "bresp_q", "rresp_q"),
    sv.logic(errors, "error_q", "error_d", "forgotten", "refused"),
    sv.logic(events, "enable_q", "pending_q", "pending_d", "served", "events"),
  ];
  const s = sv.signals<string, string>(ports, declared);
  const writes = (register: RegisterName) =>
    both(s.write, sv.allOnes(s.strobe_q), isInMap(s.address_q), isAtRegister(s.address_q, register));
  const asks = (field: keyof typeof CONTROL) => sv.bit(s.data_q, CONTROL[field]);
  const state: Partial<Record<RegisterName, sv.Expression>> = {
    CONTROL: sv.sized(WORD, 0),
    STATUS: sv.concat(
      sv.sized(WORD - Object.keys(STATUS).length, 0),
      ...highestFirst(STATUS, {
        busy: s.busy_i,
        idle: sv.isFalse(s.busy_i),
        error: sv.anyOne(s.error_q),
        full: s.full_i,
      }),
    ),
    ERROR: sv.concat(sv.sized(WORD - errors, 0), s.error_q),
    PROMPTS: s.prompts_q,
    CLOCKS: s.clocks_q,
    ENABLE: sv.concat(sv.sized(WORD - events, 0), s.enable_q),
    PENDING: sv.concat(sv.sized(WORD - events, 0), s.pending_q),
    EXPAND: sv.sized(WORD, 0),
    WAITING: expansion ? sv.widen(s.occupied_i, 1, WORD) : sv.sized(WORD, 0),
    SUBMIT: sv.sized(WORD, 0),
    QUEUED: sv.widen(s.queued_i, queued, WORD),
    ROOM: sv.widen(sv.binary(sv.sized(queued, queueDepth), "-", s.queued_i), queued, WORD),
    ANSWERED: s.done_q,
  };
  /** Bits that a write of ones, or a clear, sets to 0. */
  const forgets = (bits: number, written: sv.Signal) =>
    anyOf(sv.repeat(bits, s.clears), sv.binary(sv.repeat(bits, written), "&", sv.slice(s.data_q, bits - 1, 0)));
  const contentOf = (register: Register & { readonly name: RegisterName }): sv.Expression =>
    state[register.name] ?? sv.hex(WORD, register.value!(facts));
  const content = REGISTERS.toReversed().reduce<sv.Expression | null>(
    (rest, register) =>
      rest === null
        ? contentOf(register)
        : sv.choose(isAtRegister(s.s_axil_araddr, register.name), contentOf(register), rest),
    null,
  )!;
  const places = 2 ** (address - 3);
  const word = sv.slice(s.address_q, address - 2, 2);
  const inWindow = sv.bit(s.address_q, address - 1);
  const isSeed =
    windowWords === places ? inWindow : both(inWindow, sv.binary(word, "<", sv.sized(address - 3, windowWords)));
  return {
    name: AXI_REGISTERS,
    header: [
      `AXI4-Lite slave of the machine's edge: ${REGISTERS.length} registers of ${WORD} bits, and a window of ${windowWords} write-only words: ${windowWords > seedWords ? `${seedWords} seeds, then constants` : "seeds"}. One write and one read at a time; address and ` +
        "data of a write may arrive in any order.",
      "The response is SLVERR to an access outside the map, a write to a read-only register, a read in the window, a write of less than a word, a write in the window or a start while busy, a number to EXPAND while one waits, and one to SUBMIT while the queue is full or EXPAND's waits: nothing is then written. The two low bits of an address are ignored.",
      "Latency: a write takes effect in the clock after its address and data have arrived, and its response follows in the next; the response to a read follows in the clock after its address has arrived.",
    ],
    ports,
    items: [
      ...declared,
      sv.gap,
      sv.comment("Write: address and data wait for each other, then for the response to the previous write."),
      sv.wire(s.s_axil_awready, sv.isFalse(s.address_held_q)),
      sv.wire(s.s_axil_wready, sv.isFalse(s.data_held_q)),
      sv.wire(s.s_axil_bvalid, s.bvalid_q),
      sv.wire(s.s_axil_bresp, s.bresp_q),
      sv.wire(s.write, both(s.address_held_q, s.data_held_q, sv.isFalse(s.bvalid_q))),
      sv.wire(s.is_seed, isSeed),
      sv.wire(s.writes_seed, both(s.write, sv.allOnes(s.strobe_q), s.is_seed)),
      sv.wire(s.writes_control, writes("CONTROL")),
      sv.wire(s.starts, both(s.writes_control, asks("start"), sv.isFalse(asks("clear")))),
      sv.wire(s.clears, both(s.writes_control, asks("clear"))),
      sv.wire(s.writes_error, writes("ERROR")),
      sv.wire(s.writes_enable, writes("ENABLE")),
      sv.wire(s.writes_pending, writes("PENDING")),
      sv.wire(s.seed_write_o, both(s.writes_seed, sv.isFalse(s.busy_i))),
      ...(expansion
        ? [
            sv.wire(s.writes_expand, writes("EXPAND")),
            sv.wire(s.expandable, sv.isFalse(sv.binary(s.occupied_i, "|", s.waits_i))),
            sv.wire(s.expand_o, both(s.writes_expand, s.expandable)),
          ]
        : []),
      sv.wire(s.writes_submit, writes("SUBMIT")),
      sv.wire(s.submittable, sv.isFalse(expansion ? sv.binary(s.full_i, "|", s.claimed_i) : s.full_i)),
      sv.wire(s.submit_o, both(s.writes_submit, s.submittable)),
      sv.wire(s.seed_address_o, sv.slice(s.address_q, seedAddressBits + 1, 2)),
      sv.wire(s.seed_data_o, s.data_q),
      sv.wire(s.start_o, both(s.starts, sv.isFalse(s.busy_i))),
      sv.wire(s.clear_o, s.clears),
      sv.wire(
        s.done,
        anyOf(
          s.seed_write_o,
          ...(expansion ? [s.expand_o] : []),
          s.submit_o,
          s.writes_error,
          s.writes_enable,
          s.writes_pending,
          both(s.writes_control, sv.isFalse(both(s.starts, s.busy_i))),
        ),
      ),
      sv.gap,
      sv.comment("An error bit stays set until a 1 is written to it, or a clear."),
      sv.wire(
        s.refused,
        sv.concat(
          ...highestFirst(ERROR, {
            length: s.length_error_i,
            seed: expansion
              ? sv.binary(both(s.writes_seed, s.busy_i), "|", both(s.writes_expand, sv.isFalse(s.expandable)))
              : both(s.writes_seed, s.busy_i),
            start: both(s.starts, s.busy_i),
            submit: both(s.writes_submit, sv.isFalse(s.submittable)),
          }),
        ),
      ),
      sv.wire(s.forgotten, forgets(errors, s.writes_error)),
      sv.wire(s.error_d, sv.binary(sv.binary(s.error_q, "&", sv.not(s.forgotten)), "|", s.refused)),
      sv.gap,
      sv.comment(
        "An event pends until a 1 is written to it, or a clear; an enabled one raises irq_o in the next clock.",
      ),
      sv.wire(
        s.events,
        sv.concat(
          ...highestFirst(INTERRUPT, {
            answered: s.done_i,
            error: sv.anyOne(s.refused),
            drained: both(s.done_i, sv.isFalse(s.waits_i)),
          }),
        ),
      ),
      sv.wire(s.served, forgets(events, s.writes_pending)),
      sv.wire(s.pending_d, sv.binary(sv.binary(s.pending_q, "&", sv.not(s.served)), "|", s.events)),
      sv.wire(s.irq_o, s.irq_q),
      sv.gap,
      sv.comment("Read."),
      sv.wire(s.s_axil_arready, sv.isFalse(s.rvalid_q)),
      sv.wire(s.s_axil_rvalid, s.rvalid_q),
      sv.wire(s.s_axil_rdata, s.rdata_q),
      sv.wire(s.s_axil_rresp, s.rresp_q),
      sv.wire(s.read, both(s.s_axil_arvalid, s.s_axil_arready)),
      sv.gap,
      sv.registers(
        // Registers are read only while one of these conditions says that they are valid; the clock count is 0 while the
        // machine is idle.
        sv.cleared(
          ...[s.address_held_q, s.data_held_q, s.bvalid_q, s.rvalid_q, s.error_q, s.prompts_q, s.clocks_q],
          ...[s.enable_q, s.pending_q, s.irq_q, s.done_q],
        ),
        [
          sv.when(both(s.s_axil_awvalid, s.s_axil_awready), [
            sv.set(s.address_held_q, sv.sized(1, 1)),
            sv.set(s.address_q, s.s_axil_awaddr),
          ]),
          sv.when(both(s.s_axil_wvalid, s.s_axil_wready), [
            sv.set(s.data_held_q, sv.sized(1, 1)),
            sv.set(s.data_q, s.s_axil_wdata),
            sv.set(s.strobe_q, s.s_axil_wstrb),
          ]),
          sv.when(s.write, [
            sv.set(s.address_held_q, sv.sized(1, 0)),
            sv.set(s.data_held_q, sv.sized(1, 0)),
            sv.set(s.bvalid_q, sv.sized(1, 1)),
            sv.set(s.bresp_q, sv.choose(s.done, sv.sized(2, OKAY), sv.sized(2, SLVERR))),
          ]),
          sv.when(both(s.bvalid_q, s.s_axil_bready), [sv.set(s.bvalid_q, sv.sized(1, 0))]),
          sv.when(
            s.read,
            [
              sv.set(s.rvalid_q, sv.sized(1, 1)),
              sv.set(s.rdata_q, sv.choose(isInMap(s.s_axil_araddr), content, sv.sized(WORD, 0))),
              sv.set(s.rresp_q, sv.choose(isInMap(s.s_axil_araddr), sv.sized(2, OKAY), sv.sized(2, SLVERR))),
            ],
            [sv.when(s.s_axil_rready, [sv.set(s.rvalid_q, sv.sized(1, 0))])],
          ),
          sv.set(s.error_q, s.error_d),
          sv.when(s.writes_enable, [sv.set(s.enable_q, sv.slice(s.data_q, events - 1, 0))]),
          sv.set(s.pending_q, s.pending_d),
          sv.set(s.irq_q, sv.anyOne(sv.binary(s.pending_q, "&", s.enable_q))),
          sv.when(s.done_i, [
            sv.set(s.prompts_q, sv.binary(s.prompts_q, "+", sv.sized(WORD, 1))),
            sv.set(s.done_q, s.number_i),
          ]),
          sv.set(
            s.count_q,
            sv.choose(s.machine_busy_i, sv.binary(s.count_q, "+", sv.sized(WORD, 1)), sv.sized(WORD, 0)),
          ),
          sv.when(s.result_i, [sv.set(s.clocks_q, sv.binary(s.count_q, "+", sv.sized(WORD, 1)))]),
        ],
      ),
      sv.gap,
      ...unused("protection", sv.concat(s.s_axil_awprot, s.s_axil_arprot)),
      ...unused("address", sv.concat(sv.slice(s.address_q, 1, 0), sv.slice(s.s_axil_araddr, 1, 0))),
      ...channels(pins),
    ],
  };
}

const anyOf = (...conditions: sv.Expression[]): sv.Expression =>
  conditions.reduce((sum, condition) => sv.binary(sum, "|", condition));

/** Flags of a register in the order of a concatenation, by their bits. */
const highestFirst = <Flag extends string>(
  places: Readonly<Record<Flag, number>>,
  flags: Readonly<Record<Flag, sv.Expression>>,
): sv.Expression[] =>
  (Object.keys(places) as Flag[]).toSorted((a, b) => places[b] - places[a]).map((flag) => flags[flag]);

/** The mutual guarantees of both sides of the bus. */
function channels(pins: readonly sv.Port[]): sv.Item[] {
  const s = sv.signals(pins);
  const channel = (label: string, ...payload: string[]) =>
    holdsUntilTaken({
      label,
      valid: s[`${label}valid`],
      ready: s[`${label}ready`],
      payload: payload.map((signal) => s[`${label}${signal}`]),
    });
  return [
    channel("s_axil_aw", "addr", "prot"),
    channel("s_axil_w", "data", "strb"),
    channel("s_axil_b", "resp"),
    channel("s_axil_ar", "addr", "prot"),
    channel("s_axil_r", "data", "resp"),
  ];
}
