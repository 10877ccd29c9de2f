import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readSources } from "./rtl-folder.ts";

const folder = mkdtempSync(join(tmpdir(), "xpikeformer-sources-"));
afterAll(() => rmSync(folder, { recursive: true }));
mkdirSync(join(folder, "engine"));

test("a folder that does not exist is named with the one that is probably meant", async () => {
  const reading = readSources(join(folder, "engin"));
  await expect(reading).rejects.toMatchObject({ path: join(folder, "engin") });
  await expect(reading).rejects.toThrow(
    `There is no such folder, so there is no hardware in it. Write one: xpike rtl EXPERIMENT --out FOLDER. Did you mean ${join(folder, "engine")}?`,
  );
});

test("a folder that xpike rtl did not write is named, not a file that it lacks", async () => {
  const reading = readSources(join(folder, "engine"));
  await expect(reading).rejects.toMatchObject({ path: join(folder, "engine") });
  await expect(reading).rejects.toThrow("This folder has no files.f, so it is none of `xpike rtl`.");
});
