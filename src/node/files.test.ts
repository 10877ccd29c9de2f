import { execFileSync } from "node:child_process";
import { chmod, type FileHandle, mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { FileError } from "../errors.ts";
import { makeFolder, readFileChecked, removeEmptyFolders, writeFileAtomic } from "./files.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "xpikeformer-files-"));
});
afterAll(() => rm(folder, { recursive: true }));

const at = (name: string): string => join(folder, name);

/** Watches what reaches the disk: `seen` runs in place of the system's sync, whose handle it is given, and may fail. */
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
  const error = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  );
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

  test("never shows a reader anything but the old or the new content", async () => {
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

  test("keeps the old content when the new one does not reach the disk", async () => {
    await writeFileAtomic(at("kept"), "old");
    const fail = async () => {
      throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    };
    const error = await watchSync(fail, () => errorOf(writeFileAtomic(at("kept"), "new")));
    expect(error.message).toBe("The disk is full. Free some space; the old file is unchanged.");
    expect(await readFile(at("kept"), "utf8")).toBe("old");
    expect((await readdir(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("says why it failed, leaves the target and no temporary file", async () => {
    expect(await errorOf(writeFileAtomic(at("absent/file"), "x"))).toMatchObject({
      path: at("absent/file"),
      message: "The folder does not exist. Create it first.",
    });
    await mkdir(at("taken"));
    expect((await errorOf(writeFileAtomic(at("taken"), "x"))).message).toBe("This is a folder. Name a file in it.");
    expect((await readdir(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});

describe("readFileChecked", () => {
  test("gives the bytes of a file up to the limit", async () => {
    await writeFile(at("five"), "12345");
    expect(await readFileChecked(at("five"), 5)).toEqual(new Uint8Array(Buffer.from("12345")));
    await writeFile(at("none"), "");
    expect((await readFileChecked(at("none"), 5)).length).toBe(0);
  });

  test("refuses a larger file before reading it", async () => {
    await writeFile(at("six"), "123456");
    expect((await errorOf(readFileChecked(at("six"), 5))).message).toBe(
      "The file has 6 bytes; at most 5 are read here. Is it the right file?",
    );
  });

  test("says what stands in place of a file", async () => {
    await mkdir(at("folder"));
    const message = async (path: string) => (await errorOf(readFileChecked(path, 100))).message;
    expect(await message(at("missing"))).toBe("There is no such file. Check the path.");
    expect(await message(at("folder"))).toBe("This is a folder. Name a file in it.");
    await writeFile(at("plain"), "x");
    expect(await message(at("plain/below"))).toContain("A part of the path is a file");
  });

  test.skipIf(process.platform === "win32")("neither waits for a pipe nor reads a device", async () => {
    execFileSync("mkfifo", [at("pipe")]);
    expect((await errorOf(readFileChecked(at("pipe"), 100))).message).toContain("a device or pipe");
    expect((await errorOf(readFileChecked("/dev/zero", 100))).message).toContain("a device or pipe");
  });

  test.skipIf(process.platform === "win32")("says when it may not read", async () => {
    await writeFile(at("secret"), "x");
    await chmod(at("secret"), 0o000);
    expect((await errorOf(withoutRoot(() => readFileChecked(at("secret"), 100)))).message).toContain(
      "permission denied",
    );
  });
});

/** Root may read everything, so it steps down to user 1 meanwhile. */
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

describe("making a folder", () => {
  test("makes those above it, and takes one that is there", async () => {
    await makeFolder(at("made/below/it"));
    await makeFolder(at("made/below/it"));
    await writeFileAtomic(at("made/below/it/file"), "content");
    await Promise.all(Array.from({ length: 8 }, () => makeFolder(at("at/once"))));
    expect(await readdir(at("at"))).toEqual(["once"]);
  });

  test("says which it made; those that are still empty can be taken away", async () => {
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

  test.runIf(process.platform === "linux")("leaves none behind when another cannot be made", async () => {
    await mkdir(at("open"));
    await expect(makeFolder(join(at("open/a"), "b".repeat(300)))).rejects.toThrow("ENAMETOOLONG");
    expect(await readdir(at("open"))).toEqual([]);
  });

  test("a file is no folder, and none can be made below it", async () => {
    await writeFile(at("plain"), "");
    for (const path of [at("plain"), at("plain/deep/er")]) {
      await expect(makeFolder(path)).rejects.toThrow("a part of the path is a file. Choose another");
    }
  });

  test.runIf(process.platform === "linux")("where the system makes no folders, it says so at once", async () => {
    await expect(makeFolder("/proc/xpikeformer/deep")).rejects.toMatchObject({
      path: "/proc/xpikeformer/deep",
      name: "FileError",
    });
  });
});
