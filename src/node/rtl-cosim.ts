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
import { bytesOfHex } from "../rtl/board/protocol.ts";
import { FILE_LIST, fileList } from "../rtl/bundle.ts";
import {
  type Answer,
  clear,
  decodeAnswer,
  type HostPrompt,
  type Identity,
  identify,
  runPrompt,
} from "../rtl/host/accelerator.ts";
import { COSIM_SERVER, cosimServer, LISTENING } from "../rtl/host/cosim-server.ts";
import { ROLLED_LOOPS } from "../rtl/kit/project-files.ts";
import { ANSWER_FILE, DECISION_FILE, INPUT_FILE, SEED_FILE } from "../rtl/machine/vectors.ts";
import { type CosimBus, connectCosim } from "./cosim-bus.ts";
import { readFileChecked } from "./files.ts";
import { readSources } from "./rtl-folder.ts";
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

const VECTOR_FILE_BYTES = 2 ** 30;
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

export interface CosimCheck {
  readonly prompts: number;
  readonly answers: number;
  /** Answers of which a total, or the decision, is not the simulator's. */
  readonly differing: number;
  /** Clocks of the simulation, with register accesses. */
  readonly clocks: number;
}

/** Prompts of a folder, and the answers that the simulator gave. */
export interface FolderPrompts {
  readonly prompts: readonly HostPrompt[];
  readonly answers: readonly (readonly Answer[])[];
}

/**
 * Sends the folder's prompts to a server through the TypeScript driver, and compares every total and decision.
 *
 * @param prompts  the first so many; default all
 * Throws  FileError for a damaged folder; PlatformError when the server does not answer, or runs another machine
 */
export async function checkCosim(
  folder: string,
  port: number,
  {
    prompts: wanted,
    onPrompt = () => {},
  }: { readonly prompts?: number | undefined; readonly onPrompt?: (done: number, all: number) => void } = {},
): Promise<CosimCheck> {
  const first = await connectCosim(port);
  try {
    const identity = await identify(first);
    const bus: CosimBus = first.within(PATIENCE * identity.schedule + SHORTEST_LIMIT);
    const given = await folderPrompts(folder, identity);
    const prompts = given.prompts.slice(0, wanted);
    await clear(bus);
    let differing = 0;
    for (const [p, prompt] of prompts.entries()) {
      const answers = await runPrompt(bus, identity, prompt);
      differing += answers.filter((answer, a) => !isSame(answer, given.answers[p][a])).length;
      onPrompt(p + 1, prompts.length);
    }
    const { clocks } = await bus.clocks();
    return { prompts: prompts.length, answers: prompts.length * identity.answers, differing, clocks };
  } finally {
    first.close();
  }
}

const isSame = (one: Answer, other: Answer) =>
  one.decision === other.decision && one.totals.every((total, n) => total === other.totals[n]);

/** Throws FileError when the files are not those of a machine with this identity. */
export async function folderPrompts(folder: string, identity: Identity): Promise<FolderPrompts> {
  const { seedWords, vectors, vectorBits, answers, totalBits, decisionBits } = identity;
  const [seeds, inputs, totals, decisions] = await Promise.all([
    readWords(folder, SEED_FILE, 32),
    readWords(folder, INPUT_FILE, vectorBits),
    readWords(folder, ANSWER_FILE, totalBits),
    readWords(folder, DECISION_FILE, decisionBits),
  ]);
  const count = seeds.length / seedWords;
  const expected = { [SEED_FILE]: seedWords, [INPUT_FILE]: vectors, [ANSWER_FILE]: answers, [DECISION_FILE]: answers };
  for (const [n, [name, each]] of Object.entries(expected).entries()) {
    const lines = [seeds, inputs, totals, decisions][n].length;
    if (Number.isInteger(count) && lines === count * each) continue;
    throw new FileError(
      join(folder, name),
      `${lines} lines, but the accelerator takes or gives ${each} per prompt. Serve the machine of this folder.`,
    );
  }
  const answerOf = (n: number): Answer => {
    const totalBytes = bytesOf(totals[n], totalBits);
    return decodeAnswer(identity, Uint8Array.from([...totalBytes, ...bytesOf(decisions[n], decisionBits)]));
  };
  const each = <Item>(size: number, p: number, make: (n: number) => Item) =>
    Array.from({ length: size }, (_, n) => make(p * size + n));
  return {
    prompts: Array.from({ length: count }, (_, p) => ({
      seeds: Uint32Array.from(each(seedWords, p, (n) => Number.parseInt(seeds[n], 16))),
      vectors: Uint8Array.from(each(vectors, p, (n) => [...bytesOf(inputs[n], vectorBits)]).flat()),
    })),
    answers: Array.from({ length: count }, (_, p) => each(answers, p, answerOf)),
  };
}

/** Low byte first. */
function bytesOf(digits: string, bits: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(bits / 8));
  bytes.set(bytesOfHex(digits));
  return bytes;
}

/** The last word of each line, of at most so many bits in whole bytes. */
async function readWords(folder: string, name: string, bits: number): Promise<string[]> {
  const path = join(folder, name);
  const text = new TextDecoder().decode(await readFileChecked(path, VECTOR_FILE_BYTES));
  return text
    .trim()
    .split("\n")
    .map((line) => {
      const word = /(?:^| )([0-9a-f]+)$/.exec(line)?.[1];
      if (word !== undefined && word.length <= 2 * Math.ceil(bits / 8)) return word;
      throw new FileError(
        path,
        `"${line.slice(0, 40)}" has no hexadecimal word of ${bits} bits. Write the folder again with xpike rtl.`,
      );
    });
}
