/** The signals of a machine's edge, and those of the machine behind it, as fields of a line. */
import { addressBits, type MachineFacts } from "../axi/register-map.ts";
import { AXI_TOP, streamSizes } from "../axi/top.ts";
import { indexBits } from "../machine/parts.ts";
import type { Compared, Field, Play } from "./player.ts";

const WORD = 32;

const field = (name: string, width = 1): Field => ({ name, width });
const compared = (name: string, width = 1, when: string | null = null): Compared => ({ name, width, when });

export function edgeFields(facts: MachineFacts): Pick<Play, "block" | "driven" | "compared"> {
  const address = addressBits(facts.windowWords);
  const sizes = streamSizes(facts);
  return {
    block: AXI_TOP,
    driven: [
      field("rst_ni"),
      field("test_mode_i"),
      field("s_axil_awaddr", address),
      field("s_axil_awprot", 3),
      field("s_axil_awvalid"),
      field("s_axil_wdata", WORD),
      field("s_axil_wstrb", WORD / 8),
      field("s_axil_wvalid"),
      field("s_axil_bready"),
      field("s_axil_araddr", address),
      field("s_axil_arprot", 3),
      field("s_axil_arvalid"),
      field("s_axil_rready"),
      field("s_axis_tdata", sizes.input),
      field("s_axis_tlast"),
      field("s_axis_tvalid"),
      field("m_axis_tready"),
    ],
    compared: [
      compared("s_axil_awready"),
      compared("s_axil_wready"),
      compared("s_axil_bvalid"),
      compared("s_axil_bresp", 2, "s_axil_bvalid"),
      compared("s_axil_arready"),
      compared("s_axil_rvalid"),
      compared("s_axil_rdata", WORD, "s_axil_rvalid"),
      compared("s_axil_rresp", 2, "s_axil_rvalid"),
      compared("irq_o"),
      compared("streams_rst_no"),
      compared("s_axis_tready"),
      compared("m_axis_tvalid"),
      compared("m_axis_tlast", 1, "m_axis_tvalid"),
      compared("m_axis_tdata", sizes.output, "m_axis_tvalid"),
      compared("m_axis_tuser", WORD, "m_axis_tvalid"),
    ],
  };
}

/** Seen from the edge: it drives what the machine puts out. */
export function machineFields(facts: MachineFacts): Pick<Play, "block" | "driven" | "compared"> {
  return {
    block: `${AXI_TOP}_machine`,
    driven: [
      field("in_ready_o"),
      field("out_valid_o"),
      field("out_data_o", facts.totalBits),
      field("out_decision_o", facts.decisionBits),
      field("logits_valid_o"),
      field("logits_o", facts.logitBits),
      field("busy_o"),
    ],
    compared: [
      compared("rst_ni"),
      compared("seed_write_i"),
      compared("seed_address_i", indexBits(facts.windowWords), "seed_write_i"),
      compared("seed_data_i", WORD, "seed_write_i"),
      compared("in_valid_i"),
      compared("in_data_i", facts.vectorBits, "in_valid_i"),
      compared("out_ready_i"),
    ],
  };
}
