/**
 * `npm run queue-check`: the cost of a queue compared with threads of one process, and whether memory grows with the number of units.
 *
 *   npm run queue-check -- --workers 2 --repeats 5 --units 20 --seconds 1 --tiny 100000 --seed 1
 *   npm run queue-check -- --tiny 0      only the cost, on a quiet machine: at most 5 % (about 2 minutes)
 *   npm run queue-check -- --repeats 0   only memory, also next to other work
 *
 * Starts a Valkey server and single-threaded workers. Units of about a second of processor time run alternately on that many
 * threads and on the workers, so that other load affects both. The figures are medians of ratios, of wall time and of the processor
 * time of all processes, which other programs affect less. Then tiny units, one job each, are sent and processed, while the memory
 * of all processes is read at every tenth. The exit code is 1 if a row is missing, the queue costs too much, or memory grows.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parseDesign } from "../src/experiment/design.ts";
import { contentHash } from "../src/node/content-hash.ts";
import type { PlannedPoint } from "../src/node/sweep/plan.ts";
import type { Engine } from "../src/node/sweep/sweep.ts";
import { parseQueueAddress } from "../src/node/sweep/valkey.ts";
import { stream } from "../src/numeric/stream.ts";
import type { OpenedDesign } from "../src/sweep/points.ts";

const { values: options } = parseArgs({
  options: {
    workers: { type: "string", default: "2" },
    repeats: { type: "string", default: "5" },
    units: { type: "string", default: "20" },
    seconds: { type: "string", default: "1" },
    tiny: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
  },
});
const [workers, repeats, units, seconds, tiny, seed] = (
  ["workers", "repeats", "units", "seconds", "tiny", "seed"] as const
).map((name) => Number(options[name]));

/** Bytes by which a process may grow from two tenths of the units to the end: a garbage-collected heap fluctuates. */
const GROWTH = 64 * 2 ** 20;

/** Limit for the median ratio of times. */
const MOST_OVERHEAD = 1.05;

const designOf = (experiment: object) => parseDesign({ experiment, axes: {}, objectives: ["energy"] }) as OpenedDesign;
const PRICED = designOf({ model: { width: 8, depth: 1, heads: 2, steps: 2 } });
/** Needs more crossbars than available: the row is a refusal, in a fraction of a millisecond. */
const REFUSED = designOf({ model: { width: 8, depth: 1, heads: 2, steps: 2 }, hardware: { crossbars: 1 } });

const random = stream(seed);
function batchesOf(count: number, points: number): PlannedPoint[][] {
  return Array.from({ length: count }, (_, batch) =>
    Array.from({ length: points }, (_, i) => {
      const values = { "hardware.readTime": 1 + random.integer(1e6) };
      const point = batch * points + i;
      return { point, hash: contentHash([point, values]), values, network: null, data: null };
    }),
  );
}

/** Milliseconds until all rows are there; `onRows` is called meanwhile. */
async function time(
  engine: Engine,
  design: OpenedDesign,
  batches: PlannedPoint[][],
  onRows: (rows: number) => void = () => {},
): Promise<number> {
  const points = batches.flat().length;
  const begun = performance.now();
  let rows = 0;
  await engine.measure({ design, inputs: { networks: {}, data: {} } }, batches, async (found) => {
    rows += found.length;
    onRows(rows);
  });
  if (rows !== points) throw new Error(`${rows} rows came of ${points} points`);
  return performance.now() - begun;
}

/** Engines of the built package, the same version as the workers'. */
const built = (name: string) => import(new URL(`../../dist/node${name}.js`, import.meta.url).href);
const { threadsEngine }: typeof import("../src/node.ts") = await built("");
const { queueEngine }: typeof import("../src/node/sweep/valkey-engine.ts") = await built("/sweep/valkey-engine");

const folder = mkdtempSync(join(tmpdir(), "xpikeformer-queue-"));
const processes: ChildProcess[] = [];
process.on("exit", () => {
  for (const child of processes) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(1));
const port = await freePort();
const address = `valkey://127.0.0.1:${port}`;
const server = start("valkey-server", ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""]);
await said(server, "Ready to accept connections");
const xpike = join(import.meta.dirname, "../../dist/cli/main.js");
const started = Array.from({ length: workers }, () =>
  start(process.execPath, [xpike, "worker", "--engine", address, "--threads", "1"]),
);
await Promise.all(started.map((worker) => said(worker, "Listening to")));

const pids = [process.pid, server.pid!, ...started.map(({ pid }) => pid!)];

const queue = await queueEngine(parseQueueAddress(address));
const threads = threadsEngine(workers);
let faults = 0;
try {
  if (repeats > 0) faults += await overhead();
  if (tiny > 0) faults += await drain();
} finally {
  await Promise.all([queue.close(), threads.close()]);
}
process.exit(faults === 0 ? 0 : 1);

