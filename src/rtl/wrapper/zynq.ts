/**
 * The machine on Zynq-7000 and Zynq UltraScale+: a Verilog shell that names its bus interfaces for Vivado, a script from sources to a
 * bitstream with processor, AXI DMA and interrupts (UG994, PG021), a device tree for Linux, and UIO for the C driver.
 */
import { addressBits } from "../axi/register-map.ts";
import type { SourceFiles } from "../design.ts";
import { C_DRIVER, C_PROGRAM, C_UIO } from "../host/c-names.ts";
import { commented } from "../kit/bundle.ts";
import { TEST_MODE } from "../reset-synchroniser.ts";
import type { Port } from "../syntax.ts";
import * as sv from "../syntax.ts";
import { uioFiles } from "./c-uio.ts";
import { HOST_TOP, hostPorts, packetsOf } from "./host-top.ts";
import type { Wrapped, WrapperKit } from "./kit.ts";

export const ZYNQ_SHELL = "xpike_zynq";
export const ZYNQ_SCRIPT = `${ZYNQ_SHELL}.tcl`;

/** Least region that Vivado assigns to a slave, bytes. */
const PAGE = 4096;
/** A DMA's registers (PG021). */
const DMA_BYTES = 65_536;
/** Most bytes of a DMA's transfer with its widest length register, 26 bits. */
const LENGTH_BITS = { least: 14, most: 26 };

/** A family of chips: its processor, the ports that are used, and where Linux sees them. */
interface Family {
  readonly title: string;
  readonly part: string;
  readonly ip: string;
  /** Configuration, with the clock of the logic in MHz. */
  readonly settings: string;
  readonly clock: string;
  readonly reset: string;
  readonly control: string;
  readonly controlClock: string;
  readonly memory: string;
  readonly memoryClock: string;
  readonly memorySegment: string;
  readonly interrupts: string;
  readonly space: string;
  readonly registers: number;
  readonly dma: number;
  /** Of the device tree. */
  readonly bus: string;
  readonly controller: string;
  /** Number of the first interrupt from the logic, of those that all processors share. */
  readonly firstInterrupt: number;
  readonly cells: 1 | 2;
  readonly buffer: number;
}

const FAMILIES = {
  "7000": {
    title: "Zynq-7000",
    part: "xc7z020clg400-1",
    ip: "processing_system7",
    settings:
      "CONFIG.PCW_USE_M_AXI_GP0 1 CONFIG.PCW_USE_S_AXI_HP0 1 CONFIG.PCW_USE_FABRIC_INTERRUPT 1 CONFIG.PCW_IRQ_F2P_INTR 1 CONFIG.PCW_EN_CLK0_PORT 1 CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ $mhz",
    clock: "FCLK_CLK0",
    reset: "FCLK_RESET0_N",
    control: "M_AXI_GP0",
    controlClock: "M_AXI_GP0_ACLK",
    memory: "S_AXI_HP0",
    memoryClock: "S_AXI_HP0_ACLK",
    memorySegment: "HP0_DDR_LOWOCM",
    interrupts: "IRQ_F2P",
    space: "Data",
    registers: 0x43c0_0000,
    dma: 0x4040_0000,
    bus: "&amba",
    controller: "&intc",
    firstInterrupt: 29,
    cells: 1,
    buffer: 0x1f00_0000,
  },
  ultrascale: {
    title: "Zynq UltraScale+",
    part: "xczu3eg-sbva484-1-e",
    ip: "zynq_ultra_ps_e",
    settings:
      "CONFIG.PSU__USE__M_AXI_GP0 1 CONFIG.PSU__USE__M_AXI_GP1 0 CONFIG.PSU__USE__M_AXI_GP2 0 CONFIG.PSU__USE__S_AXI_GP2 1 CONFIG.PSU__USE__IRQ0 1 CONFIG.PSU__FPGA_PL0_ENABLE 1 CONFIG.PSU__CRL_APB__PL0_REF_CTRL__FREQMHZ $mhz",
    clock: "pl_clk0",
    reset: "pl_resetn0",
    control: "M_AXI_HPM0_FPD",
    controlClock: "maxihpm0_fpd_aclk",
    memory: "S_AXI_HP0_FPD",
    memoryClock: "saxihp0_fpd_aclk",
    memorySegment: "HP0_DDR_LOW",
    interrupts: "pl_ps_irq0",
    space: "Data",
    registers: 0xa000_0000,
    dma: 0xa010_0000,
    bus: "&amba",
    controller: "&gic",
    firstInterrupt: 89,
    cells: 2,
    buffer: 0x7000_0000,
  },
} as const satisfies Readonly<Record<string, Family>>;

