/**
 * A sweep on a real Valkey (or Redis) server with workers as separate processes, while workers, the asking process and the server
 * are killed, against the same sweep on threads. Runs the built command: `npm run build` first, as `npm test` does.
 */
import type { ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { NIGHTLY } from "../../../test/support/nightly.ts";
import { freePort, killProgram, startProgram } from "../../../test/support/programs.ts";
import { queueServer } from "../../../test/support/queue-server.ts";
import { tinyDocument } from "../../../test/support/tiny-training.ts";
import { stream } from "../../numeric/stream.ts";
import { SWEEP_FILES } from "./folder.ts";

const xpike = join(import.meta.dirname, "../../../dist/cli/main.js");
const SERVER = queueServer();

let root: string;
let port: number;
const processes = new Set<ChildProcess>();
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "xpikeformer-queue-"));
  port = await freePort();
});
afterEach(async () => {
  for (const child of processes) await kill(child);
  await rm(root, { recursive: true, force: true });
});

function start(program: string, ...argv: string[]) {
  const run = startProgram(program, argv, { cwd: root });
  processes.add(run);
  return run;
}

async function kill(child: ChildProcess): Promise<void> {
  await killProgram(child);
  processes.delete(child);
}

const PASSWORD = "a secret of this test";
async function startServer() {
  const settings = { port, bind: "127.0.0.1", dir: root, appendonly: "yes", save: "", requirepass: PASSWORD };
  const server = start(SERVER!, ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]));
  while (!/Ready to accept connections/.test(server.text)) await sleep(20);
  return server;
}

const engine = () => ["--engine", `valkey://:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}`];
const startWorker = () => start(process.execPath, xpike, "worker", ...engine(), "--threads", "1");
const sweep = (...argv: string[]) => start(process.execPath, xpike, "sweep", "design.json", ...argv);

async function finished(run: ReturnType<typeof start>): Promise<void> {
  expect(await run.closed, run.text).toEqual([0, null]);
}

const table = async (folder: string) =>
  Promise.all(
    [SWEEP_FILES.csv, SWEEP_FILES.parquet].map(async (name) =>
      (await readFile(join(root, folder, name))).toString("hex"),
    ),
  );

const writeDesign = (axes: object, objectives: readonly string[], prompts = 60, fields: object = {}) => {
  const tiny = tinyDocument({ hardware: { chips: 2 }, training: { stages: [{ steps: 3, warmup: 1 }] } });
  const design = { experiment: { ...tiny, evaluation: { prompts } }, axes, objectives, ...fields };
  return writeFile(join(root, "design.json"), JSON.stringify(design));
};

/** Where in the code an error arose: no user should see that. */
const STACK = /^\s+at .+:\d+:\d+\)?$|Unexpected error/m;

/** Waits until there are this many more files of rows. */
async function moreRows(run: ReturnType<typeof start>, more: number): Promise<void> {
  const rows = join(root, "queue", SWEEP_FILES.rows);
  const count = async () => (existsSync(rows) ? (await readdir(rows)).length : 0);
  const before = await count();
  while (run.exitCode === null && (await count()) < before + more) await sleep(10);
}

/** Hash of the only sweep on the server. */
async function onlySweep(client: Redis): Promise<string> {
  const [key] = await client.keys("xpike:sweep:*");
  return key.slice("xpike:sweep:".length);
}

