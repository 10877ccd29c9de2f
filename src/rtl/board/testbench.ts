/**
 * A testbench for a board's top level that drives the serial line bit by bit, and its vectors:
 *
 *   board_exchanges.hex   one line per exchange: number of bytes sent and of bytes expected back, 32 bits each
 *   board_sent.hex        all bytes sent, one per line
 *   board_replies.hex     all bytes expected back
 *
 * Every bit of every reply is compared, and the line must be silent after a reply. It prints one line that begins with PASS or
 * FAIL.
 */

import type { SpikeTrain } from "../../spike/train.ts";
import type { SourceFiles, SsaDesign } from "../design.ts";
import { MAX_STEPS } from "../ssa-engine.ts";
import * as sv from "../syntax.ts";
import { columnBits, type EngineRun, hexLine, seedText } from "../testbench.ts";
import { count, fallingEdges, task } from "../testbench-parts.ts";
import { bytesOfHex, encodeFrame, REFUSAL, REPLY, REQUEST } from "./protocol.ts";
import { BOARD_TOP } from "./top.ts";
import { CLOCKS_PER_BIT } from "./uart.ts";

export const BOARD_TESTBENCH = "xpike_board_tb";

/** A short bit, because the line is the slowest part of a simulation. */
const BIT_CLOCKS = 8;

export interface Exchange {
  readonly sent: Uint8Array;
  readonly reply: Uint8Array;
}

/** Payload of a run's request. */
export function runPayload(design: SsaDesign, { heads, seeds }: EngineRun): Uint8Array {
  const { steps } = heads[0].query;
  const columns = columnsOf(design, steps, (t, f) => {
    const column = (of: "query" | "key" | "value") =>
      columnOf(
        design,
        heads.map((head) => head[of]),
        t,
        f,
      );
    return hexLine([...column("query"), ...column("key"), ...column("value")]);
  });
  return Uint8Array.from([steps, ...bytesOfHex(seedText(seeds)), ...columns]);
}

/** Payload of the reply that the cycle model expects. */
export function spikesPayload(design: SsaDesign, { heads }: EngineRun): Uint8Array {
  const outputs = heads.map(({ output }) => output);
  return Uint8Array.from(columnsOf(design, heads[0].query.steps, (t, f) => hexLine(columnOf(design, outputs, t, f))));
}

/** A kit's tile holds all tokens in one block. */
const columnOf = (design: SsaDesign, trains: readonly SpikeTrain[], t: number, f: number): Uint8Array =>
  columnBits(trains, t, f, 0, design.parameters.plan.tileTokens);

function columnsOf(design: SsaDesign, steps: number, digits: (t: number, f: number) => string): number[] {
  const bytes: number[] = [];
  for (let t = 0; t < steps; t++) {
    for (let f = 0; f < design.parameters.dimension; f++) bytes.push(...bytesOfHex(digits(t, f)));
  }
  return bytes;
}

/** The identity, the runs, and between them every kind of frame that must be refused. */
export function exchangesOf(design: SsaDesign, fingerprint: number, runs: readonly EngineRun[]): Exchange[] {
  const identity = encodeFrame(REPLY.identity, bytesOfHex((fingerprint >>> 0).toString(16).padStart(8, "0")));
  const identify = encodeFrame(REQUEST.identify, new Uint8Array());
  const refused = (why: number) => encodeFrame(REPLY.refused, Uint8Array.of(why));
  const asked = runs.map((run) => ({
    sent: encodeFrame(REQUEST.run, runPayload(design, run)),
    reply: encodeFrame(REPLY.spikes, spikesPayload(design, run)),
  }));
  const whole = asked[0].sent;
  const flipped = identify.with(1, identify[1] ^ 0x10);
  return [
    { sent: identify, reply: identity },
    ...asked.slice(0, 1),
    { sent: flipped, reply: refused(REFUSAL.damaged) },
    { sent: encodeFrame(0x55, new Uint8Array()), reply: refused(REFUSAL.unknown) },
    { sent: encodeFrame(REQUEST.run, Uint8Array.of(0, 1, 2)), reply: refused(REFUSAL.length) },
    { sent: encodeFrame(REQUEST.run, Uint8Array.of(MAX_STEPS + 1)), reply: refused(REFUSAL.length) },
    { sent: encodeFrame(REQUEST.identify, Uint8Array.of(7)), reply: refused(REFUSAL.length) },
    // One byte is missing; then a request breaks off and another END shows it.
    { sent: Uint8Array.from([...whole.slice(0, 9), ...whole.slice(10)]), reply: refused(REFUSAL.damaged) },
    { sent: Uint8Array.from([...whole.slice(0, 20), whole[0]]), reply: refused(REFUSAL.damaged) },
    ...asked.slice(1),
    { sent: identify, reply: identity },
  ];
}

export function exchangeFiles(exchanges: readonly Exchange[]): SourceFiles {
  const digits = (value: number, width: number) => value.toString(16).padStart(width, "0");
  const lines = (bytes: readonly Uint8Array[]) =>
    `${bytes.flatMap((part) => Array.from(part, (byte) => digits(byte, 2))).join("\n")}\n`;
  const sizes = exchanges.map(({ sent, reply }) => digits(sent.length, 8) + digits(reply.length, 8));
  return {
    "board_exchanges.hex": `${sizes.join("\n")}\n`,
    "board_sent.hex": lines(exchanges.map(({ sent }) => sent)),
    "board_replies.hex": lines(exchanges.map(({ reply }) => reply)),
  };
}

/** A board under test: its top level, its testbench, and the most clocks that it takes to reply. */
export interface TestedBoard {
  readonly top: string;
  readonly testbench: string;
  readonly clocks: number;
}

