/** Generators of the two ends of a serial line: 8 data bits, least significant first, no parity, one stop bit. */
import * as sv from "../syntax.ts";

export const UART_RECEIVER = "uart_receiver";
export const UART_TRANSMITTER = "uart_transmitter";
/** Parameter: clocks per bit. */
export const CLOCKS_PER_BIT = "ClocksPerBit";
const TIMER_BITS = 16;
/** The slowest line that the timer can count. */
export const MOST_CLOCKS_PER_BIT = 2 ** TIMER_BITS - 1;
/** Minimum, because the receiver locates the middle of a bit to within a clock. */
export const LEAST_CLOCKS_PER_BIT = 4;

const TIMER = sv.logic(TIMER_BITS, "timer_q");
const [timer] = TIMER.signals;
const down = sv.set(timer, sv.binary(timer, "-", sv.sized(TIMER_BITS, 1)));
const toTimer = (clocks: sv.Expression) => sv.set(timer, sv.cast(TIMER_BITS, clocks));
const clocksPerBit = sv.name(CLOCKS_PER_BIT);
const oneBit = toTimer(sv.binary(clocksPerBit, "-", sv.decimal(1)));
const isOver = sv.binary(timer, "==", sv.sized(TIMER_BITS, 0));

export function uartReceiver(): sv.Module {
  const ports = [...sv.CLOCKED, sv.input("rx_i"), sv.output("valid_o"), sv.output("ok_o"), sv.output("data_o", 8)];
  const declared = [
    sv.logic(2, "line_q"),
    TIMER,
    sv.logic(4, "bits_q"),
    sv.logic(8, "data_q"),
    sv.logic(1, "busy_q", "sample"),
  ];
  const s = sv.signals(ports, declared);
  const [bits, line] = [s.bits_q, sv.bit(s.line_q, 1)];
  return {
    name: UART_RECEIVER,
    header: [
      "Receiver of a serial line: 8 data bits, no parity, one stop bit. Samples each bit in its middle.",
      "Latency: valid_o is 1 for one clock, in the middle of the stop bit, with the byte at data_o; ok_o is 0 when the stop bit is " +
        "missing.",
    ],
    parameters: [[CLOCKS_PER_BIT, sv.decimal(25)]],
    ports,
    items: [
      ...declared,
      sv.wire(s.sample, sv.binary(s.busy_q, "&", isOver)),
      sv.wire(s.valid_o, sv.binary(s.sample, "&", sv.binary(bits, "==", sv.sized(4, 9)))),
      sv.wire(s.ok_o, line),
      sv.wire(s.data_o, s.data_q),
      sv.gap,
      sv.registers(
        [
          sv.set(s.line_q, sv.ones),
          sv.set(timer, sv.zeros),
          sv.set(bits, sv.zeros),
          sv.set(s.data_q, sv.zeros),
          sv.set(s.busy_q, sv.sized(1, 0)),
        ],
        [
          sv.set(s.line_q, sv.concat(sv.bit(s.line_q, 0), s.rx_i)),
          sv.when(
            sv.isFalse(s.busy_q),
            [
              sv.set(bits, sv.zeros),
              toTimer(sv.binary(sv.binary(clocksPerBit, "/", sv.decimal(2)), "-", sv.decimal(1))),
              sv.when(sv.isFalse(line), [sv.set(s.busy_q, sv.sized(1, 1))]),
            ],
            [
              sv.when(
                sv.isFalse(s.sample),
                [down],
                [
                  oneBit,
                  sv.set(bits, sv.binary(bits, "+", sv.sized(4, 1))),
                  // A start bit that ends before its middle is ignored.
                  sv.when(sv.binary(sv.binary(bits, "==", sv.sized(4, 0)), "&", line), [
                    sv.set(s.busy_q, sv.sized(1, 0)),
                  ]),
                  sv.when(
                    sv.binary(bits, "==", sv.sized(4, 9)),
                    [sv.set(s.busy_q, sv.sized(1, 0))],
                    [sv.set(s.data_q, sv.concat(line, sv.slice(s.data_q, 7, 1)))],
                  ),
                ],
              ),
            ],
          ),
        ],
      ),
    ],
  };
}

export function uartTransmitter(): sv.Module {
  const ports = [...sv.CLOCKED, sv.input("valid_i"), sv.input("data_i", 8), sv.output("ready_o"), sv.output("tx_o")];
  const declared = [TIMER, sv.logic(4, "bits_q"), sv.logic(9, "shift_q")];
  const s = sv.signals(ports, declared);
  const [bits, shift] = [s.bits_q, s.shift_q];
  return {
    name: UART_TRANSMITTER,
    header: [
      "Sender of a serial line: 8 data bits, no parity, one stop bit. Takes a byte when valid_i and ready_o are 1.",
      "Latency: the start bit begins with the clock after; ready_o is 1 again after the stop bit.",
    ],
    parameters: [[CLOCKS_PER_BIT, sv.decimal(25)]],
    ports,
    items: [
      ...declared,
      sv.wire(s.ready_o, sv.binary(bits, "==", sv.sized(4, 0))),
      sv.wire(s.tx_o, sv.bit(shift, 0)),
      sv.gap,
      sv.registers(
        [sv.set(timer, sv.zeros), sv.set(bits, sv.zeros), sv.set(shift, sv.ones)],
        [
          sv.when(
            s.ready_o,
            [
              oneBit,
              sv.when(s.valid_i, [sv.set(bits, sv.sized(4, 10)), sv.set(shift, sv.concat(s.data_i, sv.sized(1, 0)))]),
            ],
            [
              sv.when(
                isOver,
                [
                  oneBit,
                  sv.set(bits, sv.binary(bits, "-", sv.sized(4, 1))),
                  sv.set(shift, sv.concat(sv.sized(1, 1), sv.slice(shift, 8, 1))),
                ],
                [down],
              ),
            ],
          ),
        ],
      ),
    ],
  };
}
