// @module-tag slow
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { crc32 } from "../numeric/checksum.ts";
import { openUnitLog, readUnitLog } from "./unit-log.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "xpikeformer-units-"));
  path = join(folder, "units.jsonl");
});
afterEach(() => rm(folder, { recursive: true }));

const question = { command: "run", experiment: { seed: 1 } };

async function write(units: readonly (readonly [string, unknown])[]): Promise<void> {
  const log = openUnitLog(path, question, await readUnitLog(path));
  for (const [name, value] of units) log.keep(name, value);
  log.close();
}

async function read(): Promise<(name: string) => readonly unknown[]> {
  return openUnitLog(path, question, await readUnitLog(path)).kept;
}

test("units are restored bit for bit, over several sessions", async () => {
  expect(await readUnitLog(path)).toBeNull();
  const special = { losses: Float64Array.of(0.1, -0, Number.NaN, Infinity), counts: Int32Array.of(-1, 2), none: null };
  await write([["a", special]]);
  await write([
    ["b", [Uint8Array.of(1, 2, 3), "text", { Uint8Array: 3, more: new Float32Array(0) }]],
    ["a", { losses: new Float64Array(3).subarray(1) }],
  ]);
  const kept = await read();
  expect(kept("a")).toEqual([special, { losses: new Float64Array(2) }]);
  expect(kept("b")).toEqual([[Uint8Array.of(1, 2, 3), "text", { Uint8Array: 3, more: new Float32Array(0) }]]);
  expect(kept("c")).toEqual([]);
  expect((await readUnitLog(path))?.question).toEqual(question);
});

test("a file cut anywhere gives the units before the cut, and continues from there", async () => {
  const units = Array.from({ length: 2 }, (_, i) => [`unit ${i}`, Int32Array.of(i)] as const);
  await write(units);
  const whole = await readFile(path);
  const ends = [...whole.entries()].flatMap(([at, byte]) => (byte === 10 ? [at + 1] : []));
  for (let cut = 0; cut <= whole.length; cut++) {
    await writeFile(path, whole.subarray(0, cut));
    const found = await readUnitLog(path);
    // The first line is the question.
    const count = ends.filter((end) => end <= cut).length - 1;
    expect(found === null ? -1 : found.units.size).toBe(count);
    await write(units.slice(Math.max(0, count)));
    expect(await readFile(path)).toEqual(whole);
  }
});

test("a line with a correct checksum that is not JSON, or not an object, ends the file", async () => {
  await write([["a", 1]]);
  const whole = await readFile(path, "utf8");
  for (const forged of ['{"unit":"b"', "null", "3"]) {
    const sum = crc32(new TextEncoder().encode(forged)).toString(16).padStart(8, "0");
    await writeFile(path, `${whole}${sum} ${forged}\n`);
    const found = await readUnitLog(path);
    expect([[...found!.units.keys()], found!.whole]).toEqual([["a"], whole.length]);
  }
});

test("damage to any byte is detected: no unit is read wrongly", async () => {
  const units = Array.from({ length: 3 }, (_, i) => [`unit ${i}`, Int32Array.of(i, 7)] as const);
  await write(units);
  const whole = await readFile(path);
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: whole.length - 1 }),
      fc.integer({ min: 1, max: 255 }),
      async (at, flip) => {
        const damaged = Uint8Array.from(whole);
        damaged[at] ^= flip;
        await writeFile(path, damaged);
        const kept = await read();
        const found = units.map(([name]) => kept(name));
        const first = found.findIndex((values) => values.length === 0);
        expect(first).toBeGreaterThanOrEqual(0);
        for (const [i, values] of found.entries()) expect(values).toEqual(i < first ? [units[i][1]] : []);
      },
    ),
    { seed: 1 },
  );
});

test("a new question replaces the file only with its first unit", async () => {
  await write([["old", 1]]);
  const old = await readFile(path);
  const log = openUnitLog(path, { ...question, command: "eval" }, null);
  expect(await readFile(path)).toEqual(old);
  log.keep("new", 2);
  log.close();
  const found = await readUnitLog(path);
  expect(found?.question).toEqual({ ...question, command: "eval" });
  expect([...(found?.units.keys() ?? [])]).toEqual(["new"]);
});
