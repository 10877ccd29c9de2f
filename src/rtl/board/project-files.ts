/** Files of a board's kit besides sources: constraints, the script that makes a bitstream, and the data for its host program. */
import type { SourceFiles } from "../design.ts";
import type { Board, BoardName } from "./boards.ts";

export const BOARD_FILE = "board.json";
export const MAKE_FILE = "make.sh";

/** What `board.json` says of any kit. */
interface Described {
  readonly board: BoardName;
  /** Bits per second of the serial line. */
  readonly baud: number;
  /** Of what the board holds, eight hexadecimal digits. */
  readonly fingerprint: string;
}

export interface EngineBoard extends Described {
  readonly holds: "engine";
  readonly heads: number;
  readonly tokens: number;
  readonly dimension: number;
}

/** Sizes are those of the machine's own registers. */
export interface MachineBoard extends Described {
  readonly holds: "machine";
}

/** Contents of `board.json`. */
export type BoardDescription = EngineBoard | MachineBoard;

/**
 * The files from which tools make the bitstream of a top level.
 *
 * @param synthesis more flags of synth_ecp5
 */
export const projectFiles = (
  board: Board,
  top: string,
  sources: SourceFiles,
  synthesis: readonly string[] = [],
): SourceFiles => ({
  [`${top}.lpf`]: constraints(board),
  [MAKE_FILE]: makeScript(board, top, sources, synthesis),
});

/** Constraints as a Lattice preference file, as read by nextpnr-ecp5. */
function constraints({ title, source, clock, pins }: Board): string {
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

function makeScript({ title, device }: Board, top: string, sources: SourceFiles, synthesis: readonly string[]): string {
  const file = (ending: string) => `${top}${ending}`;
  return `#!/bin/sh
# From sources to a bitstream for ${title}: needs yosys, nextpnr-ecp5 and ecppack (Debian: yosys, nextpnr-ecp5, fpga-trellis).
set -eu
cd "$(dirname "$0")"
yosys -q -p "read_verilog -sv -DSYNTHESIS ${Object.keys(sources).join(" ")}; synth_ecp5 ${synthesis.map((flag) => `${flag} `).join("")}-top ${top} -json ${file(".netlist.json")}"
nextpnr-ecp5 ${device.join(" ")} --json ${file(".netlist.json")} --lpf ${file(".lpf")} --textcfg ${file(".config")} --report ${file(".report.json")} --seed 1
ecppack --compress --input ${file(".config")} --bit ${file(".bit")}
echo "Wrote ${file(".bit")}. Load it, for instance, with: openFPGALoader --board ulx3s ${file(".bit")}"
`;
}
