// @module-tag program
/**
 * A custom device, named by its module: examples/my-device.mjs copies the built-in `state-independent`, so it must give
 * bit-identical results on any number of threads. Uses the built package: run `npm run build` first, as `npm test` does.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  createTask,
  type DeviceSpec,
  evaluateChips,
  evaluateDrift,
  foldNetwork,
  initialise,
  loadDevice,
  mapNetwork,
  networkGeometry,
  parseDurations,
  parseExperiment,
  programChip,
  readChip,
  stream,
} from "../dist/index.js";
import { deviceOfSpec, runStudy } from "../dist/internal.js";
import { loadExperimentDevice, nodeExecutor } from "../dist/node.js";

const examples = join(import.meta.dirname, "../examples");
const module = join(examples, "my-device.mjs");
const sha256 = createHash("sha256").update(readFileSync(module)).digest("hex");

const experimentWith = (device: DeviceSpec) =>
  parseExperiment({
    task: { transmitAntennas: 1, receiveAntennas: 1, modulation: "bpsk", pilots: 2 },
    model: { kind: "spiking", width: 8, depth: 1, heads: 2, expansion: 2, neuron: { threshold: 0.5 } },
    hardware: { readTime: 3600, crossbar: { device } },
  });

const builtIn = experimentWith({
  ...{ kind: "state-independent", maxConductance: 25 },
  ...{ programmingNoise: 1, drift: 1, readNoise: 1 },
});
const network = foldNetwork(
  initialise(builtIn.model, networkGeometry(builtIn, createTask(builtIn)), stream(1).fork("network")),
);

let own: typeof builtIn;
let folder: string;
beforeAll(async () => {
  own = experimentWith(await loadDevice(pathToFileURL(module)));
  folder = mkdtempSync(join(tmpdir(), "xpikeformer-device-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Every number that two experiments measure, on this many threads. */
async function measure(experiment: typeof builtIn, threads: number) {
  const executor = nodeExecutor(threads);
  try {
    const chips = await evaluateChips(executor, experiment, network, { chips: 2, prompts: 70 });
    const machines = [0, 3600].map((readTime) => ({
      network: "own",
      hardware: { ...experiment.hardware, readTime },
    }));
    const size = { chips: 2, reads: 2, prompts: 40 };
    return { chips, study: await runStudy(executor, experiment, { own: network }, machines, size) };
  } finally {
    await executor.close();
  }
}

describe("the module that copies a built-in device", () => {
  test("gets the package that runs, also from a folder where Node finds none", async () => {
    writeFileSync(join(folder, "away.mjs"), readFileSync(module));
    const { device } = (await loadExperimentDevice(experimentWith({ kind: "module", path: "away.mjs" }), folder))
      .hardware.crossbar;
    expect(deviceOfSpec(device).name).toBe("a memory of my own");
  });

  test("programs and reads the same chip", () => {
    const [expected, read] = [builtIn, own].map(({ hardware, task }) => {
      const chip = programChip(network, mapNetwork(network, hardware, task.coding), hardware, stream(2));
      return readChip(chip, stream(3));
    });
    expect(read).toEqual(expected);
  });

  test("gives the same error rates, on one thread and on two", async () => {
    const expected = await measure(builtIn, 1);
    expect(await measure(own, 1)).toEqual(expected);
    expect(await measure(own, 2)).toEqual(expected);
  });

  test("is named in the report of an experiment, with its content", async () => {
    const written = parseExperiment(readFileSync(join(examples, "my-device.json"), "utf8"));
    const experiment = await loadExperimentDevice({ ...written, ...own, hardware: written.hardware }, examples);
    expect(experiment.hardware.crossbar.device).toEqual({
      ...{ kind: "module", path: "my-device.mjs", sha256 },
      ...{ maxConductance: 25, devices: 1 },
    });
    const executor = nodeExecutor(2);
    const options = { executor, command: "test", versions: {}, chips: 1, prompts: 8 };
    try {
      const report = await evaluateDrift(experiment, { network }, parseDurations("1s", "ages"), options);
      expect(report.notes).toContain(`Devices are those of the module my-device.mjs, SHA-256 ${sha256}.`);
      expect(report.sources.map(({ text }) => text)).toContain("where its numbers come from, for reports");
    } finally {
      await executor.close();
    }
  });
});

