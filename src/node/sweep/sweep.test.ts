import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { tinyDocument } from "../../../test/support/tiny-training.ts";
import { FileError } from "../../errors.ts";
import { parseDesign } from "../../spec/design.ts";
import { experimentAt, type OpenedDesign } from "../../sweep/points.ts";
import { sweepTable } from "../../sweep/table.ts";
import type { Row } from "../../sweep/unit.ts";
import { buildId } from "../build.ts";
import { RUN_FILES, trainToFolder } from "../training.ts";
import { writeTable } from "./duckdb.ts";
import { loadDuckDb } from "./duckdb-package.ts";
import { readRows, SWEEP_FILES } from "./folder.ts";
import { planSweep } from "./plan.ts";
import { buildsOfSweep, namingBuild } from "./software.ts";
import { type Engine, runSweep } from "./sweep.ts";
import { threadsEngine } from "./threads.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "xpikeformer-sweep-"));
});
afterEach(() => rm(folder, { recursive: true }));

const experiment = {
  ...tinyDocument({
    model: { kind: "spiking", steps: 2, neuron: { threshold: 0.3 } },
    hardware: { chips: 2, crossbar: { rows: 16, columns: 16 } },
  }),
  evaluation: { prompts: 24 },
};
const designOf = (fields: object): OpenedDesign => parseDesign({ experiment, axes: {}, ...fields }) as OpenedDesign;
const axes = { "hardware.adc.bits": [4, 5, null], "hardware.adc.sharing": [1, 4] };
const run = async (design: OpenedDesign, to: string, engine: Engine = threadsEngine(1), resume = false) =>
  runSweep(await planSweep(design, { directory: "." }), to, { engine, threads: 1, resume });

/** Stops after this many pieces, like a killed process. */
function stoppingEngine(after: number): Engine {
  const own = threadsEngine(1);
  return {
    ...own,
    measure: async (sweep, batches, keep) => {
      await own.measure(sweep, batches.slice(0, after), keep);
      if (after < batches.length) throw new Error("killed");
    },
  };
}

describe("a sweep", () => {
  test("that was stopped resumes to the same rows, for any piece size, and computes none again", async () => {
    const design = designOf({ axes, objectives: ["errorRate", "energy"] });
    const whole = await run(design, join(folder, "whole"));
    expect(whole.map(({ point }) => point)).toEqual([0, 1, 2, 3, 4, 5]);
    const part = join(folder, "part");
    await expect(run(design, part, stoppingEngine(2))).rejects.toThrow("killed");
    const names = await readdir(join(part, SWEEP_FILES.rows));
    expect(names).toHaveLength(2);
    const plan = await planSweep(design, { directory: "." });
    const measured: number[] = [];
    const counting: Engine = {
      ...stoppingEngine(9),
      measure: (sweep, batches, keep) => {
        measured.push(...batches.flat().map(({ point }) => point));
        return threadsEngine(1).measure(sweep, batches, keep);
      },
    };
    const again = await runSweep(plan, part, { engine: counting, threads: 1, resume: true, batch: 3 });
    expect(measured).toEqual([2, 3, 4, 5]);
    expect(again).toEqual(whole);
    expect(await readRows(part)).toEqual(whole);
    expect(await run(design, part, stoppingEngine(0), true)).toEqual(whole);
  });

  test("trains missing networks, once for all points that train identically, with the same result as `train`", async () => {
    const design = designOf({
      axes: { "training.stages.0.steps": [2, 3], "hardware.adc.bits": [4, 5] },
      objectives: ["errorRate"],
    });
    const plan = await planSweep(design, { directory: "." });
    expect(plan.trainings).toHaveLength(2);
    expect(new Set(plan.points.map(({ network }) => network)).size).toBe(2);
    const rows = await run(design, folder);
    expect(rows.every(({ measures }) => measures!.errorRate !== null)).toBe(true);
    const alone = join(folder, "alone");
    await trainToFolder(experimentAt(design, plan.points[3].values), alone, { threads: 1 });
    const networks = [join(folder, SWEEP_FILES.networks, plan.points[3].network!), alone].map((place) =>
      readFile(join(place, RUN_FILES.network)),
    );
    // The same parameters; the metadata before them names the trained experiment.
    const [own, other] = (await Promise.all(networks)).map((bytes) =>
      bytes.subarray(8 + Number(bytes.readBigUInt64LE(0))),
    );
    expect(own.equals(other)).toBe(true);
  });

  test("has a row with the reason for impossible points, and no row for repeated ones", async () => {
    const design = designOf({
      axes: { "hardware.crossbars": [null, 1], "hardware.crossbar.rows": [2, 2] },
      objectives: ["energy"],
    });
    const plan = await planSweep(design, { directory: "." });
    expect([plan.points.length, plan.repeated]).toEqual([2, 2]);
    const [fits, not] = await run(design, folder);
    expect(fits.measures!.energy!.value).toBeGreaterThan(0);
    expect(not).toMatchObject({
      measures: null,
      refused: expect.stringContaining("MappingError at hardware.crossbars: "),
    });
  });

  test("names the field of a missing network", async () => {
    const [known, lost] = ["bundled:wireless-2x2-ann", "lost.safetensors"];
    const training = { stages: [{ steps: 1, warmup: 0 }], initial: lost };
    const taught = { stages: training.stages, labels: "teacher" };
    for (const [field, fields] of [
      ["checkpoints.network", { axes: { "checkpoints.network": [lost] } }],
      ["training.initial", { experiment: { ...experiment, training } }],
      ["training.teacher[1]", { experiment: { ...experiment, training: { ...taught, teacher: [known, lost] } } }],
      ["training.teacher", { experiment: { ...experiment, training: { ...taught, teacher: lost } } }],
    ] as const) {
      const planned = planSweep(designOf(fields), { directory: folder });
      await expect(planned).rejects.toThrow(/^lost.safetensors: There is no such file/);
      await expect(planned).rejects.toMatchObject({ path: field });
    }
  });

  test("hashes points by everything that their rows depend on, and nothing else", async () => {
    const hashOf = async (fields: object) =>
      (await planSweep(designOf({ objectives: ["energy"], ...fields }), { directory: "." })).points[0].hash;
    const own = await hashOf({});
    expect(await hashOf({ name: "another", seed: 9, axes: { "hardware.adc.bits": [5] } })).toBe(own);
    expect(await hashOf({ experiment: { ...experiment, name: "another" } })).toBe(own);
    expect(await hashOf({ experiment: { ...experiment, seed: 2 } })).not.toBe(own);
    expect(await hashOf({ objectives: ["area"] })).not.toBe(own);
    const network = { checkpoints: { network: "bundled:wireless-2x2-xpikeformer" } };
    expect(await hashOf({ experiment: { ...experiment, ...network } })).not.toBe(own);
  });
});

