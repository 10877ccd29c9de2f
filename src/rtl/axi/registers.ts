/** The AXI4-Lite slave of a machine's edge: the registers of `register-map.ts`, and the window of seeds. */
import { unused } from "../encoder.ts";
import { SEED_BITS } from "../machine/attention-unit.ts";
import { both, indexBits } from "../machine/parts.ts";
import {
  allOnes,
  binary,
  bit,
  CLOCKED,
  choose,
  comment,
  concat,
  type Expression,
  gap,
  hex,
  type Item,
  input,
  isFalse,
  logic,
  type Module,
  name,
  not,
  output,
  type Port,
  registers,
  repeat,
  set,
  sized,
  slice,
  when,
  wire,
  zeros,
} from "../syntax.ts";
import { holdsUntilTaken } from "./handshake.ts";
import {
  addressBits,
  CONTROL,
  ERROR,
  type MachineFacts,
  REGISTERS,
  type Register,
  type RegisterName,
  registerOf,
  STATUS,
} from "./register-map.ts";

export const AXI_REGISTERS = "axi_registers";
/** AXI responses. */
export const [OKAY, SLVERR] = [0b00, 0b10];
/** Bits of an offset: all registers lie below this power of two. */
const OFFSET_BITS = 6;
const WORD = 32;

/** The pins of AXI4-Lite, with the names that AXI tools look for; `address` is the number of address bits. */
export const axiLitePorts = (address: number): readonly Port[] => [
  input("s_axil_awaddr", address),
  input("s_axil_awprot", 3),
  input("s_axil_awvalid"),
  output("s_axil_awready"),
  input("s_axil_wdata", WORD),
  input("s_axil_wstrb", WORD / 8),
  input("s_axil_wvalid"),
  output("s_axil_wready"),
  output("s_axil_bresp", 2),
  output("s_axil_bvalid"),
  input("s_axil_bready"),
  input("s_axil_araddr", address),
  input("s_axil_arprot", 3),
  input("s_axil_arvalid"),
  output("s_axil_arready"),
  output("s_axil_rdata", WORD),
  output("s_axil_rresp", 2),
  output("s_axil_rvalid"),
  input("s_axil_rready"),
];

