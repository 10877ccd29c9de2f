/**
 * Counts the signal changes of a machine's first prompt, with Verilator. Its dump goes through a pipe and is counted while it is
 * written, because it would fill a gigabyte of disk.
 */
import { spawn } from "node:child_process";
import { constants } from "node:fs";
import { mkdir, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { FileError, PlatformError } from "../errors.ts";
import { FILE_LIST, fileList, TESTBENCH_LIST } from "../rtl/bundle.ts";
import { MACHINE_TESTBENCH, PROMPTS } from "../rtl/machine/testbench.ts";
import { dumpReader } from "../rtl/power/dump.ts";
import type { MappedNetlist } from "../rtl/power/mapped-netlist.ts";
import { type Transitions, transitionCounter } from "../rtl/power/transitions.ts";
import { readSources, readTestbenches } from "./rtl-folder.ts";
import { DUMPED, hasTool, isRight } from "./rtl-simulators.ts";
import { type Outcome, runTool } from "./tool.ts";

const TOP = "xpike_activity";
/** Path of the machine in the testbench. */
const SCOPE = `${TOP}.u_tb.u_machine`;
/** Sources in a folder may not write files; this one comes with the package. */
const MODULE = `module ${TOP};
  ${MACHINE_TESTBENCH} u_tb ();
  string path;
  initial if ($value$plusargs("dump=%s", path)) begin
    $dumpfile(path);
    $dumpvars;
  end
endmodule
`;
/** Vectors of any width, and registers in arrays; those of memories, which are longer, are not counted. */
const TRACED = ["--trace", "--trace-max-width", "1000000", "--trace-max-array", "1024"];

/** A folder's first prompt, ready to run. */
export interface CompiledPrompt {
  /** Throws PlatformError when the prompt fails. */
  count(netlist: MappedNetlist): Promise<Transitions>;
  close(): Promise<void>;
}

/** Throws PlatformError when it is missing. */
export async function requireVerilator(): Promise<void> {
  if (await hasTool("verilator")) return;
  throw new PlatformError(
    "verilator",
    "Power needs Verilator to simulate a prompt, and it is not installed. Install it, or leave --power out.",
  );
}

/**
 * Throws  FileError when the folder is not from `xpike rtl --machine`, or a source contains something that `xpike rtl` never
 *         writes; PlatformError when Verilator is missing or refuses the sources
 */
export async function compilePrompt(folder: string): Promise<CompiledPrompt> {
  const [sources, testbenches] = [await readSources(folder), await readTestbenches(folder)];
  if (!Object.hasOwn(testbenches, `${MACHINE_TESTBENCH}.sv`)) {
    throw new FileError(
      folder,
      `Power is computed for the first prompt of a whole machine, but this folder has no ${MACHINE_TESTBENCH}.sv. Write a machine with ` +
        "xpike rtl EXPERIMENT --machine, or leave --power out.",
    );
  }
  await requireVerilator();
  const work = await mkdtemp(join(tmpdir(), "xpike-activity-"));
  const close = () => rm(work, { recursive: true, force: true });
  try {
    const copies = join(work, "sources");
    await mkdir(copies);
    const lists = { [FILE_LIST]: fileList(sources), [TESTBENCH_LIST]: fileList(testbenches), [`${TOP}.sv`]: MODULE };
    for (const [name, text] of Object.entries({ ...sources, ...testbenches, ...lists })) {
      await writeFile(join(copies, name), text);
    }
    const build = [...DUMPED, ...TRACED, "--Mdir", join(work, TOP), `${TOP}.sv`, "--top-module", TOP];
    const built = await runTool("verilator", build, copies);
    if (!built.ok) throw failure("Verilator does not compile the machine", built);
    return { count: (netlist) => countTransitions(join(work, TOP, `V${TOP}`), folder, work, netlist), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function countTransitions(
  program: string,
  folder: string,
  work: string,
  netlist: MappedNetlist,
): Promise<Transitions> {
  const pipe = join(work, "dump");
  const made = await runTool("mkfifo", [pipe], work);
  if (!made.ok) throw failure("Cannot create a pipe for the dump", made);
  // Verilator opens a pipe only if it already has a reader.
  const keeper = await open(pipe, constants.O_RDWR | constants.O_NONBLOCK);
  const reader = spawn("cat", [pipe], { stdio: ["ignore", "pipe", "ignore"] });
  const counter = transitionCounter(netlist, SCOPE);
  const dump = dumpReader(counter);
  const read = (async () => {
    for await (const piece of reader.stdout) dump.push(piece as Uint8Array);
  })();
  // If the reader stops, the simulation continues.
  read.catch(() => reader.kill());
  const ran = await runTool(program, [`+${PROMPTS}=1`, `+dump=${pipe}`], resolve(folder));
  await keeper.close();
  if (!isRight(ran)) {
    reader.kill();
    await read.catch(() => {});
    throw failure("The machine's first prompt failed", ran);
  }
  await read;
  dump.end();
  return counter.result();
}

const failure = (what: string, { late, text }: Outcome) =>
  new PlatformError("verilator", `${what}:\n${late ? "It was stopped at its limit of processor time." : text}`);
