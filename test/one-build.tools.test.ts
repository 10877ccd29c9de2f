/**
 * One program per queue: a worker with one changed line under `numeric/` gets no points of the other program's sweep, both sides say
 * so, and if the worker accepts the other build, the table names its own. Runs the built command: `npm run build` first.
 */
import type { ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildOf } from "../src/node/build.ts";
import { BUILT, changedProgram } from "./support/program-copy.ts";
import { freePort, killProgram, startProgram } from "./support/programs.ts";
import { queueServer } from "./support/queue-server.ts";
import { tinyDocument } from "./support/tiny-training.ts";

const SERVER = queueServer();

let root: string;
const processes = new Set<ChildProcess>();
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "xpikeformer-one-queue-"));
});
afterAll(async () => {
  for (const child of processes) await killProgram(child);
  rmSync(root, { recursive: true });
});

function start(program: string, ...argv: string[]) {
  const run = startProgram(program, argv, { cwd: root });
  processes.add(run);
  return run;
}

async function says(run: ReturnType<typeof start>, text: string): Promise<void> {
  while (!run.text.includes(text)) {
    expect(run.exitCode, run.text).toBeNull();
    await sleep(20);
  }
}

test.skipIf(SERVER === undefined)(
  "a worker of another build gets no points unless it accepts the sweep's",
  async () => {
    const changed = changedProgram(join(root, "changed"));
    const [own, other] = [buildOf(BUILT), buildOf(changed)];
    const port = await freePort();
    const server = start(SERVER!, "--port", String(port), "--bind", "127.0.0.1", "--dir", root, "--save", "");
    await says(server, "Ready to accept connections");
    const engine = ["--engine", `valkey://127.0.0.1:${port}`];
    const xpike = (dist: string, ...argv: string[]) => start(process.execPath, join(dist, "cli/main.js"), ...argv);
    const worker = (...argv: string[]) => xpike(changed, "worker", ...engine, "--threads", "1", ...argv);
    const design = {
      experiment: tinyDocument(),
      axes: { "hardware.adc.bits": [4, 5], "hardware.readTime": [1, 60] },
      objectives: ["energy", "area"],
    };
    writeFileSync(join(root, "design.json"), JSON.stringify(design));

    const refused = worker();
    await says(refused, `Listening to units-`);
    const asking = xpike(BUILT, "sweep", "design.json", "--out", "queue", "--batch", "1", ...engine);
    await says(asking, "Workers of build");
    expect(asking.text).toContain(
      `Workers of build ${other} listen, but this program is build ${own}: values may differ.`,
    );
    expect(asking.text).toContain(`--accept-build ${own}`);
    // Another one learns of the points that wait.
    const late = worker();
    await says(late, `Points of build ${own} wait too, but this program is build ${other}: values may differ.`);
    expect(late.text).toContain(`--accept-build ${own}`);
    await sleep(1000);
    const rows = join(root, "queue", "rows");
    expect(existsSync(rows) ? readdirSync(rows) : []).toEqual([]);

    // It measures all points, and every row names it.
    const accepting = worker("--accept-build", own);
    expect(await asking.closed, asking.text).toEqual([0, null]);
    const lines = readFileSync(join(root, "queue", "results.csv"), "utf8")
      .trimEnd()
      .split("\n");
    expect(lines.map((line) => line.split(",").at(-1))).toEqual(["build", other, other, other, other]);
    expect(asking.text).toContain(`Computed in part by build ${own} and build ${other}`);
    for (const run of [refused, late, accepting]) {
      run.kill("SIGTERM");
      expect((await run.closed)[1], run.text).toBe("SIGTERM");
    }
    for (const run of [refused, late]) expect(run.text).toContain("0 points measured");
    expect(accepting.text).toContain("4 points measured");
  },
  240_000,
);