describe.skipIf(SERVER === undefined)("a sweep on a queue", () => {
  test("gives the same table as threads, while workers, the asking process and the server are killed", async () => {
    const readTime = { from: 1, to: 1e6, scale: "log", count: 10 };
    await writeDesign(
      { "hardware.adc.bits": [4, 5, 6, 7], "hardware.readTime": readTime },
      ["errorRate", "energy"],
      400,
    );
    await finished(sweep("--out", "threads", "--threads", "2"));

    let server = await startServer();
    const workers = [startWorker(), startWorker()];
    let asking = sweep("--out", "queue", ...engine());
    const random = stream(5);
    const rows = join(root, "queue", SWEEP_FILES.rows);
    const count = async () => (existsSync(rows) ? (await readdir(rows)).length : 0);
    for (const victim of ["worker", "asking", "server", "worker", "asking", "server"]) {
      const before = await count();
      while (asking.exitCode === null && (await count()) < before + 2) await sleep(10);
      await sleep(random.integer(60));
      if (victim === "worker") {
        await kill(workers.shift()!);
        workers.push(startWorker());
      } else if (victim === "asking") {
        await kill(asking);
        const resume = existsSync(join(root, "queue", SWEEP_FILES.question)) ? ["--resume"] : [];
        asking = sweep("--out", "queue", ...engine(), ...resume);
      } else {
        await kill(server);
        server = await startServer();
      }
    }
    await finished(asking);
    expect(await table("queue")).toEqual(await table("threads"));
    // One row per point, in only one file, and nothing else.
    const files = (await readdir(rows)).sort();
    expect(files).toEqual(
      Array.from({ length: 40 }, (_, i) => `${String(i).padStart(7, "0")}-${String(i).padStart(7, "0")}.jsonl`),
    );
    expect(asking.text).not.toContain("secret");
    for (const worker of workers) {
      worker.kill("SIGTERM");
      expect((await worker.closed)[1]).toBe("SIGTERM");
      expect(worker.text).toMatch(/\d+ points measured/);
    }
  });

  test("gives the same table of coded blocks as threads, although a worker is killed", NIGHTLY, async () => {
    const slots = { kind: "tdl", subcarriers: 6, symbols: 5, pilots: { symbols: [2] } };
    // One bit of payload: a network that guesses gets every other block right.
    const coded = { rate: 0.32, ebN0Decibels: [4, 12], errors: 30, blocks: 60 };
    const experiment = {
      task: { kind: "slot-detection", channel: slots },
      model: { width: 16, heads: 2, depth: 1, expansion: 2, steps: 2, readOut: "bits" },
      training: { batch: 2, shards: 1, validationPrompts: 2, stages: [{ steps: 1, warmup: 0 }] },
      hardware: { chips: 2, crossbar: { rows: 32, columns: 32 } },
      evaluation: { prompts: 4, coded },
    };
    const axes = { "evaluation.coded.rate": [0.32, 0.34], "hardware.readTime": [20, 1e8] };
    const design = { experiment, axes, objectives: ["blockErrorRate", "codedEbN0", "energy"] };
    await writeFile(join(root, "design.json"), JSON.stringify(design));
    await finished(sweep("--out", "threads", "--threads", "2"));
    await startServer();
    const victim = startWorker();
    const asking = sweep("--out", "queue", ...engine());
    await moreRows(asking, 1);
    await kill(victim);
    startWorker();
    await finished(asking);
    const csv = await readFile(join(root, "queue", SWEEP_FILES.csv), "utf8");
    expect(csv.match(/""blocks"":\d+,""errors"":\d+/g)).toHaveLength(8);
    expect(await table("queue")).toEqual(await table("threads"));
  });

  test("waits for a worker, reports it, and sends points in batches", async () => {
    await writeDesign({ "hardware.readTime": { from: 1, to: 1e6, count: 300 } }, ["energy", "area"]);
    await startServer();
    const asking = sweep("--out", "queue", ...engine(), "--batch", "50");
    while (!asking.text.includes("No worker listens to units-")) await sleep(20);
    expect(asking.text).toContain(`worker --engine valkey://127.0.0.1:${port}\n`);
    const worker = startWorker();
    while (!worker.text.includes("Listening")) await sleep(20);
    if (process.platform === "linux") {
      const line = await readFile(`/proc/${worker.pid}/cmdline`, "utf8");
      expect(line).toContain(`valkey://:***@127.0.0.1:${port}`);
      expect(line).not.toContain("secret");
    }
    await finished(asking);
    expect(await readdir(join(root, "queue", SWEEP_FILES.rows))).toHaveLength(6);
  });

  test("continues without a worker that stopped answering, and accepts its late answer once", NIGHTLY, async () => {
    const readTime = { from: 1, to: 1e6, scale: "log", count: 24 };
    // In rounds: the first result of a point goes to the worker that measures more of it.
    await writeDesign({ "hardware.readTime": readTime }, ["errorRate"], 400, { budget: { chips: 2, prompts: 100 } });
    await finished(sweep("--out", "threads", "--threads", "1"));
    await startServer();
    const hung = startWorker();
    const asking = sweep("--out", "queue", ...engine());
    const rows = join(root, "queue", SWEEP_FILES.rows);
    const count = async () => (existsSync(rows) ? (await readdir(rows)).length : 0);
    while ((await count()) < 3) await sleep(10);
    // There is only one worker, and at least one point is left, which it holds.
    hung.kill("SIGSTOP");
    const worker = startWorker();
    await finished(asking);
    expect(await table("queue")).toEqual(await table("threads"));
    expect(asking.text).toMatch(/Chips programmed: \d+ \([1-9]\d* of them again/);
    hung.kill("SIGCONT");
    for (const each of [hung, worker]) {
      each.kill("SIGTERM");
      expect((await each.closed)[1], each.text).toBe("SIGTERM");
    }
  });

  test("resumes in one attempt after many failed jobs, although a row is damaged and the server then loses everything", async () => {
    const readTime = { from: 1, to: 1e6, scale: "log", count: 10 };
    await writeDesign({ "hardware.adc.bits": [4, 5, 6], "hardware.readTime": readTime }, ["errorRate"], 400);
    await finished(sweep("--out", "threads", "--threads", "1"));
    let server = await startServer();
    const failing = sweep("--out", "queue", ...engine());
    while (!/No worker listens to (\S+)/.test(failing.text)) await sleep(20);
    const [, name] = /No worker listens to (\S+)/.exec(failing.text)!;
    const connection = { host: "127.0.0.1", port, password: PASSWORD };
    const fail = () => Promise.reject(new Error("a planted fault"));
    const faulty = new Worker(name, fail, { connection, prefix: "xpike", concurrency: 30 });
    const queue = new Queue(name, { connection, prefix: "xpike" });
    const client = new Redis(connection);
    try {
      expect(await failing.closed).toEqual([2, null]);
      expect(failing.text).toMatch(/PlatformError at engine\n.*Workers failed 3 times .*: a planted fault\. Rows/s);
      expect(failing.text).not.toMatch(STACK);
      // Its jobs go on failing.
      while ((await queue.getJobCounts("waiting", "delayed", "active")).delayed > 0) await sleep(50);
      const last = (await queue.getFailed()).map(({ id }) => id);
      if (last.length < 2) {
        // All had failed at once, and were removed together.
        for (const at of [0, 1])
          await queue.add("measure-points", { sweep: await onlySweep(client) }, { jobId: `x-${at}-${at}` });
        while ((await queue.getFailedCount()) < 2) await sleep(20);
      }
      await faulty.close();
      await client.rpush(`xpike:rows:${await onlySweep(client)}`, '00000000 {"point":3,"hash":"', "");
    } finally {
      await faulty.close();
      await queue.close();
      client.disconnect();
    }

    startWorker();
    const asking = sweep("--out", "queue", ...engine(), "--resume");
    await moreRows(asking, 2);
    await kill(server);
    await rm(join(root, "appendonlydir"), { recursive: true });
    server = await startServer();
    await finished(asking);
    expect(asking.text).toMatch(/1 row is not as written: 1 has a wrong checksum \(point 3\)/);
    expect(asking.text).toContain("The server has lost the sweep's inputs");
    expect(asking.text).not.toMatch(STACK);
    expect(await table("queue")).toEqual(await table("threads"));
  });

  test("is refused with a wrong password, at once", async () => {
    await startServer();
    const run = start(process.execPath, xpike, "worker", "--engine", `valkey://:wrong@127.0.0.1:${port}`);
    expect(await run.closed).toEqual([2, null]);
    expect(run.text).toMatch(/PlatformError at engine\n.*WRONGPASS.* is disabled\. Start one/s);
    const without = start(process.execPath, xpike, "worker", "--engine", `valkey://127.0.0.1:${port}`);
    expect(await without.closed).toEqual([2, null]);
    expect(without.text).toContain("it asks for a password. Start one");
  });
});
