// @module-tag slow
import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readEvents } from "../../test/support/event-file.ts";
import { rejection } from "../../test/support/rejection.ts";
import { tinyExperiment } from "../../test/support/tiny-training.ts";
import { FileError, SpecError } from "../errors.ts";
import { parseExperiment } from "../experiment/parse.ts";
import { LARGEST_MEMORY } from "../kernels/arena.ts";
import { standaloneKernels } from "../kernels/memory.ts";
import { decodeCheckpoint } from "../model/checkpoint.ts";
import type { TrainingBackend } from "../train/workplace.ts";
import { buildId } from "./build.ts";
import { type FolderOptions, RUN_FILES, trainToFolder } from "./training.ts";

const experiment = tinyExperiment({
  training: {
    stages: [
      { name: "first", steps: 5, warmup: 2 },
      { name: "second", steps: 6, warmup: 0 },
    ],
  },
});

let root: string;
let count = 0;
let folder: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "xpikeformer-training-"));
});
afterAll(() => rm(root, { recursive: true }));
beforeEach(() => {
  folder = join(root, `run-${count++}`);
});

const at = (name: string): string => join(folder, name);

/** One thread: the sources have no worker script; `test/threads.test.ts` runs the built package on several. */
const run = (options: FolderOptions = {}, spec = experiment) =>
  trainToFolder(spec, folder, { threads: 1, command: "a command", ...options });

/** The kernels in WebAssembly as a backend of its own. */
const ownThread: TrainingBackend = {
  name: "other",
  device: "a device",
  base: standaloneKernels(0).kernels.base,
  largestMemory: LARGEST_MEMORY,
  requireTrainable: () => {},
  create: (bytes) => ({ ...standaloneKernels(bytes).kernels, close: () => {} }),
};

/** Stops after `step`. */
function stopAt(step: number): FolderOptions {
  const controller = new AbortController();
  return { signal: controller.signal, onEvent: (event) => event.step === step && controller.abort() };
}

interface Metric {
  readonly step: number;
  readonly seconds: number;
}

async function metrics(): Promise<Metric[]> {
  const text = await readFile(at(RUN_FILES.metrics), "utf8");
  expect(text.endsWith("\n")).toBe(true);
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Metric);
}

const errorOf = async (action: Promise<unknown>): Promise<FileError> => {
  const error = await rejection(action);
  expect(error).toBeInstanceOf(FileError);
  return error as FileError;
};

/** The content of the folder, without times. */
async function contents() {
  const lines = (await metrics()).map(({ seconds: _, ...rest }) => rest);
  return { lines, network: await readFile(at(RUN_FILES.network)) };
}

