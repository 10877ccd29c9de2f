/** Engines that measure the points of a sweep: threads, workers behind a queue, or Slurm array jobs. */
import { realpathSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { didYouMean, SpecError } from "../errors.ts";
import { acceptOptions, buildId, describeBuilds } from "../node/build.ts";
import type { SweepPlace } from "../node/sweep/plan.ts";
import { parseSbatchOptions } from "../node/sweep/slurm.ts";
import { slurmEngine } from "../node/sweep/slurm-engine.ts";
import type { Engine } from "../node/sweep/sweep.ts";
import { gpuEngine, threadsEngine } from "../node/sweep/threads.ts";
import { parseQueueAddress, shownAddress, withoutPassword } from "../node/sweep/valkey.ts";
import { queueEngine } from "../node/sweep/valkey-engine.ts";
import { openNodeGpu } from "../node/webgpu.ts";
import { chooseBackend } from "../webgpu/gpu.ts";
import type { BackendOption, SweepCommandOptions } from "./arguments.ts";
import { type Interruption, listenForInterruption } from "./interruption.ts";
import { quote } from "./options.ts";
import type { Terminal } from "./terminal.ts";

/** Default number of tasks in an array job. */
const TASKS = 100;

export interface OpenedEngine extends Engine {
  /** Whether a signal has stopped `measure`, which then rejected. */
  isInterrupted(): boolean;
  /** Ends the process by that signal, if any. */
  endProcess(): void;
}

interface Asked {
  /** Folder of the sweep. */
  readonly folder: string;
  readonly place: SweepPlace;
  readonly say: (text: string) => void;
  readonly terminal: Terminal;
}

/** Removes the password from the process title, which the list of processes shows. */
export function hidePassword(engine: string): void {
  const shown = shownAddress(engine);
  if (shown === engine) return;
  process.title = process.argv.map((word) => word.replace(engine, () => shown)).join(" ");
}

/** The options that continue a sweep on the same engine; addresses without password. */
export function shownEngine({
  engine,
  backend = "wasm",
  tasks,
  sbatch,
}: Pick<SweepCommandOptions, "engine" | "tasks" | "sbatch"> & Partial<BackendOption>): string {
  if (engine === "threads") return backend === "wasm" ? "" : ` --backend ${backend}`;
  const address = quote(withoutPassword(engine));
  const options = sbatch.map((text) => ` --sbatch ${quote(text)}`);
  return ` --engine ${address}${tasks === undefined ? "" : ` --tasks ${tasks}`}${options.join("")}`;
}

/** Throws SpecError for an unknown engine and options of another engine; PlatformError for an engine that cannot be used. */
export async function openEngine(options: SweepCommandOptions, asked: Asked): Promise<OpenedEngine> {
  const { engine, threads, tasks, sbatch, print } = options;
  if (engine !== "threads" && options.backend === "webgpu") {
    throw new SpecError(
      "backend",
      `A GPU measures points in this process, and --engine ${shownAddress(engine)} sends them elsewhere. Leave out one of the two.`,
    );
  }
  if (engine === "slurm") return openSlurm(options, asked);
  const stray = print ? "print" : sbatch.length > 0 ? "sbatch" : tasks === undefined ? undefined : "tasks";
  if (stray) throw new SpecError(stray, `--${stray} belongs to array jobs. Add --engine slurm, or leave it out.`);
  const uninterrupted = { isInterrupted: () => false, endProcess: () => {} };
  if (engine === "threads") {
    // Which chips a GPU simulates is asked point by point.
    const { gpu, choice } = await chooseBackend(options.backend, openNodeGpu);
    if (choice !== null) asked.say(`Backend: ${choice}`);
    return { ...(gpu === null ? threadsEngine(threads) : gpuEngine(gpu)), ...uninterrupted };
  }
  if (!engine.includes("://")) {
    throw new SpecError(
      "engine",
      `There is no engine ${shownAddress(engine)}. Known: threads, slurm, and a queue such as valkey://host:port.${didYouMean(engine, ["threads", "slurm"])}`,
    );
  }
  const address = parseQueueAddress(engine, process.env);
  const onNoWorker = (queue: string, others: readonly string[]) => {
    const strange =
      others.length === 0
        ? ""
        : `\nWorkers of ${describeBuilds(others)} listen, but this program is build ${buildId()}: values may differ. Accept it by starting them ` +
          `with ${acceptOptions([buildId()])}. The table then names both.`;
    asked.say(
      `No worker listens to ${queue} yet. Start one on any machine with the same build:\n  xpike worker${shownEngine(options)}${strange}`,
    );
  };
  return { ...(await queueEngine(address, { onNoWorker, onNote: asked.say })), ...uninterrupted };
}

async function openSlurm(
  { tasks = TASKS, sbatch, print, acceptBuild = [] }: SweepCommandOptions,
  { folder, place, say, terminal }: Asked,
): Promise<OpenedEngine> {
  let script: string | undefined;
  const engine = await slurmEngine(folder, {
    place,
    tasks,
    acceptBuild,
    onNote: say,
    program: [process.execPath, realpathSync(process.argv[1])],
    sbatch: sbatch.flatMap(parseSbatchOptions),
    ...(print && {
      onScript: (path: string) => {
        script = path;
      },
    }),
  });
  let interruption: Interruption | undefined;
  return {
    measure: async (sweep, batches, keep) => {
      const listening = listenForInterruption(terminal, "Cancelling the submitted jobs; finished rows are kept.");
      interruption = listening;
      try {
        await engine.measure(sweep, batches, keep, listening.signal);
      } finally {
        listening.stop();
      }
      if (script === undefined) return;
      terminal.out(await readFile(script, "utf8"));
      say(`The script is in the folder. Submit it, then collect the results with --resume:\n  sbatch ${quote(script)}`);
    },
    close: () => engine.close(),
    isInterrupted: () => interruption?.signal.aborted === true,
    endProcess: () => interruption?.endProcess(),
  };
}
