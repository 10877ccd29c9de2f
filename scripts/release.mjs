// Releases the version in package.json: checks that the tree is ready, runs check and test, packs, and tags. Publishing the file and pushing
// the tag are left to a person. `--dry-run` makes the checks, prints the steps and changes nothing.
//
// The changelog is written by hand, in the user's words; so no tool assembles it from one note per change.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const LARGEST = 5_000_000;

const read = (file) => readFileSync(join(root, file), "utf8");
const say = (text) => process.stdout.write(`${text}\n`);
const shell = process.platform === "win32";
const output = (command, ...args) => execFileSync(command, args, { cwd: root, encoding: "utf8", shell }).trim();
const run = (command, ...args) => execFileSync(command, args, { cwd: root, stdio: "inherit", shell });

/** Each check: what holds, and what is wrong, or null. */
function checksOf(version, packed) {
  const changes = output("git", "status", "--porcelain");
  const locked = JSON.parse(read("package-lock.json")).version;
  const heading = read("CHANGELOG.md")
    .split("\n")
    .find((line) => line.startsWith(`## [${version}]`));
  const dated = /\d{4}-\d{2}-\d{2}$/.test(heading ?? "");
  const missing = heading === undefined ? "there is none" : `write its date instead of "${heading.split("– ")[1]}"`;
  return [
    ["the tree has no changes that are not committed", changes === "" ? null : changes],
    [`package-lock.json has version ${version}`, locked === version ? null : `it has ${locked}: run npm install`],
    [`CHANGELOG.md has a section of ${version} with a date`, dated ? null : missing],
    [
      `the tag v${version} is free`,
      output("git", "tag", "--list", `v${version}`) === "" ? null : "choose a new version",
    ],
    [`the package is below ${LARGEST / 1e6} MB`, packed.size < LARGEST ? null : `it has ${packed.size} bytes`],
  ];
}

const dry = process.argv.includes("--dry-run");
const { version } = JSON.parse(read("package.json"));
const [packed] = JSON.parse(output("npm", "pack", "--dry-run", "--ignore-scripts", "--json"));
const checks = checksOf(version, packed);
for (const [holds, wrong] of checks) say(wrong === null ? `yes  ${holds}` : `NO   ${holds}: ${wrong}`);
if (checks.some(([, wrong]) => wrong !== null)) {
  say("Nothing was changed.");
  process.exitCode = 1;
} else {
  const steps = [
    ["npm", "run", "check"],
    ["npm", "test"],
    ["npm", "pack"],
    ["git", "tag", "--annotate", `v${version}`, "--message", `v${version}`],
  ];
  for (const step of steps) {
    say(`${dry ? "would run" : "runs"}  ${step.join(" ")}`);
    if (!dry) run(...step);
  }
  say(dry ? "Nothing was changed." : `Publish with: npm publish ${packed.filename} && git push origin v${version}`);
}
