/** Generators of the two ends of a serial line: 8 data bits, least significant first, no parity, one stop bit. */
import {
  binary,
  bit,
  CLOCKED,
  cast,
  concat,
  decimal,
  type Expression,
  gap,
  input,
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

export const UART_RECEIVER = "uart_receiver";
export const UART_TRANSMITTER = "uart_transmitter";
/** Parameter: clocks per bit. */
export const CLOCKS_PER_BIT = "ClocksPerBit";
const TIMER_BITS = 16;
/** The slowest line that the timer can count. */
export const MOST_CLOCKS_PER_BIT = 2 ** TIMER_BITS - 1;
/** Minimum, because the receiver locates the middle of a bit to within a clock. */
export const LEAST_CLOCKS_PER_BIT = 4;

const timer = name("timer_q");
const down = set(timer, binary(timer, "-", sized(TIMER_BITS, 1)));
const toTimer = (clocks: Expression) => set(timer, cast(TIMER_BITS, clocks));
const clocksPerBit = name(CLOCKS_PER_BIT);
const oneBit = toTimer(binary(clocksPerBit, "-", decimal(1)));
const isOver = binary(timer, "==", sized(TIMER_BITS, 0));

export function uartReceiver(): Module {
  const [bits, line] = [name("bits_q"), bit(name("line_q"), 1)];
  return {
    name: UART_RECEIVER,
    header: [
      "Receiver of a serial line: 8 data bits, no parity, one stop bit. Samples each bit in its middle.",
      "Latency: valid_o is 1 for one clock, in the middle of the stop bit, with the byte at data_o; ok_o is 0 when the stop bit is " +
        "missing.",
    ],
    parameters: [[CLOCKS_PER_BIT, decimal(25)]],
    ports: [...CLOCKED, input("rx_i"), output("valid_o"), output("ok_o"), output("data_o", 8)],
    items: [
      logic(2, "line_q"),
      logic(TIMER_BITS, "timer_q"),
      logic(4, "bits_q"),
      logic(8, "data_q"),
      logic(1, "busy_q", "sample"),
      wire(name("sample"), binary(name("busy_q"), "&", isOver)),
      wire(name("valid_o"), binary(name("sample"), "&", binary(bits, "==", sized(4, 9)))),
      wire(name("ok_o"), line),
      wire(name("data_o"), name("data_q")),
      gap,
      registers(
        [
          set(name("line_q"), { kind: "fill", bit: 1 }),
          set(timer, zeros),
          set(bits, zeros),
          set(name("data_q"), zeros),
          set(name("busy_q"), sized(1, 0)),
        ],
        [
          set(name("line_q"), concat(bit(name("line_q"), 0), name("rx_i"))),
          when(
            isFalse(name("busy_q")),
            [
              set(bits, zeros),
              toTimer(binary(binary(clocksPerBit, "/", decimal(2)), "-", decimal(1))),
              when(isFalse(line), [set(name("busy_q"), sized(1, 1))]),
            ],
            [
              when(
                isFalse(name("sample")),
                [down],
                [
                  oneBit,
                  set(bits, binary(bits, "+", sized(4, 1))),
                  // A start bit that ends before its middle is ignored.
                  when(binary(binary(bits, "==", sized(4, 0)), "&", line), [set(name("busy_q"), sized(1, 0))]),
                  when(
                    binary(bits, "==", sized(4, 9)),
                    [set(name("busy_q"), sized(1, 0))],
                    [set(name("data_q"), concat(line, slice(name("data_q"), 7, 1)))],
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

export function uartTransmitter(): Module {
  const [bits, shift] = [name("bits_q"), name("shift_q")];
  return {
    name: UART_TRANSMITTER,
    header: [
      "Sender of a serial line: 8 data bits, no parity, one stop bit. Takes a byte when valid_i and ready_o are 1.",
      "Latency: the start bit begins with the clock after; ready_o is 1 again after the stop bit.",
    ],
    parameters: [[CLOCKS_PER_BIT, decimal(25)]],
    ports: [...CLOCKED, input("valid_i"), input("data_i", 8), output("ready_o"), output("tx_o")],
    items: [
      logic(TIMER_BITS, "timer_q"),
      logic(4, "bits_q"),
      logic(9, "shift_q"),
      wire(name("ready_o"), binary(bits, "==", sized(4, 0))),
      wire(name("tx_o"), bit(shift, 0)),
      gap,
      registers(
        [set(timer, zeros), set(bits, zeros), set(shift, { kind: "fill", bit: 1 })],
        [
          when(
            name("ready_o"),
            [oneBit, when(name("valid_i"), [set(bits, sized(4, 10)), set(shift, concat(name("data_i"), sized(1, 0)))])],
            [
              when(
                isOver,
                [
                  oneBit,
                  set(bits, binary(bits, "-", sized(4, 1))),
                  set(shift, concat(sized(1, 1), slice(shift, 8, 1))),
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
