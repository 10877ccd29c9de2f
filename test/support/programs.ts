/** Programs that tests start as processes of their own, and ports for those that listen. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";

/** Starts a program; `text` collects what it prints, and `closed` waits for its end. */
export function startProgram(
  program: string,
  argv: readonly string[],
  { cwd, env = process.env }: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
) {
  const child = spawn(program, argv, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const run = Object.assign(child, { text: "", closed: once(child, "close") });
  for (const output of [child.stdout, child.stderr]) {
    output.on("data", (data: Buffer) => {
      run.text += data;
    });
  }
  return run;
}

/** Kills a program that still runs, and waits until it has ended. */
export async function killProgram(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

/** A port of the loopback that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}
