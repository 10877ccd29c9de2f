/**
 * Testbench of a machine's AXI edge: everything goes over the bus, and every answer is compared with the simulator's.
 *
 *   +stall=N   addresses, data, answers and vectors are sent and taken late, at random with seed N
 *
 * It reads and compares registers, tries accesses that must be refused, clears a prompt of wrong length midway, and then sends
 * whole prompts, each with its own seeds. Without stalls, CLOCKS must equal the schedule's. It prints one line that begins with
 * PASS or FAIL.
 */
import { SEED_BITS } from "../machine/attention-unit.ts";
import { STALL } from "../machine/testbench.ts";
import { INPUT_FILE, type MachineVectors, SEED_FILE } from "../machine/vectors.ts";
import {
  binary,
  call,
  cast,
  comment,
  decimal,
  type Expression,
  gap,
  hex,
  instance,
  isFalse,
  logic,
  type Module,
  name,
  put,
  type Statement,
  sized,
  text,
  when,
} from "../syntax.ts";
import { complaints, count, fallingEdges, nextLine, risingEdge, shortReset, task } from "../testbench-parts.ts";
import { ANSWERS_CHECKER, answersChecker } from "./answers-checker.ts";
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
  seedBase,
} from "./register-map.ts";
import { axiLitePorts, OKAY, SLVERR } from "./registers.ts";
import { AXI_TOP, streamSizes } from "./top.ts";

export const AXI_TESTBENCH = `${AXI_TOP}_tb`;
/** Timeout of a run, as a multiple of the clocks of its prompts. */
const PATIENCE = 4;

// Pins change at falling edges, and whether a rising edge takes them is checked right there.
const [edge, rising] = [fallingEdges(1, "clk_i"), risingEdge("clk_i")];
const loopWhile = (condition: Expression, ...body: Statement[]): Statement => ({ kind: "while", condition, body });
const forever = (...body: Statement[]) => ({ kind: "initial", body: [loopWhile(sized(1, 1), ...body)] }) as const;
const one = sized(1, 1);
const nil = sized(1, 0);
const and = (left: Expression, right: Expression) => binary(left, "&&", right);
const random = (below: 2 | 4) => binary(call("$urandom"), "&", decimal(below - 1));
const stalls = binary(name("stall"), "!=", decimal(0));
const bitOf = (place: number) => 2 ** place;

const complain = complaints(8);

/** Issues a write and waits for its response, which must be `response`. */
function write(address: Expression, data: Expression, response: number, strobe = 0b1111): Statement[] {
  return [
    put(name("write_address"), address),
    put(name("write_data"), data),
    put(name("write_strobe"), sized(4, strobe)),
    count("writes"),
    loopWhile(binary(name("written"), "!=", name("writes")), edge),
    complain(
      binary(name("response"), "!==", sized(2, response)),
      `a write to %h is answered by %b, expected ${response.toString(2).padStart(2, "0")}`,
      name("write_address"),
      name("response"),
    ),
  ];
}

/** Issues a read and waits for its response. */
const ask = (address: Expression): Statement[] => [
  put(name("read_address"), address),
  count("reads"),
  loopWhile(binary(name("was_read"), "!=", name("reads")), edge),
];

export function axiTestbench(facts: MachineFacts, vectors: MachineVectors): Module[] {
  return [answersChecker(facts), bench(facts, vectors)];
}

