/** Generator of a board's top level: a serial line, frames, control, one SSA engine. */
import { SpecError } from "../../errors.ts";
import type { SsaDesign } from "../design.ts";
import { ENGINE, STEP_BITS } from "../ssa-engine.ts";
import {
  bit,
  CLOCKED,
  concat,
  decimal,
  gap,
  input,
  instance,
  logic,
  type Module,
  name,
  output,
  registers,
  set,
  sized,
  wire,
  zeros,
} from "../syntax.ts";
import { FRAME_RECEIVER, FRAME_SENDER, frameCrc, frameReceiver, frameSender } from "./frames.ts";
import { BOARD_LINK, boardLink, linkSizes } from "./link.ts";
import {
  CLOCKS_PER_BIT,
  LEAST_CLOCKS_PER_BIT,
  MOST_CLOCKS_PER_BIT,
  UART_RECEIVER,
  UART_TRANSMITTER,
  uartReceiver,
  uartTransmitter,
} from "./uart.ts";

export const BOARD_TOP = "xpike_board";

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

/**
 * Modules of the board around an engine, leaves first.
 *
 * @param fingerprint 32 bits that identify this engine
 * @param clocks per bit of the serial line
 */
export function boardModules(design: SsaDesign, fingerprint: number, clocks: number): Module[] {
  return [
    uartReceiver(),
    uartTransmitter(),
    frameCrc(),
    frameReceiver(),
    frameSender(),
    boardLink(design, fingerprint),
    boardTop(design, clocks),
  ];
}

function boardTop(design: SsaDesign, clocks: number): Module {
  const { spikeBits, seedBytes } = linkSizes(design);
  const clocked = { clk_i: name("clk_i"), rst_ni: name("rst_n") };
  const rate = { [CLOCKS_PER_BIT]: name(CLOCKS_PER_BIT) };
  return {
    name: BOARD_TOP,
    header: [
      `Board with an SSA engine of ${design.heads} heads behind a serial line: 8 data bits, no parity, one stop bit, ${CLOCKS_PER_BIT} clocks per bit.`,
      "Columns of Q, K and V arrive in frames, and columns of A are sent back. The reset button is low when pressed; its release is synchronised to the clock.",
      "LEDs: receiving a request, sending a reply, engine running, last request refused.",
    ],
    parameters: [[CLOCKS_PER_BIT, decimal(clocks)]],
    ports: [...CLOCKED, input("uart_rx_i"), output("uart_tx_o"), output("led_o", 4)],
    items: [
      logic(2, "reset_q"),
      logic(1, "rst_n"),
      registers([set(name("reset_q"), zeros)], [set(name("reset_q"), concat(bit(name("reset_q"), 0), sized(1, 1)))]),
      wire(name("rst_n"), bit(name("reset_q"), 1)),
      gap,
      logic(1, "byte_valid", "byte_ok", "content_valid", "ends", "intact"),
      logic(8, "byte_in", "content"),
      instance(
        UART_RECEIVER,
        "u_receiver",
        {
          ...clocked,
          rx_i: name("uart_rx_i"),
          valid_o: name("byte_valid"),
          ok_o: name("byte_ok"),
          data_o: name("byte_in"),
        },
        rate,
      ),
      instance(FRAME_RECEIVER, "u_frames_in", {
        ...clocked,
        valid_i: name("byte_valid"),
        ok_i: name("byte_ok"),
        data_i: name("byte_in"),
        valid_o: name("content_valid"),
        data_o: name("content"),
        end_o: name("ends"),
        intact_o: name("intact"),
      }),
      gap,
      logic(1, "reply_valid", "reply_last", "reply_ready", "abort", "sends", "sender_ready"),
      logic(8, "reply", "byte_out"),
      logic(1, "start", "busy", "take", "spikes_valid"),
      logic(STEP_BITS, "steps"),
      logic(8 * seedBytes, "seed"),
      logic(spikeBits, "query", "key", "value", "spike"),
      logic(1, "receiving", "replying", "refused"),
      instance(BOARD_LINK, "u_link", {
        ...clocked,
        valid_i: name("content_valid"),
        data_i: name("content"),
        end_i: name("ends"),
        intact_i: name("intact"),
        abort_o: name("abort"),
        valid_o: name("reply_valid"),
        data_o: name("reply"),
        last_o: name("reply_last"),
        ready_i: name("reply_ready"),
        start_o: name("start"),
        steps_o: name("steps"),
        seed_o: name("seed"),
        query_o: name("query"),
        key_o: name("key"),
        value_o: name("value"),
        busy_i: name("busy"),
        take_i: name("take"),
        spikes_valid_i: name("spikes_valid"),
        spike_i: name("spike"),
        receiving_o: name("receiving"),
        replying_o: name("replying"),
        refused_o: name("refused"),
      }),
      instance(ENGINE, "u_engine", {
        ...clocked,
        start_i: name("start"),
        steps_i: name("steps"),
        seed_i: name("seed"),
        query_i: name("query"),
        key_i: name("key"),
        value_i: name("value"),
        busy_o: name("busy"),
        take_o: name("take"),
        valid_o: name("spikes_valid"),
        spike_o: name("spike"),
      }),
      gap,
      instance(FRAME_SENDER, "u_frames_out", {
        ...clocked,
        abort_i: name("abort"),
        valid_i: name("reply_valid"),
        data_i: name("reply"),
        last_i: name("reply_last"),
        ready_o: name("reply_ready"),
        valid_o: name("sends"),
        data_o: name("byte_out"),
        ready_i: name("sender_ready"),
      }),
      instance(
        UART_TRANSMITTER,
        "u_transmitter",
        {
          ...clocked,
          valid_i: name("sends"),
          data_i: name("byte_out"),
          ready_o: name("sender_ready"),
          tx_o: name("uart_tx_o"),
        },
        rate,
      ),
      wire(name("led_o"), concat(name("refused"), name("busy"), name("replying"), name("receiving"))),
    ],
  };
}
