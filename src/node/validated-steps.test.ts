import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MANIFEST_FILE, validatedSteps } from "./validated-steps.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "validated-"));
});
afterAll(() => rm(folder, { recursive: true }));

const write = (text: string) => writeFile(join(folder, MANIFEST_FILE), text);
const of = (name: string) => validatedSteps(join(folder, name));

test("reads the steps at which a network was validated from the manifest beside it", async () => {
  expect(await of("a.safetensors")).toEqual([]);
  const networks = [
    { name: "a", file: "a.safetensors", sha256: "0", validatedSteps: [1, 2] },
    { name: "b", file: "b.safetensors", result: "loss 0.785" },
    { name: "dropped", file: null, validatedSteps: [4] },
  ];
  await write(JSON.stringify({ networks }));
  expect(await of("a.safetensors")).toEqual([1, 2]);
  expect(await of("b.safetensors")).toEqual([]);
  expect(await of("c.safetensors")).toEqual([]);
});

test("a manifest that cannot be read vouches for nothing", async () => {
  for (const text of ["{", "[]", JSON.stringify({ networks: [{ file: "a.safetensors", validatedSteps: ["2"] }] })]) {
    await write(text);
    expect(await of("a.safetensors"), text).toEqual([]);
  }
});
