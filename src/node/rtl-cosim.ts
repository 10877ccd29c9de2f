/**
 * Co-simulation: Verilator's model of a folder's `xpike_axi` behind a socket, and the folder's prompts sent to it by the
 * TypeScript driver.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileError, PlatformError } from "../errors.ts";
import { AXI_TOP } from "../rtl/axi/top.ts";
import { FILE_LIST, fileList } from "../rtl/bundle.ts";
import { identify } from "../rtl/host/accelerator.ts";
import { COSIM_SERVER, cosimServer, LISTENING } from "../rtl/host/cosim-server.ts";
import { ROLLED_LOOPS } from "../rtl/kit/project-files.ts";
import { connectCosim } from "./cosim-bus.ts";
import { readSources } from "./rtl-folder.ts";
import { type PromptCheck, type PromptChoice, sendPrompts } from "./rtl-prompts.ts";
import { JOBS, SMALL } from "./rtl-simulators.ts";
import { runTool } from "./tool.ts";

/** A running server. */
export interface Cosim {
  readonly port: number;
  /** Resolves when the server has ended. */
  readonly ended: Promise<void>;
  /** Ends the server, and deletes what was compiled. */
  close(): Promise<void>;
}

/** Clocks per packet: this multiple of the schedule, and some for a short one. */
const [PATIENCE, SHORTEST_LIMIT] = [4, 10_000];

/**
 * Compiles the folder's machine with its server, and starts it.
 *
 * @param port  on the loopback interface; 0: a free one
 * Throws  FileError for a folder without a machine; PlatformError without Verilator or a C++ compiler, or when it refuses the sources
 */
export async function startCosim(folder: string, { port = 0 }: { readonly port?: number } = {}): Promise<Cosim> {
  const sources = await readSources(folder);
  if (!Object.hasOwn(sources, `${AXI_TOP}.sv`)) {
    throw new FileError(
      folder,
      `This folder has no ${AXI_TOP}.sv to simulate. Write a machine with xpike rtl EXPERIMENT --machine --out FOLDER.`,
    );
  }
  const work = await mkdtemp(join(tmpdir(), "xpike-cosim-"));
  const remove = () => rm(work, { recursive: true, force: true });
  try {
    const copies = join(work, "sources");
    await mkdir(copies);
    const files = { ...sources, [FILE_LIST]: fileList(sources), [`${COSIM_SERVER}.cpp`]: cosimServer };
    for (const [name, text] of Object.entries(files)) await writeFile(join(copies, name), text);
    const program = await compile(copies, join(work, "build"));
    const server = spawn(program, [String(port)], { cwd: folder, stdio: ["pipe", "pipe", "pipe"] });
    const closed = once(server, "close");
    const ended = closed.then(remove, remove);
    const close = async () => {
      server.kill();
      await ended;
    };
    return { port: await portOf(server, closed), ended, close };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function compile(sources: string, build: string): Promise<string> {
  const flags = ["--cc", "--exe", "--build", ...SMALL, ...ROLLED_LOOPS, ...JOBS, "-MAKEFLAGS", "OPT_FAST=-O1"];
  const files = ["-f", FILE_LIST, `${COSIM_SERVER}.cpp`, "--top-module", AXI_TOP];
  const built = await runTool("verilator", [...flags, ...files, "--Mdir", build, "-o", COSIM_SERVER], sources);
  if (built.ok) return join(build, COSIM_SERVER);
  const missing = "Co-simulation compiles the machine: install Verilator 5, a C++ compiler and make.";
  if (!built.found) throw new PlatformError("verilator", `verilator is not installed. ${missing}`);
  if (built.late)
    throw new PlatformError("verilator", "The machine was not compiled in ten minutes. Take a smaller network.");
  throw new PlatformError("verilator", `The machine cannot be compiled. ${missing}\n${built.text.slice(-2000)}`);
}

async function portOf(server: ReturnType<typeof spawn>, closed: Promise<unknown>): Promise<number> {
  let said = "";
  const port = new Promise<number>((found) => {
    for (const pipe of [server.stdout!, server.stderr!]) {
      pipe.setEncoding("utf8").on("data", (text: string) => {
        said = (said + text).slice(-4096);
        const line = LISTENING.exec(said);
        if (line) found(Number(line[1]));
      });
    }
  });
  const first = await Promise.race([port, closed.then(() => null)]);
  if (first !== null) return first;
  throw new PlatformError("cosim", `The simulation did not start: ${said.trim()}`);
}

export interface CosimCheck extends PromptCheck {
  /** Clocks of the simulation, with register accesses. */
  readonly clocks: number;
}

/**
 * Sends the folder's prompts to a server through the TypeScript driver, and compares every total and decision.
 *
 * Throws  FileError for a damaged folder; PlatformError when the server does not answer, or runs another machine
 */
export async function checkCosim(folder: string, port: number, options: PromptChoice = {}): Promise<CosimCheck> {
  const first = await connectCosim(port);
  try {
    const { schedule } = await identify(first);
    const bus = first.within(PATIENCE * schedule + SHORTEST_LIMIT);
    const checked = await sendPrompts(folder, bus, options);
    return { ...checked, clocks: (await bus.clocks()).clocks };
  } finally {
    first.close();
  }
}
