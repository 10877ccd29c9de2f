/** The host program and a Verilator simulation of a board, at the two ends of a pseudo-terminal. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { randomRun, smallDesign } from "../../test/support/engine-runs.ts";
import { testWith } from "../../test/support/hardware-tools.ts";
import { stream } from "../numeric/stream.ts";
import { boardBundle } from "../rtl/board/bundle.ts";
import { checkBoard } from "./rtl-board.ts";
import { hasTool } from "./rtl-simulators.ts";

const support = join(import.meta.dirname, "../../test/support");
const folder = mkdtempSync(join(tmpdir(), "xpikeformer-host-"));
const testInVerilator = await testWith("verilator");
let simulations: ChildProcess[] = [];

// 5 tokens: columns of 15 bits in two bytes, and spikes of 5 bits in one.
const design = smallDesign({ tokens: 5, dimension: 6, isCausal: true, draws: "stratified" });
const STEPS = [2, 1, 3];

beforeAll(async () => {
  if (!(await hasTool("verilator"))) return;
  const runs = STEPS.map((steps, n) => randomRun(design, steps, stream(n)));
  const from = { version: "0.0.0", experiment: "random spikes", origin: "Random spikes." };
  const choice = { board: "ulx3s-85f", baud: 1_000_000, fingerprintOf: () => 0xc0db_0001 } as const;
  for (const [name, text] of Object.entries(boardBundle(design, runs, from, choice))) {
    writeFileSync(join(folder, name), text);
  }
  const quick = ["-fno-gate", "-MAKEFLAGS", "OPT_GLOBAL=-O0", "-MAKEFLAGS", "OPT_FAST=-O0"];
  const files = ["-f", "files.f", join(support, "board-pty.sv"), join(support, "board-pty.cpp")];
  const build = [
    "--binary",
    "--timing",
    ...quick,
    "-DBOARD=xpike_board",
    "--top-module",
    "board_pty",
    "--Mdir",
    "build",
    ...files,
  ];
  await promisify(execFile)("verilator", build, { cwd: folder });
});
afterEach(() => {
  for (const simulation of simulations) simulation.kill("SIGKILL");
  simulations = [];
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Starts a board. Returns the name of its port. */
async function startBoard(...args: string[]): Promise<string> {
  const simulation = spawn(join(folder, "build/Vboard_pty"), args, { stdio: ["ignore", "pipe", "inherit"] });
  simulations.push(simulation);
  const [port] = await once(simulation.stdout, "data");
  return String(port).trim();
}

const columns = STEPS.reduce((sum, steps) => sum + steps, 0) * 6;

testInVerilator("every bit of A comes back as the cycle model has it, twice over", async () => {
  const port = await startBoard();
  const expected = { holds: "engine", runs: 3, columns, bits: 5 * columns, repeated: 0 };
  expect(await checkBoard(folder, { port, patience: 20 })).toEqual(expected);
  expect(await checkBoard(folder, { port, patience: 20 })).toEqual(expected);
});

testInVerilator("a bit that differs is found and named", async () => {
  const path = join(folder, "outputs.hex");
  const right = readFileSync(path, "utf8");
  const lines = right.split("\n");
  // Run 1 begins at column 12; its feature 4, token 3.
  lines[16] = (Number.parseInt(lines[16], 16) ^ 8).toString(16).padStart(lines[16].length, "0");
  writeFileSync(path, lines.join("\n"));
  try {
    const check = checkBoard(folder, { port: await startBoard(), patience: 20 });
    await expect(check).rejects.toThrow(
      /^Run 1, step 0, feature 4: A of head 0, token 3 is [01], but the cycle model gives [01]\. 1 of 6 columns/,
    );
  } finally {
    writeFileSync(path, right);
  }
});

testInVerilator("a lost byte is noticed, wherever it was, and its request is sent again", async () => {
  // A resynchronisation is one byte, an identify frame five: byte 6 is that frame's END, byte 30 is in a column of the first run.
  for (const [drop, patience] of [
    [6, 3],
    [30, 20],
  ]) {
    const port = await startBoard(`+drop=${drop}`);
    expect(await checkBoard(folder, { port, patience }), `byte ${drop}`).toMatchObject({ runs: 3, repeated: 1 });
  }
});

testInVerilator("another engine's vectors are refused", async () => {
  const path = join(folder, "board.json");
  const right = readFileSync(path, "utf8");
  writeFileSync(path, right.replace("c0db0001", "c0db0002"));
  try {
    const check = checkBoard(folder, { port: await startBoard(), patience: 20 });
    await expect(check).rejects.toThrow(/runs engine c0db0001, but the vectors of the folder are for c0db0002/);
  } finally {
    writeFileSync(path, right);
  }
});
