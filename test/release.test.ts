/** `npm run release -- --dry-run`, in a small repository with the script: what stops a release, and that nothing is changed. */
// @module-tag program
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const IDENTITY = ["-c", "user.name=a", "-c", "user.email=a@b.invalid"];

const hasGit = spawnSync("git", ["--version"]).status === 0;
let folder: string;
const git = (...args: string[]) => execFileSync("git", [...IDENTITY, ...args], { cwd: folder, encoding: "utf8" });
const write = (file: string, text: string) => writeFileSync(join(folder, file), text);
const changelog = (heading: string) => write("CHANGELOG.md", `# Changelog\n\n${heading}\n\n- All.\n`);
const state = () => git("status", "--porcelain") + git("tag") + git("log", "--format=%H");
const dryRun = () => {
  const before = state();
  const { status, stdout } = spawnSync(process.execPath, ["scripts/release.mjs", "--dry-run"], {
    cwd: folder,
    encoding: "utf8",
  });
  expect(state()).toBe(before);
  return { status, stdout };
};

beforeAll(() => {
  if (!hasGit) return;
  folder = mkdtempSync(join(tmpdir(), "xpikeformer-release-"));
  mkdirSync(join(folder, "scripts"));
  cpSync(join(root, "scripts/release.mjs"), join(folder, "scripts/release.mjs"));
  const described = JSON.stringify({ name: "released", version: "1.2.0" });
  write("package.json", described);
  write("package-lock.json", described);
  changelog("## [1.2.0] – 2026-01-31");
  git("init", "--quiet");
  git("add", ".");
  git("commit", "--quiet", "--message", "all");
});
afterAll(() => hasGit && rmSync(folder, { recursive: true }));

test.skipIf(!hasGit)("a tree that is ready gets the list of steps, and no tag", () => {
  const { status, stdout } = dryRun();
  expect(status).toBe(0);
  expect(stdout.split("\n").filter((line) => line.startsWith("yes"))).toHaveLength(5);
  expect(stdout).toContain("would run  npm test\nwould run  npm pack\nwould run  git tag --annotate v1.2.0");
});

test.skipIf(!hasGit)(
  "changes that are not committed, a missing date, another version in the lock and a used tag each stop it",
  () => {
    const refused = (reason: string) => {
      const { status, stdout } = dryRun();
      expect(status).toBe(1);
      expect(stdout.split("\n").filter((line) => line.startsWith("NO"))).toHaveLength(1);
      expect(stdout).toContain(reason);
      expect(stdout).not.toContain("would run");
    };
    const committed = (reason: string) => {
      git("commit", "--quiet", "--all", "--message", "fault");
      refused(reason);
      git("reset", "--quiet", "--hard", "HEAD~1");
    };
    write("new.txt", "");
    refused("?? new.txt");
    rmSync(join(folder, "new.txt"));
    changelog("## [1.2.0] – unreleased");
    committed('write its date instead of "unreleased"');
    changelog("## [1.1.0] – 2025-01-31");
    committed("there is none");
    write("package-lock.json", JSON.stringify({ name: "released", version: "1.1.0" }));
    committed("it has 1.1.0: run npm install");
    git("tag", "v1.2.0");
    refused("choose a new version");
    git("tag", "--delete", "v1.2.0");
  },
);
