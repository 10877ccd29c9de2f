// @module-tag program
/** Prompts through the queue of a small machine in co-simulation, in TypeScript and in C: answers, refusals, and a clear. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect } from "vitest";
import { hostCosimMachine } from "../../test/support/cosim-machine.ts";
import { testWith } from "../../test/support/hardware-tools.ts";
import { stream } from "../numeric/stream.ts";
import { ERROR, type RegisterName, registerOf } from "../rtl/axi/register-map.ts";
import {
  type Answer,
  type Bus,
  clear,
  enableInterrupts,
  expandSeeds,
  isIdle,
  queueRoom,
  runQueue,
  sendVectors,
  start,
  submit,
  takeAnswers,
} from "../rtl/host/accelerator.ts";
import { C_DRIVER, C_PROGRAM, C_SOCKET } from "../rtl/host/c-names.ts";
import { checkCosim } from "./rtl-cosim.ts";

const testInVerilator = await testWith("verilator");
const PROMPTS = 64;
const { folder, served, connected } = hostCosimMachine(PROMPTS);

const read = (bus: Bus, name: RegisterName) => bus.read(registerOf(name).offset);
const write = (bus: Bus, name: RegisterName, word: number) => bus.write(registerOf(name).offset, word);

testInVerilator(
  "64 prompts through the queue by the TypeScript driver, with host stalls: no answer differs",
  async () => {
    await connected(async ({ bus, identity, prompts, answers }) => {
      const random = stream(1);
      const waiting: number[] = [];
      const before = await read(bus, "PROMPTS");
      /** A host that is late: the machine goes on for some clocks at each of its transfers. */
      const late = async () => {
        for (let n = random.integer(40); n > 0; n--) waiting.push(await read(bus, "QUEUED"));
      };
      const stalling: Bus = {
        ...bus,
        send: async (vectors, count) => {
          await late();
          await bus.send(vectors, count);
          await late();
        },
        receive: async (count, bytes) => {
          const first = await bus.receive(1, bytes);
          await late();
          const rest = await bus.receive(count - 1, bytes);
          return Uint8Array.from([...first, ...rest]);
        },
      };
      const found: Answer[][] = [];
      const all = prompts.map(({ vectors }, number) => ({ number, vectors }));
      for await (const own of runQueue(stalling, identity, all)) found.push(own);
      expect(found).toEqual(answers);
      expect(Math.max(...waiting)).toBeGreaterThan(identity.queueDepth / 2);
      expect(Math.max(...waiting)).toBeLessThanOrEqual(identity.queueDepth);
      expect((await read(bus, "PROMPTS")) - before).toBe(PROMPTS);
      expect([await isIdle(bus), await queueRoom(bus)]).toEqual([true, identity.queueDepth]);
    });
  },
);

testInVerilator("64 prompts through the queue by the C driver: no answer differs", async () => {
  const { port } = await served();
  const run = (program: string, ...args: string[]) => promisify(execFile)(program, args, { cwd: folder });
  await run("gcc", "-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-o", "run", C_PROGRAM, C_SOCKET, C_DRIVER);
  const { stdout } = await run("./run", "127.0.0.1", String(port), "queue");
  expect(stdout).toContain(`PASS ${PROMPTS} prompts, 0 answers differ`);
  expect(await checkCosim(folder, port, { queue: true })).toMatchObject({ prompts: PROMPTS, differing: 0 });
});

testInVerilator(
  "a number for a full queue is refused, the others keep their order, and a clear drops what waits",
  async () => {
    await connected(async ({ bus, identity, prompts, answers }) => {
      const { queueDepth } = identity;
      const numbers = Array.from({ length: queueDepth + 1 }, (_, n) => PROMPTS - 1 - n);
      const run = async (number: number) => {
        await sendVectors(bus, identity, prompts[number].vectors);
        expect(await takeAnswers(bus, identity)).toEqual(answers[number]);
      };
      await clear(bus);
      await enableInterrupts(bus, "drained");
      // One more than the queue holds: the seeds of the first are made.
      for (const number of numbers) await submit(bus, number);
      expect([await read(bus, "QUEUED"), await queueRoom(bus), await isIdle(bus)]).toEqual([queueDepth, 0, false]);
      await expect(submit(bus, 7)).rejects.toThrow("SLVERR");
      await expect(start(bus)).rejects.toThrow("SLVERR");
      await expect(expandSeeds(bus, 7)).rejects.toThrow("SLVERR");
      const refused = 2 ** ERROR.submit + 2 ** ERROR.start + 2 ** ERROR.seed;
      expect(await read(bus, "ERROR")).toBe(refused);
      await write(bus, "ERROR", refused);
      for (const number of numbers.slice(0, 3)) {
        await run(number);
        expect([await read(bus, "ANSWERED"), (await bus.clocks()).interrupt]).toEqual([number, false]);
      }
      const left = await read(bus, "QUEUED");
      expect(left).toBe(queueDepth - 3);
      await clear(bus);
      expect([await read(bus, "QUEUED"), await isIdle(bus), await read(bus, "ERROR")]).toEqual([0, true, 0]);
      await expect(sendVectors(bus.within(2000), identity, prompts[0].vectors)).rejects.toThrow("0 came through");
      for (const number of [5, 4]) await submit(bus, number);
      for (const number of [5, 4]) {
        await run(number);
        expect([await read(bus, "ANSWERED"), (await bus.clocks()).interrupt]).toEqual([number, number === 4]);
      }
      await clear(bus);
    });
  },
);

testInVerilator("the host's own numbers and starts come between, but never mix with those of the queue", async () => {
  await connected(async ({ bus, identity, prompts, answers }) => {
    await expandSeeds(bus, 9);
    await expect(submit(bus, 8)).rejects.toThrow("SLVERR");
    await start(bus);
    await submit(bus, 8);
    for (const number of [9, 8]) {
      await sendVectors(bus, identity, prompts[number].vectors);
      expect(await takeAnswers(bus, identity)).toEqual(answers[number]);
      expect(await read(bus, "ANSWERED")).toBe(number);
    }
    await clear(bus);
  });
});