describe("a sweep folder refuses", () => {
  const design = designOf({ axes, objectives: ["area"] });

  test.each([
    ["to be begun twice", design, false, "Continue it with --resume"],
    ["another design", designOf({ axes, objectives: ["energy"] }), true, "another sweep, with 6 points"],
  ])("%s", async (_, second, resume, message) => {
    await run(design, folder);
    const again = run(second, folder, threadsEngine(1), resume);
    await expect(again).rejects.toThrow(FileError);
    await expect(again).rejects.toThrow(message);
  });

  test("to resume nothing", async () => {
    await expect(run(design, folder, threadsEngine(1), true)).rejects.toThrow("holds no sweep to resume");
    expect(await readdir(folder)).toEqual([]);
  });

  test("damaged rows", async () => {
    await run(design, folder);
    const rows = join(folder, SWEEP_FILES.rows);
    const [name] = await readdir(rows);
    await writeFile(join(rows, name), "{}\n");
    await expect(run(design, folder, threadsEngine(1), true)).rejects.toThrow(
      "Remove it; --resume runs its points again",
    );
  });
});

describe("a sweep that another build began", () => {
  const design = designOf({ axes, objectives: ["errorRate", "energy"] });
  const other = "0123456789ab";
  const resume = async (acceptBuild?: string[]) =>
    runSweep(await planSweep(design, { directory: "." }), folder, {
      ...{ engine: threadsEngine(1), threads: 1, resume: true },
      ...(acceptBuild && { acceptBuild }),
    });
  const networks = () => join(folder, SWEEP_FILES.networks);
  const trainedBy = async (name: string, build: string) => {
    const path = join(networks(), name, RUN_FILES.question);
    const question = JSON.parse(await readFile(path, "utf8"));
    await writeFile(path, JSON.stringify({ ...question, versions: { build } }));
  };
  const begunBy = async (change: (software: object) => object) => {
    const path = join(folder, SWEEP_FILES.question);
    const question = JSON.parse(await readFile(path, "utf8"));
    await writeFile(path, JSON.stringify({ ...question, software: change(question.software) }));
    for (const name of await readdir(networks()).catch(() => [])) await trainedBy(name, other);
  };

  test("is refused with both ids, and accepted with rows that name the build which measured them", async () => {
    await expect(run(design, folder, stoppingEngine(2))).rejects.toThrow("killed");
    await begunBy((software) => ({ ...software, build: other }));
    await expect(resume()).rejects.toThrow(FileError);
    await expect(resume(["0123456789ac"])).rejects.toThrow(
      new RegExp(`build ${other}, but this program is build ${buildId()}.*--out.*--accept-build ${other}`),
    );
    const rows = await resume([other]);
    const builds = [undefined, undefined, ...Array(4).fill(buildId())];
    expect(rows.map(({ build }) => build)).toEqual(builds);
    const table = sweepTable(rows, design, other);
    expect(table.columns.at(-1)).toEqual({ name: "build", type: "text" });
    expect(table.rows.map((cells) => cells.at(-1))).toEqual(builds.map((build) => build ?? other));
    // This build has a part in it now, and the folder says so.
    expect(await resume()).toEqual(rows);
    expect(await buildsOfSweep(other, rows, networks())).toEqual([other, buildId()]);
    expect(await buildsOfSweep(other, [], networks())).toEqual([other]);
    await trainedBy((await readdir(networks()))[0], "ba9876543210");
    expect(await buildsOfSweep(other, rows, networks())).toEqual([other, buildId(), "ba9876543210"]);
  });

  test("or a program from before builds had ids, is refused in words", async () => {
    const priced = designOf({ axes, objectives: ["area"] });
    await run(priced, folder);
    await begunBy(() => ({ xpikeformer: "0.1.0", kernels: "ab" }));
    const again = () => run(priced, folder, threadsEngine(1), true);
    await expect(again()).rejects.toThrow(
      /by a program from before builds had ids, but this program is build \w{12}: .*--accept-build unknown/,
    );
  });

  test("names both builds of a row that continues an earlier round", () => {
    const row: Row = { point: 3, hash: "h", values: {}, measures: null, refused: null };
    expect(namingBuild(row, buildId(), undefined)).toEqual(row);
    expect(namingBuild({ ...row, build: other }, other, undefined)).toEqual(row);
    expect(namingBuild(row, other, undefined)).toEqual({ ...row, build: buildId() });
    expect(namingBuild(row, other, row)).toEqual({ ...row, build: `${other} + ${buildId()}` });
    expect(namingBuild({ ...row, build: other }, other, { ...row, build: buildId() })).toEqual({
      ...row,
      build: `${buildId()} + ${other}`,
    });
  });
});