describe("a run in a folder", () => {
  test("does not exist if the training is refused before its first step, so another may start", async () => {
    const refused = tinyExperiment({ training: { labels: "teacher", teacher: "ann.safetensors" } });
    await expect(run({}, refused)).rejects.toThrow("teacher");
    await expect(readdir(folder)).rejects.toThrow("ENOENT");
    await mkdir(folder);
    await writeFile(at(RUN_FILES.experiment), "what was read");
    await expect(run({}, refused)).rejects.toThrow("teacher");
    expect(await readdir(folder)).toEqual([RUN_FILES.experiment]);
    expect(await readFile(at(RUN_FILES.experiment), "utf8")).toBe("what was read");
    expect((await run()).finished).toBe(true);
  });

  test("leaves the experiment, metrics, a state and a network that says where it comes from", async () => {
    const result = await run();
    expect((await readdir(folder)).sort()).toEqual(Object.values(RUN_FILES).sort());
    expect(parseExperiment(await readFile(at(RUN_FILES.experiment), "utf8"))).toEqual(experiment);
    // Validations at every second step, at the ends of both stages, and the tenth step.
    expect((await metrics()).map(({ step }) => step)).toEqual([2, 4, 5, 6, 8, 10, 11]);
    const { network, metadata } = decodeCheckpoint(await readFile(at(RUN_FILES.network)));
    expect(network).toEqual(result.network);
    expect(network.parameters["embed.variance"]).toBeDefined();
    expect(metadata).toMatchObject({ command: "a command", seed: "1", steps: "11" });
    expect(parseExperiment(metadata.experiment)).toEqual(experiment);
    expect(JSON.parse(metadata.validation)).toEqual(result.best);
    expect(result).toMatchObject({ finished: true, step: 11 });
  });

  test.each([1, 4, 5, 7, 11])("stopped after step %i resumes as if it had not been stopped", async (step) => {
    await run();
    const whole = await contents();
    folder = `${folder}-stopped`;
    const part = await run(stopAt(step));
    expect(part.step).toBe(step);
    expect(part.finished).toBe(step === 11);
    const rest = await run({ resume: true });
    expect(rest).toMatchObject({ finished: true, step: 11 });
    expect(await contents()).toEqual(whole);
  });

  test("has a table and a page of all its metrics after each session", async () => {
    const steps = async () =>
      (await readFile(at(RUN_FILES.table), "utf8"))
        .trimEnd()
        .split("\r\n")
        .slice(1)
        .map((line) => Number(line.split(",")[0]));
    await run(stopAt(4));
    expect(await steps()).toEqual([2, 4]);
    await run({ resume: true });
    expect(await steps()).toEqual((await metrics()).map(({ step }) => step));
    expect(await readFile(at(RUN_FILES.curves), "utf8")).toContain("bit error rate");
    // Both depend only on the metrics: an edited line changes them, and a line that is no longer a metric is skipped.
    const edited = (await readFile(at(RUN_FILES.metrics), "utf8"))
      .replace('{"step":2,', '{"step":3,')
      .replace('"stage":', '"phase":');
    await writeFile(at(RUN_FILES.metrics), edited);
    await run({ resume: true });
    expect(await steps()).toEqual([4, 5, 6, 8, 10, 11]);
  });

  test("has an event of each metric for TensorBoard, once, however often it was stopped", async () => {
    const events = async () => readEvents(await readFile(at(RUN_FILES.events)));
    await run(stopAt(4));
    expect((await events()).map(({ step }) => step)).toEqual([0, 2, 4]);
    // What a killed process was writing, and a step that the state does not cover.
    await appendFile(at(RUN_FILES.events), Uint8Array.of(1, 2, 3));
    await appendFile(at(RUN_FILES.metrics), '{"step":6,"seconds":9}\n');
    await run({ resume: true });
    const lines = (await metrics()) as (Metric & { loss: number; validation?: { loss: number } })[];
    const [first, ...rest] = await events();
    expect(first.version).toBe("brain.Event:2");
    expect(rest.map(({ step }) => step)).toEqual(lines.map(({ step }) => step));
    expect(rest.map(({ scalars }) => scalars.loss)).toEqual(lines.map(({ loss }) => Math.fround(loss)));
    expect(rest.map(({ scalars }) => scalars["validation/loss"])).toEqual(
      lines.map(({ validation }) => validation && Math.fround(validation.loss)),
    );
    const times = rest.map(({ wallTime }) => wallTime);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
  });

  test("has neither before anything was measured, even if it replaces a run that had them", async () => {
    await run();
    await run({ ...stopAt(1), force: true });
    expect(await metrics().catch(() => [])).toEqual([]);
    expect((await readdir(folder)).sort()).toEqual(
      [RUN_FILES.events, RUN_FILES.experiment, RUN_FILES.metrics, RUN_FILES.question, RUN_FILES.state].sort(),
    );
  });

  test("counts the seconds of all sessions", async () => {
    await run(stopAt(4));
    const before = (await metrics()).length;
    await run({ resume: true });
    const seconds = (await metrics()).map((metric) => metric.seconds);
    expect(before).toBeGreaterThan(0);
    expect(seconds.length).toBeGreaterThan(before);
    expect(seconds).toEqual(seconds.toSorted((a, b) => a - b));
  });

  test("cuts metrics that the state does not cover, and a half-written line", async () => {
    await run();
    const whole = await contents();
    folder = `${folder}-stopped`;
    await run(stopAt(4));
    await appendFile(at(RUN_FILES.metrics), '{"step":6,"seconds":9}\n{"step":8,"sec');
    await run({ resume: true });
    expect(await contents()).toEqual(whole);
  });

  test("resumes without its metrics, and removes what a killed process was writing", async () => {
    await run(stopAt(4));
    await rm(at(RUN_FILES.metrics));
    await writeFile(at(`.state.safetensors.${"0".repeat(32)}.tmp`), "half a sta");
    await run({ resume: true });
    expect((await readdir(folder)).sort()).toEqual(Object.values(RUN_FILES).sort());
    expect((await metrics())[0].step).toBe(5);
  });

  test("that is finished keeps its curves if its metrics are gone", async () => {
    await run();
    await rm(at(RUN_FILES.metrics));
    const table = await readFile(at(RUN_FILES.table));
    await run({ resume: true });
    expect(await readFile(at(RUN_FILES.table))).toEqual(table);
    expect(await readdir(folder)).toContain(RUN_FILES.curves);
  });

  test("that is finished is finished again at once", async () => {
    await run();
    const whole = await contents();
    const events: number[] = [];
    await run({ resume: true, onEvent: ({ step }) => events.push(step) });
    expect(events).toEqual([]);
    expect(await contents()).toEqual(whole);
  });
});

