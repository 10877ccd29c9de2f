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
import {
  binary,
  bit,
  concat,
  decimal,
  type Expression,
  gap,
  instance,
  isFalse,
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
import { columnBits, type EngineRun, hexLine, seedText } from "../testbench.ts";
import { count, fallingEdges, nextClock, task } from "../testbench-parts.ts";
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

export function boardTestbench(design: SsaDesign, exchanges: readonly Exchange[]): Module {
  const total = (of: keyof Exchange) => exchanges.reduce((sum, exchange) => sum + exchange[of].length, 0);
  const [sent, replies] = [total("sent"), total("reply")];
  const longestWait = (MAX_STEPS + 1) * design.parameters.dimension + 100 * BIT_CLOCKS;
  const counters = ["sent_count", "checked", "waited", "errors"];
  const line = (value: Expression) => put(name("rx"), value);
  const oneBit = fallingEdges(BIT_CLOCKS);
  const size = (high: number) => slice(bit(name("exchanges"), name("exchange")), high, high - 31);
  const isSilent = isFalse(binary(name("tx"), "!==", sized(1, 1)));
  const wrong = (condition: Expression, format: string, ...values: Expression[]): Statement =>
    when(condition, [
      when(binary(name("errors"), "<", decimal(10)), [task("$display", text(format), ...values)]),
      count("errors"),
    ]);
  return {
    name: BOARD_TESTBENCH,
    header: [
      "Drives the board's serial line bit by bit, and compares every bit of every reply.",
      `${exchanges.length} exchanges, ${sent} bytes sent, ${replies} bytes back. A bit has ${BIT_CLOCKS} clocks here.`,
    ],
    ports: [],
    items: [
      logic(1, "clk", "rst_n", "rx", "tx"),
      logic(4, "lights", "final_lights"),
      logic(8, "moving", "arrived"),
      { kind: "memory", width: 64, name: "exchanges", entries: exchanges.length },
      { kind: "memory", width: 8, name: "sent", entries: sent },
      { kind: "memory", width: 8, name: "replies", entries: replies },
      { kind: "integer", names: counters },
      gap,
      { kind: "clock", signal: "clk", halfPeriod: 5 },
      gap,
      instance(
        BOARD_TOP,
        "u_board",
        {
          clk_i: name("clk"),
          rst_ni: name("rst_n"),
          uart_rx_i: name("rx"),
          uart_tx_o: name("tx"),
          led_o: name("lights"),
        },
        { [CLOCKS_PER_BIT]: decimal(BIT_CLOCKS) },
      ),
      gap,
      {
        kind: "initial",
        body: [
          task("$readmemh", text("board_exchanges.hex"), name("exchanges")),
          task("$readmemh", text("board_sent.hex"), name("sent")),
          task("$readmemh", text("board_replies.hex"), name("replies")),
          ...counters.map((counter) => put(name(counter), decimal(0))),
          line(sized(1, 1)),
          put(name("rst_n"), sized(1, 0)),
          fallingEdges(2),
          put(name("rst_n"), sized(1, 1)),
          fallingEdges(4),
          {
            kind: "for",
            variable: "exchange",
            below: decimal(exchanges.length),
            body: [
              { kind: "for", variable: "n", below: size(63), body: sendByte() },
              { kind: "for", variable: "n", below: size(31), body: receiveByte() },
              fallingEdges(4 * BIT_CLOCKS),
              wrong(isFalse(isSilent), "exchange %0d: more bytes than expected", name("exchange")),
            ],
          },
          put(name("final_lights"), name("lights")),
          wrong(binary(name("final_lights"), "!==", sized(4, 0)), "lights are %b at the end", name("final_lights")),
          when(
            binary(name("errors"), "==", decimal(0)),
            [task("$display", text("PASS %0d bytes sent, %0d bytes back"), name("sent_count"), name("checked"))],
            [task("$display", text("FAIL %0d errors in %0d bytes"), name("errors"), name("checked"))],
          ),
          task("$finish"),
        ],
      },
    ],
  };

  function sendByte(): Statement[] {
    return [
      put(name("moving"), bit(name("sent"), name("sent_count"))),
      line(sized(1, 0)),
      oneBit,
      {
        kind: "for",
        variable: "b",
        below: decimal(8),
        body: [
          line(bit(name("moving"), 0)),
          put(name("moving"), concat(sized(1, 0), slice(name("moving"), 7, 1))),
          oneBit,
        ],
      },
      line(sized(1, 1)),
      oneBit,
      count("sent_count"),
    ];
  }

  function receiveByte(): Statement[] {
    return [
      put(name("waited"), decimal(0)),
      {
        kind: "while",
        condition: binary(isSilent, "&&", binary(name("waited"), "<", decimal(longestWait))),
        body: [nextClock, count("waited")],
      },
      fallingEdges(BIT_CLOCKS / 2),
      {
        kind: "for",
        variable: "b",
        below: decimal(8),
        body: [oneBit, put(name("arrived"), concat(name("tx"), slice(name("arrived"), 7, 1)))],
      },
      oneBit,
      wrong(
        binary(isFalse(isSilent), "||", binary(name("arrived"), "!==", bit(name("replies"), name("checked")))),
        "exchange %0d, byte %0d is %h, expected %h",
        name("exchange"),
        name("n"),
        name("arrived"),
        bit(name("replies"), name("checked")),
      ),
      count("checked"),
    ];
  }
}
