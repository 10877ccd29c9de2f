// @module-tag program
/**
 * A device module that repeats a built-in device costs the same to the last digit, wherever a cost is asked: `xpike cost`, `run` and
 * `sweep`, and the figures of the studio.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { rolldown } from "rolldown";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadDevice } from "../src/device/module.ts";
import { evaluateChips } from "../src/evaluation/chips.ts";
import { jobs } from "../src/evaluation/jobs.ts";
import type { DeviceSpec } from "../src/experiment/device.ts";
import type { SpikingSpec } from "../src/experiment/model.ts";
import { encodeCheckpoint } from "../src/model/checkpoint.ts";
import { initialise, type Network } from "../src/model/network.ts";
import { requireNoModules } from "../src/node/sweep/work.ts";
import { stream } from "../src/numeric/stream.ts";
import { parseReport } from "../src/report/json.ts";
import { chipFigures } from "../src/runs/chip-figures.ts";
import { createTask, networkGeometry } from "../src/task/create.ts";
import { inlineExecutor } from "../src/threads/executor.ts";
import { runCommand } from "./support/run-command.ts";
import { tinyDocument, tinyExperiment } from "./support/tiny-training.ts";

const DEVICES: readonly DeviceSpec[] = [
  { kind: "ideal", maxConductance: 225 },
  { kind: "pcm", maxConductance: 75, programmingNoise: 1, drift: 1, readNoise: 1 },
  { kind: "hermes", devices: 2, maxConductance: 12.5, programmingNoise: 1, drift: 1, readNoise: 1 },
];

const model = { kind: "spiking", neuron: { threshold: 0.3 } } as const;
const network = initialise(
  tinyExperiment({ model }).model,
  networkGeometry(tinyExperiment({ model }), createTask(tinyExperiment({ model }))),
  stream(1).fork("network"),
) as Network<SpikingSpec>;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "xpikeformer-module-cost-"));
  writeFileSync(join(folder, "network.safetensors"), encodeCheckpoint(network, {}));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A module that repeats a built-in device: the sources, bundled into it. */
async function moduleOf(device: DeviceSpec): Promise<string> {
  const catalogue = JSON.stringify(join(import.meta.dirname, "../src/device/catalogue.ts"));
  const text = `import { deviceOfSpec } from ${catalogue};\nexport default deviceOfSpec(${JSON.stringify(device)});\n`;
  const input = join(folder, `${device.kind}-sources.mjs`);
  writeFileSync(input, text);
  const built = await rolldown({ input, platform: "neutral" });
  await built.write({ file: join(folder, `${device.kind}.mjs`), codeSplitting: false });
  return `${device.kind}.mjs`;
}

function write(name: string, device: DeviceSpec | { kind: "module"; path: string }, checkpoints = {}): string {
  const hardware = { readTime: 3600, chips: 2, crossbar: { device } };
  const file = join(folder, `${name}.json`);
  writeFileSync(
    file,
    JSON.stringify({ ...tinyDocument({ model, hardware }), evaluation: { prompts: 16 }, checkpoints }),
  );
  return file;
}

/** Figures of cost in the report that a command prints. */
async function costsOf(...argv: string[]) {
  const { code, out, err } = await runCommand(...argv, "--json", "--threads", "1", "--out", join(folder, "out"));
  expect(err).toBe("");
  expect(code).toBe(0);
  rmSync(join(folder, "out"), { recursive: true });
  // The command names the file.
  return parseReport(out)
    .figures.filter(({ id }) => id.startsWith("cost."))
    .map(({ command: _, ...figure }) => figure);
}

/** Experiments with the device and with a module that repeats it. */
const both = async (device: DeviceSpec, checkpoints?: object) => [
  write("built-in", device, checkpoints),
  write("module", { kind: "module", path: await moduleOf(device) }, checkpoints),
];
const trained = { network: "network.safetensors" };

/** Rows of a sweep of prices, without hashes, which name the device. */
async function rowsOf(experiment: string) {
  const axes = { "hardware.adc.bits": [4, 6], "hardware.crossbar.parallelDevices": [1, 2] };
  const file = join(folder, "design.json");
  writeFileSync(file, JSON.stringify({ experiment, axes, objectives: ["energy", "latency", "area"] }));
  const { code, out } = await runCommand("sweep", file, "--json", "--threads", "1", "--out", join(folder, "out"));
  expect(code).toBe(0);
  rmSync(join(folder, "out"), { recursive: true });
  const rows = (JSON.parse(out) as Record<string, unknown>[]).map(({ hash: _, ...row }) => row);
  expect(rows.map(({ refused }) => refused)).toEqual([null, null, null, null]);
  return rows;
}

describe.each(DEVICES)("a module that repeats $kind costs the same", (device) => {
  test("in `xpike cost`", async () => {
    const [expected, found] = await both(device, trained);
    const figures = await costsOf("cost", expected, "--draws", "2", "--prompts", "8");
    expect(figures.length).toBeGreaterThan(10);
    expect(await costsOf("cost", found, "--draws", "2", "--prompts", "8")).toEqual(figures);
  });

  test("in a sweep", async () => {
    const [expected, found] = await both(device);
    expect(await rowsOf(found)).toEqual(await rowsOf(expected));
  });

  test("in the figures of the studio", async () => {
    const url = pathToFileURL(join(folder, await moduleOf(device)));
    const [expected, found] = await Promise.all(
      [device, await loadDevice(url)].map(async (each) => {
        const experiment = tinyExperiment({ model, hardware: { crossbar: { device: each } } });
        const chips = await evaluateChips(inlineExecutor(jobs), experiment, network, { chips: 1, prompts: 8 });
        return chipFigures(experiment, chips);
      }),
    );
    expect(found).toEqual(expected);
  });
});

test("the same holds in a sweep that measures spike densities", async () => {
  const [expected, found] = await both(DEVICES[2], trained);
  expect(await rowsOf(found)).toEqual(await rowsOf(expected));
});

test("the same holds in `xpike run`", async () => {
  const [expected, found] = await both(DEVICES[2], trained);
  const figures = await costsOf("run", expected);
  expect(figures.length).toBeGreaterThan(10);
  expect(await costsOf("run", found)).toEqual(figures);
});

test("a price needs no module on other machines, but a simulation there is refused", () => {
  const device = { kind: "module", path: "mine.mjs", maxConductance: 25, devices: 1 } as const;
  const point = { point: 3, hash: "", values: {}, data: null, device };
  expect(() => requireNoModules([{ ...point, network: null }])).not.toThrow();
  expect(() => requireNoModules([{ ...point, network: "0a" }])).toThrow(
    "Point 3 is simulated with the device module mine.mjs",
  );
});
