// @module-tag slow
/**
 * Produces every message that docs/errors.md shows: from the JSON above it, if there is an experiment, or else from the case
 * below with the section's title.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { deflateRawSync, gzipSync } from "node:zlib";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { readNetwork } from "../src/cli/networks.ts";
import { openFilesMessage } from "../src/cli/open-files.ts";
import { openEngine } from "../src/cli/sweep-engine.ts";
import { processTerminal } from "../src/cli/terminal.ts";
import { workerCommand } from "../src/cli/worker.ts";
import { findCostPreset } from "../src/cost/presets.ts";
import { type CostChoice, resolveTechnology } from "../src/cost/resolve.ts";
import { findImageData } from "../src/data/catalogue.ts";
import { readEventFile } from "../src/data/events.ts";
import { readIdx, readIdxImages } from "../src/data/idx.ts";
import type { ImageData } from "../src/data/images.ts";
import { readNpy } from "../src/data/npy.ts";
import { deviceOfSpec } from "../src/device/catalogue.ts";
import { loadDevice } from "../src/device/module.ts";
import { isXpikeError, PlatformError } from "../src/errors.ts";
import { exitMarginOf } from "../src/evaluation/exit.ts";
import { arithmeticSpec } from "../src/experiment/arithmetic.ts";
import { parseDesign } from "../src/experiment/design.ts";
import { deviceSpec } from "../src/experiment/device.ts";
import { parseDurations } from "../src/experiment/duration.ts";
import { modelSpec, type SpikingSpec } from "../src/experiment/model.ts";
import { parseExperiment } from "../src/experiment/parse.ts";
import { parseSweep } from "../src/experiment/sweep.ts";
import { imageClassificationSpec } from "../src/experiment/task.ts";
import { parseTensorMapping } from "../src/experiment/tensor-mapping.ts";
import { requireFit } from "../src/hardware/integer-arithmetic.ts";
import { lifParameters, lifSettings } from "../src/hardware/lif-parameters.ts";
import { findTensorMapping } from "../src/import/catalogue.ts";
import { exportNetwork } from "../src/import/export.ts";
import { importNetwork } from "../src/import/import.ts";
import { decodeTensors } from "../src/import/source.ts";
import { requireMemory } from "../src/kernels/webgpu/binding.ts";
import { machineOf } from "../src/machine/machine.ts";
import { machineNetwork } from "../src/machine/network.ts";
import { scheduleOf } from "../src/machine/schedule.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../src/model/checkpoint.ts";
import { foldNetwork } from "../src/model/fold.ts";
import { initialise, type Network } from "../src/model/network.ts";
import { decodeSafetensors, encodeSafetensors } from "../src/model/safetensors.ts";
import { buildId } from "../src/node/build.ts";
import { readNpySet } from "../src/node/custom-data.ts";
import { FASHION_SLICE, loadImageData } from "../src/node/data.ts";
import { downloadImageData } from "../src/node/download.ts";
import { readFileChecked, writeFileAtomic } from "../src/node/files.ts";
import { LOCK_FILE, lockFolder } from "../src/node/folder-lock.ts";
import { bundledNetwork } from "../src/node/networks.ts";
import { findSta } from "../src/node/opensta.ts";
import { compilePrompt, requireVerilator } from "../src/node/rtl-activity.ts";
import { checkBoard } from "../src/node/rtl-board.ts";
import { readSources } from "../src/node/rtl-folder.ts";
import { requireEnergies } from "../src/node/rtl-power.ts";
import { synthesiseRtl, synthesiseSources } from "../src/node/rtl-synthesis.ts";
import { verifyRtl } from "../src/node/rtl-tools.ts";
import { type OpenRun, type Question, type RunChoice, requireRun, UNITS_FILE, useRun } from "../src/node/run-folder.ts";
import { openSerialPort } from "../src/node/serial-port.ts";
import { serveStudio } from "../src/node/studio-server.ts";
import { openSweepFolder } from "../src/node/sweep/folder.ts";
import { parseSbatchOptions } from "../src/node/sweep/slurm.ts";
import { requireSlurm, submitScript } from "../src/node/sweep/slurm-commands.ts";
import { threadWatch } from "../src/node/threads.ts";
import { openUnitLog } from "../src/node/unit-log.ts";
import { findYosys } from "../src/node/yosys.ts";
import { stream } from "../src/numeric/stream.ts";
import { clocksPerBit } from "../src/rtl/board/serial-top.ts";
import { refuseForeign } from "../src/rtl/foreign.ts";
import { readNetlist } from "../src/rtl/gates/netlist.ts";
import { checkTask } from "../src/runs/fit.ts";
import { experimentAt, listPoints } from "../src/sweep/points.ts";
import { sweepRounds } from "../src/sweep/rounds.ts";
import { requireBlocks } from "../src/sweep/unit.ts";
import { createTask, networkGeometry } from "../src/task/create.ts";
import { imageClassification } from "../src/task/image-classification.ts";
import { openExperiment } from "../src/task/open.ts";
import { workerExecutor } from "../src/threads/executor.ts";
import { planTraining, requireRoom } from "../src/train/plan.ts";
import { lostGpu, openGpu, refusedByGpu } from "../src/webgpu/gpu.ts";
import { loadData, loadNetwork, readFiles } from "../studio/src/state/files.ts";
import { unpack } from "../studio/src/state/packed.ts";
import { idxFile, npyFile, patternBytes } from "./support/image-files.ts";
import { tinyImageExperiment, tinyImages } from "./support/tiny-images.ts";
import { workerPorts } from "./support/worker-ports.ts";
import { assemble, tensorPickle, unicode, writePth, writeZip } from "./support/zip.ts";

const page = readFileSync(join(import.meta.dirname, "../docs/errors.md"), "utf8");

const roundsOf = (fields: object) =>
  sweepRounds({ ...parseDesign({ experiment: {}, axes: {}, ...fields }), experiment: {} }).next();
const emptySweep = {
  design: { ...parseDesign({ experiment: {}, axes: {} }), experiment: {} },
  points: [],
  contents: {},
};

const sections = page
  .split(/^### /m)
  .slice(1)
  .map((section) => ({
    title: section.slice(0, section.indexOf("\n")),
    json: /^```json\n([\s\S]*?)\n```/m.exec(section)?.[1],
    message: /^```text\n([\s\S]*?)\n```/m.exec(section)?.[1],
  }));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "xpikeformer-errors-"));
  mkdirSync(join(folder, "folder"));
  mkdirSync(join(folder, "engine"));
  for (const [list, module] of [
    ["files.f", "ssa_engine"],
    ["testbenches.f", "ssa_engine_tb"],
  ]) {
    writeFileSync(join(folder, "engine", list), `${module}.sv\n`);
    writeFileSync(join(folder, "engine", `${module}.sv`), `module ${module};\nendmodule\n`);
  }
  writeFileSync(join(folder, "large.json"), " ".repeat(2_000_000));
});
afterAll(() => rmSync(folder, { recursive: true }));

const network: Network = initialise(
  modelSpec.parse({ width: 8, heads: 1, depth: 1 }),
  { inputs: 4, tokens: 1, classes: 2, mask: Uint8Array.of(1), queries: Int32Array.of(0) },
  stream(1),
);
const plain = foldNetwork(network as Network<SpikingSpec>);
const good = encodeCheckpoint(network, {});
const read = (bytes: Uint8Array) => decodeCheckpoint(bytes, "network.safetensors");

const lifRequest = {
  codeBits: 6,
  rowBlocks: 1,
  columns: 8,
  leakShift: 1,
  fractionBits: 1,
  offsetBits: 2,
  steps: 8,
};

const costWith = (choice: CostChoice) => resolveTechnology(findCostPreset("bottom-up"), choice);

const golden = (name: string) => new Uint8Array(readFileSync(join(import.meta.dirname, "golden", name)));
const weights = (bytes: Uint8Array) => decodeTensors(bytes, "", "weights.pth");

const imageTask = (task: object, images?: ImageData) =>
  imageClassification(imageClassificationSpec.parse({ kind: "image-classification", ...task }), 1, images);

const IMAGES = { kind: "image-classification", data: "fashion-mnist", patch: 1 };
function withStem(task: object, layers: object[]) {
  const experiment = parseExperiment({ task, model: { stem: { layers } } });
  return networkGeometry(experiment, createTask(experiment));
}

/** For a board with one run of one column. */
function boardFolder(): string {
  const kit = mkdtempSync(join(folder, "kit-"));
  const sizes = { heads: 1, tokens: 2, dimension: 1 };
  const description = { holds: "engine", board: "ulx3s-85f", baud: 115_200, fingerprint: "00000001", ...sizes };
  writeFileSync(join(kit, "board.json"), JSON.stringify(description));
  for (const [name, line] of Object.entries({ runs: "000100000001", inputs: "2a", outputs: "3" })) {
    writeFileSync(join(kit, `${name}.hex`), `${line}\n`);
  }
  return kit;
}