/** 1 if a queue costs more than allowed, in wall time. */
async function overhead(): Promise<number> {
  // Both are warm before the size of a unit is measured.
  const warm = batchesOf(workers, 30);
  await time(queue, PRICED, warm);
  await time(threads, PRICED, warm);
  const { cpu } = await spend(threads, batchesOf(workers, 100));
  const points = Math.max(1, Math.round((1000 * seconds * 100 * workers) / cpu));
  console.log(`${units} units of ${points} points, ${workers} workers, ${repeats} repeats, seed ${seed}`);
  const [load] = loadavg();
  if (load > workers / 2) console.log(`  The machine is busy (load ${load.toFixed(1)}): ratios say little.`);
  const ratios: Spent[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    const batches = batchesOf(units, points);
    const [first, second] = repeat % 2 === 0 ? [threads, queue] : [queue, threads];
    const spent = new Map([[first, await spend(first, batches)]]);
    spent.set(second, await spend(second, batches));
    const [own, sent] = [spent.get(threads)!, spent.get(queue)!];
    ratios.push({ wall: sent.wall / own.wall, cpu: sent.cpu / own.cpu });
    const shown = ({ wall, cpu }: Spent) => `${(wall / 1000).toFixed(2)} s (CPU ${(cpu / 1000).toFixed(2)} s)`;
    const unit = (own.cpu / units / 1000).toFixed(2);
    console.log(
      `  threads ${shown(own)}, ${unit} s of CPU a unit; queue ${shown(sent)}; ratio ${(sent.wall / own.wall).toFixed(3)} (CPU ${(sent.cpu / own.cpu).toFixed(3)})`,
    );
  }
  let isDear = false;
  for (const kind of ["wall", "cpu"] as const) {
    const sorted = ratios.map((ratio) => ratio[kind]).sort((a, b) => a - b);
    const median = (sorted[Math.floor((repeats - 1) / 2)] + sorted[Math.floor(repeats / 2)]) / 2;
    console.log(
      `queue / threads, ${kind}: median ${median.toFixed(3)}, ${sorted[0].toFixed(3)} to ${sorted.at(-1)!.toFixed(3)}`,
    );
    if (kind === "wall" && median > MOST_OVERHEAD) isDear = true;
  }
  if (isDear) console.log(`the queue takes more than ${MOST_OVERHEAD} times as long`);
  return isDear ? 1 : 0;
}

/** Milliseconds of wall time, and of processor time in all processes together. */
interface Spent {
  readonly wall: number;
  readonly cpu: number;
}

async function spend(engine: Engine, batches: PlannedPoint[][]): Promise<Spent> {
  const before = pids.map(processorMilliseconds);
  const wall = await time(engine, PRICED, batches);
  return { wall, cpu: pids.reduce((sum, pid, i) => sum + processorMilliseconds(pid) - before[i], 0) };
}

/** Number of processes with growing memory. */
async function drain(): Promise<number> {
  const names = ["asker", "server", ...started.map((_, i) => `worker ${i + 1}`)];
  const lines: number[][] = [];
  console.log(`${tiny} tiny units; resident memory in MiB of ${names.join(", ")}`);
  const taken = await time(queue, REFUSED, batchesOf(tiny, 1), (rows) => {
    while (lines.length < 10 && rows >= (tiny / 10) * (lines.length + 1)) {
      lines.push(pids.map(residentBytes));
      const shown = lines.at(-1)!.map((bytes) => (bytes / 2 ** 20).toFixed(0));
      console.log(`  ${10 * lines.length} %: ${shown.join("  ")}`);
    }
  });
  console.log(`drained in ${(taken / 1000).toFixed(1)} s, ${Math.round((1000 * tiny) / taken)} units a second`);
  const growing = names.filter((_, i) => lines.at(-1)![i] - lines[1][i] > GROWTH);
  if (growing.length > 0) console.log(`memory grew: ${growing.join(", ")}`);
  return growing.length;
}

function residentBytes(pid: number): number {
  return 1024 * Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]);
}

/** User and system time (proc(5): fields 14 and 15, in ticks of 10 ms). */
function processorMilliseconds(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

function start(program: string, argv: readonly string[]): ChildProcess {
  const child = spawn(program, argv, { stdio: ["ignore", "pipe", "pipe"] });
  processes.push(child);
  return child;
}

/** Resolves when the process has written this, on either output. */
function said(child: ChildProcess, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let all = "";
    for (const output of [child.stdout!, child.stderr!]) {
      output.on("data", (data: Buffer) => {
        all = `${all}${data}`.slice(-10_000);
        if (all.includes(text)) resolve();
      });
    }
    child.on("error", reject);
    child.on("exit", () => reject(new Error(`${child.spawnfile} ended: ${all}`)));
  });
}

async function freePort(): Promise<number> {
  const listening = createServer().listen(0, "127.0.0.1");
  await once(listening, "listening");
  const { port } = listening.address() as { port: number };
  listening.close();
  return port;
}
