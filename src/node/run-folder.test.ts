import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { tinyExperiment } from "../../test/support/tiny-training.ts";
import { FileError, SpecError } from "../errors.ts";
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
    expect(JSON.parse(await readFile(join(folder, QUESTION_FILE), "utf8"))).toEqual(question);
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