function bench(facts: MachineFacts, vectors: MachineVectors): Module {
  const { answers, clocks, vectors: each, seedWords } = facts;
  const address = addressBits(seedWords);
  const base = seedBase(seedWords);
  const sizes = streamSizes(facts);
  const broken = Math.max(1, Math.floor(each / 2));
  const at = (register: RegisterName) => hex(address, registerOf(register).offset);
  const expectRead = (register: RegisterName, value: Expression): Statement[] => [
    ...ask(at(register)),
    complain(
      binary(binary(name("rdata_q"), "!==", value), "||", binary(name("rresp_q"), "!==", sized(2, OKAY))),
      `${register} is %h, expected %h`,
      name("rdata_q"),
      value,
    ),
  ];
  const refusesRead = (where: number): Statement[] => [
    ...ask(hex(address, where)),
    complain(
      binary(name("rresp_q"), "!==", sized(2, SLVERR)),
      `a read of ${where.toString(16)} is answered by %b`,
      name("rresp_q"),
    ),
  ];
  const word = (value: number) => hex(32, value);
  const errorIs = (...fields: (keyof typeof ERROR)[]) =>
    expectRead("ERROR", word(fields.reduce((sum, field) => sum + bitOf(ERROR[field]), 0)));
  const control = (field: keyof typeof CONTROL, response: number) =>
    write(at("CONTROL"), word(bitOf(CONTROL[field])), response);
  const forget = (field: keyof typeof ERROR) => write(at("ERROR"), word(bitOf(ERROR[field])), OKAY);
  /** Sends one vector, as soon as it is accepted. */
  const give = (data: Expression, last: Expression): Statement[] => [
    loopWhile(and(stalls, binary(random(4), "!=", decimal(0))), edge),
    put(name("s_axis_tvalid"), one),
    put(name("s_axis_tdata"), data),
    put(name("s_axis_tlast"), last),
    rising,
    loopWhile(isFalse(name("s_axis_tready")), rising),
    edge,
    put(name("s_axis_tvalid"), nil),
  ];
  const constants = REGISTERS.filter((register: Register) => register.value);
  const counters = ["writes", "written", "reads", "was_read", "errors"];
  const inputs = axiLitePorts(address).filter(({ direction }) => direction === "input");
  const pins = [
    ...axiLitePorts(address).map((port) => port.name),
    ...["s_axis_tdata", "s_axis_tlast", "s_axis_tvalid", "s_axis_tready"],
    ...["m_axis_tdata", "m_axis_tlast", "m_axis_tvalid", "m_axis_tready"],
  ];
  /** Drives a channel after a random wait until it is accepted; one clock of a loop that drives both. */
  const drive = (channel: string): Statement =>
    put(
      name(`s_axil_${channel}valid`),
      and(isFalse(name(`${channel}_done`)), binary(name(`${channel}_wait`), "==", decimal(0))),
    );
  const note = (channel: string): Statement =>
    when(and(name(`s_axil_${channel}valid`), name(`s_axil_${channel}ready`)), [put(name(`${channel}_done`), one)]);
  const tick = (channel: string): Statement =>
    when(binary(name(`${channel}_wait`), "!=", decimal(0)), [
      put(name(`${channel}_wait`), binary(name(`${channel}_wait`), "-", decimal(1))),
    ]);
  const waits = (channel: string): Statement[] => [
    put(name(`${channel}_done`), nil),
    put(name(`${channel}_wait`), decimal(0)),
    when(stalls, [put(name(`${channel}_wait`), random(4))]),
  ];
  const isLate = and(stalls, binary(random(4), "!=", decimal(0)));
  return {
    name: AXI_TESTBENCH,
    header: [
      `Checks the machine through its AXI edge: registers, refused accesses, a cleared prompt, then ${vectors.prompts} prompts with their seeds.`,
      `With +${STALL}=N all channels wait at random, and CLOCKS is not compared.`,
    ],
    ports: [],
    items: [
      logic(1, "clk_i", "rst_ni", "live"),
      ...axiLitePorts(address).map((port) => logic(port.width, port.name)),
      logic(sizes.input, "s_axis_tdata"),
      logic(1, "s_axis_tlast", "s_axis_tvalid", "s_axis_tready"),
      logic(sizes.output, "m_axis_tdata"),
      logic(1, "m_axis_tlast", "m_axis_tvalid", "m_axis_tready"),
      logic(address, "write_address", "read_address"),
      logic(32, "write_data", "rdata_q"),
      logic(4, "write_strobe"),
      logic(2, "response", "rresp_q"),
      logic(1, "aw_done", "w_done", "ar_done"),
      logic(SEED_BITS, "seed"),
      logic(facts.vectorBits, "vector"),
      {
        kind: "integer",
        names: ["stall", "got", "seed_file", "input_file", "limit", "aw_wait", "w_wait", "ar_wait", ...counters],
      },
      gap,
      { kind: "clock", signal: "clk_i", halfPeriod: 5 },
      gap,
      instance(AXI_TOP, "u_axi", {
        clk_i: name("clk_i"),
        rst_ni: name("rst_ni"),
        ...Object.fromEntries(pins.map((pin) => [pin, name(pin)])),
      }),
      instance(ANSWERS_CHECKER, "u_answers", {
        clk_i: name("clk_i"),
        live_i: name("live"),
        tdata_i: name("m_axis_tdata"),
        tlast_i: name("m_axis_tlast"),
        tvalid_i: name("m_axis_tvalid"),
        tready_i: name("m_axis_tready"),
      }),
      gap,
      comment("Writes: address and data each after its own wait."),
      forever(
        edge,
        when(binary(name("written"), "!=", name("writes")), [
          ...waits("aw"),
          ...waits("w"),
          put(name("s_axil_awaddr"), name("write_address")),
          put(name("s_axil_wdata"), name("write_data")),
          put(name("s_axil_wstrb"), name("write_strobe")),
          loopWhile(
            isFalse(and(name("aw_done"), name("w_done"))),
            ...["aw", "w"].map(drive),
            rising,
            ...["aw", "w"].map(note),
            edge,
            ...["aw", "w"].map(tick),
          ),
          ...["aw", "w"].map((channel) => put(name(`s_axil_${channel}valid`), nil)),
          rising,
          loopWhile(isFalse(and(name("s_axil_bvalid"), name("s_axil_bready"))), rising),
          put(name("response"), name("s_axil_bresp")),
          count("written"),
        ]),
      ),
      gap,
      comment("Reads."),
      forever(
        edge,
        when(binary(name("was_read"), "!=", name("reads")), [
          ...waits("ar"),
          put(name("s_axil_araddr"), name("read_address")),
          loopWhile(isFalse(name("ar_done")), drive("ar"), rising, note("ar"), edge, tick("ar")),
          put(name("s_axil_arvalid"), nil),
          rising,
          loopWhile(isFalse(and(name("s_axil_rvalid"), name("s_axil_rready"))), rising),
          put(name("rdata_q"), name("s_axil_rdata")),
          put(name("rresp_q"), name("s_axil_rresp")),
          count("was_read"),
        ]),
      ),
      gap,
      comment("Outputs of the machine are taken at once, or late."),
      forever(
        edge,
        ...["m_axis_tready", "s_axil_bready", "s_axil_rready"].map((ready) => put(name(ready), isFalse(isLate))),
      ),
      gap,
      {
        kind: "initial",
        body: [
          when(isFalse(call("$value$plusargs", text(`${STALL}=%d`), name("stall"))), [put(name("stall"), decimal(0))]),
          when(stalls, [put(name("got"), call("$urandom", name("stall")))]),
          put(name("seed_file"), call("$fopen", text(SEED_FILE), text("r"))),
          put(name("input_file"), call("$fopen", text(INPUT_FILE), text("r"))),
          ...["writes", "reads", "errors", "written", "was_read"].map((counter) => put(name(counter), decimal(0))),
          ...["live", "s_axis_tvalid", "s_axis_tlast"].map((signal) => put(name(signal), nil)),
          put(name("s_axis_tdata"), { kind: "fill", bit: 0 }),
          ...inputs
            .filter((port) => !port.name.endsWith("ready"))
            .map((port) => put(name(port.name), { kind: "fill", bit: 0 })),
          ...shortReset("rst_ni"),
          complain(binary(name("s_axil_bvalid"), "!==", nil), "response to a write that was not issued"),
          complain(binary(name("s_axil_rvalid"), "!==", nil), "response to a read that was not issued"),
          edge,
          comment("Identity and sizes."),
          ...constants.flatMap((register: Register) =>
            expectRead(register.name as RegisterName, word(register.value!(facts))),
          ),
          ...expectRead("STATUS", word(bitOf(STATUS.idle))),
          ...expectRead("CONTROL", word(0)),
          ...expectRead("PROMPTS", word(0)),
          ...expectRead("CLOCKS", word(0)),
          ...errorIs(),
          complain(binary(name("s_axis_tready"), "!==", nil), "vectors are taken before a start"),
          comment("Accesses that must be refused."),
          ...write(at("ID"), word(0), SLVERR),
          ...write(hex(address, 0x40), word(0), SLVERR),
          ...write(at("CONTROL"), word(bitOf(CONTROL.start)), SLVERR, 0b0111),
          ...(4 * seedWords < base ? write(hex(address, base + 4 * seedWords), word(0), SLVERR) : []),
          ...refusesRead(0x40),
          ...refusesRead(base),
          ...write(at("CONTROL"), word(0), OKAY),
          ...expectRead("STATUS", word(bitOf(STATUS.idle))),
          comment("A prompt that ends too early, cleared while the machine works on it."),
          ...control("start", OKAY),
          ...expectRead("STATUS", word(bitOf(STATUS.busy))),
          ...control("start", SLVERR),
          ...errorIs("start"),
          {
            kind: "for",
            variable: "n",
            below: decimal(broken),
            body: give({ kind: "fill", bit: 1 }, cast(1, binary(name("n"), "==", decimal(broken - 1)))),
          },
          ...expectRead("STATUS", word(bitOf(STATUS.busy) + bitOf(STATUS.error))),
          ...errorIs("length", "start"),
          ...forget("start"),
          ...errorIs("length"),
          complain(binary(name("s_axis_tready"), "!==", nil), "vectors are taken after a wrong length"),
          ...control("clear", OKAY),
          ...errorIs(),
          ...expectRead("STATUS", word(bitOf(STATUS.idle))),
          ...expectRead("PROMPTS", word(0)),
          comment("Whole prompts."),
          put(name("live"), one),
          {
            kind: "for",
            variable: "prompt",
            below: decimal(vectors.prompts),
            body: [
              {
                kind: "for",
                variable: "n",
                below: decimal(seedWords),
                body: [
                  ...nextLine("seed_file", "%h", "seed"),
                  ...write(
                    cast(address, binary(decimal(base), "+", binary(decimal(4), "*", name("n")))),
                    name("seed"),
                    OKAY,
                  ),
                ],
              },
              ...control("start", OKAY),
              {
                kind: "for",
                variable: "n",
                below: decimal(each),
                body: [
                  ...nextLine("input_file", "%h", "vector"),
                  comment("The second prompt's last vector comes without tlast."),
                  ...give(
                    cast(sizes.input, name("vector")),
                    cast(1, and(binary(name("n"), "==", decimal(each - 1)), binary(name("prompt"), "!=", decimal(1)))),
                  ),
                ],
              },
              when(binary(name("prompt"), "==", decimal(0)), [
                ...write(hex(address, base), word(0xffff_ffff), SLVERR),
                ...errorIs("seed"),
                ...forget("seed"),
              ]),
              when(binary(name("prompt"), "==", decimal(1)), [...errorIs("length"), ...forget("length")]),
              ...ask(at("STATUS")),
              loopWhile(binary(name("rdata_q"), "!==", word(bitOf(STATUS.idle))), ...ask(at("STATUS"))),
              ...expectRead("PROMPTS", binary(cast(32, name("prompt")), "+", word(1))),
              when(isFalse(stalls), expectRead("CLOCKS", word(clocks))),
              ...errorIs(),
            ],
          },
          edge,
          complain(
            binary(name("u_answers.seen"), "!=", decimal(answers * vectors.prompts)),
            `%0d answers came, expected ${answers * vectors.prompts}`,
            name("u_answers.seen"),
          ),
          when(
            binary(binary(name("errors"), "+", name("u_answers.errors")), "==", decimal(0)),
            [
              task(
                "$display",
                text(
                  `PASS ${vectors.prompts} prompts, ${answers * vectors.prompts} answers over AXI-Stream, %0d writes and %0d reads over AXI4-Lite`,
                ),
                name("writes"),
                name("reads"),
              ),
            ],
            [task("$display", text("FAIL %0d errors"), binary(name("errors"), "+", name("u_answers.errors")))],
          ),
          task("$finish"),
        ],
      },
      gap,
      comment("A machine that hangs fails."),
      {
        kind: "initial",
        body: [
          put(name("limit"), decimal(PATIENCE * (vectors.prompts + 1) * (clocks + 8 * seedWords))),
          {
            kind: "for",
            variable: "n",
            below: name("limit"),
            body: [edge],
          },
          task("$display", text("FAIL not done after %0d clocks"), name("limit")),
          task("$finish"),
        ],
      },
    ],
  };
}