const hex = (value: number) => `0x${value.toString(16)}`;
const atLeastPage = ({ facts }: Wrapped) => Math.max(PAGE, 2 ** addressBits(facts.windowWords));

/** Ports of the shell: those of the machine's host, but for test mode. */
const shellPorts = ({ facts, bits }: Wrapped): Port[] =>
  hostPorts(facts, bits).filter(({ name }) => name !== TEST_MODE.name);

const BUSES = ["s_axil", "s_axis", "m_axis"] as const;

/** Vivado's block designs take no top in SystemVerilog. */
function shell(wrapped: Wrapped): string {
  const ports = shellPorts(wrapped);
  const [clock, reset] = sv.CLOCKED;
  const info: Readonly<Record<string, string>> = {
    [clock.name]: `(* X_INTERFACE_INFO = "xilinx.com:signal:clock:1.0 ${clock.name} CLK", X_INTERFACE_PARAMETER = "ASSOCIATED_BUSIF ${BUSES.join(":")}, ASSOCIATED_RESET ${reset.name}" *)`,
    [reset.name]: `(* X_INTERFACE_INFO = "xilinx.com:signal:reset:1.0 ${reset.name} RST", X_INTERFACE_PARAMETER = "POLARITY ACTIVE_LOW" *)`,
    irq_o: `(* X_INTERFACE_INFO = "xilinx.com:signal:interrupt:1.0 irq_o INTERRUPT", X_INTERFACE_PARAMETER = "SENSITIVITY LEVEL_HIGH" *)`,
  };
  const busInfo = (name: string) => {
    const bus = BUSES.find((one) => name.startsWith(`${one}_`))!;
    const kind = bus === "s_axil" ? "aximm" : "axis";
    return `(* X_INTERFACE_INFO = "xilinx.com:interface:${kind}:1.0 ${bus} ${name.slice(bus.length + 1).toUpperCase()}" *)`;
  };
  const range = (width: number) => (width === 1 ? "" : `[${width - 1}:0] `);
  const declared = ports.map(({ direction, name, width }) => {
    const wire = `${direction} wire ${range(width!)}${name}`;
    return `  ${info[name] ?? busInfo(name)}\n  ${wire}`;
  });
  const connected = [...ports.map(({ name }) => `.${name}(${name})`), `.${TEST_MODE.name}(1'b0)`];
  return `${commented("//", wrapped.origin)}
//
// ${HOST_TOP} with its interfaces named for Vivado's IP integrator.
module ${ZYNQ_SHELL} (
${declared.join(",\n")}
);
  ${HOST_TOP} u_host (
    ${connected.join(",\n    ")}
  );
endmodule
`;
}

const family = (name: string, one: Family) => `  ${name} {
    part ${one.part} ip ${one.ip} settings {${one.settings}}
    clock ${one.clock} reset ${one.reset} control ${one.control} control_clock ${one.controlClock}
    memory ${one.memory} memory_clock ${one.memoryClock} segment ${one.memorySegment} interrupts ${one.interrupts} space ${one.space}
    registers ${hex(one.registers)} dma ${hex(one.dma)}
  }`;

