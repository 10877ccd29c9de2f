/** OpenSTA, the program `sta`: runs a script on the given input files, and returns the files that it writes. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PlatformError } from "../errors.ts";
import { LONGEST_RUN, runTool } from "./tool.ts";

const TOOL = "sta";

/**
 * OpenSTA with its version.
 * Throws  PlatformError when it is not installed
 */
export async function findSta(): Promise<string> {
  const { found, text } = await runTool(TOOL, ["-version"], tmpdir());
  if (found) return `OpenSTA ${/^[\d.]+/.exec(text)?.[0] ?? "of unknown version"}`;
  throw new PlatformError(
    "opensta",
    "Slack and power need OpenSTA's program sta, which is not installed. Install it (Debian: opensta), or leave --clock out.",
  );
}

export interface StaOutcome {
  /** Its printed output. */
  readonly text: string;
  /** Error lines: OpenSTA continues after an error, and its exit code is 0. */
  readonly errors: readonly string[];
  /** The wanted files; empty texts for those that were not written. */
  readonly files: readonly string[];
}

/**
 * Runs a script in its own folder.
 *
 * @param tool as named by `findSta`
 * Throws  PlatformError when it does not finish
 */
export async function runSta(
  tool: string,
  script: readonly string[],
  inputs: Readonly<Record<string, string>>,
  wanted: readonly string[] = [],
): Promise<StaOutcome> {
  const folder = await mkdtemp(join(tmpdir(), "xpike-sta-"));
  try {
    for (const [name, text] of Object.entries({ ...inputs, "script.tcl": `${script.join("\n")}\n` })) {
      await writeFile(join(folder, name), text);
    }
    const { late, text } = await runTool(TOOL, ["-no_init", "-no_splash", "-exit", "script.tcl"], folder);
    if (late) throw new PlatformError("opensta", `${tool} was stopped after ${LONGEST_RUN} s of processor time.`);
    const errors = text.split("\n").filter((line) => line.startsWith("Error"));
    const files: string[] = [];
    for (const name of wanted) files.push(await readFile(join(folder, name), "utf8").catch(() => ""));
    return { text, errors, files };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
