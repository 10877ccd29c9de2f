/** The kit of a board around a whole machine, as file names and texts: what `xpike rtl --machine --board` adds to a machine's folder. */
import { invariant } from "../../errors.ts";
import { machineFacts } from "../axi/register-map.ts";
import { axiModules } from "../axi/top.ts";
import { FILE_LIST, fileList, TESTBENCH_LIST } from "../bundle.ts";
import { type SourceFiles, sourceFiles } from "../design.ts";
import { C_SERIAL, C_UART } from "../host/c-names.ts";
import { commented, type MachineProvenance, machineBundle, marked, originOf } from "../kit/bundle.ts";
import type { MachineDesign } from "../machine/design.ts";
import type { MachineVectors } from "../machine/vectors.ts";
import { BOARDS } from "./boards.ts";
import type { BoardChoice } from "./bundle.ts";
import { uartFiles } from "./c-uart.ts";
import { machineExchanges } from "./machine-exchanges.ts";
import { MACHINE_BOARD, machineBoardModules } from "./machine-top.ts";
import { BOARD_FILE, MAKE_FILE, type MachineBoard, projectFiles } from "./project-files.ts";
import { clocksPerBit } from "./serial-top.ts";
import { boardTestbench, exchangeFiles } from "./testbench.ts";

export const MACHINE_BOARD_TESTBENCH = `${MACHINE_BOARD}_tb`;

/** Prompts in the board's testbench: the serial line takes longer than the machine. */
const SIMULATED_PROMPTS = 2;

/**
 * The machine's folder and a board's kit around it. The same arguments give the same texts.
 *
 * Throws  SpecError when the board's clock does not divide into the rate
 */
export function machineBoardBundle(
  design: MachineDesign,
  vectors: MachineVectors,
  from: MachineProvenance,
  { board: boardName, baud, fingerprintOf }: BoardChoice,
): SourceFiles {
  const board = BOARDS[boardName];
  const machine = machineBundle(design, vectors, from);
  const facts = machineFacts(design, from);
  const around = [...design.modules, ...axiModules(facts)];
  const names = around.map(({ name }) => `${name}.sv`);
  const ownSources = Object.fromEntries(names.map((name) => [name, machine[name]]));
  const fingerprint = fingerprintOf({ ...ownSources, ...design.constants }) >>> 0;
  const origin = originOf(from);
  const modules = machineBoardModules(facts, fingerprint, clocksPerBit(board.clock, baud));
  invariant(modules.at(-1)!.name === MACHINE_BOARD, "the board's top level comes last");
  const sources = sourceFiles(
    modules.map((module) => marked(module, origin)),
    around,
  );
  const exchanges = machineExchanges(facts, fingerprint, vectors, Math.min(SIMULATED_PROMPTS, vectors.prompts));
  const tested = { top: MACHINE_BOARD, testbench: MACHINE_BOARD_TESTBENCH, clocks: 2 * facts.clocks };
  const testbenches = sourceFiles([marked(boardTestbench(tested, exchanges), origin)], modules);
  const description: MachineBoard = {
    holds: "machine",
    board: boardName,
    baud,
    fingerprint: fingerprint.toString(16).padStart(8, "0"),
  };
  return {
    ...machine,
    ...sources,
    ...testbenches,
    [FILE_LIST]: machine[FILE_LIST] + fileList(sources),
    [TESTBENCH_LIST]: machine[TESTBENCH_LIST] + fileList(testbenches),
    ...exchangeFiles(exchanges),
    // No memory's word is used that was read in the clock that wrote it.
    ...projectFiles(board, MACHINE_BOARD, { ...ownSources, ...sources }, ["-no-rw-check"]),
    ...uartFiles(`${commented("//", origin)}\n//\n`, baud),
    [BOARD_FILE]: `${JSON.stringify(description, null, 2)}\n`,
    "README.md": `${machine["README.md"]}\n${readmeText(description, board.title, board.clock)}`,
  };
}

function readmeText({ baud, fingerprint }: MachineBoard, title: string, clock: number): string {
  return `# Board kit: ${title}

\`${MACHINE_BOARD}\` is the machine with its registers behind a serial line of ${baud} bits per second (8 data bits, no parity, one stop bit), on the
board's own clock of ${clock / 1e6} MHz.

\`\`\`sh
sh ${MAKE_FILE}                                                # yosys, nextpnr-ecp5, ecppack: ${MACHINE_BOARD}.bit
openFPGALoader --board ulx3s ${MACHINE_BOARD}.bit    # or any other loader
xpike rtl host . --port /dev/ttyUSB0                      # sends the prompts of this folder and compares the answers
\`\`\`

\`${BOARD_FILE}\` gives the host the baud rate and the machine's fingerprint, ${fingerprint}. \`${C_UART}\` is the driver's bus over any line of bytes, and
\`${C_SERIAL}\` a line of POSIX. \`${MACHINE_BOARD_TESTBENCH}\` drives the whole board over the serial line, bit by bit; \`xpike rtl verify .\` runs it in
Verilator. The kit has only been simulated, never run on a board.
`;
}