function script(wrapped: Wrapped): string {
  const { bits, clock, facts, sources, contents, origin } = wrapped;
  const { vectors, answers } = packetsOf(facts, bits);
  const needed = Math.ceil(Math.log2(Math.max(vectors, answers) + 1));
  const length = Math.min(LENGTH_BITS.most, Math.max(LENGTH_BITS.least, needed));
  const list = (names: readonly string[]) => names.map((name) => `  ${name}\n`).join("");
  return `${commented("#", origin)}
#
# From the sources of this folder to a bitstream with a processor, in Vivado:
#
#   vivado -mode batch -source ${ZYNQ_SCRIPT} -tclargs FAMILY [PART] [MHZ]      # FAMILY: ${Object.keys(FAMILIES).join(" or ")}
#
# The processor's memory belongs to a board: apply its preset, or your own settings, where this script says so.

set families {
${Object.entries(FAMILIES)
  .map(([name, one]) => family(name, one))
  .join("\n")}
}
if {$argc < 1 || ![dict exists $families [lindex $argv 0]]} {
  error "Name a family: [dict keys $families]"
}
set chip [dict get $families [lindex $argv 0]]
set part [expr {$argc > 1 ? [lindex $argv 1] : [dict get $chip part]}]
set mhz [expr {$argc > 2 ? [lindex $argv 2] : ${clock / 1e6}}]
set here [file dirname [file normalize [info script]]]
set build [file join $here zynq]

set sources {
${list([...sources, `${ZYNQ_SHELL}.v`])}}
# What memories read with $readmemh, by name from the folder in which synthesis runs.
set contents {
${list(contents)}}

create_project -force xpike $build -part $part
foreach name $sources { add_files [file join $here $name] }
set_property verilog_define SYNTHESIS [current_fileset]
set hook [open [file join $build contents.tcl] w]
foreach name $contents { puts $hook [list file copy -force [file join $here $name] .] }
close $hook
update_compile_order -fileset [current_fileset]

create_bd_design system
set ps [create_bd_cell -type ip -vlnv xilinx.com:ip:[dict get $chip ip] ps]
# Here: apply_bd_automation with your board's preset, for its memory and pins.
set_property -dict [subst [dict get $chip settings]] $ps
set machine [create_bd_cell -type module -reference ${ZYNQ_SHELL} machine]
set dma [create_bd_cell -type ip -vlnv xilinx.com:ip:axi_dma dma]
set_property -dict {
  CONFIG.c_include_sg 0
  CONFIG.c_sg_length_width ${length}
  CONFIG.c_m_axi_mm2s_data_width ${bits} CONFIG.c_m_axis_mm2s_tdata_width ${bits}
  CONFIG.c_m_axi_s2mm_data_width ${bits} CONFIG.c_s_axis_s2mm_tdata_width ${bits}
  CONFIG.c_include_mm2s_dre 0 CONFIG.c_include_s2mm_dre 0
} $dma
set control [create_bd_cell -type ip -vlnv xilinx.com:ip:smartconnect control]
set_property -dict {CONFIG.NUM_SI 1 CONFIG.NUM_MI 2} $control
set memory [create_bd_cell -type ip -vlnv xilinx.com:ip:smartconnect memory]
set_property -dict {CONFIG.NUM_SI 2 CONFIG.NUM_MI 1} $memory
set reset [create_bd_cell -type ip -vlnv xilinx.com:ip:proc_sys_reset reset]
set events [create_bd_cell -type ip -vlnv xilinx.com:ip:xlconcat events]
set_property -dict {CONFIG.NUM_PORTS 3} $events

foreach {from to} [list \\
  ps/[dict get $chip control] control/S00_AXI \\
  control/M00_AXI machine/s_axil \\
  control/M01_AXI dma/S_AXI_LITE \\
  dma/M_AXI_MM2S memory/S00_AXI \\
  dma/M_AXI_S2MM memory/S01_AXI \\
  memory/M00_AXI ps/[dict get $chip memory] \\
  dma/M_AXIS_MM2S machine/s_axis \\
  machine/m_axis dma/S_AXIS_S2MM \\
] { connect_bd_intf_net [get_bd_intf_pins $from] [get_bd_intf_pins $to] }

foreach pin [list ps/[dict get $chip control_clock] ps/[dict get $chip memory_clock] machine/clk_i dma/s_axi_lite_aclk \\
  dma/m_axi_mm2s_aclk dma/m_axi_s2mm_aclk control/aclk memory/aclk reset/slowest_sync_clk] {
  connect_bd_net [get_bd_pins ps/[dict get $chip clock]] [get_bd_pins $pin]
}
connect_bd_net [get_bd_pins ps/[dict get $chip reset]] [get_bd_pins reset/ext_reset_in]
foreach pin {machine/rst_ni dma/axi_resetn control/aresetn memory/aresetn} {
  connect_bd_net [get_bd_pins reset/peripheral_aresetn] [get_bd_pins $pin]
}
# In the order of the device tree.
foreach {from to} {machine/irq_o events/In0 dma/mm2s_introut events/In1 dma/s2mm_introut events/In2} {
  connect_bd_net [get_bd_pins $from] [get_bd_pins $to]
}
connect_bd_net [get_bd_pins events/dout] [get_bd_pins ps/[dict get $chip interrupts]]

set space [get_bd_addr_spaces ps/[dict get $chip space]]
assign_bd_address -target_address_space $space -offset [dict get $chip registers] -range ${atLeastPage(wrapped)} [get_bd_addr_segs machine/s_axil/reg0]
assign_bd_address -target_address_space $space -offset [dict get $chip dma] -range ${DMA_BYTES} [get_bd_addr_segs dma/S_AXI_LITE/Reg]
foreach direction {Data_MM2S Data_S2MM} {
  assign_bd_address -target_address_space [get_bd_addr_spaces dma/$direction] \\
    [get_bd_addr_segs ps/[dict get $chip memory]/[dict get $chip segment]]
}
validate_bd_design
save_bd_design

# One synthesis for all, so that the machine's memories find their contents.
set design [get_files system.bd]
set_property synth_checkpoint_mode None $design
generate_target all $design
add_files [make_wrapper -files $design -top]
set_property top system_wrapper [current_fileset]
set_property STEPS.SYNTH_DESIGN.TCL.PRE [file join $build contents.tcl] [get_runs synth_1]
launch_runs impl_1 -to_step write_bitstream
wait_on_run impl_1
if {[get_property PROGRESS [get_runs impl_1]] ne "100%"} { error "No bitstream: read the log of impl_1 in $build" }
open_run impl_1
report_utilization -file [file join $build utilisation.txt]
report_timing_summary -file [file join $build timing.txt]
write_hw_platform -fixed -include_bit -force -file [file join $here ${ZYNQ_SHELL}.xsa]
`;
}

