// @module-tag slow
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { tinyExperiment } from "../../test/support/tiny-training.ts";
import { FileError, SpecError } from "../errors.ts";
import { buildId } from "./build.ts";
import {
  NETWORK_FILE,
  type OpenRun,
  QUESTION_FILE,
  type Question,
  STATE_FILE,
  UNITS_FILE,
  useFolder,
  useRun,
} from "./run-folder.ts";
import { openUnitLog, readUnitLog } from "./unit-log.ts";

let root: string;
let folder: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "xpikeformer-run-"));
  folder = join(root, "run");
});
afterEach(() => rm(root, { recursive: true }));

const question: Question = {
  command: "run",
  experiment: tinyExperiment(),
  options: { reads: 2 },
  contents: { "checkpoints.network": "00ff" },
  versions: { node: "20" },
};

/** Ten units, and their sum as the result; stopped after `until` new ones. */
function work(choice: object = {}, until = 10, asked = question) {
  const computed: number[] = [];
  const run = async ({ keeper, publish, isOver }: OpenRun) => {
    if (isOver) return "over";
    let sum = 0;
    for (let unit = 0; unit < 10; unit++) {
      const [kept] = keeper.kept(`unit ${unit}`) as [number?];
      if (kept === undefined) {
        if (computed.length === until) throw new Error("stopped");
        computed.push(unit);
        keeper.keep(`unit ${unit}`, unit * unit);
      }
      sum += kept ?? unit * unit;
    }
    await publish({ "sum.txt": String(sum), "sum.json": String(sum) });
    return sum;
  };
  return { computed, done: useRun(folder, asked, "a test", choice, run) };
}

const names = async () => (await readdir(folder)).sort();
const ARRAYS = '{"command":"run","experiment":[],"options":[],"contents":[],"versions":[]}';
const RESULTS = [QUESTION_FILE, "sum.json", "sum.txt"];

describe("a run in a folder", () => {
  test("resumes from its last unit, and leaves results and question", async () => {
    await expect(work({}, 4).done).rejects.toThrow("stopped");
    expect(await names()).toEqual([UNITS_FILE]);
    await expect(work({ resume: true }, 3).done).rejects.toThrow("stopped");
    const last = work({ resume: true });
    expect(await last.done).toBe(285);
    expect(last.computed).toEqual([7, 8, 9]);
    expect(await names()).toEqual(RESULTS);
    expect(JSON.parse(await readFile(join(folder, QUESTION_FILE), "utf8"))).toEqual({
      ...question,
      versions: { node: "20", build: buildId() },
    });
    expect(await work({ resume: true }).done).toBe("over");
  });

  test("is not overwritten before it is finished unless forced, and then only with the first new unit", async () => {
    await expect(work({}, 4).done).rejects.toThrow("stopped");
    const units = await readFile(join(folder, UNITS_FILE));
    await expect(work().done).rejects.toMatchObject({
      path: folder,
      message: expect.stringMatching(/unfinished run \(finished units of work: 4\)\. Continue it \(--resume\), start/),
    });
    await expect(work({ force: true }, 0).done).rejects.toThrow("stopped");
    expect(await readFile(join(folder, UNITS_FILE))).toEqual(units);
    const forced = work({ force: true });
    expect(await forced.done).toBe(285);
    expect(forced.computed).toHaveLength(10);
  });

  test("that is finished is answered again silently", async () => {
    await work().done;
    expect(await work({}, 10, { ...question, options: { reads: 3 } }).done).toBe(285);
  });

  test("keeps the results of an older run until it has its own", async () => {
    await work().done;
    await expect(work({}, 9).done).rejects.toThrow("stopped");
    expect(await names()).toEqual([...RESULTS, UNITS_FILE]);
  });

  test("without a folder cannot be resumed, and no folder is created", async () => {
    await expect(work({ resume: true }).done).rejects.toThrow("There is no such folder");
    expect(await readdir(root)).toEqual([]);
  });

  test("in an empty folder was stopped before its first unit, and starts", async () => {
    await mkdir(folder);
    expect(await work({ resume: true }).done).toBe(285);
  });

  test("leaves nothing behind if it fails before its first unit", async () => {
    await expect(work({}, 0).done).rejects.toThrow("stopped");
    expect(await readdir(root)).toEqual([]);
  });

  test.each(["{}", "[1]", "null", "1", '{"contents": {}}', "{", "", ARRAYS])(
    "whose question is damaged, %j, says so, and starts over without it",
    async (text) => {
      await work().done;
      const path = join(folder, QUESTION_FILE);
      await writeFile(path, text);
      await expect(work({ resume: true }).done).rejects.toMatchObject({
        path,
        message: expect.stringContaining("is damaged"),
      });
      await rm(path);
      expect(await work({ resume: true }).done).toBe(285);
      await writeFile(path, text);
      expect(await work().done).toBe(285);
    },
  );

  test("that was killed while writing its last files is finished after the next start", async () => {
    await expect(work({}, 9).done).rejects.toThrow("stopped");
    const units = await readFile(join(folder, UNITS_FILE));
    await work({ resume: true }).done;
    await writeFile(join(folder, UNITS_FILE), units);
    await rm(join(folder, "sum.txt"));
    await writeFile(join(folder, `.sum.txt.${"0".repeat(32)}.tmp`), "28");
    const last = work({ resume: true });
    expect(await last.done).toBe(285);
    expect(last.computed).toEqual([9]);
    expect(await names()).toEqual(RESULTS);
  });
});

