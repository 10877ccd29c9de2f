// @module-tag slow
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand } from "../../test/support/run-command.ts";
import { parseReport } from "../report/json.ts";
import { networkFile } from "./networks.ts";
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

describe("the bundled network of four blocks, which runs fewer steps than it was trained for", () => {
  const NAME = "wireless-2x2-deep-xpikeformer";
  const file = networkFile(`bundled:${NAME}`);

  test("has the steps that the manifest of the networks lists", async () => {
    const manifest = JSON.parse(await readFile(join(dirname(file), MANIFEST_FILE), "utf8")) as {
      networks: { name: string; validatedSteps?: number[] }[];
    };
    const listed = manifest.networks.find(({ name }) => name === NAME)!.validatedSteps!;
    expect(listed).toContain(2);
    expect(await validatedSteps(file)).toEqual(listed);
  });

  test("has no warning in a run at a listed T; a copy without a manifest beside it has one", async () => {
    await rm(join(folder, MANIFEST_FILE), { force: true });
    await copyFile(file, join(folder, "copy.safetensors"));
    const example = JSON.parse(await readFile("examples/wireless-2x2-deep.json", "utf8")) as { hardware: object };
    const notesOf = async (network: string) => {
      const experiment = {
        ...example,
        hardware: { ...example.hardware, chips: 1 },
        evaluation: { prompts: 2, curvePrompts: 1, curveChips: 1, snrDecibels: [], steps: [2] },
        checkpoints: { network },
      };
      const path = join(folder, "deep.json");
      await writeFile(path, JSON.stringify(experiment));
      const { code, out, err } = await runCommand(
        "run",
        path,
        "--json",
        "--threads",
        "1",
        "--out",
        join(folder, "out"),
      );
      expect(code, err).toBe(0);
      return parseReport(out).notes.filter((note) => /train(ed|ing)/i.test(note));
    };
    const [note, ...others] = await notesOf(`bundled:${NAME}`);
    expect(note).toMatch(/^T = 2 was checked on validation prompts, after training at T = 4\. /);
    expect(others).toEqual([]);
    expect(await notesOf("copy.safetensors")).toEqual(["model.steps is 2, but the network was trained with 4."]);
  });
});
