/** The `xpike` command as seen without a terminal: a pipe of 100 columns, without colours. */
import { main } from "../../src/cli/program.ts";

export interface CommandResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `xpike` with these arguments, and returns its output. The clock stands still. */
export async function runCommand(...argv: string[]): Promise<CommandResult> {
  const written = { out: "", err: "" };
  const code = await main(argv, {
    out: (text) => {
      written.out += text;
    },
    err: (text) => {
      written.err += text;
    },
    ...{ interactive: false, color: false, columns: 100, width: 100, program: "xpike", now: () => 0 },
  });
  return { code, ...written };
}
