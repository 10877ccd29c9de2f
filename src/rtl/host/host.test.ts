import fc from "fast-check";
import { expect, test } from "vitest";
import { smallEdge } from "../../../test/support/small-edge.ts";
import { IDENTITY, REGISTERS, REVISION, type RegisterName } from "../axi/register-map.ts";
import { bytesOfHex } from "../board/protocol.ts";
import { wordText } from "../machine/constants.ts";
import { type Bus, decodeAnswer, identify, loadConstants, runQueue } from "./accelerator.ts";
import { cFiles } from "./c-driver.ts";
import { C_HEADER } from "./c-names.ts";
import { decodeReply, encodeRequest } from "./cosim-protocol.ts";

test("the C header has every register at its offset, and the machine's sizes", () => {
  const header = cFiles(smallEdge, "")[C_HEADER];
  const defined = new Map(
    [...header.matchAll(/^#define XPIKE_(\w+) (\w+)u$/gm)].map(([, name, value]) => [name, Number(value)]),
  );
  for (const { name, offset } of REGISTERS) expect(defined.get(name), name).toBe(offset);
  expect(Object.fromEntries(defined)).toMatchObject({
    ...{
      CONTROL_START: 1,
      CONTROL_CLEAR: 2,
      STATUS_ERROR: 4,
      ERROR_START: 4,
      INTERRUPT_ERROR: 2,
      IDENTITY: 0x5850_494b,
    },
    ...{ GENERATOR: 0x0102_0003, FINGERPRINT: 0xc0db_0001, SEEDS: 0x1000, PROMPT_SEEDS: 5, VECTOR_BYTES: 2 },
    ...{ CONSTANT_WORDS: 0x4c, CONSTANT_COUNT: 0, LAYOUT: 0x50, CONSTANT_LAYOUT: 0 },
    ...{ ANSWER_BYTES: 4, ANSWER_TOTALS: 3, TOTAL_WIDTH: 7, DECISION_AT: 24, DECISION_WIDTH: 3 },
  });
});

test("an answer's bytes give back its totals and its decision", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 32 }).chain((bits) =>
        fc.record({
          bits: fc.constant(bits),
          totals: fc.array(fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 }), {
            minLength: 1,
            maxLength: 20,
          }),
          decision: fc.integer({ min: 0, max: 2 ** 16 - 1 }),
        }),
      ),
      ({ bits, totals, decision }) => {
        const identity = { outputs: totals.length, totalBits: bits * totals.length, decisionBits: 16 };
        const low = bytesOfHex(wordText(totals, bits));
        const bytes = Uint8Array.from([...low, decision & 0xff, decision >> 8]);
        expect(low).toHaveLength(Math.ceil(identity.totalBits / 8));
        expect(decodeAnswer(identity, bytes)).toEqual({ totals, decision });
      },
    ),
  );
});

test("frames have the bytes of the protocol's table, and other bytes are no reply", () => {
  const payload = Uint8Array.of(9, 8);
  expect([...encodeRequest({ kind: "send", first: 0x0102_0304, second: 5, payload })]).toEqual([
    ...[3, 0, 0x58, 0x50, 4, 3, 2, 1, 5, 0, 0, 0, 9, 8],
  ]);
  const reply = [2, 3, 0x58, 0x50, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0];
  expect(decodeReply(Uint8Array.from(reply))).toEqual({
    status: 2,
    last: true,
    interrupt: true,
    first: 2 ** 32 - 1,
    second: 1,
  });
  for (const damaged of [reply.slice(1), reply.with(2, 0), reply.with(3, 0x58)])
    expect(decodeReply(Uint8Array.from(damaged))).toBeNull();
});

/** A machine of one vector and one answer whose bus has these registers, and records what is written. */
function machineWith(registers: Partial<Record<RegisterName, number>>) {
  const sizes = { SCHEDULE: 9, VECTORS: 1, VECTOR_BITS: 8, ANSWERS: 1, OUTPUTS: 1, TOTAL_BITS: 8, DECISION_BITS: 8 };
  const seeds = { SEED_BASE: 0x1000, SEED_WORDS: 1, DEPTH: 4, ROOM: 4 };
  const words = new Map<number, number>(
    REGISTERS.map(({ name, offset }) => [
      offset,
      { ID: IDENTITY, REVISION, ...sizes, ...seeds, ...registers }[name] ?? 0,
    ]),
  );
  const written: [number, number][] = [];
  const bus: Bus = {
    read: async (address) => words.get(address)!,
    write: async (address, word) => void written.push([address, word]),
    send: async () => {},
    receive: async (count, bytes) => new Uint8Array(count * bytes),
  };
  return { bus, written };
}

test.each([2, 4])("answers to prompt 3 that the machine counts to prompt %d are refused", async (ANSWERED) => {
  const run = async (counted: number) => {
    const { bus } = machineWith({ ANSWERED: counted });
    return (await runQueue(bus, await identify(bus), [{ number: 3, vectors: Uint8Array.of(1) }]).next()).value;
  };
  expect(await run(3)).toEqual([{ totals: [0], decision: 0 }]);
  await expect(run(ANSWERED)).rejects.toThrow(`The answers are of prompt ${ANSWERED}, but the vectors were of 3`);
});

test("constants of another layout, or of another number, are refused before any is written", async () => {
  const { bus, written } = machineWith({ CONSTANT_WORDS: 2, LAYOUT: 7 });
  const identity = await identify(bus);
  const words = Uint32Array.of(5, 6);
  for (const other of [
    { layout: 8, words },
    { layout: 7, words: words.subarray(1) },
  ]) {
    await expect(loadConstants(bus, identity, other)).rejects.toThrow(
      "but the machine takes 2 words of layout 00000007",
    );
  }
  expect(written).toEqual([]);
  await loadConstants(bus, identity, { layout: 7, words });
  expect(written).toEqual([
    [0x1004, 5],
    [0x1008, 6],
  ]);
});
