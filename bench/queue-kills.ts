/**
 * A sweep on a Valkey server, against the same sweep on threads, while workers, the process that asks and the server are killed, the
 * server loses what it holds, all or in part, and rows and networks are damaged, in the folder and on the server. No process may
 * print a stack trace.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { SWEEP_FILES } from "../src/node/sweep/folder.ts";
import type { Stream } from "../src/numeric/stream.ts";
import { breakServer, breakSweep } from "./breaks.ts";
import { contentsOf, differences, hasStack, type KillCounts, type KillOptions } from "./kills.ts";

const WORKERS = 2;
/** Most milliseconds from a kill, or from the first row after it, to the next one. */
const LONGEST_PAUSE = 1500;
/** One in so many times, the next kill does not wait for a row: it may hit a process that starts. */
const IMPATIENT = 4;
/** Milliseconds after which it no longer waits: everything may be measured. */
const LONGEST_WAIT = 30_000;

/** What is done to the server or the folder, besides killing workers. */
const EVENTS = ["asking killed", "server killed", "server emptied", "server damaged", "folder damaged"] as const;

/** Kills and damages until there were this many, in as many sweeps as needed; each must end like the sweep on threads. */
export async function killQueue(server: string, options: KillOptions): Promise<KillCounts> {
  const { folder, xpike, kills, random } = options;
  const [address, port] = await freeAddress();
  mkdirSync(join(folder, "server"));
  const faults: string[] = [];
  const running = new Set<ChildProcess>();
  let text = "";
  let noticed = 0;
  const counts = new Map<string, number>();
  const count = (event: string, times = 1) => counts.set(event, (counts.get(event) ?? 0) + times);
  const total = () => [...counts.values()].reduce((sum, own) => sum + own, 0);
  const start = (program: string, ...argv: string[]): ChildProcess => {
    const child = spawn(program, argv, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
    running.add(child);
    child.once("exit", () => running.delete(child));
    for (const output of [child.stdout, child.stderr])
      output.on("data", (data: Buffer) => {
        text = (text + data).slice(-4000);
        if (hasStack(text)) faults.push(`a stack trace: ${text}`);
        const [, rows = "0"] = /(\d+) rows? (?:is|are) not as written/.exec(data.toString()) ?? [];
        noticed += Number(rows);
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

  let runs = 0;
  let queue = startServer();
  await sleep(500);
  const workers = Array.from({ length: WORKERS }, startWorker);
  try {
    while (total() < kills && faults.length === 0) {
      const name = `queue-${runs}`;
      let asking = startSweep(name, address);
      let end = once(asking, "close");
      for (let isOver = false; !isOver && faults.length === 0; ) {
        const pause = total() < kills ? progress(join(folder, name), random) : new Promise(() => {});
        await Promise.race([end, pause]);
        if (asking.exitCode !== null) {
          isOver = true;
          if (asking.exitCode !== 0) faults.push(`${name} ends with ${asking.exitCode}: ${text}`);
          continue;
        }
        const victim = random.integer(WORKERS + EVENTS.length);
        if (victim < WORKERS) {
          if (await kill(workers[victim])) count("workers killed");
          workers[victim] = startWorker();
          continue;
        }
        const event = EVENTS[victim - WORKERS];
        if (event === "server damaged") {
          count(event, await breakServer(port, random));
        } else if (event === "server killed" || event === "server emptied") {
          if (await kill(queue)) count(event);
          if (event === "server emptied") rmSync(settings.dir, { recursive: true });
          mkdirSync(settings.dir, { recursive: true });
          queue = startServer();
        } else {
          if (await kill(asking)) count("asking killed");
          if (event === "folder damaged") count(event, breakSweep(join(folder, name), random));
          asking = startSweep(name, address);
          end = once(asking, "close");
        }
      }
      if (faults.length === 0) faults.push(...differences(name, whole, await contentsOf(join(folder, name))));
      runs++;
    }
  } finally {
    for (const child of [...running]) await kill(child);
  }
  const detail = [...counts].map(([event, times]) => `${times} ${event}`).sort();
  return { kills: total(), runs, faults, detail: [...detail, `${noticed} broken rows reported`].join(", ") };
}

/** Resolves some time after the next change to the rows of a sweep, or at once after some time. */
async function progress(folder: string, random: Stream): Promise<void> {
  const rows = join(folder, SWEEP_FILES.rows);
  const count = () => (existsSync(rows) ? readdirSync(rows).filter((name) => name.endsWith(".jsonl")).length : 0);
  const before = count();
  const end = Date.now() + (random.integer(IMPATIENT) === 0 ? 0 : LONGEST_WAIT);
  while (Date.now() < end && count() <= before) await sleep(20);
  await sleep(random.integer(LONGEST_PAUSE));
}

/** A free port of this machine. */
async function freeAddress(): Promise<[string, number]> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  return [`valkey://127.0.0.1:${port}`, port];
}
