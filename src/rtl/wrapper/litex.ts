/**
 * The machine as a LiteX module, in Python: `xpike_host` with its registers on the bus of a system, its streams as endpoints, optional DMAs
 * on Wishbone, and its interrupt; and a system without a processor around it, driven over a serial line.
 */
import { addressBits } from "../axi/register-map.ts";
import type { SourceFiles } from "../design.ts";
import { commented } from "../kit/bundle.ts";
import { TEST_MODE } from "../reset-synchroniser.ts";
import type { Port } from "../syntax.ts";
import * as sv from "../syntax.ts";
import { HOST_TOP, hostPorts, packetsOf } from "./host-top.ts";
import type { Wrapped, WrapperKit } from "./kit.ts";

export const LITEX_MODULE = "xpike_litex.py";
export const LITEX_SYSTEM = "xpike_litex_soc.py";

const [CLOCK, RESET] = sv.CLOCKED;
const SINGLE: Readonly<Record<string, string>> = {
  [CLOCK.name]: "ClockSignal()",
  [RESET.name]: "~ResetSignal()",
  [TEST_MODE.name]: "0",
  irq_o: "self.interrupt",
};

/** What a pin is connected to, in Python. */
function expressionOf({ name, width }: Port): string {
  if (name in SINGLE) return SINGLE[name];
  const [, bus, signal] = /^(s_axil|s_axis|m_axis)_(\w+)$/.exec(name)!;
  // LiteX's protection bits are optional, and the machine ignores them.
  if (signal.endsWith("prot")) return "0";
  if (bus !== "s_axil") return `self.${bus === "s_axis" ? "sink" : "source"}.${signal.slice(1)}`;
  const [, channel, field] = /^(aw|w|b|ar|r)(\w+)$/.exec(signal)!;
  return `self.bus.${channel}.${field}${field === "addr" ? `[:${width}]` : ""}`;
}

const listText = (names: readonly string[]) => names.map((name) => `    "${name}",\n`).join("");

function litexModule(wrapped: Wrapped): string {
  const { facts, bits, sources, contents } = wrapped;
  const packets = packetsOf(facts, bits);
  const address = addressBits(facts.windowWords);
  const pins = hostPorts(facts, bits).map((port) => {
    const kind = port.direction === "input" ? "i" : "o";
    return `            ${kind}_${port.name} = ${expressionOf(port)},\n`;
  });
  return `"""${HOST_TOP} as a LiteX module.

    self.xpike = XpikeMachine(platform)
    self.bus.add_slave("xpike", self.xpike.bus, SoCRegion(size=XpikeMachine.REGION_BYTES, cached=False))
    self.irq.add("xpike")                         # with a processor

Offsets of the registers are in xpike.h, and the base of the region is XPIKE_BASE of LiteX's mem.h. A packet at
sink is a prompt, all its vectors one behind the other, and a packet at source is its answers; add_dma puts both behind DMAs.
"""

from pathlib import Path
from shutil import copy

from migen import ClockSignal, Instance, Mux, ResetSignal, Signal

from litex.gen import LiteXModule
from litex.soc.cores.dma import WishboneDMAReader, WishboneDMAWriter
from litex.soc.interconnect import axi, stream, wishbone
from litex.soc.interconnect.csr_eventmanager import EventManager, EventSourceLevel

FOLDER = Path(__file__).resolve().parent

# In the order in which tools read them.
SOURCES = [
${listText(sources)}]

# Memories read these from the folder in which synthesis or a simulation runs.
CONTENTS = [
${listText(contents)}]


def copy_contents(folder):
    for name in CONTENTS:
        copy(FOLDER / name, folder)


class XpikeMachine(LiteXModule):
    REGION_BYTES = ${2 ** address}
    # Of a prompt's packet, and of its answers'.
    PROMPT_BYTES = ${packets.vectors}
    ANSWER_BYTES = ${packets.answers}
    BEAT_BYTES = ${packets.beat}

    def __init__(self, platform):
        self.bus = axi.AXILiteInterface(data_width=32, address_width=32)
        self.sink = stream.Endpoint([("data", ${bits}), ("keep", ${bits / 8})])
        self.source = stream.Endpoint([("data", ${bits}), ("keep", ${bits / 8})])
        self.interrupt = Signal()

        self.ev = EventManager()
        self.ev.machine = EventSourceLevel(description="An enabled event of PENDING.")
        self.ev.finalize()
        self.comb += self.ev.machine.trigger.eq(self.interrupt)

        self.specials += Instance("${HOST_TOP}",
${pins.join("")}        )
        for name in SOURCES:
            platform.add_source(str(FOLDER / name))

    def add_dma(self, soc):
        """Reads a prompt from memory and writes its answers there; CSRs as LiteX documents them, lengths in bytes of whole beats."""
        reads = wishbone.Interface(data_width=${bits}, address_width=soc.bus.address_width, mode="r")
        writes = wishbone.Interface(data_width=${bits}, address_width=soc.bus.address_width, mode="w")
        # The first bytes in memory are the low bits of a beat.
        self.reader = WishboneDMAReader(reads, with_csr=True, with_byteswap=False)
        self.writer = WishboneDMAWriter(writes, with_byteswap=False)
        # A writer that is not enabled lets answers wait instead of dropping them.
        self.writer.add_ctrl(ready_on_idle=0)
        self.writer.add_csr()
        soc.bus.add_master("xpike_reader", reads)
        soc.bus.add_master("xpike_writer", writes)
        # The last beat has what is left of the packet.
        left = self.PROMPT_BYTES % self.BEAT_BYTES or self.BEAT_BYTES
        self.comb += [
            self.reader.source.connect(self.sink),
            self.sink.keep.eq(Mux(self.sink.last, 2**left - 1, 2**self.BEAT_BYTES - 1)),
            self.source.connect(self.writer.sink, omit={"keep"}),
        ]
`;
}

