/**
 * Testbench of a machine's AXI edge: everything goes over the bus, and every answer is compared with the simulator's.
 *
 *   +stall=N   addresses, data, answers and vectors are sent and taken late, at random with seed N
 *
 * It reads and compares registers, tries accesses that must be refused, clears a prompt of wrong length midway, and then sends whole
 * prompts, each with its own seeds, and some again through the queue. Without stalls, CLOCKS must equal the schedule's. It prints one line
 * that begins with PASS or FAIL.
 */
import { unused } from "../encoder.ts";
import { SEED_BITS } from "../machine/engine.ts";
import { STALL } from "../machine/testbench.ts";
import { INPUT_FILE, type MachineVectors, SEED_FILE } from "../machine/vectors.ts";
import * as sv from "../syntax.ts";
import { complaints, count, fallingEdges, nextLine, risingEdge, shortReset, task } from "../testbench-parts.ts";
import { ANSWERS_CHECKER, answersChecker } from "./answers-checker.ts";
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
  seedBase,
} from "./register-map.ts";
import { axiLitePorts, OKAY, SLVERR } from "./registers.ts";
import { expansionClocks, NUMBER_BITS } from "./seed-expander.ts";
import { queuedPrompts, queuePhase } from "./testbench-queue.ts";
import { AXI_TOP, streamSizes } from "./top.ts";

export const AXI_TESTBENCH = `${AXI_TOP}_tb`;
/** Timeout of a run, as a multiple of the clocks of its prompts. */
const PATIENCE = 4;

const one = sv.sized(1, 1);
const nil = sv.sized(1, 0);
const and = (left: sv.Expression, right: sv.Expression) => sv.binary(left, "&&", right);
const forever = (...body: sv.Statement[]) => sv.initial(sv.loopWhile(one, ...body));
const random = (below: 2 | 4) => sv.binary(sv.call("$urandom"), "&", sv.decimal(below - 1));
const bitOf = (place: number) => 2 ** place;

/** Addresses of writes, their data, and addresses of reads: each is driven after a wait of its own. */
type Channel = "aw" | "w" | "ar";

export function axiTestbench(facts: MachineFacts, vectors: MachineVectors): sv.Module[] {
  return [answersChecker(facts, vectors.prompts), bench(facts, vectors)];
}

