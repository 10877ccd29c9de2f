/**
 * The engines of this machine. Threads: a point takes one thread, and every thread has its own points. A GPU: points follow one another,
 * because it works on all prompts of a slice at once, and a GPU is not passed between threads.
 */

import { deviceAddresses } from "../../device/module.ts";
import type { Row } from "../../sweep/unit.ts";
import { shareData } from "../../threads/shared-data.ts";
import type { Gpu } from "../../webgpu/gpu.ts";
import { nodeExecutor } from "../threads.ts";
import { pointMeasurer, type SweepSetup, sweepJobs } from "./job.ts";
import type { PlannedPoint, PlannedSweep } from "./plan.ts";
import type { Engine } from "./sweep.ts";

/** Throws ValueError as `nodeExecutor`. */
export function threadsEngine(threads?: number): Engine {
  const executor = nodeExecutor(threads, { jobs: sweepJobs, script: "./sweep/worker.js" });
  return {
    measure: async (sweep, batches, keep) => {
      const setup = setupOf(sweep, batches);
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

/** The same rows from a GPU, which the engine closes. */
export const gpuEngine = (gpu: Gpu): Engine => ({
  measure: async (sweep, batches, keep) => {
    const measure = await pointMeasurer(setupOf(sweep, batches), gpu);
    for (const batch of batches) {
      await keep(await measure(batch));
      // Lets a signal in.
      await new Promise((resolve) => setImmediate(resolve));
    }
  },
  close: async () => gpu.close(),
});

const setupOf = (
  { design, inputs }: Pick<PlannedSweep, "design" | "inputs">,
  batches: readonly (readonly PlannedPoint[])[],
): SweepSetup => ({
  design,
  networks: inputs.networks,
  data: shareData(inputs.data),
  devices: deviceAddresses(batches.flat().flatMap(({ device, network }) => (device && network !== null ? device : []))),
});
