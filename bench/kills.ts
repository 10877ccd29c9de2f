/**
 * Commands that are killed again and again, as processes of their own, and sent on with `--resume`: what they leave is compared with what
 * one leaves that nobody disturbs, byte for byte.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeCheckpoint } from "../src/model/checkpoint.ts";
import { initialise } from "../src/model/network.ts";
import { RUN_FILES } from "../src/node/training.ts";
import { type Stream, stream } from "../src/numeric/stream.ts";
import { parseExperiment } from "../src/spec/parse.ts";
import { createTask, networkGeometry } from "../src/task/create.ts";

/** What is killed: a command on a small link, of some seconds. */
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
} as const;

export type Command = keyof typeof COMMANDS;

/** Of a state after every step, so that most of the time one is being written. */
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

/** Writes the experiment and an untrained network of it: answers are poor, but depend on everything. */
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
}

/** When a process is killed: so many milliseconds after its start, or at so many changes to its folder. */
type Moment = { readonly milliseconds: number } | { readonly changes: number };

export interface KillOptions {
  /** Where `link.json` is, and folders are made. */
  readonly folder: string;
  /** The script of the command. */
  readonly xpike: string;
  readonly kills: number;
  readonly random: Stream;
  readonly threads: number;
}

export interface KillCounts {
  readonly kills: number;
  /** Runs that came to their end, each equal to the undisturbed one. */
  readonly runs: number;
  /** What differs, in words; empty when all is well. */
  readonly faults: readonly string[];
}

/** Kills a command until it has been killed so often, and lets the last run end. */
export async function killCommand(command: Command, options: KillOptions): Promise<KillCounts> {
  const { folder, kills, random } = options;
  const start = performance.now();
  mkdirSync(join(folder, `${command}-whole`));
  const first = launch(command, `${command}-whole`, options);
  const faults: string[] = [];
  const [firstCode] = await once(first.child, "close");
  if (firstCode !== 0) return { kills: 0, runs: 0, faults: [`undisturbed: ${first.printed()}`] };
  const whole = contentsOf(join(folder, `${command}-whole`));
  const duration = performance.now() - start;
  let [killed, runs] = [0, 0];
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
    }
    if (faults.length === 0) faults.push(...differences(name, whole, contentsOf(join(folder, name))));
    runs++;
  }
  return { kills: killed, runs, faults };
}

function launch(command: Command, out: string, { folder, xpike, threads }: KillOptions) {
  const options = [xpike, ...COMMANDS[command], "--out", out, "--threads", String(threads), "--resume"];
  const child = spawn(process.execPath, options, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const output of [child.stdout, child.stderr]) {
    output.on("data", (data: Buffer) => {
      text += data.toString();
    });
  }
  return { child, printed: () => text };
}

/** Half of them by the clock, from the start of the process to beyond its end; half by what it writes, at every phase of writing. */
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
  const watcher = watch(folder, () => ++seen === moment.changes && kill());
  child.once("exit", () => watcher.close());
}

/** By name; metrics without the seconds, which no result depends on, and what is made of them by its name alone. */
function contentsOf(folder: string): Map<string, string> {
  return new Map(
    readdirSync(folder).map((name) => {
      if (name === RUN_FILES.table || name === RUN_FILES.curves) return [name, ""];
      const bytes = readFileSync(join(folder, name)).toString("latin1");
      return [name, name === RUN_FILES.metrics ? bytes.replaceAll(/,"seconds":[\d.]+\}$/gm, "}") : bytes];
    }),
  );
}

function differences(name: string, whole: Map<string, string>, found: Map<string, string>): string[] {
  const names = new Set([...whole.keys(), ...found.keys()]);
  return [...names]
    .filter((file) => whole.get(file) !== found.get(file))
    .map(
      (file) => `${name}: ${file} ${!found.has(file) ? "is missing" : whole.has(file) ? "differs" : "is left over"}`,
    );
}
