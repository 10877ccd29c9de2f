// @module-tag program
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { rejection } from "../../test/support/rejection.ts";
import { FileError } from "../errors.ts";
import { LOCK_FILE, lockFolder, requireFree } from "./folder-lock.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "xpikeformer-lock-"));
  path = join(folder, LOCK_FILE);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const refusal = async (): Promise<FileError> => {
  const error = await rejection(lockFolder(folder, "the second"));
  expect(error).toBeInstanceOf(FileError);
  return error as FileError;
};

/** Leaves the lock of a holder like this process, except for `changes`, with a heartbeat this many seconds ago. */
async function leaveLock(changes: object, seconds = 0): Promise<void> {
  const lock = await lockFolder(folder, "xpike run old.json");
  const holder = JSON.parse(await readFile(path, "utf8"));
  await lock.release();
  await writeFile(path, JSON.stringify({ ...holder, ...changes }));
  const time = Date.now() / 1000 - seconds;
  await utimes(path, time, time);
}

const withoutTime = (message: unknown): string => String(message).replace(/, \d+ s ago/, "");

const onLinux = test.skipIf(process.platform !== "linux");

describe("a locked folder", () => {
  test("refuses a second writer and names the first, then lets the next one in", async () => {
    const first = await lockFolder(folder, "xpike train a.json");
    const error = await refusal();
    expect(error.path).toBe(folder);
    expect(error.message).toMatch(
      new RegExp(
        `^The folder is in use by \`xpike train a.json\`, process ${process.pid} on \\S+, since .* UTC, \\d s ago`,
      ),
    );
    // A check in advance gives the same answer.
    const asked = await requireFree(folder).catch((reason: Error) => reason.message);
    expect(withoutTime(asked)).toBe(withoutTime(error.message));
    await first.check();
    await first.release();
    expect(await readdir(folder)).toEqual([]);
    await requireFree(folder);
    await (await lockFolder(folder, "the third")).release();
  });

  test("belongs to one of many that try at once", async () => {
    for (let round = 0; round < 20; round++) {
      const tries = await Promise.allSettled(Array.from({ length: 10 }, (_, i) => lockFolder(folder, `try ${i}`)));
      const taken = tries.flatMap((attempt) => (attempt.status === "fulfilled" ? [attempt.value] : []));
      expect(taken).toHaveLength(1);
      await taken[0].check();
      await taken[0].release();
      expect(await readdir(folder)).toEqual([]);
    }
  });
});

test("a missing folder, or one not locked on this machine, is not refused in advance", async () => {
  await requireFree(join(folder, "missing"));
  await leaveLock({ pid: spawnSync(process.execPath, ["--version"]).pid });
  await requireFree(folder);
  await leaveLock({ machine: "another" });
  await requireFree(folder);
});

describe("the lock of a process that has ended", () => {
  const ended = spawnSync(process.execPath, ["--version"]).pid;

  test("is taken over by one of many that try at once", async () => {
    for (let round = 0; round < 40; round++) {
      await leaveLock({ pid: ended });
      const tries = await Promise.allSettled(
        Array.from({ length: 10 }, async (_, i) => {
          // Later processes find the lock while earlier ones remove it.
          for (let turn = 0; turn < i; turn++) await new Promise(setImmediate);
          return lockFolder(folder, `try ${i}`);
        }),
      );
      const taken = tries.flatMap((attempt) => (attempt.status === "fulfilled" ? [attempt.value] : []));
      expect(taken).toHaveLength(1);
      await taken[0].check();
      await taken[0].release();
      expect(await readdir(folder)).toEqual([]);
    }
  });

  test("is also taken over from a process that was killed while taking it over", async () => {
    await leaveLock({ pid: ended });
    const stale = await readFile(path, "utf8");
    const claim = `${path}.${createHash("sha256").update(stale).digest("hex").slice(0, 16)}`;
    await writeFile(claim, stale.replace("old.json", "taker.json"));
    const lock = await lockFolder(folder, "the next");
    await lock.check();
    await lock.release();
    expect(await readdir(folder)).toEqual([]);
  });

  test("leaves no claim behind, even if its taker was killed between removing it and its own claim", async () => {
    await writeFile(`${path}.0123456789abcdef`, "{}");
    const lock = await lockFolder(folder, "the next");
    await lock.release();
    expect(await readdir(folder)).toEqual([]);
  });

  onLinux(
    "is stale also while its parent has not asked about it, and when its number is another's by now",
    async () => {
      const parent = spawn("sh", ["-c", "sleep 60 & echo $!; wait"]);
      const pid = Number(await new Promise((resolve) => parent.stdout.once("data", resolve)));
      try {
        await leaveLock({ pid, started: startOf(pid) });
        parent.kill("SIGSTOP");
        process.kill(pid, "SIGKILL");
        while (!readState(pid).startsWith("Z")) await new Promise(setImmediate);
        await (await lockFolder(folder, "after a zombie")).release();
      } finally {
        parent.kill("SIGKILL");
      }
      await leaveLock({ started: "1" });
      await (await lockFolder(folder, "after another process of this number")).release();
    },
  );
});

const statOf = (pid: number) => execFileSync("cat", [`/proc/${pid}/stat`], { encoding: "utf8" }).split(") ")[1];
const startOf = (pid: number) => statOf(pid).split(" ")[19];
const readState = (pid: number) => statOf(pid);

describe("a lock from another machine", () => {
  const elsewhere = { machine: "another", host: "lab3" };

  test("holds while its heartbeats are recent, whatever runs here", async () => {
    await leaveLock({ ...elsewhere, pid: 2 ** 22 + 1 }, 20);
    expect((await refusal()).message).toMatch(/on lab3, .* It last responded (19|2\d) s ago; after 180 s/);
  });

  test("is taken over when they are old", async () => {
    await leaveLock(elsewhere, 200);
    const lock = await lockFolder(folder, "the heir");
    await lock.check();
    await lock.release();
  });

  test("is kept if it cannot be read, as long as it is recent", async () => {
    await writeFile(path, "{");
    expect((await refusal()).message).toContain(`a process that its ${LOCK_FILE} does not name`);
    await utimes(path, 1, 1);
    await (await lockFolder(folder, "the heir")).release();
  });
});

test("a process that lost a folder notices, and leaves the next holder's lock alone", async () => {
  const first = await lockFolder(folder, "asleep");
  await utimes(path, 1, 1);
  const lock = JSON.parse(await readFile(path, "utf8"));
  await writeFile(path, JSON.stringify({ ...lock, machine: "another" }));
  await utimes(path, 1, 1);
  const second = await lockFolder(folder, "the next");
  await expect(first.check()).rejects.toThrow("Another process took over the folder");
  await first.release();
  await second.check();
  await second.release();
});
