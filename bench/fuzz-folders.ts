/** Readers that open files and folders themselves. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseDesign } from "../src/experiment/design.ts";
import { readFolderSet } from "../src/node/custom-data.ts";
import { LOCK_FILE, lockFolder } from "../src/node/folder-lock.ts";
import { readSources } from "../src/node/rtl-folder.ts";
import { QUESTION_FILE, readQuestion, requireSame, UNITS_FILE } from "../src/node/run-folder.ts";
import { readRows, readQuestion as readSweepQuestion, SWEEP_FILES } from "../src/node/sweep/folder.ts";
import { openUnitLog, readUnitLog } from "../src/node/unit-log.ts";
import { crc32 } from "../src/numeric/checksum.ts";
import type { Stream } from "../src/numeric/stream.ts";
import { mutateBytes, mutateJson, mutateText } from "./fuzz-mutate.ts";
import { attempt, attemptLater, experiment, type Input, json, type Reader } from "./fuzz-reader.ts";

/** Chunks of a PNG with correct checksums. */
function mutatePng(bytes: Uint8Array, random: Stream): Uint8Array {
  const changed = mutateBytes(bytes, random);
  if (random.integer(3) === 0) return changed;
  const view = new DataView(changed.buffer);
  for (let at = 8; at + 12 <= changed.length; ) {
    const length = view.getUint32(at);
    if (at + 12 + length > changed.length) break;
    view.setUint32(at + 8 + length, crc32(changed.subarray(at + 4, at + 8 + length)));
    at += 12 + length;
  }
  return changed;
}

/** Lines of a unit log with correct checksums. */
function mutateLog(text: string, random: Stream): string {
  const lines = text.trimEnd().split("\n");
  const at = random.integer(lines.length);
  const body = mutateJson(lines[at].slice(9), random);
  const checksum = crc32(new TextEncoder().encode(body)).toString(16).padStart(8, "0");
  lines[at] = random.integer(4) === 0 ? mutateText(lines[at], random) : `${checksum} ${body}`;
  return random.integer(6) === 0 ? mutateText(`${lines.join("\n")}\n`, random) : `${lines.join("\n")}\n`;
}

/** The folder for a reader that opens files. */
const folder = mkdtempSync(join(tmpdir(), "xpikeformer-fuzz-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

const inFolder = (name: string): string => {
  mkdirSync(join(folder, name), { recursive: true });
  return join(folder, name);
};

const write = (name: string, content: Input): string => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

const units = `${write("valid.jsonl", "")}`;
const log = openUnitLog(units, { command: "run", experiment, options: {}, contents: {}, versions: {} }, null);
log.keep("a", { prompts: 3, wrong: Float64Array.of(1, 2) });
log.keep("b", [1, "two"]);
log.close();

const question = {
  command: "run",
  experiment,
  options: { chips: 2 },
  contents: { network: "aa" },
  versions: { xpikeformer: "0.1.0" },
};

const row = {
  ...{ point: 0, hash: "ab", values: { "hardware.adc.bits": 4 }, refused: null },
  measures: Object.fromEntries(
    ["errorRate", "yearLoss", "energy", "latency", "throughput", "area"].map((name) => [
      name,
      { value: 1, low: 0.5, high: 2 },
    ]),
  ),
};

const sweep = {
  ...{
    format: "xpikeformer-sweep",
    version: 1,
    software: { xpikeformer: "0.1.0", build: "0123456789ab" },
    points: 1,
    hash: "ab",
  },
  design: { ...parseDesign({ experiment: {}, axes: { "hardware.adc.bits": [4, 5] } }), experiment: {} },
};

// One red pixel, as sharp writes it.
const png = new Uint8Array(
  Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVQI12P4z8AAAAMBAQAY3Y2wAAAAAElFTkSuQmCC", "base64"),
);

export const FOLDERS: Readonly<Record<string, Reader>> = {
  pictures: {
    share: 2_000,
    valid: [png],
    mutate: mutatePng,
    read: async (bytes: Uint8Array) => {
      for (const part of ["train", "test"]) {
        inFolder(`pictures/${part}/red`);
        write(`pictures/${part}/red/a.png`, bytes);
      }
      await readFolderSet(join(folder, "pictures"));
    },
  },
  units: {
    share: 6_000,
    valid: [readFileSync(units, "utf8")],
    mutate: mutateLog,
    read: async (text: string) => {
      const path = write(UNITS_FILE, text);
      const found = await readUnitLog(path);
      if (found === null) return;
      const opened = openUnitLog(path, found.question, found);
      for (const name of found.units.keys()) attempt(() => opened.kept(name));
      opened.close();
    },
  },
  question: {
    share: 6_000,
    valid: json(question),
    mutate: mutateJson,
    read: async (text: string) => {
      write(`${inFolder("question").slice(folder.length + 1)}/${QUESTION_FILE}`, text);
      const before = await readQuestion(join(folder, "question"));
      if (before !== null) requireSame(before, question, folder);
    },
  },
  sweep: {
    share: 6_000,
    valid: json(sweep, row),
    mutate: mutateJson,
    read: async (text: string) => {
      inFolder(`sweep/${SWEEP_FILES.rows}`);
      write(`sweep/${SWEEP_FILES.question}`, text);
      write(`sweep/${SWEEP_FILES.rows}/0-0.jsonl`, text);
      for (const read of [readSweepQuestion, readRows]) await attemptLater(() => read(join(folder, "sweep")));
    },
  },
  lock: {
    share: 1_000,
    valid: json({
      command: "xpike run",
      pid: 1,
      host: "lab",
      machine: "another",
      started: "1",
      since: "2026-11-26T10:00:00.000Z",
      token: "t",
    }),
    mutate: mutateJson,
    read: async (text: string) => {
      write(`${inFolder("lock").slice(folder.length + 1)}/${LOCK_FILE}`, text);
      await (await lockFolder(join(folder, "lock"), "fuzz")).release();
    },
  },
  rtl: {
    share: 4_000,
    valid: ["ssa_cell.sv\nssa_tile.sv\n"],
    mutate: mutateText,
    read: async (text: string) => {
      inFolder("rtl");
      write("rtl/ssa_cell.sv", "module ssa_cell;\nendmodule\n");
      write("rtl/files.f", text);
      await readSources(join(folder, "rtl"));
    },
  },
};
