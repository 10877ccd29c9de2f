// @module-tag program
/**
 * Situations that only a separate process meets: files as its streams, and its folder. Runs the built command: `npm run build`
 * first, as `npm test` does.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const xpike = join(import.meta.dirname, "../dist/cli/main.js");

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "xpikeformer-process-"));
});
afterAll(() => rmSync(root, { recursive: true }));

function shell(script: string) {
  const { status, stdout, stderr } = spawnSync("sh", ["-c", script, process.execPath, xpike], {
    cwd: root,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

test("results that do not fit in a file are reported as incomplete", () => {
  const whole = shell('"$0" "$1" schema > whole.json');
  expect(whole).toEqual({ status: 0, stdout: "", stderr: "" });
  // Fewer blocks than the schema needs, so the file ends within one of its writes, as on a full disk.
  const cut = shell('ulimit -f 8; "$0" "$1" schema > cut.json');
  expect([cut.status, cut.stderr]).toEqual([
    2,
    expect.stringMatching(/^FileError at output\n {2}What was printed is not whole: EFBIG.* Write it elsewhere\.\n$/),
  ]);
  const [text, part] = ["whole.json", "cut.json"].map((name) => readFileSync(join(root, name), "utf8"));
  expect(text.startsWith(part) && part.length > 0 && part.length < text.length).toBe(true);
});

test("a folder that was removed during a command is named", () => {
  const { status, stderr } = shell('mkdir gone; cd gone; rmdir ../gone; exec "$0" "$1" presets');
  expect([status, stderr]).toEqual([
    2,
    "FileError at .\n  The current folder no longer exists. Change to another one with cd.\n",
  ]);
});
