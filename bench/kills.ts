/**
 * Commands that are killed repeatedly, as separate processes, and resumed with `--resume`: their output is compared with that of
 * an undisturbed run, byte for byte.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, readFileSync, watch, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { parseExperiment } from "../src/experiment/parse.ts";
import { encodeCheckpoint } from "../src/model/checkpoint.ts";
import { initialise } from "../src/model/network.ts";
import { SWEEP_FILES } from "../src/node/sweep/folder.ts";
import { RUN_FILES } from "../src/node/training.ts";
import { type Stream, stream } from "../src/numeric/stream.ts";
import { createTask, networkGeometry } from "../src/task/create.ts";
import { breakSweep } from "./breaks.ts";

/** A command to kill: on a small link, taking a few seconds. */
export const COMMANDS = {
  train: ["train", "link.json"],
  run: ["run", "link.json", "--chips", "3", "--prompts", "64"],
  eval: [
    "eval",
    "link.json",
    "--drift",
    "1s,1y",
    "--sweep",
    "adc.bits=5..6",
    "--chips",
    "2",
    "--reads",
    "2",
    "--prompts",
    "48",
  ],
  sweep: ["sweep", "design.json"],
} as const;

export type Command = keyof typeof COMMANDS;

/** Saves a state after every step, so that most of the time one is being written. */
const TRAINING = {
  batch: 10,
  shards: 3,
  validateEvery: 5,
  validationPrompts: 10,
  checkpointSeconds: 1e-6,
  stages: [
    { name: "first", steps: 60, warmup: 10 },
    { name: "second", steps: 60, warmup: 0, noise: { weights: 0.03 } },
  ],
};

/** Points of a sweep: each on chips, all with one network that is trained first. */
const AXES = { "hardware.adc.bits": [4, 5, 6, 7], "hardware.readTime": [1, 1e2, 1e4, 1e6] };

/** Writes the experiment, an untrained network for it (answers are poor, but depend on everything), and a sweep design. */
export function writeLink(folder: string): void {
  const document = {
    task: { transmitAntennas: 1, receiveAntennas: 1, pilots: 3 },
    model: { width: 16, heads: 2, depth: 1, expansion: 2, steps: 3, neuron: { threshold: 0.4 } },
    hardware: { crossbar: { rows: 16, columns: 16 } },
    evaluation: { snrDecibels: [5, 15], curvePrompts: 32, steps: [1, 2, 3, 6] },
    training: TRAINING,
    checkpoints: { network: "network.safetensors" },
  };
  const experiment = parseExperiment(document);
  const network = initialise(experiment.model, networkGeometry(experiment, createTask(experiment)), stream(3));
  writeFileSync(join(folder, "link.json"), JSON.stringify(document));
  writeFileSync(join(folder, "network.safetensors"), encodeCheckpoint(network, {}));
  const { checkpoints: _, ...untrained } = document;
  const evaluation = { ...untrained.evaluation, prompts: 64 };
  const training = { ...TRAINING, stages: [{ steps: 20, warmup: 5 }] };
  const trained = { ...untrained, evaluation, training, hardware: { ...untrained.hardware, chips: 1 } };
  const design = { experiment: trained, axes: AXES, objectives: ["errorRate", "energy"] };
  writeFileSync(join(folder, "design.json"), JSON.stringify(design));
}

/** When a process is killed: this many milliseconds after its start, or at this many changes to its folder. */
type Moment = { readonly milliseconds: number } | { readonly changes: number };

export interface KillOptions {
  /** Folder of `link.json` and of the run folders. */
  readonly folder: string;
  /** The script of the command. */
  readonly xpike: string;
  readonly kills: number;
  readonly random: Stream;
  readonly threads: number;
}

export interface KillCounts {
  readonly kills: number;
  /** Completed runs, each equal to the undisturbed one. */
  readonly runs: number;
  /** Kills by kind, in words. */
  readonly detail?: string;
  /** What differs, in words; empty when all is well. */
  readonly faults: readonly string[];
}

/** Whether a program has printed where in its code an error arose: no user should see that. */
export const hasStack = (text: string): boolean =>
  /^\s+at .+:\d+:\d+\)?$/m.test(text) || text.includes("Unexpected error");

