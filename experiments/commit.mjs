// Which commit a measurement was made at. A result without one cannot be made again.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const git = (...args) => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();

/** What every measurement depends on. */
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

/** Throws when something that results depend on, `own` files included, differs from the present commit. */
export function requireCommitted(own) {
  const changed = git("status", "--porcelain", "--", ...MEASURED, ...own);
  if (changed) throw new Error(`Commit these first, so that the results belong to a commit:\n${changed}`);
}
