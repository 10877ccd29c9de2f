// @module-tag slow
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { tinyDocument } from "../../../test/support/tiny-training.ts";
import { FileError } from "../../errors.ts";
import { parseDesign } from "../../experiment/design.ts";
import { experimentAt, type OpenedDesign } from "../../sweep/points.ts";
import { sweepTable } from "../../sweep/table.ts";
import type { Row } from "../../sweep/unit.ts";
import { buildId } from "../build.ts";
import { checkedLine } from "../checked-line.ts";
import { RUN_FILES, trainToFolder } from "../training.ts";
import { writeTable } from "./duckdb.ts";
import { loadDuckDb } from "./duckdb-package.ts";
import { readRows, SWEEP_FILES } from "./folder.ts";
import { planSweep } from "./plan.ts";
import { readRowLines, rowLines } from "./row-lines.ts";
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
    expect(await readRows(part)).toEqual({ rows: whole, broken: [] });
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

  test("rows whose request is gone, and a request that is cut off", async () => {
    await run(design, folder);
    const path = join(folder, SWEEP_FILES.question);
    const text = await readFile(path);
    await writeFile(path, text.subarray(0, text.length / 2));
    await expect(run(design, folder, threadsEngine(1), true)).rejects.toThrow("start again in another folder");
    await rm(path);
    await expect(run(design, folder)).rejects.toThrow("is gone. Restore it, remove");
    await rm(join(folder, SWEEP_FILES.rows), { recursive: true });
    expect(await run(design, folder)).toHaveLength(6);
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

describe("rows that are not as they were written", () => {
  const note = '"µ – name"';
  const design = designOf({
    axes: { "hardware.adc.bits": [4, 5, 6, 7, 8, 9], name: ["µ – name"] },
    objectives: ["area"],
  });
  const FILE = "0000000-0000005.jsonl";
  let whole: Row[];
  beforeEach(async () => {
    whole = await run(design, folder);
  });

  /** Resumes, and returns what was said and which points were measured. */
  async function resume() {
    const notes: string[] = [];
    const measured: number[] = [];
    const own = threadsEngine(1);
    const engine: Engine = {
      ...own,
      measure: (sweep, batches, keep) => {
        measured.push(...batches.flat().map(({ point }) => point));
        return own.measure(sweep, batches, keep);
      },
    };
    const plan = await planSweep(design, { directory: "." });
    const rows = await runSweep(plan, folder, { engine, threads: 1, resume: true, onNote: (text) => notes.push(text) });
    return { rows, notes: notes.join("\n"), measured };
  }

  const path = () => join(folder, SWEEP_FILES.rows, FILE);
  const edit = (change: (lines: string[]) => string[]) => async () => {
    const lines = (await readFile(path(), "utf8")).split("\n").slice(0, -1);
    await writeFile(
      path(),
      change(lines)
        .map((line) => `${line}\n`)
        .join(""),
    );
  };
  const editLine = (at: number, change: (line: string) => string) =>
    edit((lines) => lines.map((line, i) => (i === at ? change(line) : line)));

  test.each<[string, () => Promise<void>, number[], RegExp | ""]>([
    [
      "an area edited by a person",
      editLine(2, (line) => line.replace(/"area":\{"value":[^,]+/, '"area":{"value":1e-30')),
      [2],
      /^1 row is not as written: 1 has a wrong checksum \(point 2\)\. /,
    ],
    [
      "a changed digit, and lines without a checksum, as earlier versions wrote them",
      edit((lines) => [
        lines[0],
        lines[1].replace(/\d(?=\D*$)/, (digit) => String((Number(digit) + 1) % 10)),
        ...lines.slice(2, 4),
        ...lines.slice(4).map((line) => line.slice(9)),
      ]),
      [1, 4, 5],
      /^3 rows .*1 has a wrong checksum \(point 1\), 2 have no checksum \(points 4, 5\)/,
    ],
    [
      "a file that is cut off within a character",
      async () => {
        const bytes = await readFile(path());
        await writeFile(path(), bytes.subarray(0, bytes.lastIndexOf(Buffer.from("µ")) + 1));
      },
      [5],
      /1 has a wrong checksum \(point 5\)/,
    ],
    ["bytes that are no text", editLine(0, () => "\u0000\ufffd{"), [0], /1 has a wrong checksum \(in rows.0000000-/],
    ["a line that is gone", edit((lines) => lines.toSpliced(3, 1)), [3], ""],
    ["an empty file", () => writeFile(path(), ""), [0, 1, 2, 3, 4, 5], /1 has no checksum \(in rows.0000000-/],
    ["a folder that is gone", () => rm(join(folder, SWEEP_FILES.rows), { recursive: true }), [0, 1, 2, 3, 4, 5], ""],
    [
      "a whole line that is no row",
      editLine(1, () => checkedLine({ point: 1, hash: 5 }).toString().trimEnd()),
      [1],
      /1 has other fields \(point 1\)/,
    ],
    [
      "another row of the same point, with another area",
      async () => {
        const other = structuredClone(whole[4]) as { measures: { area: { value: number } } };
        other.measures.area.value *= 1.5;
        await writeFile(join(folder, SWEEP_FILES.rows, "0000004-0000004.jsonl"), checkedLine(other));
      },
      [4],
      /2 have two contents \(point 4\)/,
    ],
  ])("are left out, counted and measured again: %s", async (_, damage, points, said) => {
    expect(JSON.stringify(whole[0].values)).toContain(note);
    await damage();
    expect((await readRows(folder)).rows).toEqual(whole.filter(({ point }) => !points.includes(point)));
    const { rows, notes, measured } = await resume();
    expect(measured).toEqual(points);
    expect(rows).toEqual(whole);
    if (said === "") expect(notes).toBe("");
    else expect(notes).toMatch(said);
    // Once: nothing broken stays behind.
    expect(await readRows(folder)).toEqual({ rows: whole, broken: [] });
    expect(await resume()).toEqual({ rows: whole, notes: "", measured: [] });
  });

  test("never reach a reader, whatever byte of a file changes", async () => {
    const bytes = await readFile(path());
    const lines = new TextDecoder().decode(rowLines(whole)).split("\n").slice(0, -1);
    for (let at = 0; at < bytes.length; at++) {
      const changed = Uint8Array.from(bytes);
      changed[at] ^= 1 << (at % 8);
      const { rows, broken } = readRowLines(changed, "here");
      // A newline that is gone costs two rows, one that is new breaks its line in two.
      expect(rows.length).toBeGreaterThanOrEqual(4);
      expect(broken.length).toBeGreaterThanOrEqual(1);
      for (const row of rows) expect(lines).toContain(checkedLine(row).toString().trimEnd());
    }
  });
});

test("a network that is cut off is trained again, to the same rows", async () => {
  const design = designOf({ axes: { "hardware.adc.bits": [4, 5] }, objectives: ["errorRate"] });
  const whole = await run(design, folder);
  const networks = join(folder, SWEEP_FILES.networks);
  const path = join(networks, (await readdir(networks))[0], RUN_FILES.network);
  const bytes = await readFile(path);
  await writeFile(path, bytes.subarray(0, bytes.length - 9));
  await rm(join(folder, SWEEP_FILES.rows), { recursive: true });
  const notes: string[] = [];
  const plan = await planSweep(design, { directory: "." });
  const options = { engine: threadsEngine(1), threads: 1, resume: true, onNote: (text: string) => notes.push(text) };
  expect(await runSweep(plan, folder, options)).toEqual(whole);
  expect(notes).toEqual([`${path} is damaged. The network is trained again.`]);
  expect((await readFile(path)).equals(bytes)).toBe(true);
});

test("DuckDB, Parquet and CSV hold the same table as the rows", async () => {
  const exact = (value: number) => ({ value, low: value, high: value });
  const none = {
    ...{ yearLoss: null, blockErrorRate: null, codedEbN0: null, energy: null, latency: null, throughput: null },
    ...{ area: null, chips: 2, prompts: 3 },
  };
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
