/** `xpike worker`: measures points of other machines' sweeps, from a queue or as a Slurm task. */
import { once } from "node:events";
import { SpecError } from "../errors.ts";
import { acceptOptions, buildId, describeBuilds } from "../node/build.ts";
import { TASK_SCHEME } from "../node/sweep/slurm.ts";
import { runSlurmTask } from "../node/sweep/slurm-task.ts";
import { parseQueueAddress } from "../node/sweep/valkey.ts";
import { startQueueWorker } from "../node/sweep/valkey-worker.ts";
import type { WorkerCommandOptions } from "./arguments.ts";
import { listenForInterruption } from "./interruption.ts";
import { hidePassword } from "./sweep-engine.ts";
import { say, type Terminal } from "./terminal.ts";

/**
 * Works until a signal arrives, then finishes its current points. As a Slurm task it measures the points of its task and ends.
 * Throws  PlatformError when the server cannot be used; as `runSlurmTask`
 */
export async function workerCommand(options: WorkerCommandOptions, terminal: Terminal): Promise<void> {
  const { engine, threads } = options;
  hidePassword(engine);
  if (!engine.startsWith(TASK_SCHEME)) return queueWorker(options, terminal);
  const task = arrayTask(process.env);
  const points = await runSlurmTask(engine.slice(TASK_SCHEME.length), task, threads, options.acceptBuild);
  terminal.out(`${points} points measured.\n`);
}

/** Throws SpecError outside of an array job. */
function arrayTask({ SLURM_ARRAY_TASK_ID: task }: Readonly<Record<string, string | undefined>>): number {
  if (task !== undefined && /^\d{1,9}$/.test(task)) return Number(task);
  throw new SpecError(
    "engine",
    "This is not a task of an array job, where Slurm sets SLURM_ARRAY_TASK_ID. Submit the folder's script with sbatch.",
  );
}

async function queueWorker(options: WorkerCommandOptions, terminal: Terminal): Promise<void> {
  const { threads, data, acceptBuild } = options;
  let points = 0;
  const worker = await startQueueWorker(parseQueueAddress(options.engine, process.env), {
    threads,
    ...(data !== undefined && { data }),
    ...(acceptBuild !== undefined && { acceptBuild }),
    onDone: (count) => {
      points += count;
    },
    onFailed: (reason) => say(terminal, `A job failed: ${reason}`),
  });
  terminal.err(`Listening to ${worker.queue} on ${threads} threads. Ctrl-C finishes the points in progress.\n`);
  if (worker.others.length > 0) {
    say(
      terminal,
      `Points of ${describeBuilds(worker.others)} wait too, but this program is build ${buildId()}: values may differ. Start a worker of that ` +
        `build, or accept it: ${acceptOptions(worker.others.slice(0, 1))}. The sweep's table then names both.`,
    );
  }
  const interruption = listenForInterruption(terminal, "Finishing the points in progress.");
  await once(interruption.signal, "abort");
  await worker.close();
  terminal.out(`${points} points measured.\n`);
  interruption.stop();
  interruption.endProcess();
}
