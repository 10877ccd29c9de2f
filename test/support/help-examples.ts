/** The examples of `xpike --help`, and a folder like a clone, in which a shell runs them as printed. */
import { execFile, execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "../..");

/** A folder with the contents of a built clone: copies of the examples, and links to what no command changes. */
export function cloneFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "xpikeformer-clone-"));
  cpSync(join(root, "examples"), join(folder, "examples"), { recursive: true });
  for (const name of ["package.json", "dist", "networks", "node_modules"]) {
    symlinkSync(join(root, name), join(folder, name));
  }
  return folder;
}

/** Every line below "Example" in the help of every command, by the command's name. */
export function helpExamples(clone: string): Map<string, string[]> {
  const help = (...argv: string[]) =>
    execFileSync(process.execPath, ["dist/cli/main.js", ...argv, "--help"], {
      cwd: clone,
      env: ENVIRONMENT,
      encoding: "utf8",
    });
  const commands = help()
    .split(/^Commands:\n/m)[1]
    .matchAll(/^ {2}(\w+)/gm);
  const names = Array.from(commands, ([, name]) => name).filter((name) => name !== "help");
  return new Map(
    names.map((name) => {
      const [, lines = ""] = /^Examples?:\n((?: {2}.*\n?)+)/m.exec(help(name)) ?? [];
      return [name, lines.split("\n").flatMap((line) => (line.trim() === "" ? [] : [line.trim()]))];
    }),
  );
}

/** Tests are started by npm, which sets environment variables to say so; a shell in a clone does not. */
export const ENVIRONMENT = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("npm_")));

export interface ShellResult {
  readonly code: number | string;
  readonly out: string;
  readonly err: string;
}

/** Runs one line as a shell does. */
export function shell(line: string, cwd: string, environment: NodeJS.ProcessEnv = {}): Promise<ShellResult> {
  return new Promise((resolve) => {
    execFile("/bin/sh", ["-c", line], { cwd, env: { ...ENVIRONMENT, ...environment } }, (error, out, err) => {
      resolve({ code: error ? (error.code ?? error.signal ?? "failed") : 0, out, err });
    });
  });
}
