// The commit of a measurement. A result without one cannot be reproduced.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const git = (...args) => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();

/** Files that every measurement depends on. */
const MEASURED = [
  "src",
  "examples",
  "networks",
  "package-lock.json",
  "experiments/commit.mjs",
  "experiments/figures.mjs",
  "experiments/networks.mjs",
];

export const presentCommit = () => git("rev-parse", "HEAD");

/** Throws if a file that results depend on, including the measurement's `own` files, differs from the current commit. */
export function requireCommitted(own) {
  const changed = git("status", "--porcelain", "--", ...MEASURED, ...own);
  if (changed) throw new Error(`Commit these first, so that the results belong to a commit:\n${changed}`);
}
