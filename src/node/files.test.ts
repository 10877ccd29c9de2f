import { execFileSync } from "node:child_process";
import {
  chmod,
  type FileHandle,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { rejection } from "../../test/support/rejection.ts";
import { FileError } from "../errors.ts";
import { makeFolder, readFileChecked, removeEmptyFolders, writeFileAtomic, writeFilesTogether } from "./files.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "xpikeformer-files-"));
});
afterAll(() => rm(folder, { recursive: true }));

const at = (name: string): string => join(folder, name);

/** Watches writes to disk: `seen` runs instead of the system's sync, receives its handle, and may fail. */
async function watchSync<T>(seen: (file: FileHandle) => Promise<void>, action: () => Promise<T>): Promise<T> {
  const file = await open(folder, "r");
  const spy = vi.spyOn(Object.getPrototypeOf(file) as FileHandle, "sync").mockImplementation(function (
    this: FileHandle,
  ) {
    return seen(this);
  });
  try {
    return await action();
  } finally {
    spy.mockRestore();
    await file.close();
  }
}

const errorOf = async (action: Promise<unknown>): Promise<FileError> => {
  const error = await rejection(action);
  expect(error).toBeInstanceOf(FileError);
  return error as FileError;
};

describe("writeFileAtomic", () => {
  test("writes bytes and text, and replaces what was there", async () => {
    await writeFileAtomic(at("bytes"), Uint8Array.of(1, 2, 255));
    expect(await readFile(at("bytes"))).toEqual(Buffer.from([1, 2, 255]));
    await writeFileAtomic(at("bytes"), "shorter \u00e4");
    expect(await readFile(at("bytes"), "utf8")).toBe("shorter \u00e4");
  });

  test("leaves one whole version when many write at once, and no temporary file", async () => {
    const versions = Array.from({ length: 8 }, (_, i) => String(i).repeat(10_000));
    await Promise.all(versions.map((version) => writeFileAtomic(at("contested"), version)));
    expect(versions).toContain(await readFile(at("contested"), "utf8"));
    expect((await readdir(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("never shows a reader anything except the old or the new content", async () => {
    const [old, fresh] = ["a".repeat(100_000), "b".repeat(200_000)];
    await writeFileAtomic(at("watched"), old);
    let done = false;
    const writing = writeFileAtomic(at("watched"), fresh).then(() => {
      done = true;
    });
    while (!done) expect([old, fresh]).toContain(await readFile(at("watched"), "utf8"));
    await writing;
    expect(await readFile(at("watched"), "utf8")).toBe(fresh);
  });

  test.skipIf(process.platform === "win32")("syncs the content before it takes its name, then the folder", async () => {
    await writeFileAtomic(at("durable"), "old");
    const order: unknown[] = [];
    const seen = async (file: FileHandle) => {
      const stats = await file.stat();
      order.push([stats.isDirectory() ? "folder" : `${stats.size} bytes`, await readFile(at("durable"), "utf8")]);
    };
    await watchSync(seen, () => writeFileAtomic(at("durable"), "new content"));
    expect(order).toEqual([
      ["11 bytes", "old"],
      ["folder", "new content"],
    ]);
  });

  test("keeps the old content if the new content does not reach the disk", async () => {
    await writeFileAtomic(at("kept"), "old");
    const fail = async () => {
      throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    };
    const error = await watchSync(fail, () => errorOf(writeFileAtomic(at("kept"), "new")));
    expect(error.message).toBe("The disk is full. Free some space. The old file is unchanged.");
    expect(await readFile(at("kept"), "utf8")).toBe("old");
    expect((await readdir(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("reports why it failed, keeps the target and leaves no temporary file", async () => {
    expect(await errorOf(writeFileAtomic(at("absent/file"), "x"))).toMatchObject({
      path: at("absent/file"),
      message: "The folder does not exist. Create it first.",
    });
    await mkdir(at("taken"));
    expect((await errorOf(writeFileAtomic(at("taken"), "x"))).message).toBe("This is a folder. Name a file in it.");
    expect((await readdir(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});

describe.skipIf(process.platform === "win32")("writeFileAtomic preserves", () => {
  test("the mode of a file, even one that only its owner may read", async () => {
    for (const mode of [0o600, 0o640, 0o755]) {
      await writeFile(at("mode"), "old");
      await chmod(at("mode"), mode);
      await writeFileAtomic(at("mode"), "new");
      expect([(await stat(at("mode"))).mode & 0o7777, await readFile(at("mode"), "utf8")]).toEqual([mode, "new"]);
    }
  });

  test("a symbolic link or a chain of links, and writes to the target", async () => {
    await mkdir(at("elsewhere"));
    await writeFile(at("elsewhere/real"), "old");
    await symlink("elsewhere/real", at("link"));
    await symlink("link", at("link-to-link"));
    await writeFileAtomic(at("link-to-link"), "new");
    expect(await readFile(at("elsewhere/real"), "utf8")).toBe("new");
    expect(await readlink(at("link"))).toBe("elsewhere/real");
    await symlink("elsewhere/not-yet", at("dangling"));
    await writeFileAtomic(at("dangling"), "there");
    expect(await readFile(at("elsewhere/not-yet"), "utf8")).toBe("there");
    await symlink("circle", at("circle"));
    expect((await errorOf(writeFileAtomic(at("circle"), "x"))).message).toContain("lead in a circle");
  });

  test("a device and a pipe, and writes to them", async () => {
    await writeFileAtomic("/dev/null", "gone");
    expect((await stat("/dev/null")).isCharacterDevice()).toBe(true);
    execFileSync("mkfifo", [at("pipe-to-write")]);
    const read = readFile(at("pipe-to-write"), "utf8");
    await writeFileAtomic(at("pipe-to-write"), "through");
    expect(await read).toBe("through");
    expect((await stat(at("pipe-to-write"))).isFIFO()).toBe(true);
  });
});

test("rewriting a file removes old leftovers of killed processes, and nothing newer", async () => {
  const [old, young] = ["0", "1"].map((digit) => at(`.left.${digit.repeat(32)}.tmp`));
  await writeFile(old, "half");
  await writeFile(young, "half");
  await writeFile(at(`.left.other.${"2".repeat(32)}`), "not ours");
  await utimes(old, 1, 1);
  await writeFileAtomic(at("left"), "whole");
  const left = (await readdir(folder)).filter((name) => name.startsWith(".left."));
  expect(left.sort()).toEqual([`.left.${"1".repeat(32)}.tmp`, `.left.other.${"2".repeat(32)}`]);
  await rm(young);
});

describe("the files of one result", () => {
  const names = ["a.json", "a.html"];
  const write = (content: string) =>
    writeFilesTogether(at("together"), Object.fromEntries(names.map((name) => [name, content])));

  test("all belong to one result, or are absent, at every moment", async () => {
    await mkdir(at("together"), { recursive: true });
    await write("0");
    const read = (name: string) => readFile(join(at("together"), name), "utf8").catch(() => null);
    for (let version = 1; version <= 20; version++) {
      let done = false;
      const writing = write(String(version)).then(() => {
        done = true;
      });
      while (!done) {
        // Read in the order of removal: a file seen after another one is not of an older result.
        const [first, second] = [await read(names[0]), await read(names[1])];
        if (first !== null && second !== null) expect(Number(second)).toBeGreaterThanOrEqual(Number(first));
      }
      await writing;
      expect([await read(names[0]), await read(names[1])]).toEqual([String(version), String(version)]);
    }
  });

  test("are unchanged if one cannot be written", async () => {
    await mkdir(join(at("together"), "b.html"));
    const error = await errorOf(writeFilesTogether(at("together"), { "a.json": "x", "a.html": null, "b.html": "x" }));
    expect(error).toMatchObject({
      path: join(at("together"), "b.html"),
      message: expect.stringContaining("A folder already has this name"),
    });
    expect(await readFile(join(at("together"), "a.json"), "utf8")).toBe("20");
    expect((await readdir(at("together"))).sort()).toEqual(["a.html", "a.json", "b.html"]);
  });
});

describe("readFileChecked", () => {
  test("returns the bytes of a file up to the limit", async () => {
    await writeFile(at("five"), "12345");
    expect(await readFileChecked(at("five"), 5)).toEqual(new Uint8Array(Buffer.from("12345")));
    await writeFile(at("none"), "");
    expect((await readFileChecked(at("none"), 5)).length).toBe(0);
  });

  test("refuses a larger file before reading it", async () => {
    await writeFile(at("six"), "123456");
    expect((await errorOf(readFileChecked(at("six"), 5))).message).toBe(
      "The file has 6 bytes, more than the limit of 5. Is it the right file?",
    );
  });

  test("says what is there instead of a file", async () => {
    await mkdir(at("folder"));
    const message = async (path: string) => (await errorOf(readFileChecked(path, 100))).message;
    expect(await message(at("missing"))).toBe("There is no such file. Check the path.");
    expect(await message(at("folder"))).toBe("This is a folder. Name a file in it.");
    await writeFile(at("plain"), "x");
    expect(await message(at("plain/below"))).toContain("A part of the path is a file");
  });

  test.skipIf(process.platform === "win32")("does not wait for a pipe or read a device", async () => {
    execFileSync("mkfifo", [at("pipe")]);
    expect((await errorOf(readFileChecked(at("pipe"), 100))).message).toContain("a device or pipe");
    expect((await errorOf(readFileChecked("/dev/zero", 100))).message).toContain("a device or pipe");
  });

  test.skipIf(process.platform === "win32")("reports a lack of permission", async () => {
    await writeFile(at("secret"), "x");
    await chmod(at("secret"), 0o000);
    expect((await errorOf(withoutRoot(() => readFileChecked(at("secret"), 100)))).message).toContain(
      "permission denied",
    );
  });
});

/** Root may read everything, so the test switches to user 1 meanwhile. */
async function withoutRoot<T>(action: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return action();
  await chmod(folder, 0o755);
  process.seteuid?.(1);
  try {
    return await action();
  } finally {
    process.seteuid?.(0);
  }
}

describe("creating a folder", () => {
  test("creates its parents, and accepts an existing folder", async () => {
    await makeFolder(at("made/below/it"));
    await makeFolder(at("made/below/it"));
    await writeFileAtomic(at("made/below/it/file"), "content");
    await Promise.all(Array.from({ length: 8 }, () => makeFolder(at("at/once"))));
    expect(await readdir(at("at"))).toEqual(["once"]);
  });

  test("reports which folders it created; those still empty can be removed", async () => {
    await mkdir(at("there"));
    const made = await makeFolder(at("there/new/er"));
    expect(made).toEqual([at("there/new"), at("there/new/er")]);
    expect(await makeFolder(at("there/new/er"))).toEqual([]);
    await removeEmptyFolders(made);
    expect(await readdir(at("there"))).toEqual([]);
    await makeFolder(at("there/new/er"));
    await writeFile(at("there/new/file"), "");
    await removeEmptyFolders(made);
    expect(await readdir(at("there/new"))).toEqual(["file"]);
  });

  test.runIf(process.platform === "linux")("leaves none behind if another cannot be created", async () => {
    await mkdir(at("open"));
    await expect(makeFolder(join(at("open/a"), "b".repeat(300)))).rejects.toThrow("ENAMETOOLONG");
    expect(await readdir(at("open"))).toEqual([]);
  });

  test("a file is not a folder, and none can be created below it", async () => {
    await writeFile(at("plain"), "");
    for (const path of [at("plain"), at("plain/deep/er")]) {
      await expect(makeFolder(path)).rejects.toThrow("a part of the path is a file. Choose another folder with --out.");
    }
  });

  test.runIf(process.platform === "linux")("if the system cannot create folders, it says so at once", async () => {
    await expect(makeFolder("/proc/xpikeformer/deep")).rejects.toMatchObject({
      path: "/proc/xpikeformer/deep",
      name: "FileError",
    });
  });
});