export function axiRegisters(facts: MachineFacts): Module {
  const { seedWords } = facts;
  const address = addressBits(seedWords);
  const errors = Object.keys(ERROR).length;
  const index = (of: string) => slice(name(of), OFFSET_BITS - 1, 2);
  const isAtRegister = (of: string, register: RegisterName) =>
    binary(index(of), "==", hex(OFFSET_BITS - 2, registerOf(register).offset / 4));
  const isBelowWindow = (of: string) =>
    binary(slice(name(of), address - 1, OFFSET_BITS), "==", sized(address - OFFSET_BITS, 0));
  const writes = (register: RegisterName) =>
    both(name("write"), allOnes(name("strobe_q")), isBelowWindow("address_q"), isAtRegister("address_q", register));
  const asks = (field: keyof typeof CONTROL) => bit(name("data_q"), CONTROL[field]);
  const state: Partial<Record<RegisterName, Expression>> = {
    CONTROL: sized(WORD, 0),
    STATUS: concat(
      sized(WORD - Object.keys(STATUS).length, 0),
      ...highestFirst(STATUS, {
        busy: name("busy_i"),
        idle: isFalse(name("busy_i")),
        error: { kind: "unary", operator: "|", operand: name("error_q") },
      }),
    ),
    ERROR: concat(sized(WORD - errors, 0), name("error_q")),
    PROMPTS: name("prompts_q"),
    CLOCKS: name("clocks_q"),
  };
  const contentOf = (register: Register & { readonly name: RegisterName }): Expression =>
    state[register.name] ?? hex(WORD, register.value!(facts));
  const content = REGISTERS.toReversed().reduce<Expression | null>(
    (rest, register) =>
      rest === null
        ? contentOf(register)
        : choose(isAtRegister("s_axil_araddr", register.name), contentOf(register), rest),
    null,
  )!;
  const windowWords = 2 ** (address - 3);
  const word = slice(name("address_q"), address - 2, 2);
  const inWindow = bit(name("address_q"), address - 1);
  const isSeed =
    seedWords === windowWords ? inWindow : both(inWindow, binary(word, "<", sized(address - 3, seedWords)));
  const seedAddressBits = indexBits(seedWords);
  return {
    name: AXI_REGISTERS,
    header: [
      `AXI4-Lite slave of the machine's edge: ${REGISTERS.length} registers of ${WORD} bits, and a window of ${seedWords} write-only words of seeds. One write and one read at a time; address and ` +
        "data of a write may arrive in any order.",
      "The response is SLVERR to an access outside the map, a write to a read-only register, a read of a seed, a write of less than a word, and a seed or a start while busy: nothing is then written. The two low bits of an address are ignored.",
      "Latency: a write takes effect in the clock after its address and data have arrived, and its response follows in the next; the response to a read follows in the clock after its address has arrived.",
    ],
    ports: [
      ...CLOCKED,
      ...axiLitePorts(address),
      output("seed_write_o"),
      output("seed_address_o", seedAddressBits),
      output("seed_data_o", SEED_BITS),
      output("start_o"),
      output("clear_o"),
      input("busy_i"),
      input("machine_busy_i"),
      input("result_i"),
      input("length_error_i"),
      input("done_i"),
    ],
    items: [
      logic(1, "address_held_q", "data_held_q", "bvalid_q", "rvalid_q"),
      logic(1, "write", "read", "is_seed", "writes_seed", "writes_error", "writes_control"),
      logic(1, "starts", "clears", "done"),
      logic(address, "address_q"),
      logic(WORD, "data_q", "rdata_q", "prompts_q", "clocks_q", "count_q"),
      logic(WORD / 8, "strobe_q"),
      logic(2, "bresp_q", "rresp_q"),
      logic(errors, "error_q", "error_d", "forgotten", "refused"),
      gap,
      comment("Write: address and data wait for each other, then for the response to the previous write."),
      wire(name("s_axil_awready"), isFalse(name("address_held_q"))),
      wire(name("s_axil_wready"), isFalse(name("data_held_q"))),
      wire(name("s_axil_bvalid"), name("bvalid_q")),
      wire(name("s_axil_bresp"), name("bresp_q")),
      wire(name("write"), both(name("address_held_q"), name("data_held_q"), isFalse(name("bvalid_q")))),
      wire(name("is_seed"), isSeed),
      wire(name("writes_seed"), both(name("write"), allOnes(name("strobe_q")), name("is_seed"))),
      wire(name("writes_control"), writes("CONTROL")),
      wire(name("starts"), both(name("writes_control"), asks("start"), isFalse(asks("clear")))),
      wire(name("clears"), both(name("writes_control"), asks("clear"))),
      wire(name("writes_error"), writes("ERROR")),
      wire(name("seed_write_o"), both(name("writes_seed"), isFalse(name("busy_i")))),
      wire(name("seed_address_o"), slice(name("address_q"), seedAddressBits + 1, 2)),
      wire(name("seed_data_o"), name("data_q")),
      wire(name("start_o"), both(name("starts"), isFalse(name("busy_i")))),
      wire(name("clear_o"), name("clears")),
      wire(
        name("done"),
        binary(
          binary(name("seed_write_o"), "|", name("writes_error")),
          "|",
          both(name("writes_control"), isFalse(both(name("starts"), name("busy_i")))),
        ),
      ),
      gap,
      comment("An error bit stays set until a 1 is written to it, or a clear."),
      wire(
        name("refused"),
        concat(
          ...highestFirst(ERROR, {
            length: name("length_error_i"),
            seed: both(name("writes_seed"), name("busy_i")),
            start: both(name("starts"), name("busy_i")),
          }),
        ),
      ),
      wire(
        name("forgotten"),
        binary(
          repeat(errors, name("clears")),
          "|",
          binary(repeat(errors, name("writes_error")), "&", slice(name("data_q"), errors - 1, 0)),
        ),
      ),
      wire(name("error_d"), binary(binary(name("error_q"), "&", not(name("forgotten"))), "|", name("refused"))),
      gap,
      comment("Read."),
      wire(name("s_axil_arready"), isFalse(name("rvalid_q"))),
      wire(name("s_axil_rvalid"), name("rvalid_q")),
      wire(name("s_axil_rdata"), name("rdata_q")),
      wire(name("s_axil_rresp"), name("rresp_q")),
      wire(name("read"), both(name("s_axil_arvalid"), name("s_axil_arready"))),
      gap,
      registers(
        // Registers are read only while one of these conditions says that they are valid; the clock count is 0 while the
        // machine is idle.
        ["address_held_q", "data_held_q", "bvalid_q", "rvalid_q", "error_q", "prompts_q", "clocks_q"].map((register) =>
          set(name(register), zeros),
        ),
        [
          when(both(name("s_axil_awvalid"), name("s_axil_awready")), [
            set(name("address_held_q"), sized(1, 1)),
            set(name("address_q"), name("s_axil_awaddr")),
          ]),
          when(both(name("s_axil_wvalid"), name("s_axil_wready")), [
            set(name("data_held_q"), sized(1, 1)),
            set(name("data_q"), name("s_axil_wdata")),
            set(name("strobe_q"), name("s_axil_wstrb")),
          ]),
          when(name("write"), [
            set(name("address_held_q"), sized(1, 0)),
            set(name("data_held_q"), sized(1, 0)),
            set(name("bvalid_q"), sized(1, 1)),
            set(name("bresp_q"), choose(name("done"), sized(2, OKAY), sized(2, SLVERR))),
          ]),
          when(both(name("bvalid_q"), name("s_axil_bready")), [set(name("bvalid_q"), sized(1, 0))]),
          when(
            name("read"),
            [
              set(name("rvalid_q"), sized(1, 1)),
              set(name("rdata_q"), choose(isBelowWindow("s_axil_araddr"), content, sized(WORD, 0))),
              set(name("rresp_q"), choose(isBelowWindow("s_axil_araddr"), sized(2, OKAY), sized(2, SLVERR))),
            ],
            [when(name("s_axil_rready"), [set(name("rvalid_q"), sized(1, 0))])],
          ),
          set(name("error_q"), name("error_d")),
          when(name("done_i"), [set(name("prompts_q"), binary(name("prompts_q"), "+", sized(WORD, 1)))]),
          set(
            name("count_q"),
            choose(name("machine_busy_i"), binary(name("count_q"), "+", sized(WORD, 1)), sized(WORD, 0)),
          ),
          when(name("result_i"), [set(name("clocks_q"), binary(name("count_q"), "+", sized(WORD, 1)))]),
        ],
      ),
      gap,
      ...unused("protection", concat(name("s_axil_awprot"), name("s_axil_arprot"))),
      ...unused("address", concat(slice(name("address_q"), 1, 0), slice(name("s_axil_araddr"), 1, 0))),
      ...channels(address),
    ],
  };
}

/** Flags of a register in the order of a concatenation, by their bits. */
const highestFirst = <Flag extends string>(
  places: Readonly<Record<Flag, number>>,
  flags: Readonly<Record<Flag, Expression>>,
): Expression[] => (Object.keys(places) as Flag[]).toSorted((a, b) => places[b] - places[a]).map((flag) => flags[flag]);

/** The mutual guarantees of both sides of the bus. */
function channels(address: number): Item[] {
  const channel = (label: string, payload: readonly string[], width: number) =>
    holdsUntilTaken({
      ...{ label, width },
      valid: name(`${label}valid`),
      ready: name(`${label}ready`),
      payload: payload.map((signal) => name(`${label}${signal}`)),
    });
  return [
    channel("s_axil_aw", ["addr", "prot"], address + 3),
    channel("s_axil_w", ["data", "strb"], WORD + WORD / 8),
    channel("s_axil_b", ["resp"], 2),
    channel("s_axil_ar", ["addr", "prot"], address + 3),
    channel("s_axil_r", ["data", "resp"], WORD + 2),
  ];
}