describe("a folder that holds a run", () => {
  test("is not overwritten unless forced", async () => {
    await run(stopAt(4));
    const error = await errorOf(run());
    expect(error.path).toBe(folder);
    expect(error.message).toBe(
      "The folder already holds a run (state.safetensors, metrics.jsonl). Continue it (--resume), start over (--force), " +
        "or train into another folder (--out).",
    );
    const result = await run({ force: true });
    expect(result).toMatchObject({ finished: true, step: 11 });
    expect((await metrics())[0].step).toBe(2);
  });

  test("is not overwritten by resuming without a state", async () => {
    await run();
    await rm(at(RUN_FILES.state));
    expect((await errorOf(run({ resume: true }))).message).toContain(
      "(network.safetensors, metrics.jsonl), but no state.safetensors to go on from. Start over (--force)",
    );
  });

  test("with only metrics was stopped before it saved, and starts", async () => {
    await run(stopAt(1));
    await rm(at(RUN_FILES.state));
    expect(await run({ resume: true })).toMatchObject({ finished: true, step: 11 });
    expect((await metrics()).map(({ step }) => step)).toEqual([2, 4, 5, 6, 8, 10, 11]);
  });

  test("does not resume with another experiment, and keeps its own", async () => {
    await run(stopAt(4));
    const other = tinyExperiment({ seed: 2 });
    await expect(run({ resume: true }, other)).rejects.toThrow(SpecError);
    expect(parseExperiment(await readFile(at(RUN_FILES.experiment), "utf8"))).toEqual(experiment);
  });

  test("is unchanged by a start that fails, even one that should replace it", async () => {
    await run();
    const before = await Promise.all(Object.values(RUN_FILES).map((name) => readFile(at(name))));
    const refused = tinyExperiment({ training: { labels: "teacher", teacher: "ann.safetensors" } });
    await expect(run({ force: true }, refused)).rejects.toThrow("teacher");
    expect(await Promise.all(Object.values(RUN_FILES).map((name) => readFile(at(name))))).toEqual(before);
    expect((await readdir(folder)).sort()).toEqual(Object.values(RUN_FILES).sort());
  });

  test("does not resume with another teacher or initial network, whatever their file is called", async () => {
    const taught = tinyExperiment({ training: { labels: "teacher", teacher: "ann.safetensors" } });
    const { network } = await run({}, experiment);
    const teacher = { ...network, parameters: { ...network.parameters } };
    folder = `${folder}-taught`;
    await run({ ...stopAt(2), teacher, initial: teacher }, taught);
    const [name, { shape, data }] = Object.entries(network.parameters).at(-1)!;
    const other = {
      ...network,
      parameters: { ...network.parameters, [name]: { shape, data: data.map((x) => x + 1) } },
    };
    const error = await errorOf(run({ resume: true, teacher: other, initial: teacher }, taught));
    expect(error.path).toBe("training.teacher");
    expect(error.message).toMatch(/started with a different training\.teacher: its SHA-256 was "[0-9a-f]+/);
    expect((await errorOf(run({ resume: true, teacher, initial: other }, taught))).path).toBe("training.initial");
    const several = { resume: true, teacher: [teacher, other], initial: teacher };
    expect((await errorOf(run(several, taught))).path).toBe("training.teacher");
    expect(await run({ resume: true, teacher: [teacher], initial: teacher }, taught)).toMatchObject({ finished: true });
  });

  test("of another build resumes only if that is accepted, and its files then name both", async () => {
    const other = "0123456789ab";
    const begunBy = async (versions: object) => {
      const question = JSON.parse(await readFile(at(RUN_FILES.question), "utf8"));
      await writeFile(at(RUN_FILES.question), JSON.stringify({ ...question, versions }));
    };
    await run(stopAt(4));
    await begunBy({ build: other });
    const error = await errorOf(run({ resume: true, acceptBuild: ["0123456789ac"] }));
    expect(error.path).toBe(folder);
    expect(error.message).toMatch(
      new RegExp(
        `training was computed by build ${other}, but this program is build ${buildId()}: .*--accept-build ${other}`,
      ),
    );
    await run({ ...stopAt(7), resume: true, acceptBuild: [other] });
    await run({ resume: true });
    const both = `${other} + ${buildId()}`;
    expect(JSON.parse(await readFile(at(RUN_FILES.question), "utf8")).versions).toEqual({ build: both });
    expect(await readFile(at(RUN_FILES.curves), "utf8")).toContain(`build ${both}`);
    expect(decodeCheckpoint(await readFile(at(RUN_FILES.network)), "").metadata.builds).toBe(both);
    // As programs without build ids, and those without questions, left it.
    await begunBy({});
    expect((await errorOf(run({ resume: true }))).message).toContain("--accept-build unknown");
    await rm(at(RUN_FILES.question));
    expect((await errorOf(run({ resume: true }))).message).toContain("--accept-build unknown");
    expect(await run({ resume: true, acceptBuild: ["unknown"] })).toMatchObject({ finished: true });
  });

  test("on another backend names it, and resumes elsewhere with a note, like the training with the same roundings", async () => {
    await run();
    const threads = await contents();
    expect(JSON.parse(await readFile(at(RUN_FILES.question), "utf8")).versions).toEqual({ build: buildId() });
    const notes: string[] = [];
    const onNote = (note: string) => notes.push(note);
    await run({ ...stopAt(4), force: true, backend: ownThread, onNote });
    await run({ ...stopAt(6), resume: true, backend: ownThread, onNote });
    expect(notes).toEqual([]);
    await run({ resume: true, onNote });
    expect(notes).toEqual([expect.stringContaining("so far ran on other on a device, and continues on wasm")]);
    const both = "other on a device + wasm";
    const question = JSON.parse(await readFile(at(RUN_FILES.question), "utf8"));
    expect(question.versions).toEqual({ build: buildId(), backend: both });
    const { network, metadata } = decodeCheckpoint(await readFile(at(RUN_FILES.network)), "");
    expect(metadata.backends).toBe(both);
    expect(network.parameters).toEqual(decodeCheckpoint(threads.network, "").network.parameters);
    expect((await contents()).lines).toEqual(threads.lines);
  });

  test("with relaxed SIMD says so in its folder and in the network", async () => {
    const result = await run({ fastMath: true });
    const question = JSON.parse(await readFile(at(RUN_FILES.question), "utf8"));
    expect(question.versions).toEqual({ build: buildId(), backend: "wasm with relaxed SIMD" });
    const { metadata } = decodeCheckpoint(await readFile(at(RUN_FILES.network)), "network");
    expect(metadata.backends).toBe("wasm with relaxed SIMD");
    expect(result.finished).toBe(true);
  });

  test("is refused for what a backend does not train", async () => {
    const requireTrainable = () => {
      throw new SpecError("model.depth", "This backend trains nothing.");
    };
    await expect(run({ backend: { ...ownThread, requireTrainable } })).rejects.toThrow("trains nothing");
    await expect(run({ backend: { ...ownThread, largestMemory: 1000 } })).rejects.toThrow("limit is 0.00 GiB");
    expect(await readdir(root)).not.toContain(folder.slice(root.length + 1));
  });

  test("does not resume with other devices if their noise is used in training, but does with another chip count", async () => {
    const noise = { devices: { youngest: 1, oldest: 10 } };
    const training = { stages: [{ steps: 4, warmup: 0, noise }] };
    const noisy = tinyExperiment({ training });
    await run(stopAt(2), noisy);
    const other = tinyExperiment({ training, hardware: { crossbar: { rows: 16 } } });
    await expect(run({ resume: true }, other)).rejects.toMatchObject({ path: "hardware.crossbar.rows" });
    const more = tinyExperiment({ training, hardware: { chips: 3 } });
    expect(await run({ resume: true }, more)).toMatchObject({ finished: true, step: 4 });
  });

  test("does not resume from a damaged state", async () => {
    await run(stopAt(4));
    const bytes = await readFile(at(RUN_FILES.state));
    await writeFile(at(RUN_FILES.state), bytes.subarray(0, bytes.length - 1));
    expect((await errorOf(run({ resume: true }))).path).toBe(at(RUN_FILES.state));
  });
});

test("a run without a folder is not resumed, and no folder is created", async () => {
  expect((await errorOf(run({ resume: true }))).message).toContain("There is no such folder");
  expect(await readdir(root)).not.toContain(folder);
});

test("a folder cannot be created below a file", async () => {
  await writeFile(join(root, "file"), "");
  folder = join(root, "file", "below");
  expect((await errorOf(run())).message).toContain("a part of the path is a file");
});
