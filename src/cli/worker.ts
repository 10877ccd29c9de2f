/** `xpike worker`: measures points of sweeps that others run, behind a queue. */
import { once } from "node:events";
import { parseQueueAddress } from "../node/sweep/valkey.ts";
import { startQueueWorker } from "../node/sweep/valkey-worker.ts";
import type { WorkerCommandOptions } from "./arguments.ts";
import { listenForInterruption } from "./interruption.ts";
import { say, type Terminal } from "./terminal.ts";

/** Works until a signal comes, then finishes the points that it has. Throws PlatformError when the server cannot be used. */
export async function workerCommand(options: WorkerCommandOptions, terminal: Terminal): Promise<void> {
  const { threads, data } = options;
  let points = 0;
  const worker = await startQueueWorker(parseQueueAddress(options.engine, process.env), {
    threads,
    ...(data !== undefined && { data }),
    onDone: (count) => {
      points += count;
    },
    onFailed: (reason) => say(terminal, `A job failed: ${reason}`),
  });
  terminal.err(`Listening to ${worker.queue} on ${threads} threads. Ctrl-C finishes what is begun.\n`);
  const interruption = listenForInterruption(terminal, "Finishing the points that are begun.");
  await once(interruption.signal, "abort");
  await worker.close();
  terminal.out(`${points} points measured.\n`);
  interruption.stop();
  interruption.endProcess();
}