/** Registers, DMA and buffer as UIO devices, in the order of the C program's arguments. */
function deviceTree(wrapped: Wrapped, one: Family): string {
  const { facts, bits } = wrapped;
  const { vectors, answers } = packetsOf(facts, bits);
  const buffer = Math.ceil((vectors + 64 + answers) / PAGE) * PAGE;
  const reg = (base: number, size: number) =>
    one.cells === 1 ? `<${hex(base)} ${hex(size)}>` : `<0x0 ${hex(base)} 0x0 ${hex(size)}>`;
  const node = (name: string, base: number, size: number, more = "") => `
  ${name}@${base.toString(16)} {
    compatible = "generic-uio";
    reg = ${reg(base, size)};${more}
  };`;
  return `/* ${wrapped.origin.replaceAll("\n", "\n * ")}
 *
 * ${one.title}, for Linux with uio_pdrv_genirq.of_id=generic-uio. Move the buffer to memory that your board has.
 */
/ {
  reserved-memory {
    #address-cells = <${one.cells}>;
    #size-cells = <${one.cells}>;
    ranges;
    xpike_buffer@${one.buffer.toString(16)} {
      reg = ${reg(one.buffer, buffer)};
      no-map;
    };
  };
};
${one.bus} {${node(
    "xpike",
    one.registers,
    atLeastPage(wrapped),
    `
    interrupt-parent = <${one.controller}>;
    interrupts = <0 ${one.firstInterrupt} 4>;`,
  )}${node("xpike-dma", one.dma, DMA_BYTES)}${node("xpike-buffer", one.buffer, buffer)}
};
`;
}

export const zynqFiles: WrapperKit = {
  title: "Zynq-7000 and Zynq UltraScale+",
  files: (wrapped): SourceFiles => ({
    [`${ZYNQ_SHELL}.v`]: shell(wrapped),
    [ZYNQ_SCRIPT]: script(wrapped),
    ...Object.fromEntries(
      Object.entries(FAMILIES).map(([name, one]) => [`${ZYNQ_SHELL}_${name}.dtsi`, deviceTree(wrapped, one)]),
    ),
    ...uioFiles(wrapped.origin),
  }),
  readme:
    () => `\`vivado -mode batch -source ${ZYNQ_SCRIPT} -tclargs FAMILY [PART] [MHZ]\` (FAMILY: ${Object.keys(FAMILIES).join(", ")}) builds processor, DMA and machine into a bitstream;
set your board's memory where the script says so. **Vivado has not run it**: its commands were recorded in a Tcl shell, and every port
they name was compared. On the board, with a \`.dtsi\` in its device tree:

\`\`\`sh
gcc -std=c99 -DXPIKE_UIO -O1 -o xpike_run ${C_PROGRAM} ${C_UIO} ${C_DRIVER}
./xpike_run /dev/uio0 /dev/uio1 /dev/uio2      # registers, DMA, buffer; queue, numbers and load as with a co-simulation
\`\`\`
`,
};
