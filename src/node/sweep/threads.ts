/** The engine of this machine: a point takes one thread, and every thread has its own points. */

import { deviceAddresses } from "../../device/module.ts";
import type { Row } from "../../sweep/unit.ts";
import { shareData } from "../../threads/shared-data.ts";
import { nodeExecutor } from "../threads.ts";
import { type SweepSetup, sweepJobs } from "./job.ts";
import type { PlannedPoint } from "./plan.ts";
import type { Engine } from "./sweep.ts";

/** Throws ValueError as `nodeExecutor`. */
export function threadsEngine(threads?: number): Engine {
  const executor = nodeExecutor(threads, { jobs: sweepJobs, script: "./sweep/worker.js" });
  return {
    measure: async ({ design, inputs }, batches, keep) => {
      const setup: SweepSetup = {
        design,
        networks: inputs.networks,
        data: shareData(inputs.data),
        devices: deviceAddresses(
          batches.flat().flatMap(({ device, network }) => (device && network !== null ? device : [])),
        ),
      };
      const session = executor.open<SweepSetup, readonly PlannedPoint[], Row[]>("measure-points", setup, {
        repeatable: true,
      });
      // Files are written one after another, while the threads continue.
      let kept: Promise<void> = Promise.resolve();
      try {
        await session.run(batches, (rows) => {
          kept = kept.then(() => keep(rows));
          // Reported to the code that awaits it below.
          kept.catch(() => {});
        });
      } finally {
        await kept;
        session.close();
      }
    },
    close: () => executor.close(),
  };
}