export const testedEngine = (design: SsaDesign): TestedBoard => ({
  top: BOARD_TOP,
  testbench: BOARD_TESTBENCH,
  clocks: (MAX_STEPS + 1) * design.parameters.dimension,
});

export function boardTestbench(board: TestedBoard, exchanges: readonly Exchange[]): sv.Module {
  const total = (of: keyof Exchange) => exchanges.reduce((sum, exchange) => sum + exchange[of].length, 0);
  const ports: sv.Port<never>[] = [];
  const [sent, replies] = [total("sent"), total("reply")];
  const counters = sv.integers("sent_count", "checked", "waited", "errors");
  const declared = [
    sv.logic(1, "clk", "rst_n", "rx", "tx"),
    sv.logic(4, "lights", "final_lights"),
    sv.logic(8, "moving", "arrived"),
    sv.memory(64, "exchanges", exchanges.length),
    sv.memory(8, "sent", sent),
    sv.memory(8, "replies", replies),
    counters,
  ];
  const s = sv.signals(ports, declared);
  const longestWait = board.clocks + 100 * BIT_CLOCKS;
  const line = (value: sv.Expression) => sv.put(s.rx, value);
  const oneBit = fallingEdges(s.clk, BIT_CLOCKS);
  const size = (high: number) => sv.slice(sv.bit(s.exchanges, sv.name("exchange")), high, high - 31);
  const isSilent = sv.isFalse(sv.binary(s.tx, "!==", sv.sized(1, 1)));
  const wrong = (condition: sv.Expression, format: string, ...values: sv.Expression[]): sv.Statement =>
    sv.when(condition, [
      sv.when(sv.binary(s.errors, "<", sv.decimal(10)), [task("$display", sv.text(format), ...values)]),
      count(s.errors),
    ]);
  return {
    name: board.testbench,
    header: [
      "Drives the board's serial line bit by bit, and compares every bit of every reply.",
      `${exchanges.length} exchanges, ${sent} bytes sent, ${replies} bytes back. A bit has ${BIT_CLOCKS} clocks here.`,
    ],
    ports,
    items: [
      ...declared,
      sv.gap,
      { kind: "clock", signal: s.clk, halfPeriod: 5 },
      sv.gap,
      sv.instance(
        board.top,
        "u_board",
        {
          clk_i: s.clk,
          rst_ni: s.rst_n,
          uart_rx_i: s.rx,
          uart_tx_o: s.tx,
          led_o: s.lights,
        },
        { [CLOCKS_PER_BIT]: sv.decimal(BIT_CLOCKS) },
      ),
      sv.gap,
      sv.initial(
        task("$readmemh", sv.text("board_exchanges.hex"), s.exchanges),
        task("$readmemh", sv.text("board_sent.hex"), s.sent),
        task("$readmemh", sv.text("board_replies.hex"), s.replies),
        ...counters.signals.map((counter) => sv.put(counter, sv.decimal(0))),
        line(sv.sized(1, 1)),
        sv.put(s.rst_n, sv.sized(1, 0)),
        fallingEdges(s.clk, 2),
        sv.put(s.rst_n, sv.sized(1, 1)),
        fallingEdges(s.clk, 4),
        sv.forEach(
          "exchange",
          exchanges.length,
          sv.forEach("n", size(63), ...sendByte()),
          sv.forEach("n", size(31), ...receiveByte()),
          fallingEdges(s.clk, 4 * BIT_CLOCKS),
          wrong(sv.isFalse(isSilent), "exchange %0d: more bytes than expected", sv.name("exchange")),
        ),
        sv.put(s.final_lights, s.lights),
        wrong(sv.binary(s.final_lights, "!==", sv.sized(4, 0)), "lights are %b at the end", s.final_lights),
        sv.when(
          sv.binary(s.errors, "==", sv.decimal(0)),
          [task("$display", sv.text("PASS %0d bytes sent, %0d bytes back"), s.sent_count, s.checked)],
          [task("$display", sv.text("FAIL %0d errors in %0d bytes"), s.errors, s.checked)],
        ),
        task("$finish"),
      ),
    ],
  };

  function sendByte(): sv.Statement[] {
    return [
      sv.put(s.moving, sv.bit(s.sent, s.sent_count)),
      line(sv.sized(1, 0)),
      oneBit,
      sv.forEach(
        "b",
        8,
        line(sv.bit(s.moving, 0)),
        sv.put(s.moving, sv.concat(sv.sized(1, 0), sv.slice(s.moving, 7, 1))),
        oneBit,
      ),
      line(sv.sized(1, 1)),
      oneBit,
      count(s.sent_count),
    ];
  }

  function receiveByte(): sv.Statement[] {
    return [
      sv.put(s.waited, sv.decimal(0)),
      sv.loopWhile(
        sv.binary(isSilent, "&&", sv.binary(s.waited, "<", sv.decimal(longestWait))),
        fallingEdges(s.clk),
        count(s.waited),
      ),
      fallingEdges(s.clk, BIT_CLOCKS / 2),
      sv.forEach("b", 8, oneBit, sv.put(s.arrived, sv.concat(s.tx, sv.slice(s.arrived, 7, 1)))),
      oneBit,
      wrong(
        sv.binary(sv.isFalse(isSilent), "||", sv.binary(s.arrived, "!==", sv.bit(s.replies, s.checked))),
        "exchange %0d, byte %0d is %h, expected %h",
        sv.name("exchange"),
        sv.name("n"),
        s.arrived,
        sv.bit(s.replies, s.checked),
      ),
      count(s.checked),
    ];
  }
}