test("DuckDB, Parquet and CSV hold the same table as the rows", async () => {
  const exact = (value: number) => ({ value, low: value, high: value });
  const none = { yearLoss: null, energy: null, latency: null, throughput: null, area: null, chips: 2, prompts: 3 };
  const rows: Row[] = [0.1, 0.25, 1 / 3].map((rate, point) => ({
    ...{ point, hash: `h${point}`, refused: null },
    values: { "hardware.adc.bits": point === 1 ? null : 4 + point, mixed: [1, 'a,"b', { deep: [] }][point] },
    measures: { ...none, errorRate: { ...exact(rate), high: 1 } },
  }));
  rows.push({
    point: 3,
    hash: "h3",
    values: { "hardware.adc.bits": 9, mixed: true },
    measures: null,
    refused: "no\nway",
  });
  const table = sweepTable(
    rows,
    designOf({ axes: { "hardware.adc.bits": [1], mixed: [1] }, objectives: ["errorRate"] }),
  );
  await writeTable(folder, table);
  const { DuckDBInstance } = await loadDuckDb();
  const instance = await DuckDBInstance.create(join(folder, SWEEP_FILES.database));
  const connection = await instance.connect();
  const read = async (from: string) => (await connection.runAndReadAll(`SELECT * FROM ${from}`)).getRowsJson();
  const stored = await read("points");
  expect(stored).toEqual(table.rows);
  expect(stored[2][3]).toBe(1 / 3);
  expect(await read(`'${join(folder, SWEEP_FILES.parquet)}'`)).toEqual(stored);
  await connection.run("CREATE TABLE copied AS SELECT * FROM points LIMIT 0");
  await connection.run(`COPY copied FROM '${join(folder, SWEEP_FILES.csv)}' (HEADER)`);
  expect(await read("copied")).toEqual(stored);
  const [[front]] = (await connection.runAndReadAll("SELECT point FROM points WHERE front")).getRowsJson();
  expect(front).toBe(0);
  connection.closeSync();
  expect((await readdir(folder)).filter((name) => name.startsWith("."))).toEqual([]);
});
