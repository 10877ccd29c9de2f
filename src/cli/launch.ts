/** Starts `xpike` in this process, once `main.ts` has found Node new enough. */
import { openFilesMessage } from "./open-files.ts";

/** Errors of a closed reader: `xpike schema | head` is done, Ctrl-C has ended `tee`, or the terminal was closed. */
const UNREAD = ["EPIPE", "EIO", "ERR_STREAM_DESTROYED"];

export async function launch(): Promise<void> {
  // Work continues, since saved results matter more than output.
  let lost: NodeJS.ErrnoException | undefined;
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (!UNREAD.includes(error.code ?? "")) lost ??= error;
    });
  }
  try {
    // Imported here, because a low limit of open files makes loading these fail.
    const { main, processTerminal } = await import("./program.ts");
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
    process.stderr.write(
      `FileError at output\n  What was printed is not whole: ${lost.message}. Write it elsewhere.\n`,
    );
  });
}

/** The message if the system lets nothing start; null for other errors. */
function startProblem(error: unknown): string | null {
  const limit = openFilesMessage(error);
  if (limit !== null) return `PlatformError at files\n  ${limit}\n`;
  if ((error as NodeJS.ErrnoException).syscall !== "uv_cwd") return null;
  return "FileError at .\n  The current folder no longer exists. Change to another one with cd.\n";
}
