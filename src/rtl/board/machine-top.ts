/** Generator of the top level of a board with a whole machine: a serial line, frames, control, `xpike_axi`. */
import type { MachineFacts } from "../axi/register-map.ts";
import { NUMBER_BITS } from "../axi/seed-expander.ts";
import { AXI_TOP } from "../axi/top.ts";
import { unused } from "../encoder.ts";
import * as sv from "../syntax.ts";
import { MACHINE_LINK, machineLink, machinePins } from "./machine-link.ts";
import { lineModules, serialTop } from "./serial-top.ts";
import { CLOCKS_PER_BIT } from "./uart.ts";

export const MACHINE_BOARD = "xpike_machine_board";

/**
 * Modules of the board around a machine's edge, leaves first.
 *
 * @param fingerprint 32 bits that identify this machine
 * @param clocks per bit of the serial line
 */
export const machineBoardModules = (facts: MachineFacts, fingerprint: number, clocks: number): sv.Module[] => [
  ...lineModules(),
  machineLink(facts, fingerprint),
  machineBoard(facts, clocks),
];

function machineBoard(facts: MachineFacts, clocks: number): sv.Module {
  const wireName = (pin: string) => pin.replace(/_[io]$/, "");
  const pins = machinePins(facts);
  const wires = pins.map(({ name, width }) => sv.logic(width, wireName(name)));
  const more = [sv.logic(1, "interrupt", "answer_last", "streams_rst_n"), sv.logic(NUMBER_BITS, "answer_number")];
  const s = sv.signals([], [...wires, ...more]);
  return serialTop({
    name: MACHINE_BOARD,
    header: [
      `Board with ${AXI_TOP} behind a serial line: 8 data bits, no parity, one stop bit, ${CLOCKS_PER_BIT} clocks per bit.`,
      "Frames read and write registers, bring vectors, and take answers. The reset button is low when pressed; its release is synchronised to the clock.",
      "LEDs: receiving a request, sending a reply, answers are missing, last request refused.",
    ],
    clocks,
    declared: [...wires, ...more],
    link: {
      module: MACHINE_LINK,
      pins: Object.fromEntries(pins.map(({ name }) => [name, s[wireName(name) as keyof typeof s]])),
    },
    served: (clocked) =>
      sv.instance(AXI_TOP, "u_machine", {
        ...clocked,
        test_mode_i: sv.sized(1, 0),
        s_axil_awaddr: s.awaddr,
        s_axil_awprot: sv.sized(3, 0),
        s_axil_awvalid: s.awvalid,
        s_axil_awready: s.awready,
        s_axil_wdata: s.wdata,
        s_axil_wstrb: sv.sized(4, 15),
        s_axil_wvalid: s.wvalid,
        s_axil_wready: s.wready,
        s_axil_bresp: s.bresp,
        s_axil_bvalid: s.bvalid,
        s_axil_bready: s.bready,
        s_axil_araddr: s.araddr,
        s_axil_arprot: sv.sized(3, 0),
        s_axil_arvalid: s.arvalid,
        s_axil_arready: s.arready,
        s_axil_rdata: s.rdata,
        s_axil_rresp: s.rresp,
        s_axil_rvalid: s.rvalid,
        s_axil_rready: s.rready,
        s_axis_tdata: s.vector,
        s_axis_tlast: s.vector_last,
        s_axis_tvalid: s.vector_valid,
        s_axis_tready: s.vector_ready,
        m_axis_tdata: s.answer,
        m_axis_tuser: s.answer_number,
        m_axis_tlast: s.answer_last,
        m_axis_tvalid: s.answer_valid,
        m_axis_tready: s.answer_ready,
        irq_o: s.interrupt,
        streams_rst_no: s.streams_rst_n,
      }),
    unread: unused("pins", sv.concat(s.interrupt, s.answer_last, s.answer_number, s.streams_rst_n)),
    busy: s.running,
  });
}