function bench(facts: MachineFacts, vectors: MachineVectors): sv.Module {
  const { answers, clocks, vectors: each, seedWords, windowWords, expansion } = facts;
  const address = addressBits(windowWords);
  const base = seedBase(windowWords);
  const sizes = streamSizes(facts);
  const afterRegisters = 4 * REGISTERS.length;
  const queued = queuedPrompts(vectors);
  const made = expansion ? expansionClocks(expansion).expand : 0;
  const broken = Math.max(1, Math.floor(each / 2));
  const at = (register: RegisterName) => sv.hex(address, registerOf(register).offset);
  const ports: sv.Port<never>[] = [];
  const declared = [sv.logic(1, "clk_i", "rst_ni", "live", "irq_o", "streams_rst_no", "was_answered", "in_queue")];
  const lite = axiLitePorts(address).map((port) => sv.logic(port.width, port.name));
  const variables = sv.integers(
    "stall",
    "got",
    "seed_file",
    "input_file",
    "limit",
    "aw_wait",
    "w_wait",
    "ar_wait",
    "writes",
    "written",
    "reads",
    "was_read",
    "errors",
  );
  const s = sv.signals(ports, [
    ...lite,
    variables,
    ...declared,
    sv.logic(sizes.input, "s_axis_tdata"),
    sv.logic(1, "s_axis_tlast", "s_axis_tvalid", "s_axis_tready"),
    sv.logic(sizes.output, "m_axis_tdata"),
    sv.logic(NUMBER_BITS, "m_axis_tuser", "given_number", "number"),
    sv.logic(1, "m_axis_tlast", "m_axis_tvalid", "m_axis_tready"),
    sv.logic(address, "write_address", "read_address"),
    sv.logic(32, "write_data", "rdata_q"),
    sv.logic(4, "write_strobe"),
    sv.logic(2, "response", "rresp_q"),
    sv.logic(1, "aw_done", "w_done", "ar_done"),
    sv.logic(SEED_BITS, "seed"),
    sv.logic(facts.vectorBits, "vector"),
  ]);
  // Pins change at falling edges, and whether a rising edge takes them is checked right there.
  const [edge, rising] = [fallingEdges(s.clk_i), risingEdge(s.clk_i)];
  const complain = complaints(s.errors, 8);
  const stalls = sv.binary(s.stall, "!=", sv.decimal(0));
  /** Issues a write and waits for its response, which must be `response`. */
  const write = (target: sv.Expression, data: sv.Expression, response: number, strobe = 0b1111): sv.Statement[] => [
    sv.put(s.write_address, target),
    sv.put(s.write_data, data),
    sv.put(s.write_strobe, sv.sized(4, strobe)),
    count(s.writes),
    sv.loopWhile(sv.binary(s.written, "!=", s.writes), edge),
    complain(
      sv.binary(s.response, "!==", sv.sized(2, response)),
      `a write to %h is answered by %b, expected ${response.toString(2).padStart(2, "0")}`,
      s.write_address,
      s.response,
    ),
  ];
  /** Issues a read and waits for its response. */
  const ask = (source: sv.Expression): sv.Statement[] => [
    sv.put(s.read_address, source),
    count(s.reads),
    sv.loopWhile(sv.binary(s.was_read, "!=", s.reads), edge),
  ];
  const expectRead = (register: RegisterName, value: sv.Expression): sv.Statement[] => [
    ...ask(at(register)),
    complain(
      sv.binary(sv.binary(s.rdata_q, "!==", value), "||", sv.binary(s.rresp_q, "!==", sv.sized(2, OKAY))),
      `${register} is %h, expected %h`,
      s.rdata_q,
      value,
    ),
  ];
  const refusesRead = (where: number): sv.Statement[] => [
    ...ask(sv.hex(address, where)),
    complain(
      sv.binary(s.rresp_q, "!==", sv.sized(2, SLVERR)),
      `a read of ${where.toString(16)} is answered by %b`,
      s.rresp_q,
    ),
  ];
  const word = (value: number) => sv.hex(32, value);
  const errorIs = (...fields: (keyof typeof ERROR)[]) =>
    expectRead("ERROR", word(fields.reduce((sum, field) => sum + bitOf(ERROR[field]), 0)));
  const control = (field: keyof typeof CONTROL, response: number) =>
    write(at("CONTROL"), word(bitOf(CONTROL[field])), response);
  const forget = (field: keyof typeof ERROR) => write(at("ERROR"), word(bitOf(ERROR[field])), OKAY);
  /** Sends one vector, as soon as it is accepted. */
  const give = (data: sv.Expression, last: sv.Expression): sv.Statement[] => [
    sv.loopWhile(and(stalls, sv.binary(random(4), "!=", sv.decimal(0))), edge),
    sv.put(s.s_axis_tvalid, one),
    sv.put(s.s_axis_tdata, data),
    sv.put(s.s_axis_tlast, last),
    rising,
    sv.loopWhile(sv.isFalse(s.s_axis_tready), rising),
    edge,
    sv.put(s.s_axis_tvalid, nil),
  ];
  const [answered, anyEvent] = [bitOf(INTERRUPT.answered), 2 ** Object.keys(INTERRUPT).length - 1];
  const interruptIs = (pending: number, raised: boolean): sv.Statement[] => [
    ...expectRead("PENDING", word(pending)),
    complain(sv.binary(s.irq_o, "!==", raised ? one : nil), `irq_o is %b, expected ${Number(raised)}`, s.irq_o),
  ];
  /** The event of an answered prompt may not come before the prompt's end. */
  const pendingThenStatus = [
    ...ask(at("PENDING")),
    sv.put(s.was_answered, sv.bit(s.rdata_q, INTERRUPT.answered)),
    ...ask(at("STATUS")),
    complain(
      and(s.was_answered, sv.binary(s.rdata_q, "!==", word(bitOf(STATUS.idle)))),
      "a prompt counts as answered while STATUS is %h",
      s.rdata_q,
    ),
  ];
  const constants = REGISTERS.filter((register: Register) => register.value);
  const inputs = axiLitePorts(address).filter(({ direction }) => direction === "input");
  const pins = [
    ...lite.flatMap(({ signals }) => signals),
    s.s_axis_tdata,
    s.s_axis_tlast,
    s.s_axis_tvalid,
    s.s_axis_tready,
    s.m_axis_tdata,
    s.m_axis_tuser,
    s.m_axis_tlast,
    s.m_axis_tvalid,
    s.m_axis_tready,
    s.irq_o,
    s.streams_rst_no,
  ];
  /** Drives a channel after a random wait until it is accepted; one clock of a loop that drives both. */
  const drive = (channel: Channel): sv.Statement =>
    sv.put(
      s[`s_axil_${channel}valid`],
      and(sv.isFalse(s[`${channel}_done`]), sv.binary(s[`${channel}_wait`], "==", sv.decimal(0))),
    );
  const note = (channel: Channel): sv.Statement =>
    sv.when(and(s[`s_axil_${channel}valid`], s[`s_axil_${channel}ready`]), [sv.put(s[`${channel}_done`], one)]);
  const tick = (channel: Channel): sv.Statement =>
    sv.when(sv.binary(s[`${channel}_wait`], "!=", sv.decimal(0)), [
      sv.put(s[`${channel}_wait`], sv.binary(s[`${channel}_wait`], "-", sv.decimal(1))),
    ]);
  const waits = (channel: Channel): sv.Statement[] => [
    sv.put(s[`${channel}_done`], nil),
    sv.put(s[`${channel}_wait`], sv.decimal(0)),
    sv.when(stalls, [sv.put(s[`${channel}_wait`], random(4))]),
  ];
  const prompt = sv.name("prompt");
  const isOdd = sv.binary(sv.binary(prompt, "&", sv.decimal(1)), "!=", sv.decimal(0));
  /** Every other prompt gets a number instead of seeds, while the one before it runs. */
  const written = (writes: sv.Statement[]): sv.Statement[] =>
    expansion ? [sv.when(sv.isFalse(isOdd), writes)] : writes;
  const number = sv.cast(32, sv.binary(prompt, "+", sv.decimal(1)));
  const nextNumber: sv.Statement[] = expansion
    ? [
        sv.when(and(sv.isFalse(isOdd), sv.binary(prompt, "<", sv.decimal(vectors.prompts - 1))), [
          ...expectRead("WAITING", word(0)),
          ...write(at("EXPAND"), number, OKAY),
          ...expectRead("WAITING", word(1)),
          ...write(at("EXPAND"), word(0), SLVERR),
          ...errorIs("seed"),
          ...forget("seed"),
        ]),
      ]
    : [];
  const isLate = and(stalls, sv.binary(random(4), "!=", sv.decimal(0)));
  return {
    name: AXI_TESTBENCH,
    header: [
      `Checks the machine through its AXI edge: registers, refused accesses, a cleared prompt, then ${vectors.prompts} prompts with their seeds, ${queued} of them again through the queue.`,
      `With +${STALL}=N all channels wait at random, and CLOCKS is not compared.`,
    ],
    ports,
    items: [
      ...declared,
      ...lite,
      sv.declare(s.s_axis_tdata),
      sv.declare(s.s_axis_tlast, s.s_axis_tvalid, s.s_axis_tready),
      sv.declare(s.m_axis_tdata),
      sv.declare(s.m_axis_tuser, s.given_number, s.number),
      sv.declare(s.m_axis_tlast, s.m_axis_tvalid, s.m_axis_tready),
      sv.declare(s.write_address, s.read_address),
      sv.declare(s.write_data, s.rdata_q),
      sv.declare(s.write_strobe),
      sv.declare(s.response, s.rresp_q),
      sv.declare(s.aw_done, s.w_done, s.ar_done),
      sv.declare(s.seed),
      sv.declare(s.vector),
      variables,
      sv.gap,
      { kind: "clock", signal: s.clk_i, halfPeriod: 5 },
      sv.gap,
      sv.instance(AXI_TOP, "u_axi", {
        clk_i: s.clk_i,
        rst_ni: s.rst_ni,
        test_mode_i: nil,
        ...Object.fromEntries(pins.map((pin) => [pin.name, pin])),
      }),
      ...unused("streams", s.streams_rst_no),
      sv.instance(ANSWERS_CHECKER, "u_answers", {
        clk_i: s.clk_i,
        live_i: s.live,
        tdata_i: s.m_axis_tdata,
        tuser_i: s.m_axis_tuser,
        tlast_i: s.m_axis_tlast,
        tvalid_i: s.m_axis_tvalid,
        tready_i: s.m_axis_tready,
        number_i: s.number,
      }),
      sv.comment("Of the prompt whose answer comes next."),
      sv.wire(
        s.number,
        sv.choose(
          s.in_queue,
          sv.cast(
            NUMBER_BITS,
            sv.binary(sv.binary(sv.name("u_answers.seen"), "/", sv.decimal(answers)), "-", sv.decimal(vectors.prompts)),
          ),
          s.given_number,
        ),
      ),
      sv.gap,
      sv.comment("Writes: address and data each after its own wait."),
      forever(
        edge,
        sv.when(sv.binary(s.written, "!=", s.writes), [
          ...waits("aw"),
          ...waits("w"),
          sv.put(s.s_axil_awaddr, s.write_address),
          sv.put(s.s_axil_wdata, s.write_data),
          sv.put(s.s_axil_wstrb, s.write_strobe),
          sv.loopWhile(
            sv.isFalse(and(s.aw_done, s.w_done)),
            ...(["aw", "w"] as const).map(drive),
            rising,
            ...(["aw", "w"] as const).map(note),
            edge,
            ...(["aw", "w"] as const).map(tick),
          ),
          ...(["aw", "w"] as const).map((channel) => sv.put(s[`s_axil_${channel}valid`], nil)),
          rising,
          sv.loopWhile(sv.isFalse(and(s.s_axil_bvalid, s.s_axil_bready)), rising),
          sv.put(s.response, s.s_axil_bresp),
          count(s.written),
        ]),
      ),
      sv.gap,
      sv.comment("Reads."),
      forever(
        edge,
        sv.when(sv.binary(s.was_read, "!=", s.reads), [
          ...waits("ar"),
          sv.put(s.s_axil_araddr, s.read_address),
          sv.loopWhile(sv.isFalse(s.ar_done), drive("ar"), rising, note("ar"), edge, tick("ar")),
          sv.put(s.s_axil_arvalid, nil),
          rising,
          sv.loopWhile(sv.isFalse(and(s.s_axil_rvalid, s.s_axil_rready)), rising),
          sv.put(s.rdata_q, s.s_axil_rdata),
          sv.put(s.rresp_q, s.s_axil_rresp),
          count(s.was_read),
        ]),
      ),
      sv.gap,
      sv.comment("Outputs of the machine are taken at once, or late."),
      forever(
        edge,
        ...[s.m_axis_tready, s.s_axil_bready, s.s_axil_rready].map((ready) => sv.put(ready, sv.isFalse(isLate))),
      ),
      sv.gap,
      sv.initial(
        sv.when(sv.isFalse(sv.call("$value$plusargs", sv.text(`${STALL}=%d`), s.stall)), [
          sv.put(s.stall, sv.decimal(0)),
        ]),
        sv.when(stalls, [sv.put(s.got, sv.call("$urandom", s.stall))]),
        sv.put(s.seed_file, sv.call("$fopen", sv.text(SEED_FILE), sv.text("r"))),
        sv.put(s.input_file, sv.call("$fopen", sv.text(INPUT_FILE), sv.text("r"))),
        ...[s.writes, s.reads, s.errors, s.written, s.was_read].map((counter) => sv.put(counter, sv.decimal(0))),
        ...[s.live, s.in_queue, s.s_axis_tvalid, s.s_axis_tlast].map((signal) => sv.put(signal, nil)),
        sv.put(s.s_axis_tdata, sv.zeros),
        ...inputs.filter((port) => !port.name.endsWith("ready")).map((port) => sv.put(s[port.name], sv.zeros)),
        ...shortReset(s.rst_ni),
        complain(sv.binary(s.s_axil_bvalid, "!==", nil), "response to a write that was not issued"),
        complain(sv.binary(s.s_axil_rvalid, "!==", nil), "response to a read that was not issued"),
        edge,
        sv.comment("Identity and sizes."),
        ...constants.flatMap((register: Register) =>
          expectRead(register.name as RegisterName, word(register.value!(facts))),
        ),
        ...expectRead("STATUS", word(bitOf(STATUS.idle))),
        ...expectRead("CONTROL", word(0)),
        ...expectRead("PROMPTS", word(0)),
        ...expectRead("CLOCKS", word(0)),
        ...errorIs(),
        ...expectRead("ENABLE", word(0)),
        ...interruptIs(0, false),
        complain(sv.binary(s.s_axis_tready, "!==", nil), "vectors are taken before a start"),
        sv.comment("Accesses that must be refused."),
        ...write(at("ID"), word(0), SLVERR),
        ...write(sv.hex(address, afterRegisters), word(0), SLVERR),
        ...write(at("CONTROL"), word(bitOf(CONTROL.start)), SLVERR, 0b0111),
        ...(4 * windowWords < base ? write(sv.hex(address, base + 4 * windowWords), word(0), SLVERR) : []),
        ...refusesRead(afterRegisters),
        ...refusesRead(base),
        ...write(at("CONTROL"), word(0), OKAY),
        ...expectRead("STATUS", word(bitOf(STATUS.idle))),
        sv.comment("A prompt that ends too early, cleared while the machine works on it."),
        ...control("start", OKAY),
        ...expectRead("STATUS", word(bitOf(STATUS.busy))),
        ...control("start", SLVERR),
        ...errorIs("start"),
        ...interruptIs(bitOf(INTERRUPT.error), false),
        ...write(at("ENABLE"), word(anyEvent), OKAY),
        ...expectRead("ENABLE", word(anyEvent)),
        ...interruptIs(bitOf(INTERRUPT.error), true),
        sv.forEach("n", broken, ...give(sv.ones, sv.cast(1, sv.binary(sv.name("n"), "==", sv.decimal(broken - 1))))),
        ...expectRead("STATUS", word(bitOf(STATUS.busy) + bitOf(STATUS.error))),
        ...errorIs("length", "start"),
        ...forget("start"),
        ...errorIs("length"),
        complain(sv.binary(s.s_axis_tready, "!==", nil), "vectors are taken after a wrong length"),
        ...control("clear", OKAY),
        ...errorIs(),
        ...interruptIs(0, false),
        ...write(at("ENABLE"), word(answered), OKAY),
        ...expectRead("STATUS", word(bitOf(STATUS.idle))),
        ...expectRead("PROMPTS", word(0)),
        sv.comment("Whole prompts."),
        sv.put(s.live, one),
        sv.forEach(
          "prompt",
          vectors.prompts,
          sv.forEach(
            "n",
            seedWords,
            ...nextLine(s.got, s.seed_file, "%h", s.seed),
            ...written(
              write(
                sv.cast(address, sv.binary(sv.decimal(base), "+", sv.binary(sv.decimal(4), "*", sv.name("n")))),
                s.seed,
                OKAY,
              ),
            ),
          ),
          sv.put(s.given_number, expansion ? sv.choose(isOdd, sv.cast(NUMBER_BITS, prompt), sv.zeros) : sv.zeros),
          ...control("start", OKAY),
          sv.forEach(
            "n",
            each,
            ...nextLine(s.got, s.input_file, "%h", s.vector),
            sv.comment("The second prompt's last vector comes without tlast."),
            ...give(
              sv.cast(sizes.input, s.vector),
              sv.cast(
                1,
                and(
                  sv.binary(sv.name("n"), "==", sv.decimal(each - 1)),
                  sv.binary(sv.name("prompt"), "!=", sv.decimal(1)),
                ),
              ),
            ),
          ),
          sv.when(sv.binary(sv.name("prompt"), "==", sv.decimal(0)), [
            ...write(sv.hex(address, base), word(0xffff_ffff), SLVERR),
            ...errorIs("seed"),
            ...forget("seed"),
          ]),
          sv.when(sv.binary(sv.name("prompt"), "==", sv.decimal(1)), [...errorIs("length"), ...forget("length")]),
          ...nextNumber,
          ...pendingThenStatus,
          sv.loopWhile(sv.binary(s.rdata_q, "!==", word(bitOf(STATUS.idle))), ...pendingThenStatus),
          ...ask(at("PENDING")),
          complain(
            sv.isFalse(and(sv.bit(s.rdata_q, INTERRUPT.answered), s.irq_o)),
            "after a prompt PENDING is %h and irq_o %b",
            s.rdata_q,
            s.irq_o,
          ),
          ...write(at("PENDING"), word(answered), OKAY),
          ...ask(at("PENDING")),
          complain(
            sv.binary(sv.bit(s.rdata_q, INTERRUPT.answered), "||", s.irq_o),
            "after the event was cleared PENDING is %h and irq_o %b",
            s.rdata_q,
            s.irq_o,
          ),
          ...expectRead("PROMPTS", sv.binary(sv.cast(32, sv.name("prompt")), "+", word(1))),
          sv.when(sv.isFalse(stalls), expectRead("CLOCKS", word(clocks))),
          ...errorIs(),
        ),
        ...queuePhase(
          facts,
          vectors,
          {
            write: (register, data, response) => write(at(register), data, response),
            ask: (register) => ask(at(register)),
            expect: expectRead,
            complain,
            give,
          },
          s,
          sizes.input,
        ),
        edge,
        complain(
          sv.binary(sv.name("u_answers.seen"), "!=", sv.decimal(answers * (vectors.prompts + queued))),
          `%0d answers came, expected ${answers * (vectors.prompts + queued)}`,
          sv.name("u_answers.seen"),
        ),
        sv.when(
          sv.binary(sv.binary(s.errors, "+", sv.name("u_answers.errors")), "==", sv.decimal(0)),
          [
            task(
              "$display",
              sv.text(
                `PASS ${vectors.prompts} prompts, ${queued} again through the queue, ${answers * (vectors.prompts + queued)} answers over AXI-Stream, %0d writes and %0d reads over AXI4-Lite`,
              ),
              s.writes,
              s.reads,
            ),
          ],
          [task("$display", sv.text("FAIL %0d errors"), sv.binary(s.errors, "+", sv.name("u_answers.errors")))],
        ),
        task("$finish"),
      ),
      sv.gap,
      sv.comment("A machine that hangs fails."),
      sv.initial(
        sv.put(s.limit, sv.decimal(PATIENCE * (vectors.prompts + 1 + queued) * (clocks + 8 * seedWords + made))),
        sv.forEach("n", s.limit, edge),
        task("$display", sv.text("FAIL not done after %0d clocks"), s.limit),
        task("$finish"),
      ),
    ],
  };
}
