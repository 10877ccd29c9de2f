/** A small machine behind a socket, driven in TypeScript and in C; compiled once. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "vitest";
import { hostCosimMachine } from "../../test/support/cosim-machine.ts";
import { testWith } from "../../test/support/hardware-tools.ts";
import { CONTROL, ERROR, registerOf } from "../rtl/axi/register-map.ts";
import {
  type Answer,
  clear,
  clearInterrupts,
  enableInterrupts,
  expandSeeds,
  runPrompt,
  sendVectors,
  start,
  takeAnswers,
  writeSeeds,
} from "../rtl/host/accelerator.ts";
import { C_DRIVER, C_PROGRAM, C_SOCKET } from "../rtl/host/c-names.ts";
import { ANSWER_FILE, DECISION_FILE, INPUT_FILE } from "../rtl/machine/vectors.ts";
import { connectCosim } from "./cosim-bus.ts";
import { checkCosim } from "./rtl-cosim.ts";

const testInVerilator = await testWith("verilator");
const { folder, served, connected } = hostCosimMachine(3);

/** The last word of a line, cut into numbers of two's complement. */
function numbersOf(name: string, line: number, count: number, bits: number): number[] {
  const word = BigInt(`0x${readFileSync(join(folder, name), "utf8").split("\n")[line].split(" ")[1]}`);
  return Array.from({ length: count }, (_, n) => Number(BigInt.asIntN(bits, word >> BigInt(n * bits))));
}

testInVerilator(
  "the machine says what it is, and every answer through the TypeScript driver is the simulator's",
  async () => {
    await connected(async ({ bus, identity, prompts }) => {
      const { outputs, answers, totalBits, decisionBits } = identity;
      expect([identity.version, identity.experiment, identity.vectors, answers]).toEqual(["0.0.0", 0xc0db_0001, 10, 3]);
      const found: Answer[] = [];
      for (const prompt of prompts) found.push(...(await runPrompt(bus, identity, prompt)));
      expect(found).toEqual(
        Array.from({ length: 9 }, (_, n) => ({
          totals: numbersOf(ANSWER_FILE, n, outputs, totalBits / outputs),
          decision: numbersOf(DECISION_FILE, n, 1, decisionBits + 1)[0],
        })),
      );
      expect(await bus.read(registerOf("CLOCKS").offset)).toBe(identity.schedule);
      expect(await bus.read(registerOf("PROMPTS").offset)).toBe(3);
    });
  },
);

testInVerilator(
  "a prompt's number gives the answers of its seeds, also when it comes while another prompt runs",
  async () => {
    await connected(async ({ bus, identity, prompts, answers }) => {
      for (const number of [2, 0, 1]) {
        const { vectors } = prompts[number];
        expect(await runPrompt(bus, identity, { seeds: number, vectors })).toEqual(answers[number]);
      }
      await expandSeeds(bus, 1);
      await start(bus);
      await sendVectors(bus, identity, prompts[1].vectors);
      await expandSeeds(bus, 2);
      await expect(expandSeeds(bus, 0)).rejects.toThrow("was refused (SLVERR)");
      expect(await bus.read(registerOf("WAITING").offset)).toBe(1);
      expect(await takeAnswers(bus, identity)).toEqual(answers[1]);
      await start(bus);
      await sendVectors(bus, identity, prompts[2].vectors);
      expect(await takeAnswers(bus, identity)).toEqual(answers[2]);
      expect(await bus.read(registerOf("WAITING").offset)).toBe(0);
    });
  },
);

testInVerilator("a total that differs is counted", async () => {
  const { port } = await served();
  expect(await checkCosim(folder, port)).toMatchObject({ prompts: 3, answers: 9, differing: 0 });
  const path = join(folder, ANSWER_FILE);
  const right = readFileSync(path, "utf8");
  writeFileSync(
    path,
    right.replace(/[0-9a-f]\n/, (digit) => `${(Number.parseInt(digit, 16) ^ 1).toString(16)}\n`),
  );
  try {
    expect(await checkCosim(folder, port, { prompts: 2 })).toMatchObject({ prompts: 2, answers: 6, differing: 1 });
  } finally {
    writeFileSync(path, right);
  }
});

