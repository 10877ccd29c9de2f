/** Files of a board's kit besides sources: constraints, the script that makes a bitstream, and the data for its host program. */
import type { SourceFiles } from "../design.ts";
import type { Board, BoardName } from "./boards.ts";
import { BOARD_TOP } from "./top.ts";

export const BOARD_FILE = "board.json";
export const MAKE_FILE = "make.sh";

/** Contents of `board.json`. */
export interface BoardDescription {
  readonly board: BoardName;
  /** Bits per second of the serial line. */
  readonly baud: number;
  /** Of the engine on the board, eight hexadecimal digits. */
  readonly fingerprint: string;
  readonly heads: number;
  readonly tokens: number;
  readonly dimension: number;
}

/** Constraints as a Lattice preference file, as read by nextpnr-ecp5. */
export function boardConstraints({ title, source, clock, pins }: Board): string {
  const lines = Object.entries(pins).flatMap(([port, { name, site, buffer }]) => [
    `# ${name}`,
    `LOCATE COMP "${port}" SITE "${site}";`,
    `IOBUF PORT "${port}" ${buffer};`,
  ]);
  return `# ${title}; pins as in ${source}.
FREQUENCY PORT "clk_i" ${(clock / 1e6).toFixed(6)} MHz;
${lines.join("\n")}
`;
}

export function makeScript({ title, device }: Board, sources: SourceFiles): string {
  const file = (ending: string) => `${BOARD_TOP}${ending}`;
  return `#!/bin/sh
# From sources to a bitstream for ${title}: needs yosys, nextpnr-ecp5 and ecppack (Debian: yosys, nextpnr-ecp5, fpga-trellis).
set -eu
cd "$(dirname "$0")"
yosys -q -p "read_verilog -sv -DSYNTHESIS ${Object.keys(sources).join(" ")}; synth_ecp5 -top ${BOARD_TOP} -json ${file(".netlist.json")}"
nextpnr-ecp5 ${device.join(" ")} --json ${file(".netlist.json")} --lpf ${file(".lpf")} --textcfg ${file(".config")} --report ${file(".report.json")} --seed 1
ecppack --compress --input ${file(".config")} --bit ${file(".bit")}
echo "Wrote ${file(".bit")}. Load it, for instance, with: openFPGALoader --board ulx3s ${file(".bit")}"
`;
}
