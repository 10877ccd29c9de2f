// @module-tag program
/**
 * A device module with imports: what they may be, and what the hashes cover. Commands run as processes of their own, are killed, and
 * resume after a file was changed. Runs the built command: `npm run build` first, as `npm test` does.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { createTask, initialise, networkGeometry, parseExperiment, stream } from "../dist/index.js";
import { deviceOfSpec } from "../dist/internal.js";
import { loadExperimentDevice } from "../dist/node.js";
import { encodeCheckpoint } from "../src/model/checkpoint.ts";
import { sha256Of } from "../src/node/content-hash.ts";
import { killProgram, startProgram } from "./support/programs.ts";
import { tinyDocument } from "./support/tiny-training.ts";

const xpike = join(import.meta.dirname, "../dist/cli/main.js");

/** Reads take some milliseconds if the environment says so: enough for a process to be killed halfway. */
const DEVICE = `import { exponential } from "xpikeformer";
import { loss } from "./parts/helper.mjs";
import table from "./table.json" with { type: "json" };
const pause = Number(process.env.PAUSE ?? 0);
export default {
  name: "with files",
  source: "a test",
  maxConductance: table.largest,
  program: (targets) => ({ conductances: targets.map((target) => target * exponential(-loss)) }),
  read({ conductances }) {
    for (const end = performance.now() + pause; performance.now() < end; );
    return conductances;
  },
};
`;
const HELPER = 'export { loss } from "./value.mjs";\n';
const VALUE = "export const loss = 0.25;\n";
const TABLE = '{ "largest": 25 }\n';

const root = mkdtempSync(join(tmpdir(), "xpikeformer-device-files-"));
mkdirSync(join(root, "parts"));
afterAll(() => rmSync(root, { recursive: true }));
const write = (name: string, content: string | Uint8Array) => writeFileSync(join(root, name), content);
beforeEach(() => {
  write("device.mjs", DEVICE);
  write("parts/helper.mjs", HELPER);
  write("parts/value.mjs", VALUE);
  write("table.json", TABLE);
});

const device = { kind: "module" as const, path: "device.mjs" };
const load = async (more: object = {}) => {
  const experiment = parseExperiment({ hardware: { crossbar: { device: { ...device, ...more } } } });
  return (await loadExperimentDevice(experiment, root)).hardware.crossbar.device;
};
const programmed = (spec: Awaited<ReturnType<typeof load>>) =>
  deviceOfSpec(spec).program(Float64Array.of(1), stream(1)).conductances[0];

describe("a device module with imports", () => {
  test("is hashed with each file that it reaches", async () => {
    const over = (...hashes: string[]) => sha256Of(hashes.join("\n"));
    const [helper, value, table] = [HELPER, VALUE, TABLE].map(sha256Of);
    expect(await load()).toEqual({
      ...device,
      imports: { "parts/helper.mjs": helper, "parts/value.mjs": value, "table.json": table },
      sha256: over(sha256Of(DEVICE), over(helper!, value!), table!),
      ...{ maxConductance: 25, devices: 1 },
    });
  });

  test("runs with the files as they are at each load, also in one process", async () => {
    const first = await load();
    write("parts/value.mjs", "export const loss = 0;\n");
    const second = await load();
    expect(programmed(second)).toBe(1);
    expect(programmed(first)).toBeCloseTo(Math.exp(-0.25), 14);
  });

  test("is refused by either hash of an experiment when an imported file has changed", async () => {
    const { sha256, imports } = (await load()) as unknown as { sha256: string; imports: Record<string, string> };
    await expect(load({ sha256, imports })).resolves.toMatchObject({ sha256, imports });
    write("parts/value.mjs", "export const loss = 0;\n");
    await expect(load({ sha256 })).rejects.toMatchObject({
      path: "hardware.crossbar.device.sha256",
      message: expect.stringContaining("or one of these files has changed"),
    });
    await expect(load({ imports })).rejects.toMatchObject({
      path: "hardware.crossbar.device.imports",
      message: expect.stringMatching(/^The device module device\.mjs imports parts\/value\.mjs with SHA-256/),
    });
  });

  test.each([
    ['import("./parts/value.mjs");', "not import()"],
    ["const name = './parts/value.mjs'; import(name);", "not import()"],
    ["new URL('./table.json', import.meta.url);", "import.meta leads to files"],
    ['import { readFileSync } from "node:fs";', "node:fs could bring in"],
    ['import { readFile } from "fs/promises";', "fs/promises could bring in"],
    ['import { createRequire } from "module";', "module could bring in"],
    ['import { z } from "zod";', "but zod is neither"],
    ['import x from "data:text/javascript,export default 1";', "but data:text/javascript,export default 1 is neither"],
    ['import x from "xpikeformer/none";', "has no entry xpikeformer/none"],
    ['import "./parts/native.node";', "device.mjs imports parts/native.node: A device consists of .js"],
    ['import "./gone.mjs";', "device.mjs imports gone.mjs: There is no such file"],
    ['import "./device.mjs";', "device.mjs imports device.mjs: The imports form a circle"],
    ["const broken = [;", "cannot be"],
    ["require('./parts/value.mjs');", "require is not defined"],
  ])("with %s is refused, with the reason", async (line, reason) => {
    write("parts/native.node", "");
    write("device.mjs", `${line}\n${DEVICE}`);
    await expect(load()).rejects.toThrow(reason);
  });

  test("is named when an import of it throws, and a file by its path that lacks an export", async () => {
    write("parts/helper.mjs", "export const loss = missing;\n");
    await expect(load()).rejects.toThrow(/missing is not defined/);
    write("parts/helper.mjs", "export const other = 1;\n");
    await expect(load()).rejects.toThrow(/requested module '\S*\/parts\/helper\.mjs' does not provide/);
  });

  test("whose files are together too large to be read is refused", async () => {
    write("large.json", `"${" ".repeat(2 ** 24)}"`);
    write("device.mjs", `import large from "./large.json" with { type: "json" };\n${DEVICE}`);
    await expect(load()).rejects.toThrow("device.mjs imports large.json: ");
  });

  test("whose imports double with each level is refused before they fill the memory", async () => {
    for (let level = 0; level < 40; level++) {
      const below = `import "./${level}.mjs?a";\nimport "./${level}.mjs?b";\n`;
      write(`${level + 1}.mjs`, below);
    }
    write("0.mjs", "");
    write("device.mjs", `import "./40.mjs";\n${DEVICE}`);
    await expect(load()).rejects.toThrow("Its imports take over 67108864 characters.");
  });
});