testInVerilator("the C driver compiles without a warning, and its answers are the simulator's", async () => {
  const { port } = await served();
  const run = (program: string, ...args: string[]) => promisify(execFile)(program, args, { cwd: folder });
  await run("gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-o", "run", C_PROGRAM, C_SOCKET, C_DRIVER);
  const path = join(folder, ANSWER_FILE);
  const right = readFileSync(path, "utf8");
  writeFileSync(
    path,
    right.replace(/[0-9a-f]\n/, (digit) => `${(Number.parseInt(digit, 16) ^ 1).toString(16)}\n`),
  );
  const differs = await run("./run", "127.0.0.1", String(port)).catch((error: { stdout: string }) => error);
  expect(differs.stdout).toContain("FAIL 3 prompts, 1 answers differ");
  writeFileSync(path, right);
  const { stdout } = await run("./run", "127.0.0.1", String(port));
  const decisions = readFileSync(join(folder, DECISION_FILE), "utf8").trim().split("\n");
  const expected = decisions.map((line) => String(Number.parseInt(line.split(" ")[1], 16)));
  const passed = [...expected, "PASS 3 prompts, 0 answers differ from the simulator's"];
  expect(stdout.trim().split("\n")).toEqual(passed);
  const { stdout: numbered } = await run("./run", "127.0.0.1", String(port), "numbers");
  expect(numbered.trim().split("\n")).toEqual(passed);
});

testInVerilator(
  "a prompt that ends early raises an interrupt, and the machine answers again after a clear",
  async () => {
    await connected(async ({ bus, identity, prompts, answers }) => {
      await enableInterrupts(bus, "error");
      await start(bus);
      await expect(writeSeeds(bus, identity, prompts[0].seeds)).rejects.toThrow(
        /write to 0x1000 was refused \(SLVERR\)/,
      );
      expect([(await bus.clocks()).interrupt, await bus.read(registerOf("ERROR").offset)]).toEqual([
        true,
        2 ** ERROR.seed,
      ]);
      await clearInterrupts(bus, "error");
      expect((await bus.clocks()).interrupt).toBe(false);
      await bus.send(prompts[0].vectors.subarray(0, prompts[0].vectors.length / 2), identity.vectors / 2);
      expect(await bus.read(registerOf("ERROR").offset)).toBe(2 ** ERROR.seed + 2 ** ERROR.length);
      expect((await bus.clocks()).interrupt).toBe(true);
      const { clocks } = await bus.clocks();
      await expect(bus.within(50).receive(3, 2)).rejects.toThrow(/not done in 50 clocks: \d came through/);
      expect((await bus.clocks()).clocks).toBe(clocks + 50);
      await clear(bus);
      expect((await bus.clocks()).interrupt).toBe(false);
      expect(await runPrompt(bus, identity, prompts[1])).toEqual(answers[1]);
      await expect(bus.write(registerOf("ID").offset, 0)).rejects.toThrow("SLVERR");
      await expect(bus.read(2 ** 31)).rejects.toThrow("SLVERR");
    });
  },
);

testInVerilator("damaged requests end their connection, not the server", async () => {
  const { port } = await served();
  const frame = [2, 15, 0x58, 0x50, 0x0c, 0, 0, 0, 2 ** CONTROL.clear, 0, 0, 0];
  const damaged = [
    { ...frame, 0: 9 },
    { ...frame, 1: 16 },
    { ...frame, 2: 0 },
    { ...frame, 0: 1, 1: 1 },
    // More vectors than a request may bring, and more clocks.
    { ...frame, 0: 3, 1: 0, 7: 0x7f },
    { ...frame, 0: 4, 1: 0, 11: 0x7f },
  ].map((bytes: Readonly<Record<number, number>>) => Uint8Array.from(frame, (_, n) => bytes[n]));
  for (const bytes of damaged) {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.write(bytes);
    const said: Buffer[] = [];
    socket.on("data", (part: Buffer) => said.push(part));
    await once(socket, "close");
    expect([...Buffer.concat(said).subarray(0, 4)], String(bytes)).toEqual([3, expect.any(Number), 0x58, 0x50]);
  }
  await connected(async ({ bus, identity, prompts, answers }) => {
    expect(await runPrompt(bus, identity, prompts[0])).toEqual(answers[0]);
    await expect(takeAnswers(bus.within(10), identity)).rejects.toThrow("0 came through");
  });
});

testInVerilator("a folder of another machine is refused, and the server ends when a driver says quit", async () => {
  const path = join(folder, INPUT_FILE);
  const right = readFileSync(path, "utf8");
  writeFileSync(path, right.replace(/\n$/, "\n0\n"));
  const { port, ended } = await served();
  await expect(checkCosim(folder, port)).rejects.toThrow("31 lines, but the accelerator takes or gives 10 per prompt");
  writeFileSync(path, right);
  const { stdout } = await promisify(execFile)("./run", ["127.0.0.1", String(port), "quit"], { cwd: folder });
  expect(stdout).toContain("PASS 3 prompts");
  await ended;
  await expect(connectCosim(port)).rejects.toThrow(/No co-simulation at 127\.0\.0\.1, port \d+/);
});
