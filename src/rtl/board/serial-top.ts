/** What the top levels of all boards share: the serial line, frames on it, a synchronised reset and four lights around a link. */
import { SpecError } from "../../errors.ts";
import { synchronised } from "../reset-synchroniser.ts";
import * as sv from "../syntax.ts";
import { FRAME_RECEIVER, FRAME_SENDER, frameCrc, frameReceiver, frameSender } from "./frames.ts";
import {
  CLOCKS_PER_BIT,
  LEAST_CLOCKS_PER_BIT,
  MOST_CLOCKS_PER_BIT,
  UART_RECEIVER,
  UART_TRANSMITTER,
  uartReceiver,
  uartTransmitter,
} from "./uart.ts";

/** A receiver samples the stop bit 9.5 bits after the start, so a rate error of 2 % moves the sample by a fifth of a bit. */
const LARGEST_RATE_ERROR = 0.02;

/** Clocks per bit. Throws SpecError, naming the nearest rates, for a rate that the clock does not divide into. */
export function clocksPerBit(clock: number, baud: number): number {
  const clocks = Math.min(MOST_CLOCKS_PER_BIT, Math.max(LEAST_CLOCKS_PER_BIT, Math.round(clock / baud)));
  const rate = clock / clocks;
  if (Math.abs(rate / baud - 1) <= LARGEST_RATE_ERROR) return clocks;
  throw new SpecError(
    "baud",
    `At ${clock / 1e6} MHz, ${baud} bits per second take ${(clock / baud).toFixed(2)} clocks per bit, but a bit needs ${LEAST_CLOCKS_PER_BIT} to ${MOST_CLOCKS_PER_BIT} whole clocks. The nearest ` +
      `rate, ${Math.round(rate)}, is ${(100 * Math.abs(rate / baud - 1)).toFixed(1)} % off, more than the ${100 * LARGEST_RATE_ERROR} % that a serial line tolerates. Use ${Math.round(rate)}, 115200 or 1000000.`,
  );
}

/** Pins of a link towards the frames: content of requests in, content of replies out. */
export const FRAME_PINS = [
  sv.input("valid_i"),
  sv.input("data_i", 8),
  sv.input("end_i"),
  sv.input("intact_i"),
  sv.output("abort_o"),
  sv.output("valid_o"),
  sv.output("data_o", 8),
  sv.output("last_o"),
  sv.input("ready_i"),
] as const;

/** What a link tells people: a request arrives, a reply leaves, the last request was refused. */
export const LIGHT_PINS = [sv.output("receiving_o"), sv.output("replying_o"), sv.output("refused_o")] as const;

/** The modules of the line, leaves first. */
export const lineModules = (): sv.Module[] => [
  uartReceiver(),
  uartTransmitter(),
  frameCrc(),
  frameReceiver(),
  frameSender(),
];

export interface SerialTop {
  readonly name: string;
  readonly header: readonly string[];
  /** Per bit. */
  readonly clocks: number;
  /** Between the link and what it serves. */
  readonly declared: readonly sv.Declaration[];
  readonly link: { readonly module: string; readonly pins: Readonly<Record<string, sv.Expression>> };
  /** What the link serves, given clock and synchronised reset. */
  served(clocked: Readonly<Record<"clk_i" | "rst_ni", sv.Signal>>): sv.Item;
  /** Its pins that nothing reads. */
  readonly unread?: readonly sv.Item[];
  /** The third light. */
  readonly busy: sv.Expression;
}

export function serialTop({
  name,
  header,
  clocks,
  declared: between,
  link,
  served,
  unread = [],
  busy,
}: SerialTop): sv.Module {
  const ports = [...sv.CLOCKED, sv.input("uart_rx_i"), sv.output("uart_tx_o"), sv.output("led_o", 4)];
  const declared = [sv.logic(1, "rst_n")];
  const s = sv.signals(ports, [
    ...declared,
    sv.logic(1, "byte_valid", "byte_ok", "content_valid", "ends", "intact"),
    sv.logic(8, "byte_in", "content"),
    sv.logic(1, "reply_valid", "reply_last", "reply_ready", "abort", "sends", "sender_ready"),
    sv.logic(8, "reply", "byte_out"),
    sv.logic(1, "receiving", "replying", "refused"),
  ]);
  const clocked = { clk_i: s.clk_i, rst_ni: s.rst_n };
  const rate = { [CLOCKS_PER_BIT]: sv.name(CLOCKS_PER_BIT) };
  return {
    name,
    header: [...header],
    parameters: [[CLOCKS_PER_BIT, sv.decimal(clocks)]],
    ports,
    items: [
      ...declared,
      synchronised(s.rst_n, sv.sized(1, 0)),
      sv.gap,
      sv.declare(s.byte_valid, s.byte_ok, s.content_valid, s.ends, s.intact),
      sv.declare(s.byte_in, s.content),
      sv.instance(
        UART_RECEIVER,
        "u_receiver",
        { ...clocked, rx_i: s.uart_rx_i, valid_o: s.byte_valid, ok_o: s.byte_ok, data_o: s.byte_in },
        rate,
      ),
      sv.instance(FRAME_RECEIVER, "u_frames_in", {
        ...clocked,
        valid_i: s.byte_valid,
        ok_i: s.byte_ok,
        data_i: s.byte_in,
        valid_o: s.content_valid,
        data_o: s.content,
        end_o: s.ends,
        intact_o: s.intact,
      }),
      sv.gap,
      sv.declare(s.reply_valid, s.reply_last, s.reply_ready, s.abort, s.sends, s.sender_ready),
      sv.declare(s.reply, s.byte_out),
      ...between,
      sv.declare(s.receiving, s.replying, s.refused),
      sv.instance(link.module, "u_link", {
        ...clocked,
        valid_i: s.content_valid,
        data_i: s.content,
        end_i: s.ends,
        intact_i: s.intact,
        abort_o: s.abort,
        valid_o: s.reply_valid,
        data_o: s.reply,
        last_o: s.reply_last,
        ready_i: s.reply_ready,
        ...link.pins,
        receiving_o: s.receiving,
        replying_o: s.replying,
        refused_o: s.refused,
      }),
      served(clocked),
      ...unread,
      sv.gap,
      sv.instance(FRAME_SENDER, "u_frames_out", {
        ...clocked,
        abort_i: s.abort,
        valid_i: s.reply_valid,
        data_i: s.reply,
        last_i: s.reply_last,
        ready_o: s.reply_ready,
        valid_o: s.sends,
        data_o: s.byte_out,
        ready_i: s.sender_ready,
      }),
      sv.instance(
        UART_TRANSMITTER,
        "u_transmitter",
        { ...clocked, valid_i: s.sends, data_i: s.byte_out, ready_o: s.sender_ready, tx_o: s.uart_tx_o },
        rate,
      ),
      sv.wire(s.led_o, sv.concat(s.refused, busy, s.replying, s.receiving)),
    ],
  };
}