/** A line with no one at the other end. */
const silentLine = {
  write: async () => {},
  read: () => new Promise<Uint8Array>((done) => setTimeout(done, 10, new Uint8Array())),
  close: async () => {},
};

const MINE = { path: "my-device.mjs" };

/** A run that was stopped after its first unit, and how to resume it. */
async function stoppedRun(choice: RunChoice, changes: Partial<Question> = {}) {
  const contents = { "checkpoints.network": "aa" };
  const question = { command: "run", experiment: parseExperiment({}), options: {}, contents, versions: {} };
  const run = join(folder, "stopped");
  const stop = async ({ keeper }: OpenRun) => {
    keeper.keep("unit", 1);
    throw new Error("stopped");
  };
  await useRun(run, question, "xpike run", { force: true }, stop).catch(() => {});
  await useRun(run, { ...question, ...changes }, "xpike run", choice, stop);
}

const engineOf = (engine: string, options: { readonly tasks?: number } = {}) =>
  openEngine(
    { engine, threads: 1, sbatch: [], backend: "wasm", ...options },
    { folder, place: { directory: "." }, say: () => {}, terminal: processTerminal() },
  );

/** With only these programs, given as shell scripts. */
async function withPrograms<T>(programs: Readonly<Record<string, string>>, work: () => Promise<T>): Promise<T> {
  const path = mkdtempSync(join(folder, "programs-"));
  for (const [name, text] of Object.entries(programs))
    writeFileSync(join(path, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  vi.stubEnv("PATH", path);
  return work().finally(() => vi.unstubAllEnvs());
}

/** A folder of `.npy` files with these training labels. */
function labelled(labels: readonly number[]) {
  const set = mkdtempSync(join(folder, "labelled-"));
  writeFileSync(
    join(set, "train-labels.npy"),
    npyFile("<i8", [labels.length], new Uint8Array(BigInt64Array.from(labels, BigInt).buffer)),
  );
  return readNpySet(set);
}

/** A folder of images with this one for training and for testing. */
async function pictures(side: number) {
  const set = mkdtempSync(join(folder, "pictures-"));
  const png = await sharp({ create: { width: side, height: side, channels: 3, background: "red" } })
    .png()
    .toBuffer();
  for (const part of ["train", "test"]) {
    mkdirSync(join(set, part, "red"), { recursive: true });
    // Encoders differ by a few bytes; what follows the image is not read.
    writeFileSync(join(set, part, "red/a.png"), Buffer.concat([png, Buffer.alloc(240_000 - png.length)]));
  }
  return loadImageData("custom", set);
}

const cases: Record<string, () => unknown> = {
  "A network missing from the page": () =>
    loadNetwork(parseExperiment({ checkpoints: { network: "runs/mine.safetensors" } })),
  "A page that is not a report": () => readFiles([new File(["<p>nothing</p>"], "page.html")]),
  "Images missing from the page": () =>
    loadData(parseExperiment({ task: { kind: "image-classification", data: "cifar-10", patch: 4 } })),
  "A damaged link": () => unpack("zU9Nb8Iw"),
  "Too many tokens": () => {
    const data = { name: "aerial", height: 1024, width: 1024, channels: 3, classes: 10 };
    const experiment = parseExperiment({ task: { kind: "image-classification", data, patch: 4 } });
    networkGeometry(experiment, createTask(experiment));
  },
  "An exit on a machine that cannot stop": () => {
    const experiment = parseExperiment({ evaluation: { exitMargin: 2 } });
    exitMarginOf(experiment, experiment.hardware);
  },
  "Too many presets": () => parseExperiment({ preset: Array(50_000).fill("wireless-2x2") }),
  "Labels with gaps": () => labelled([0, 1, 65_535]),
  "Small files of large pictures": () => pictures(4096),
  "A list of tensors that inflates too far": () => {
    const size = 2 ** 24 + 1;
    weights(
      writeZip([{ name: "w/data.pkl", content: new Uint8Array(size), deflated: deflateRawSync(new Uint8Array(size)) }]),
    );
  },
  "A stem on tokens that are not pixels": () => withStem({}, [{ channels: 8 }]),
  "A stem and a class token": () => withStem({ ...IMAGES, readOut: "class-token" }, [{ channels: 8 }]),
  "Bit read-out of classes": () => {
    const experiment = parseExperiment({ task: IMAGES, model: { readOut: "bits" } });
    return networkGeometry(experiment, createTask(experiment));
  },
  "Pooling that does not fill a map": () =>
    withStem(IMAGES, [
      { channels: 8, stride: 2 },
      { channels: 8, stride: 2, pool: 2 },
    ]),
  "Patches that do not fill the image": () => imageTask({ data: "fashion-mnist", patch: 5 }),
  "Missing images": () => imageTask({ data: "fashion-mnist" }).draw(1, stream(1)),
  "Images of another size": async () =>
    imageTask({ data: "cifar-10" }, (await loadImageData("fashion-mnist-slice")).data),
  "Too many images requested": async () =>
    imageTask({ data: "fashion-mnist-slice" }, (await loadImageData("fashion-mnist-slice")).data).draw(1000, stream(1)),
  "Too few images to calibrate": () => {
    const few = {
      ...tinyImages,
      train: { ...tinyImages.train, count: 30 },
      validation: { ...tinyImages.validation, count: 10 },
    };
    return openExperiment(tinyImageExperiment({}), few).task.draw(32, stream(1), { from: { part: "calibration" } });
  },
  "Missing recordings": () => openExperiment(parseExperiment({ task: { kind: "event-classification" } })),
  "An event outside the sensor": () => [
    ...readEventFile(Uint8Array.of(34, 2, 0, 0, 0), "00001.bin", { height: 34, width: 34 }),
  ],
  "A failed download": () =>
    downloadImageData(findImageData("fashion-mnist"), join(folder, "sets"), { from: "http://127.0.0.1:2" }),
  "A truncated recording": () => [...readEventFile(new Uint8Array(13), "00001.bin", { height: 34, width: 34 })],
  "Training that does not fit into memory": () => {
    const experiment = parseExperiment({ preset: "paper-8-768-imagenet", training: { shards: 4 } });
    const geometry = networkGeometry(experiment, createTask(experiment));
    requireRoom(planTraining(experiment, geometry, 0, 8), experiment);
  },
  "A GPU without a driver": () => openGpu({ requestAdapter: async () => null } as unknown as GPU),
  "A plan too large for a GPU": () =>
    requireMemory({ name: "Mesa llvmpipe", largestArray: 2 ** 27, mostArrays: 8 }, 3 * 2 ** 29),
  "A full GPU": () => {
    throw refusedByGpu({ name: "Mesa llvmpipe" }, "memory for training", "out of memory");
  },
  "A lost GPU": () => {
    throw lostGpu({ name: "Mesa llvmpipe" }, "the driver was reset");
  },
  "A device read later than it was measured": () => {
    const device = deviceOfSpec(deviceSpec.parse({ kind: "reram" }));
    device.read(device.program(Float64Array.of(20), stream(1)), 259_200, stream(2));
  },
  "A device module that was not loaded": () => deviceOfSpec({ kind: "module", path: "my-device.mjs" }),
  "A device module without a device": () => loadDevice("data:text/javascript,export default { name: 'mine' }", MINE),
  "A device that returns invalid numbers": async () => {
    const source = `
      export default {
        name: "mine", source: "", maxConductance: 25,
        program: (targets) => ({ conductances: targets.map(Math.log) }),
        read: ({ conductances }) => conductances,
      }`;
    const device = deviceOfSpec(await loadDevice(`data:text/javascript,${source}`, { path: "numbers.mjs" }));
    device.program(Float64Array.of(3, 0), stream(1));
  },
  "A prompt that does not fit into the chip's memory": () => {
    const { model, hardware, ...rest } = parseExperiment({ preset: "wireless-2x2", hardware: { sram: 65_536 } });
    const { geometry } = createTask({ ...rest, model });
    scheduleOf(machineOf(hardware, machineNetwork({ ...model, steps: 8 } as SpikingSpec, geometry.spiking)));
  },
  "A device that throws": async () => {
    const file = join(folder, "throws.mjs");
    writeFileSync(
      file,
      `export default {
  name: "mine",
  source: "",
  maxConductance: 25,
  program: (targets) => targets.toConductances(),
  read: ({ conductances }) => conductances,
};`,
    );
    const device = deviceOfSpec(await loadDevice(pathToFileURL(file), { path: "throws.mjs" }));
    device.program(Float64Array.of(3, 0), stream(1));
  },
  "An age without a unit": () => parseDurations("1s,3600", "drift"),
  "A sweep of an unknown field": () => parseSweep("adc.bit=4..8", parseExperiment({})),
  "An invalid point of a sweep": () =>
    experimentAt({ ...parseDesign({ experiment: {}, axes: {} }), experiment: {} }, { "hardware.adc.bits": 99 }),
  "A continuous range on a grid": () =>
    listPoints(parseDesign({ experiment: {}, axes: { "hardware.readTime": { from: 1, to: 9 } } })),
  "A budget without simulation": () => roundsOf({ objectives: ["energy", "area"], budget: {} }),
  "Block errors without blocks": () => requireBlocks(parseExperiment({}), ["codedEbN0"]),
  "A budget for blocks": () => roundsOf({ objectives: ["codedEbN0"], budget: {} }),
  "An axis that the budget sets": () => roundsOf({ axes: { "hardware.chips": [2, 4] }, budget: {} }),
  "Resuming without a sweep": () => openSweepFolder(join(folder, "none"), emptySweep, { resume: true }),
  "A folder with a sweep": async () => {
    await openSweepFolder(join(folder, "sweep"), emptySweep, { resume: false });
    await openSweepFolder(join(folder, "sweep"), emptySweep, { resume: false });
  },
  "A sweep without its request": async () => {
    await openSweepFolder(join(folder, "lost"), emptySweep, { resume: false });
    rmSync(join(folder, "lost", "sweep.json"));
    writeFileSync(join(folder, "lost", "rows", "0000000-0000000.jsonl"), "");
    await openSweepFolder(join(folder, "lost"), emptySweep, { resume: false });
  },
  "A budgeted sweep of an earlier version": async () => {
    const { design } = emptySweep;
    const old = {
      ...emptySweep,
      design: { ...design, budget: parseDesign({ experiment: {}, axes: {}, budget: {} }).budget! },
    };
    await openSweepFolder(join(folder, "raced"), old, { resume: false });
    const path = join(folder, "raced", "sweep.json");
    writeFileSync(path, readFileSync(path, "utf8").replace('"version": 2', '"version": 1'));
    await openSweepFolder(join(folder, "raced"), old, { resume: true });
  },
  "An unknown engine": () => engineOf("slrm"),
  "An invalid queue address": () => engineOf("valkey://me:secret@lab3:port"),
  "An option of array jobs for another engine": () => engineOf("threads", { tasks: 20 }),
  "An invalid job option": () => parseSbatchOptions("-p short"),
  "A machine without Slurm": () => withPrograms({}, requireSlurm),
  "A job that Slurm refuses": () =>
    withPrograms(
      { sbatch: 'echo "sbatch: error: Batch job submission failed: Invalid partition name specified" >&2; exit 1' },
      () => submitScript("submit.sh"),
    ),
  "A Slurm task outside a job": () => {
    vi.stubEnv("SLURM_ARRAY_TASK_ID", undefined);
    return workerCommand({ engine: "slurm:results/sweep/slurm/1", threads: 1 }, processTerminal()).finally(() =>
      vi.unstubAllEnvs(),
    );
  },
  "A thread that never comes back": async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    try {
      const create = () => workerPorts({ "simulate-chip": () => () => new Promise(() => {}) }, 1).list[0];
      const executor = workerExecutor([create()], threadWatch(create));
      const run = executor.open("simulate-chip", null, { repeatable: true }).run([1]);
      // Reported below, after the clock has advanced.
      run.catch(() => {});
      for (let attempt = 0; attempt < 2; attempt++) {
        // Until it has started the piece.
        for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
        vi.advanceTimersByTime(61 * 60_000);
      }
      await run;
    } finally {
      vi.useRealTimers();
    }
  },
  "An invalid time limit": () => threadWatch(() => workerPorts({}, 1).list[0], { XPIKE_THREAD_MINUTES: "never" }),
  "Too few open files": () => {
    throw new PlatformError("files", openFilesMessage({ code: "EMFILE" })!);
  },
  "A missing file": () => readFileChecked(join(folder, "missing.json"), 1_000_000),
  "A folder instead of a file": () => readFileChecked(join(folder, "folder"), 1_000_000),
  "A file that is too large": () => readFileChecked(join(folder, "large.json"), 1_000_000),
  "A missing folder": () => writeFileAtomic(join(folder, "absent/report.json"), "{}"),
  "A folder in use": async () => {
    const run = join(folder, "run");
    mkdirSync(run);
    const path = join(run, LOCK_FILE);
    const holder = {
      command: "xpike train mine.json",
      pid: 4711,
      host: "lab3",
      machine: "another",
      started: "",
      token: "",
    };
    writeFileSync(path, JSON.stringify({ ...holder, since: "2026-11-26T10:00:00.000Z" }));
    const signOfLife = Date.now() / 1000 - 20;
    utimesSync(path, signOfLife, signOfLife);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.parse("2026-11-26T10:03:20.000Z") });
    try {
      await lockFolder(run, "xpike train mine.json");
    } finally {
      vi.useRealTimers();
    }
  },
  "An unfinished run": () => stoppedRun({}),
  "A run of another experiment": () => stoppedRun({ resume: true }, { experiment: parseExperiment({ seed: 2 }) }),
  "A run of another build": async () => {
    const run = join(folder, "stopped");
    const versions = { build: "0123456789ab" };
    const question = { command: "run", experiment: parseExperiment({}), options: {}, contents: {}, versions };
    mkdirSync(run, { recursive: true });
    const log = openUnitLog(join(run, UNITS_FILE), question, null);
    log.begin();
    log.close();
    await useRun(run, question, "xpike run", { resume: true }, async () => {});
  },
  "A run with other networks or data": () =>
    stoppedRun({ resume: true }, { contents: { "checkpoints.network": "bb" } }),
  "A run that does not exist": () => requireRun("stoped"),
  "An occupied port": async () => {
    const first = await serveStudio();
    const port = Number(new URL(first.address).port);
    try {
      await serveStudio({ port });
    } catch (error) {
      throw new PlatformError("port", (error as Error).message.replace(String(port), "4173"));
    } finally {
      await first.close();
    }
  },
  "A folder without hardware": () => readSources("nosuch"),
  "A network that cannot be found": () => readNetwork(".", "lost.safetensors", "checkpoints.network"),
  "A network of another task": async () => {
    const trained = await readNetwork(".", "bundled:wireless-2x2-xpikeformer", "checkpoints.network");
    checkTask(parseExperiment({ preset: "wireless-2x2", task: { pilots: 9 } }), trained, "checkpoints.network");
  },
  "An unknown bundled network": () => bundledNetwork("wireless-2x2-an"),
  "A truncated checkpoint": () => read(good.subarray(0, 4000)),
  "A checkpoint with a changed bit": () => read(good.with(good.length - 1, good.at(-1)! ^ 1)),
  "A file that is not a checkpoint": () => {
    const image = new Uint8Array(64);
    image.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
    read(image);
  },
  "A checkpoint of another program": () => read(encodeSafetensors({ a: { shape: [1], data: Float32Array.of(1) } }, {})),
  "Parameters that do not fit the model": () => {
    const { tensors, metadata } = decodeSafetensors(good);
    const model = metadata.model!.replace('"width":8', '"width":16');
    read(encodeSafetensors(tensors, { ...metadata, model }));
  },
  "A parameter that is not a number": () => {
    const damaged = good.slice();
    new DataView(damaged.buffer).setFloat32(damaged.length - 4, Number.NaN, true);
    read(damaged);
  },
  "A network that cannot be saved": () => {
    const offset = { shape: [2], data: Float32Array.of(0, Number.NaN) };
    encodeCheckpoint({ ...network, parameters: { ...network.parameters, "head.offset": offset } }, {});
  },
  "A missing data set": () => loadImageData("mnist", join(folder, "absent")),
  "An unknown data set": () => findImageData("mnits"),
  "Files of another data set": () => {
    cpSync(FASHION_SLICE, join(folder, "fashion-mnist"), { recursive: true });
    return loadImageData("fashion-mnist", folder);
  },
  "A truncated image file": () => {
    const images = gzipSync(idxFile([2, 28, 28], patternBytes(2 * 784)));
    return readIdx(images.subarray(0, images.length / 2), "train-images-idx3-ubyte.gz", 3);
  },
  "A file that inflates too far": () =>
    readIdx(gzipSync(idxFile([2, 28, 28], new Uint8Array(2 ** 24))), "train-images-idx3-ubyte.gz", 3),
  "A label without a class": () => {
    const images = idxFile([2, 1, 1], Uint8Array.of(0, 1));
    const labels = idxFile([2], Uint8Array.of(3, 255));
    const paths = { imagesPath: "train-images-idx3-ubyte", labelsPath: "train-labels-idx1-ubyte" };
    return readIdxImages({ images, labels, ...paths }, findImageData("mnist").classes);
  },
  "A NumPy array of objects": () => readNpy(npyFile("|O", [1], new Uint8Array(8)), "train-images.npy"),
  "A register that is too small": () => {
    const arithmetic = arithmeticSpec.parse({ streamBits: 12, overflow: "refuse" });
    requireFit("stream", "blocks.1.down", 17, 54_000, arithmetic);
  },
  "A LIF unit without row blocks": () => lifParameters({ ...lifRequest, rowBlocks: 0 }),
  "A threshold out of reach": () => lifSettings(lifParameters(lifRequest), { factor: 0.05, offset: 0, threshold: 100 }),
  "A PyTorch file that asks to run code": () =>
    weights(writePth(assemble([0x80, 2], "cposix\nsystem\n", unicode("true"), [0x85], "R."))),
  "A PyTorch file of the old format": () => weights(golden("legacy.pth")),
  "A PyTorch file with nested tensors": () => weights(golden("ann-separate.pth")),
  "A truncated PyTorch file": () => weights(golden("ann.pth").subarray(0, 20_000)),
  "A tensor outside its storage": () => weights(writePth(tensorPickle({ offset: 4 }), { 0: new Uint8Array(24) })),
  "A misspelt step of a mapping": () =>
    parseTensorMapping({ parameters: { "head.weight": { tensor: "out.weight", steps: [{ transposed: [1, 0] }] } } }),
  "Tensors and parameters that do not match": () => {
    const { "head.bias": bias, ...rest } = exportNetwork(plain, findTensorMapping("xpikeformer", plain, null));
    const { tensors } = decodeTensors(encodeSafetensors({ ...rest, "heads.bias": bias }, {}));
    const mapping = { ...findTensorMapping("xpikeformer", plain, null) };
    importNetwork(tensors, plain.model, plain.geometry, mapping, { name: "xpikeformer" });
  },
  "A mapping that cannot keep everything": () => {
    const mapping = {
      ...findTensorMapping("xpikeformer", plain, null),
      approximations: ["norm_out is a LayerNorm, which no fixed weight computes."],
    };
    const { tensors } = decodeTensors(encodeSafetensors(exportNetwork(plain, mapping), {}));
    importNetwork(tensors, plain.model, plain.geometry, mapping, { name: "mapping.json" });
  },
  "A mapping that cannot be inverted": () =>
    exportNetwork(
      plain,
      parseTensorMapping({ parameters: { "head.offset": { tensor: "out.b", steps: [{ scale: 3 }] } } }),
    ),
  "An unknown source": () => costWith({ set: { conversion5: "shafiee-isca-2061.conversion5" } }),
  "A price of another unit": () => costWith({ set: { conversion5: "horowitz-isscc-2014.dramBit" } }),
  "A price without a unit": () => costWith({ set: { conversion5: "0.5" } }),
  "An invalid liberty file": () => synthesiseSources({}, { liberty: join(folder, "large.json") }),
  "A clock without a library": () => synthesiseSources({}, { clock: 200e6 }),
  "Slack without OpenSTA": () => withoutPrograms(findSta),
  "Power without a clock": () => synthesiseRtl(join(folder, "engine"), { liberty: "my.lib", power: true }),
  "Power of a library without energies": () => requireEnergies("my.lib", "library (delays) {}"),
  "Power without a machine": () => compilePrompt(join(folder, "engine")),
  "Power without Verilator": () => withoutPrograms(requireVerilator),
  "Waves without a machine": () => verifyRtl(join(folder, "engine"), { waves: true }),
  "Verilog that would run a program": () =>
    refuseForeign('module ssa_cell;\n  initial $system("id");\nendmodule\n', "ssa_cell.sv"),
  "Yosys is not installed": () => withoutPrograms(() => findYosys("system")),
  "An unsupported cell": () => {
    const cells = { latch: { type: "$_DLATCH_P_", connections: { D: [2], E: [3], Q: [4] } } };
    readNetlist(JSON.stringify({ modules: { block: { ports: {}, cells } } }), "block");
  },
  "A baud rate the clock cannot make": () => clocksPerBit(25e6, 9_000_000),
  "A missing serial port": () => openSerialPort(join(folder, "ttyUSB0"), 115_200),
  "A board that does not answer": () => checkBoard(boardFolder(), { port: silentLine, patience: 0.05 }),
  "A node that a source does not cover": () => costWith({ node: 14 }),
};

/** Runs something with no system command available. */
async function withoutPrograms(act: () => Promise<unknown>): Promise<void> {
  const path = process.env.PATH;
  process.env.PATH = join(folder, "folder");
  try {
    await act();
  } finally {
    process.env.PATH = path;
  }
}

test.each(sections)("the page shows the message of: $title", async ({ title, json, message }) => {
  const produce = json === undefined ? cases[title] : () => parseExperiment(json, "experiment.json");
  expect(produce, `docs/errors.md has a section without a case: ${title}`).toBeDefined();
  let shown = "no error";
  try {
    await produce!();
  } catch (error) {
    if (!isXpikeError(error)) throw error;
    shown = `${error.name} at ${error.path}\n${error.message}`
      .replaceAll(`${folder}/`, "")
      .replaceAll(buildId(), "77b0c1a2d3e4")
      .replace(/(labelled|pictures)-\w+\//, "$1/");
  }
  expect(shown).toBe(message);
});

test("the page has a section for every case", () => {
  const titles = sections.map(({ title }) => title);
  expect(Object.keys(cases).filter((title) => !titles.includes(title))).toEqual([]);
  expect(sections.length).toBeGreaterThan(20);
});
