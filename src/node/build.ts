/**
 * The build id: a hash of all files of this program that compute. Programs of one version differ while the code changes, and a
 * changed line is enough for other values, so work in a folder, on a queue or in a job continues only with the same build.
 *
 * The files are read where they run, so a line that was changed after the build counts; zod, which fills in the defaults of experiments,
 * is one of them. Left out is what only shows values (`showing.ts`).
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FileError } from "../errors.ts";
import { SHOWING } from "./showing.ts";

const DIGITS = 12;

/** The build of a folder from before builds had ids. */
export const UNKNOWN_BUILD = "unknown";

/** The running program: `dist`, or `src` in tests. */
const PROGRAM = fileURLToPath(new URL("..", import.meta.url));

let own: string | undefined;

/** The id of this program, 12 hexadecimal digits: about 20 ms at the first call. Line ends do not matter. */
export function buildId(): string {
  own ??= buildOf(PROGRAM);
  return own;
}

/** The id of the program in a folder. */
export function buildOf(program: string): string {
  const hash = createHash("sha256");
  for (const name of buildFiles(program)) {
    const bytes = readFileSync(join(program, name));
    const text = bytes.includes("\r") ? bytes.toString().replaceAll("\r\n", "\n") : bytes;
    hash.update(`${name} ${text.length}\n`).update(text);
  }
  return hash.digest("hex").slice(0, DIGITS);
}

/** The files that the id covers, relative to the program's folder, in order. */
export function buildFiles(program: string): string[] {
  const found: string[] = [];
  const list = (folder: string): void => {
    for (const entry of readdirSync(join(program, folder), { withFileTypes: true })) {
      const name = `${folder}${entry.name}`;
      if (SHOWING.has(name.replace(/\.[jt]s$/, "")) || name === "kernels/assembly") continue;
      if (entry.isDirectory()) list(`${name}/`);
      else if (/\.[jt]s$/.test(name) && !/\.(d|test)\.ts$/.test(name)) found.push(name);
    }
  };
  list("");
  return found.sort();
}

/** Builds in one text, each once: `3fa9c2d1e0ab + 77b0c1a2d3e4`. */
export const joinBuilds = (builds: readonly string[]): string => [...new Set(builds)].join(" + ");

/** The builds of such a text; of a missing one, the unknown build. */
export const splitBuilds = (text: string | undefined): string[] => text?.split(" + ") ?? [UNKNOWN_BUILD];

/**
 * Refuses to mix builds unknowingly. Work that this build has a part in continues: someone has accepted the others before.
 *
 * @param work what was computed, such as "run"
 * Throws  FileError at `folder`, with both ids and the ways out
 */
export function requireBuild(
  folder: string,
  work: string,
  builds: readonly string[],
  accepted: readonly string[] = [],
): void {
  const other = [...new Set(builds)].filter((build) => !accepted.includes(build));
  if (other.length === 0 || builds.includes(buildId())) return;
  throw new FileError(
    folder,
    `The ${work} was computed by ${describeBuilds(other)}, but this program is build ${buildId()}: values may differ. Continue with ` +
      `that build, start again in another folder (--out), or accept it: ${acceptOptions(other)}. Results then name both.`,
  );
}

/** `build 3fa9c2d1e0ab`; several are joined by "and". */
export const describeBuilds = (builds: readonly string[]): string =>
  builds
    .map((build) => (build === UNKNOWN_BUILD ? "a program from before builds had ids" : `build ${build}`))
    .join(" and ");

export const acceptOptions = (builds: readonly string[]): string =>
  builds.map((build) => `--accept-build ${build}`).join(" ");

/** The note of a result of several builds; none for one. */
export const buildNotes = (builds: readonly string[]): string[] =>
  builds.length < 2
    ? []
    : [
        `Computed in part by ${describeBuilds(builds)}, as --accept-build allowed: a difference of the programs is part of it.`,
      ];