/** What shows that a command is halfway, and its results. */
const COMMANDS = {
  run: {
    argv: ["link.json", "--chips", "4", "--prompts", "8"],
    begun: "units.jsonl",
    results: ["report.json", "report.html"],
  },
  eval: {
    argv: ["link.json", "--drift", "1s,1y", "--chips", "4", "--prompts", "8"],
    begun: "units.jsonl",
    results: ["report.json", "report.html"],
  },
  sweep: { argv: ["design.json"], begun: "rows/0000000-0000000.jsonl", results: ["results.csv", "front.html"] },
  train: { argv: ["link.json"], begun: "state.safetensors", results: ["network.safetensors"] },
} as const;

describe.each(Object.entries(COMMANDS))("`xpike %s`, killed halfway,", (command, { argv, begun, results }) => {
  const start = (out: string, pause: number, ...more: string[]) =>
    startProgram(process.execPath, [xpike, command, ...argv, "--out", out, "--threads", "1", ...more], {
      cwd: root,
      env: { ...process.env, PAUSE: String(pause) },
    });
  const end = async (out: string, ...more: string[]) => {
    const run = start(out, 0, ...more);
    const [code] = await run.closed;
    return { code, text: run.text };
  };
  const contents = (out: string) => results.map((name) => readFileSync(join(root, out, name), "latin1"));

  test("refuses to resume with a changed import, which it names, and resumes to the same bytes with the old one", async () => {
    const document = tinyDocument({
      hardware: { crossbar: { device, rows: 16, columns: 16 }, chips: 1 },
      training: { checkpointSeconds: 1e-6, stages: [{ steps: 40, warmup: 2, noise: { hardware: true } }] },
    });
    const experiment = parseExperiment(document);
    const network = initialise(experiment.model, networkGeometry(experiment, createTask(experiment)), stream(1));
    write("network.safetensors", encodeCheckpoint(network, {}));
    const link = { ...document, checkpoints: { network: "network.safetensors" }, evaluation: { prompts: 8 } };
    write("link.json", JSON.stringify(link));
    const axes = { "hardware.adc.bits": [4, 5, 6, 7] };
    write("design.json", JSON.stringify({ experiment: link, axes, objectives: ["errorRate", "energy"] }));

    const whole = await end(`${command}-whole`);
    expect(whole.code, whole.text).toBe(0);
    const part = `${command}-part`;
    const run = start(part, 20);
    const path = join(root, part, begun);
    const isBegun = () =>
      existsSync(path) && (begun !== "units.jsonl" || readFileSync(path, "utf8").split("\n").length > 2);
    while (run.exitCode === null && !isBegun()) await new Promise((resolve) => setTimeout(resolve, 5));
    await killProgram(run);
    expect(run.signalCode, run.text).toBe("SIGKILL");

    write("parts/value.mjs", "export const loss = 0.5;\n");
    const changed = await end(part, "--resume");
    expect([changed.code, changed.text]).toEqual([
      2,
      expect.stringMatching(/parts\/value\.mjs.*(is now|but the experiment has) /s),
    ]);
    write("parts/value.mjs", VALUE);
    const resumed = await end(part, "--resume");
    expect(resumed.code, resumed.text).toBe(0);
    const same = (out: string) => contents(out).map((text) => text.replaceAll(out, "OUT"));
    expect(same(part)).toEqual(same(`${command}-whole`));
  });
});