test("a thread that hangs in a module is ended, and another one gives the same results", async () => {
  const flag = join(folder, "hung");
  const text = readFileSync(module, "utf8")
    .replace('"xpikeformer"', JSON.stringify(pathToFileURL(join(import.meta.dirname, "../dist/index.js")).href))
    .replace("import {", 'import { existsSync, writeFileSync } from "node:fs";\nlet reads = 0;\nimport {')
    .replace(
      "const age =",
      `if (++reads === 40 && !existsSync(${JSON.stringify(flag)})) {
        try {
          writeFileSync(${JSON.stringify(flag)}, "", { flag: "wx" });
          for (;;);
        } catch {}
      }
      const age =`,
    );
  writeFileSync(join(folder, "hangs.mjs"), text);
  const hangs = experimentWith(await loadDevice(pathToFileURL(join(folder, "hangs.mjs"))));
  vi.stubEnv("XPIKE_THREAD_MINUTES", "0.15");
  try {
    expect(await measure(hangs, 2)).toEqual(await measure(own, 2));
  } finally {
    vi.unstubAllEnvs();
  }
  expect(existsSync(flag)).toBe(true);
});

test("a module may be changed between two loads, and the hash in an experiment is enforced", async () => {
  // In a folder without packages, a module cannot import any.
  const alone = readFileSync(module, "utf8").replace(
    /^import .*$/m,
    "const { exp: exponential, log: naturalLog } = Math;",
  );
  const named = (name: string) => writeFileSync(join(folder, "device.mjs"), alone.replace("a memory of my own", name));
  const experiment = experimentWith({ kind: "module", path: "device.mjs" });
  const load = async (wanted = experiment) => (await loadExperimentDevice(wanted, folder)).hardware.crossbar.device;
  named("first");
  const first = await load();
  named("second");
  const second = await load();
  expect([first, second].map((spec) => deviceOfSpec(spec).name)).toEqual(["first", "second"]);
  await expect(load(experimentWith(first))).rejects.toMatchObject({ path: "hardware.crossbar.device.sha256" });
});

describe("a module at fault", () => {
  const load = (content: string | undefined) => {
    const path = `faulty-${createHash("sha256").update(String(content)).digest("hex").slice(0, 8)}.mjs`;
    if (content !== undefined) writeFileSync(join(folder, path), content);
    return loadExperimentDevice(experimentWith({ kind: "module", path }), folder);
  };

  test("that is missing is reported with its field", async () => {
    const field = "hardware.crossbar.device.path";
    await expect(load(undefined)).rejects.toMatchObject({
      path: field,
      message: expect.stringContaining("no such file"),
    });
  });

  test("that throws on import is reported with line and column", async () => {
    await expect(load('\nthrow new Error("boom");')).rejects.toThrow(
      /cannot be imported: boom \(faulty-\w+\.mjs:2:7\)$/,
    );
  });

  test("that never finishes its import does not end the program silently", async () => {
    await expect(load("await new Promise(() => {});")).rejects.toThrow("did not finish within 10 s");
  });

  test("with functions that throw is distinguished from a defect of this program", async () => {
    const device = (program: string, read: string) =>
      `export default { name: "x", source: "x", maxConductance: 25, program(targets) { ${program} }, read() { ${read} } };`;
    const read = async (content: string) => {
      const { hardware, task } = await load(content);
      readChip(programChip(network, mapNetwork(network, hardware, task.coding), hardware, stream(2)), stream(3));
    };
    await expect(read(device("return targets.nothing();", ""))).rejects.toMatchObject({
      name: "ValueError",
      message: expect.stringMatching(
        /^program\(\.\.\.\) of the device module threw: .*not a function \(faulty-\w+\.mjs:1:\d+\)$/,
      ),
    });
    await expect(read(device("return { conductances: targets };", 'throw "worn out";'))).rejects.toThrow(
      "read(...) of the device module threw: worn out",
    );
    await expect(read(device("return { conductances: new Float64Array(1) };", ""))).rejects.toThrow("it is 1 long.");
  });
});
