// @module-tag slow
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { eventFile } from "../../test/support/event-files.ts";
import { readEventFile } from "../data/events.ts";
import { parseExperiment } from "../experiment/parse.ts";
import { openExperiment } from "../task/open.ts";
import { loadTaskData } from "./task-data.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "xpikeformer-events-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(name: string, bytes: Uint8Array): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), bytes);
}

const task = {
  kind: "event-classification",
  data: { name: "mine", height: 2, width: 2, classes: 2 },
  ...{ patch: 2, frames: 2, frameMicroseconds: 1000 },
} as const;
const experiment = parseExperiment({ task });
const load = (of = experiment) => loadTaskData(of, { folder });
const eventAt = (x: number) => eventFile([{ x, y: 1, polarity: 1, microseconds: 1500 }]);

/** Folder names in the case of N-MNIST or in lower case. */
function putSet(train = "Train", test = "Test"): void {
  for (const x of [0, 1]) {
    for (let k = 0; k < 4; k++) put(`${train}/${x}/0000${k}.bin`, eventAt(x));
    put(`${test}/${x}/1.bin`, eventAt(x));
  }
}

describe("a folder of recordings", () => {
  test.each([
    ["Train", "Test"],
    ["train", "test"],
  ])("%s and %s is read, and binned", async (train, test) => {
    putSet(train, test);
    const { data, notes } = await load();
    expect(notes).toEqual([`mine: read from ${folder}`]);
    expect([data.train.count, data.validation.count, data.test.count]).toEqual([6, 2, 2]);
    expect(data.test.classes).toEqual(["0", "1"]);
    // 2 frames of 2 x 2 pixels and 2 polarities: two bytes. The event is in the second, at pixel 2 or 3: ON is bit 5 or 7.
    expect([...data.test.bits]).toEqual([0, 1 << 5, 0, 1 << 7]);
    expect(openExperiment(experiment, data).task.geometry.spiking.inputs).toBe(8);
  });

  test("is found below the named folder, under the name of the set", async () => {
    putSet("mine/Train", "mine/Test");
    expect((await load()).data.test.count).toBe(2);
  });

  test("that is missing gives an error that says what to provide", async () => {
    await expect(load()).rejects.toMatchObject({ tag: "file", path: folder });
    await expect(load()).rejects.toThrow("Give the folders Train/CLASS and Test/CLASS");
    put("Train/0/1.bin", eventAt(0));
    await expect(load()).rejects.toThrow("There are no recordings here.");
  });

  test("with a damaged file gives an error that names it", async () => {
    putSet();
    put("Train/1/00002.bin", eventAt(1).subarray(0, 3));
    await expect(load()).rejects.toMatchObject({ tag: "file", path: join(folder, "Train/1/00002.bin") });
  });

  test("with a class only for testing is refused", async () => {
    putSet();
    put("Test/2/1.bin", eventAt(0));
    await expect(load()).rejects.toThrow("No training recording is of this class; those of Train/ are 0, 1.");
  });

  test("with other classes than the experiment's does not open it", async () => {
    putSet();
    put("Train/2/1.bin", eventAt(0));
    const { data } = await load();
    expect(() => openExperiment(experiment, data)).toThrow("The recordings have classes 3, but task.data says 2.");
  });

  test("that would take too much memory is refused before reading", async () => {
    const large = parseExperiment({
      task: { ...task, data: { ...task.data, height: 240, width: 256 }, frames: 64 },
    });
    // 64 frames of 240 x 256 pixels take 983,040 bytes: 1093 of them exceed 2^30. The file itself would be refused if it were read.
    for (let k = 0; k < 1100; k++) put(`Train/0/${k}.bin`, Uint8Array.of(0));
    put("Test/0/1.bin", eventAt(0));
    await expect(load(large)).rejects.toThrow("1101 recordings of 64 frames of 240 x 256 pixels take 1082327040 bytes");
  });
});

test("moving bars need no folder", async () => {
  const { data, notes } = await loadTaskData(parseExperiment({ task: { kind: "event-classification" } }));
  expect([data.name, data.test.count]).toEqual(["moving-bars", 800]);
  expect(notes[0]).toContain("made up");
});

test("the reader and the test's writer agree", () => {
  expect([...readEventFile(eventAt(1), "", { height: 2, width: 2 })]).toEqual([
    { x: 1, y: 1, polarity: 1, microseconds: 1500 },
  ]);
});