function litexSystem({ facts, bits, clock }: Wrapped): string {
  const { beat, vectors, answers } = packetsOf(facts, bits);
  const whole = (bytes: number) => beat * Math.ceil(bytes / beat);
  const memory = 2 ** Math.ceil(Math.log2(whole(vectors) + whole(answers)));
  return `"""A LiteX system without a processor: the machine, memory for a prompt, and a bridge from a serial line to the bus.

    python3 ${LITEX_SYSTEM} --output-dir build      # Verilog in build/gateware, addresses in build/csr.json

For a board, use its platform and its build in place of Platform, and give its clock.
"""

import argparse
import os

from migen import ClockDomain

from litex.build.generic_platform import GenericPlatform, Pins, Subsignal
from litex.gen import LiteXModule
from litex.soc.integration.builder import Builder
from litex.soc.integration.soc import SoCRegion
from litex.soc.integration.soc_core import SoCCore

from xpike_litex import XpikeMachine, copy_contents

PINS = [
    ("clk", 0, Pins("X")),
    ("rst", 0, Pins("X")),
    ("irq", 0, Pins("X")),
    ("serial", 0, Subsignal("tx", Pins("X")), Subsignal("rx", Pins("X"))),
]


class Platform(GenericPlatform):
    """Writes Verilog and stops there."""

    def build(self, fragment, build_dir, build_name, **_):
        os.makedirs(build_dir, exist_ok=True)
        copy_contents(build_dir)
        os.chdir(build_dir)
        self.get_verilog(fragment, name=build_name).write(f"{build_name}.v")


class Clocks(LiteXModule):
    def __init__(self, platform):
        self.cd_sys = ClockDomain()
        self.comb += [self.cd_sys.clk.eq(platform.request("clk")), self.cd_sys.rst.eq(platform.request("rst"))]


class XpikeSystem(SoCCore):
    # LiteX would put the machine at 0, where the CSRs are without a processor.
    mem_map = {**SoCCore.mem_map, "csr": 0xf000_0000}

    def __init__(self, platform, clock, baud):
        SoCCore.__init__(self, platform, clock, cpu_type=None, ident="xpike", with_timer=False, with_uart=False,
            integrated_sram_size=${Math.max(memory, 0x400)})
        self.crg = Clocks(platform)
        self.add_uartbone(baudrate=baud)
        self.xpike = XpikeMachine(platform)
        self.xpike.add_dma(self)
        self.bus.add_slave("xpike", self.xpike.bus, SoCRegion(size=XpikeMachine.REGION_BYTES, cached=False))
        self.comb += platform.request("irq").eq(self.xpike.ev.irq)


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--clock", type=float, default=${clock}, help="hertz")
    arguments.add_argument("--baud", type=float, default=115200, help="bits per second of the serial line")
    arguments.add_argument("--output-dir", default="build")
    given = arguments.parse_args()
    folder = os.path.abspath(given.output_dir)
    system = XpikeSystem(Platform(device="", io=PINS), int(given.clock), int(given.baud))
    builder = Builder(system, output_dir=folder, compile_software=False, csr_json=os.path.join(folder, "csr.json"))
    builder.build(build_name="xpike_system")


if __name__ == "__main__":
    main()
`;
}

export const litexFiles: WrapperKit = {
  title: "LiteX",
  files: (wrapped): SourceFiles => {
    const first = commented("#", wrapped.origin);
    return {
      [LITEX_MODULE]: `${first}\n${litexModule(wrapped)}`,
      [LITEX_SYSTEM]: `#!/usr/bin/env python3\n${first}\n${litexSystem(wrapped)}`,
    };
  },
  readme:
    () => `\`${LITEX_MODULE}\` is \`${HOST_TOP}\` as a LiteX module; its first lines show how to add it to a system. \`${LITEX_SYSTEM}\` is a system without a processor:

\`\`\`sh
python3 ${LITEX_SYSTEM} --clock 50e6 --baud 115200 --output-dir build   # build/gateware/xpike_system.v
\`\`\`

Give a DMA its base and its length, then write the prompt's seeds or number and \`start\`, and enable both. A clear in the middle of a prompt
leaves words in the reading DMA: then reset the system. migen needs a Python of at most 3.12.
`,
};
