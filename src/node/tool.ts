/** How a hardware tool of the system is run: Verilator, Icarus Verilog, Yosys and OpenSTA. */
import { execFile } from "node:child_process";

/** Milliseconds for one run of one tool. Icarus needs longer for engines with a few thousand cells. */
export const LONGEST_RUN = 600_000;

export interface Outcome {
  /** Whether there is such a program. */
  readonly found: boolean;
  readonly ok: boolean;
  /** Whether it was stopped, after `LONGEST_RUN`. */
  readonly late: boolean;
  readonly text: string;
}

export function runTool(tool: string, args: readonly string[], cwd: string): Promise<Outcome> {
  return new Promise((done) => {
    // On SIGTERM, Icarus exits as if all were well.
    const limits = { timeout: LONGEST_RUN, killSignal: "SIGKILL", maxBuffer: 2 ** 26 } as const;
    const child = execFile(tool, [...args], { cwd, ...limits }, (error, stdout, stderr) => {
      const found = error?.code !== "ENOENT" && error?.code !== "EACCES";
      done({ found, ok: error === null, late: error?.killed === true, text: `${stdout}${stderr}`.trim() });
    });
    // OpenSTA waits for commands if its script ends without one.
    child.stdin?.end();
  });
}