/** Kills a command until it has been killed this often, and lets the last run finish. */
export async function killCommand(command: Command, options: KillOptions): Promise<KillCounts> {
  const { folder, kills, random } = options;
  const start = performance.now();
  mkdirSync(join(folder, `${command}-whole`));
  const first = launch(command, `${command}-whole`, options);
  const faults: string[] = [];
  const [firstCode] = await once(first.child, "close");
  if (firstCode !== 0) return { kills: 0, runs: 0, faults: [`undisturbed: ${first.printed()}`] };
  const whole = await contentsOf(join(folder, `${command}-whole`));
  const duration = performance.now() - start;
  let [killed, broken, runs] = [0, 0, 0];
  while (killed < kills && faults.length === 0) {
    const name = `${command}-${runs}`;
    mkdirSync(join(folder, name));
    for (let isOver = false; !isOver; ) {
      const sitting = launch(command, name, options);
      if (killed < kills) killAt(sitting.child, join(folder, name), momentOf(random, duration));
      const [code, signal] = (await once(sitting.child, "close")) as [number | null, string | null];
      if (signal === "SIGKILL") killed++;
      else {
        isOver = true;
        if (code !== 0) faults.push(`${name} ends with ${code ?? signal}: ${sitting.printed()}`);
      }
      if (hasStack(sitting.printed())) faults.push(`${name} prints a stack trace: ${sitting.printed()}`);
      if (!isOver && command === "sweep") broken += breakSweep(join(folder, name), random);
    }
    if (faults.length === 0) faults.push(...differences(name, whole, await contentsOf(join(folder, name))));
    runs++;
  }
  return { kills: killed, runs, faults, detail: `${broken} files damaged` };
}

/** The command as a process, which resumes what `out` holds; options in `more` replace its own. */
export function launch(
  command: Command,
  out: string,
  { folder, xpike, threads }: Pick<KillOptions, "folder" | "xpike" | "threads">,
  more: readonly string[] = [],
) {
  // A sweep can be resumed only if there is one.
  const isBegun = command !== "sweep" || existsSync(join(folder, out, SWEEP_FILES.question));
  const options = ["--out", out, "--threads", String(threads), ...(isBegun ? ["--resume"] : [])];
  const child = spawn(process.execPath, [xpike, ...COMMANDS[command], ...more, ...options], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const output of [child.stdout, child.stderr]) {
    output.on("data", (data: Buffer) => {
      text += data.toString();
    });
  }
  return { child, printed: () => text };
}

/** Half of the kills by the clock, from the start of the process to beyond its end; half by its writes, at every phase of writing. */
function momentOf(random: Stream, duration: number): Moment {
  return random.integer(2) === 0
    ? { milliseconds: random.integer(Math.ceil(1.2 * duration)) }
    : { changes: 1 + random.integer(60) };
}

function killAt(child: ChildProcess, folder: string, moment: Moment): void {
  const kill = () => child.kill("SIGKILL");
  if ("milliseconds" in moment) {
    const timer = setTimeout(kill, moment.milliseconds);
    child.once("exit", () => clearTimeout(timer));
    return;
  }
  let seen = 0;
  const watcher = watch(folder, { recursive: true }, () => ++seen === moment.changes && kill());
  child.once("exit", () => watcher.close());
}

/**
 * By path; metrics without the seconds, which no result depends on, files made from metrics by name only, and a database as its
 * rows: some bytes of that file are whatever was in DuckDB's memory.
 */
export async function contentsOf(folder: string): Promise<Map<string, string>> {
  const contents = new Map<string, string>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    contents.set(relative(folder, path), await contentOf(path, entry.name));
  }
  return contents;
}

async function contentOf(path: string, name: string): Promise<string> {
  if (name === SWEEP_FILES.database) return databaseRows(path);
  if (name === RUN_FILES.table || name === RUN_FILES.curves || name === RUN_FILES.events) return "";
  const bytes = readFileSync(path).toString("latin1");
  return name === RUN_FILES.metrics ? bytes.replaceAll(/,"seconds":[\d.]+\}$/gm, "}") : bytes;
}

async function databaseRows(path: string): Promise<string> {
  const instance = await DuckDBInstance.create(path, { access_mode: "READ_ONLY" });
  const connection = await instance.connect();
  const table = await connection.runAndReadAll("SELECT * FROM points");
  const rows = JSON.stringify([table.columnNames(), table.getRowsJson()]);
  connection.closeSync();
  instance.closeSync();
  return rows;
}

export function differences(name: string, whole: Map<string, string>, found: Map<string, string>): string[] {
  const names = new Set([...whole.keys(), ...found.keys()]);
  return [...names]
    .filter((file) => whole.get(file) !== found.get(file))
    .map(
      (file) => `${name}: ${file} ${!found.has(file) ? "is missing" : whole.has(file) ? "differs" : "is left over"}`,
    );
}
