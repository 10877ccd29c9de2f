/** How a hardware tool of the system is run: Verilator, Icarus Verilog, Yosys and OpenSTA. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";

/** Seconds of processor time for one run of one tool. Icarus needs longer for engines with a few thousand cells. */
export const LONGEST_RUN = 600;
/** A tool that waits, instead of working, is stopped after this multiple of its limit on the clock. */
const PATIENCE = 10;
/** Milliseconds between looks at what a tool has used. */
const INTERVAL = 500;
/** Clock ticks per second in `/proc`: `USER_HZ`, 100 on every architecture that Node runs on. */
const TICKS = 100;

export interface Outcome {
  /** Whether there is such a program. */
  readonly found: boolean;
  readonly ok: boolean;
  /** Whether it was stopped at its limit. */
  readonly late: boolean;
  /** The signal on which the tool itself crashed, such as `SIGSEGV`; null if it ended in another way. */
  readonly crash: string | null;
  readonly text: string;
}

/** Seconds of processor time that one run of one tool may use, with all its processes. */
export type ToolLimit = number;

/**
 * Runs a tool to its end or its limit. Other programs on the machine do not count: where `/proc` does not tell processor time, as on
 * macOS, the clock counts instead.
 */
export function runTool(
  tool: string,
  args: readonly string[],
  cwd: string,
  limit: ToolLimit = LONGEST_RUN,
): Promise<Outcome> {
  return new Promise((done) => {
    const isCounted = processorTime(process.pid) !== null;
    const timeout = 1000 * limit * (isCounted ? PATIENCE : 1);
    // On SIGTERM, Icarus exits as if all were well.
    const limits = { timeout, killSignal: "SIGKILL", maxBuffer: 2 ** 26 } as const;
    let late = false;
    const child = execFile(tool, [...args], { cwd, ...limits }, (error, stdout, stderr) => {
      clearInterval(watch);
      const found = error?.code !== "ENOENT" && error?.code !== "EACCES";
      late ||= error?.killed === true;
      const signal = error?.signal ?? null;
      // A program that Verilator made aborts where an assertion fails, which is a result.
      const crash = late || signal === "SIGABRT" ? null : signal;
      done({ found, ok: error === null, late, crash, text: `${stdout}${stderr}`.trim() });
    });
    const watch = setInterval(() => {
      if (child.pid === undefined || (processorTime(child.pid) ?? 0) <= limit) return;
      late = true;
      for (const pid of familyOf(child.pid).reverse()) stop(pid);
    }, INTERVAL);
    // OpenSTA waits for commands if its script ends without one.
    child.stdin?.end();
  });
}

/** Seconds that a process, its living descendants and their ended children have worked; null where `/proc` does not tell. */
export function processorTime(pid: number): number | null {
  const times = familyOf(pid).flatMap((one) => {
    // After the name in parentheses, which may contain spaces: state is field 3; utime, stime, cutime and cstime are 14 to 17.
    const fields = contentOf(`/proc/${one}/stat`)
      ?.replace(/^.*\) /s, "")
      .split(" ");
    return fields ? [fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS] : [];
  });
  return times.length === 0 ? null : times.reduce((sum, one) => sum + one, 0);
}

/** A process and its living descendants. */
function familyOf(pid: number): number[] {
  const children = contentOf(`/proc/${pid}/task/${pid}/children`)?.trim();
  return [pid, ...(children ? children.split(" ").flatMap((child) => familyOf(Number(child))) : [])];
}

function contentOf(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}

function stop(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}
