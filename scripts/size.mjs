// Counts the lines of each folder of src/, and what changed since main: `npm run size`. The limits are in test/size.test.ts.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The folder whose budget a file belongs to, such as src/rtl, or src for a file next to the folders; none for tests and generated files. */
function folderOf(path) {
  if (!/\.tsx?$/.test(path) || /\.(test|generated)\.tsx?$/.test(path)) return undefined;
  return path.split("/").slice(0, -1).slice(0, 2).join("/");
}

/** Lines of each folder, by name, from the lines of each file: comments and empty lines count. */
function addUp(lines) {
  const sums = {};
  for (const [path, count] of lines) {
    const folder = folderOf(path);
    if (folder !== undefined) sums[folder] = (sums[folder] ?? 0) + count;
  }
  return Object.fromEntries(Object.entries(sums).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** A last line without a line feed counts too. */
const linesOf = (text) => text.split("\n").length - (text === "" || text.endsWith("\n") ? 1 : 0);

/** Lines of each folder of src/ as the files are now, committed or not. */
export function countLines(root) {
  const paths = readdirSync(join(root, "src"), { recursive: true }).map((name) => `src/${name.replaceAll("\\", "/")}`);
  const counted = paths.filter((path) => folderOf(path) !== undefined);
  return addUp(counted.map((path) => [path, linesOf(readFileSync(join(root, path), "utf8"))]));
}

/** What Git prints; undefined where there is no Git, or where it refuses. */
function git(root, ...words) {
  try {
    return execFileSync("git", words, {
      cwd: root,
      encoding: "utf8",
      maxBuffer: 1 << 26,
      stdio: ["ignore", "pipe", "ignore"],
    }).trimEnd();
  } catch {
    return undefined;
  }
}

/** The commit where this branch left origin/main, or else main; their last commit where the history is too short to tell. */
function forkPoint(root) {
  // A folder unpacked inside the repository of another project has none of its own.
  if (git(root, "rev-parse", "--show-prefix") !== "") return { missing: "this folder is not a Git repository" };
  const branch = ["refs/remotes/origin/main", "refs/heads/main"].find((name) =>
    git(root, "rev-parse", "--verify", "--quiet", `${name}^{commit}`),
  );
  if (branch === undefined) return { missing: "the repository has neither origin/main nor main" };
  const name = branch.replace(/^refs\/(remotes|heads)\//, "");
  return { name, commit: git(root, "merge-base", "HEAD", branch) ?? git(root, "rev-parse", branch) };
}

/** Lines of each folder of src/ in a commit. */
function countLinesIn(commit, root) {
  const listed = git(root, "grep", "-z", "-c", "", commit, "--", "src") ?? "";
  return addUp(
    listed.split("\n").map((line) => {
      const [place, count] = line.split("\0");
      return [place.slice(commit.length + 1), Number(count)];
    }),
  );
}

/** A table of the lines of each folder, with the difference from the main branch where Git knows one. */
export function sizeTable(root) {
  const now = countLines(root);
  const { name, commit, missing } = forkPoint(root);
  const before = commit === undefined ? now : countLinesIn(commit, root);
  const row = (lines, difference, folder) => {
    const change = difference === 0 ? "" : `${difference > 0 ? "+" : ""}${difference}`;
    return `${String(lines).padStart(8)}${change.padStart(8)}  ${folder}`;
  };
  const folders = [...new Set([...Object.keys(now), ...Object.keys(before)])].toSorted();
  const rows = folders.map((folder) => row(now[folder] ?? 0, (now[folder] ?? 0) - (before[folder] ?? 0), folder));
  const sum = (lines) => Object.values(lines).reduce((total, count) => total + count, 0);
  const note =
    missing === undefined
      ? `The second column is the difference from ${name} at ${commit.slice(0, 8)}.`
      : `There is no difference from the main branch, because ${missing}.`;
  return [...rows, row(sum(now), sum(now) - sum(before), "in all"), note].join("\n");
}

if (process.argv[1] === import.meta.filename) console.log(sizeTable(join(import.meta.dirname, "..")));
