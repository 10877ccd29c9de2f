#!/usr/bin/env node
/** Starts `xpike` in this process. */
import { openFilesMessage } from "./open-files.ts";

/** Nobody reads any more: `xpike schema | head` has seen enough, Ctrl-C has ended `tee`, or the terminal was closed. */
const UNREAD = ["EPIPE", "EIO", "ERR_STREAM_DESTROYED"];

// Work goes on: what it saves is worth more than what it says.
let lost: NodeJS.ErrnoException | undefined;
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (!UNREAD.includes(error.code ?? "")) lost ??= error;
  });
}

try {
  // Not above: where few files may be open, it is loading these that fails.
  const [{ main }, { processTerminal }] = await Promise.all([import("./program.ts"), import("./terminal.ts")]);
  process.exitCode = await main(process.argv.slice(2), processTerminal());
} catch (error) {
  const problem = startProblem(error);
  if (problem === null) throw error;
  process.stderr.write(problem);
  process.exitCode = 2;
}
process.on("exit", () => {
  if (!lost) return;
  process.exitCode ||= 2;
  process.stderr.write(`FileError at output\n  What was printed is not whole: ${lost.message}. Write it elsewhere.\n`);
});

/** What is printed where the system lets nothing start; null for another error. */
function startProblem(error: unknown): string | null {
  const limit = openFilesMessage(error);
  if (limit !== null) return `PlatformError at files\n  ${limit}\n`;
  if ((error as NodeJS.ErrnoException).syscall !== "uv_cwd") return null;
  return "FileError at .\n  The current folder no longer exists. Change to another one with cd.\n";
}
