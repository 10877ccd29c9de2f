/**
 * Static timing of gates of a library, by OpenSTA: the path with the least slack. Gates have the delays of the library, wires have none, the clock is
 * ideal, and macros and memories, which have no library, begin and end no path.
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PlatformError } from "../errors.ts";
import { constraints } from "../rtl/machine/project-files.ts";

/** The path that a clock has least time for. */
export interface WorstPath {
  /** OpenSTA and its version. */
  readonly tool: string;
  /** Hertz. */
  readonly clock: number;
  /** Seconds that are left of a clock, below 0 where the clock is too fast. */
  readonly slack: number;
  /** Instances or ports. */
  readonly from: string;
  readonly to: string;
}

/** Milliseconds. */
const LONGEST_RUN = 600_000;
const TOOL = "sta";

function run(args: readonly string[], cwd: string): Promise<{ found: boolean; late: boolean; text: string }> {
  return new Promise((done) => {
    const limits = { timeout: LONGEST_RUN, killSignal: "SIGKILL", maxBuffer: 2 ** 26 } as const;
    const child = execFile(TOOL, [...args], { cwd, ...limits }, (error, stdout, stderr) =>
      done({ found: error?.code !== "ENOENT", late: error?.killed === true, text: `${stdout}${stderr}`.trim() }),
    );
    // It asks for commands where it has none.
    child.stdin?.end();
  });
}

/**
 * OpenSTA with its version.
 * Throws  PlatformError when it is not installed
 */
export async function findSta(): Promise<string> {
  const { found, text } = await run(["-version"], tmpdir());
  if (found) return `OpenSTA ${/^[\d.]+/.exec(text)?.[0] ?? "of unknown version"}`;
  throw new PlatformError(
    "opensta",
    "No OpenSTA is installed, and slack comes from its program sta. Way out: install it (Debian: opensta), or leave --clock out.",
  );
}

/**
 * The worst slack of a netlist in structural Verilog, with the constraints that `xpike rtl --machine` writes.
 *
 * @param tool  as `findSta` names it
 * @param clock hertz
 * Throws  PlatformError when OpenSTA refuses a file, finds no path, or does not finish
 */
export async function worstPath(
  tool: string,
  netlist: string,
  liberty: string,
  top: string,
  clock: number,
): Promise<WorstPath> {
  const folder = await mkdtemp(join(tmpdir(), "xpike-sta-"));
  const script = [
    "read_liberty cells.lib",
    "read_verilog netlist.v",
    `link_design ${top}`,
    "set_cmd_units -time ns",
    "read_sdc constraints.sdc",
    "report_checks -path_delay max -digits 4",
  ];
  const files = {
    ...{ "cells.lib": liberty, "netlist.v": netlist, "constraints.sdc": constraints(clock) },
    "timing.tcl": `${script.join("\n")}\n`,
  };
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const { late, text } = await run(["-no_init", "-no_splash", "-exit", "timing.tcl"], folder);
    if (late) throw new PlatformError("opensta", `${tool} was stopped after ${LONGEST_RUN / 60_000} minutes.`);
    // It goes on behind an error, and its exit code is 0.
    const errors = text.split("\n").filter((line) => line.startsWith("Error"));
    const [from, to] = ["Startpoint", "Endpoint"].map((end) => new RegExp(`^${end}: (\\S+)`, "m").exec(text)?.[1]);
    const slack = /(-?[\d.]+) +slack/.exec(text)?.[1];
    if (errors.length > 0 || from === undefined || to === undefined || slack === undefined) {
      const said = errors.length > 0 ? errors.join("\n") : "No paths were found.";
      throw new PlatformError("opensta", `${tool} does not time the gates of ${top} with this library:\n${said}`);
    }
    return { tool, clock, slack: Number(slack) * 1e-9, from, to };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
