/**
 * Supported boards. Pins are those of the board's own constraint file:
 *
 *   ULX3S   https://github.com/emard/ulx3s, doc/constraints/ulx3s_v20.lpf ("ULX3S v2.x.x and v3.0.x", file version 0a4321a of
 *           24 February 2019): clk_25mhz G2, ftdi_rxd L4 (the FPGA sends), ftdi_txd M1 (it receives), led[0] B2 to led[3] D2,
 *           btn[0] D6 (PWR, low when pressed)
 *
 * Its FPGA is an LFE5U-85F-6BG381C: package CABGA381, speed grade 6.
 */

export interface BoardPin {
  /** As in the board's own file. */
  readonly name: string;
  readonly site: string;
  /** Buffer attributes from the board's own file. */
  readonly buffer: string;
}

export interface Board {
  readonly title: string;
  readonly source: string;
  /** Hertz. */
  readonly clock: number;
  /** Arguments of nextpnr-ecp5. */
  readonly device: readonly string[];
  readonly pins: Readonly<Record<BoardPort, BoardPin>>;
}

/** Ports of the top level. */
export type BoardPort =
  | "clk_i"
  | "rst_ni"
  | "uart_rx_i"
  | "uart_tx_o"
  | "led_o[0]"
  | "led_o[1]"
  | "led_o[2]"
  | "led_o[3]";

const led = (n: number, site: string): BoardPin => ({
  name: `led[${n}]`,
  site,
  buffer: "PULLMODE=NONE IO_TYPE=LVCMOS33 DRIVE=4",
});

export const BOARDS = {
  "ulx3s-85f": {
    title: "ULX3S with LFE5U-85F",
    source: "https://github.com/emard/ulx3s, doc/constraints/ulx3s_v20.lpf",
    clock: 25e6,
    device: ["--85k", "--package", "CABGA381", "--speed", "6"],
    pins: {
      clk_i: { name: "clk_25mhz", site: "G2", buffer: "PULLMODE=NONE IO_TYPE=LVCMOS33" },
      rst_ni: { name: "btn[0]", site: "D6", buffer: "PULLMODE=UP IO_TYPE=LVCMOS33" },
      uart_rx_i: { name: "ftdi_txd", site: "M1", buffer: "PULLMODE=UP IO_TYPE=LVCMOS33" },
      uart_tx_o: { name: "ftdi_rxd", site: "L4", buffer: "PULLMODE=UP IO_TYPE=LVCMOS33 DRIVE=4" },
      "led_o[0]": led(0, "B2"),
      "led_o[1]": led(1, "C2"),
      "led_o[2]": led(2, "C1"),
      "led_o[3]": led(3, "D2"),
    },
  },
} as const satisfies Readonly<Record<string, Board>>;

export type BoardName = keyof typeof BOARDS;
export const BOARD_NAMES = Object.keys(BOARDS) as BoardName[];
