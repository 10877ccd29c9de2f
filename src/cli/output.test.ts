import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sampleDraft } from "../../test/support/sample-report.ts";
import { tinyDocument, tinyExperiment } from "../../test/support/tiny-training.ts";
import { FileError } from "../errors.ts";
import { encodeCheckpoint } from "../model/checkpoint.ts";
import { initialise } from "../model/network.ts";
import { stream } from "../numeric/stream.ts";
import { buildReport } from "../report/build-report.ts";
import { createTask, networkGeometry } from "../task/create.ts";
import { deliver } from "./output.ts";
import { main } from "./program.ts";
import type { Terminal } from "./terminal.ts";

let folder: string;
let misfit: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "xpikeformer-output-"));
  misfit = join(folder, "misfit.json");
  const ann = tinyExperiment({ model: { kind: "ann", width: 16, depth: 1, heads: 2 } });
  const network = initialise(ann.model, networkGeometry(ann, createTask(ann)), stream(1));
  await writeFile(join(folder, "ann.safetensors"), encodeCheckpoint(network, {}));
  await writeFile(misfit, JSON.stringify({ ...tinyDocument(), checkpoints: { network: "ann.safetensors" } }));
});
afterAll(() => rm(folder, { recursive: true }));

async function xpike(...argv: string[]) {
  let err = "";
  const terminal: Terminal = {
    ...{ interactive: false, color: false, columns: 100, width: 100, program: "xpike", now: () => 0 },
    out: () => {},
    err: (text) => {
      err += text;
    },
  };
  return { code: await main(argv, terminal), err };
}

test("what cannot be written is printed all the same, and the error follows", async () => {
  const written: string[] = [];
  const terminal = { out: (text: string) => written.push(text), width: 100, color: false, program: "xpike" };
  const report = buildReport(sampleDraft());
  const full = new FileError("out/report.json", "The disk is full.");
  const publish = () => Promise.reject(full);
  const delivery = { brief: () => "the table", publish };
  await expect(deliver(report, "out", {}, terminal as unknown as Terminal, delivery)).rejects.toBe(full);
  expect(written).toEqual(["the table\n"]);
  await deliver(report, "out", {}, terminal as unknown as Terminal, { ...delivery, publish: async () => {} });
  expect(written[1]).toContain(join("out", "report.html"));
});

test("a system that lets too few files be open is said, and no defect", async () => {
  let shown = "";
  const failing = {
    ...{ color: false, program: "xpike" },
    out: () => {
      throw Object.assign(new Error("too many open files"), { code: "EMFILE" });
    },
    err: (text: string) => {
      shown += text;
    },
  };
  expect(await main(["schema"], failing as unknown as Terminal)).toBe(2);
  expect(shown).toContain(
    "PlatformError at files\n  The command needs more open files than this process is allowed. Raise",
  );
});

// The network is an ANN, which the hardware does not run: known only when it is to be mapped.
describe.each(["run", "eval", "cost", "rtl"])("xpike %s", (command) => {
  test("leaves no folder behind when it fails, and one that was there before as it was", async () => {
    const out = join(folder, command, "deep");
    expect(await xpike(command, misfit, "--out", out)).toMatchObject({
      code: 2,
      err: expect.stringContaining(`the file holds one of kind "ann"`),
    });
    expect(existsSync(join(folder, command))).toBe(false);
    await mkdir(out, { recursive: true });
    expect((await xpike(command, misfit, "--out", out)).code).toBe(2);
    expect(existsSync(out)).toBe(true);
  });

  test("refuses a folder that cannot be made before it works", async () => {
    const { code, err } = await xpike(command, misfit, "--out", join(misfit, "deep"));
    expect(code).toBe(2);
    expect(err).toContain("a part of the path is a file");
  });
});
