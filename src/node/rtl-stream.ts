/**
 * Long checks of an engine: compiled once by Verilator or Icarus, it then takes runs on its standard input
 * (`rtl/stream-testbench.ts`), as fast as it can read them. Nothing except the sources is written to disk.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { PlatformError } from "../errors.ts";
import { FILE_LIST } from "../rtl/bundle.ts";
import { type SsaDesign, sourceFiles } from "../rtl/design.ts";
import { END_OF_STREAM, STREAM_TESTBENCH, streamTestbench, streamText } from "../rtl/stream-testbench.ts";
import type { EngineRun } from "../rtl/testbench.ts";

export type SimulatorTool = "verilator" | "iverilog";

/** A compiled engine with its testbench. */
export interface CompiledEngine {
  /** Sends the runs and waits for the verdict. Runs are taken from the iterator as the simulator reads. */
  check(runs: Iterable<EngineRun>): Promise<StreamCheck>;
  /** Deletes the compiled files, if the folder was its own. */
  close(): Promise<void>;
}

export interface StreamCheck {
  readonly result: "pass" | "fail";
  /** Runs, busy clocks, and columns of A that were compared; 0 after a failure. */
  readonly runs: number;
  readonly clocks: number;
  readonly columns: number;
  /** The testbench's line, or the simulator's complaint. */
  readonly detail: string;
}

/** Characters sent at a time. */
const CHUNK = 2 ** 16;
/** Idle clocks before each run, cycled through: runs that follow at once, and runs that wait. */
const IDLE = [0, 2, 0, 0, 1];

/**
 * Compiles the engine, in its own folder or in `workFolder`, which is kept: Verilator's own library is compiled there once for
 * all engines that follow one another. The previous engine is overwritten.
 * Throws  PlatformError when the tool is missing or refuses the sources
 */
export async function compileEngine(
  design: SsaDesign,
  tool: SimulatorTool,
  workFolder?: string,
): Promise<CompiledEngine> {
  const folder = workFolder ?? (await mkdtemp(join(tmpdir(), "xpike-rtl-")));
  const close = async () => {
    if (workFolder === undefined) await rm(folder, { recursive: true, force: true });
  };
  const testbench = `${STREAM_TESTBENCH}.sv`;
  const sources = sourceFiles(design.modules);
  const files = {
    ...sources,
    ...sourceFiles([streamTestbench(design)], design.modules),
    [FILE_LIST]: `${Object.keys(sources).join("\n")}\n`,
  };
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const verilator = ["--binary", "--timing", "--assert", "-O3", "--Mdir", "build", testbench, "-f", FILE_LIST];
    const iverilog = ["-g2012", "-s", STREAM_TESTBENCH, "-o", "tb.vvp", "-f", FILE_LIST, testbench];
    if (tool === "verilator") {
      await build(tool, [...verilator, "--top-module", STREAM_TESTBENCH], folder);
      return { check: (runs) => stream(design, runs, join(folder, "build", `V${STREAM_TESTBENCH}`), []), close };
    }
    await build(tool, iverilog, folder);
    return { check: (runs) => stream(design, runs, "vvp", ["-n", join(folder, "tb.vvp")]), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function build(tool: SimulatorTool, args: readonly string[], cwd: string): Promise<void> {
  try {
    await promisify(execFile)(tool, [...args], { cwd, maxBuffer: 2 ** 26 });
  } catch (error) {
    const { code, stdout, stderr } = error as { code?: unknown; stdout?: string; stderr?: string };
    if (code === "ENOENT") {
      throw new PlatformError(tool, `${tool} is needed to simulate the RTL, but is not installed. Install ${tool}.`);
    }
    throw new PlatformError(tool, `${tool} refuses the sources:\n${stdout ?? ""}${stderr ?? String(error)}`.trim());
  }
}

async function stream(
  design: SsaDesign,
  runs: Iterable<EngineRun>,
  program: string,
  args: readonly string[],
): Promise<StreamCheck> {
  const child = spawn(program, [...args], { stdio: ["pipe", "pipe", "pipe"] });
  let output = "";
  for (const pipe of [child.stdout, child.stderr]) pipe.setEncoding("utf8").on("data", (text) => (output += text));
  const closed = once(child, "close") as Promise<[number | null]>;
  let isOpen = true;
  // A simulator that ends early closes its input; its output says why.
  child.stdin.on("error", () => (isOpen = false));
  closed.finally(() => (isOpen = false)).catch(() => {});
  let pending = "";
  let sent = 0;
  const send = async (text: string) => {
    if (isOpen && !child.stdin.write(text)) await Promise.race([once(child.stdin, "drain"), closed]);
  };
  for (const run of runs) {
    if (!isOpen) break;
    pending += streamText(design, run, IDLE[sent++ % IDLE.length]);
    if (pending.length < CHUNK) continue;
    await send(pending);
    pending = "";
  }
  await send(pending + END_OF_STREAM);
  child.stdin.end();
  const [code] = await closed;
  return verdict(code === 0, output.trim());
}

/** An assertion of the engine prints an error and, in Icarus, lets the simulation continue. */
function verdict(ended: boolean, output: string): StreamCheck {
  const line = /^PASS (\d+) runs, (\d+) clocks, (\d+) columns$/m.exec(output);
  const complained = /^(ERROR|%Error|FAIL)|Assertion failed/m.test(output);
  if (!ended || !line || complained) {
    return { result: "fail", runs: 0, clocks: 0, columns: 0, detail: output || "The simulator said nothing." };
  }
  const [runs, clocks, columns] = line.slice(1).map(Number);
  return { result: "pass", runs, clocks, columns, detail: line[0] };
}