describe("another question is refused, naming the field that differs:", () => {
  const others: [string, string, new (...given: never[]) => Error, object][] = [
    ["experiment", "seed", SpecError, { experiment: tinyExperiment({ seed: 2 }) }],
    ["hardware", "hardware.adc.bits", SpecError, { experiment: tinyExperiment({ hardware: { adc: { bits: 7 } } }) }],
    ["option", "reads", SpecError, { options: { reads: 3 } }],
    ["option that was left out", "reads", SpecError, { options: {} }],
    ["content of a file", "checkpoints.network", FileError, { contents: { "checkpoints.network": "00fe" } }],
    ["command", "command", SpecError, { command: "eval" }],
    ["version", "versions.node", SpecError, { versions: { node: "22" } }],
  ];
  for (const [name, path, kind, changes] of others) {
    test.each([
      ["while it is under way", 4],
      ["when it is over", 10],
    ])(`${name}, %s`, async (_, until) => {
      await work({}, until).done.catch(() => {});
      const before = await names();
      const error = await work({ resume: true }, 10, { ...question, ...changes }).done.catch(
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(kind);
      expect(error).toMatchObject({ path, message: expect.stringContaining(`The run in ${folder}`) });
      expect(await names()).toEqual(before);
    });
  }
});

describe("a run that another build began", () => {
  const other = "0123456789ab";
  const of = (build?: string): Question => ({
    ...question,
    versions: { node: "20", xpikeformer: "0.0.9", ...(build !== undefined && { build }) },
  });
  /** Four units of a run that is under way. */
  const begin = async (build: string | undefined) => {
    await mkdir(folder);
    const log = openUnitLog(join(folder, UNITS_FILE), of(build), null);
    for (let unit = 0; unit < 4; unit++) log.keep(`unit ${unit}`, unit * unit);
    log.close();
  };
  const builds = async () => JSON.parse(await readFile(join(folder, QUESTION_FILE), "utf8")).versions.build;

  test("is refused with both ids, before anything else that differs", async () => {
    await begin(other);
    for (const choice of [{}, { acceptBuild: ["0123456789ac"] }]) {
      const refused = work({ resume: true, ...choice }, 10, { ...question, options: { reads: 3 } });
      await expect(refused.done).rejects.toMatchObject({
        path: folder,
        message: expect.stringMatching(
          new RegExp(`build ${other}, but this program is build ${buildId()}: .*--out.*--accept-build ${other}`),
        ),
      });
      expect(refused.computed).toEqual([]);
    }
  });

  test("is refused when it is over", async () => {
    await mkdir(folder);
    await writeFile(join(folder, QUESTION_FILE), JSON.stringify(of(other)));
    await expect(work({ resume: true }).done).rejects.toThrow(`--accept-build ${other}`);
    expect(await work({ resume: true, acceptBuild: [other] }).done).toBe("over");
  });

  test("continues where it is accepted, and its question names both, also after another stop", async () => {
    await begin(other);
    await expect(work({ resume: true, acceptBuild: [other] }, 2).done).rejects.toThrow("stopped");
    await expect(work().done).rejects.toThrow("(finished units of work: 6)");
    // This build has a part in it now.
    const last = work({ resume: true });
    expect(await last.done).toBe(285);
    expect(last.computed).toEqual([6, 7, 8, 9]);
    expect(await builds()).toBe(`${other} + ${buildId()}`);
  });

  test("and a third one, must be accepted with all builds", async () => {
    await begin(other);
    const log = openUnitLog(join(folder, UNITS_FILE), null, await readUnitLog(join(folder, UNITS_FILE)));
    log.keep("build", "ba9876543210");
    log.close();
    const resume = (...acceptBuild: string[]) => work({ resume: true, acceptBuild }).done;
    await expect(resume(other)).rejects.toThrow("--accept-build ba9876543210");
    await resume(other, "ba9876543210");
    expect(await builds()).toBe(`${other} + ba9876543210 + ${buildId()}`);
  });

  test("before builds had ids, says so", async () => {
    await begin(undefined);
    await expect(work({ resume: true }).done).rejects.toThrow(
      /by a program from before builds had ids, .*--accept-build unknown/,
    );
    await work({ resume: true, acceptBuild: ["unknown"] }).done;
    expect(await builds()).toBe(`unknown + ${buildId()}`);
  });
});

test("an unfinished training keeps its folder to itself, a finished one may share it with a run", async () => {
  await mkdir(folder);
  await writeFile(join(folder, STATE_FILE), "a state");
  await writeFile(join(folder, QUESTION_FILE), JSON.stringify({ ...question, command: "train" }));
  for (const choice of [{}, { force: true }, { resume: true }]) {
    await expect(work(choice).done).rejects.toMatchObject({
      path: folder,
      message: expect.stringMatching(/an unfinished training .*--resume.*--out/),
    });
  }
  expect(JSON.parse(await readFile(join(folder, QUESTION_FILE), "utf8")).command).toBe("train");
  await writeFile(join(folder, NETWORK_FILE), "a network");
  expect(await work().done).toBe(285);
});

test("a folder in use is refused to any other command", async () => {
  await useFolder(folder, "first", async () => {
    await expect(work().done).rejects.toThrow("in use by `first`");
    await expect(work({ resume: true }).done).rejects.toThrow("in use by `first`");
    await expect(work({ force: true }).done).rejects.toThrow("in use by `first`");
  });
});
