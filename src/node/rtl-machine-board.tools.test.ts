// @module-tag program
/** A board with a machine in Verilator, at the far end of a pseudo-terminal, driven in TypeScript and in C; compiled once. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { testWith } from "../../test/support/hardware-tools.ts";
import { madeInTests, tinyMachine } from "../../test/support/tiny-machine.ts";
import { ERROR, registerOf } from "../rtl/axi/register-map.ts";
import { machineBoardBundle } from "../rtl/board/machine-bundle.ts";
import { MACHINE_BOARD } from "../rtl/board/machine-top.ts";
import { serialBus } from "../rtl/board/serial-bus.ts";
import { FrameLink } from "../rtl/board/serial-line.ts";
import { identify, runPrompt, start, takeAnswers, writeSeeds } from "../rtl/host/accelerator.ts";
import { C_DRIVER, C_PROGRAM, C_SERIAL, C_UART } from "../rtl/host/c-names.ts";
import { ANSWER_FILE, DECISION_FILE } from "../rtl/machine/vectors.ts";
import { checkBoard } from "./rtl-board.ts";
import { folderPrompts } from "./rtl-prompts.ts";
import { hasTool } from "./rtl-simulators.ts";
import { openSerialPort } from "./serial-port.ts";

const support = join(import.meta.dirname, "../../test/support");
const folder = mkdtempSync(join(tmpdir(), "xpikeformer-machine-host-"));
const testInVerilator = await testWith("verilator");
const run = (program: string, ...args: string[]) => promisify(execFile)(program, args, { cwd: folder });
let simulations: ChildProcess[] = [];

beforeAll(async () => {
  if (!(await hasTool("verilator"))) return;
  const { design, vectors } = tinyMachine(
    {
      steps: 2,
      model: { width: 8, heads: 2, depth: 1 },
      hardware: { timing: { clock: 25e6, settle: 2, conversion: 4 } },
    },
    2,
    { kind: "memories", conductanceBits: null },
  );
  const choice = { board: "ulx3s-85f", baud: 1_000_000, fingerprintOf: () => 0xc0db_0001 } as const;
  for (const [name, text] of Object.entries(machineBoardBundle(design, vectors, madeInTests, choice)))
    writeFileSync(join(folder, name), text);
  const quick = ["-fno-gate", "--unroll-stmts", "1", "-MAKEFLAGS", "OPT_GLOBAL=-O0", "-MAKEFLAGS", "OPT_FAST=-O1"];
  const files = ["-f", "files.f", join(support, "board-pty.sv"), join(support, "board-pty.cpp")];
  const tops = [`-DBOARD=${MACHINE_BOARD}`, "--top-module", "board_pty", "--Mdir", "build"];
  await run("verilator", "--binary", "--timing", ...quick, ...tops, ...files);
}, 200_000);
afterEach(() => {
  for (const simulation of simulations) simulation.kill("SIGKILL");
  simulations = [];
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Starts a board. Returns the name of its port. */
async function startBoard(...args: string[]): Promise<string> {
  const simulation = spawn(join(folder, "build/Vboard_pty"), args, {
    cwd: folder,
    stdio: ["ignore", "pipe", "inherit"],
  });
  simulations.push(simulation);
  const [port] = await once(simulation.stdout, "data");
  return String(port).trim();
}

/** A file with its first digit at the end of a line changed, for the time of `use`. */
async function withFault(name: string, use: () => Promise<void>): Promise<void> {
  const path = join(folder, name);
  const right = readFileSync(path, "utf8");
  writeFileSync(
    path,
    right.replace(/[0-9a-f]\n/, (digit) => `${(Number.parseInt(digit, 16) ^ 1).toString(16)}\n`),
  );
  try {
    await use();
  } finally {
    writeFileSync(path, right);
  }
}

const LONG = 200_000;

testInVerilator(
  "every answer over the serial line is the simulator's, and one that differs is counted",
  async () => {
    const port = await startBoard();
    const options = { port, patience: 20 };
    const same = { holds: "machine", prompts: 2, answers: 6, differing: 0, repeated: 0 };
    expect(await checkBoard(folder, options)).toEqual(same);
    await withFault(ANSWER_FILE, async () => {
      expect(await checkBoard(folder, options)).toEqual({ ...same, differing: 1 });
    });
    await withFault("board.json", async () => {
      const path = join(folder, "board.json");
      writeFileSync(path, readFileSync(path, "utf8").replace("c0db0001", "c0db0002"));
      await expect(checkBoard(folder, options)).rejects.toThrow(/runs machine c0db0001, but .* are for c0db0002/);
    });
  },
  LONG,
);

testInVerilator(
  "a request that lost a byte is sent again, also one that the board may do only once",
  async () => {
    // A resynchronisation is one byte, an identify frame five; twelve reads of nine bytes follow, then the write of a clear.
    for (const drop of [9, 120]) {
      const port = await startBoard(`+drop=${drop}`);
      const checked = await checkBoard(folder, { port, patience: 5 });
      expect(checked, `byte ${drop}`).toMatchObject({ differing: 0, repeated: 1 });
    }
  },
  LONG,
);

testInVerilator(
  "what the machine refuses is refused, and the prompt after it is answered",
  async () => {
    const line = await openSerialPort(await startBoard(), 1_000_000);
    try {
      const link = new FrameLink(line, 20_000);
      await link.resynchronise();
      const bus = serialBus(link);
      const identity = await identify(bus);
      const { prompts, answers } = await folderPrompts(folder, identity);
      await expect(takeAnswers(bus, identity)).rejects.toThrow("Answers were requested before any vectors");
      await expect(bus.send(prompts[0].vectors, identity.vectors)).rejects.toThrow("no start admits them");
      await start(bus);
      await expect(writeSeeds(bus, identity, prompts[0].seeds)).rejects.toThrow("was refused (SLVERR)");
      expect(await bus.read(registerOf("ERROR").offset)).toBe(2 ** ERROR.seed);
      await expect(bus.send(prompts[0].vectors.subarray(1), identity.vectors)).rejects.toThrow("another length");
      await bus.write(registerOf("CONTROL").offset, 2);
      expect(await runPrompt(bus, identity, prompts[1])).toEqual(answers[1]);
      expect(await takeAnswers(bus, identity)).toEqual(answers[1]);
      expect(await bus.read(registerOf("CLOCKS").offset)).toBe(identity.schedule);
    } finally {
      await line.close();
    }
  },
  LONG,
);

testInVerilator(
  "the C driver over the serial line compiles without a warning, and its answers are the simulator's",
  async () => {
    const port = await startBoard();
    const strict = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"];
    await run("gcc", ...strict, "-DXPIKE_SERIAL", "-o", "run", C_PROGRAM, C_UART, C_SERIAL, C_DRIVER);
    await withFault(ANSWER_FILE, async () => {
      const differs = await run("./run", port).catch((error: { stdout: string }) => error);
      expect(differs.stdout).toContain("FAIL 2 prompts, 1 answers differ");
    });
    const { stdout } = await run("./run", port);
    const decisions = readFileSync(join(folder, DECISION_FILE), "utf8").trim().split("\n");
    const expected = decisions.map((line) => String(Number.parseInt(line.split(" ")[1], 16)));
    expect(stdout.trim().split("\n")).toEqual([...expected, "PASS 2 prompts, 0 answers differ from the simulator's"]);
  },
  LONG,
);
