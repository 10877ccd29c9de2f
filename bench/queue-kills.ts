/** A sweep on a Valkey server while workers, the process that asks and the server itself are killed, against the same sweep on threads. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SWEEP_FILES } from "../src/node/sweep/folder.ts";
import { contentsOf, differences, type KillCounts, type KillOptions } from "./kills.ts";

const WORKERS = 2;
/** Most milliseconds between kills; processes use some of them to start. */
const LONGEST_PAUSE = 3000;

/** Kills until there were this many, in as many sweeps as needed; each must end like the sweep on threads. */
export async function killQueue(server: string, options: KillOptions): Promise<KillCounts> {
  const { folder, xpike, kills, random } = options;
  const [address, port] = await freeAddress();
  mkdirSync(join(folder, "server"));
  const faults: string[] = [];
  const running = new Set<ChildProcess>();
  let text = "";
  const start = (program: string, ...argv: string[]): ChildProcess => {
    const child = spawn(program, argv, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    running.add(child);
    child.once("exit", () => running.delete(child));
    for (const output of [child.stdout, child.stderr])
      output.on("data", (data: Buffer) => {
        text = (text + data).slice(-4000);
      });
    return child;
  };
  const kill = async (child: ChildProcess): Promise<boolean> => {
    if (child.exitCode !== null || child.signalCode !== null) return false;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
    return child.signalCode === "SIGKILL";
  };
  const settings = { port, bind: "127.0.0.1", dir: join(folder, "server"), appendonly: "yes", save: "" };
  const startServer = () =>
    start(server, ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]));
  const startWorker = () => start(process.execPath, xpike, "worker", "--engine", address, "--threads", "1");
  const startSweep = (out: string, engine: string) => {
    const isBegun = existsSync(join(folder, out, SWEEP_FILES.question));
    return start(
      ...([process.execPath, xpike, "sweep", "design.json", "--out", out, "--engine", engine] as const),
      ...(isBegun ? ["--resume"] : []),
    );
  };

  const first = startSweep("queue-whole", "threads");
  const [code] = await once(first, "close");
  if (code !== 0) return { kills: 0, runs: 0, faults: [`undisturbed: ${text}`] };
  const whole = await contentsOf(join(folder, "queue-whole"));

  let [killed, runs] = [0, 0];
  let queue = startServer();
  await sleep(500);
  const workers = Array.from({ length: WORKERS }, startWorker);
  try {
    while (killed < kills && faults.length === 0) {
      const name = `queue-${runs}`;
      let asking = startSweep(name, address);
      let end = once(asking, "close");
      for (let isOver = false; !isOver && faults.length === 0; ) {
        const pause = killed < kills ? sleep(random.integer(LONGEST_PAUSE)) : new Promise(() => {});
        await Promise.race([end, pause]);
        if (asking.exitCode !== null) {
          isOver = true;
          if (asking.exitCode !== 0) faults.push(`${name} ends with ${asking.exitCode}: ${text}`);
          continue;
        }
        const victim = random.integer(WORKERS + 2);
        if (victim < WORKERS) {
          if (await kill(workers[victim])) killed++;
          workers[victim] = startWorker();
        } else if (victim === WORKERS) {
          if (await kill(asking)) killed++;
          asking = startSweep(name, address);
          end = once(asking, "close");
        } else {
          if (await kill(queue)) killed++;
          queue = startServer();
        }
      }
      if (faults.length === 0) faults.push(...differences(name, whole, await contentsOf(join(folder, name))));
      runs++;
    }
  } finally {
    for (const child of [...running]) await kill(child);
  }
  return { kills: killed, runs, faults };
}

/** A free port of this machine. */
async function freeAddress(): Promise<[string, number]> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  return [`valkey://127.0.0.1:${port}`, port];
}
