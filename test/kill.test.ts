// @module-tag program
/** A short `npm run kill-check` with the built command: run `npm run build` first, as `npm test` does. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { killCommand, writeLink } from "../bench/kills.ts";
import { stream } from "../src/numeric/stream.ts";
import { NIGHTLY } from "./support/nightly.ts";

const xpike = join(import.meta.dirname, "../dist/cli/main.js");

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "xpikeformer-kill-"));
  writeLink(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

const KILLED = "xpike %s that is killed again and again leaves the bytes of one that is not";
test.each(["run"] as const)(KILLED, expectSame);
test.each(["eval"] as const)(KILLED, NIGHTLY, expectSame);

async function expectSame(command: "run" | "eval") {
  const options = { folder, xpike, kills: 4, random: stream(5), threads: 2 };
  const { kills, runs, faults } = await killCommand(command, options);
  expect(faults).toEqual([]);
  expect(kills).toBe(4);
  expect(runs).toBeGreaterThan(0);
}
